"""Results on disk: every file whole or not at all, every folder replaced as one.

A folder is replaced only if every file in it is as it was left: the manifest has the
checksum of each, so that what somebody saved over, added or drew anew is never lost.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import OutputError
from experiments.outcomes.derived import derived
from experiments.outcomes.tables import DERIVED_TABLES, TABLES, RunFrames, schema
from experiments.runs.on_disk.confined import is_file_inside, open_inside, read_inside
from experiments.runs.on_disk.leftovers import (
    being_written,
    is_on_its_way,
    mend_folder,
    remove_left_files,
)

FOLDER_FORMAT = 2
"""Of the files below; raised when an older reader would misread them.

Tables are in 2 as in 1. Since 2 a manifest has a checksum of itself.
"""

PROGRAM = "nearshore"
MANIFEST = "manifest.json"
SUMMARY = "summary.json"
FIGURES_FOLDER = "figures"
CHANNELS_FILE = "channels.parquet"
SEEDS_FILE = "seeds.parquet"
SEEDS_FOLDER = "seeds"
CHECKPOINT = "checkpoint"
CHECKPOINT_FILES = ("checkpoint.json", "arrays.npz")
SEAL = "seal"
"""Key of a JSON file for the checksum of all its other keys."""

FILES = "files"
"""Key of a manifest for the SHA-256 of every other file in its folder and below, by path."""

RUN_FILES = (
    MANIFEST,
    SUMMARY,
    *(f"{name}.parquet" for name in (*TABLES, *DERIVED_TABLES)),
    FIGURES_FOLDER,
    CHECKPOINT,
)
"""What the folder of one run may hold, figures and a checkpoint included."""

COMPARISON_FILES = (CHANNELS_FILE, SEEDS_FILE, SEEDS_FOLDER)
"""What the folder of a comparison may hold beside."""


def check_destination(folder: Path) -> None:
    """Refuse a folder whose replacement would lose what is not ours, or no longer as we left it.

    Parameters
    ----------
    folder : Path
        Where results shall go; need not exist.

    Raises
    ------
    OutputError
        If it is a file, holds anything that no earlier run wrote there or that was changed
        since, in its own folders too, contains the current folder, or lies where nothing
        can be written.
    """
    folder = folder.resolve()
    if Path.cwd().is_relative_to(folder):
        raise OutputError(f"{folder}: holds the current folder; name a new folder inside it")
    mend_folder(folder)
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; name a folder")
    if folder.exists():
        problem = what_would_be_lost(folder)
        if problem:
            raise OutputError(f"{folder}: {problem}; name a new or empty folder")
    existing = next(parent for parent in folder.parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: nothing can be written in {existing}")


def what_would_be_lost(folder: Path) -> str:
    """Return what a folder holds that is not as an earlier run left it; ``""`` if nothing."""
    if not any(folder.iterdir()):
        return ""
    manifest = read_json(folder, MANIFEST)
    if manifest.get("program") != PROGRAM or not isinstance(manifest.get("contents"), list):
        # Whatever stands in the place of the manifest, we did not write it.
        foreign = min(path.name for path in folder.iterdir())
        return f"holds {foreign}, which no earlier run wrote there"
    if not seal_holds(manifest):
        return f"{MANIFEST} was changed since a run wrote it"
    if not isinstance(left := manifest.get(FILES), dict):
        return (
            f"{MANIFEST} has no checksums of its files, as an earlier version wrote it, so "
            "nobody can tell whether they are as they were"
        )
    folders = {parent.as_posix() for name in left for parent in Path(name).parents}
    folders |= {name for name in manifest["contents"] if isinstance(name, str)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if is_on_its_way(name.partition("/")[0]):
            continue
        if path.is_dir() and not path.is_symlink():
            if name not in folders and not any(path.iterdir()):  # what is in it is named itself
                return f"holds {name}, which no earlier run wrote there"
        elif name != MANIFEST and (name not in left or not is_file_inside(path)):
            return f"holds {name}, which no earlier run wrote there"
        elif name != MANIFEST and _digest(folder, name) != left[name]:
            return f"{name} was changed since a run wrote it"
    return ""


def unchanged(folder: Path, name: str, manifest: Mapping[str, Any]) -> bool:
    """Return whether a file of a folder is the one that its manifest tells of."""
    return bool(manifest.get(FILES, {}).get(name) == _digest(folder, name))


def _digest(folder: Path, name: str) -> str:
    """SHA-256 of a file below a folder; ``""`` where it cannot be read."""
    try:
        with open_inside(folder, name) as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def write_manifest(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest of a folder that holds all else: sealed, with the checksum of each file.

    Parameters
    ----------
    folder : Path
    content : mapping
        What it says beside.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]
    files = {name: _digest(folder, name) for name in names if name != MANIFEST}
    write_json(folder / MANIFEST, sealed({**content, FILES: files}))


def said_beside_files(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest says, for a new one to say again of other files."""
    return {name: value for name, value in manifest.items() if name not in (FILES, SEAL)}


