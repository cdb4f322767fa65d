"""What was observed, to be drawn beside the model: never what the model is run on.

Balances are those of the US Census Bureau (FT-900, public domain) by calendar year;
claims are those of US customs in January and February 2025; content is that of
carlines of model year 2020. The last two served to fit the model (docs/fit.md), and
the charts say so.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from abm import data
from abm.policy.timeline import quarter_of
from experiments.fit.moments import carline_content

CLAIMS_DAY = date(2025, 2, 1)
"""In the quarter whose claims are known."""


@dataclass(frozen=True)
class Point:
    """An observed figure.

    Attributes
    ----------
    day : datetime.date
        In the middle of what it was observed over.
    value : float
    """

    day: date
    value: float


@cache
def us_balance(partner: str) -> tuple[Point, ...]:
    """US goods balance with a partner, billion USD a year, a point a calendar year."""
    with (files("viz") / "assets" / "us_goods_balance.csv").open("rb") as file:
        table = pd.read_csv(file)
    mine = table[table["partner"] == partner]
    return tuple(
        Point(date(int(year), 7, 1), 1e-3 * float(amount))
        for year, amount in zip(mine["year"], mine["balance_musd"], strict=True)
    )


@cache
def claimed(partner: str) -> tuple[Point, ...]:
    """Share of dutiable US imports from a partner that claimed origin; one point."""
    table = data.read("us_claims_by_mfn_rate_2025")
    mine = table[table["partner"] == partner]
    return (Point(CLAIMS_DAY, mine["claimed_usd"].sum() / mine["dutiable_imports_usd"].sum()),)


@cache
def carline_shares(bins: int) -> tuple[float, ...]:
    """Share of the carlines of 2020 by regional parts content, in equal bins from 0 to 1."""
    content = carline_content()["content"].to_numpy(dtype=float)
    places = np.clip((content * bins).astype(int), 0, bins - 1)
    return tuple(np.bincount(places, minlength=bins) / len(content))


def by_quarter(points: tuple[Point, ...], start: date, last: int) -> list[tuple[int, float]]:
    """Quarter and value of the points that a run has reached.

    Parameters
    ----------
    points : tuple of Point
    start : date
        First day of quarter 1.
    last : int
        Quarter up to which points are given.
    """
    since = [(quarter_of(p.day, start), p.value) for p in points if p.day >= start]
    return sorted((quarter, value) for quarter, value in since if quarter <= last)
