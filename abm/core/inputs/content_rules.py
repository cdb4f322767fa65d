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
"""Largest wedge tried: a firm that misses the rule even here has no qualifying source."""

MAX_ITERATIONS = 60


@dataclass(frozen=True)
class RestrictedMix:
    """The cheapest mix that meets the rule, and what it costs.

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
    mix = _tilted_mix(log_wedge, spend, foreign, before_duty, theta[:, None])
    return mix.originating, mix.other


@dataclass(frozen=True)
class _TiltedMix:
    """Spending under a wedge, shape (input, entry) each.

    ``tilted_share`` is the share of parts that do not originate under the wedge.
    """

    wedges: Floats
    originating: Floats
    other: Floats
    tilted_share: Floats


def mix_factors(
    log_wedges: Floats, foreign: Floats, power: Floats
) -> tuple[Floats, Floats, Floats]:
    """Factors by which wedges change spending on originating and on other parts.

    Parameters
    ----------
    log_wedges : ndarray, shape (input, entry)
        Logarithm of the wedge on each category.
    foreign : ndarray, shape (input, entry)
        Non-originating share of free spending.
    power : ndarray, shape (input, 1)
        Frechet shape of part prices.

    Returns
    -------
    originating, other, tilted_share : ndarray, shape (input, entry)
        Spending on each kind over what a free firm spends on it, and the share of parts
        that do not originate under the wedge.
    """
    # exp and log are vectorized in single precision everywhere, powers are not.
    log_tilt = -power * log_wedges
    tilted = foreign * np.exp(log_tilt)
    home = 1 - foreign
    # Without an originating source no part can be re-sourced: all spending bears the wedge.
    captive = home <= 0
    remaining = np.where(captive, 1, home + tilted)
    log_scale = (-1 / power - 1) * np.where(captive, log_tilt, np.log(remaining))
    originating = np.exp(np.where(captive, 0, log_scale))
    other = np.exp(log_scale + log_tilt - log_wedges)
    return originating, other, np.where(captive, 1, tilted / remaining)


def _tilted_mix(
    log_wedge: Floats, spend: Floats, foreign: Floats, before_duty: Floats, power: Floats
) -> _TiltedMix:
    wedges = category_wedges(log_wedge, before_duty)
    originating, other, tilted_share = mix_factors(np.log(wedges), foreign, power)
    originating *= spend * (1 - foreign)
    other *= spend * foreign
    return _TiltedMix(wedges, originating, other, tilted_share)


@dataclass(frozen=True)
class RunningOn:
    """What a firm buys under contracts that it cannot change now.

    Attributes
    ----------
    cost, foreign_value : ndarray, shape (entry,)
        Purchasers' value of all of it; value before duty of what does not originate.
    """

    cost: Floats
    foreign_value: Floats


# why: pure function of arrays: whatever it rests on is an argument
def meet_content_rule(
    spend: Floats,
    foreign: Floats,
    before_duty: Floats,
    theta: Floats,
    other_cost: Floats,
    threshold: Floats,
    start: Floats | None = None,
    tolerance: float = 1e-9,
    running: RunningOn | None = None,
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
    running : RunningOn, optional
        Purchases beside ``spend`` that are as they are.

    Returns
    -------
    RestrictedMix

    Notes
    -----
    The excess ``sum(before_duty * other) - (1 - threshold) * net_cost`` falls
    monotonically in the log wedge: its derivative is minus a sum of positive
    terms, written out below. Newton steps that leave the bracket are bisected.
    """
    power = theta[:, None]
    allowed = 1 - threshold
    entries = len(other_cost)
    solved = np.zeros_like(other_cost) if start is None else start.astype(other_cost.dtype)
    np.clip(solved, 0, MAX_LOG_WEDGE, out=solved)
    given = np.zeros_like(other_cost)
    if running is not None:
        other_cost, given = other_cost + running.cost, running.foreign_value
    problem = _Program(spend, foreign, before_duty, other_cost, allowed, given)
    active = np.arange(entries)
    log_wedge, low, high = solved, np.zeros_like(solved), np.full_like(solved, MAX_LOG_WEDGE)
    for _ in range(MAX_ITERATIONS):
        mix = _tilted_mix(log_wedge, problem.spend, problem.foreign, problem.before_duty, power)
        net_cost, excess = problem.net_cost_and_excess(mix)
        low = np.where(excess > 0, log_wedge, low)
        high = np.where(excess > 0, high, log_wedge)
        unsettled = (np.abs(excess) > tolerance * net_cost) & (high - low > 1e-12)
        unsettled &= ~((log_wedge == 0) & (excess <= 0))
        if not unsettled.any():
            break
        newton = log_wedge - excess / problem.slope(mix, log_wedge, power)
        inside = (newton > low) & (newton < high)
        log_wedge = np.where(unsettled, np.where(inside, newton, (low + high) / 2), log_wedge)
        solved[active] = log_wedge
        if 2 * np.count_nonzero(unsettled) < len(active):
            # More than half have converged, so dropping them saves more than it costs.
            active, problem = active[unsettled], problem.take(unsettled)
            log_wedge, low, high = log_wedge[unsettled], low[unsettled], high[unsettled]
    problem = _Program(spend, foreign, before_duty, other_cost, allowed, given)
    mix = _tilted_mix(solved, spend, foreign, before_duty, power)
    net_cost, excess = problem.net_cost_and_excess(mix)
    content = 1 - allowed - excess / net_cost
    feasible = content >= threshold - 10 * max(tolerance, float(np.finfo(net_cost.dtype).eps))
    return RestrictedMix(net_cost, content, solved, feasible)


@dataclass(frozen=True)
class _Program:
    """The data of the cost minimization under a content rule; the last axis is the entry."""

    spend: Floats
    foreign: Floats
    before_duty: Floats
    other_cost: Floats
    allowed: Floats
    given: Floats  # foreign value that no wedge changes

    def net_cost_and_excess(self, mix: _TiltedMix) -> tuple[Floats, Floats]:
        """Net cost, and non-originating value beyond what the rule allows."""
        net_cost = self.other_cost + (mix.originating + mix.other).sum(axis=0)
        excess = (self.before_duty * mix.other).sum(axis=0) + self.given
        excess -= self.allowed * net_cost
        return net_cost, excess

    def slope(self, mix: _TiltedMix, log_wedge: Floats, power: Floats) -> Floats:
        """Derivative of the excess in the log wedge, always negative."""
        before = self.before_duty / mix.wedges
        terms = before + self.allowed * (1 - 1 / mix.wedges)
        terms *= (power + 1) * mix.originating * mix.tilted_share
        terms *= np.exp(log_wedge) * before
        slope: Floats = np.minimum(-terms.sum(axis=0), -np.finfo(terms.dtype).tiny)
        return slope

    def take(self, entries: NDArray[np.bool_]) -> "_Program":
        """The same for some entries."""
        return _Program(*(array[..., entries] for array in vars(self).values()))
