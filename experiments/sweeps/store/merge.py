"""Parts made good: damaged ones set aside, all others merged in canonical order."""

import os
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from abm.errors import StoreError
from experiments.runs.on_disk.confined import is_file_inside, read_inside
from experiments.runs.on_disk.leftovers import ON_ITS_WAY
from experiments.runs.on_disk.run_folders import write_whole
from experiments.sweeps.design.run_spec import RUN
from experiments.sweeps.store.log_ends import changed_notes
from experiments.sweeps.store.parts import as_parquet, is_named_by_content, joined, read_part
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.run_log import History, Part, strange_logs
from experiments.sweeps.store.store import RESULTS, SweepStore

ROWS_A_FILE = 200_000
"""Of a merged file; a sweep of fewer runs has one."""

_OFFERED = re.compile(r"results(-\d{4})?\.parquet")


def set_damaged_aside(store: SweepStore, history: History, recorder: Recorder) -> list[str]:
    """Move parts that are not as they were written out of the way; their runs are pending again.

    For good: the log says so, and the part never counts again. A folder, link or pipe in the
    place of a part is somebody's, and is left where it is.

    Returns
    -------
    list of str
        A line about each.
    """
    lines = []
    for part in list(history.parts.values()):
        try:
            read_part(store.folder, part)
        except StoreError as problem:
            done = _move_aside(store, part)
            recorder.note("set-aside", part=part.name, sha256=part.sha256)
            del history.parts[part.name]
            lines.append(f"{problem}; {done}, {len(set(part.runs))} runs are run again")
    return lines


def _move_aside(store: SweepStore, part: Part) -> str:
    """Move the file of a part, if it is one, and return what was done."""
    path, aside = store.path(part), store.folder / "set-aside"
    if os.path.lexists(path) and not is_file_inside(path):
        return "left alone"
    if path.exists():
        names = (
            f"{path.stem}{again}.parquet" for again in ("", *(f"-{n}" for n in range(2, 1000)))
        )
        free = next(aside / name for name in names if not (aside / name).exists())
        path.rename(free)
    return "set aside"


def outcome_tables(store: SweepStore, history: History) -> Iterator[pa.Table]:
    """Yield identities and outcomes, part by part, each verified.

    Raises
    ------
    StoreError
        If a part is damaged; nothing is read past it in silence.
    """
    design = set(store.design().column_names) - {RUN}
    for part in history.parts.values():
        table = read_part(store.folder, part)
        yield table.drop_columns([name for name in table.column_names if name in design])


def results_table(store: SweepStore, history: History) -> pa.Table:
    """Return every finished run: what it was, what came out, in canonical order."""
    design = store.design()
    return _with_outcomes(design, joined(outcome_tables(store, history)))


def merge(store: SweepStore, history: History, recorder: Recorder) -> list[str]:
    """Write all results in canonical order and drop the parts they came in.

    The bytes depend on the results alone, however they were come by.

    Returns
    -------
    list of str
        A line about each file that is not ours, or no longer, and was left alone.
    """
    design = store.design()
    slices = [design.slice(at, ROWS_A_FILE) for at in range(0, len(design), ROWS_A_FILE)]
    merged: list[Part] = []
    maker_of = history.maker_of()
    for rows in slices:
        wanted = pa.compute.unique(rows[RUN])
        tables = (
            table.filter(pa.compute.is_in(table[RUN], value_set=wanted))
            for table in outcome_tables(store, history)
        )
        content, mark = as_parquet(table := _with_outcomes(rows, joined(tables)))
        runs = tuple(table[RUN].to_pylist())
        makers, made_by = _makers_of(runs, maker_of, history.makers)
        part = Part(_name_of(mark, history), mark, runs, makers, made_by)
        if part.name not in history.parts:
            write_whole(store.path(part), content)
        merged.append(part)
    names = {part.name for part in merged}
    if names != set(history.parts):
        recorder.note(
            "merged",
            parts=[_as_told(part) for part in merged],
            replaces=sorted(set(history.parts) - names),
        )
    return _offer(store, merged, history) + tidy(store)


