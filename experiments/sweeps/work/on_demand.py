"""The model as a function: outcomes at points that are asked for one batch after another.

Runs are kept in the store of a sweep, so that a search that was stopped goes on with what it
has: it asks for the same points again, and those that are done are not run again. Replication
``r`` has the same draws at every point, so that points differ through what they say alone.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from abm.config.keys import shown
from abm.errors import OutputError
from experiments.sweeps.design.plan import SweepPlan
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.store.maker import maker_of_workers
from experiments.sweeps.store.merge import results_table
from experiments.sweeps.store.store import SweepStore, check_new_folder
from experiments.sweeps.work.sweep import (
    Options,
    SweepResult,
    carry_on,
    check_same,
    check_writable,
)
from experiments.sweeps.workers.chunk import Worker

Array = NDArray[np.float64]


class StoppedError(Exception):
    """The runs were stopped; ``code`` is the exit code, and the search can go on later."""

    def __init__(self, code: int, note: str) -> None:
        super().__init__(note)
        self.code = code


class OnDemand:
    """Outcomes of a plan's runs, and of points that are added to it while it is open.

    Parameters
    ----------
    folder : Path
        Of the sweep that keeps the runs; made unless it is there.
    plan : SweepPlan
        Of one scenario; its points are known from the beginning.
    outcomes : sequence of str
        What is asked of every run.
    options : Options
        How runs are carried out.
    run_one : callable
        Carries out one run.
    """

    def __init__(
        self,
        folder: Path,
        plan: SweepPlan,
        outcomes: Sequence[str],
        options: Options,
        run_one: RunFunction,
    ) -> None:
        self._folder, self._plan, self._outcomes = folder, plan, list(outcomes)
        self._options, self._run_one = options, run_one
        self._known: dict[tuple[Any, ...], Array] = {}
        self._stack = ExitStack()

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the manifest of a new folder says beside what every sweep's does."""
        return {}

    @property
    def beside(self) -> Path:
        """Where scenarios that are not shipped lie."""
        return Path()

    def __enter__(self) -> Self:
        if not (self._folder / "manifest.json").exists():
            check_new_folder(self._folder)
            check_writable(self._folder)
            facts = maker_of_workers(portable=self._options.portable)
            SweepStore.create(self._folder, self._plan, {**facts, **self.facts})
        store = SweepStore.open(self._folder)
        self._stack.enter_context(store.locked())
        check_same(store, self._plan.sweep, self.beside)
        # The first points, and what was asked for before the search was stopped.
        self._plan = self._plan.with_points(store.points()[len(self._plan.points) :])
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

    def at(self, asked: Sequence[Point]) -> Array:
        """Return outcomes at some points.

        Returns
        -------
        ndarray, shape (point, replication, outcome)
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
            raise OutputError(f"{shown(missing[0])}: the model has no such outcome")
        numbers = range(1, self._plan.replications + 1)
        for number, point in enumerate(self._plan.points, start=1):
            rows = table[table["point"] == number].set_index("replication")
            found = rows.reindex(numbers).reindex(columns=self._outcomes)
            self._known[_key(point)] = found.to_numpy(np.float64)


def _key(point: Point) -> tuple[Any, ...]:
    return tuple(point.values())
