"""One run of a sweep: from its specification to its outcomes.

Set-up is most of a short run: firms are drawn and the economy is calibrated to
them. None of that depends on policy, so runs of one replication share it: a worker
keeps the last base year it made and copies it.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar, Protocol

from abm.economy import Economy
from abm.model import RelocationModel
from experiments.summary import Summary, entries, summary
from experiments.sweeps.plan import RunSpec, resolved_scenario
from experiments.tables import check_tables

type Outcomes = dict[str, float | None]
"""Numbers by dotted name; None for a share of nothing."""


class RunFunction(Protocol):
    """What carries out a run; it must be importable by its name in another process."""

    def __call__(self, spec: RunSpec, scenario: str) -> Outcomes:
        """Return the outcomes of ``spec``, whose scenario's text is ``scenario``."""


class SharedBaseYear(RelocationModel):
    """The relocation model, starting from a copy of a base year that was made before.

    A run may change what it starts from, so the one kept is never handed out itself.
    """

    _kept: ClassVar[dict[Any, dict[str, Any]]] = {}

    def _set_up_economy(self, firms: int, observed: Economy) -> None:
        assumptions = (self.scenario.firms, self.scenario.economy)
        key = (assumptions, firms, self.draws.seed)
        if key not in self._kept:
            before = set(vars(self))
            super()._set_up_economy(firms, observed)
            made = {name: part for name, part in vars(self).items() if name not in before}
            self._kept.clear()
            self._kept[key] = made
        vars(self).update(deepcopy(self._kept[key]))


def simulate(spec: RunSpec, scenario: str) -> Outcomes:
    """Return the outcomes of a run of the relocation model."""
    resolved = resolved_scenario(scenario, spec)
    model = SharedBaseYear(resolved, firms=spec.firms, rng=spec.seed)
    for _ in range(spec.quarters):
        model.step()
    frames = model.frames()
    check_tables(frames)
    return outcomes_of(summary(frames))


def outcomes_of(result: Summary) -> Outcomes:
    """Return a summary as flat numbers: an outcome's end by its name, and its ``.change``."""
    flat: Outcomes = {}
    for path, entry in entries(result):
        name = ".".join(path)
        flat[name] = entry["end"]
        flat[f"{name}.change"] = entry["change"]
    return flat


def check_outcomes(outcomes: Mapping[str, float | None]) -> None:
    """Refuse outcomes that are no numbers."""
    for name, value in outcomes.items():
        if value is not None and not isinstance(value, int | float):
            raise TypeError(f"{name} = {value!r}: must be a number or None")
