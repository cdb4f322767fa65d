"""Files of a folder that may be from a stranger: none outside it is read or written.

A name that a manifest or a log gives is data. It leads nowhere but to a regular file
below the folder: not up, not through a link, not to a pipe that would never end.
"""

import os
import re
import stat
from io import BufferedReader, FileIO
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_][\w.-]{0,200}|\.[\w.-]{1,200}\.new", re.ASCII)
"""Of a name; no path, and nothing hidden but files on their way to their own name."""


def open_inside(folder: Path, name: str) -> BufferedReader:
    """Return a file of a folder, open for reading.

    Parameters
    ----------
    folder : Path
        Named by the user, so it may be a link itself.
    name : str
        Relative to the folder, with ``/`` between its parts.

    Raises
    ------
    OSError
        If there is none, or it is no regular file in the folder itself.
    """
    # A pipe is opened without waiting for its other end, and then refused.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(_confined(folder, name), flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "is no file", name)
    return os.fdopen(descriptor, "rb")


def read_inside(folder: Path, name: str) -> bytes:
    """Return the content of a file of a folder, as `open_inside` finds it."""
    with open_inside(folder, name) as file:
        return file.read()


def file_for_adding(folder: Path, name: str) -> FileIO:
    """Return a file of a folder without a buffer, open for adding to it; made if need be.

    Raises
    ------
    OSError
        As `open_inside` does.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(_confined(folder, name), flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "is no file", name)
    # No buffer: what a full disk refuses must not come back when the file is closed.
    return os.fdopen(descriptor, "a+b", buffering=0)


def is_file_inside(path: Path) -> bool:
    """Return whether a path is a regular file and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _confined(folder: Path, name: str) -> Path:
    """Return the path of a name, every folder on the way to it a real one."""
    parts = name.split("/")
    if not all(_PLAIN.fullmatch(part) for part in parts):
        raise OSError(0, "is no name of a file in this folder", name)
    path = folder
    for part in parts[:-1]:
        path = path / part
        if path.is_symlink():
            raise OSError(0, f"{part} is a link, not a folder", name)
    path = path / parts[-1]
    if path.is_symlink():
        raise OSError(0, "is a link, not a file", name)
    return path
