"""Figures of a run by table, sector, pair and quarter, under a name that says all of it.

``trade.customs_value_musd[origin=MEX,destination=USA,sector=cars]@2019-07-01`` is a column of
a table, summed over what the brackets leave open; ``/`` puts one column over another; ``@``
is a quarter, or a day in it. A headline of the summary may have a quarter, too.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from abm.axes import FOOTLOOSE, HOMES, HOSTS, REGIONS, SECTORS
from abm.config.keys import shown
from abm.errors import ScenarioError
from abm.policy.timeline import quarter_of
from experiments.outcomes.headlines import COUNTED
from experiments.outcomes.summary import entries, summary
from experiments.outcomes.tables import TABLES

AXES: dict[str, dict[str, tuple[str, ...]]] = {
    "trade": {"origin": REGIONS, "destination": REGIONS, "sector": SECTORS},
    "outcomes": {"region": HOSTS, "sector": FOOTLOOSE},
    "owners": {"region": HOSTS, "sector": FOOTLOOSE, "home": HOMES},
    "content": {"host": HOSTS, "sector": FOOTLOOSE},
}
"""Tables of cells, and by what they can be cut."""

CHANGE = ".change"
"""Behind the name of a headline: its change since quarter 0."""

_NAME = re.compile(
    r"(?P<column>[\w.]+)(?:/(?P<over>[\w.]+))?(?:\[(?P<cut>[\w=,]*)\])?(?:@(?P<when>[\d-]+))?"
)


@dataclass(frozen=True)
class OutcomeCell:
    """One figure of a run.

    Attributes
    ----------
    column : str
        ``table.column``, or a headline such as ``us_goods_balance.MEX``.
    over : str
        Column that it is a share of; ``""`` for none.
    cut : tuple of (str, str)
        Axis and label.
    when : int, date or None
        A quarter, or a day in it; None for the last quarter.
    """

    column: str
    over: str = ""
    cut: tuple[tuple[str, str], ...] = ()
    when: int | date | None = None

    @property
    def name(self) -> str:
        """What results call it."""
        over = f"/{self.over}" if self.over else ""
        cut = f"[{','.join(f'{axis}={label}' for axis, label in self.cut)}]" if self.cut else ""
        return f"{self.column}{over}{cut}" + ("" if self.when is None else f"@{self.when}")

    @property
    def table(self) -> str | None:
        """The table that it is cut from; None for a headline."""
        head = self.column.partition(".")[0]
        return head if head in AXES else None

    def quarter(self, start: date, last: int) -> int:
        """Return the quarter that is meant.

        Parameters
        ----------
        start : date
            First day of quarter 1.
        last : int
            Last quarter of the run.
        """
        if self.when is None:
            return last
        return self.when if isinstance(self.when, int) else quarter_of(self.when, start)


def read_cell(name: str) -> OutcomeCell:
    """Return the figure that a name says."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ScenarioError(f"{shown(name)}: is no name of an outcome")
    cut = tuple(
        (axis, label)
        for axis, _, label in (part.partition("=") for part in (found["cut"] or "").split(","))
        if axis
    )
    when: int | date | None = None
    if found["when"]:
        when = date.fromisoformat(found["when"]) if "-" in found["when"] else int(found["when"])
    return OutcomeCell(found["column"], found["over"] or "", cut, when)


def check_cell(
    cell: OutcomeCell, known: Mapping[str, Sequence[str]], start: date, last: int
) -> None:
    """Refuse a figure that no run has.

    Parameters
    ----------
    cell : OutcomeCell
    known : mapping of str to sequence of str
        Columns by table, and headlines under ``""``.
    start : date
        First day of quarter 1.
    last : int
        Last quarter of the runs.

    Raises
    ------
    ScenarioError
        Saying what there is.
    """
    quarter = cell.quarter(start, last)
    if isinstance(cell.when, date) and cell.when < start:
        raise ScenarioError(f"{cell.name}: comes before {start}, the first day of the runs")
    if not 0 <= quarter <= last:
        raise ScenarioError(f"{cell.name}: is of quarter {quarter}; runs have 0 to {last}")
    if cell.table is None:
        _check_headline(cell, known[""])
        return
    axes, columns = AXES[cell.table], known[cell.table]
    for column in (cell.column, *([cell.over] if cell.over else [])):
        table, _, name = column.partition(".")
        if table != cell.table or name not in columns:
            raise ScenarioError(
                f"{shown(column)}: no such outcome; {cell.table} has {', '.join(columns)}"
            )
    for axis, label in cell.cut:
        if axis not in axes:
            raise ScenarioError(f"{cell.name}: {cell.table} is cut by {', '.join(axes)}")
        if label not in axes[axis]:
            raise ScenarioError(f"{cell.name}: no such {axis}; there are {', '.join(axes[axis])}")
    if not _is_sum(cell.column) and len(cell.cut) < len(axes):
        raise ScenarioError(f"{cell.name}: is no sum over others; name each of {', '.join(axes)}")


def _check_headline(cell: OutcomeCell, headlines: Sequence[str]) -> None:
    if cell.column in headlines and not cell.cut and not cell.over:
        return
    if cell.column in headlines:
        raise ScenarioError(f"{shown(cell.column)}: is a headline; sectors, pairs and over go with "
                            f"columns of {', '.join(AXES)}")  # fmt: skip
    near = difflib.get_close_matches(cell.column, headlines, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    columns = ", ".join(f"{table}.COLUMN" for table in AXES)
    raise ScenarioError(
        f"{shown(cell.column)}: no such outcome; {hint}known are {', '.join(headlines)}; "
        f"and {columns} by {', '.join(dict.fromkeys(a for axes in AXES.values() for a in axes))}"
    )


def _is_sum(column: str) -> bool:
    table, _, name = column.partition(".")
    return name.endswith("_musd") or TABLES[table][name].unit in COUNTED


def value_of(cell: OutcomeCell, tables: Mapping[str, pd.DataFrame], start: date) -> float | None:
    """Return a figure of a run; None for a share of nothing.

    Parameters
    ----------
    cell : OutcomeCell
        That `check_cell` lets through.
    tables : mapping of str to pandas.DataFrame
    start : date
    """
    last = int(tables["outcomes"]["quarter"].max())
    quarter = cell.quarter(start, last)
    if cell.table is None:
        until = {name: table[table["quarter"] <= quarter] for name, table in tables.items()}
        return headlines_of(until)[cell.column]
    rows = tables[cell.table]
    rows = rows[rows["quarter"] == quarter]
    for axis, label in cell.cut:
        rows = rows[rows[axis] == label]
    amount = float(rows[cell.column.partition(".")[2]].sum())
    if not cell.over:
        return amount
    whole = float(rows[cell.over.partition(".")[2]].sum())
    return amount / whole if whole else None


def headlines_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, float | None]:
    """Return every headline at the end of a run, and its change since the start, by name."""
    flat: dict[str, float | None] = {}
    for path, entry in entries(summary(tables)):
        name = ".".join(path)
        flat[name] = entry["end"]
        flat[f"{name}{CHANGE}"] = entry["change"]
    return flat
