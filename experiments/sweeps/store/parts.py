"""Results in Parquet: written whole or not at all, read only if they are what was written."""

import io
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import StoreError
from experiments.runs.on_disk.confined import is_file_inside, read_inside
from experiments.sweeps.design.run_spec import RUN, Report
from experiments.sweeps.store.run_log import Part
from experiments.sweeps.store.schemas import MERGED_PART, PART_OF_WRITER

_NAMED_BY_CONTENT = (re.compile(PART_OF_WRITER), re.compile(MERGED_PART))


def as_table(reports: Sequence[Report]) -> pa.Table:
    """Return the outcomes of finished runs, a row each, as nullable numbers."""
    names: dict[str, None] = {}
    for report in reports:
        names.update(dict.fromkeys(report.outcomes or ()))
    columns: dict[str, pa.Array] = {RUN: pa.array([report.run for report in reports], pa.string())}
    for name in names:
        numbers = [(report.outcomes or {}).get(name) for report in reports]
        columns[name] = pa.array(numbers, pa.float64())
    return pa.table(columns)


def as_parquet(table: pa.Table) -> tuple[bytes, str]:
    """Return a table as a file, and the SHA-256 of that."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    content = buffer.getvalue()
    return content, sha256(content).hexdigest()


def table_in(content: bytes) -> pa.Table:
    """Return the table of a Parquet file, read by this thread alone.

    Arrow's own threads may still hold ``content`` when the program ends, and the interpreter
    then aborts it, so that a refusal would end with 134 in place of its exit code.

    Raises
    ------
    OSError, ValueError
        If it is no such file, or a page has another checksum than it was written with.
    """
    reader = pa.BufferReader(content)
    with pq.ParquetFile(reader, pre_buffer=False, page_checksum_verification=True) as file:
        return file.read(use_threads=False)


def is_named_by_content(path: Path) -> bool:
    """Return whether a file has the name that a sweep would give to what it holds.

    Such a file is from a sweep, and whole; nobody else's has that name by chance.
    """
    found = next(filter(None, (form.fullmatch(path.name) for form in _NAMED_BY_CONTENT)), None)
    if found is None or not is_file_inside(path):
        return False
    return sha256(path.read_bytes()).hexdigest().startswith(found["mark"])


def read_part(folder: Path, part: Part) -> pa.Table:
    """Return a table whose file is exactly as it was written.

    Parameters
    ----------
    folder : Path
        Of the sweep.
    part : Part

    Raises
    ------
    StoreError
        If the file is missing, cut short or changed, or holds other runs than the log says.
    """
    try:
        content = read_inside(folder, part.name)
    except OSError as error:
        raise StoreError(f"{part.name}: cannot be read ({error.strerror})") from None
    return table_of(content, part)


def table_of(content: bytes, part: Part) -> pa.Table:
    """Return the table of a part whose content was read from anywhere.

    Raises
    ------
    StoreError
        As `read_part` does.
    """
    # What is parsed is what was hashed, even if the file changes meanwhile.
    if sha256(content).hexdigest() != part.sha256:
        raise StoreError(f"{part.name}: is damaged; its checksum is not that of the log")
    try:
        table = table_in(content)
    except (OSError, ValueError, pa.ArrowException) as error:
        said = " ".join(str(error).split())[:200]
        raise StoreError(f"{part.name}: is no table ({said})") from None
    if RUN not in table.column_names or tuple(table[RUN].to_pylist()) != part.runs:
        raise StoreError(f"{part.name}: does not hold the runs that the log names")
    return table


def joined(tables: Iterable[pa.Table]) -> pa.Table:
    """Return the rows of all tables, each run once; a column that one lacks is null there.

    Raises
    ------
    StoreError
        If a column is of two kinds, as in no part that a sweep wrote.
    """
    kept = list(tables)
    if not kept:
        return pa.table({RUN: pa.array([], pa.string())})
    try:
        together = pa.concat_tables(kept, promote_options="default")
    except (ValueError, pa.ArrowException) as error:
        said = " ".join(str(error).split())[:200]
        raise StoreError(f"parts do not go together ({said})") from None
    seen: set[str] = set()
    first = []
    for row, run in enumerate(together[RUN].to_pylist()):
        if run not in seen:
            seen.add(run)
            first.append(row)
    return together if len(first) == len(together) else together.take(pa.array(first))
