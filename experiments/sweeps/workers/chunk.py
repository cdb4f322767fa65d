"""Some runs, one after the other, in a process of their own that may be lost.

The one function that carries out runs, whoever asks: threads of this process, a
shard, or a task on a cluster. A run that raises, hangs, asks for too much memory or
kills its process costs itself alone.
"""

import importlib
import multiprocessing
import os
import platform
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pebble import ProcessExpired, ProcessPool

from abm.errors import StoreError
from experiments.sweeps.design.run_spec import Report, RunFunction, RunSpec
from experiments.sweeps.store.maker import maker
from experiments.sweeps.workers.one_run import check_identity, check_outcomes, simulate

START_SECONDS = 20.0
"""A process that takes longer to begin a run is replaced; the next one is given more."""

_LONGEST_TRACE = 20_000
_WATCH_SECONDS = 0.5
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Limits:
    """What one run may take.

    Attributes
    ----------
    seconds : float or None
        Of wall time.
    memory : int or None
        Bytes of address space of a worker's process.
    runs_a_process : int
        After which a worker starts afresh, should a library leak, ...
    seconds_a_process : float
        ... once its runs took so long: to start costs as much as thousands of the shortest.
    """

    seconds: float | None = None
    memory: int | None = None
    runs_a_process: int = 500
    seconds_a_process: float = 60.0


def run_chunk(
    specs: Sequence[RunSpec],
    scenarios: Mapping[str, str],
    limits: Limits,
    run_one: RunFunction = simulate,
    worker: "Worker | None" = None,
) -> Iterator[Report]:
    """Carry out runs and yield how each ended, in any order.

    Parameters
    ----------
    specs : sequence of RunSpec
    scenarios : mapping of str to str
        Texts by name.
    limits : Limits
    run_one : callable
        Carries out one run.
    worker : Worker, optional
        A process to use; one is made, and ended, unless given.
    """
    own = worker or Worker(limits)
    try:
        again: list[RunSpec] = []
        for spec in specs:
            report = own.carry_out(run_one, spec, scenarios[spec.scenario])
            if report.kind == "killed":
                again.append(spec)
            else:
                yield report
        for spec in again:
            yield own.carry_out(run_one, spec, scenarios[spec.scenario])
    finally:
        if worker is None:
            own.stop()


class Stopped(Exception):
    """The worker was told to stop while it had a run in hand."""


class Worker:
    """One process that carries out runs and is replaced when it is lost."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._stopped = threading.Event()
        self._changing = threading.Lock()
        self._pool = self._new_pool()
        self._runs, self._seconds = 0, 0.0

    def _new_pool(self) -> ProcessPool:
        # Spawned, not forked: threads of this process, and locks they hold, are not copied.
        return ProcessPool(
            max_workers=1,
            initializer=_prepare_process,
            initargs=(self._limits.memory, os.getpid()),
            context=multiprocessing.get_context("spawn"),
        )

    def carry_out(self, run_one: RunFunction, spec: RunSpec, scenario: str) -> Report:
        """Carry out one run and return how it ended.

        Raises
        ------
        Stopped
            If `stop` was called meanwhile.
        """
        limits = self._limits
        if self._runs >= limits.runs_a_process and self._seconds >= limits.seconds_a_process:
            self._start_afresh()
        started = time.perf_counter()
        for patience in (START_SECONDS, 2 * START_SECONDS, 4 * START_SECONDS):
            try:
                report = self._once(run_one, spec, scenario, patience)
                break
            except BrokenProcessPool:
                # Killed with no run in hand: pebble gives the pool up, or waits for ever.
                self._start_afresh()
        else:
            said = "its process was ended before it could begin"
            report = Report(spec.run, None, "killed", said, host=platform.node())
        seconds = time.perf_counter() - started
        self._runs += 1
        self._seconds += seconds
        return replace(report, seconds=seconds)

    def _start_afresh(self) -> None:
        """End the process and have another.

        Raises
        ------
        Stopped
            If `stop` was called meanwhile.
        """
        with self._changing:
            self._end_pool()
            if self._stopped.is_set():
                raise Stopped from None
            self._pool = self._new_pool()
        self._runs, self._seconds = 0, 0.0

    def _once(self, run_one: RunFunction, spec: RunSpec, scenario: str, patience: float) -> Report:
        report = Report(spec.run, None, host=platform.node())
        try:
            task = self._pool.schedule(
                _guarded, args=(run_one, spec, scenario), timeout=self._limits.seconds
            )
            begun = time.monotonic()
            # Pebble may leave a task of a stopped pool undecided for ever.
            while not wait([task], timeout=_LOOK_SECONDS).done:
                if self._stopped.is_set():
                    raise Stopped
                if not task.running() and time.monotonic() - begun > patience:
                    raise BrokenProcessPool("no process takes the run")
            return task.result()
        except TimeoutError:
            said = f"took longer than {self._limits.seconds:g} s"
            return replace(report, kind="timeout", message=said)
        except ProcessExpired as lost:
            if self._stopped.is_set():
                raise Stopped from None
            return replace(report, kind="killed", message=_last_words(lost.exitcode))
        except BrokenProcessPool:
            raise
        except (CancelledError, RuntimeError) as error:
            if self._stopped.is_set():
                raise Stopped from None
            raise BrokenProcessPool(str(error)) from error

    def _end_pool(self) -> None:
        self._pool.stop()
        self._pool.join()

    def stop(self) -> None:
        """End the process and whatever it does."""
        self._stopped.set()
        with self._changing:
            self._end_pool()


def _guarded(run_one: RunFunction, spec: RunSpec, scenario: str) -> Report:
    """Carry out a run where it may go wrong; nothing but text and numbers comes back."""
    report = Report(spec.run, None, host=platform.node())
    try:
        check_identity(spec, scenario)
    except StoreError as error:
        return replace(report, kind="refused", message=str(error))
    except MemoryError:
        return replace(report, kind="memory", message="ran out of memory", trace=_trace())
    try:
        outcomes = run_one(spec, scenario)
        check_outcomes(outcomes, dict(spec.values))
        return replace(report, outcomes=outcomes, maker=maker())
    except MemoryError:
        return replace(report, kind="memory", message="ran out of memory", trace=_trace())
    except Exception as error:
        first = " ".join(str(error).split())[:500]
        said = f"{type(error).__name__}: {first}"
        return replace(report, kind="error", message=said, trace=_trace())


def _trace() -> str:
    return traceback.format_exc()[-_LONGEST_TRACE:]


def _prepare_process(memory: int | None, parent: int) -> None:
    # Ctrl-C reaches every process of a terminal; the one that asked decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Now, as it takes a moment that is not the first run's; too little memory is told there.
    with suppress(MemoryError):
        importlib.import_module("experiments.sweeps.design.plan")
        maker()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _last_words(code: Any) -> str:
    if isinstance(code, int) and code < 0:
        try:
            return f"its process was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"its process was ended by signal {-code}"
    return f"its process ended with exit code {code}"
