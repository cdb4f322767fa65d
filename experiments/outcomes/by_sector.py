"""What figures show of single sectors and of countries, quarter by quarter."""

from collections.abc import Iterator, Mapping

import pandas as pd

from abm.axes import FOOTLOOSE, HOSTS, PARTNERS, QUARTERS_A_YEAR
from experiments.outcomes.headlines import BILLION, Names, QuarterlyHeadline
from experiments.outcomes.quantities import (
    contracts_to_move,
    sales_to_move,
    us_goods_balance,
    us_goods_balance_by_sector,
    yearly,
)

ALL_OTHERS = "ROW"
"""All that are neither in the United States, nor in Mexico, nor in Canada."""


def output_by_sector(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Gross output, million USD a quarter; a column a sector and host."""
    return _by_sector(tables["outcomes"], "output_musd", "region")


def output_shares_by_sector(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each host's share of what the three make; a column a sector and host."""
    output = output_by_sector(tables)
    made = output.T.groupby(level="sector", sort=False).transform("sum").T
    return output / made.where(made > 0)


def jobs_by_sector(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Persons engaged; a column a sector and host."""
    return _by_sector(tables["outcomes"], "employment", "region")


def content_by_sector(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Regional value content, shares of net cost; a column a sector and host."""
    return _by_sector(tables["content"], "regional_value_content", "host")


def balances_by_sector(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """US goods balances, billion USD a year; a column a sector and partner, or all `ALL_OTHERS`."""
    by_sector = pd.concat(
        us_goods_balance_by_sector(tables["trade"]), axis=1, names=["sector", "region"]
    )
    a_year = yearly(by_sector) / BILLION
    found = {sector: _with_others(a_year[sector]) for sector in by_sector.columns.unique("sector")}
    return pd.concat(found, axis=1, names=["sector", "region"])


def balances(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The same over all sectors; a column a partner, and all `ALL_OTHERS` in one."""
    return _with_others(yearly(us_goods_balance(tables["trade"])) / BILLION)


def _with_others(balance: pd.DataFrame) -> pd.DataFrame:
    others = balance.drop(columns=list(PARTNERS)).sum(axis=1)
    return balance[list(PARTNERS)].assign(**{ALL_OTHERS: others})


def details(tables: Mapping[str, pd.DataFrame]) -> dict[Names, QuarterlyHeadline]:
    """What figures show beside the headlines, by names that no headline has.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As `experiments.outcomes.tables.TABLES` describes them.
    """
    return dict(_every(tables))


def _every(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[Names, QuarterlyHeadline]]:
    output = output_by_sector(tables).T.groupby(level="region").sum().T[list(HOSTS)]
    by_year = QUARTERS_A_YEAR * output / BILLION
    outcomes = tables["outcomes"]
    for name, table, unit in (
        ("output", by_year, "billion USD a year"),
        ("output_shares_by_sector", output_shares_by_sector(tables), "share of output"),
        ("jobs_by_sector", jobs_by_sector(tables), "persons"),
        ("balances", balances(tables), "billion USD a year"),
        ("balances_by_sector", balances_by_sector(tables), "billion USD a year"),
        ("content_by_sector", content_by_sector(tables), "share of net cost"),
        ("contracts_to_move", contracts_to_move(outcomes), "share of purchases"),
        ("sales_to_move", sales_to_move(outcomes), "share of spending"),
    ):
        for column in table.columns:
            names = column if isinstance(column, tuple) else (column,)
            yield (name, *map(str, names)), QuarterlyHeadline(table[column], unit)


def _by_sector(table: pd.DataFrame, column: str, place: str) -> pd.DataFrame:
    """A column by quarter; a column a sector and place, in the order of the axes."""
    wide = table.pivot(index="quarter", columns=["sector", place], values=column)
    order = pd.MultiIndex.from_product([FOOTLOOSE, HOSTS], names=["sector", "region"])
    return wide.rename_axis(columns=["sector", "region"]).reindex(columns=order)
