"""Values of sets of plants, compiled: twin of `abm.core.choice.plant_values.keeping_values`."""

import numpy as np
from numba import njit

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.location import MAX_NEWTON_STEPS
from abm.core.compiled.moves import (
    after_deaths,
    decay,
    decay_path,
    earned_before,
    expected_best,
    incomes,
    powers_of,
    reach,
    worth_of_move,
)
from abm.core.compiled.tables import firms_of, groups_of, in_order, lattice_of, outlook_of, terms_of
from abm.core.inputs.content_rules import Floats


def keeping_values(
    problem: PlantProblem, start: Floats | None = None, tolerance: float = 1e-10
) -> tuple[Floats, Floats]:
    """As `abm.core.choice.plant_values.keeping_values`, by compiled code."""
    location = problem.location
    values = np.zeros(location.profit.shape) if start is None else start.astype(np.float64)
    values = np.ascontiguousarray(values)
    residual, scale = np.empty(len(values)), problem.scale()
    if len(values):
        _solve_all(
            (lattice_of(problem.sets), terms_of(problem), firms_of(problem)),
            outlook_of(Calendar.steady(location.transitions), None),
            groups_of(location.transitions),
            in_order(problem),
            tolerance * scale,
            (values, residual),
        )
    return values, residual / scale


@njit(cache=True, nogil=True, error_model="numpy")
def _solve_all(tables, outlook, groups, ordered, tolerance, answer):
    """Overwrite starting values, (firm, config, regime), with the solution; and residuals."""
    lattice, terms, firms = tables
    order, begins = ordered
    values, residual = answer
    _, configs, regimes = values.shape
    longest = _longest_closing(lattice, terms)
    powers = np.empty((len(outlook.later), 1, max(1, longest) + 1, regimes, regimes))
    powers_of(outlook.near, outlook.later, terms.discount, powers)
    for block in range(len(begins) - 1):
        some = order[begins[block] : begins[block + 1]]
        belief = firms.belief[some[0]]
        chances = np.empty((configs, configs, len(some)))
        decay(lattice, firms.deaths[some], firms.home[some], chances)
        known = (lattice, terms, chances, powers[belief, 0], groups[belief], longest)
        profit = np.empty((configs, regimes, len(some)))
        solved = np.empty((1, configs, regimes, len(some)))
        for place, firm in enumerate(some):
            for config in range(configs):
                for regime in range(regimes):
                    profit[config, regime, place] = firms.profit[firm, config, regime]
                    solved[0, config, regime, place] = values[firm, config, regime]
        costs = firms.costs[some]
        worst = _upwards(known, (profit, costs), tolerance[some], outlook.possible[0], solved)
        for place, firm in enumerate(some):
            residual[firm] = worst[place]
            for config in range(configs):
                for regime in range(regimes):
                    values[firm, config, regime] = solved[0, config, regime, place]


@njit(cache=True, nogil=True, error_model="numpy")
def _longest_closing(lattice, terms):
    """The longest delay of moves that build nothing."""
    longest = 0
    for config in range(len(lattice.opens)):
        for pair in range(lattice.part_ends[config], lattice.part_ends[config + 1]):
            longest = max(longest, terms.delays[0, config, lattice.part[pair]])
    return longest


@njit(cache=True, nogil=True, error_model="numpy")
def _upwards(known, money, tolerance, every, values):
    """Solve a block of firms from the smallest sets upwards; the largest residuals.

    ``values`` has shape (1, config, regime, firm).
    """
    lattice, terms, chances, powers, _, longest = known
    _, configs, regimes, firms = values.shape
    closing, expected = np.empty((configs, regimes, firms)), np.empty(values.shape)
    reached = np.empty((len(terms.steps), configs, regimes, firms))
    worst = np.zeros(firms)
    for layer in range(len(lattice.layer_ends) - 1):
        members = lattice.member[lattice.layer_ends[layer] : lattice.layer_ends[layer + 1]]
        parts = lattice.part_ends[members[0] + 1] - lattice.part_ends[members[0]]
        if parts > 1:
            for config in members:
                _best_closing(known, money, config, reached, closing)
        _settle(known, money[0], (members, parts > 1), closing, tolerance, (values, worst))
        if layer < len(lattice.layer_ends) - 2:
            after_deaths(lattice, chances, values, 0, every, expected[0])
            reach(powers[1], expected, 0, every, 0, reached)
            for step in range(1, len(terms.steps)):
                if terms.steps[step] <= longest:
                    reach(powers[terms.steps[step]], values, 0, every, step, reached)
    return worst


@njit(cache=True, nogil=True, error_model="numpy")
def _best_closing(known, money, config, reached, closing):
    """Fill in the expected best of what a set may be reduced to, (config, regime, firm)."""
    lattice, terms, chances, powers, _, longest = known
    configs, regimes, firms = closing.shape
    first, last = lattice.part_ends[config], lattice.part_ends[config + 1] - 1
    every = (0, firms)
    path = np.empty((longest + 1, configs, firms))
    income, earned = np.empty((longest + 1, regimes, firms)), np.empty((longest + 1, firms))
    if longest > 0:
        decay_path(lattice, chances, config, longest, every, path)
        incomes(lattice, path, (config, longest), every, money[0], income)
    worth = np.empty((last - first, firms))
    for regime in range(regimes):
        earned_before(powers, income, regime, longest, earned)
        for pair in range(first, last):
            move = (0, config, lattice.part[pair], regime)
            arrays = (path, earned, reached, worth, pair - first)
            worth_of_move(lattice, terms, money, move, every, arrays)
        expected_best(worth, last - first, terms.keep_noise, closing[config, regime])


