"""What a run of the tests makes once, whichever of its processes asks for it first."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def once_in_a_run(
    folders: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """The folder that ``make`` fills; whoever asks meanwhile waits for it.

    Nothing is left for a later run, whose code may be another.
    """
    place = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    folder, unfinished = place / name, place / f"{name}-unfinished"
    with FileLock(place / f"{name}.lock"):
        if not folder.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(folder)
    return folder
