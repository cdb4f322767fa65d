"""Effective US duty rates as the acts of the law have them, against the duties collected.

By law, a year's rate on a sector's imports from a partner is the mean over products, days
and goods that claim the agreement's preference or do not. How much claims is that of 2024,
by sector and band of the ordinary rate, and of farm goods that of all others; what a sector
is made of is that of January and February 2025. Of China and the rest of the world no
composition is known, so that theirs is put at that of Mexico and Canada together, and their
figures are told and not judged.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from abm import data
from abm.axes import FOOTLOOSE, HOSTS, PARTNERS
from abm.economy.tables import Array
from abm.law.act_files import Law, shipped
from abm.law.changes import turning_days
from abm.law.duty import answers, duties

ORIGINS = (*PARTNERS, "CHN", "ROW")

YEARS = (2017, 2018, 2019, 2022, 2023)

WITHIN = 0.005
"""How far a rate may be from the one collected, of partners whose trade is known by product."""

TRANSPORT = ("cars", "light_trucks", "vehicle_parts", "aircraft", "ships_rail", "motorcycles")
"""Sectors and lines that customs count as transport equipment."""

ELSEWHERE = {
    "4011": "chemicals_plastics",  # tyres, with rubber
    "8408": "machinery",  # diesel engines
    "8411": "transport",  # jet engines, with aircraft
    **dict.fromkeys(("8481", "8482", "93"), "metals"),  # valves, bearings and arms
    **dict.fromkeys(("7106", "7108", "7110"), "metals"),  # silver, gold and platinum
    **dict.fromkeys(("9018", "9019", "9020", "9021"), "other_manufacturing"),  # medical devices
    **dict.fromkeys(("7112", "7204", "7404", "7503", "7602", "7802", "7902", "8002"), ""),  # scrap
}
"""Codes that customs count in another industry than the model does; scrap is in none."""


@dataclass(frozen=True)
class EffectiveRate:
    """One partner's sector in one year; rates are fractions of customs value."""

    year: int
    partner: str
    sector: str
    by_law: float
    collected: float

    @property
    def difference(self) -> float:
        """By law less collected."""
        return self.by_law - self.collected

    @property
    def judged(self) -> bool:
        """Whether what the partner sells is known by product."""
        return self.partner in HOSTS

    @property
    def near(self) -> bool:
        """Whether the two are as near as asked."""
        return abs(self.difference) <= WITHIN


def effective_rates(
    years: Collection[int] = YEARS, partners: Collection[str] = ORIGINS
) -> list[EffectiveRate]:
    """Return rates by law and as collected, by year, partner and sector of customs."""
    collected = data.read("us_duties_collected_by_year").set_index(["year", "partner", "sector"])
    paid = collected["duty_usd"] / collected["imports_usd"]
    found = {}
    for partner in partners:
        products = _products(partner)
        for year in years:
            rate = _mean_rate(shipped(), partner, products, year)
            by_sector = (rate * products["imports_usd"]).groupby(products["sector"]).sum()
            value = products.groupby("sector")["imports_usd"].sum()
            for sector, by_law in (by_sector / value).items():
                found[year, partner, sector] = by_law
    return [
        EffectiveRate(year, partner, sector, float(found[year, partner, sector]), float(rate))
        for (year, partner, sector), rate in paid.items()
        if (year, partner, sector) in found
    ]


@dataclass(frozen=True)
class OpenRange:
    """Where one partner's sector's duty by law may lie; fractions of customs value.

    Attributes
    ----------
    partner, sector : str
    rate : float
        As runs take it: every fact left open falls as the act's file says.
    low, high : float
        Mean over products of the lower and of the upper end of each: all facts fall one way.
    """

    partner: str
    sector: str
    rate: float
    low: float
    high: float


