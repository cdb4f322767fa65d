"""What a sweep's folder says to those who ask: frames, queries, how far it is, one run."""

import json
import os
import re
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from abm.config.keys import shown
from abm.engine.kernel_choice import NUMPY
from abm.errors import ScenarioError
from experiments.outcomes.cells import CHANGE
from experiments.runs.on_disk.run_folders import PROGRAM
from experiments.sweeps.design.run_spec import KEYS, RUN, RunSpec
from experiments.sweeps.store.by_column import Columns, checked_columns, read_columns
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.remembered import Remembered
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import SweepStore

RUNS_SCHEMA = pa.schema(
    {
        RUN: pa.string(),
        "state": pa.string(),
        "kind": pa.string(),
        "message": pa.string(),
        "seconds": pa.float64(),
        "maker": pa.int32(),
    }
)
"""Of the table ``runs`` of a query."""

MAKERS_SCHEMA = pa.schema(
    {
        "maker": pa.int32(),
        "runs": pa.int64(),
        "nearshore": pa.string(),
        "revision": pa.string(),
        "portable": pa.bool_(),
        "kernels": pa.string(),
        "plants_valued_by": pa.string(),
        "cpu_features": pa.string(),
        "machine": pa.string(),
        "packages": pa.string(),
    }
)
"""Of the table ``makers`` of a query: who made results, and how many."""


