"""When to use an opportunity to build: now, or once policy is known better.

The holder of an opportunity may use it now, in regime ``r``, and gain ``a(r) + luck`` over what he
gives up, or wait for news. It is still his a quarter later with probability ``stay``, and of use
if his plants are then the same, with probability ``remains(r)``. Having it is worth

    W(r) = max(a(r) + luck, T W(r)),     T(r, s) = beta * stay * remains(r) * P(r, s),

and waiting for ever is worth nothing. Raising luck by one raises waiting by at most the sum of a
row of ``T``, which is below one, and using by one. So there is a cutoff ``x(r)`` in every regime
from which on luck is used at once, and as luck rises, regimes join those that use it one by
one and never leave them. That gives all cutoffs exactly, one pivot a regime:

- When no regime uses it, ``W = 0``, and the first to do so is that of the largest ``a``.
- When some do, ``W(r) = b(r) + h(r) * luck`` in the others, ``b`` and ``h`` being what is gained
  and the discounted chance of gaining it when one of those regimes is first reached. The next to
  join is the one whose ``x(r) = (b(r) - a(r)) / (1 - h(r))`` is smallest.
- Let ``N`` be the inverse of ``I - T`` over the regimes that wait. When ``k`` joins, what the
  others expect changes by ``N(r, k) / N(k, k)``, their chance to reach ``k``, times the change of
  ``W(k)``; and ``N`` by ``-N(r, k) N(k, s) / N(k, k)``.

If bad news comes with probability ``p`` and good with ``q`` a quarter, both for ever, opportunities
last for ever, and building is worth ``A`` after good news and ``A - L`` after bad, the cutoff is
``-A + L * beta * p / (1 - beta + beta * p)`` whatever ``q``: only bad news count (Bernanke 1983).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from abm.core.blocks import blocks
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import foresee
from abm.core.choice.location import BLOCK_ENTRIES, MAX_NEWTON_STEPS
from abm.core.choice.parts_of_sets import Indices
from abm.core.inputs.content_rules import Floats
from abm.core.layout import first_last, last_first

OUT_OF_REACH = 1e200
"""In place of minus an infinite gain, so that differences stay numbers."""


@dataclass(frozen=True)
class Waiting:
    """What holders of opportunities expect while they wait.

    Attributes
    ----------
    expected : Calendar
        How policy is expected to change.
    belief : ndarray of int, shape (firm,)
        The row of ``expected`` a firm believes in.
    discount : float
        Weight of the next quarter, at least 0 and below 1.
    stay : float
        Probability that an opportunity is still there a quarter later, up to 1.
    remains : ndarray, shape (firm, regime) or (quarter ahead, firm, regime)
        Probability that the firm then still has the plants it has now; by quarter ahead,
        the horizon last, where ``expected`` has a horizon.
    """

    expected: Calendar
    belief: Indices
    discount: float
    stay: float
    remains: Floats

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, where expectations make no sense."""
        quarters = self.expected.horizon + 1
        firms, regimes = len(self.belief), self.expected.later.shape[-1]
        shape = (firms, regimes) if quarters == 1 else (quarters, firms, regimes)
        requirements = (
            (self.remains.shape == shape, "remains: wrong shape"),
            (0 <= self.discount < 1, "discount: not in [0, 1)"),
            (0 <= self.stay <= 1, "stay: not in [0, 1]"),
        )
        for holds, complaint in requirements:
            if not holds:
                raise ValueError(complaint)

    def take(self, firms: Indices | slice) -> Self:
        """The same for some firms."""
        return replace(self, belief=self.belief[firms], remains=self.remains[..., firms, :])

    def cutoffs(self, gain: Floats, regime: int) -> Floats:
        """As the function `cutoffs`, which others may work out in another way."""
        return cutoffs(gain, self, regime)

    def option_values(self, gain: Floats, luck: Floats, regime: int) -> Floats:
        """As the function `option_values`, likewise."""
        return option_values(gain, luck, self, regime)

    def to_next(self, ahead: int) -> Floats:
        """``T`` of a quarter ahead, shape (regime, regime, firm)."""
        remains = self.remains if self.remains.ndim == 2 else self.remains[ahead]
        weight = self.discount * self.stay * remains.T
        moves = self.expected.at(ahead).transpose(1, 2, 0).take(self.belief, axis=-1)
        result: Floats = weight[:, None] * moves
        return result


