"""What each product line is of a sector's trade, and at what rate it is dutiable.

Both are known for what the United States buys of Mexico and Canada, by the values of
January and February 2025, before any duty of that year. The rest is an assumption: what
others sell is composed as these two flows together, and Mexico and Canada tax the lines
of a sector in the order in which the United States does, at the rates of their schedules.

These values alone do not give the distribution of rates by sector to which the model is
fitted (`abm.economy.rate_distribution`): the free and the dutiable products of one
six-digit code are told apart roughly, and sectors were cut a little differently. So the
division of each code moves until the free share of the sector is right, and the weights
of dutiable lines are then tilted by their rates until the mean is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from abm import data
from abm.axes import HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS, PARTNERS, REGIONS, SECTORS, USA
from abm.economy.rate_distribution import RateDistribution
from abm.economy.sector_lines import (
    DUTIABLE,
    FREE,
    METAL_NAMES,
    PARTS_OF_LINES,
    WHOLE_GROUP,
    Array,
    SectorLines,
    TradedProducts,
    line_names,
)

Rates = Mapping[tuple[int, int, int], RateDistribution]
"""`RateDistribution` by exporting host, importing host and sector."""

STEEPEST = 400.0
"""Largest tilt tried: with it a line that pays a point more keeps a fiftieth of its weight."""

LARGEST_ODDS = 12.0
"""Largest change of log odds of being free that is tried within a code."""


@dataclass(frozen=True)
class _Trade:
    """What Mexico and Canada sell to the United States, a row a six-digit code.

    Attributes
    ----------
    code : tuple of str
    dutiable, free : ndarray of int, shape (code,)
        Lines that its two parts belong to, the same one where its group is whole.
    value : ndarray, shape (code, partner)
        USD.
    free_share : ndarray, shape (code, partner)
        Part of the value at a rate of nothing.
    levied : ndarray, shape (code, partner)
        Rate on what is dutiable of it; NaN where there is nothing, or no ad valorem rate.
    metal : ndarray, shape (code, metal)
    """

    code: tuple[str, ...]
    dutiable: NDArray[np.int64]
    free: NDArray[np.int64]
    value: Array
    free_share: Array
    levied: Array
    metal: Array


def product_lines(rates: Rates) -> SectorLines:
    """Lines whose rates have the distributions of an economy, by sector and pair.

    Parameters
    ----------
    rates : mapping

    Returns
    -------
    SectorLines
    """
    listed = data.read("product_lines")
    sector = np.array([SECTORS.index(name) for name in listed["sector"]])
    part = np.array([PARTS_OF_LINES.index(name) for name in listed["part"]])
    others = np.arange(N_FOOTLOOSE, len(SECTORS))
    every = np.append(sector, others)
    trade = _trade(part)
    in_usa = _rates_in_usa(trade, part)
    free_share, of_partner = _composition(trade, sector, in_usa, rates)
    total = np.stack(
        [np.bincount(every[trade.dutiable], v, len(SECTORS)) for v in trade.value.T], 1
    )
    share = np.ones((len(every), N_REGIONS))
    share[: len(sector)] = _by_source(of_partner, total[sector])
    metal = _metals(trade, len(every))
    metal[np.flatnonzero(part == FREE)] = metal[np.flatnonzero(part == FREE) - 1]
    return SectorLines(
        name=line_names(),
        title=(*listed["title"], *(SECTORS[k].replace("_", " ").capitalize() for k in others)),
        sector=every,
        codes=(*(tuple(hs.split()) for hs in listed["hs"].astype(str)), *[()] * len(others)),
        part=np.append(part, np.full(len(others), WHOLE_GROUP)),
        share=share,
        rate=_rates(in_usa, share, every, rates),
        metal=metal,
        products=_products(trade, free_share, len(every)),
    )


def _composition(
    trade: _Trade, sector: NDArray[np.int64], rate: Array, rates: Rates
) -> tuple[Array, Array]:
    """Free shares of codes, shape (code, partner), and shares of lines, shape (line, partner)."""
    free_share, share = trade.free_share.copy(), np.empty((len(sector), len(PARTNERS)))
    for place, partner in enumerate(PARTNERS):
        pays_nothing = np.append(rate[:, place] <= 0, np.zeros(len(SECTORS) - N_FOOTLOOSE, bool))
        for k in range(N_FOOTLOOSE):
            wanted = rates[HOSTS.index(partner), USA, k]
            lines = np.flatnonzero(sector == k)
            rows = np.isin(trade.dutiable, lines)
            free_share[rows, place] = _division(
                trade, place, rows, pays_nothing, wanted.shares[0] / wanted.shares.sum()
            )
            value = _by_line(trade, free_share[:, place], trade.value[:, place], len(pays_nothing))
            share[lines, place] = _tilted(value[lines], rate[lines, place], wanted)
    return free_share, share


def _trade(part: NDArray[np.int64]) -> _Trade:
    """Read codes and values, each code with the lines of its two parts."""
    table = data.read("us_imports_by_product_2025", text=("hs6",))
    line = {name: number for number, name in enumerate(line_names())}
    by_partner = table.set_index(["hs6", "partner"]).unstack("partner")
    own = table.drop_duplicates("hs6").set_index("hs6").loc[by_partner.index]
    dutiable = own["line"].map(line).to_numpy(np.int64)
    known = len(part)
    split = (dutiable < known) & (part[np.minimum(dutiable, known - 1)] == DUTIABLE)

    def of(column: str) -> Array:
        values: Array = by_partner[column][list(PARTNERS)].to_numpy(np.float64)
        return values

    free_share, rate = np.nan_to_num(of("free_share"), nan=1.0), of("mfn_rate")
    levied = np.full_like(rate, np.nan)
    np.divide(rate, 1 - free_share, out=levied, where=(free_share < 1) & np.isfinite(rate))
    return _Trade(
        code=tuple(by_partner.index),
        dutiable=dutiable,
        free=np.where(split, dutiable + 1, dutiable),
        value=np.nan_to_num(of("imports_usd")),
        free_share=free_share,
        levied=levied,
        metal=np.minimum(own[list(METAL_NAMES)].to_numpy(np.float64), 1.0),
    )


def _by_line(trade: _Trade, free_share: Array, value: Array, lines: int) -> Array:
    """Value of every line, by what part of each code is free; shape (line,)."""
    free = np.bincount(trade.free, value * free_share, lines)
    held: Array = free + np.bincount(trade.dutiable, value * (1 - free_share), lines)
    return held


def _rates_in_usa(trade: _Trade, part: NDArray[np.int64]) -> Array:
    """Rate of every line in the United States by partner, shape (line, partner).

    That of a whole group is the mean over what is dutiable of it, and nothing where most
    of it is free.
    """
    dutiable = np.where(np.isfinite(trade.levied), trade.value * (1 - trade.free_share), 0.0)
    duty = np.nan_to_num(trade.levied) * dutiable
    lines = len(part)

    def total(amount: Array) -> Array:
        return np.stack([np.bincount(trade.dutiable, a, lines)[:lines] for a in amount.T], axis=1)

    levied_on, paid, value = total(dutiable), total(duty), total(trade.value)
    mean = paid.sum(axis=1) / np.maximum(levied_on.sum(axis=1), 1.0)
    rate = np.where(levied_on > 0, paid / np.where(levied_on > 0, levied_on, 1), mean[:, None])
    mostly_free = (part == WHOLE_GROUP) & (2 * levied_on.sum(axis=1) < value.sum(axis=1))
    rate[mostly_free | (part == FREE)] = 0.0
    return rate


def _root(miss: Callable[[float], float], bound: float) -> float:
    """Return where a rising function is nothing, or the bound that comes closest."""
    from scipy.optimize import brentq  # takes a moment that reading a scenario need not wait

    if miss(-bound) >= 0:
        return -bound
    return float(brentq(miss, -bound, bound, xtol=1e-13)) if miss(bound) > 0 else bound


def _division(
    trade: _Trade, place: int, rows: NDArray[np.bool_], free: Array, goal: float
) -> Array:
    """Free share of each code of a sector at which that of the sector is right.

    Parameters
    ----------
    trade : _Trade
    place : int
        Of the partner.
    rows : ndarray of bool, shape (code,)
        Codes of the sector.
    free : ndarray of bool, shape (line,)
        Lines that pay nothing; what a code has in any other counts as dutiable.
    goal : float

    Returns
    -------
    ndarray, shape (code of the sector,)
        Where a code has both parts, the odds of being free are all changed by one factor.
    """
    share, value = trade.free_share[rows, place], trade.value[rows, place]
    counts, always = free[trade.free[rows]], free[trade.dutiable[rows]]

    def moved(log_odds: float) -> Array:
        mixed: Array = expit(logit(share) + log_odds)
        return mixed

    def miss(log_odds: float) -> float:
        part = np.where(always, 1.0, np.where(counts, moved(log_odds), 0.0))
        return float(value @ part / value.sum() - goal)

    return moved(_root(miss, LARGEST_ODDS))


def _tilted(value: Array, rate: Array, wanted: RateDistribution) -> Array:
    """Shares of a sector's lines that have its free share and its mean rate.

    Parameters
    ----------
    value, rate : ndarray, shape (line,)
    wanted : RateDistribution

    Returns
    -------
    ndarray, shape (line,)
        Adding to 1. Free lines keep their proportions, dutiable ones are tilted by rate. Where
        no weights give the mean, those that come closest.
    """
    free = rate <= 0
    nothing = value.copy()
    nothing[~free] = 0.0
    due = value - nothing
    at_nothing = float(wanted.shares[0] / wanted.shares.sum()) if nothing.sum() > 0 else 0.0
    if due.sum() <= 0:
        return nothing / nothing.sum()
    goal = wanted.mean / (1 - at_nothing)

    def weights(tilt: float) -> Array:
        steep = due * np.exp(tilt * (rate - rate[~free].mean()))
        return steep / steep.sum()

    def miss(tilt: float) -> float:
        return float(weights(tilt) @ rate - goal)

    shares = (1 - at_nothing) * weights(_root(miss, STEEPEST))
    return shares + at_nothing * nothing / max(nothing.sum(), 1e-300)


def _by_source(known: Array, total: Array) -> Array:
    """Figures of Mexico and Canada, and for all others both together, weighted by value.

    Parameters
    ----------
    known, total : ndarray, shape (..., partner)

    Returns
    -------
    ndarray, shape (..., source)
    """
    both = (known * total).sum(axis=-1) / total.sum(axis=-1)
    every = np.repeat(both[..., None], N_REGIONS, axis=-1)
    for place, partner in enumerate(PARTNERS):
        every[..., REGIONS.index(partner)] = known[..., place]
    return every


def _rates(in_usa: Array, share: Array, sector: NDArray[np.int64], rates: Rates) -> Array:
    """Rates between members, shape (line, host, partner)."""
    found = np.zeros((len(sector), N_HOSTS, N_HOSTS))
    order_of = in_usa.mean(axis=1)
    for (source, market, k), wanted in rates.items():
        lines = np.flatnonzero(sector == k)
        if k >= N_FOOTLOOSE:
            found[lines, source, market] = wanted.mean
        elif market == USA:
            found[lines, source, market] = in_usa[lines, PARTNERS.index(HOSTS[source])]
        else:
            ordered = lines[np.argsort(order_of[lines], kind="stable")]
            found[ordered, source, market] = wanted.over(share[ordered, source])
    return found


def _products(trade: _Trade, free_share: Array, lines: int) -> TradedProducts:
    """Codes by line, with their part of it for every source."""
    line = np.concatenate([trade.dutiable, trade.free])
    value = np.concatenate([trade.value * (1 - free_share), trade.value * free_share])
    kept = value.sum(axis=1) > 0
    line, value = line[kept], value[kept]
    code = tuple(np.array(trade.code * 2, dtype=object)[kept])

    def within(amount: Array) -> Array:
        whole = np.bincount(line, amount, lines)[line]
        part: Array = np.divide(amount, whole, out=np.zeros_like(amount), where=whole > 0)
        return part

    both = within(value.sum(axis=1))
    share = np.repeat(both[:, None], N_REGIONS, axis=1)
    for place, partner in enumerate(PARTNERS):
        own = within(value[:, place])
        sold = np.bincount(line, own, lines)[line] > 0
        share[:, REGIONS.index(partner)] = np.where(sold, own, both)
    return TradedProducts(code, line, share)


def _metals(trade: _Trade, lines: int) -> Array:
    """Metals in the products of a line, share of value, shape (line, metal)."""
    value = trade.value.sum(axis=1)
    whole = np.maximum(np.bincount(trade.dutiable, value, lines), 1.0)
    content = [np.bincount(trade.dutiable, value * metal, lines) for metal in trade.metal.T]
    return np.stack(content, axis=1) / whole[:, None]
