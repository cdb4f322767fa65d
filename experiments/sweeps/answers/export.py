"""Results for people and for other programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import feather

from abm.errors import OutputError
from experiments.runs.on_disk.run_folders import write_whole
from experiments.sweeps.answers.answers import cell_means
from experiments.sweeps.design.sweep_file import SweepFile
from experiments.sweeps.store.by_column import Columns, batches, read_columns
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.log_ends import check_notes
from experiments.sweeps.store.merge import changed_copies
from experiments.sweeps.store.parts import read_part
from experiments.sweeps.store.reading import makers_table, outcome_names, printable
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import SweepStore

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

MOST_LINES = 200


def text_of(table: pd.DataFrame) -> str:
    """Return a table as text, all of its columns, long ones cut in the middle."""
    if table.empty:
        return "no rows"
    text: str = table.to_string(index=False, max_rows=MOST_LINES)
    return text


def makers_text(store: SweepStore) -> str:
    """Return who made the results as text, a paragraph each."""
    table = consistently(store.folder, lambda _, history: makers_table(history))
    told = [
        "\n".join(f"{name:>13}  {printable(str(value))}" for name, value in row.items())
        for row in table.to_pylist()
    ]
    return "\n\n".join(told) or "no run has finished yet"


def print_means(folder: Path) -> None:
    """Print mean and interval of the sweep's outcomes in every cell, one outcome at a time."""
    from rich.console import Console

    console = Console()

    def tables(found: Columns) -> list[Any]:
        sweep = found.store.sweep
        outcomes = chosen_outcomes(found.names, sweep)
        if not found.parts:
            return ["no run has finished yet"]
        told: list[Any] = []
        for outcome, table in batches(found, outcomes):
            told += _means(cell_means(table.to_pandas(), outcome, list(sweep.factors)), outcome)
        return told

    for told in read_columns(folder, tables):
        console.print(told)


def _means(means: pd.DataFrame, outcome: str) -> list[Any]:
    """Return means by cell as a table for the terminal, and what is left out of it."""
    from experiments.narrow import WholeNumbers

    factors = list(means)[2:-4]
    drops = ("runs", "to", "95% from")
    table = WholeNumbers(title=outcome, box=None, title_justify="left", drops=drops)
    for head in ("scenario", *factors, "mean", "95% from", "to", "runs"):
        table.add_column(head, justify="left" if head == "scenario" else "right")
    shown = means.head(MOST_LINES)
    for row in shown.to_dict("records"):
        cells = [row["scenario"], *(_cell(row[key]) for key in factors)]
        numbers = [_cell(row[name]) for name in ("mean", "low", "high")]
        table.add_row(*(escaped(text) for text in (*cells, *numbers, str(row["n"]))))
    if len(shown) == len(means):
        return [table]
    return [table, f"... and {len(means) - len(shown)} more; see --sql and --export"]


def chosen_outcomes(columns: Sequence[str], sweep: SweepFile) -> list[str]:
    """Return the outcomes that the sweep's file names, or all.

    Parameters
    ----------
    columns : sequence of str
        Of the results.

    Raises
    ------
    OutputError
        If it names one that no run has.
    """
    known = outcome_names(columns, list(sweep.factors))
    for name in sweep.outcomes if known else ():
        if name not in columns:
            raise OutputError(f"outcomes: no '{name}'; there are {', '.join(known)}")
    return list(sweep.outcomes if known else ()) or known


def export_frame(results: pd.DataFrame, path: Path, sweep: SweepFile) -> None:
    """Write all results in the format of the file's ending.

    Raises
    ------
    OutputError
        If the ending is not known, or the disk refuses.
    """
    try:
        if path.suffix == ".csv":
            safe = results.map(without_formula).rename(columns=without_formula)
            write_whole(path, safe.to_csv(index=False).encode())
        elif path.suffix in (".arrow", ".feather"):
            sink = pa.BufferOutputStream()
            feather.write_feather(pa.Table.from_pandas(results, preserve_index=False), sink)
            write_whole(path, sink.getvalue().to_pybytes())
        elif path.suffix == ".nc":
            as_dataset(results, sweep).to_netcdf(path)
        else:
            raise OutputError(f"{path}: ends neither in .csv, .arrow nor .nc")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from None


def as_dataset(results: pd.DataFrame, sweep: SweepFile) -> Any:
    """Return results as an xarray dataset over scenario, point and replication.

    Raises
    ------
    OutputError
        If xarray is not installed.
    """
    try:
        import xarray
    except ImportError:
        raise OutputError("xarray is not installed; it comes with nearshore[arrays]") from None
    axes = ["scenario", "point", "replication"]
    numbers = results.set_index(axes).drop(columns=["run", "seed", *sweep.factors])
    dataset = xarray.Dataset.from_dataframe(numbers)
    at_point = results.drop_duplicates("point").set_index("point")
    for key in sweep.factors:
        dataset = dataset.assign_coords({key: ("point", at_point[key].loc[dataset.point.values])})
    return dataset


def verify_parts(store: SweepStore) -> str:
    """Return a line that says the store is as it was written, and one about each changed copy.

    A copy for people that somebody saved over is no part of the store.

    Raises
    ------
    StoreError
        Naming the first file of the store that is not as it was written.
    """
    return consistently(store.folder, _verified)


def _verified(store: SweepStore, history: History) -> str:
    for part in history.parts.values():
        read_part(store.folder, part)
    store.specs()
    store.scenarios()
    check_notes(store.folder)
    whole = f"{len(history.parts)} parts, the design, scenarios and logs are as they were written"
    changed = (
        f"{name}: was changed since it was written; it is a copy, and nothing is read from it"
        for name in changed_copies(store, history)
    )
    return "\n".join((whole, *changed))


def without_formula(cell: Any) -> Any:
    """Return text so that no spreadsheet takes it for a formula; other cells unchanged."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def escaped(text: str) -> str:
    """Return text that a terminal shows as it is."""
    from rich.markup import escape

    return escape(printable(text))


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else str(value)
