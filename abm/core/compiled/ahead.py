"""What firms look ahead to, compiled: twin of `abm.core.choice.dated_plants.look_ahead`."""

import numpy as np
from numba import njit

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.dated_plants import Ahead
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import MoveValues
from abm.core.compiled.moves import (
    after_deaths,
    decay,
    decay_path,
    earned_before,
    expected_best,
    incomes,
    odds_of_best,
    powers_of,
    reach,
    worth_of_move,
)
from abm.core.compiled.tables import firms_of, in_order, lattice_of, outlook_of, terms_of
from abm.core.inputs.content_rules import Floats


def look_ahead(
    problem: PlantProblem, expected: Calendar, later: Floats, config: Indices, regime: int
) -> Ahead:
    """As `abm.core.choice.dated_plants.look_ahead`, by compiled code.

    Of regimes that nobody thinks possible in a quarter nothing is worked out.
    """
    firms, configs, regimes = later.shape
    quarters = expected.horizon + 1
    # Firm by firm, so that what is written for one of them stands together.
    path, gain = np.zeros((2, firms, quarters, configs, regimes))
    path[:, -1] = later
    remains = np.zeros((firms, quarters, regimes))
    worth, keeping = np.zeros((2, firms, configs, regimes))
    stands = np.empty(firms)
    if firms:
        _look_all(
            (lattice_of(problem.sets), terms_of(problem), firms_of(problem)),
            outlook_of(expected, regime),
            config.astype(np.int64),
            in_order(problem, config),
            (path, gain, remains, worth, keeping, stands),
        )
    value = path[np.arange(firms), 0, config]
    today = MoveValues(worth, value, problem.sets.opens[config], keeping, stands)
    if quarters == 1:
        return Ahead(expected, path.swapaxes(0, 1), today, gain[:, 0], remains[:, 0])
    path, gain, remains = (array.swapaxes(0, 1) for array in (path, gain, remains))
    return Ahead(expected, path, today, gain, remains)


@njit(cache=True, nogil=True, error_model="numpy")
def _look_all(tables, outlook, standing, ordered, answer):
    """Fill in what all firms look ahead to."""
    lattice, terms, firms = tables
    order, begins = ordered
    path = answer[0]
    _, quarters, configs, regimes = path.shape
    powers = np.empty((len(outlook.later), quarters, max(1, terms.steps[-1]) + 1, regimes, regimes))
    powers_of(outlook.near, outlook.later, terms.discount, powers)
    for block in range(len(begins) - 1):
        some = order[begins[block] : begins[block + 1]]
        profit = np.empty((configs, regimes, len(some)))
        values = np.zeros((quarters, configs, regimes, len(some)))
        for place, firm in enumerate(some):
            for config in range(configs):
                for regime in range(regimes):
                    profit[config, regime, place] = firms.profit[firm, config, regime]
                    values[-1, config, regime, place] = path[firm, -1, config, regime]
        chances = np.empty((configs, configs, len(some)))
        decay(lattice, firms.deaths[some], firms.home[some], chances)
        worth = _backwards(
            (lattice, terms, chances, powers[firms.belief[some[0]]]),
            (profit, firms.costs[some]),
            (outlook.possible, outlook.listed),
            (standing[some], firms.kind[some]),
            values,
        )
        for place, firm in enumerate(some):
            survives = chances[standing[firm], standing[firm], place]
            given = (lattice, terms, outlook, standing[firm], survives)
            _put(given, place, firm, (values, worth), answer)


@njit(cache=True, nogil=True, error_model="numpy")
def _backwards(known, money, possible, stand, values):
    """Fill values before the horizon; the worth of moves from where firms stand.

    Values have shape (quarter ahead, config, regime, firm), the answer (quarter ahead, config to,
    regime, firm).
    """
    lattice, terms, chances, powers = known
    listed, count = possible
    quarters, configs, regimes, firms = values.shape
    worth = np.zeros(values.shape)
    keeps = _keep_paths(known, money[0])
    moves = _move_paths(known, money[0], stand)
    expected = np.empty((1, configs, regimes, firms))
    reached = np.empty((len(terms.steps), configs, regimes, firms))
    for quarter in range(quarters - 1, -1, -1):
        then = min(quarter + 1, quarters - 1)
        now = listed[quarter, : count[quarter]]
        after_deaths(lattice, chances, values, then, listed[then, : count[then]], expected[0])
        reach(powers[quarter, 1], expected, 0, now, 0, reached)
        for step in range(1, len(terms.steps)):
            delay = terms.steps[step]
            opens = min(quarter + delay, quarters - 1)
            reach(powers[quarter, delay], values, opens, now, step, reached)
        given = (lattice, terms, powers[quarter])
        if quarter < quarters - 1:
            _keep(given, money, now, keeps, reached, values[quarter])
        _move(given, money, now, moves, reached, worth[quarter])
    return worth


