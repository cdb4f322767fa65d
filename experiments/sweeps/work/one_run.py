"""One run of a sweep: what it is, and from there to its outcomes.

A worker's process loads this module before it knows what it will run, so what is
heavy is imported by the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from abm.model import RelocationModel
    from abm.scenario.assumptions import EconomyAssumptions, FirmAssumptions

type Outcomes = dict[str, float | None]
"""Numbers by dotted name; None for a share of nothing."""

MOST_FIRMS_KEPT = 10_000
"""Of all base years that a process keeps; small models are set up once for each replication."""


@dataclass(frozen=True)
class RunSpec:
    """One run, as it is handed to whoever runs it.

    Attributes
    ----------
    run : str
        Its identity.
    scenario : str
        Name of one of the plan's scenarios.
    values : tuple of (str, object)
        Keys of the scenario that differ, and their values.
    replication, seed, firms, quarters : int
    """

    run: str
    scenario: str
    values: tuple[tuple[str, Any], ...]
    replication: int
    seed: int
    firms: int
    quarters: int


class RunFunction(Protocol):
    """What carries out a run; it must be importable by its name in another process."""

    def __call__(self, spec: RunSpec, scenario: str) -> Outcomes:
        """Return the outcomes of ``spec``, whose scenario's text is ``scenario``."""


def simulate(spec: RunSpec, scenario: str) -> Outcomes:
    """Return the outcomes of a run of the relocation model."""
    from abm.worlds.twin import twin
    from experiments.outcomes.summary import entries, summary
    from experiments.outcomes.tables import check_tables
    from experiments.sweeps.design.plan import resolved_scenario

    resolved = resolved_scenario(scenario, spec)
    model = twin(base_year(resolved.firms, resolved.economy, spec.firms, spec.seed), resolved)
    for _ in range(spec.quarters):
        model.step()
    frames = model.frames()
    check_tables(frames)
    flat: Outcomes = {}
    for path, entry in entries(summary(frames)):
        name = ".".join(path)
        flat[name] = entry["end"]
        flat[f"{name}.change"] = entry["change"]
    return flat


_base_years: dict[tuple[str, int, int], "RelocationModel"] = {}
"""Those a process used last, as many as `MOST_FIRMS_KEPT` allows; never less than one."""


def base_year(
    assumed: "FirmAssumptions", economy: "EconomyAssumptions", firms: int, seed: int
) -> "RelocationModel":
    """A model at quarter 0 whose firms and base year the runs of one replication share."""
    from abm.model import RelocationModel
    from abm.scenario.scenario import Scenario

    # As text: the assumptions are frozen, but their tables are no keys.
    key = (f"{assumed!r}{economy!r}", firms, seed)
    model = _base_years.pop(key, None)
    if model is None:
        while _base_years and firms + sum(kept for _, kept, _ in _base_years) > MOST_FIRMS_KEPT:
            del _base_years[next(iter(_base_years))]
        assumptions = {"firms": assumed, "economy": economy}
        scenario = Scenario.load("status-quo").model_copy(update=assumptions)
        model = RelocationModel(scenario, firms=firms, rng=seed)
    _base_years[key] = model
    return model


def check_outcomes(outcomes: Mapping[str, float | None]) -> None:
    """Refuse outcomes that are no numbers."""
    for name, value in outcomes.items():
        if value is not None and not isinstance(value, int | float):
            raise TypeError(f"{name} = {value!r}: must be a number or None")