def frame(folder: str | os.PathLike[str], columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return finished runs of a sweep, see `experiments.results`.

    Parameters
    ----------
    folder : str or path-like
    columns : sequence of str, optional
        All unless given; no other is read from the disk.
    """

    def read(found: Columns) -> pa.Table:
        return found.table(found.names if columns is None else columns)

    return read_columns(Path(folder), read).to_pandas()


def query(store: SweepStore, sql: str) -> pd.DataFrame:
    """Return the answer to an SQL query.

    Parameters
    ----------
    store : SweepStore
    sql : str
        May read the tables ``results`` (a row a finished run), ``design`` (a row a run),
        ``runs`` (state, failure, seconds and maker of each) and ``makers``. Of ``results``
        the columns that it names are read. No other file is read, and none is written,
        whatever it says.

    Raises
    ------
    ScenarioError
        If there is no query, or DuckDB refuses it.
    StoreError
        If the folder is damaged.
    """
    if not re.search(r"\b(runs|makers)\b", sql, re.IGNORECASE):
        return read_columns(store.folder, lambda found: _answer(found, sql, {}))

    def read(store: SweepStore, history: History) -> pd.DataFrame:
        found = checked_columns(store, history, memory)
        tables = {"runs": runs_table(store, history), "makers": makers_table(history)}
        return _answer(found, sql, tables)

    memory = Remembered(store.folder)
    answer = consistently(store.folder, read)
    memory.save()
    return answer


def _answer(found: Columns, sql: str, tables: dict[str, pa.Table]) -> pd.DataFrame:
    """Return what DuckDB answers; it sees these tables, and no file."""
    if found.design is not None or re.search(r"\bdesign\b", sql, re.IGNORECASE):
        design = found.store.design() if found.design is None else found.design
        tables = {**tables, "design": design}
    with duckdb.connect(":memory:") as connection:
        for name, table in tables.items():
            connection.register(name, table)
        if found.repeated:
            connection.register("results", found.table(found.names))
        elif found.aligned:
            connection.register("results", found.dataset())
        else:
            connection.register("outcomes", found.dataset())
            told = [name for name in found.names if name not in found.of_design]
            columns = ", ".join(["design.*", *(f"outcomes.{_quoted(name)}" for name in told)])
            connection.execute(
                f"CREATE VIEW results AS SELECT {columns} FROM design "
                f"JOIN outcomes ON design.{RUN} = outcomes.{RUN}"
            )
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        with found.as_checked():
            return _asked(connection, sql)


def _asked(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    try:
        answer: Any = connection.execute(sql)
        if answer is None or not sql.strip():
            raise ScenarioError("--sql: is empty; it takes a query, such as SELECT * FROM runs")
        return answer.df() if answer.description else pd.DataFrame()
    except duckdb.Error as error:
        said = str(error).strip() or type(error).__name__
        if "checksum" in said.lower():  # of a page; no query has one
            raise OSError(said.splitlines()[0]) from None
        raise ScenarioError(f"--sql: {said.splitlines()[0]}") from None


def _quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def runs_table(store: SweepStore, history: History) -> pa.Table:
    """Return how each run stands."""
    maker_of = history.maker_of()
    rows = []
    for run in dict.fromkeys(store.design()[RUN].to_pylist()):
        failure = history.failed.get(run)
        row = {RUN: run, "state": "pending", "seconds": history.seconds.get(run)}
        if run in maker_of:
            row |= {"state": "done", "maker": maker_of[run] + 1}
        elif failure:
            row |= {"state": "failed", "kind": failure.kind, "message": failure.message}
            row |= {"seconds": failure.seconds}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=RUNS_SCHEMA)


def makers_table(history: History) -> pa.Table:
    """Return who made the results: install, processor, and for how many runs."""
    maker_of = list(history.maker_of().values())
    rows = []
    for number, maker in enumerate(history.makers):
        packages = {name: told for name, told in maker["versions"].items() if name != PROGRAM}
        rows.append(
            {
                "maker": number + 1,
                "runs": maker_of.count(number),
                PROGRAM: maker["versions"].get(PROGRAM),
                "revision": maker["git_revision"],
                "portable": maker["portable"],
                "kernels": ", ".join(maker["kernels"]),
                "plants_valued_by": maker.get("plants_valued_by", NUMPY),
                "cpu_features": " ".join(maker["cpu_features"]),
                "machine": f"{maker['system']} {maker['machine']}",
                "packages": ", ".join(f"{name} {told}" for name, told in packages.items()),
            }
        )
    return pa.Table.from_pylist(rows, schema=MAKERS_SCHEMA)


@dataclass(frozen=True)
class Status:
    """How far a sweep is.

    Attributes
    ----------
    name : str
    runs, done, failed, pending : int
    last : str
        When the log grew last, ISO 8601.
    median_seconds : float or None
        Of a run.
    failures : dict of str to int
        By kind.
    bytes : int
        Of the folder.
    """

    name: str
    runs: int
    done: int
    failed: int
    pending: int
    last: str
    median_seconds: float | None
    failures: dict[str, int]
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return asdict(self)


def status(store: SweepStore) -> Status:
    """Return how far a sweep is, from its logs alone; any machine that sees them may ask."""
    return consistently(store.folder, _status)


def _status(store: SweepStore, history: History) -> Status:
    runs = set(store.design()[RUN].to_pylist())
    done, failed = history.done & runs, set(history.failed) & runs
    kinds = [history.failed[run].kind for run in failed]
    seconds = pd.Series([history.seconds[run] for run in done if run in history.seconds])
    return Status(
        store.sweep.name,
        len(runs),
        len(done),
        len(failed),
        len(runs) - len(done) - len(failed),
        history.last,
        None if seconds.empty else float(seconds.median()),
        {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        _size(store.folder),
    )


def _size(folder: Path) -> int:
    """Bytes of the files in a folder; one may go away meanwhile, and a link counts for none."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            about = path.lstat()
            total += about.st_size if S_ISREG(about.st_mode) else 0
    return total


def find_run(store: SweepStore, name: str) -> RunSpec:
    """Return the run whose identity begins with ``name``.

    Raises
    ------
    ScenarioError
        If there is none, or more than one.
    """
    found = [spec for spec in store.specs() if spec.run.startswith(name)] if name else []
    if len(found) != 1:
        many = f"{len(found)} runs of this sweep begin" if found else "no run of this sweep begins"
        raise ScenarioError(f"{shown(name)}: {many} with that")
    return found[0]


def command(store: SweepStore, spec: RunSpec) -> str:
    """Return the command line that repeats a run on its own."""
    scenario = store.folder.resolve() / store.manifest["scenarios"][spec.scenario]["file"]
    words = ["nearshore", "run", str(scenario)]
    for key, value in spec.values:
        words += ["--set", f"{key}={_as_toml(value)}"]
    words += ["--firms", str(spec.firms), "--quarters", str(spec.quarters)]
    words += ["--seed", str(spec.seed), "--out", f"run-{spec.run}"]
    return shlex.join(words)


def explain_sweep_run(directory: Path, run: str) -> str:
    """Return what a run of a sweep is, how it ended, and the command that repeats it.

    Parameters
    ----------
    directory : Path
        Of the sweep.
    run : str
        Identity of the run, or its start.

    Raises
    ------
    ScenarioError
        If there is no such run.
    """

    def read(store: SweepStore, history: History) -> list[str]:
        spec = find_run(store, run)
        lines = [command(store, spec), f"# run {spec.run}: replication {spec.replication}"]
        failure = history.failed.get(spec.run)
        if spec.run in history.done:
            seconds = history.seconds.get(spec.run)
            lines.append("# done" + (f" in {seconds:.2f} s" if seconds else ""))
        elif failure:
            lines.append(f"# failed ({failure.kind}): {failure.message}")
            lines += [f"#   {line}" for line in failure.trace.splitlines()]
        else:
            lines.append("# has not run yet")
        return lines

    return "\n".join(printable(line) for line in consistently(directory, read))


def printable(text: str) -> str:
    """Return text without what would tell a terminal to do something."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def outcome_names(results: Iterable[str], factors: Sequence[str]) -> list[str]:
    """Return which columns are outcomes, changes left out."""
    keys = {*KEYS, RUN, *factors}
    return [name for name in results if name not in keys and not name.endswith(CHANGE)]


def _as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_as_toml(part) for part in value) + "]"
    return repr(value)
