"""How far the sales of plants have built up where plants come and go at a steady rate.

A plant that closes with probability ``d`` a quarter is in its ``a``-th quarter with probability
``d * (1 - d)**(a - 1)``. If each quarter a part ``speed`` of what is missing is won, it makes
``1 - (1 - speed)**a`` of what it would make were all to choose anew; on average
``speed / (speed + d * (1 - speed))``. Sales that follow something which itself builds up, as
customers follow the price at which a firm's plants serve them, take both lags one after the other.
"""

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats

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
