"""Folders of sweeps on other disks and in object stores, by the paths of fsspec.

What is read from elsewhere is data from anyone: names are those that a checked manifest
and checked logs give, and a part counts if it is what the log says of it. What is sent
there is what belongs to the sweep: the manifest last, so that a folder that came half
is none.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from abm.errors import OutputError, StoreError
from experiments.runs.on_disk.confined import read_inside
from experiments.runs.on_disk.run_folders import MANIFEST, write_whole
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.log_ends import END_NAME, ENDS, end_names
from experiments.sweeps.store.parts import read_part, table_of
from experiments.sweeps.store.run_log import FOLDER, LOG_NAME, History, Part, log_names
from experiments.sweeps.store.store import FOLDERS, SweepStore


def is_elsewhere(place: str) -> bool:
    """Return whether a place is named as fsspec does: ``s3://bucket/folder`` and the like."""
    return "://" in place or "::" in place


@dataclass(frozen=True)
class Source:
    """A sweep to read results from.

    Attributes
    ----------
    place : str
        As the user named it.
    store : SweepStore
        Of a copy of all but the parts, where it is elsewhere.
    history : History
    remote : tuple or None
        File system and folder, where it is elsewhere.
    """

    place: str
    store: SweepStore
    history: History
    remote: tuple[Any, str] | None

    def table(self, part: Part) -> tuple[pa.Table, bytes]:
        """Return a part as a table and as it is in its file.

        Raises
        ------
        StoreError
            If it is damaged.
        """
        try:
            if self.remote is None:
                table = read_part(self.store.folder, part)
                return table, read_inside(self.store.folder, part.name)
            content = _fetched(self.place, *self.remote, part.name)
            return table_of(content, part), content
        except (StoreError, OSError) as error:
            raise StoreError(f"{self.place}: {error}") from None


@contextmanager
def opened(place: str) -> Iterator[Source]:
    """Open the folder of a sweep, wherever it is.

    Raises
    ------
    StoreError
        If there is none, or it is damaged.
    OutputError
        If the place cannot be read at all.
    """
    if not is_elsewhere(place):
        store, history = consistently(Path(place), _checked)
        yield Source(place, store, history, None)
        return
    system, root = file_system(place)
    with TemporaryDirectory(prefix="nearshore-") as copy:
        folder = Path(copy)
        for name in FOLDERS:
            (folder / name).mkdir()
        write_whole(folder / MANIFEST, _fetched(place, system, root, MANIFEST))
        try:
            store = SweepStore.open(folder)
            manifest = store.manifest
            names = [*manifest["files"].values()]
            names += [stored["file"] for stored in manifest["scenarios"].values()]
            # Notes of how far logs had come before the logs, which may grow meanwhile.
            names += [f"{ENDS}/{name}" for name in _names(place, system, root, ENDS, END_NAME)]
            names += [f"{FOLDER}/{name}" for name in _names(place, system, root, FOLDER, LOG_NAME)]
            for name in names:
                write_whole(folder / name, _fetched(place, system, root, name))
            _, history = _checked(store, store.history())
        except StoreError as error:
            raise StoreError(f"{place}: {str(error).replace(f'{folder}/', '')}") from None
        yield Source(place, store, history, (system, root))


def _checked(store: SweepStore, history: History) -> tuple[SweepStore, History]:
    """Return a sweep whose files are as they were written, but for its parts."""
    store.design(), store.points(), store.scenarios()
    return store, history


def file_system(place: str) -> tuple[Any, str]:
    """Return the file system that a place is in, and the folder within it.

    Raises
    ------
    OutputError
        If fsspec knows none such, or needs another package for it.
    """
    from fsspec.core import url_to_fs

    try:
        system, root = url_to_fs(place)
    except (ImportError, ValueError, OSError) as error:
        raise OutputError(f"{place}: {' '.join(str(error).split())[:200]}") from None
    return system, str(root).rstrip("/")


def _fetched(place: str, system: Any, root: str, name: str) -> bytes:
    try:
        content: bytes = system.cat_file(f"{root}/{name}")
    except FileNotFoundError:
        what = "holds no sweep" if name == MANIFEST else "is not whole"
        raise StoreError(f"{place}: {what} ({name} is missing)") from None
    except Exception as error:  # every store has errors of its own
        said = " ".join(str(error).split())[:200]
        raise OutputError(
            f"{place}: {name} cannot be read ({type(error).__name__}: {said})"
        ) from None
    return content


def _names(place: str, system: Any, root: str, folder: str, pattern: re.Pattern[str]) -> list[str]:
    """Return the names of files in a folder elsewhere that are as they are to be there."""
    try:
        there = system.ls(f"{root}/{folder}", detail=True)
    except FileNotFoundError:
        return []  # nothing has begun there
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise OutputError(f"{place}: cannot be read ({type(error).__name__}: {said})") from None
    files = [str(each["name"]) for each in there if each.get("type") == "file"]
    names = [path.rpartition("/")[2] for path in files]
    return sorted(name for name in names if pattern.fullmatch(name))


def send(folder: Path, place: str) -> str:
    """Copy a sweep as it stands to another place, and return a line that says so.

    Parts that are there are not sent again: their names tell their content.

    Raises
    ------
    StoreError
        If the sweep is damaged.
    OutputError
        If the place cannot be written to.
    """
    system, root = file_system(place)
    store = SweepStore.open(folder)
    history = store.history()
    manifest = store.manifest
    names = [part.name for part in history.parts.values()]
    names += [*manifest["files"].values()]
    names += [stored["file"] for stored in manifest["scenarios"].values()]
    noted = [f"{ENDS}/{name}" for name in end_names(folder)]
    contents = {name: read_inside(folder, name) for name in noted}  # before logs that may grow
    names += [f"{FOLDER}/{name}" for name in log_names(folder)]
    names += noted  # and after them, so that no log there is behind its note
    try:
        for name in (*names, MANIFEST):
            content = contents.get(name) or read_inside(folder, name)
            target = f"{root}/{name}"
            if name.startswith("parts/") and _has(system, target, len(content)):
                continue
            system.makedirs(target.rpartition("/")[0], exist_ok=True)
            system.pipe_file(target, content)
    except Exception as error:  # every store has errors of its own
        said = " ".join(str(error).split())[:200]
        raise OutputError(f"{place}: cannot be written ({type(error).__name__}: {said})") from None
    return f"{len(names) + 1} files copied to {place}."


def _has(system: Any, target: str, size: int) -> bool:
    return bool(system.exists(target) and system.size(target) == size)
