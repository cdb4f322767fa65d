"""How far each log had come when its program ended, told beside the logs.

A log whose last lines are lost looks like that of a program that was killed before it wrote
them. So a program that ends notes the number of its last line in a file of ``ends``, and
whoever reads the log misses what was there by then. A program that is killed leaves the note
of the one before it, which still holds: a log only grows.
"""

import os
import re
from pathlib import Path

from abm.errors import StoreError
from experiments.runs.on_disk.confined import is_file_inside
from experiments.runs.on_disk.run_folders import as_json, read_json, seal_holds, sealed, write_whole

ENDS = "ends"
END_NAME = re.compile(r"[A-Za-z0-9-]{1,60}\.json")


def noted_ends(folder: Path) -> dict[str, int]:
    """Return the number of the last line of each log, as far as notes tell.

    Parameters
    ----------
    folder : Path
        Of the sweep.

    Returns
    -------
    dict of str to int
        By the name of the log. A note that is no longer as it was written tells nothing.
    """
    told = {f"{name}l": _note(folder, folder / ENDS / name) for name in end_names(folder)}
    return {log: last for log, last in told.items() if last is not None}


def end_names(folder: Path) -> list[str]:
    """Return the names of notes; a link, folder or pipe with such a name is none."""
    paths = sorted((folder / ENDS).glob("*.json"))
    return [path.name for path in paths if END_NAME.fullmatch(path.name) and is_file_inside(path)]


def note_end(folder: Path, log: str, last: int) -> None:
    """Write how far a log has come, unless something that is not ours stands in that place.

    Raises
    ------
    OSError
        If the disk refuses; the note that was there is left, and still holds.
    """
    path = folder / ENDS / f"{Path(log).stem}.json"
    if os.path.lexists(path) and _note(folder, path) is None:
        return
    path.parent.mkdir(exist_ok=True)
    write_whole(path, as_json(sealed({"log": log, "last": last})).encode())


def changed_notes(folder: Path) -> list[str]:
    """Return what in the folder of notes is none, or is no longer as it was written."""
    paths = sorted((folder / ENDS).glob("*"))
    return [
        f"{ENDS}/{path.name}"
        for path in paths
        if not path.name.startswith(".")
        and (not END_NAME.fullmatch(path.name) or _note(folder, path) is None)
    ]


def check_notes(folder: Path) -> None:
    """Refuse notes that are no longer as they were written.

    Raises
    ------
    StoreError
        Naming the first.
    """
    for name in changed_notes(folder):
        raise StoreError(f"{folder / name}: is not as it was written, and tells of no log's end")


def _note(folder: Path, path: Path) -> int | None:
    """Return the number that a note has for the log of its own name; None if it is none."""
    note = read_json(folder, f"{ENDS}/{path.name}") if is_file_inside(path) else {}
    last = note.get("last")
    ours = seal_holds(note) and note.get("log") == f"{path.stem}.jsonl"
    return last if ours and type(last) is int and last >= 0 else None
