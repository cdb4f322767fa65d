"""The tables of a run, and every column's type, unit and meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pyarrow as pa

from abm.errors import OutputError

MONEY = "million USD of 2017 a quarter"
INVESTED = "million USD of 2017"


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
class Column:
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


def _label(meaning: str) -> Column:
    return Column(pa.string(), "", meaning)


def _number(unit: str, meaning: str) -> Column:
    return Column(pa.float64(), unit, meaning)


QUARTER = Column(pa.int32(), "quarters", "0 is the calibration year, before any step")

TABLES: dict[str, dict[str, Column]] = {
    "outcomes": {
        "quarter": QUARTER,
        "region": _label("where it is made: USA, MEX or CAN"),
        "sector": _label("one of the ten sectors that choose where to produce"),
        "output_musd": _number(MONEY, "gross output at basic prices"),
        "value_added_musd": _number(MONEY, "output less inputs bought"),
        "subsidies_musd": _number(MONEY, "production subsidies that the region's treasury pays"),
        "royalties_musd": _number(MONEY, "royalties of firms that are not at home in the region"),
        "employment": _number("persons", "persons engaged"),
        "wage_index": _number("calibration year = 1", "wage in the region"),
        "price_index": _number(
            "calibration year = 1",
            "what a unit of utility from the sector's goods costs consumers in the region",
        ),
        "price_tornqvist": _number(
            "calibration year = 1",
            "chained Tornqvist index of what consumers in the region are charged, for comparison",
        ),
        "customers_to_move": _number(
            "share of spending",
            "what consumers in the region would spend with other sellers if all chose anew",
        ),
        "consumption_musd": _number(
            MONEY, "what consumers in the region spend on the sector's goods, whatever their origin"
        ),
        "plants": _number("real plants", "plants that stand at the end of the quarter"),
        "opened": _number("real plants", "plants that began to produce in the quarter"),
        "closed": _number("real plants", "plants that ceased to produce in the quarter"),
        "announced": _number("real plants", "new plants decided on in the quarter"),
        "cancelled": _number("real plants", "plants given up in the quarter before they opened"),
        "announced_musd": _number(INVESTED, "what the plants announced would cost to build"),
        "completed_musd": _number(INVESTED, "what the plants opened cost to build"),
        "cancelled_musd": _number(INVESTED, "what the plants given up would have cost to build"),
        "lost_musd": _number(INVESTED, "what had been spent on the plants given up"),
    },
    "trade": {
        "quarter": QUARTER,
        "origin": _label("region shipped from"),
        "destination": _label("region shipped to; equal to origin for domestic sales"),
        "sector": _label("one of the fourteen sectors"),
        "use": _label("final (consumed or invested) or intermediate (an input)"),
        "value_musd": _number(MONEY, "value at basic prices, before freight, barriers and duty"),
        "customs_value_musd": _number(
            MONEY, "the same as customs record it, on which duty is due; 0 for domestic sales"
        ),
        "dutiable_musd": _number(
            MONEY, "basic value of goods on lines whose MFN or applied rate is above zero"
        ),
        "claimed_musd": _number(MONEY, "basic value for which origin was claimed, truly or not"),
        "claimed_dutiable_musd": _number(MONEY, "part of claimed_musd that is dutiable"),
        "false_claim_musd": _number(MONEY, "part of claimed_musd that does not meet the rule"),
        "duty_musd": _number(MONEY, "duties and fees paid on entry"),
        "penalty_musd": _number(MONEY, "back duty and fines on false claims, as expected"),
    },
    "moves": {
        "quarter": QUARTER,
        "sector": _label("sector of the firms"),
        "from_config": _label("hosts with a plant before, such as USA+MEX"),
        "to_config": _label("hosts with a plant after"),
        "stage": _label("announced, completed or cancelled in the quarter"),
        "firms": Column(pa.int64(), "agents", "modelled firms"),
        "weight": _number("real firms", "real firms that they stand for"),
    },
    "content": {
        "quarter": QUARTER,
        "host": _label("where it is made: USA, MEX or CAN"),
        "sector": _label("one of the ten sectors that choose where to produce"),
        "regional_value_content": _number("share of net cost", "mean regional value content"),
        "comply_share": _number(
            "share of deliveries to other members", "for which origin is claimed and true"
        ),
        "wedge": _number(
            "ratio",
            "markup on inputs that do not originate at which the rule is just met, "
            "mean over output made to comply; 1 where there is none",
        ),
        "infeasible_share": _number("share of output", "that no mix of inputs could qualify"),
        "eligible_share": _number("share of output", "that meets the rule as it is made"),
    },
    "events": {
        "quarter": QUARTER,
        "date": Column(pa.date32(), "", "day of the announcement or of the change"),
        "actor": _label("who acted"),
        "instrument": _label("what changed, as the scenario file names it"),
        "old": _label("its value before"),
        "new": _label("its value after"),
        "reason": _label("why, in words"),
    },
}
"""Tables in the order in which they are written, and their columns in order."""

COMPARISON_TABLES: dict[str, dict[str, Column]] = {
    "channels": {
        "headline": _label("names in summary.json that lead to it, with dots between"),
        "unit": _label("of part and difference"),
        "order": Column(pa.int32(), "", "place in the chain of worlds, from 1"),
        "channel": _label(
            "duty_paid, compliance, contracts_renewed, resourcing, customers, relocation or "
            "price_feedback: "
            "what is let go in this world beside what was before"
        ),
        "part": _number("that of the row", "what the headline changes by when it is let go"),
        "difference": _number("that of the row", "run less reference: the sum of the parts"),
    },
}
"""Tables of a comparison, beside the two runs' own."""


def schema(name: str) -> pa.Schema:
    """How a table is stored, with unit and meaning beside each column.

    Parameters
    ----------
    name : str
        One of `TABLES` or `COMPARISON_TABLES`.

    Returns
    -------
    pyarrow.Schema
    """
    return pa.schema(
        [
            pa.field(label, column.type, metadata={"unit": column.unit, "meaning": column.meaning})
            for label, column in (TABLES | COMPARISON_TABLES)[name].items()
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
    for name, columns in TABLES.items():
        if set(tables[name].columns) != set(columns):
            raise OutputError(
                f"{name}: columns are {', '.join(tables[name].columns)}; "
                f"expected {', '.join(columns)}"
            )
