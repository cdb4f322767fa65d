"""Who carries out chunks: worker processes of this machine, or a Dask cluster.

A backend yields reports as they come, and None now and then, so that whoever listens
can write, stop or tell how far things are.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from abm.errors import OutputError
from experiments.sweeps.chunk import Limits, Report, Stopped, Worker, run_chunk
from experiments.sweeps.one_run import RunFunction, RunSpec

CHUNKS_A_WORKER = 4
"""At least: few large chunks would leave workers idle at the end."""

MOST_RUNS_A_CHUNK = 50

TICK = 0.2
"""Seconds between two looks at the clock."""

RECONNECT_SECONDS = 600.0
"""How long a scheduler may be away."""

RESULT_SECONDS = 60.0
"""How long the results of a chunk may be on their way; then it is handed out again."""

IN_FLIGHT = 2
"""Chunks a Dask worker is given at a time."""

type Chunk = list[RunSpec]
type Backend = Callable[[Sequence[RunSpec]], Iterator[Report | None]]


def chunks(specs: Sequence[RunSpec], workers: int) -> list[Chunk]:
    """Return runs in pieces; those of one replication stay together as far as they can."""
    size = min(MOST_RUNS_A_CHUNK, max(1, ceil(len(specs) / (workers * CHUNKS_A_WORKER))))
    pieces: list[Chunk] = []
    for spec in specs:
        last = pieces[-1] if pieces else None
        if last and last[-1].replication == spec.replication and len(last) < size:
            last.append(spec)
        else:
            pieces.append([spec])
    return pieces


def local(
    workers: int, scenarios: Mapping[str, str], limits: Limits, run_one: RunFunction
) -> Backend:
    """Return a backend of worker processes, each lost and replaced on its own."""

    def reports(specs: Sequence[RunSpec]) -> Iterator[Report | None]:
        waiting: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
        for chunk in chunks(specs, workers):
            waiting.put(chunk)
        arrived: queue.SimpleQueue[Report | BaseException | None] = queue.SimpleQueue()
        crew = [Worker(limits) for _ in range(min(workers, len(specs)))]

        def work(worker: Worker) -> None:
            try:
                while True:
                    chunk = waiting.get_nowait()
                    for report in run_chunk(chunk, scenarios, limits, run_one, worker):
                        arrived.put(report)
            except (queue.Empty, Stopped):
                arrived.put(None)
            except BaseException as error:  # ours: told to whoever listens
                arrived.put(error)

        threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in crew]
        try:
            for thread in threads:
                thread.start()
            yield from _until_all_have_ended(arrived, len(threads))
        finally:
            for worker in crew:
                worker.stop()
            for thread in threads:
                thread.join()

    return reports


def _until_all_have_ended(
    arrived: "queue.SimpleQueue[Report | BaseException | None]", working: int
) -> Iterator[Report | None]:
    while working:
        try:
            item = arrived.get(timeout=TICK)
        except queue.Empty:
            yield None
            continue
        if isinstance(item, BaseException):
            raise item
        if item is None:
            working -= 1
        else:
            yield item


def dask(
    address: str, scenarios: Mapping[str, str], limits: Limits, run_one: RunFunction
) -> Backend:
    """Return a backend of a Dask cluster's workers.

    A chunk whose worker is lost, or whose scheduler goes away, is handed out again;
    results come back over the network, so no disk is shared.
    """

    def reports(specs: Sequence[RunSpec]) -> Iterator[Report | None]:
        cluster = _Cluster(address, scenarios, limits, run_one)
        try:
            width = cluster.workers()
            waiting = chunks(specs, width)[::-1]
            while waiting or cluster.pending:
                while waiting and cluster.ready and len(cluster.pending) < IN_FLIGHT * width:
                    cluster.submit(waiting.pop())
                finished, lost = cluster.finished()
                waiting.extend(lost)
                yield from finished
                yield None
        finally:
            cluster.close()

    return reports


class _Cluster:
    """A Dask client that survives its scheduler."""

    def __init__(self, address: str, *shared: Any) -> None:
        self._address = address
        self._shared = shared
        self._client: Any = None
        self.pending: dict[Any, Chunk] = {}
        self._connect(time.monotonic())

    def workers(self) -> int:
        """Return how many workers there are; waits for the first."""
        self._client.wait_for_workers(1, timeout=RECONNECT_SECONDS)
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    @property
    def ready(self) -> bool:
        """Whether the scheduler is there."""
        return bool(self._client.status == "running")

    def submit(self, chunk: Chunk) -> None:
        """Hand out a chunk."""
        future = self._client.submit(dask_chunk, chunk, *self._shared, pure=False)
        self.pending[future] = chunk

    def finished(self) -> tuple[list[Report], list[Chunk]]:
        """Wait a moment; return reports that came, and chunks to hand out again."""
        reports: list[Report] = []
        again: list[Chunk] = []
        # Each future knows how it stands, also while the client looks for its scheduler.
        done = [future for future in self.pending if future.status != "pending"]
        if not done:
            time.sleep(TICK)
        for future in done:
            chunk = self.pending.pop(future)
            if future.status not in ("finished", "error"):
                again.append(chunk)
                continue
            try:
                reports.extend(future.result(timeout=RESULT_SECONDS))
            except Exception as error:
                if not _is_loss(error):
                    raise
                again.append(chunk)
        if self._client.status == "closed":
            again.extend(self.pending.values())
            self._reconnect()
        return reports, again

    def close(self) -> None:
        """Let go of the cluster."""
        self.pending.clear()
        self._client.close(timeout=5)

    def _reconnect(self) -> None:
        self.pending.clear()
        self._client.close(timeout=5)
        self._connect(time.monotonic() + RECONNECT_SECONDS)

    def _connect(self, until: float) -> None:
        from distributed import Client

        while True:
            try:
                self._client = Client(self._address, timeout=10, set_as_default=False)
                return
            except (OSError, ValueError) as error:
                if time.monotonic() >= until:
                    raise OutputError(
                        f"{self._address}: no Dask scheduler answers ({error})"
                    ) from None
                time.sleep(1)


def dask_chunk(
    chunk: Chunk, scenarios: Mapping[str, str], limits: Limits, run_one: RunFunction
) -> list[Report]:
    """Carry out a chunk inside a Dask worker.

    Raises
    ------
    OutputError
        If the worker may not start processes.
    """
    import multiprocessing

    if multiprocessing.current_process().daemon:
        raise OutputError(
            "Dask's workers are daemons and may start no process; start them with "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False"
        )
    return list(run_chunk(chunk, scenarios, limits, run_one))


def _is_loss(error: BaseException) -> bool:
    """Return whether a chunk failed for its worker or its scheduler rather than for itself."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    return isinstance(error, KilledWorker | CommClosedError | CancelledError | TimeoutError)
