"""Parts made good: damaged ones set aside, all others merged in canonical order."""

import io
import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import StoreError
from experiments.runs.folders import write_whole
from experiments.sweeps.store.parts import RUN, joined, read_part
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.run_log import History, Part
from experiments.sweeps.store.store import RESULTS, SweepStore

ROWS_A_FILE = 200_000
"""Of a merged file; a sweep of fewer runs has one."""


def set_damaged_aside(store: SweepStore, history: History) -> list[str]:
    """Move parts that are not as they were written out of the way; their runs are pending again.

    Returns
    -------
    list of str
        A line about each.
    """
    lines = []
    for part in list(history.parts.values()):
        try:
            read_part(store.path(part), part.sha256)
        except StoreError as problem:
            path, aside = store.path(part), store.folder / "set-aside"
            if path.exists():
                path.replace(aside / path.name)
            del history.parts[part.name]
            lines.append(f"{problem}; set aside, {len(part.runs)} runs are run again")
    return lines


def outcome_tables(store: SweepStore, history: History) -> Iterator[pa.Table]:
    """Yield identities and outcomes, part by part, each verified.

    Raises
    ------
    StoreError
        If a part is damaged; nothing is read past it in silence.
    """
    design = set(store.design().column_names) - {RUN}
    for part in history.parts.values():
        table = read_part(store.path(part), part.sha256)
        yield table.drop_columns([name for name in table.column_names if name in design])


def results_table(store: SweepStore, history: History) -> pa.Table:
    """Return every finished run: what it was, what came out, in canonical order."""
    design = store.design()
    return _with_outcomes(design, joined(outcome_tables(store, history)))


def merge(store: SweepStore, history: History, recorder: Recorder) -> list[Path]:
    """Write all results in canonical order and drop the parts they came in.

    The bytes depend on the results alone, however they were come by.

    Returns
    -------
    list of Path
        The merged files.
    """
    design = store.design()
    slices = [design.slice(at, ROWS_A_FILE) for at in range(0, len(design), ROWS_A_FILE)]
    merged: list[Part] = []
    contents: list[Path] = []
    for rows in slices:
        wanted = pa.compute.unique(rows[RUN])
        tables = (
            table.filter(pa.compute.is_in(table[RUN], value_set=wanted))
            for table in outcome_tables(store, history)
        )
        table = _with_outcomes(rows, joined(tables))
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
        mark = sha256(buffer.getvalue()).hexdigest()
        # Named by its content: no merged file is ever overwritten by another.
        part = Part(f"parts/merged-{mark[:16]}.parquet", mark, tuple(table[RUN].to_pylist()))
        write_whole(store.path(part), buffer.getvalue())
        merged.append(part)
        contents.append(store.path(part))
    names = {part.name for part in merged}
    if names != set(history.parts):
        recorder.note(
            "merged",
            parts=[{"part": p.name, "sha256": p.sha256, "runs": list(p.runs)} for p in merged],
            replaces=sorted(set(history.parts) - names),
        )
    _offer(store.folder, contents)
    remove_replaced(store)
    return contents


def remove_replaced(store: SweepStore) -> None:
    """Remove parts whose results are in merged ones, and those that no log names."""
    history = store.history()
    for path in (store.folder / "parts").iterdir():
        if f"parts/{path.name}" not in history.parts:
            path.unlink()


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


def _offer(folder: Path, merged: list[Path]) -> None:
    """Give the merged files names that people look for."""
    for old in folder.glob("results*.parquet"):
        old.unlink()
    for number, path in enumerate(merged, start=1):
        name = RESULTS if len(merged) == 1 else f"results-{number:04d}.parquet"
        try:
            os.link(path, folder / name)
        except OSError:  # a file system without links
            shutil.copyfile(path, folder / name)
