r"""How far an answer may be off when points are drawn and replications are luck.

An outcome at point :math:`p` in replication :math:`r` is :math:`y_{pr} = f_p + e_{pr}`.
What is asked about is :math:`f`, the mean over all luck there could be. Replications are
independent of each other, but one replication's luck may be common to all points, as
with common random numbers, or each point's own, or anything between.

*Products without noise.* For any two points and :math:`r \ne s` the mean of
:math:`y_{pr} y_{qs}` is :math:`f_p f_q`, whatever the points have in common, so

.. math:: \widehat{f_p f_q} = \frac{1}{R(R-1)} \sum_{r \ne s} y_{pr}\, y_{qs}
          = \bar y_p \bar y_q - \frac{1}{R} \widehat{\mathrm{cov}}_r(y_p, y_q)

is free of the bias that noise gives to squares of means (Hoeffding 1948, "A class of
statistics with asymptotically normal distribution"). Indices are ratios of sums of
such products. Each replication is taken from its own mean over all points first, which
removes luck that shifts all points alike.

*Intervals.* An answer is a ratio of sums over units (nets of a design, trajectories,
points), each with all replications. It is worked out without each unit, without each
replication, and without both (the jackknife of Tukey 1958). Units tell how much points
and their own luck matter, replications how much common luck and, once more, points' own
luck; what they share is taken off:

.. math:: v = v_{units} + \max(v_{replications} - v_{both},\, 0)

which is the variance of two-way clusters (Cameron, Gelbach and Miller 2011, "Robust
inference with multiway clustering"; why sampling both at once counts noise three times:
Owen 2007, "The pigeonhole bootstrap"). Degrees of freedom are Satterthwaite's (1946).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from experiments.outcomes.intervals import LEVEL

FEWEST_REPLICATIONS = 3
"""With fewer, what all points share of their luck cannot be told."""

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Several answers, each with its interval.

    Attributes
    ----------
    value, low, high : ndarray, shape (answer,)
        The ends are NaN where there is just one unit.
    """

    value: Array
    low: Array
    high: Array


def without_own_mean(y: Array) -> Array:
    """Return outcomes less their mean over all points, replication by replication.

    Parameters
    ----------
    y : ndarray, shape (..., replication)
    """
    centred: Array = y - y.mean(axis=tuple(range(y.ndim - 1)))
    return centred


def product(p: Array, q: Array) -> Array:
    """Return the product of two means over luck, free of noise, and again without each replication.

    Parameters
    ----------
    p, q : ndarray, shape (..., replication)

    Returns
    -------
    ndarray, shape (..., 1 + replication)
        Over all pairs of different replications; then over those without the first, and
        so on. Of one replication the plain product, and of fewer than
        `FEWEST_REPLICATIONS` the first number alone.
    """
    size = p.shape[-1]
    if size == 1:
        return p * q
    each = p * q
    sums = p.sum(-1)[..., None], q.sum(-1)[..., None], each.sum(-1)[..., None]
    everything: Array = (sums[0] * sums[1] - sums[2]) / (size * (size - 1))
    if size < FEWEST_REPLICATIONS:
        return everything
    apart = ((sums[0] - p) * (sums[1] - q) - (sums[2] - each)) / ((size - 1) * (size - 2))
    return np.concatenate([everything, apart], axis=-1)


def mean_without(y: Array) -> Array:
    """Return means over replications, and again without each; shapes as of `product`."""
    size = y.shape[-1]
    total = y.sum(-1)[..., None]
    if size < FEWEST_REPLICATIONS:
        means: Array = total / size
        return means
    return np.concatenate([total / size, (total - y) / (size - 1)], axis=-1)


def two_way(
    terms: Array, answer: Callable[[Array], Array], sizes: Array | None = None
) -> Estimates:
    """Return answers with intervals that units and replications were left out for in turn.

    Parameters
    ----------
    terms : ndarray, shape (unit, term, 1 + replication)
        Sums over the rows of a unit, as `product` tells replications apart.
    answer : callable
        Takes means of terms, shape (term, ...), to answers, shape (answer, ...).
    sizes : ndarray, shape (unit,), optional
        Rows of each unit; one unless given.
    """
    units = len(terms)
    rows = np.ones(units) if sizes is None else sizes
    total = terms.sum(0)
    value = answer(total / rows.sum())
    if units < 2:
        nothing = np.full(len(value), np.nan)
        return Estimates(value[:, 0], nothing, nothing)
    left = (total - terms) / (rows.sum() - rows)[:, None, None]
    less = answer(np.moveaxis(left, 0, 1))  # (answer, unit, 1 + replication)
    of_units = _jackknife(less[:, :, 0])
    of_luck = np.zeros_like(of_units)
    replications = terms.shape[-1] - 1
    if replications >= FEWEST_REPLICATIONS:
        both = value[:, None, :1] - less[:, :, :1] - value[:, None, 1:] + less[:, :, 1:]
        shared = (both**2).sum((1, 2)) * (units - 1) * (replications - 1) / units / replications
        of_luck = np.maximum(_jackknife(value[:, 1:]) - shared, 0)
    variance = of_units + of_luck
    spread = of_units**2 / (units - 1) + of_luck**2 / max(replications - 1, 1)
    freedom = np.divide(variance**2, spread, out=np.ones_like(spread), where=spread > 0)
    half = stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(variance)
    return Estimates(value[:, 0], value[:, 0] - half, value[:, 0] + half)


def _jackknife(without: Array) -> Array:
    """Return the variance of an answer from those without each, the last axis."""
    size = without.shape[-1]
    spread: Array = ((without - without.mean(-1, keepdims=True)) ** 2).sum(-1)
    variance: Array = spread * (size - 1) / size
    return variance


def luck(y: Array) -> Estimates:
    r"""Return which share of the variance of points' means is luck.

    It is one less the mean covariance over points of two different replications, as a
    share of the variance of their means: one less Cronbach's (1951) alpha of the
    replications. Luck that all points share leaves their differences as they are, and
    counts for nothing.

    Parameters
    ----------
    y : ndarray, shape (unit, point, replication)
        At least two replications.
    """
    centred = without_own_mean(y)
    means = mean_without(centred)
    terms = np.stack([product(centred, centred).sum(1), (means**2).sum(1)], axis=1)
    sizes = np.full(len(y), float(y.shape[1]))
    found = two_way(terms, lambda t: 1 - _ratio(t[:1], t[1:]), sizes)
    ends = (np.clip(end, 0, 1) for end in (found.value, found.low, found.high))
    return Estimates(*ends)


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
