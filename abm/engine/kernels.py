"""Which code works out what plants and opportunities are worth: NumPy's, or compiled code.

`NUMPY` is the reference. `NUMBA` does the same firm by firm in code that is compiled when it is
first used and kept for later; it agrees with the reference to rounding, not to the last bit. With
one of them the same seed gives the same numbers, however many threads there are.
"""

import importlib.util
import os
import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from abm.core.choice.ahead import Ahead, look_ahead
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import keeping_values
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.waiting import Waiting
from abm.errors import ModelError

KERNEL = "NEARSHORE_KERNEL"
"""Environment variable: which one to use; by default compiled code where numba is installed."""

NUMPY, NUMBA = "numpy", "numba"

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
    if asked == NUMBA and not _is_installed():
        raise ModelError(f"{KERNEL} is {NUMBA!r}, and numba is not installed: make setup does it")
    return asked or (NUMBA if _is_installed() else NUMPY)


def kernel() -> Kernel:
    """Which code a step uses."""
    return _compiled() if kernel_name() == NUMBA else REFERENCE


@cache
def _is_installed() -> bool:
    return importlib.util.find_spec("numba") is not None


@cache
def _compiled() -> Kernel:
    # Imported here, since numba takes longer to import than many a command takes to run.
    import numba

    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = before or str(cache_folder() / f"compiled-{_state_of_code()}")
    try:
        from abm.core.compiled.ahead import look_ahead
        from abm.core.compiled.plant_values import keeping_values
        from abm.core.compiled.waiting import CompiledWaiting
    finally:
        numba.config.CACHE_DIR = before
    return Kernel(NUMBA, keeping_values, look_ahead, CompiledWaiting)


def _state_of_code() -> str:
    """Text that is another one once any compiled function is, since they call each other."""
    found = sha256()
    for file in sorted((Path(__file__).parents[1] / "core" / "compiled").glob("*.py")):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def cache_folder() -> Path:
    """Where the user keeps what could be worked out again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nearshore"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / "nearshore" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nearshore"
