"""The thread that does one thing after another, so that whoever asks never waits.

What is asked for waits in line and is done in the order in which it was asked for.
While a session plays, the next quarter is what is done when nothing else waits. Below
it stands what a visitor asked for that is not drawn yet: quarters, and changes of policy.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

from abm.errors import NearshoreError
from abm.scenario.levers import with_levers
from abm.scenario.scenario import Scenario

type Task = Callable[[], None]

BREATH = 0.01
"""Seconds between two quarters at least, in which what was asked for comes first."""


class Work:
    """A thread and what waits in line for it.

    Parameters
    ----------
    failed : callable
        Takes the error of a task that fails; the thread goes on with the next.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._line: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._by_itself: tuple[Task, Callable[[], float]] | None = None
        self._due = 0.0
        self._era = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="working")

    def start(self) -> None:
        """Begin with what waits."""
        self._thread.start()

    def ask(self, task: Task) -> None:
        """Have something done after all that was asked for before; returns at once."""
        era = self._era
        self._line.put(lambda: task() if era == self._era else None)

    def forget(self) -> Callable[[], bool]:
        """Drop all that waits; what is being done goes on.

        Returns
        -------
        callable
            Whether all was dropped once more since.
        """
        self._era += 1
        era = self._era
        return lambda: era != self._era

    def go_on(self, task: Task, pause: Callable[[], float]) -> None:
        """Do a task again and again when nothing waits, with so many seconds between its starts."""
        self._by_itself, self._due = (task, pause), perf_counter()
        self.ask(lambda: None)

    def pause(self) -> None:
        """Do nothing by itself any more; what is being done is finished."""
        self._by_itself = None

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self.forget()
        self.pause()
        self._line.put(None)

    def _run(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            except Exception as error:
                self._failed(error)

    def _next(self) -> Task | None:
        going = self._by_itself
        if going is None:
            return self._line.get()
        task, pause = going
        try:
            return self._line.get(timeout=max(self._due - perf_counter(), BREATH))
        except queue.Empty:
            self._due = perf_counter() + pause()
            # It may have been told to pause while it waited.
            return task if self._by_itself is going else lambda: None


@dataclass(eq=False)
class Asked:
    """One thing that was asked for; each is itself alone.

    Attributes
    ----------
    changes : mapping or None
        The policy that was pulled; None for a quarter.
    begun : bool
        Whether it is being done, or was.
    owed : bool
        Whether the visitor still waits for it; a pause gives quarters up.
    """

    changes: Mapping[str, object] | None = None
    begun: bool = False
    owed: bool = True


def ahead(
    asked: Sequence[Asked], scenario: Scenario, quarter: int, under_way: bool
) -> tuple[Scenario, int]:
    """What holds, and which quarter is the last, once all that was asked for is done.

    Parameters
    ----------
    asked : sequence of Asked
        In the order in which it is done.
    scenario : Scenario
        What was done so far.
    quarter : int
        The last one that is drawn.
    under_way : bool
        Whether a quarter is computed; nothing acts before the one after it.

    Returns
    -------
    tuple of Scenario and int
    """
    soonest = quarter + 1 + under_way
    for one in asked:
        if one.changes is None:
            quarter += 1
        else:
            scenario = pulled(scenario, max(soonest, quarter + 1), one.changes)
    return scenario, quarter


def in_force(asked: Sequence[Asked], scenario: Scenario, quarter: int) -> Scenario:
    """What was done so far, with all that was pulled and waits in force from a quarter on."""
    for one in asked:
        if one.changes is not None:
            scenario = pulled(scenario, quarter, one.changes)
    return scenario


def pulled(scenario: Scenario, quarter: int, changes: Mapping[str, object]) -> Scenario:
    """A scenario with levers pulled; what is not allowed is refused when its turn comes."""
    with suppress(NearshoreError):
        return with_levers(scenario, quarter, changes)
    return scenario
