"""Checkpoints on disk: two files, arrays without pickle and JSON, written whole or not at all."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from abm.config.keys import shown
from abm.errors import CheckpointError
from abm.model import RelocationModel
from abm.worlds.checkpoint import Checkpoint, put_away, take_up
from experiments.runs.on_disk.confined import open_inside
from experiments.runs.on_disk.provenance import versions
from experiments.runs.on_disk.run_folders import (
    CHECKPOINT,
    CHECKPOINT_FILES,
    PROGRAM,
    read_json,
    seal_holds,
    sealed,
    write_json,
)

CHECKPOINT_FORMAT = 5
"""Of the two files below; since 4 lengths stand beside lists, and economies are known by their
product lines as well."""

FACTS, ARRAYS = CHECKPOINT_FILES

NO_CHECKPOINT = (
    "holds no checkpoint; a run leaves one where it is stopped, or with --checkpoint-every"
)


def save_checkpoint(model: Any, folder: Path) -> None:
    """Write a model between two quarters into a folder that exists.

    Parameters
    ----------
    model : RelocationModel
    folder : Path
        Of the run; the checkpoint has a folder of its own in it.
    """
    checkpoint = put_away(model)
    place = folder / CHECKPOINT
    place.mkdir(parents=True)
    np.savez(place / ARRAYS, allow_pickle=False, **checkpoint.arrays)
    content = {
        "format": CHECKPOINT_FORMAT,
        "program": PROGRAM,
        "version": versions()["nearshore"],
        "numpy": np.__version__,
        "arrays_sha256": _sha256(place / ARRAYS),
        **checkpoint.facts,
    }
    write_json(place / FACTS, sealed(content))


def read_checkpoint(folder: Path) -> Checkpoint:
    """What `save_checkpoint` wrote into the folder of a run.

    Raises
    ------
    CheckpointError
        If there is none, or it is not ours, damaged, or of another version.
    """
    place = folder / CHECKPOINT
    if not (place / FACTS).is_file():
        raise CheckpointError(f"{folder}: {NO_CHECKPOINT}")
    facts = read_json(folder, f"{CHECKPOINT}/{FACTS}")
    if facts.get("program") != PROGRAM:
        raise CheckpointError(f"{place}: is no checkpoint written by {PROGRAM}")
    form, version, now = facts.get("format"), facts.get("version"), versions()["nearshore"]
    if (form, version) != (CHECKPOINT_FORMAT, now):
        raise CheckpointError(
            f"{place}: was written by {PROGRAM} {_plain(version)} in format {shown(form)}; this is "
            f"{now} in format {CHECKPOINT_FORMAT}, and another version may give other numbers"
        )
    if not seal_holds(facts):
        raise CheckpointError(f"{place}: {FACTS} is damaged (its checksum is not as written)")
    try:
        with open_inside(folder, f"{CHECKPOINT}/{ARRAYS}") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != facts.get("arrays_sha256"):
                raise CheckpointError(
                    f"{place}: {ARRAYS} is damaged (its SHA-256 is not as written)"
                )
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{place}: {ARRAYS} cannot be read ({error})") from None
    missing = [name for name in ("quarter", "firms", "seed") if type(facts.get(name)) is not int]
    if missing:
        raise CheckpointError(f"{place}: {FACTS} does not say its {missing[0]}")
    return Checkpoint(facts, arrays)


def restored(folder: Path, followed: RelocationModel | None = None) -> RelocationModel:
    """The model whose checkpoint lies in the folder of a run.

    Parameters
    ----------
    folder : Path
    followed : RelocationModel, optional
        As for `abm.worlds.checkpoint.take_up`.

    Raises
    ------
    CheckpointError
        If it cannot be continued.
    """
    checkpoint = read_checkpoint(folder)
    try:
        return take_up(checkpoint, followed)
    except CheckpointError as error:
        raise CheckpointError(f"{folder / CHECKPOINT}: {error}") from None


def _plain(version: object) -> str:
    """A version as people write it, whatever stands in its place."""
    return shown(version).strip('"')


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
