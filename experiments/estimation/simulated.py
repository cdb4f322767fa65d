"""Moments of the model at trial values of its parameters, through the engine of sweeps.

Trials are points of a sweep that grows as the search asks for them. So a fit that was
stopped goes on with what it has: it asks for the same points again, and those that are
done are not run again. Replication ``r`` has the same draws at every point, which makes
moments smooth in the parameters.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from abm.config.keys import flatten, shown
from abm.economy.folders import of_another_year
from abm.errors import OutputError
from experiments.estimation.measured import Measured, check_names
from experiments.estimation.target_file import TargetFile
from experiments.sweeps.design.plan import SweepPlan, make_plan, scenario_at
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.store.maker import maker_of_workers
from experiments.sweeps.store.merge import results_table
from experiments.sweeps.store.store import SweepStore, check_new_folder
from experiments.sweeps.work.model_rules import check_by_the_model
from experiments.sweeps.work.sweep import (
    Options,
    SweepResult,
    carry_on,
    check_same,
    check_writable,
)
from experiments.sweeps.workers.chunk import Worker
from experiments.sweeps.workers.one_run import simulate

Array = NDArray[np.float64]

RUNS = "runs"
"""Folder, inside that of the fit, of the sweep of trials."""


class StoppedError(Exception):
    """The runs were stopped; ``code`` is the exit code, and the fit can go on later."""

    def __init__(self, code: int, note: str) -> None:
        super().__init__(note)
        self.code = code


class Simulated:
    """The model as a function from parameters to moments.

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
        self._folder, self._file, self._beside = folder / RUNS, file, beside
        self._options = options
        self._outcomes = [target.name for target in file.targets]
        self._plan = make_plan(file.sweep, beside)
        if run_one is simulate:
            check_by_the_model(self._plan)
            names = tuple(self._outcomes)
            check_names(names, self._plan)
            run_one = Measured(names)
        self._run_one = run_one
        self._designed = len(self._plan.points)
        self.starts = [*_own_values(file, self._plan), *self._plan.points]
        tables = self._plan.economies
        self.told = [line for table in tables for line in of_another_year(table)]
        self._known: dict[tuple[Any, ...], Array] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if not (self._folder / "manifest.json").exists():
            check_new_folder(self._folder)
            check_writable(self._folder)
            facts = maker_of_workers(portable=self._options.portable)
            split = {"targets_sha256": self._file.split["sha256"]}
            SweepStore.create(self._folder, self._plan, facts | split)
        store = SweepStore.open(self._folder)
        self._stack.enter_context(store.locked())
        check_same(store, self._file.sweep, self._beside)
        # The starts, and what the search asked for before it was stopped.
        self._plan = self._plan.with_points(store.points()[self._designed :])
        # Processes that outlive one call: a search asks for few runs at a time.
        self._crew = [Worker(self._options.limits) for _ in range(self._options.workers)]
        for worker in self._crew:
            self._stack.callback(worker.stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def moments(self, asked: Sequence[Point]) -> Array:
        """Return outcomes at some points.

        Returns
        -------
        ndarray, shape (point, replication, target)
            NaN where an outcome is a share of nothing, or a run failed.

        Raises
        ------
        StoppedError
            If the runs were stopped.
        """
        new = [point for point in asked if _key(point) not in self._known]
        if new:
            self._run(new)
        return np.array([self._known[_key(point)] for point in asked])

    def _run(self, new: Sequence[Point]) -> None:
        store = SweepStore.open(self._folder)
        known = {_key(point) for point in self._plan.points}
        more = {_key(point): point for point in new if _key(point) not in known}
        if more:
            self._plan = self._plan.with_points(list(more.values()))
            store = store.extended(self._plan)
        ended = SweepResult(self._folder, 0, 0, 0, 0)
        carry_on(store, self._options, self._run_one, ended, crew=self._crew)
        if ended.left:
            raise StoppedError(ended.code, ended.notes[-1] if ended.notes else "stopped")
        self._read(store)

    def _read(self, store: SweepStore) -> None:
        table = results_table(store, store.history()).to_pandas()
        missing = sorted(set(self._outcomes) - set(table))
        if missing and len(table):
            raise OutputError(f"targets: {shown(missing[0])}: the model has no such outcome")
        replications = self._file.replications
        for number, point in enumerate(self._plan.points, start=1):
            rows = table[table["point"] == number].set_index("replication")
            found = rows.reindex(range(1, replications + 1)).reindex(columns=self._outcomes)
            self._known[_key(point)] = found.to_numpy(np.float64)


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


def _key(point: Point) -> tuple[Any, ...]:
    return tuple(point.values())
