"""Any executor of `concurrent.futures` as a backend: of threads, processes, Dask, MPI or a batch.

It is named by an entry point of the group ``nearshore.executors``, or written as one,
``module:attribute``: whatever makes an executor when it is called.
"""

import inspect
import queue
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points

from abm.config.keys import shown
from abm.errors import OutputError
from experiments.sweeps.design.run_spec import Report, RunFunction, RunSpec
from experiments.sweeps.workers.backends import Backend, BackendLostError
from experiments.sweeps.workers.chunk import Limits
from experiments.sweeps.workers.kept_workers import carried_out
from experiments.sweeps.workers.portions import Chunk, Portions

GROUP = "nearshore.executors"
"""Of entry points by which other packages offer theirs."""

SHIPPED = {name: f"{__name__}:{name}" for name in ("processes", "dask")}

TICK = 0.2
"""Seconds between two looks at the clock."""

IN_FLIGHT = 2
"""Chunks that are handed out per worker, so that none waits for work."""

ATTEMPTS = 3
"""Of a chunk that brought no results; its runs are set aside then."""


type Factory = Callable[..., Executor]


def factory_of(name: str) -> Factory:
    """Return what makes the executor of a name.

    Parameters
    ----------
    name : str
        Of an entry point, or ``module:attribute``.

    Raises
    ------
    OutputError
        If there is none.
    """
    known = {name: EntryPoint(name, place, GROUP) for name, place in SHIPPED.items()}
    known = {point.name: point for point in entry_points(group=GROUP)} | known
    if name in known:
        point = known[name]
    elif re.fullmatch(r"[\w.]+:[\w.]+", name):
        point = EntryPoint(name, name, GROUP)
    else:
        raise OutputError(
            f"--executor {shown(name)}: is none of {', '.join(sorted(known))}, nor module:attribute"
        )
    try:
        factory: Factory = point.load()
    except (ImportError, AttributeError) as error:
        said = " ".join(str(error).split())[:200]
        raise OutputError(f"--executor {shown(name)}: cannot be loaded ({said})") from None
    if not callable(factory):
        raise OutputError(f"--executor {shown(name)}: makes no executor; it cannot be called")
    return factory


def made_by(factory: Factory, workers: int) -> Executor:
    """Return an executor, told how many workers where it asks.

    Raises
    ------
    BackendLostError
        If it cannot be made, or is none.
    """
    try:
        asks = "max_workers" in inspect.signature(factory).parameters
    except (TypeError, ValueError):
        asks = False
    try:
        executor = factory(max_workers=workers) if asks else factory()
    except Exception as error:  # of whoever wrote it
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise BackendLostError(f"the executor cannot be made ({said})") from None
    if not callable(getattr(executor, "submit", None)):
        raise BackendLostError("the executor is none: it has no submit")
    return executor


def of_executor(
    factory: Factory,
    workers: int,
    scenarios: Mapping[str, str],
    limits: Limits,
    run_one: RunFunction,
    *,
    portable: bool = False,
) -> Backend:
    """Return a backend that hands chunks to an executor made for it.

    Parameters
    ----------
    factory : callable
        Makes the executor.
    workers : int
        That it is taken to have.
    scenarios, limits, run_one, portable
        As every backend has them.
    """

    def reports(specs: Sequence[RunSpec]) -> Iterator[Report | None]:
        work = _InHand(made_by(factory, workers), scenarios, (limits, run_one, portable))
        waiting = Portions(specs)
        ended = False
        try:
            while waiting or work.pending:
                while len(work.pending) < IN_FLIGHT * workers and (chunk := waiting.next(workers)):
                    work.submit(chunk)
                finished, again = work.finished()
                waiting.again(again)
                for report in finished:
                    waiting.note(report)
                    yield report
                yield None
            ended = True
        finally:
            work.close(ended=ended)

    return reports


class _InHand:
    """An executor, and the chunks it has in hand."""

    def __init__(
        self,
        executor: Executor,
        scenarios: Mapping[str, str],
        shared: tuple[Limits, RunFunction, bool],
    ) -> None:
        self._executor, self._scenarios, self._shared = executor, scenarios, shared
        self._arrived: queue.SimpleQueue[Future[list[Report]]] = queue.SimpleQueue()
        self._tries: dict[str, int] = {}
        self.pending: dict[Future[list[Report]], Chunk] = {}

    def submit(self, chunk: Chunk) -> None:
        """Hand out a chunk, with the scenarios that it needs."""
        texts = {spec.scenario: self._scenarios[spec.scenario] for spec in chunk}
        try:
            future = self._executor.submit(carried_out, chunk, texts, *self._shared)
        except (BrokenExecutor, RuntimeError) as error:
            raise BackendLostError(f"the executor takes no more work ({error})") from None
        self.pending[future] = chunk
        future.add_done_callback(self._arrived.put)

    def finished(self) -> tuple[list[Report], list[Chunk]]:
        """Wait a moment; return reports that came, and chunks to hand out again."""
        try:
            future = self._arrived.get(timeout=TICK)
        except queue.Empty:
            return [], []
        chunk = self.pending.pop(future)
        try:
            return future.result(), []
        except BrokenExecutor as error:
            raise BackendLostError(f"the executor lost its workers ({error})") from None
        except OutputError:
            raise
        except (CancelledError, Exception) as error:
            return self._once_more(chunk, error)

    def _once_more(self, chunk: Chunk, error: BaseException) -> tuple[list[Report], list[Chunk]]:
        """Return what is given up of a chunk that brought an error, and what is tried again."""
        name = chunk[0].run
        self._tries[name] = self._tries.get(name, 0) + 1
        if self._tries[name] < ATTEMPTS:
            return [], [chunk]
        said = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        return [Report(spec.run, None, "killed", said) for spec in chunk], []

    def close(self, *, ended: bool) -> None:
        """Let go of the executor; what it has in hand is dropped unless all has ended."""
        for future in self.pending:
            future.cancel()
        if not ended:
            for process in list((getattr(self._executor, "_processes", None) or {}).values()):
                with suppress(OSError, AttributeError):
                    process.terminate()
        try:
            self._executor.shutdown(wait=ended, cancel_futures=True)
        except TypeError:  # an executor older than that argument
            self._executor.shutdown(wait=ended)


def processes(max_workers: int = 1) -> Executor:
    """Return processes of this machine; for trying the way of executors out."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return ProcessPoolExecutor(max_workers, mp_context=get_context("spawn"))


def dask() -> Executor:
    """Return the executor of the Dask cluster that Dask's own settings name."""
    from distributed import Client

    executor: Executor = Client(set_as_default=False).get_executor()
    return executor
