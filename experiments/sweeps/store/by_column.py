"""Results of a sweep by column: every part checked, and of each only what is asked for read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import blake2b, file_digest
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from abm.config.keys import shown
from abm.errors import ScenarioError, StoreError
from experiments.runs.on_disk.confined import open_inside
from experiments.sweeps.design.run_spec import RUN
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.remembered import Remembered, Stamp, stamp_inside, stamp_of
from experiments.sweeps.store.run_log import History, Part
from experiments.sweeps.store.store import SweepStore

LOGS = "log"
"""Under which it is remembered what all logs together say."""

_FORMAT = ds.ParquetFileFormat(
    default_fragment_scan_options=ds.ParquetFragmentScanOptions(
        use_buffered_stream=True, pre_buffer=False, page_checksum_verification=True
    )
)
"""Pages are checked as they are read, a few at a time."""


@dataclass(frozen=True)
class Columns:
    """Results whose files were checked; columns are read when they are asked for.

    Attributes
    ----------
    store : SweepStore
    parts : dict of str to Stamp
        Files, and the stamps that they were checked under.
    aligned : bool
        Whether the rows of the parts are those of the design, one for one: the sweep is
        finished and merged.
    design : pyarrow.Table or None
        None where parts are aligned, and hold it themselves.
    repeated : bool
        Whether a run is in more than one row of the parts.
    """

    store: SweepStore
    parts: dict[str, Stamp]
    aligned: bool
    design: pa.Table | None
    repeated: bool = False

    def dataset(self) -> ds.Dataset:
        """Return the rows of all parts, one part behind the other, unread."""
        paths = [str(self.store.folder / name) for name in self.parts]
        if not paths:
            return ds.dataset(pa.table({RUN: pa.array([], pa.string())}))
        try:
            # A column that one part lacks is null there.
            schema = pa.unify_schemas([pq.read_schema(path) for path in paths])
            return ds.dataset(paths, format=_FORMAT, schema=schema)
        except (OSError, ValueError, pa.ArrowException) as error:
            said = " ".join(str(error).split())[:200]
            raise StoreError(f"{self.store.folder}: parts do not go together ({said})") from None

    @property
    def of_design(self) -> list[str]:
        """Columns that say what a run was."""
        return ["scenario", "point", "replication", "seed", *self.store.sweep.factors, RUN]

    @property
    def names(self) -> list[str]:
        """Every column: what a run was, then outcomes by the alphabet."""
        outcomes = set(self.dataset().schema.names) - set(self.of_design)
        return [*self.of_design, *sorted(outcomes)]

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Return columns of every finished run in canonical order.

        Raises
        ------
        ScenarioError
            If there is no such column, naming those that are nearest.
        StoreError
            If a file is damaged, or changes while it is read.
        """
        known = self.names
        for name in columns:
            if name not in known:
                near = get_close_matches(str(name), known, n=3) or known[:10]
                raise ScenarioError(
                    f"{shown(name)}: no such column of the results; the nearest are "
                    f"{', '.join(near)}"
                )
        with self.as_checked():
            if self.aligned:
                return self.dataset().to_table(columns=list(dict.fromkeys(columns)))
            return self._joined(columns)

    def _joined(self, columns: Sequence[str]) -> pa.Table:
        """Return columns of the runs that the design names and a part holds."""
        design = self.design
        assert design is not None
        outcomes = [name for name in dict.fromkeys(columns) if name not in self.of_design]
        found = self.dataset().to_table(columns=[RUN, *outcomes])
        rows: dict[str, int] = {}
        for row, run in enumerate(found[RUN].to_pylist()):
            rows.setdefault(run, row)
        kept = [row for row, run in enumerate(design[RUN].to_pylist()) if run in rows]
        told = design.take(pa.array(kept, pa.int64()))
        source = pa.array([rows[run] for run in told[RUN].to_pylist()], pa.int64())
        taken = found.select(outcomes).take(source)
        return pa.table(
            {
                name: taken[name] if name in outcomes else told[name]
                for name in dict.fromkeys(columns)
            }
        )

    def as_checked(self) -> "_AsChecked":
        """Turn what goes wrong inside into damage, and refuse what changed meanwhile."""
        return _AsChecked(self)