def open_ranges(on: date, originating: bool) -> list[OpenRange]:
    """Return the duties of the United States on Mexico and Canada on a day, and what is left open.

    Means over what was imported in January and February 2025, by sector of the model. Products
    that are banned, or whose ordinary duty is not known, are left out.
    """
    table = data.read("us_imports_by_product_2025", text=("hs6",))
    lines = data.read("product_lines").set_index("line")["sector"]
    found = []
    for partner in PARTNERS:
        own = table[table["partner"] == partner]
        told = list(answers(shipped(), on, "USA", partner, tuple(own["hs6"]), originating))
        rates = pd.DataFrame(
            [(one.rate, one.low, one.high) for one in told],
            columns=["rate", "low", "high"],
            index=own.index,
            dtype=float,
        )
        known = rates.notna().all(axis=1)
        value = own["imports_usd"][known]
        sector = own["line"].map(lines).fillna(own["line"])[known]
        weighted = rates[known].mul(value, axis=0).groupby(sector).sum()
        means = weighted.div(value.groupby(sector).sum(), axis=0)
        found += [
            OpenRange(partner, good, *means.loc[good].tolist())
            for good in FOOTLOOSE
            if good in means.index
        ]
    return found


def _products(partner: str) -> pd.DataFrame:
    """Codes with value, sector as customs have it, and part of the value that is claimed for."""
    table = data.read("us_imports_by_product_2025", text=("hs6",))
    if partner in PARTNERS:
        table = table[table["partner"] == partner]
    lines = data.read("product_lines").set_index("line")["sector"]
    sector = table["line"].map(lines).fillna(table["line"])
    transport = sector.isin(TRANSPORT) | table["line"].isin(TRANSPORT)
    customs = sector.where(~transport, "transport")
    for prefix, other in ELSEWHERE.items():
        customs = customs.where(~table["hs6"].str.startswith(prefix), other)
    claims = _claimed(partner, sector, table["mfn_rate"].to_numpy())
    return table.assign(sector=customs, claimed=claims).reset_index(drop=True)


def _claimed(partner: str, sector: pd.Series, rate: Array) -> Array:
    """Part of the value of codes for which the preference is claimed, shape (code,)."""
    if partner not in PARTNERS:
        return np.zeros(len(sector))
    curve = data.read("us_claims_by_mfn_rate_2024")
    curve = curve[curve["partner"] == partner]
    whole = curve.groupby("sector")[["claimed_usd", "dutiable_imports_usd"]].sum()
    all_of_it = whole.sum()
    mean = all_of_it["claimed_usd"] / all_of_it["dutiable_imports_usd"]
    lowest = [_bottom(name) for name in curve["mfn_bin"]]
    bands = sorted(zip(curve["sector"], lowest, curve["claim_share"], strict=True))
    found = []
    for name, value in zip(sector, rate, strict=True):
        below = [share for of, bottom, share in bands if of == name and bottom <= value]
        found.append(below[-1] if below else mean)
    return np.array(found)


def _bottom(band: str) -> float:
    """Lower end of a band of rates, such as ``2-2.5%`` or ``over 20%``."""
    return float(band.removeprefix("over ").split("-")[0].removesuffix("%")) / 100


def _mean_rate(law: Law, partner: str, products: pd.DataFrame, year: int) -> Array:
    """Rate of every code, days and claims weighted, shape (code,)."""
    total, codes = np.zeros(len(products)), tuple(products["hs6"])
    claimed = products["claimed"].to_numpy()
    for first, last in _spells(law, partner, year):
        rate = _rate_on(law, first, partner, codes, False)
        some = np.flatnonzero((claimed > 0) & (rate > 0))
        kept = _rate_on(law, first, partner, tuple(codes[place] for place in some), True)
        rate[some] = (1 - claimed[some]) * rate[some] + claimed[some] * kept
        total += rate * (last - first).days
    return total / (date(year + 1, 1, 1) - date(year, 1, 1)).days


def _rate_on(law: Law, on: date, partner: str, codes: tuple[str, ...], claimed: bool) -> Array:
    rate: Array = np.nan_to_num(duties(law, on, "USA", partner, codes, claimed))
    return rate


def _spells(law: Law, partner: str, year: int) -> Iterator[tuple[date, date]]:
    """Yield spells of a year in which no act about the partner turns: first day and that after."""
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    turns = {
        day
        for act in law.of("USA").values()
        if any(law.is_of(partner, term) for term in act.term)
        for day in turning_days(act)
        if first < day < after
    }
    yield from pairwise([first, *sorted(turns), after])
