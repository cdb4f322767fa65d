"""When to use an opportunity to build, compiled: twin of `abm.core.opportunities.waiting`."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from abm.core.choice.location import MAX_NEWTON_STEPS
from abm.core.choice.parts_of_sets import Indices
from abm.core.compiled.tables import PolicyAhead, doubles, outlook_of
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.waiting import OUT_OF_REACH, Waiting


@dataclass(frozen=True)
class CompiledWaiting(Waiting):
    """What holders of opportunities expect while they wait, worked out one by one."""

    def cutoffs(self, gain: Floats, regime: int) -> Floats:
        """As `abm.core.opportunities.waiting.cutoffs`."""
        found = np.full(gain.shape[-3:-1], np.inf)
        _all_cutoffs(self._by_firm(gain, 3), self._chances(regime), regime, found)
        return found

    def option_values(self, gain: Floats, luck: Floats, regime: int) -> Floats:
        """As `abm.core.opportunities.waiting.option_values`."""
        found = np.empty(len(luck))
        _all_values(self._by_firm(gain, 2), self._chances(regime), doubles(luck), regime, found)
        return found

    def _chances(self, regime: int) -> tuple[PolicyAhead, Indices, Floats, float]:
        outlook = outlook_of(self.expected, regime)
        remains = self._by_firm(self.remains, 2)
        return outlook, self.belief.astype(np.int64), remains, float(self.discount * self.stay)

    def _by_firm(self, array: Floats, axes: int) -> NDArray[np.float64]:
        """What is known by quarter and firm, with the firm first."""
        quarters = array.reshape(self.expected.horizon + 1, *array.shape[-axes:])
        return doubles(quarters.swapaxes(0, 1))


@njit(cache=True, nogil=True, error_model="numpy")
def _all_cutoffs(gain, chances, regime, found):
    """Fill in the cutoffs of all firms, (firm, config to)."""
    firms, quarters, configs, regimes = gain.shape
    outlook, belief, remains, stay = chances
    to_next, waits = np.empty((quarters, regimes, regimes)), np.empty((regimes, regimes))
    of_one, room = np.empty((quarters, regimes)), np.empty((6 + regimes, regimes))
    for firm in range(firms):
        if quarters * regimes > 1:
            _expect(outlook, belief[firm], remains[firm], stay, to_next, waits)
        for target in range(configs):
            now = gain[firm, 0, target, regime]
            if not now > -np.inf:
                continue
            if quarters * regimes == 1:
                found[firm, target] = -now  # there is nothing to wait for
                continue
            _gather(gain[firm, :, target], outlook, of_one)
            found[firm, target] = _cutoff(
                of_one, to_next, waits, outlook.listed, _place(outlook, regime), room
            )


@njit(cache=True, nogil=True, error_model="numpy")
def _all_values(gain, chances, luck, regime, found):
    """Fill in what the opportunities that firms have are worth, (firm,)."""
    firms, quarters, regimes = gain.shape
    outlook, belief, remains, stay = chances
    to_next, waits = np.empty((quarters, regimes, regimes)), np.empty((regimes, regimes))
    of_one, room = np.empty((quarters, regimes)), np.empty((6 + regimes, regimes))
    place = _place(outlook, regime)
    for firm in range(firms):
        _expect(outlook, belief[firm], remains[firm], stay, to_next, waits)
        _gather(gain[firm, :, :], outlook, of_one)
        if quarters == 1:
            _pivots(of_one[0, : outlook.listed[0]], waits, luck[firm], True, room)
            found[firm] = room[0, place]
        else:
            value, _ = _waited(of_one, to_next, waits, outlook.listed, luck[firm], room)
            found[firm] = max(value, of_one[0, 0] + luck[firm])


@njit(cache=True, nogil=True, error_model="numpy")
def _place(outlook, regime):
    """Where the regime in force is among those that are possible."""
    for place in range(outlook.listed[0]):
        if outlook.possible[0, place] == regime:
            return place
    return 0


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(gain, outlook, of_one):
    """Fill in the gains of one opportunity under regimes that are possible, none of it infinite."""
    for quarter in range(len(gain)):
        for place in range(outlook.listed[quarter]):
            now = gain[quarter, outlook.possible[quarter, place]]
            of_one[quarter, place] = max(now, -OUT_OF_REACH)


@njit(cache=True, nogil=True, error_model="numpy")
def _expect(outlook, belief, remains, stay, to_next, waits):
    """Fill in ``T`` of every quarter, and ``N`` when all regimes wait at the horizon."""
    possible, count = outlook.possible, outlook.listed
    horizon = len(count) - 1
    for quarter in range(horizon + 1):
        then = min(quarter + 1, horizon)
        chain = outlook.near[quarter, belief] if quarter < horizon else outlook.later[belief]
        for row in range(count[quarter]):
            weight = stay * remains[quarter, possible[quarter, row]]
            for column in range(count[then]):
                chance = chain[possible[quarter, row], possible[then, column]]
                to_next[quarter, row, column] = weight * chance
    _invert(to_next[horizon], count[horizon], waits)


@njit(cache=True, nogil=True, error_model="numpy")
def _invert(rows, count, inverse):
    """Fill in the inverse of ``I - T``, whose diagonal dominates: no pivots; ``T`` is used up."""
    for row in range(count):
        for column in range(count):
            rows[row, column] = (row == column) - rows[row, column]
            inverse[row, column] = 1.0 if row == column else 0.0
    for pivot in range(count):
        scale = 1 / rows[pivot, pivot]
        for column in range(count):
            rows[pivot, column] *= scale
            inverse[pivot, column] *= scale
        for row in range(count):
            factor = rows[row, pivot]
            if row != pivot and factor != 0:
                for column in range(count):
                    rows[row, column] -= factor * rows[pivot, column]
                    inverse[row, column] -= factor * inverse[pivot, column]


@njit(cache=True, nogil=True, error_model="numpy")
def _cutoff(gain, to_next, waits, count, place, room):
    """Luck from which on one opportunity is used today."""
    if len(gain) == 1:
        _pivots(gain[0, : count[0]], waits, 0.0, False, room)
        return room[2, place]
    # From below, as in the reference.
    used = gain[0, 0]
    luck = -used
    for _ in range(MAX_NEWTON_STEPS):
        value, slope = _waited(gain, to_next, waits, count, luck, room)
        gap = value - used - luck
        luck += gap / (1 - slope)
        if not gap > 1e-13 * (1 + abs(value)):
            break
    return np.inf if luck > OUT_OF_REACH / 2 else luck


@njit(cache=True, nogil=True, error_model="numpy")
def _waited(gain, to_next, waits, count, luck, room):
    """Worth of waiting today and how it rises with luck; only where there is a horizon."""
    horizon = len(gain) - 1
    value, slope, kept, rises = room[0], room[1], room[3], room[4]
    _pivots(gain[horizon, : count[horizon]], waits, luck, True, room)
    for ahead in range(horizon - 1, -1, -1):
        for row in range(count[ahead]):
            worth, rise = 0.0, 0.0
            for column in range(count[ahead + 1]):
                chance = to_next[ahead, row, column]
                worth += chance * value[column]
                rise += chance * slope[column]
            used = gain[ahead, row] + luck
            if ahead > 0 and used >= worth:
                worth, rise = used, 1.0
            kept[row], rises[row] = worth, rise
        for row in range(count[ahead]):
            value[row], slope[row] = kept[row], rises[row]
    return value[0], slope[0]


@njit(cache=True, nogil=True, error_model="numpy")
def _pivots(gain, all_wait, luck, up_to_luck, room):
    """Let regimes join those that use an opportunity, in the order of their cutoffs.

    Values (without luck what does not depend on it), slopes and cutoffs are the first rows of
    ``room``.
    """
    base, slope, found, joined, row = room[0], room[1], room[2], room[3], room[4]
    waits = room[6:]
    count = len(gain)
    for regime in range(count):
        base[regime], slope[regime], found[regime], joined[regime] = 0.0, 0.0, np.inf, 0.0
        for column in range(count):
            waits[regime, column] = all_wait[regime, column]
    last = -np.inf
    for _ in range(count):
        which, lowest = -1, np.inf
        for regime in range(count):
            if joined[regime] == 0:
                candidate = (base[regime] - gain[regime]) / (1 - slope[regime])
                if which < 0 or candidate < lowest:
                    which, lowest = regime, candidate
        cutoff = max(lowest, last)
        if not cutoff < OUT_OF_REACH / 2 or (up_to_luck and not cutoff <= luck):
            break
        gained, chance, of_it = gain[which] - base[which], 1 - slope[which], waits[which, which]
        for column in range(count):
            row[column] = waits[which, column]
        for regime in range(count):
            reach = waits[regime, which] / of_it
            base[regime] += reach * gained
            slope[regime] += reach * chance
            for column in range(count):
                waits[regime, column] -= reach * row[column]
        last, found[which], joined[which] = cutoff, cutoff, 1.0
    if up_to_luck:
        for regime in range(count):
            base[regime] += slope[regime] * luck
