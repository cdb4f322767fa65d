"""What a sweep's folder says to those who ask: frames, queries, how far it is, one run."""

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from abm.config.keys import shown
from abm.errors import ScenarioError
from experiments.sweeps.design.run_spec import RunSpec
from experiments.sweeps.store.merge import results_table
from experiments.sweeps.store.parts import RUN
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import SweepStore

CHANGE = ".change"

RUNS_SCHEMA = pa.schema(
    {
        RUN: pa.string(),
        "state": pa.string(),
        "kind": pa.string(),
        "message": pa.string(),
        "seconds": pa.float64(),
    }
)
"""Of the table ``runs`` of a query."""


def frame(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Return every finished run of a sweep, see `experiments.results`."""
    store = SweepStore.open(Path(folder))
    return results_table(store, store.history()).to_pandas()


def query(store: SweepStore, sql: str) -> pd.DataFrame:
    """Return the answer to an SQL query.

    Parameters
    ----------
    store : SweepStore
    sql : str
        May read the tables ``results`` (a row a finished run), ``design`` (a row a run)
        and ``runs`` (state, failure and seconds of each). It sees memory alone: no file
        is read or written, whatever it says.

    Raises
    ------
    ScenarioError
        If DuckDB refuses it.
    """
    history = store.history()
    tables = {
        "results": results_table(store, history),
        "design": store.design(),
        "runs": runs_table(store, history),
    }
    with duckdb.connect(":memory:") as connection:
        for name, table in tables.items():
            connection.register(f"{name}_rows", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_rows")
            connection.unregister(f"{name}_rows")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            answer = connection.execute(sql)
            return answer.df() if answer.description else pd.DataFrame()
        except duckdb.Error as error:
            raise ScenarioError(f"--sql: {str(error).splitlines()[0]}") from None


def runs_table(store: SweepStore, history: History) -> pa.Table:
    """Return how each run stands."""
    done = history.done
    rows = []
    for run in dict.fromkeys(store.design()[RUN].to_pylist()):
        failure = history.failed.get(run, {})
        state = "done" if run in done else "failed" if failure else "pending"
        seconds = history.seconds.get(run, failure.get("seconds"))
        rows.append(
            {
                RUN: run,
                "state": state,
                "kind": failure.get("kind"),
                "message": failure.get("message"),
                "seconds": seconds,
            }
        )
    return pa.Table.from_pylist(rows, schema=RUNS_SCHEMA)


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
    history = store.history()
    runs = set(store.design()[RUN].to_pylist())
    done, failed = history.done & runs, set(history.failed) & runs
    kinds = [str(history.failed[run].get("kind")) for run in failed]
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
        sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file()),
    )


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
    scenario = store.folder.resolve() / store.manifest["scenarios"][spec.scenario]
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
    store = SweepStore.open(directory)
    spec, history = find_run(store, run), store.history()
    lines = [command(store, spec), f"# run {spec.run}: replication {spec.replication}"]
    failure = history.failed.get(spec.run)
    if spec.run in history.done:
        seconds = history.seconds.get(spec.run)
        lines.append("# done" + (f" in {seconds:.2f} s" if seconds else ""))
    elif failure:
        lines.append(f"# failed ({failure.get('kind')}): {failure.get('message')}")
        trace = str(failure.get("trace") or "")
        lines += [f"#   {line}" for line in trace.splitlines()]
    else:
        lines.append("# has not run yet")
    return "\n".join(lines)


def outcome_names(results: pd.DataFrame, factors: Sequence[str]) -> list[str]:
    """Return the outcomes of a frame, changes left out."""
    keys = {"scenario", "point", "replication", "seed", RUN, *factors}
    return [name for name in results if name not in keys and not name.endswith(CHANGE)]


def _as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_as_toml(part) for part in value) + "]"
    return repr(value)