@njit(cache=True, nogil=True, error_model="numpy")
def _keep_paths(known, profit):
    """What is left of sets, and what they earn, while plants are closed."""
    lattice, terms, chances, _ = known
    configs, regimes, firms = profit.shape
    longest = 0
    for config in range(configs):
        for pair in range(lattice.part_ends[config], lattice.part_ends[config + 1]):
            longest = max(longest, terms.delays[0, config, lattice.part[pair]])
    path = np.empty((configs, longest + 1, configs, firms))
    income = np.empty((configs, longest + 1, regimes, firms))
    if longest > 0:
        for config in range(configs):
            decay_path(lattice, chances, config, longest, (0, firms), path[config])
            incomes(lattice, path[config], (config, longest), (0, firms), profit, income[config])
    return path, income


@njit(cache=True, nogil=True, error_model="numpy")
def _move_paths(known, profit, stand):
    """What is left of where firms stand, and earned there; and spans of firms.

    Firms of a span stand in the same set and take as long to move: (span, 4) with the first one,
    the last one, kind and set.
    """
    lattice, terms, chances, _ = known
    standing, kind = stand
    configs, regimes, firms = profit.shape
    longest = terms.steps[-1]
    path = np.empty((longest + 1, configs, firms))
    income = np.empty((longest + 1, regimes, firms))
    spans, count = np.empty((firms, 4), np.int64), 0
    for firm in range(firms):
        if firm == 0 or standing[firm] != standing[firm - 1] or kind[firm] != kind[firm - 1]:
            spans[count, 0], spans[count, 2], spans[count, 3] = firm, kind[firm], standing[firm]
            count += 1
        spans[count - 1, 1] = firm + 1
    for span in range(count):
        some, config = (spans[span, 0], spans[span, 1]), spans[span, 3]
        decay_path(lattice, chances, config, longest, some, path)
        incomes(lattice, path, (config, longest), some, profit, income)
    return path, income, spans[:count]


@njit(cache=True, nogil=True, error_model="numpy")
def _keep(known, money, regimes, paths, reached, values):
    """Fill in the values of sets before a quarter's review, (config, regime, firm)."""
    lattice, terms, powers = known
    path, income = paths
    configs, _, firms = values.shape
    longest = path.shape[1] - 1
    worth, best = np.empty((configs, firms)), np.empty(firms)
    earned = np.empty((longest + 1, firms))
    for config in range(configs):
        first, last = lattice.part_ends[config], lattice.part_ends[config + 1]
        for regime in regimes:
            earned_before(powers, income[config], regime, longest, earned)
            for pair in range(first, last):
                move = (0, config, lattice.part[pair], regime)
                arrays = (path[config], earned, reached, worth, pair - first)
                worth_of_move(lattice, terms, money, move, (0, firms), arrays)
            expected_best(worth, last - first, terms.keep_noise, best)
            for firm in range(firms):
                staying = (1 - terms.review) * worth[last - first - 1, firm]
                values[config, regime, firm] = terms.review * best[firm] + staying


@njit(cache=True, nogil=True, error_model="numpy")
def _move(known, money, regimes, paths, reached, worth):
    """Fill in the worth of all moves from where firms stand, (config to, regime, firm)."""
    lattice, terms, powers = known
    path, income, spans = paths
    configs, _, firms = worth.shape
    longest = len(path) - 1
    earned, of_target = np.empty((longest + 1, firms)), np.empty((configs, firms))
    for regime in regimes:
        earned_before(powers, income, regime, longest, earned)
        for target in range(configs):
            for span in range(len(spans)):
                move = (spans[span, 2], spans[span, 3], target, regime)
                some = (spans[span, 0], spans[span, 1])
                arrays = (path, earned, reached, of_target, target)
                worth_of_move(lattice, terms, money, move, some, arrays)
            for firm in range(firms):
                worth[target, regime, firm] = of_target[target, firm]


@njit(cache=True, nogil=True, error_model="numpy")
def _put(given, place, firm, found, answer):
    """Put a firm's values, and what follows from the worth of its moves, where they belong."""
    lattice, terms, outlook, config, survives = given
    values, worth = found
    path, gain, remains, worth_today, keeping, stands = answer
    quarters, configs, _, _ = values.shape
    first, last = lattice.part_ends[config], lattice.part_ends[config + 1]
    stands[firm] = survives
    keeping[firm, config] = 1.0
    of_parts, odds = np.empty((2, configs))
    for quarter in range(quarters):
        for regime in outlook.possible[quarter, : outlook.listed[quarter]]:
            for pair in range(first, last):
                of_parts[pair - first] = worth[quarter, lattice.part[pair], regime, place]
            odds_of_best(of_parts, last - first, terms.keep_noise, odds)
            kept = odds[last - first - 1]
            remains[firm, quarter, regime] = survives * (1 - terms.review * (1 - kept))
            for target in range(configs):
                value = values[quarter, target, regime, place]
                move = worth[quarter, target, regime, place]
                path[firm, quarter, target, regime] = value
                gained = move - values[quarter, config, regime, place]
                gain[firm, quarter, target, regime] = (
                    gained if lattice.opens[config, target] else -np.inf
                )
                if quarter == 0:
                    worth_today[firm, target, regime] = move
            if quarter == 0:
                for pair in range(first, last):
                    keeping[firm, lattice.part[pair], regime] = odds[pair - first]
