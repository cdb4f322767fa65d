"""The tables of a run as they are stored; `abm.state.columns` declares their columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pyarrow as pa

from abm.errors import OutputError
from abm.state import columns


@dataclass(frozen=True)
class RunFrames:
    """The tables of one run.

    Attributes
    ----------
    name : str
        Of the scenario, as pictures and folders call the run.
    start : datetime.date
        First day of quarter 1.
    tables : dict of str to pandas.DataFrame
        Keys and columns as in `TABLES`.
    """

    name: str
    start: date
    tables: dict[str, pd.DataFrame]

    @property
    def quarters(self) -> int:
        """The last quarter in the tables; 0 when nothing but the calibration year is there."""
        return int(self.tables["outcomes"]["quarter"].max())

    def until(self, quarter: int) -> "RunFrames":
        """The same run, cut after a quarter."""
        return RunFrames(
            self.name,
            self.start,
            {name: rows[rows["quarter"] <= quarter] for name, rows in self.tables.items()},
        )


@dataclass(frozen=True)
class StoredColumn:
    """One column of a table.

    Attributes
    ----------
    type : pyarrow.DataType
        As stored; labels are text.
    unit : str
        ``""`` for a label.
    meaning : str
        One line.
    """

    type: pa.DataType
    unit: str
    meaning: str


ARROW = {
    "string": pa.string(),
    "date": pa.date32(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
}
"""How each type that a column is declared with is stored."""

TABLES: dict[str, dict[str, StoredColumn]] = {
    name: {
        label: StoredColumn(ARROW[column.type], column.unit, column.meaning)
        for label, column in table.columns.items()
    }
    for name, table in columns.TABLES.items()
}
"""Tables in the order in which they are written, and their columns in order."""


def _label(meaning: str) -> StoredColumn:
    return StoredColumn(pa.string(), "", meaning)


def _number(unit: str, meaning: str) -> StoredColumn:
    return StoredColumn(pa.float64(), unit, meaning)


COMPARISON_TABLES: dict[str, dict[str, StoredColumn]] = {
    "channels": {
        "headline": _label("names in summary.json that lead to it, with dots between"),
        "unit": _label("of part and difference"),
        "order": StoredColumn(pa.int32(), "", "place in the stated order, from 1"),
        "channel": _label(
            "duty_paid, compliance, contracts_renewed, resourcing, customers, capacity, "
            "entry, exit, moves or price_feedback: what is let go"
        ),
        "part": _number(
            "that of the row",
            "what the headline changes by when it is let go: the mean of the two that follow",
        ),
        "stated": _number("that of the row", "the same, of channels let go in this order"),
        "turned": _number("that of the row", "the same, of channels let go from the last on"),
        "difference": _number("that of the row", "run less reference: the sum of the parts"),
    },
    "seeds": {
        "seed": StoredColumn(pa.int64(), "", "of all draws; the folder's runs have the first"),
        "scenario": _label("the run, or its reference"),
        "quarter": StoredColumn(pa.int32(), "quarters", "0 is the calibration year"),
        "indicator": _label(
            "names in summary.json that lead to it, with dots between, or what figures show: "
            "output, output_shares_by_sector, jobs_by_sector, balances, balances_by_sector, "
            "content_by_sector, contracts_to_move, sales_to_move"
        ),
        "unit": _label("of value"),
        "value": _number(
            "that of the row", "at the end of the quarter; what a headline sums, from quarter 1"
        ),
    },
}
"""Tables of a comparison, beside the two runs' own."""


DERIVED_TABLES: dict[str, dict[str, StoredColumn]] = {
    "welfare": {
        "quarter": StoredColumn(pa.int32(), "quarters", "0 is the calibration year"),
        "region": _label("of the consumers: USA, MEX or CAN"),
        "real_income": _number("calibration year = 1", "what consumers' income buys"),
        "gain_musd": _number(
            columns.MONEY,
            "income of the calibration year that would do as much for consumers as the changes",
        ),
        "present_value_musd": _number(
            "million USD of 2017",
            "sum of the gains from quarter 1 on, discounted to quarter 0 at 3% a year",
        ),
    },
    "states": {
        "quarter": StoredColumn(pa.int32(), "quarters", "0 is the calibration year"),
        "region": _label("country of the state"),
        "state": _label("postal code, or that of the map"),
        "output_musd": _number(columns.MONEY, "gross output of the ten sectors"),
        "employment": _number("persons", "persons engaged in them"),
        "plants": _number("real plants", "their plants that stand at the end of the quarter"),
    },
}
"""Tables that follow from those of a run and are written beside them; see
`experiments.outcomes.derived`."""

EVERY_TABLE = TABLES | COMPARISON_TABLES | DERIVED_TABLES
"""All tables that are stored."""


def schema(name: str) -> pa.Schema:
    """How a table is stored, with unit and meaning beside each column.

    Parameters
    ----------
    name : str
        One of `EVERY_TABLE`.

    Returns
    -------
    pyarrow.Schema
    """
    return pa.schema(
        [
            pa.field(label, column.type, metadata={"unit": column.unit, "meaning": column.meaning})
            for label, column in EVERY_TABLE[name].items()
        ]
    )


def check_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse tables that are not those documented.

    Raises
    ------
    OutputError
        Naming the first table whose columns differ.
    """
    if set(tables) != set(TABLES):
        raise OutputError(f"tables are {', '.join(tables)}; expected {', '.join(TABLES)}")
    for name, expected in TABLES.items():
        if set(tables[name].columns) != set(expected):
            raise OutputError(
                f"{name}: columns are {', '.join(tables[name].columns)}; "
                f"expected {', '.join(expected)}"
            )
