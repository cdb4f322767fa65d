"""A disk that fails at a chosen change of it: full, or with the program killed, or without power.

A killed program is played in this process. What the disk would hold is copied at that moment;
the program is then ended by an exception that nothing catches, and what it did to the disk on
its way out is thrown away. A cut of power also takes what the program has not had the disk
keep: the ends of files, and renames and removals in folders.
"""

import errno
import os
import random
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CHANGES = ("fsync", "replace", "rename", "unlink", "mkdir")
"""Functions of `os` before each of which something may happen."""


class Killed(BaseException):
    """The program ends here; no `Exception`, so that nothing on the way swallows it."""


class FullDisk:
    """Refuses to keep anything from the n-th time on that it is asked to."""

    def __init__(self, patch: pytest.MonkeyPatch, refuses_from: int) -> None:
        self.asked, self._from, self._keep = 0, refuses_from, os.fsync
        patch.setattr(os, "fsync", self.keep)

    def keep(self, descriptor: int) -> None:
        self.asked += 1
        if self.asked >= self._from:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._keep(descriptor)


@dataclass
class _Entry:
    """A change of a folder's entries that the disk has not kept yet."""

    where: Path
    before: Path | None
    content: bytes | None


class FailingDisk:
    """Lets something happen before the n-th change of the disk, and counts changes.

    Parameters
    ----------
    folder : Path
        What of the disk is looked at.
    moment : int
        From 1.
    happens : callable
        Called with this object at that moment.
    """

    def __init__(self, folder: Path, moment: int, happens: Callable[["FailingDisk"], None]) -> None:
        self.folder, self.asked = folder, 0
        self._moment, self._happens = moment, happens
        self._real = {name: getattr(os, name) for name in CHANGES}
        self._paused = False
        self._kept = {_known(path): path.stat().st_size for path in _files(folder)}
        self._entries: list[_Entry] = []

    @contextmanager
    def put_in_place(self):
        """Be the disk of this process for a while."""
        with pytest.MonkeyPatch.context() as patch:
            for name in CHANGES:
                patch.setattr(os, name, self._instead_of(name))
            yield self

    def _instead_of(self, name: str) -> Callable[..., object]:
        real = self._real[name]

        def change(*given: object, **more: object) -> object:
            if self._paused:
                return real(*given, **more)
            self.asked += 1
            if self.asked == self._moment:
                self._paused = True
                try:
                    self._happens(self)
                finally:
                    self._paused = False
            if not more:  # `rmtree` names files by a descriptor of their folder
                self._note(name, *given)
            return real(*given, **more)

        return change

    def _note(self, name: str, *given: object) -> None:
        """Remember what a change leaves for the disk to keep."""
        if name == "fsync":
            found = os.fstat(given[0])
            self._kept[found.st_dev, found.st_ino] = found.st_size
            self._entries = [e for e in self._entries if _known(e.where.parent) != _known_of(found)]
        elif name in ("replace", "rename"):
            source, target = map(Path, given)
            old = target.read_bytes() if target.is_file() else None
            self._entries.append(_Entry(target, source, old))
        elif name == "unlink" and Path(given[0]).is_file():
            self._entries.append(_Entry(Path(given[0]), None, Path(given[0]).read_bytes()))

    def left_by_a_kill(self, place: Path) -> None:
        """Copy what a killed program leaves: all that it has written."""
        shutil.copytree(self.folder, place, symlinks=True)

    def left_by_a_power_cut(self, place: Path, luck: random.Random) -> None:
        """Copy what is left where power is cut: what was kept, and of the rest a part."""
        self.left_by_a_kill(place)
        for path in _files(self.folder):
            size, kept = path.stat().st_size, self._kept.get(_known(path), 0)
            if size > kept:
                _tear(place / path.relative_to(self.folder), kept, luck)
        undone = luck.randint(0, len(self._entries))
        for entry in reversed(self._entries[len(self._entries) - undone :]):
            self._undo(entry, place)

    def _undo(self, entry: _Entry, place: Path) -> None:
        if not entry.where.is_relative_to(self.folder):
            return
        where = place / entry.where.relative_to(self.folder)
        if entry.before is not None and where.exists():
            where.rename(place / entry.before.relative_to(self.folder))
        if entry.content is not None and where.parent.is_dir():
            where.write_bytes(entry.content)


def _tear(path: Path, kept: int, luck: random.Random) -> None:
    """Take the end of a file that was not kept, or leave zeros in its place."""
    content = path.read_bytes()
    length = luck.randint(kept, len(content))
    rest = bytes(len(content) - length) if luck.random() < 0.3 else b""
    path.write_bytes(content[:length] + rest)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def _known(path: Path) -> tuple[int, int]:
    return _known_of(path.stat()) if path.exists() else (0, 0)


def _known_of(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
