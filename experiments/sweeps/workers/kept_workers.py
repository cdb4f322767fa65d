"""Processes that carry out runs, kept by a worker of somebody else's pool between two chunks."""

import multiprocessing
import os
import threading
from collections.abc import Mapping

from abm.errors import OutputError
from experiments.runs.processes import PORTABLE, settings_of_workers
from experiments.sweeps.design.run_spec import Report, RunFunction
from experiments.sweeps.workers.chunk import Limits, Worker, run_chunk
from experiments.sweeps.workers.portions import Chunk

IDLE_SECONDS = 60.0
"""After which processes that nobody used are ended: a pool does not say that it is done."""

_lock = threading.Lock()
_timer: list[threading.Timer] = []
"""That ends idle processes, at most one."""

_kept: dict[tuple[Limits, bool], list[Worker]] = {}
"""Those that wait for the next chunk; starting one takes seconds."""


def carried_out(
    chunk: Chunk,
    scenarios: Mapping[str, str],
    limits: Limits,
    run_one: RunFunction,
    portable: bool,
) -> list[Report]:
    """Carry out a chunk in a process of its own, which is kept for the next one.

    Raises
    ------
    OutputError
        If the worker may not start processes.
    """
    if multiprocessing.current_process().daemon:
        raise OutputError(
            "the workers are daemons, which may start no process; start those of Dask with "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False"
        )
    with _lock:
        _stop_timer()
        idle = _kept.setdefault((limits, portable), [])
    # For good: pebble starts processes when it needs them, also after one was lost.
    if not portable and os.environ.get(PORTABLE) == "1":
        os.environ.pop("NPY_DISABLE_CPU_FEATURES", None)  # a portable sweep left it
    os.environ.update(settings_of_workers(portable=portable))
    # A pool with a way of its own to start processes, such as Loky's, leaves its name here,
    # and a process that we start would look for it in vain.
    known = multiprocessing.get_all_start_methods()
    if multiprocessing.get_start_method(allow_none=True) not in (None, *known):
        multiprocessing.set_start_method("spawn", force=True)
    with _lock:
        worker = idle.pop() if idle else None
    worker = worker or Worker(limits)
    try:
        reports = list(run_chunk(chunk, scenarios, limits, run_one, worker))
    except BaseException:
        worker.stop()
        raise
    with _lock:
        idle.append(worker)
        _stop_timer()
        _timer.append(threading.Timer(IDLE_SECONDS, end_processes))
        _timer[0].daemon = True
        _timer[0].start()
    return reports


def end_processes() -> None:
    """End the processes that are kept."""
    with _lock:
        _stop_timer()
        ended = [worker for idle in _kept.values() for worker in idle]
        for idle in _kept.values():
            idle.clear()
    for worker in ended:
        worker.stop()


def _stop_timer() -> None:
    while _timer:
        _timer.pop().cancel()