def lasting(quarters: float) -> float:
    """Probability that an opportunity is still there a quarter later.

    Parameters
    ----------
    quarters : float
        For how long one is there on average, the quarter in which it comes included: at least
        1, which says that it is used at once or lost; may be infinite.

    Raises
    ------
    ValueError
        If it is below 1.
    """
    if not quarters >= 1:
        raise ValueError(f"opportunity_quarters is {quarters}; it must be at least 1")
    return 1 - 1 / quarters


def cutoffs(gain: Floats, waiting: Waiting, regime: int) -> Floats:
    """Luck from which on each opportunity is used at once.

    Parameters
    ----------
    gain : ndarray, shape (firm, config to, regime) or (quarter ahead, firm, config to, regime)
        Worth of building over what is given up, luck left out; minus infinity where a set cannot
        be built. By quarter ahead, the horizon last, where ``waiting`` has a horizon.
    waiting : Waiting
    regime : int
        The one in force.

    Returns
    -------
    ndarray, shape (firm, config to)
        Infinite where a set cannot be built.
    """
    *_, firms, configs, regimes = gain.shape
    result = np.full((firms, configs), np.inf)
    today = gain.reshape(-1, firms, configs, regimes)[0, ..., regime]
    for rows in blocks(firms, max(1, BLOCK_ENTRIES // (8 * configs * regimes))):
        firm, target = np.nonzero(today[rows] > -np.inf)
        firm = firm + rows.start
        options = _Options.of(gain[..., firm, target, :], waiting.take(firm))
        result[firm, target] = options.cutoffs(regime)
    return result


def option_values(gain: Floats, luck: Floats, waiting: Waiting, regime: int) -> Floats:
    """What opportunities are worth over going on without.

    Parameters
    ----------
    gain : ndarray, shape (firm, regime) or (quarter ahead, firm, regime)
        Of the set that each firm could build, as for `cutoffs`.
    luck : ndarray, shape (firm,)
        Held by each firm.
    waiting : Waiting
    regime : int
        The one in force.

    Returns
    -------
    ndarray, shape (firm,)
        Not negative.
    """
    *_, firms, regimes = gain.shape
    result = np.empty(firms)
    for rows in blocks(firms, max(1, BLOCK_ENTRIES // (8 * regimes))):
        options = _Options.of(gain[..., rows, :], waiting.take(rows))
        result[rows] = options.values(luck[rows])[0][regime]
    return result


@dataclass(frozen=True)
class _Options:
    """Some opportunities, one a column.

    Attributes
    ----------
    gain : ndarray, shape (quarter ahead, regime, opportunity)
        The horizon last.
    waiting : Waiting
        Of their holders.
    """

    gain: Floats
    waiting: Waiting

    @classmethod
    def of(cls, gain: Floats, waiting: Waiting) -> Self:
        """From gains of shape (..., opportunity, regime)."""
        quarters = waiting.expected.horizon + 1
        by_quarter = gain.reshape(quarters, *gain.shape[-2:]).transpose(0, 2, 1)
        return cls(np.maximum(by_quarter, -OUT_OF_REACH), waiting)

    def values(self, luck: Floats) -> Floats:
        """Worth with some luck today and how it rises with luck, (2, regime, opportunity)."""
        if len(self.gain) == 1:
            return self._at_horizon(luck)
        return self._used_or_kept(luck, self.waited(luck), 0)

    def waited(self, luck: Floats) -> Floats:
        """The same without the right to use it today; only where there is a horizon."""
        later = self._at_horizon(luck)
        for ahead in range(len(self.gain) - 2, 0, -1):
            later = self._used_or_kept(luck, foresee(self._to_next[ahead], later), ahead)
        return foresee(self._to_next[0], later)

    def _at_horizon(self, luck: Floats) -> Floats:
        """Worth from the horizon on, and how it rises with luck."""
        return np.stack(_pivots(self.gain[-1], self._waits.copy(), luck)[:2])

    def _used_or_kept(self, luck: Floats, kept: Floats, ahead: int) -> Floats:
        """The better of using it in a quarter and of waiting, with what that is worth."""
        used = np.stack(np.broadcast_arrays(self.gain[ahead] + luck, 1.0))
        return np.where(used[0] >= kept[0], used, kept)

    @cached_property
    def _to_next(self) -> list[Floats]:
        """``T`` by quarter ahead, the horizon last."""
        return [self.waiting.to_next(ahead) for ahead in range(len(self.gain))]

    @cached_property
    def _waits(self) -> Floats:
        """``N`` when all regimes wait, at the horizon; shape (regime, regime, opportunity)."""
        to_next = self._to_next[-1]
        inverse = np.linalg.inv(np.eye(len(to_next)) - last_first(to_next))
        return np.array(first_last(inverse), order="C")

    def cutoffs(self, regime: int) -> Floats:
        """Luck from which on each is used today, shape (opportunity,)."""
        if len(self.gain) == 1:
            found: Floats = _pivots(self.gain[0], self._waits.copy(), None)[2][regime]
            return found
        # Using now less waiting is concave in luck and piecewise linear. So Newton's iteration
        # comes from below and ends on the piece that has the root.
        used = self.gain[0, regime]
        luck = -used
        for _ in range(MAX_NEWTON_STEPS):
            value, slope = self.waited(luck)[:, regime]
            gap = value - used - luck
            step = gap / (1 - slope)
            luck = luck + step
            if not (gap > 1e-13 * (1 + np.abs(value))).any():
                break
        return np.where(luck > OUT_OF_REACH / 2, np.inf, luck)


def _pivots(gain: Floats, waits: Floats, luck: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Let regimes join those that use an opportunity, in the order of their cutoffs.

    Parameters
    ----------
    gain : ndarray, shape (regime, opportunity)
    waits : ndarray, shape (regime, regime, opportunity)
        ``N`` when all wait; overwritten.
    luck : ndarray, shape (opportunity,), optional
        Up to which regimes join; without it all do.

    Returns
    -------
    value, slope, cutoffs : ndarray, shape (regime, opportunity)
        Worth with that luck and how it rises with luck, and the cutoffs of regimes that joined,
        infinite for others and for gains that are out of reach.
    """
    base, slope = np.zeros_like(gain), np.zeros_like(gain)
    found, last = np.full_like(gain, np.inf), np.full(gain.shape[1], -np.inf)
    joined = np.zeros(gain.shape, np.bool_)
    for _ in range(len(gain)):
        rest = np.where(joined, 1.0, 1 - slope)
        candidates = np.where(joined, np.inf, (base - gain) / rest)
        which = candidates.argmin(axis=0)[None]
        cutoff = np.maximum(np.take_along_axis(candidates, which, axis=0)[0], last)
        joins = cutoff < OUT_OF_REACH / 2
        if luck is not None:
            joins &= cutoff <= luck
        if not joins.any():
            break
        row = np.take_along_axis(waits, which[None], axis=0)[0]
        column = np.take_along_axis(waits, which[:, None], axis=1)[:, 0]
        of_it = np.where(joins, np.take_along_axis(column, which, axis=0), 1.0)
        reach = np.where(joins, column / of_it, 0.0)
        gained, owned, chance = (
            np.take_along_axis(array, which, axis=0) for array in (gain, base, slope)
        )
        base += reach * (gained - owned)
        slope += reach * (1 - chance)
        waits -= reach[:, None] * row
        last = np.where(joins, cutoff, last)
        np.put_along_axis(found, which, np.where(joins, cutoff, np.inf)[None], axis=0)
        np.put_along_axis(joined, which, joins[None], axis=0)
    value = base if luck is None else base + slope * luck
    return value, slope, found
