"""Work in processes of its own, with one thread each, and the same results however many.

`abm.engine.parallel.in_parallel` shares one step of one model among threads; here whole
runs are shared among processes. Runs that may fail, hang or be killed one by one have
the workers of `experiments.sweeps.workers.chunk`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from pebble import ProcessPool

from abm.engine.kernel_choice import KERNEL, NUMPY
from abm.engine.parallel import THREADS
from abm.errors import ModelError

PORTABLE = "NEARSHORE_PORTABLE"
"""Environment variable of a worker's process: ``1`` where it was told to be portable."""

THREAD_VARIABLES = (THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def settings_of_workers(*, portable: bool = False) -> dict[str, str]:
    """Return environment variables that a worker's process reads before it loads NumPy.

    Parameters
    ----------
    portable : bool
        Switch off instruction sets that not every machine has, so that exponentials
        and logarithms have the same last bits everywhere.
    """
    settings = dict.fromkeys(THREAD_VARIABLES, "1") | {PORTABLE: str(int(portable))}
    if portable:
        import numpy as np

        found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
        settings["NPY_DISABLE_CPU_FEATURES"] = " ".join(found)
        # What is compiled is compiled for this processor.
        settings[KERNEL] = NUMPY
    return settings


@contextmanager
def environment_of_workers(*, portable: bool = False) -> Iterator[None]:
    """Set what processes started meanwhile read, see `settings_of_workers`."""
    settings = settings_of_workers(portable=portable)
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def process_pool(
    workers: int | None = None, *, portable: bool = False
) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that leave each other's processors alone.

    Parameters
    ----------
    workers : int, optional
        Processes; one a processor unless given.
    portable : bool
        As for `settings_of_workers`.
    """
    spawn = get_context("spawn")
    # Workers would otherwise each use every processor, and wait for each other.
    own = environment_of_workers(portable=portable)
    with own, ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        yield pool


LOOKED_UP = 0.5
"""Seconds after which `each_done` asks again whether no more work is wanted."""


def each_done[A, T](
    work: Callable[[A], T],
    asked: Sequence[A],
    workers: int | None = None,
    *,
    enough: Callable[[], object] = lambda: False,
    give_way: bool = False,
) -> Iterator[tuple[int, T]]:
    """Answers to some questions as they come, each from a process of its own.

    Whoever stops taking answers ends the processes with what they have in hand.

    Parameters
    ----------
    work : callable
        From a question to its answer; importable, as both are.
    asked : sequence
    workers : int, optional
        Processes; one a processor unless given.
    enough : callable
        Asked now and then; once it holds, what is in hand is finished and no more begun.
    give_way : bool
        Whether other programs go first.

    Yields
    ------
    tuple of (int, object)
        Place of the question, and the answer.
    """
    count = min(len(asked), workers or os.process_cpu_count() or 1)
    spawn = get_context("spawn")
    with (
        environment_of_workers(),
        ProcessPool(max(count, 1), context=spawn, initializer=_begin, initargs=[give_way]) as pool,
    ):
        waiting: dict[Future[T], int] = {
            pool.schedule(work, (one,)): place for place, one in enumerate(asked)
        }
        try:
            while waiting:
                done, _ = wait(waiting, LOOKED_UP, FIRST_COMPLETED)
                for future in sorted(done, key=waiting.__getitem__):
                    yield waiting.pop(future), future.result()
                if enough():
                    for future in [one for one in waiting if not (one.running() or one.done())]:
                        future.cancel()
                        del waiting[future]
        finally:
            if waiting:
                pool.stop()


def _begin(give_way: bool) -> None:
    if give_way and hasattr(os, "nice"):
        os.nice(10)


def in_own_process[**P, T](work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function returns in a fresh process, which ends with it.

    Raises
    ------
    ModelError
        If the process is ended from outside.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(work, *args, **kwargs).result()
        except BrokenProcessPool:
            raise ModelError(
                "the process that measured was ended from outside, most likely for want of memory"
            ) from None
