"""A Dask cluster as a backend: what goes down with a worker or a scheduler is handed out again.

Results come back over the network, so no disk is shared. Our log, not Dask, says
which runs are done: nothing here trusts a task to be known to a scheduler for long.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from abm.errors import OutputError
from experiments.sweeps.design.run_spec import Report, RunFunction, RunSpec
from experiments.sweeps.workers.backends import Backend, BackendLostError
from experiments.sweeps.workers.chunk import Limits
from experiments.sweeps.workers.kept_workers import carried_out, end_processes
from experiments.sweeps.workers.portions import Chunk, Portions

TICK = 0.1
"""Seconds between two looks at the futures."""

LOOK_SECONDS = 2.0
"""Between two looks at the scheduler: is it the same, and how many threads does it have."""

ANSWER_SECONDS = 3.0
"""A scheduler or worker that takes longer to accept a connection is taken for lost."""

RESULT_SECONDS = 15.0
"""How long the results of a chunk may be on their way; then it is handed out again."""

AWAY_SECONDS = 600.0
"""How long a scheduler may be away before the sweep stops, to be resumed."""

IN_FLIGHT = 2
"""Chunks that are handed out per thread of the cluster, so that none waits for work."""


def dask(
    address: str,
    scenarios: Mapping[str, str],
    limits: Limits,
    run_one: RunFunction,
    *,
    portable: bool = False,
) -> Backend:
    """Return a backend of a Dask cluster's workers, whichever there are at the time."""

    def reports(specs: Sequence[RunSpec]) -> Iterator[Report | None]:
        import dask.config

        waiting = Portions(specs)
        patience = {"distributed.comm.timeouts.connect": ANSWER_SECONDS}
        with dask.config.set(patience):
            cluster = _Cluster(address, scenarios, limits, run_one, portable)
            try:
                while waiting or cluster.pending:
                    waiting.again(cluster.look())
                    while cluster.has_room and (chunk := waiting.next(cluster.threads)):
                        cluster.submit(chunk)
                    finished, again = cluster.finished()
                    waiting.again(again)
                    for report in finished:
                        waiting.note(report)
                        yield report
                    yield None
            finally:
                cluster.close()

    return reports


def check_scheduler(address: str) -> None:
    """Refuse an address at which no scheduler answers.

    Raises
    ------
    OutputError
        Before anything is written.
    """
    try:
        client_of(address, 2 * ANSWER_SECONDS).close()
    except ImportError as error:
        what = "dask-gateway" if "gateway" in str(error) else "'nearshore[cluster]'"
        raise OutputError(f"--dask needs more packages: pip install {what}") from None
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise OutputError(f"{address}: no Dask scheduler answers ({said})") from None


def client_of(address: str, timeout: float) -> Any:
    """Return a client of a scheduler.

    Parameters
    ----------
    address : str
        ``tcp://``, ``tls://``, ``ws://`` or ``wss://HOST:PORT``, or ``gateway://HOST:PORT/CLUSTER``:
        a cluster that Dask Gateway has begun, found as Dask's settings say.
    timeout : float
        Seconds.

    Raises
    ------
    OSError, ValueError
        If none answers.
    """
    if address.startswith("gateway://"):
        from dask_gateway import Gateway

        proxy, _, name = address.removeprefix("gateway://").partition("/")
        try:
            cluster = Gateway(proxy_address=f"gateway://{proxy}").connect(name)
            return cluster.get_client(set_as_default=False)
        except (OSError, ValueError):
            raise
        except Exception as error:  # Gateway has errors of its own
            raise ValueError(f"{type(error).__name__}: {error}") from error
    from distributed import Client

    return Client(address, timeout=timeout, set_as_default=False)


