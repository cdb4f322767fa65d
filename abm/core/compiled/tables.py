"""What compiled code is given: arrays with names, and sets of plants as lists of numbers."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.choice.attrition import ABROAD
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.location import regime_groups
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.sets import Booleans, Sets
from abm.core.inputs.content_rules import Floats

FIRMS_A_BLOCK = 64
"""Firms that are worked on at once, so that the processor does the same for several in one go."""


class Lattice(NamedTuple):
    """The configurations, and which are parts of which.

    Attributes
    ----------
    has_plant : ndarray of bool, shape (config, host)
    opens : ndarray of bool, shape (config from, config to)
    becomes : ndarray of int, shape (config from, config to, config left)
        As of `abm.core.choice.sets.Sets`.
    part, part_ends : ndarray of int, shapes (pair,) and (config + 1,)
        Parts of every set one after another, the set itself last, and where those of each begin.
    member, layer_ends : ndarray of int, shapes (config,) and (layer + 1,)
        Sets by layer, the smallest first, and where each layer begins.
    """

    has_plant: Booleans
    opens: Booleans
    becomes: Indices
    part: Indices
    part_ends: Indices
    member: Indices
    layer_ends: Indices


class FirmArrays(NamedTuple):
    """What differs between firms, in double precision.

    Attributes
    ----------
    profit : ndarray, shape (firm, config, regime)
    costs : ndarray, shape (firm, config from, config to, regime or 1)
    deaths : ndarray, shape (firm, host)
    home, kind, belief : ndarray of int, shape (firm,)
    """

    profit: Floats
    costs: Floats
    deaths: Floats
    home: Indices
    kind: Indices
    belief: Indices


class Terms(NamedTuple):
    """What all firms have in common.

    Attributes
    ----------
    delays : ndarray of int, shape (kind, config from, config to)
    steps : ndarray of int, shape (delay,)
        The different delays, rising; 0 comes first.
    step : ndarray of int, shape (kind, config from, config to)
        Which of ``steps`` each delay is.
    discount, review, keep_noise : float
    """

    delays: Indices
    steps: Indices
    step: Indices
    discount: float
    review: float
    keep_noise: float


class PolicyAhead(NamedTuple):
    """How policy is expected to change.

    Attributes
    ----------
    near : ndarray, shape (quarter ahead, belief, regime, regime)
    later : ndarray, shape (belief, regime, regime)
    possible : ndarray of int, shape (quarter ahead + 1, regime)
        First the regimes that somebody thinks possible, the horizon last.
    listed : ndarray of int, shape (quarter ahead + 1,)
        How many these are.
    """

    near: Floats
    later: Floats
    possible: Indices
    listed: Indices


@lru_cache(maxsize=8)
def lattice_of(sets: Sets) -> Lattice:
    """Sets of plants as compiled code takes them."""
    ends = np.cumsum([0, *map(len, sets.within)])
    layers = np.cumsum([0, *map(len, sets.layers)])
    # Copies, since compiled code takes arrays that may not be written to for another type.
    return Lattice(
        sets.has_plant.copy(),
        sets.opens.copy(),
        sets.becomes.astype(np.int64),
        np.concatenate(sets.within).astype(np.int64),
        ends.astype(np.int64),
        np.concatenate(sets.layers).astype(np.int64),
        layers.astype(np.int64),
    )


def firms_of(problem: PlantProblem) -> FirmArrays:
    """What differs between the firms of a problem."""
    location = problem.location
    firms, hosts = len(location.belief), problem.sets.has_plant.shape[1]
    deaths, home, slow = problem.deaths, problem.home, problem.slow
    return FirmArrays(
        doubles(location.profit),
        doubles(location.cost_by_regime),
        np.zeros((firms, hosts)) if deaths is None else doubles(deaths),
        np.full(firms, ABROAD, np.int64) if home is None else home.astype(np.int64),
        np.zeros(firms, np.int64) if slow is None else slow.astype(np.int64),
        location.belief.astype(np.int64),
    )


def terms_of(problem: PlantProblem) -> Terms:
    """What the firms of a problem have in common."""
    delays = problem.delays.astype(np.int64)
    steps = np.union1d(0, delays)
    location = problem.location
    return Terms(
        delays,
        steps,
        np.searchsorted(steps, delays),
        float(location.discount),
        float(location.review),
        float(problem.keep_noise),
    )


def outlook_of(expected: Calendar, regime: int | None) -> PolicyAhead:
    """How policy is expected to change, by those who are in some regime now.

    Without one every regime is possible.
    """
    regimes = expected.later.shape[-1]
    possible = np.zeros((expected.horizon + 1, regimes), np.int64)
    count = np.full(len(possible), regimes)
    if regime is None:
        possible[:] = np.arange(regimes)
    else:
        for ahead, found in enumerate(_possible(expected, regime)):
            possible[ahead, : len(found)], count[ahead] = found, len(found)
    return PolicyAhead(doubles(expected.near), doubles(expected.later), possible, count)


def _possible(expected: Calendar, regime: int) -> list[Indices]:
    """Regimes that somebody thinks possible in every quarter, from the horizon on the last."""
    found = expected.possible(regime) if expected.horizon else []
    last = np.zeros(expected.later.shape[-1], np.bool_)
    if found:
        last[expected.near[-1][:, found[-1]].any(axis=(0, 1))] = True
    else:
        last[regime] = True
    moves = expected.later.any(axis=0)
    for _ in range(len(last)):
        last |= moves[last].any(axis=0)
    return [*found, np.flatnonzero(last)]


def groups_of(transitions: Floats) -> NDArray[np.int64]:
    """Regimes that lead to each other, for compiled code; shape (belief, 2, regime).

    First regimes in the order in which they are solved, and then, at the place of each, where its
    group ends.
    """
    beliefs, regimes, _ = transitions.shape
    found = np.empty((beliefs, 2, regimes), np.int64)
    for belief, rows in enumerate(transitions):
        groups = regime_groups(rows[None])
        found[belief, 0] = np.concatenate(groups)
        sizes = [len(group) for group in groups]
        found[belief, 1] = np.repeat(np.cumsum(sizes), sizes)
    return found


def doubles(array: Floats) -> NDArray[np.float64]:
    """An array in double precision, as compiled code takes it."""
    found = np.ascontiguousarray(array, np.float64)
    return found if found.flags.writeable else found.copy()


def in_order(problem: PlantProblem, config: Indices | None = None) -> tuple[Indices, Indices]:
    """Firms in the order of what they believe, and then of kind and place; and where blocks begin.

    Firms of a block believe the same.
    """
    location = problem.location
    keys = [key for key in (config, problem.slow) if key is not None]
    order = np.lexsort((*keys, location.belief)).astype(np.int64)
    belief = location.belief[order]
    starts = np.flatnonzero(np.diff(belief, prepend=-1))
    ends = [*starts[1:].tolist(), len(belief)]
    begins = [
        np.arange(start, end, FIRMS_A_BLOCK)
        for start, end in zip(starts.tolist(), ends, strict=True)
    ]
    return order, np.concatenate([*begins, [len(belief)]]).astype(np.int64)
