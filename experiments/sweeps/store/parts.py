"""Results in Parquet: written whole or not at all, read only if they are what was written."""

import io
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from abm.errors import StoreError
from experiments.runs.folders import write_whole
from experiments.sweeps.design.run_spec import Report

RUN = "run"


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


def write_part(path: Path, table: pa.Table) -> str:
    """Write a table so that it is durable before it has its name.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    content = buffer.getvalue()
    write_whole(path, content)
    return sha256(content).hexdigest()


def read_part(path: Path, checksum: str) -> pa.Table:
    """Return a table whose file is exactly as it was written.

    Raises
    ------
    StoreError
        If the file is missing, cut short or changed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path.name}: cannot be read ({error.strerror})") from None
    # What is parsed is what was hashed, even if the file changes meanwhile.
    if sha256(content).hexdigest() != checksum:
        raise StoreError(f"{path.name}: is damaged; its checksum is not that of the log")
    return pq.read_table(io.BytesIO(content), page_checksum_verification=True)


def joined(tables: Iterable[pa.Table]) -> pa.Table:
    """Return the rows of all tables, each run once; a column that one lacks is null there."""
    kept = list(tables)
    if not kept:
        return pa.table({RUN: pa.array([], pa.string())})
    together = pa.concat_tables(kept, promote_options="default")
    seen: set[str] = set()
    first = []
    for row, run in enumerate(together[RUN].to_pylist()):
        if run not in seen:
            seen.add(run)
            first.append(row)
    return together if len(first) == len(together) else together.take(pa.array(first))
