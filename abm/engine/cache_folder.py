"""Where a user keeps what could be worked out again."""

import os
import sys
from pathlib import Path

CACHE = "NEARSHORE_CACHE"
"""Environment variable: folder of what is remembered; ``""`` for none."""


def cache_folder() -> Path | None:
    """The user's folder; None if nothing is to be kept, or nobody is at home."""
    asked = os.environ.get(CACHE)
    if asked == "":
        return None
    try:
        return Path(asked) if asked else _of_the_user()
    except RuntimeError:  # nobody's home
        return None


def _of_the_user() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nearshore"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local or Path.home() / "AppData" / "Local") / "nearshore" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nearshore"