@njit(cache=True, nogil=True, error_model="numpy")
def _settle(known, profit, layer, closing, tolerance, answer):
    """Solve sets of a layer, group of regimes by group."""
    lattice, terms, chances, powers, groups, _ = known
    members, _ = layer
    values, _ = answer
    _, _, regimes, firms = values.shape
    start, later = np.empty((2, len(members), regimes, firms))
    for place, config in enumerate(members):
        for regime in range(regimes):
            for firm in range(firms):
                start[place, regime, firm] = values[0, config, regime, firm]
                # What comes of smaller sets, then of regimes that are settled already.
                later[place, regime, firm] = 0.0
            for pair in range(lattice.part_ends[config], lattice.part_ends[config + 1] - 1):
                part = lattice.part[pair]
                for firm in range(firms):
                    then = chances[config, part, firm] * values[0, part, regime, firm]
                    later[place, regime, firm] += then
    begin = 0
    while begin < regimes:
        end = groups[1, begin]
        inside = groups[0, begin:end]
        given = (terms, chances, powers[1], inside)
        _newton(given, profit, layer, (start, later, closing), tolerance, answer)
        for place, config in enumerate(members):
            for regime in inside:
                for firm in range(firms):
                    then = chances[config, config, firm] * values[0, config, regime, firm]
                    later[place, regime, firm] += then
        begin = end


@njit(cache=True, nogil=True, error_model="numpy")
def _newton(given, profit, layer, arrays, tolerance, answer):
    """Values of sets of a layer in one group of regimes, firm after firm."""
    terms, chances, power, inside = given
    members, may_close = layer
    start, later, closing = arrays
    values, worst = answer
    sets, count = len(members), len(inside)
    base, staying, gap, slope = np.empty((4, sets, count))
    rows, chain = np.empty((2, count, count))
    for row in range(count):
        for column in range(count):
            chain[row, column] = power[inside[row], inside[column]]
    for firm in range(values.shape[3]):
        for place in range(sets):
            config = members[place]
            survives = chances[config, config, firm]
            for row in range(count):
                regime, total, own = inside[row], 0.0, 0.0
                for following in range(len(power)):
                    total += power[regime, following] * later[place, following, firm]
                for column in range(count):
                    own += chain[row, column] * (survives * start[place, inside[column], firm])
                base[place, row] = profit[config, regime, firm] + total
                staying[place, row] = base[place, row] + own
        for _ in range(MAX_NEWTON_STEPS):
            residual = 0.0
            for place in range(sets):
                config = members[place]
                survives = chances[config, config, firm]
                for row in range(count):
                    value, rise = staying[place, row], 1.0
                    if may_close:
                        best = closing[config, inside[row], firm]
                        value, rise = _reviewed(value, best, terms.review, terms.keep_noise)
                    values[0, config, inside[row], firm] = value
                    slope[place, row] = survives * rise
                for row in range(count):
                    total = 0.0
                    for column in range(count):
                        value = values[0, config, inside[column], firm]
                        total += chain[row, column] * (survives * value)
                    gap[place, row] = base[place, row] + total - staying[place, row]
                    residual = max(residual, abs(gap[place, row]))
            if residual <= tolerance[firm]:
                break
            for place in range(sets):
                _solve(chain, slope[place], gap[place], rows)
                for row in range(count):
                    staying[place, row] += gap[place, row]
        worst[firm] = max(worst[firm], residual)


@njit(cache=True, nogil=True, error_model="numpy")
def _reviewed(staying, closing, review, noise):
    """Value before the review, and how much it rises with that of staying."""
    better = staying > closing
    top = staying if better else closing
    if noise == 0:
        stays = 0.5 if staying == closing else (1.0 if better else 0.0)
    else:
        behind = np.exp(abs(staying - closing) / -noise)
        top += noise * np.log1p(behind)
        stays = (1.0 if better else behind) / (1 + behind)
    return review * top + (1 - review) * staying, review * stays + 1 - review


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(chain, weight, step, rows):
    """Overwrite the gap with the solution of one set's linear equations, without pivots."""
    count = len(step)
    if count == 1:
        step[0] /= 1 - chain[0, 0] * weight[0]
        return
    for row in range(count):
        for column in range(count):
            rows[row, column] = -chain[row, column] * weight[column]
        rows[row, row] += 1
    for pivot in range(count):
        for row in range(pivot + 1, count):
            factor = rows[row, pivot] / rows[pivot, pivot]
            for column in range(pivot + 1, count):
                rows[row, column] -= factor * rows[pivot, column]
            step[row] -= factor * step[pivot]
    for pivot in range(count - 1, -1, -1):
        for column in range(pivot + 1, count):
            step[pivot] -= rows[pivot, column] * step[column]
        step[pivot] /= rows[pivot, pivot]
