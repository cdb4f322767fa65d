"""Results on disk: every file whole or not at all, every folder replaced as one."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import OutputError
from experiments.outcomes.tables import TABLES, RunFrames, schema
from experiments.runs.on_disk.confined import read_inside

FOLDER_FORMAT = 2
"""Of the files below; raised when an older reader would misread them.

Tables are in 2 as in 1. Since 2 a manifest has a checksum of itself.
"""

PROGRAM = "nearshore"
MANIFEST = "manifest.json"
SUMMARY = "summary.json"
FIGURES_FOLDER = "figures"
CHANNELS_FILE = "channels.parquet"
CHECKPOINT = "checkpoint"
SEAL = "seal"
"""Key of a JSON file for the checksum of all its other keys."""

_REPLACING = re.compile(r"\.(?P<folder>.+)-[0-9a-f]{8}-(?P<which>new|old)")
"""Of a folder that `replaced_folder` has not put in its place, or not taken away."""

ON_ITS_WAY = re.compile(r"\..+\.[0-9a-f]{16}\.new")
"""Of a file that `write_whole` has not finished; nobody else's has such a name by chance."""

RUN_FILES = (MANIFEST, SUMMARY, *(f"{name}.parquet" for name in TABLES), FIGURES_FOLDER, CHECKPOINT)
"""What the folder of one run may hold, figures and a checkpoint included."""


def check_destination(folder: Path) -> None:
    """Refuse a folder whose replacement would lose what is not ours.

    Parameters
    ----------
    folder : Path
        Where results shall go; need not exist.

    Raises
    ------
    OutputError
        If it is a file, holds anything that its own manifest does not name, contains
        the current folder, or lies where nothing can be written.
    """
    folder = folder.resolve()
    if Path.cwd().is_relative_to(folder):
        raise OutputError(f"{folder}: holds the current folder; name a new folder inside it")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; name a folder")
    if folder.exists():
        own = _own_contents(folder)
        names = {entry.name for entry in folder.iterdir()}
        foreign = {name for name in names - own if not _is_left_of(own, name)}
        if foreign:
            raise OutputError(
                f"{folder}: holds {min(foreign)}, which no earlier run wrote there; "
                "name a new or empty folder"
            )
    existing = next(parent for parent in folder.parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: nothing can be written in {existing}")


def _own_contents(folder: Path) -> set[str]:
    """Names that an earlier run's manifest lists; empty without a manifest of ours."""
    manifest = read_json(folder, MANIFEST)
    names = manifest.get("contents")
    if manifest.get("program") != PROGRAM or not isinstance(names, list):
        return set()  # whatever that file is, we did not write it
    return {name for name in names if isinstance(name, str)}


def _is_left_of(own: set[str], name: str) -> bool:
    """Return whether a killed program left a folder when it replaced one of ours."""
    left = _REPLACING.fullmatch(name)
    return left is not None and left["folder"] in own


def left_in_replacing(folder: Path) -> Path | None:
    """Return where a folder is that is missing, if a program was killed while it replaced it."""
    if folder.exists() or not folder.absolute().parent.is_dir():
        return None
    for entry in sorted(folder.absolute().parent.iterdir()):
        left = _REPLACING.fullmatch(entry.name)
        if left is not None and left["folder"] == folder.name and left["which"] == "old":
            return entry
    return None


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to write into, then put it in the place of ``folder``.

    Leaving the block in good order makes everything durable and swaps the folders;
    an error in it leaves ``folder`` as it was.

    Parameters
    ----------
    folder : Path
        Need not exist; parents are made.

    Yields
    ------
    Path
        A sibling of ``folder``.

    Raises
    ------
    OutputError
        If the disk refuses.
    """
    folder = folder.resolve()
    mark = uuid4().hex[:8]
    new, old = (folder.with_name(f".{folder.name}-{mark}-{kind}") for kind in ("new", "old"))
    try:
        new.mkdir(parents=True)
        yield new
        _make_durable(new)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)


def write_run(folder: Path, run: RunFrames, manifest: dict[str, Any], summary: Any) -> None:
    """Write the files of one run; the folder must exist.

    Parameters
    ----------
    folder : Path
    run : RunFrames
    manifest, summary : dict
        Written as JSON.
    """
    for name in TABLES:
        write_table(folder / f"{name}.parquet", name, run.tables[name])
    write_json(folder / SUMMARY, summary)
    write_json(folder / MANIFEST, manifest)


def write_table(path: Path, name: str, table: pd.DataFrame) -> None:
    """Write one table as Parquet whose bytes depend on the data alone.

    Parameters
    ----------
    path : Path
    name : str
        One of `experiments.outcomes.tables.TABLES` or ``COMPARISON_TABLES``.
    table : pandas.DataFrame
        With exactly its columns.
    """
    columns = schema(name)
    arrays = [_array(table[field.name], field.type) for field in columns]
    # Not Table.from_pandas, whose metadata name the versions of pandas and of pyarrow.
    pq.write_table(pa.Table.from_arrays(arrays, schema=columns), path, compression="zstd")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write UTF-8 JSON that any reader takes: no NaN, a newline at the end; a manifest sealed."""
    if path.name == MANIFEST:
        content = sealed(content)
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a JSON file shall say with a checksum of it, for `seal_holds` to check."""
    return {**content, SEAL: _seal_of(content)}


def seal_holds(content: Mapping[str, Any]) -> bool:
    """Return whether what a JSON file says is what was sealed.

    The seal is against what disks, copies and editors do to a file by accident. Whoever
    changes a file on purpose can seal it anew.
    """
    try:
        return bool(content.get(SEAL) == _seal_of(content))
    except (ValueError, RecursionError):  # a NaN, which no file of ours has
        return False


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Return what a JSON file of a folder says; nothing where it cannot be read."""
    try:
        content = json.loads(read_inside(folder, name))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def manifest_problem(manifest: Mapping[str, Any]) -> str:
    """Return what is wrong with the manifest of a run or a comparison; ``""`` if nothing is.

    What a caller needs and a manifest need not say, such as ``scenario``, may be missing.
    """
    if not seal_holds(manifest):
        return "is damaged; it is not what was written (its checksum does not hold)"
    for key, fits in _MANIFEST_TYPES.items():
        if key in manifest and not fits(manifest[key]):
            return f"is wrong: its '{key}' cannot be that"
    return ""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_past(value: object) -> bool:
    """Whether a value is the past of a run: none, or a quarter of a scenario, and its past."""
    return value is None or (
        isinstance(value, dict)
        and _is_count(value.get("quarter"))
        and isinstance(value.get("scenario"), dict)
        and _is_past(value.get("forked_from"))
    )


def _is_plain_name(value: object) -> bool:
    return isinstance(value, str) and value not in ("", ".", "..") and Path(value).name == value


_MANIFEST_TYPES: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(("firms", "seed", "quarter", "quarters", "quarters_asked"), _is_count),
    **dict.fromkeys(("run", "reference"), _is_plain_name),
    **dict.fromkeys(("scenario", "versions"), lambda value: isinstance(value, dict)),
    "resumed_from": lambda value: isinstance(value, list) and all(map(_is_count, value)),
    "forked_from": _is_past,
}
"""What a value must be, where a manifest has it."""


