"""Runs handed out in chunks whose size follows how long runs turn out to take.

A chunk should take some seconds: much longer than handing it out, and short enough for
one to be lost. Before anything is known of runs a chunk is small; towards the end chunks
are smaller again, so that no worker has much left when the others have nothing (guided
self-scheduling: Polychronopoulos and Kuck 1987).
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from math import ceil

from experiments.sweeps.design.run_spec import Report, RunSpec

CHUNK_SECONDS = 5.0
"""That a chunk should take."""

MOST_RUNS_A_CHUNK = 500

PARTS_A_WORKER = 2
"""Into which what is left is cut at least, for each worker."""

FIRST_RUNS = 2
"""Of a chunk, before anything is known of how long a run takes."""

WEIGHT = 0.2
"""Of a new run's time in the mean: the first runs set models up, later ones share that."""

type Chunk = list[RunSpec]


class Portions:
    """Runs that are left to hand out.

    Parameters
    ----------
    specs : sequence of RunSpec
        Those of one replication stand together, and stay so as far as they can.
    """

    def __init__(self, specs: Sequence[RunSpec]) -> None:
        self._left = deque(specs)
        self._again: deque[Chunk] = deque()
        self._seconds: float | None = None
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._left or self._again)

    def next(self, workers: int) -> Chunk | None:
        """Return runs to carry out; None if all are handed out.

        Parameters
        ----------
        workers : int
            That carry out chunks at present.
        """
        with self._lock:
            if self._again:
                return self._again.popleft()
            if not self._left:
                return None
            chunk = [self._left.popleft() for _ in range(self._size(max(workers, 1)))]
            # Half a replication goes with its other half, unless it is all there is.
            while (
                self._left
                and chunk[0].replication != chunk[-1].replication == self._left[0].replication
            ):
                self._left.appendleft(chunk.pop())
            return chunk

    def _size(self, workers: int) -> int:
        fair = ceil(len(self._left) / (workers * PARTS_A_WORKER))
        if self._seconds is None:
            return min(fair, FIRST_RUNS)
        wanted = int(CHUNK_SECONDS / max(self._seconds, 1e-6))
        return min(fair, max(wanted, 1), MOST_RUNS_A_CHUNK)

    def again(self, chunks: Iterable[Chunk]) -> None:
        """Take back chunks that were lost; they are handed out next."""
        with self._lock:
            self._again.extend(chunks)

    def note(self, report: Report) -> None:
        """Learn from a report how long a run takes."""
        if report.outcomes is not None:
            with self._lock:
                before = report.seconds if self._seconds is None else self._seconds
                self._seconds = (1 - WEIGHT) * before + WEIGHT * report.seconds