class _AsChecked:
    """Holds that parts are as they were checked until the end of a block."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        folder = self._columns.store.folder
        for name, stamp in self._columns.parts.items():
            try:
                same = stamp_inside(folder, name) == stamp
            except OSError:
                same = False
            if not same and (error is None or isinstance(error, Exception)):
                raise StoreError(f"{name}: changed while it was read") from error
        if isinstance(error, OSError | ValueError | pa.ArrowException):
            said = " ".join(str(error).split())[:200]
            raise StoreError(f"a part is damaged, though its file was not touched ({said})")


def read_columns[Answer](folder: Path, read: Callable[[Columns], Answer]) -> Answer:
    """Return what a function reads from the results of a sweep.

    Parameters
    ----------
    folder : Path
    read : callable
        May be called again, where files are replaced meanwhile.

    Raises
    ------
    StoreError
        If the folder is damaged.
    """
    memory = Remembered(folder)
    columns = _as_remembered(folder, memory)
    if columns is not None:
        try:
            return read(columns)
        except StoreError:
            memory.forget()  # damaged or replaced: all is looked at again
    before = _stamps_of_logs(folder)
    try:
        return consistently(
            folder,
            lambda store, history: read(checked_columns(store, history, memory, before)),
        )
    finally:
        memory.save()


def checked_columns(
    store: SweepStore, history: History, memory: Remembered, before: Stamp | None = None
) -> Columns:
    """Return the results of a sweep by column, once every part of it has been checked.

    Parameters
    ----------
    store : SweepStore
    history : History
    memory : Remembered
        Of files that were checked before.
    before : list of int, optional
        Stamps of the logs from before they were read: what they say is remembered.

    Raises
    ------
    StoreError
        If a part is damaged.
    """
    parts = {part.name: check_part(store.folder, part, memory) for part in history.parts.values()}
    design = store.design()
    runs = [run for part in history.parts.values() for run in part.runs]
    aligned = runs == design[RUN].to_pylist() and all(
        _holds_design(store, name) for name in history.parts
    )
    if aligned and before is not None and _stamps_of_logs(store.folder) == before:
        marks = [[part.name, _mark(part)] for part in history.parts.values()]
        fact = {"design": store.manifest["seal"], "parts": marks}
        memory.keep(LOGS, before, fact)
    repeated = len(set(runs)) < len(runs)
    return Columns(store, parts, aligned, None if aligned else design, repeated)


def _as_remembered(folder: Path, memory: Remembered) -> Columns | None:
    """Return the results of a finished sweep of which nothing was touched since it was checked."""
    stamps = _stamps_of_logs(folder)
    fact = None if stamps is None else memory.known(LOGS, stamps)
    if fact is None:
        return None
    store = SweepStore.open(folder)
    if fact["design"] != store.manifest["seal"]:
        return None
    parts = {}
    for name, mark in fact["parts"]:
        try:
            parts[name] = stamp_inside(folder, name)
        except OSError:
            return None
        if memory.known(name, parts[name]) != mark:
            return None
    return Columns(store, parts, aligned=True, design=None)


def _stamps_of_logs(folder: Path) -> Stamp | None:
    """Return the stamps of all logs, the latest times last; None if one cannot be read."""
    found: list[Stamp] = []
    names = sorted(path.name for path in (folder / LOGS).glob("*.jsonl"))
    try:
        found = [stamp_inside(folder, f"{LOGS}/{name}") for name in names]
    except OSError:
        return None
    if not found:
        return None
    times = [max(stamp[place] for stamp in found) for place in (-2, -1)]
    named = [int.from_bytes(blake2b(" ".join(names).encode(), digest_size=6).digest())]
    return [*named, *(number for stamp in found for number in stamp), *times]


def check_part(folder: Path, part: Part, memory: Remembered) -> Stamp:
    """Refuse a part that is not as it was written, and return its stamp."""
    mark = _mark(part)
    try:
        with open_inside(folder, part.name) as file:
            stamp = stamp_of(file.fileno())
            if memory.known(part.name, stamp) == mark:
                return stamp
            found = file_digest(file, "sha256").hexdigest()
            if found != part.sha256:
                raise StoreError(f"{part.name}: is damaged; its checksum is not that of the log")
            file.seek(0)
            held = pq.read_table(file, columns=[RUN], page_checksum_verification=True)
            same = stamp_of(file.fileno()) == stamp
    except (OSError, ValueError, pa.ArrowException) as error:
        said = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise StoreError(f"{part.name}: cannot be read ({said})") from None
    if not same:
        raise StoreError(f"{part.name}: changed while it was read")
    if RUN not in held.column_names or tuple(held[RUN].to_pylist()) != part.runs:
        raise StoreError(f"{part.name}: does not hold the runs that the log names")
    memory.keep(part.name, stamp, mark)
    return stamp


def _mark(part: Part) -> str:
    """Return what a part is known by: its content, and the runs that the log says it holds."""
    runs = blake2b("\n".join(part.runs).encode(), digest_size=16).hexdigest()
    return f"{part.sha256} {runs}"


def _holds_design(store: SweepStore, name: str) -> bool:
    """Return whether a part has all columns that say what a run was."""
    held = set(pq.read_schema(store.folder / name).names)
    return {"scenario", "point", "replication", "seed", *store.sweep.factors} <= held


def batches(columns: Columns, names: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
    """Yield one outcome after the other with what its runs were, so that one is held at a time."""
    known = columns.table(columns.of_design)
    for name in names:
        yield name, known.append_column(name, columns.table([name])[name])
