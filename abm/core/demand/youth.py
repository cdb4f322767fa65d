"""How far the sales of plants have built up where plants come and go at a steady rate.

A plant that closes with probability ``d`` a quarter is in its ``a``-th quarter with probability
``d * (1 - d)**(a - 1)``. If each quarter a part ``speed`` of what is missing is won, it makes
``1 - (1 - speed)**a`` of what it would make were all to choose anew; on average
``speed / (speed + d * (1 - speed))``. Sales that follow something which itself builds up, as
customers follow the price at which a firm's plants serve them, take both lags one after the other.

What a young plant of a firm with several does not make yet its sisters make, and first of all the
plant at home, from which it takes sales over. They do so at a higher cost than the new plant
would, so that the firm as a whole sells less than it will: its customers are as many as its price
wins. Only what is missing of customers, and not of their assignment to plants, goes to others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.demand.customers import inverse_of, split_today
from abm.core.demand.held_prices import price_of_split
from abm.core.inputs.content_rules import Floats

WON, ASSIGNED, FOLLOWED = range(3)
"""How far a plant's sales have built up: customers it wins for itself, those of its firm that
it serves, and what these have led to in customers of the firm, who follow the price."""

MOST_AT_HOME = 10.0
"""What a plant at home makes for young sisters at most, over what it would make beside old ones.

Where it hardly reaches a market a sister there is taken to have been assigned more: few sales
from home to that market are in the tables, and they could not be met otherwise.
"""

OLDEST = 400
"""Quarters after which a plant is as old as any: all that it would sell it sells."""


def built_up(ages: NDArray[np.integer], *speeds: float) -> Floats:
    """Part of its sales that a plant makes by its age.

    Parameters
    ----------
    ages : ndarray of int
        Quarters in which it has sold, this one included; 0 before the first one.
    *speeds : float
        Part of the gap that closes in a quarter; of several, each follows what the one before
        it has reached in the same quarter.

    Returns
    -------
    ndarray, shape of ``ages``
        Between 0 and 1.

    Examples
    --------
    >>> built_up(np.array([0, 1, 2]), 0.5).tolist()
    [0.0, 0.5, 0.75]
    """
    reached = np.zeros((len(speeds), OLDEST + 1))
    for age in range(1, OLDEST + 1):
        aim = 1.0
        for lag, speed in enumerate(speeds):
            aim = reached[lag, age] = (1 - speed) * reached[lag, age - 1] + speed * aim
    built: Floats = reached[-1][np.minimum(ages, OLDEST)]
    return built


def steady_ages(leaving: Floats, luck: Floats) -> NDArray[np.int64]:
    """Ages of plants that come and go at a steady rate.

    Parameters
    ----------
    leaving : ndarray
        Probability per quarter that a plant closes or dies.
    luck : ndarray of the same shape
        Uniform between 0 and 1.

    Returns
    -------
    ndarray of int
        From 1 to `OLDEST`.
    """
    with np.errstate(divide="ignore"):
        ages = np.log(luck) / np.log1p(-np.clip(leaving, 0, 1 - 1e-12))
    whole: NDArray[np.int64] = np.clip(np.ceil(ages), 1, OLDEST).astype(np.int64)
    return whole


def mean_built(leaving: Floats, *speeds: float) -> Floats:
    """What `built_up` is on average over `steady_ages`.

    Each lag of speed ``s`` takes ``s / (s + d * (1 - s))``: the value a geometric life gives it.
    """
    built = np.ones_like(leaving)
    for speed in speeds:
        built = built * speed / (speed + leaving * (1 - speed))
    return built


@dataclass(frozen=True)
class YoungSales:
    """What plants sell over what they would sell were all customers to choose anew.

    Attributes
    ----------
    final : ndarray of float32, shape (firm, plant, market)
        To final users. A sister of a young plant sells more than she will: above 1.
    inputs : ndarray of float32, shape (firm, plant)
        To users of inputs.
    """

    final: Floats
    inputs: Floats

    def at(self, firms: NDArray[np.integer], place: int) -> Floats:
        """Those of the plants of some firms at one place, shape (plant, use, market)."""
        final = self.final[firms, place]
        inputs = np.broadcast_to(self.inputs[firms, place, None], final.shape)
        return np.stack([final, inputs], axis=1)


def split_when_young(today: Floats, built: Floats, at_home: NDArray[np.integer]) -> Floats:
    """Part of a firm's sales that each of its plants makes while some are young.

    Parameters
    ----------
    today : ndarray, shape (firm, plant, market)
        From `abm.core.demand.customers.split_today`.
    built : ndarray, shape (firm, plant)
        How far sales assigned to each plant have built up.
    at_home : ndarray of int, shape (firm,)
        The place from which plants elsewhere take sales over: what they do not make is made
        there, up to `MOST_AT_HOME`, and otherwise by all in proportion.

    Returns
    -------
    ndarray, shape (firm, plant, market)
        Sums to one over plants where the firm sells.
    """
    each = np.arange(len(today))
    split = today * built[..., None]
    split[each, at_home] = 0
    rest = 1 - split.sum(axis=1)
    split[each, at_home] = np.minimum(rest, MOST_AT_HOME * today[each, at_home])
    whole: Floats = split * inverse_of(split.sum(axis=1, keepdims=True))
    return whole


def sales_when_young(
    reach: Floats,
    built: Floats,
    at_home: NDArray[np.integer],
    dispersion: Floats,
    sigma: Floats,
) -> Floats:
    """What plants of firms sell to final users over what they would, had all chosen anew.

    Parameters
    ----------
    reach : ndarray, shape (firm, plant, market)
        As `abm.core.demand.customers.split_today` takes it.
    built : ndarray, shape (firm, plant, lag)
        As `WON`, `ASSIGNED` and `FOLLOWED` count the last axis. Of the plant at home what it won
        for itself is taken, of others what was assigned to them and what customers made of it.
    at_home : ndarray of int, shape (firm,)
    dispersion, sigma : ndarray, shape (firm,)
        Of `abm.core.demand.held_prices.price_of_split`, and the elasticity of demand.

    Returns
    -------
    ndarray, shape (firm, plant, market)
        1 where all plants are as old as any; 0 where there is none.
    """
    today = split_today(reach)
    split, led_to = (
        split_when_young(today, built[..., lag], at_home) for lag in (ASSIGNED, FOLLOWED)
    )
    dearer = price_of_split(led_to, today, dispersion)
    each = np.arange(len(today))
    won = np.where(today[each, at_home] > 0, built[each, at_home, WON, None], 1)
    firm = won * dearer ** (1 - sigma[:, None])
    sold: Floats = np.divide(split, today, out=np.zeros_like(split), where=today > 0)
    return sold * firm[:, None]
