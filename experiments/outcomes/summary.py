"""A run in a few numbers: where each began, where it ended, and against a reference."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import pandas as pd

from abm.axes import PARTNERS, QUARTERS_A_YEAR
from experiments.outcomes.quantities import (
    DECISIONS,
    INVESTMENT,
    consumer_prices,
    duty_revenue,
    employment,
    false_claim_share,
    mean_content,
    misclassified_origin,
    new_plants_of_owners,
    plants_changed,
    preference_utilisation,
    real_income,
    since_start,
    us_deficit_index,
    us_goods_balance,
    us_services_balance,
    utilisation,
    yearly,
)
from experiments.outcomes.tables import TABLES

Summary = dict[str, Any]
"""Names to entries, or to further names; an entry is the dict that has a ``unit``."""

BILLION = 1000.0
"""Million USD in a billion."""

_UNITS = {
    "real plants": ("plants", 1.0),
    "expected real plants": ("plants", 1.0),
    "persons": ("persons", 1.0),
}
"""Unit and scale of the sum of a column, by its unit; all others are money."""


def summary(
    tables: Mapping[str, pd.DataFrame], reference: Mapping[str, pd.DataFrame] | None = None
) -> Summary:
    """What a run says about trade, jobs, plants, claims, content and prices.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As `experiments.outcomes.tables.TABLES` describes them.
    reference : mapping of str to pandas.DataFrame, optional
        Of the run to compare with.

    Returns
    -------
    dict
        Nested names down to entries ``{start, end, change, unit}``: quarter 0, the
        last quarter, and their difference. Nothing but numbers, text and None, which
        stands for a share of nothing. With a reference each entry also has
        ``difference``, its end less the reference's.
    """
    trade, outcomes, moves = tables["trade"], tables["outcomes"], tables["moves"]
    content = tables["content"]
    balances = yearly(us_goods_balance(trade))[list(PARTNERS)] / BILLION
    services = yearly(us_services_balance(trade))[list(PARTNERS)] / BILLION
    persons = employment(outcomes).assign(all=lambda table: table.sum(axis=1))
    result: Summary = {
        "us_goods_balance": _ends(balances, "billion USD a year"),
        "us_deficit_index": _ends(us_deficit_index(trade), "calibration year = 1"),
        "us_services_balance": _ends(services, "billion USD a year"),
        "manufacturing_employment": _ends(persons, "persons"),
        "jobs": {flow: _sums(outcomes, f"jobs_{flow}") for flow in ("created", "destroyed")},
        "utilisation": _ends(utilisation(outcomes), "calibration year = 1"),
        "plants_decided": {
            how: {kind: _sums(outcomes, pair[drawn]) for kind, pair in DECISIONS.items()}
            for drawn, how in enumerate(("expected", "drawn"))
        },
        "new_plants_by_owner": {
            how: _by_home(new_plants_of_owners(tables["owners"], DECISIONS["opening"][drawn]))
            for drawn, how in enumerate(("expected", "drawn"))
        },
        "plants_moved": {
            "real_firms": _cumulated(plants_changed(moves), "plants"),
            "agents": _cumulated(plants_changed(moves, "firms"), "agents"),
        },
        "investment": {
            kind: {stage: _sums(outcomes, column) for stage, column in columns.items()}
            for kind, columns in INVESTMENT.items()
        },
        "preference_utilisation": _ends(preference_utilisation(trade), "share of dutiable imports"),
        "false_claim_share": _ends(false_claim_share(trade), "share of claims by value"),
        "misclassified_origin": _ends(
            yearly(misclassified_origin(trade)) / BILLION, "billion USD a year"
        ),
        "mean_content": {
            "manufacturing": _ends(mean_content(content, outcomes), "share of net cost"),
            "cars": _ends(mean_content(content, outcomes, ("cars",)), "share of net cost"),
        },
        "consumer_prices": _ends(consumer_prices(outcomes, trade), "calibration year = 1"),
        "real_income": _ends(real_income(outcomes, trade), "calibration year = 1"),
        "duty_revenue": _ends(yearly(duty_revenue(trade)) / BILLION, "billion USD a year"),
        "gross_move_rate_per_year": _gross_move_rate(outcomes, moves),
    }
    if reference is not None:
        _add_differences(result, summary(reference))
    return result


def entries(result: Summary, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every entry of a summary with the names that lead to it."""
    for name, value in result.items():
        if "unit" in value:
            yield (*path, name), value
        else:
            yield from entries(value, (*path, name))


def _entry(start: float | None, end: float | None, unit: str) -> Summary:
    # JSON knows no NaN, and a reader should not have to.
    known = [
        None if number is None or not isfinite(number) else float(number) for number in (start, end)
    ]
    start, end = known
    change = None if start is None or end is None else end - start
    return {"start": start, "end": end, "change": change, "unit": unit}


def _ends(series: pd.DataFrame, unit: str) -> Summary:
    """An entry for every column: its first row and its last."""
    first, last = series.iloc[0], series.iloc[-1]
    return {name: _entry(first[name], last[name], unit) for name in series.columns}


def _cumulated(changed: pd.DataFrame, unit: str) -> Summary:
    """Everything up to the end, by kind and host."""
    total = changed.sum()
    result: Summary = {}
    for kind, host in changed.columns:
        result.setdefault(kind, {})[host] = _entry(0.0, total[kind, host], unit)
    return result


def _sums(outcomes: pd.DataFrame, column: str) -> Summary:
    """Everything up to the end, by host."""
    unit, scale = _UNITS.get(TABLES["outcomes"][column].unit, ("billion USD", BILLION))
    total = since_start(outcomes, column) / scale
    return {host: _entry(0.0, total[host], unit) for host in total.index}


def _by_home(plants: pd.DataFrame) -> Summary:
    """Plants up to the end, by owner's home and host."""
    return {
        home: {host: _entry(0.0, number, "plants") for host, number in row.items()}
        for home, row in plants.iterrows()
    }


def _gross_move_rate(outcomes: pd.DataFrame, moves: pd.DataFrame) -> Summary:
    """Completed moves a year over the whole run, per plant of the calibration year."""
    plants = outcomes.loc[outcomes["quarter"] == 0, "plants"].sum()
    years = outcomes["quarter"].max() / QUARTERS_A_YEAR
    moved = plants_changed(moves)["moved", "all"].sum()
    rate = moved / plants / years if plants and years else None
    return _entry(None, rate, "moves a plant a year")


def _add_differences(result: Summary, reference: Summary) -> None:
    """Write into every entry its end less the reference's."""
    theirs = dict(entries(reference))
    for path, entry in entries(result):
        other = theirs[path]["end"]
        known = entry["end"] is not None and other is not None
        entry["difference"] = entry["end"] - other if known else None
