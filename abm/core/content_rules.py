"""The cheapest mix of inputs that meets a rule of origin.

A product originates when the value of its non-originating materials, before
duty, is at most ``1 - threshold`` of its net cost. Let ``spend`` be what a firm
would pay for an input category when free to choose, and ``foreign`` the share
of that spending that does not originate. Parts are a continuum with Frechet
prices (Eaton and Kortum 2002), so a firm that treats every non-originating part
as ``wedge`` times dearer than it is re-sources part by part: with
``t = wedge**-theta`` and ``phi = 1 - foreign + foreign * t`` it then pays

    originating      spend * phi**(-1/theta - 1) * (1 - foreign)
    non-originating  spend * phi**(-1/theta - 1) * foreign * t / wedge

The first-order condition of least net cost subject to the rule sets the wedge
of category ``k`` to ``1 + multiplier * before_duty[k]``: a dollar spent on
non-originating parts of ``k`` counts as ``before_duty[k]`` dollars against the
rule, since duties are left out of their value. One number per firm, the
multiplier, therefore solves the whole program. Content rises with it, so a
safeguarded Newton iteration finds it (regional content as in Head, Mayer and
Melitz 2024).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

MAX_LOG_WEDGE = np.log(1e4)
"""A firm that misses the rule even at this wedge has no qualifying source to turn to."""

MAX_ITERATIONS = 60

NEGLIGIBLE_TILT = 0.6
"""Power of the smallest number at which what is left of non-originating parts counts as none.

Single precision then stops at 1e-23 of them. The powers taken of what remains are at
most ``1 + 1 / theta``, so that all stay within the number range for ``theta`` above 1.5.
"""


@dataclass(frozen=True)
class RestrictedMix:
    """What meeting the rule costs.

    Attributes
    ----------
    net_cost : ndarray, shape (entry,)
        Actual net cost under the wedge, in the units of ``spend``.
    content : ndarray, shape (entry,)
        Regional value content, share of net cost.
    log_wedge : ndarray, shape (entry,)
        ``log(1 + multiplier)``, 0 where the rule does not bind.
    feasible : ndarray of bool, shape (entry,)
        False where no wedge reaches the threshold.
    """

    net_cost: Floats
    content: Floats
    log_wedge: Floats
    feasible: NDArray[np.bool_]


def category_wedges(log_wedge: Floats, before_duty: Floats) -> Floats:
    """Wedge on each category's non-originating parts.

    Parameters
    ----------
    log_wedge : ndarray, shape (entry,)
        Logarithm of one plus the multiplier of the rule.
    before_duty : ndarray, shape (input, entry)
        Value before duty of a dollar of non-originating parts.

    Returns
    -------
    ndarray, shape (input, entry)
        At least 1, and 1 everywhere when ``log_wedge`` is 0.
    """
    wedges: Floats = 1 + np.expm1(log_wedge) * before_duty
    return wedges


def restricted_spending(
    log_wedge: Floats, spend: Floats, foreign: Floats, before_duty: Floats, theta: Floats
) -> tuple[Floats, Floats]:
    """Spending on originating and on other parts under a wedge.

    Parameters
    ----------
    log_wedge : ndarray, shape (entry,)
        Logarithm of one plus the multiplier of the rule.
    spend, foreign, before_duty : ndarray, shape (input, entry)
        Free spending, its non-originating share, value before duty per dollar of the latter.
    theta : ndarray, shape (input,)
        Frechet shape of part prices.

    Returns
    -------
    originating, other : ndarray, shape (input, entry)
        Purchasers' value, in the units of ``spend``.
    """
    shape = theta[:, None]
    wedges = category_wedges(log_wedge, before_duty)
    tilt = wedges**-shape
    remaining = 1 - foreign + foreign * tilt
    scale = spend * remaining ** (-1 / shape - 1)
    return scale * (1 - foreign), scale * foreign * tilt / wedges


def meet_content_rule(
    spend: Floats,
    foreign: Floats,
    before_duty: Floats,
    theta: Floats,
    other_cost: Floats,
    threshold: Floats,
    start: Floats | None = None,
    tolerance: float = 1e-9,
) -> RestrictedMix:
    """Least net cost subject to a regional value content of at least ``threshold``.

    Parameters
    ----------
    spend, foreign, before_duty : ndarray, shape (input, entry)
        Free spending by category, its non-originating share, and the value before
        duty of a dollar of non-originating parts.
    theta : ndarray, shape (input,)
        Frechet shape of part prices.
    other_cost : ndarray, shape (entry,)
        Value added and services, same units as ``spend``.
    threshold : ndarray, shape (entry,)
        Required share of net cost, below 1.
    start : ndarray, shape (entry,), optional
        Log wedge to start from, such as last quarter's.
    tolerance : float
        Largest accepted excess of non-originating value over what the rule allows,
        as a share of net cost.

    Returns
    -------
    RestrictedMix

    Notes
    -----
    The excess ``sum(before_duty * other) - (1 - threshold) * net_cost`` falls
    monotonically in the log wedge: its derivative is minus a sum of positive
    terms, written out below. Newton steps that leave the bracket are bisected.
    """
    shape = theta[:, None]
    allowed = 1 - threshold
    log_wedge = np.zeros_like(other_cost) if start is None else start.astype(other_cost.dtype)
    most = np.finfo(other_cost.dtype).tiny ** (-NEGLIGIBLE_TILT / shape)
    low = np.zeros_like(other_cost)
    high = np.full_like(other_cost, MAX_LOG_WEDGE)
    log_wedge = np.clip(log_wedge, low, high)
    for _ in range(MAX_ITERATIONS):
        # Beyond this a wedge leaves nothing to be bought, and its powers leave the number range.
        wedges = np.minimum(category_wedges(log_wedge, before_duty), most)
        tilt = wedges**-shape
        remaining = 1 - foreign + foreign * tilt
        scale = spend * remaining ** (-1 / shape - 1)
        originating = scale * (1 - foreign)
        other = scale * foreign * tilt / wedges
        tilted_share = foreign * tilt / remaining
        net_cost = other_cost + (originating + other).sum(axis=0)
        excess = (before_duty * other).sum(axis=0) - allowed * net_cost
        low = np.where(excess > 0, log_wedge, low)
        high = np.where(excess > 0, high, log_wedge)
        unsettled = (np.abs(excess) > tolerance * net_cost) & (high - low > 1e-12)
        unsettled &= ~((log_wedge == 0) & (excess <= 0))
        if not unsettled.any():
            break
        per_log_wedge = np.exp(log_wedge) * before_duty / wedges
        slope = -(
            (shape + 1)
            * originating
            * tilted_share
            * (before_duty / wedges + allowed * (1 - 1 / wedges))
            * per_log_wedge
        ).sum(axis=0)
        newton = log_wedge - excess / np.minimum(slope, -np.finfo(slope.dtype).tiny)
        inside = (newton > low) & (newton < high)
        log_wedge = np.where(unsettled, np.where(inside, newton, (low + high) / 2), log_wedge)
    content = 1 - (before_duty * other).sum(axis=0) / net_cost
    feasible = content >= threshold - 10 * max(tolerance, float(np.finfo(net_cost.dtype).eps))
    return RestrictedMix(net_cost, content, log_wedge, feasible)
