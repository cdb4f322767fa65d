"""Which code works out what plants and opportunities are worth: NumPy's, or compiled code.

`NUMPY` is the reference. `NUMBA` does the same in code that is compiled once, which takes about
half a minute, and kept in the user's cache. It agrees with the reference to rounding, not to the
last bit. With one of them the same seed gives the same numbers, however many threads there are.

Unless one is asked for, compiled code is used where numba is installed and the code has been
compiled, as `make setup` does: no run waits half a minute for it without having asked.
"""

import importlib.util
import os
import platform
import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from abm.core import compiled
from abm.core.choice.ahead import Ahead, look_ahead
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import keeping_values
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.waiting import Waiting
from abm.engine.cache_folder import CACHE, cache_folder
from abm.errors import ModelError

KERNEL = "NEARSHORE_KERNEL"
"""Environment variable: which one to use."""

NUMPY, NUMBA = "numpy", "numba"

READY = "ready"
"""File beside compiled code that is there once all of it is."""

LookAhead = Callable[[PlantProblem, Calendar, Floats, Indices, int], Ahead]


class Kernel(NamedTuple):
    """What is done by NumPy's or by compiled code.

    Attributes
    ----------
    name : str
    keeping_values : callable
        As `abm.core.choice.plant_values.keeping_values`.
    look_ahead : callable
        As `abm.core.choice.ahead.look_ahead`.
    waiting : type
        `abm.core.opportunities.waiting.Waiting`, or one that does the same.
    """

    name: str
    keeping_values: Callable[..., tuple[Floats, Floats]]
    look_ahead: LookAhead
    waiting: type[Waiting]


REFERENCE = Kernel(NUMPY, keeping_values, look_ahead, Waiting)


def kernel_name() -> str:
    """The one that a step uses.

    Raises
    ------
    ModelError
        If one is asked for that there is not, or that is not installed.
    """
    asked = os.environ.get(KERNEL, "")
    if asked not in ("", NUMPY, NUMBA):
        raise ModelError(f"{KERNEL} is {asked!r}; it must be {NUMPY!r} or {NUMBA!r}")
    if asked == NUMBA and not _version():
        raise ModelError(f"{KERNEL} is {NUMBA!r}, and numba is not installed")
    kept = _kept_in()
    if asked == NUMBA and kept is None:
        raise ModelError(f"{KERNEL} is {NUMBA!r}, and {CACHE} leaves no place for compiled code")
    if asked:
        return asked
    return NUMBA if kept is not None and (kept / READY).exists() else NUMPY


def kernel() -> Kernel:
    """Which code a step uses."""
    return _compiled() if kernel_name() == NUMBA else REFERENCE


def compile_ahead() -> str:
    """Compile what is not compiled yet; what became of it in a line."""
    kept = _kept_in()
    if kept is None:
        return f"Without numba, or a folder that {CACHE} names, {NUMPY} does everything."
    _compiled()
    return f"Compiled code is in {kept}."


@cache
def _version() -> str:
    """Version of numba, empty where it is not installed."""
    try:
        return version(NUMBA) if importlib.util.find_spec(NUMBA) else ""
    except PackageNotFoundError:
        return ""


def _kept_in() -> Path | None:
    """Where compiled code is kept; None without numba, or where nothing is to be kept."""
    kept = cache_folder()
    return kept / _name_of_code() if kept is not None and _version() else None


@cache
def _name_of_code() -> str:
    """Another name once anything changes on which compiled code depends."""
    found = sha256(f"{_version()} {sys.version} {platform.machine()}".encode())
    # All of it, since compiled functions hold those of other files that they call.
    for file in sorted(Path(compiled.__path__[0]).glob("*.py")):
        found.update(file.read_bytes())
    return f"compiled-{found.hexdigest()[:16]}"


@cache
def _compiled() -> Kernel:
    # Imported here, since numba takes longer to import than many a command takes to run.
    import numba

    config: Any = numba.config
    kept, before = _kept_in(), config.CACHE_DIR
    if kept is None:
        raise ModelError(f"there is no place for compiled code: {CACHE} leaves none")
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    config.CACHE_DIR = str(kept)
    try:
        # Of several processes one compiles, and the others wait for it.
        with FileLock(kept / "lock"):
            from abm.core.compiled.ahead import look_ahead
            from abm.core.compiled.first_use import use_all
            from abm.core.compiled.plant_values import keeping_values
            from abm.core.compiled.waiting import CompiledWaiting

            use_all()
            (kept / READY).touch()
    finally:
        config.CACHE_DIR = before
    return Kernel(NUMBA, keeping_values, look_ahead, CompiledWaiting)


if __name__ == "__main__":
    print(compile_ahead())
