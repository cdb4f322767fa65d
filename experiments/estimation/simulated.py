"""The model as a function from parameters to moments, whose runs are kept.

Replication ``r`` has the same draws at every point, which makes moments smooth in the
parameters; and an estimation that was stopped goes on with what it has.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abm.config.keys import flatten
from abm.economy.folders import of_another_year
from experiments.estimation.measured import Measured, check_names
from experiments.estimation.target_file import TargetFile
from experiments.sweeps.design.plan import SweepPlan, make_plan, scenario_at
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.work.model_rules import check_by_the_model
from experiments.sweeps.work.on_demand import OnDemand
from experiments.sweeps.work.sweep import Options
from experiments.sweeps.workers.one_run import simulate

RUNS = "runs"
"""Folder, inside that of the fit, of the sweep of trials."""


class Simulated(OnDemand):
    """Moments at parameters that a search asks for.

    Parameters
    ----------
    folder : Path
        Of the fit.
    file : TargetFile
    beside : Path
        Where its scenario may lie.
    options : Options
        How runs are carried out.
    run_one : callable
        Carries out one run.

    Attributes
    ----------
    starts : list of dict
        Where the search may start: the scenario's own values, where they lie in the ranges
        searched, and the points of the design.
    told : list of str
        Which figures of the runs are of another year than their economy.
    """

    def __init__(
        self,
        folder: Path,
        file: TargetFile,
        beside: Path,
        options: Options,
        run_one: RunFunction,
    ) -> None:
        self._file, self._beside = file, beside
        plan = make_plan(file.sweep, beside)
        names = tuple(target.name for target in file.targets)
        if run_one is simulate:
            check_by_the_model(plan)
            check_names(names, plan)
            run_one = Measured(names)
        super().__init__(folder / RUNS, plan, names, options, run_one)
        self.starts = [*_own_values(file, plan), *plan.points]
        self.told = [line for table in plan.economies for line in of_another_year(table)]

    @property
    def facts(self) -> Mapping[str, Any]:
        """Which split of the targets the runs are for."""
        return {"targets_sha256": self._file.split["sha256"]}

    @property
    def beside(self) -> Path:
        """Where the scenario may lie."""
        return self._beside


def _own_values(file: TargetFile, plan: SweepPlan) -> list[Point]:
    """Return the scenario's own values of the parameters as a point; none where one is outside."""
    (name, text), *_ = plan.scenarios.items()
    scenario = scenario_at(text, file.set, plan.quarters[name])
    stands = flatten(scenario.model_dump(mode="json"))
    point = {}
    for key, factor in file.ranges.items():
        low, high = factor.parameters
        value = stands.get(key)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            return []
        point[key] = float(value)
    return [point]
