"""Checkpoints on disk: two files, arrays without pickle and JSON, written whole or not at all."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from abm.errors import CheckpointError
from abm.model import RelocationModel
from abm.worlds.checkpoint import Checkpoint, put_away, take_up
from experiments.runs.folders import CHECKPOINT, PROGRAM, write_json
from experiments.runs.provenance import versions

CHECKPOINT_FORMAT = 1

FOLDER = CHECKPOINT
"""In the folder of the run it belongs to."""

FACTS = "checkpoint.json"
ARRAYS = "arrays.npz"

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
    place = folder / FOLDER
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
    write_json(place / FACTS, content)


def read_checkpoint(folder: Path) -> Checkpoint:
    """What `save_checkpoint` wrote into the folder of a run.

    Raises
    ------
    CheckpointError
        If there is none, or it is not ours, damaged, or of another version.
    """
    place = folder / FOLDER
    if not (place / FACTS).is_file():
        raise CheckpointError(f"{folder}: {NO_CHECKPOINT}")
    try:
        facts = json.loads((place / FACTS).read_bytes())
        ours = facts["program"] == PROGRAM
        form, version, told = facts["format"], facts["version"], facts["arrays_sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        ours = False
    if not ours:
        raise CheckpointError(f"{place}: is no checkpoint written by {PROGRAM}")
    now = versions()["nearshore"]
    if (form, version) != (CHECKPOINT_FORMAT, now):
        raise CheckpointError(
            f"{place}: was written by {PROGRAM} {version} in format {form}; this is {now} in "
            f"format {CHECKPOINT_FORMAT}, and another version may give other numbers"
        )
    try:
        if _sha256(place / ARRAYS) != told:
            raise CheckpointError(f"{place}: {ARRAYS} is damaged (its SHA-256 is not as written)")
        with np.load(place / ARRAYS, allow_pickle=False) as stored:
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
        raise CheckpointError(f"{folder / FOLDER}: {error}") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
