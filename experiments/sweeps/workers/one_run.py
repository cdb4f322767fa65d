"""One run of a sweep, from what it is to its outcomes.

A worker's process loads this module before it knows what it will run, so what is
heavy is imported by the run.
"""

from collections.abc import Collection, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from experiments.sweeps.design.run_spec import KEYS, RUN, Outcomes, RunSpec

if TYPE_CHECKING:
    from abm.model import RelocationModel


def simulate(spec: RunSpec, scenario: str) -> Outcomes:
    """Return the outcomes of a run of the relocation model."""
    from experiments.outcomes.cells import headlines_of

    return headlines_of(frames_of(spec, scenario))


def frames_of(spec: RunSpec, scenario: str) -> dict[str, Any]:
    """Return the tables of a run of the relocation model."""
    from experiments.outcomes.tables import check_tables

    model = at_the_start(spec, scenario)
    for _ in range(spec.quarters):
        model.step()
    frames = model.frames()
    check_tables(frames)
    return frames


def at_the_start(spec: RunSpec, scenario: str) -> "RelocationModel":
    """Return the relocation model of a run at quarter 0."""
    from abm.worlds.twin import twin
    from experiments.sweeps.design.plan import resolved_scenario
    from experiments.sweeps.workers.base_years import base_year

    resolved = resolved_scenario(scenario, spec)
    return twin(base_year(resolved.firms, resolved.economy, spec.firms, spec.seed), resolved)


def check_identity(spec: RunSpec, scenario: str) -> None:
    """Refuse a run that is not what its identity says.

    The identity is worked out anew from firms, quarters, seed, the figures of the
    economy and the scenario with the run's values in it, here, where it is carried out.

    Raises
    ------
    StoreError
        If it is another: what the folder says was changed, or this is another install.
    """
    from abm.errors import NearshoreError, StoreError
    from experiments.sweeps.design.identity import run_id, scenario_digest
    from experiments.sweeps.design.plan import resolved_scenario

    size = {"firms": spec.firms, "quarters": spec.quarters, "seed": spec.seed}
    try:
        found = run_id(scenario_digest(resolved_scenario(scenario, spec)), **size)
    except (NearshoreError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())[:300]
        raise StoreError(f"run {spec.run}: its scenario cannot be resolved ({said})") from None
    if found != spec.run:
        raise StoreError(
            f"run {spec.run}: is not what firms, quarters, seed, economy and scenario amount to "
            f"({found}): the folder was changed, or a worker has another install"
        )


def check_outcomes(outcomes: Mapping[str, float | None], taken: Collection[str] = ()) -> None:
    """Refuse outcomes that are no finite numbers, or whose names mean something else.

    Parameters
    ----------
    outcomes : mapping
    taken : collection of str
        Names of factors.
    """
    for name, value in outcomes.items():
        if not isinstance(name, str) or name in (RUN, *KEYS) or name in taken:
            raise TypeError(f"{name!r}: is no name for an outcome")
        if value is None:
            continue
        if not isinstance(value, int | float):
            raise TypeError(f"{name} = {value!r}: must be a number or None")
        if not isfinite(value):
            raise ValueError(f"{name} = {value!r}: must be a finite number or None")