def tell_of(folder: Path, below: str, drawn: Path) -> None:
    """Add to a manifest the files that are about to be put into a folder below its own.

    Before they are there, so that a kill leaves none that the manifest does not know.

    Parameters
    ----------
    folder : Path
        Of the manifest.
    below : str
        Name of the folder in it.
    drawn : Path
        Where the files are now.
    """
    manifest = read_json(folder, MANIFEST)
    new = {f"{below}/{path.name}": _digest(drawn, path.name) for path in sorted(drawn.iterdir())}
    text = as_json(sealed({**manifest, FILES: {**manifest.get(FILES, {}), **new}}))
    write_whole(folder / MANIFEST, text.encode())


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
    mend_folder(folder)
    try:
        with being_written(
            lambda: folder.with_name(f".{folder.name}-{uuid4().hex[:16]}-new"),
            lambda path: path.mkdir(parents=True),
        ) as new:
            old = new.with_name(f"{new.name.removesuffix('new')}old")
            try:
                yield new
                _make_durable(new)
                if folder.exists():
                    folder.rename(old)
                new.rename(folder)
                sync(folder.parent)
            finally:
                if old.exists() and not folder.exists():
                    old.rename(folder)
                for leftover in (new, old):
                    shutil.rmtree(leftover, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error


def write_run(folder: Path, run: RunFrames, manifest: dict[str, Any], summary: Any) -> None:
    """Write the files of one run; the folder must exist.

    Parameters
    ----------
    folder : Path
        May hold a checkpoint already, of which the manifest then has the checksums.
    run : RunFrames
    manifest, summary : dict
        Written as JSON.
    """
    for name, table in (run.tables | derived(run.tables)).items():
        write_table(folder / f"{name}.parquet", name, table)
    write_json(folder / SUMMARY, summary)
    write_manifest(folder, manifest)


def write_table(path: Path, name: str, table: pd.DataFrame) -> None:
    """Write one table as Parquet whose bytes depend on the data alone.

    Parameters
    ----------
    path : Path
    name : str
        One of `experiments.outcomes.tables.EVERY_TABLE`.
    table : pandas.DataFrame
        With exactly its columns.
    """
    columns = schema(name)
    arrays = [_array(table[field.name], field.type) for field in columns]
    # Not Table.from_pandas, whose metadata name the versions of pandas and of pyarrow.
    pq.write_table(pa.Table.from_arrays(arrays, schema=columns), path, compression="zstd")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write UTF-8 `as_json`."""
    path.write_text(as_json(content), encoding="utf-8")


def as_json(content: Mapping[str, Any]) -> str:
    """Return JSON that any reader takes: no NaN, a newline at the end."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


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
    **dict.fromkeys(
        ("firms", "seed", "quarter", "quarters", "quarters_asked", "seeds_asked"), _is_count
    ),
    **dict.fromkeys(("run", "reference"), _is_plain_name),
    **dict.fromkeys(("scenario", "versions"), lambda value: isinstance(value, dict)),
    **dict.fromkeys(
        ("resumed_from", "seeds"),
        lambda value: isinstance(value, list) and all(map(_is_count, value)),
    ),
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
    remove_left_files(path.parent, lambda name: name == path.name)
    with being_written(
        lambda: path.with_name(f".{path.name}.{uuid4().hex[:16]}.new"),
        lambda new: new.touch(exist_ok=False),
    ) as new:
        try:
            with new.open("r+b") as file:
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