class _Cluster:
    """A Dask client that survives its scheduler, and the chunks it has handed out."""

    def __init__(
        self,
        address: str,
        scenarios: Mapping[str, str],
        limits: Limits,
        run_one: RunFunction,
        portable: bool,
    ) -> None:
        self._address, self._scenarios = address, scenarios
        self._shared = (limits, run_one, portable)
        self._client: Any = None
        self._scheduler = ""
        self.threads = 0
        self._arrived = threading.Event()
        self._seen = time.monotonic()
        self._looked = float("-inf")
        self.pending: dict[Any, Chunk] = {}

    @property
    def has_room(self) -> bool:
        """Whether a further chunk would find work."""
        ready = self._client is not None and self._client.status == "running"
        return bool(ready and len(self.pending) < IN_FLIGHT * self.threads)

    def submit(self, chunk: Chunk) -> None:
        """Hand out a chunk, with the scenarios that it needs."""
        texts = {spec.scenario: self._scenarios[spec.scenario] for spec in chunk}
        future = self._client.submit(carried_out, chunk, texts, *self._shared, pure=False)
        future.add_done_callback(lambda _: self._arrived.set())
        self.pending[future] = chunk

    def look(self) -> list[Chunk]:
        """See how the cluster stands; return chunks that its scheduler no longer knows.

        Raises
        ------
        BackendLostError
            If the scheduler has been away for too long.
        """
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return []
        self._looked = now
        lost: list[Chunk] = []
        if self._client is None or self._client.status in ("closing", "closed"):
            lost = self._let_go()
            self._connect()
        if self._client is not None and self._client.status == "running":
            # A client whose scheduler said goodbye notices nothing; the next one has another name.
            known = self._client.scheduler_info(n_workers=-1)
            if self._scheduler not in ("", known["id"]):
                lost += self._let_go()
                self._connect()
            else:
                self._scheduler, self._seen = known["id"], time.monotonic()
                self.threads = sum(each["nthreads"] for each in known["workers"].values())
        if time.monotonic() - self._seen > AWAY_SECONDS:
            raise BackendLostError(f"{self._address}: no Dask scheduler has answered for long")
        return lost

    def finished(self) -> tuple[list[Report], list[Chunk]]:
        """Wait a moment; return reports that came, and chunks to hand out again."""
        reports: list[Report] = []
        again: list[Chunk] = []
        # Each future knows how it stands, also while the client looks for its scheduler.
        done = [future for future in self.pending if future.status != "pending"]
        if not done:
            self._arrived.wait(TICK)
            self._arrived.clear()
        for future in done:
            chunk = self.pending.pop(future)
            if future.status not in ("finished", "error"):
                again.append(chunk)
                continue
            try:
                reports.extend(future.result(timeout=RESULT_SECONDS))
            except Exception as error:
                lost, given_up = _after(error, chunk, self._address)
                again.extend(lost)
                reports.extend(given_up)
        return reports, again

    def close(self) -> None:
        """Let go of the cluster and of the processes that its workers keep for us."""
        if self._client is not None and self._client.status == "running":
            self._client.run(end_processes, wait=False, on_error="ignore")
        self._let_go()

    def _let_go(self) -> list[Chunk]:
        """Close the client; return what it had handed out."""
        lost = list(self.pending.values())
        self.pending.clear()
        if self._client is not None:
            self._client.close(timeout=ANSWER_SECONDS)
        self._client, self._scheduler, self.threads = None, "", 0
        return lost

    def _connect(self) -> None:
        try:
            self._client = client_of(self._address, ANSWER_SECONDS)
        except (OSError, ValueError):
            self._client = None  # tried again at the next look


def _after(error: Exception, chunk: Chunk, address: str) -> tuple[list[Chunk], list[Report]]:
    """Return what to do about a chunk that brought no results: hand out again, or give up."""
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    if isinstance(error, KilledWorker):
        if len(chunk) > 1:  # one of them may be the reason: each on its own
            return [[spec] for spec in chunk], []
        report = Report(chunk[0].run, None)
        return [], [replace(report, kind="killed", message="workers of the cluster died with it")]
    if isinstance(error, CommClosedError | CancelledError | TimeoutError):
        return [chunk], []
    if isinstance(error, OutputError):
        raise error
    said = f"{type(error).__name__}: {error}"
    raise OutputError(f"{address}: a worker could not take a chunk ({said})") from error