def tidy(store: SweepStore) -> list[str]:
    """Remove parts whose results are in merged ones, and what a kill left; nothing else.

    Returns
    -------
    list of str
        A line about each file or folder in ``parts``, ``log`` and ``ends`` that is none of ours.
    """
    history = store.history()
    complete = set(store.design()[RUN].to_pylist()) <= history.done
    strange = strange_logs(store.folder)
    strange += [
        f"{name}: does not tell the end of a log, and is left alone"
        for name in changed_notes(store.folder)
    ]
    for path in sorted((store.folder / "parts").iterdir()):
        name = f"parts/{path.name}"
        if name in history.parts:
            continue
        ours = is_named_by_content(path)
        if (ON_ITS_WAY.fullmatch(path.name) and is_file_inside(path)) or (
            ours and (name in history.known or complete)
        ):
            path.unlink()
        elif not ours and not path.name.startswith("."):
            strange.append(f"{name}: is no part of this sweep; left alone")
    return strange


def _with_outcomes(design: pa.Table, outcomes: pa.Table) -> pa.Table:
    """Return the rows of a design that have outcomes, the latter in a fixed order."""
    row_of = {run: row for row, run in enumerate(outcomes[RUN].to_pylist())}
    kept, source = [], []
    for row, run in enumerate(design[RUN].to_pylist()):
        if run in row_of:
            kept.append(row)
            source.append(row_of[run])
    table = design.take(pa.array(kept, pa.int64()))
    found = outcomes.take(pa.array(source, pa.int64()))
    for name in sorted(set(outcomes.column_names) - {RUN}):
        table = table.append_column(name, found[name])
    return table.combine_chunks()


def _name_of(mark: str, history: History) -> str:
    """Return the name of a merged part: its content's, and one that no part had that is gone."""
    stem = f"parts/merged-{mark[:16]}"
    names = (f"{stem}{again}.parquet" for again in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(name for name in names if name in history.parts or name not in history.known)


def _makers_of(
    runs: tuple[str, ...], maker_of: dict[str, int], makers: list[Any]
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Return the makers of some runs, and the place of each run's among them."""
    used = sorted({maker_of[run] for run in runs})
    place = {number: at for at, number in enumerate(used)}
    return tuple(makers[number] for number in used), tuple(place[maker_of[run]] for run in runs)


def _as_told(part: Part) -> dict[str, Any]:
    return {
        "part": part.name,
        "sha256": part.sha256,
        "runs": list(part.runs),
        "makers": list(part.makers),
        "made_by": list(part.made_by),
    }


def changed_copies(store: SweepStore, history: History) -> list[str]:
    """Return names of the copies for people that are not as they were written."""
    there = sorted(store.folder.glob("results*.parquet"))
    ours = set(history.known.values())
    return [p.name for p in there if _OFFERED.fullmatch(p.name) and _mark_of(p) not in ours]


def _offered_names(files: int) -> list[str]:
    """Return the names under which merged files are offered to people."""
    if files == 1:
        return [RESULTS]
    return [f"results-{number:04d}.parquet" for number in range(1, files + 1)]


def _offer(store: SweepStore, merged: list[Part], history: History) -> list[str]:
    """Give people a copy of the merged files, in the place of older ones that are as we left them.

    A copy, and no link: whoever saves over it changes no part.
    """
    ours = {*history.known.values(), *(part.sha256 for part in merged)}
    names = _offered_names(len(merged))
    for old in store.folder.glob("results*.parquet"):
        if _OFFERED.fullmatch(old.name) and old.name not in names and _mark_of(old) in ours:
            old.unlink()
    kept = []
    for name, part in zip(names, merged, strict=True):
        path = store.folder / name
        there = path.is_symlink() or path.exists()
        found = _mark_of(path) if there else ""
        if there and found not in ours:
            kept.append(
                f"{name}: is not as it was written, and is left as it is; all results are in "
                f"{part.name}, and are written anew where {name} is moved away"
            )
        elif found != part.sha256:
            write_whole(path, read_inside(store.folder, part.name))
    return kept


def _mark_of(path: Path) -> str:
    """SHA-256 of a file; ``""`` for whatever is none."""
    if not is_file_inside(path):
        return ""
    return sha256(path.read_bytes()).hexdigest()
