"""The thread that does one thing after another, so that whoever asks never waits.

What is asked for waits in line and is done in the order in which it was asked for.
While a session plays, the next quarter is what is done when nothing else waits.
"""

import queue
import threading
from collections.abc import Callable
from time import perf_counter

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
