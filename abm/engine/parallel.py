"""Work shared among threads, with the same results whatever their number."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache

from threadpoolctl import ThreadpoolController

THREADS = "NEARSHORE_THREADS"
"""Environment variable: threads to use, by default one per processor this process may use."""


def thread_count() -> int:
    """Threads that a step uses, at least one."""
    asked = os.environ.get(THREADS, "")
    if asked.isdecimal():
        return max(1, int(asked))
    # Before Python 3.13 all processors of the machine are counted.
    counted: int | None = getattr(os, "process_cpu_count", os.cpu_count)()
    return counted or 1


@cache
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    # One a process: threads do not survive a fork.
    return ThreadPoolExecutor(threads, thread_name_prefix="nearshore")


@cache
def _linear_algebra() -> ThreadpoolController:
    return ThreadpoolController()


def in_parallel[Item, Result](
    function: Callable[[Item], Result], items: Iterable[Item]
) -> list[Result]:
    """Return ``function`` of every item, in the order of the items.

    What an item is must not depend on the number of threads: results that are then
    added up in order are the same to the last bit, however many there are.
    """
    items = list(items)
    threads = min(thread_count(), len(items))
    # The products are small: a second layer of threads inside each would get in the way.
    with _linear_algebra().limit(limits=1, user_api="blas"):
        if threads < 2:
            return [function(item) for item in items]
        # Each item runs in a copy of the caller's context, where NumPy keeps what it warns of.
        contexts = [copy_context() for _ in items]
        pool = _pool(threads, os.getpid())
        return list(pool.map(lambda context, item: context.run(function, item), contexts, items))