def _seal_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of all keys but the seal, whatever their order and the file's white space."""
    body = {key: value for key, value in content.items() if key != SEAL}
    # Through JSON once: tuples come back as lists, and every key as text.
    body = json.loads(json.dumps(body, allow_nan=False))
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode()).hexdigest()


def _array(column: pd.Series, kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        # Values of events may be numbers; a missing one is no text.
        return pa.array([None if pd.isna(value) else str(value) for value in column], kind)
    if pa.types.is_date(kind):
        return pa.array(pd.to_datetime(column).dt.date, kind)
    return pa.array(column, kind)


def _make_durable(folder: Path) -> None:
    """Have the disk keep every file and folder below, so that a rename cannot precede them."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a name nobody else has, have the disk keep it, and give it its own."""
    new = path.with_name(f".{path.name}.{uuid4().hex[:16]}.new")
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        sync(path.parent)
    finally:
        new.unlink(missing_ok=True)


def disk_refusal(error: OSError) -> str:
    """Return in words that something cannot be written, where, and why."""
    what = "the disk is full" if is_full(error) else "results cannot be written"
    where = f": {error.filename}" if error.filename else ""
    return f"{what} ({error.strerror or error}{where})"


def is_full(error: OSError) -> bool:
    """Return whether a disk refused for want of room, so that it may not refuse later."""
    return error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def sync(path: Path) -> None:
    """Have the disk keep a file or a folder as it is."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders, and needs no such call
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
