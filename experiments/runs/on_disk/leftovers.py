"""What a kill leaves half-written, told from what another program is writing just now.

Whoever writes holds a lock on what is on its way (``flock``, which the system frees when the
process ends, in whatever way). What has the name of such a file or folder and is held by
nobody is left over, and goes when the next program comes to write there. Where there are no
such locks, as on Windows and some network disks, it is left alone, since it may be in use.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ON_ITS_WAY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.new")
"""Of a file that is not finished; nobody else's has such a name by chance."""

FOLDER_ON_ITS_WAY = re.compile(r"\.(?P<name>.+)-(?P<mark>[0-9a-f]{16})-(?P<kind>new|old)")
"""Of a folder that is not finished, or that a finished one replaces."""


def is_on_its_way(name: str) -> bool:
    """Return whether a file or folder has the name of one that is not finished."""
    return any(form.fullmatch(name) for form in (ON_ITS_WAY, FOLDER_ON_ITS_WAY))


@contextmanager
def being_written(name: Callable[[], Path], make: Callable[[Path], None]) -> Iterator[Path]:
    """Make a file or folder under a name nobody else has, and hold it until it is finished.

    Parameters
    ----------
    name : callable
        Gives another name each time.
    make : callable
        Makes what is to have it.

    Yields
    ------
    Path
        Its name.
    """
    while True:
        path = name()
        make(path)
        held = _hold(path, wait=True)
        if held is None or _is_still_there(path, held):
            break
        os.close(held)  # someone took it for left over before it was held
    try:
        yield path
    finally:
        if held is not None:
            os.close(held)


def remove_left_files(folder: Path, ours: Callable[[str], bool] = bool) -> None:
    """Remove files that a kill left on their way to their names; in a folder and not below it.

    Parameters
    ----------
    folder : Path
        Need not exist.
    ours : callable, optional
        Whether a file of that name is to be looked at; any is without it.
    """
    with suppress(OSError):  # what cannot be listed or removed is no hindrance
        for path in list(folder.iterdir()):
            found = ON_ITS_WAY.fullmatch(path.name)
            if found and ours(found["name"]) and _is_left(path):
                path.unlink(missing_ok=True)


def mend_folder(folder: Path) -> None:
    """Put back a folder that a kill left moved aside, and remove what else it left of it.

    Parameters
    ----------
    folder : Path
        Need not exist; nor need the one that it is in.
    """
    with suppress(OSError):
        found = [FOLDER_ON_ITS_WAY.fullmatch(path.name) for path in folder.parent.iterdir()]
        ours = [match for match in found if match is not None and match["name"] == folder.name]
        for match in sorted(ours, key=lambda match: match["kind"], reverse=True):  # old ones first
            path = folder.with_name(match[0])
            new = path.with_name(f".{folder.name}-{match['mark']}-new")
            if not _is_left(new if os.path.lexists(new) else path):
                continue
            if match["kind"] == "old" and not os.path.lexists(folder):
                path.rename(folder)
            else:
                shutil.rmtree(path, ignore_errors=True)


def _hold(path: Path, *, wait: bool) -> int | None:
    """Lock a file or folder and return what keeps the lock; None where that cannot be."""
    if fcntl is None:
        return None
    try:
        # Some disks lock only what is open for writing, which a folder never is.
        flags = os.O_RDONLY if path.is_dir() else os.O_RDWR
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _is_left(path: Path) -> bool:
    """Whether nobody writes what is on its way; False where that cannot be told."""
    held = _hold(path, wait=False)
    if held is None:
        return False
    os.close(held)
    return True


def _is_still_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False
