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
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from abm.core import compiled
from abm.engine.cache_folder import CACHE, cache_folder
from abm.errors import ModelError

KERNEL = "NEARSHORE_KERNEL"
"""Environment variable: which one to use."""

NUMPY, NUMBA = "numpy", "numba"

READY = "ready"
"""File beside compiled code that is there once all of it is."""


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
    kept = kept_in()
    if asked == NUMBA and kept is None:
        raise ModelError(f"{KERNEL} is {NUMBA!r}, and {CACHE} leaves no place for compiled code")
    if asked:
        return asked
    return NUMBA if kept is not None and (kept / READY).exists() else NUMPY


@cache
def _version() -> str:
    """Version of numba, empty where it is not installed."""
    try:
        return version(NUMBA) if importlib.util.find_spec(NUMBA) else ""
    except PackageNotFoundError:
        return ""


def kept_in() -> Path | None:
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
