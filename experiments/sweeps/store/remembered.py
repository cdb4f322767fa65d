"""What was checked before and has not been touched since, so that it need not be read again.

A file of a sweep is known by a stamp: device, inode, size, and the times to the
nanosecond at which its content and its entry last changed. Whoever writes to a file
changes the last of these, also where size and content's time are put back. A stamp is
kept only if the file had been quiet for some seconds when it was read: one that changes
twice within a tick of the clock would have one stamp for two contents (git calls this
racy). What rots on the disk beneath its stamp is found by the checksum that every page of
a part has, when that page is read, and by ``nearshore results --verify``, which believes
no stamp.

It is kept for the user, not in the folder, which may be somebody else's.
"""

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from abm.engine.cache_folder import cache_folder
from experiments.runs.on_disk.confined import open_inside
from experiments.runs.on_disk.run_folders import seal_holds, sealed, write_whole

QUIET_SECONDS = 10.0
"""A file that was written to since is read again next time."""

FORMAT = 1

type Stamp = list[int]


def stamp_of(descriptor: int) -> Stamp:
    """Return the stamp of an open file."""
    about = os.fstat(descriptor)
    times = [about.st_mtime_ns, about.st_ctime_ns]
    return [about.st_dev, about.st_ino, about.st_size, *times]


def stamp_inside(folder: Path, name: str) -> Stamp:
    """Return the stamp of a file of a folder.

    Raises
    ------
    OSError
        If there is none, or it is no regular file in the folder itself.
    """
    with open_inside(folder, name) as file:
        return stamp_of(file.fileno())


class Remembered:
    """What is known of the files of one folder.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    """

    def __init__(self, folder: Path) -> None:
        self._path = _place(folder)
        self._facts: dict[str, Any] = {}
        self._changed = False
        if self._path is not None:
            with suppress(OSError, ValueError, RecursionError):
                found = json.loads(self._path.read_bytes())
                if isinstance(found, dict) and found.get("format") == FORMAT and seal_holds(found):
                    self._facts = found["facts"]

    def known(self, name: str, stamp: Stamp) -> Any:
        """Return what is known of a file with that stamp; None if nothing is."""
        kept = self._facts.get(name)
        return kept["fact"] if kept and kept["stamp"] == stamp else None

    def keep(self, name: str, stamp: Stamp, fact: Any) -> None:
        """Remember a fact about a file that had a stamp before and after it was read."""
        if time.time() - max(stamp[-2:]) / 1e9 >= QUIET_SECONDS:
            self._facts[name] = {"stamp": stamp, "fact": fact}
            self._changed = True

    def forget(self) -> None:
        """Know nothing of the folder."""
        self._facts, self._changed = {}, True

    def save(self) -> None:
        """Have the disk keep it, if anything is new; where that cannot be, it is no loss."""
        if self._path is None or not self._changed:
            return
        text = json.dumps(sealed({"format": FORMAT, "facts": self._facts}))
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(self._path, text.encode())
        self._changed = False


def _place(folder: Path) -> Path | None:
    """Return the file for what is known of a folder; None if nothing is to be kept."""
    kept = cache_folder()
    name = sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    return None if kept is None else kept / f"{name}.json"
