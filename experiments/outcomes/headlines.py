"""The headlines of a run, quarter by quarter, each by the names that lead to it in a summary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from abm.axes import HOSTS, PARTNERS, QUARTERS_A_YEAR
from experiments.outcomes.derived import welfare
from experiments.outcomes.quantities import (
    DECISIONS,
    INVESTMENT,
    consumer_prices,
    duty_revenue,
    employment,
    false_claim_share,
    mean_content,
    misclassified_origin,
    new_plants_until,
    plants_changed,
    preference_utilisation,
    until_each_quarter,
    us_deficit_index,
    us_goods_balance,
    us_services_balance,
    utilisation,
    yearly,
)
from experiments.outcomes.tables import TABLES

type Names = tuple[str, ...]
"""That lead to a headline, such as ``("us_goods_balance", "MEX")``."""

BILLION = 1000.0
"""Million USD in a billion."""

COUNTED = ("persons", "real plants", "expected real plants")
"""Units of columns that are counted; the others are money, in million USD."""

UNITS = {
    "us_goods_balance": "billion USD a year",
    "us_deficit_index": "calibration year = 1",
    "us_services_balance": "billion USD a year",
    "manufacturing_employment": "persons",
    "jobs": "persons",
    "utilisation": "calibration year = 1",
    "plants_decided": "plants",
    "new_plants_by_owner": "plants",
    "plants_moved": "plants",
    "plants_moved.agents": "agents",
    "investment.plants": "plants",
    "investment.billion_usd": "billion USD",
    "preference_utilisation": "share of dutiable imports",
    "false_claim_share": "share of claims by value",
    "misclassified_origin": "billion USD a year",
    "mean_content": "share of net cost",
    "consumer_prices": "calibration year = 1",
    "real_income": "calibration year = 1",
    "welfare": "billion USD",
    "duty_revenue": "billion USD a year",
    "gross_move_rate_per_year": "moves a plant a year",
}
"""Units of headlines, by the first of their names."""


def unit_of(names: Names) -> str:
    """The unit of a headline; nothing where there is none of that name."""
    first = ".".join(names[:2])
    return UNITS.get(first, UNITS.get(first.partition(".")[0], ""))


@dataclass(frozen=True)
class QuarterlyHeadline:
    """A figure of a run, one a quarter.

    Attributes
    ----------
    values : pandas.Series
        By quarter, 0 included; NaN stands for a share of nothing.
    unit : str
    """

    values: pd.Series
    unit: str


def headlines(tables: Mapping[str, pd.DataFrame]) -> dict[Names, QuarterlyHeadline]:
    """What a run says about trade, jobs, plants, claims, content and prices.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As `experiments.outcomes.tables.TABLES` describes them.

    Returns
    -------
    dict
        Names to headlines, in the order of the summary.
    """
    return dict(_every(tables))


def _every(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[Names, QuarterlyHeadline]]:
    yield from _of_trade_and_jobs(tables)
    yield from _of_plants(tables)
    yield from _of_origin_and_prices(tables)


type _Found = Iterator[tuple[Names, QuarterlyHeadline]]


def _of_trade_and_jobs(tables: Mapping[str, pd.DataFrame]) -> _Found:
    trade, outcomes = tables["trade"], tables["outcomes"]
    balances = yearly(us_goods_balance(trade))[list(PARTNERS)] / BILLION
    services = yearly(us_services_balance(trade))[list(PARTNERS)] / BILLION
    persons = employment(outcomes).assign(all=lambda table: table.sum(axis=1))
    yield from _series(("us_goods_balance",), balances)
    yield from _series(("us_deficit_index",), us_deficit_index(trade))
    yield from _series(("us_services_balance",), services)
    yield from _series(("manufacturing_employment",), persons)
    flows = {f"jobs_{flow}": ("jobs", flow) for flow in ("created", "destroyed")}
    yield from _sums(flows, outcomes)
    yield from _series(("utilisation",), utilisation(outcomes))


def _of_plants(tables: Mapping[str, pd.DataFrame]) -> _Found:
    outcomes, moves = tables["outcomes"], tables["moves"]
    hows = ("expected", "drawn")
    decided = {
        pair[drawn]: ("plants_decided", how, kind)
        for drawn, how in enumerate(hows)
        for kind, pair in DECISIONS.items()
    }
    yield from _sums(decided, outcomes)
    opening = DECISIONS["opening"]
    for how, by_home in zip(
        hows, new_plants_until(tables["owners"], opening).values(), strict=True
    ):
        for home, plants in by_home.items():
            yield from _series(("new_plants_by_owner", how, home), plants)
    quarters = pd.Index(sorted(outcomes["quarter"].unique()), name="quarter")
    for of, column in (("real_firms", "weight"), ("agents", "firms")):
        changed = _up_to(plants_changed(moves, column), quarters)
        for kind, host in changed.columns:
            names = ("plants_moved", of, kind, host)
            yield names, QuarterlyHeadline(changed[kind, host], unit_of(names))
    invested = {
        column: ("investment", kind, stage)
        for kind, columns in INVESTMENT.items()
        for stage, column in columns.items()
    }
    yield from _sums(invested, outcomes)


def _of_origin_and_prices(tables: Mapping[str, pd.DataFrame]) -> _Found:
    trade, outcomes, content = tables["trade"], tables["outcomes"], tables["content"]
    yield from _series(("preference_utilisation",), preference_utilisation(trade))
    yield from _series(("false_claim_share",), false_claim_share(trade))
    misclassified = yearly(misclassified_origin(trade)) / BILLION
    yield from _series(("misclassified_origin",), misclassified)
    for name, sectors in (("manufacturing", ()), ("cars", (("cars",),))):
        share = mean_content(content, outcomes, *sectors)
        yield from _series(("mean_content", name), share)
    yield from _series(("consumer_prices",), consumer_prices(outcomes, trade))
    path = welfare(outcomes, trade).pivot(
        index="quarter", columns="region", values=["real_income", "present_value_musd"]
    )
    yield from _series(("real_income",), path["real_income"][list(HOSTS)])
    value = path["present_value_musd"][list(HOSTS)] / BILLION
    yield from _series(("welfare", "present_value"), value)
    revenue = yearly(duty_revenue(trade)) / BILLION
    yield from _series(("duty_revenue",), revenue)
    rate = _gross_move_rate(outcomes, tables["moves"])
    rate_name = ("gross_move_rate_per_year",)
    yield rate_name, QuarterlyHeadline(rate, unit_of(rate_name))


def _series(names: Names, table: pd.DataFrame) -> _Found:
    for column in table.columns:
        yield (*names, str(column)), QuarterlyHeadline(table[column], unit_of(names))


def _sums(names: Mapping[str, Names], outcomes: pd.DataFrame) -> _Found:
    """Everything up to each quarter, by host, of columns that have these names."""
    sums = until_each_quarter(outcomes, tuple(names))
    for column, called in names.items():
        counted = TABLES["outcomes"][column].unit in COUNTED
        yield from _series(called, sums[column] / (1 if counted else BILLION))


def _up_to(changed: pd.DataFrame, quarters: pd.Index) -> pd.DataFrame:
    """Sums up to each quarter of what changed in some."""
    sums = {quarter: changed[changed.index <= quarter].sum() for quarter in quarters}
    return pd.DataFrame(sums).T.rename_axis("quarter")


def _gross_move_rate(outcomes: pd.DataFrame, moves: pd.DataFrame) -> pd.Series:
    """Completed moves a year up to each quarter, per plant of the calibration year."""
    plants = outcomes.loc[outcomes["quarter"] == 0, "plants"].sum()
    quarters = pd.Index(sorted(outcomes["quarter"].unique()), name="quarter")
    moved = _up_to(plants_changed(moves), quarters)["moved", "all"]
    years = (quarters / QUARTERS_A_YEAR).to_series(quarters)
    return moved / plants / years.where(years > 0) if plants else moved * float("nan")
