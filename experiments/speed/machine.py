"""The machine: what it is, how fast its logarithms are, and how much memory a process took.

A second means little without the machine it was measured on. Next to every time
stands how long the same machine, in the same moment, takes for logarithms and
exponentials in single precision: the work that no way of writing the cost step
can do without.
"""

import os
import platform
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.engine.parallel import thread_count
from experiments.runs.on_disk.provenance import versions

BLOCKS = tuple(1 << power for power in range(12, 19))
"""Numbers per call that are tried: 16 KiB to 1 MiB, from the first cache to the last."""

NUMBERS = 1 << 21
"""Numbers per thread in one measurement: a few milliseconds."""

KIB = 1024


@dataclass(frozen=True)
class Speed:
    """Logarithms and exponentials of single precision, all threads together.

    Attributes
    ----------
    logarithms, exponentials : float
        Per second.
    threads : int
        Threads that worked at once.
    block : int
        Numbers per call, the fastest that was tried.
    """

    logarithms: float
    exponentials: float
    threads: int
    block: int


def measured_speed(threads: int = 1, numbers: int = NUMBERS) -> Speed:
    """What the machine does at this moment.

    Parameters
    ----------
    threads : int
        At most; fewer are used where they are faster together.
    numbers : int
        Per thread; fewer are quicker and less exact.

    Returns
    -------
    Speed
    """
    used, block = _fastest(threads)
    return Speed(
        logarithms=_rate(np.log, used, block, numbers),
        exponentials=_rate(np.exp, used, block, numbers),
        threads=used,
        block=block,
    )


@cache
def _fastest(threads: int) -> tuple[int, int]:
    """Threads, one or all, and block with which most numbers go through."""

    def rate(choice: tuple[int, int]) -> float:
        return median(_rate(np.exp, *choice, NUMBERS) for _ in range(3))

    return max(product({1, threads}, BLOCKS), key=rate)


def _rate(
    function: Callable[..., NDArray[np.float32]], threads: int, block: int, numbers: int
) -> float:
    """Numbers a second that go through a function, out of the cache and back into it."""
    # Between a half and two: what ratios of prices and of potentials look like.
    values = np.linspace(0.5, 2.0, block, dtype=np.float32)
    results = [np.empty_like(values) for _ in range(threads)]
    calls = max(1, numbers // block)

    def work(result: NDArray[np.float32]) -> None:
        for _ in range(calls):
            function(values, out=result)

    if threads == 1:
        began = perf_counter()
        work(results[0])
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda result: result.fill(0), results))  # threads start before the clock
            began = perf_counter()
            list(pool.map(work, results))
    return threads * calls * block / (perf_counter() - began)


def description() -> dict[str, Any]:
    """What the machine is: processor, cores, threads, linear algebra, memory, versions."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "processor": _processor_name(),
        "cores": _usable_cores(),
        "threads": thread_count(),
        "memory_bytes": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "blas": f"{blas['name']} {blas['version']}",
        "versions": versions(),
    }


def in_words(machine: dict[str, Any]) -> str:
    """One line on what `description` found."""
    memory = machine["memory_bytes"]
    parts = [
        machine["processor"],
        f"cores: {machine['cores']}",
        f"threads used: {machine['threads']}",
        f"{memory / KIB**3:.0f} GiB" if memory else "memory unknown",
        machine["system"],
        f"Python {machine['versions']['python']}",
        f"NumPy {machine['versions']['numpy']}",
        machine["blas"],
    ]
    return ", ".join(parts)


def _processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or "unknown processor"


def _usable_cores() -> int:
    """Processors this process may use; before Python 3.13, those of the machine."""
    count: int | None = getattr(os, "process_cpu_count", os.cpu_count)()
    return count or 1


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None  # a system that does not say


def peak_memory(status: Path = Path("/proc/self/status")) -> int | None:
    """Largest memory this process has held so far, in bytes; None where nobody counts it.

    Where Linux has it, from the process itself: ``getrusage`` there also counts what
    the parent held when it started this process.
    """
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return KIB * int(line.split()[1])
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else KIB * peak
