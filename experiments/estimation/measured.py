"""Runs that give the figures targets name, and what there is checked before the first run."""

from dataclasses import dataclass

from experiments.outcomes.cells import AXES, check_cell, headlines_of, read_cell, value_of
from experiments.outcomes.tables import schema
from experiments.sweeps.design.plan import SweepPlan, resolved_scenario, scenario_at
from experiments.sweeps.design.run_spec import Outcomes, RunSpec
from experiments.sweeps.work.model_rules import headline_names
from experiments.sweeps.workers.one_run import frames_of


@dataclass(frozen=True)
class Measured:
    """A run whose outcomes are the headlines, and further figures by their names.

    Attributes
    ----------
    names : tuple of str
        As `experiments.outcomes.cells` reads them.
    """

    names: tuple[str, ...]

    def __call__(self, spec: RunSpec, scenario: str) -> Outcomes:
        """Return the outcomes of a run of the relocation model."""
        tables = frames_of(spec, scenario)
        found = headlines_of(tables)
        start = resolved_scenario(scenario, spec).start
        for name in self.names:
            if name not in found:
                found[name] = value_of(read_cell(name), tables, start)
        return found


def known_outcomes() -> dict[str, list[str]]:
    """Return the columns of every table of cells, and under ``""`` the headlines of a run."""
    known = {"": sorted(headline_names())}
    for table, axes in AXES.items():
        labels = {"quarter", "use", *axes}
        known[table] = [field.name for field in schema(table) if field.name not in labels]
    return known


def check_names(names: tuple[str, ...], plan: SweepPlan) -> None:
    """Refuse names of figures that the runs of a plan do not have.

    Raises
    ------
    ScenarioError
        Naming the first, and what there is.
    """
    known = known_outcomes()
    (name, text), *_ = plan.scenarios.items()
    start = scenario_at(text, plan.sweep.set, plan.quarters[name]).start
    for outcome in names:
        check_cell(read_cell(outcome), known, start, plan.quarters[name])
