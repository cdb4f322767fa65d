"""Pieces of what moves between sets of plants are worth to a block of firms, compiled.

The theory is that of `abm.core.choice.foresight`. The firm is the last axis, as it is there: the
innermost loops do the same for all firms of a block, several at a time. They take their numbers
from whole arrays: a view of an array costs as much as such a loop.
"""

import numpy as np
from numba import njit

NEGLIGIBLE = -40.0
"""Exponent from which on a sum of at least one is the same without its exponential."""


@njit(cache=True, nogil=True, error_model="numpy")
def decay(lattice, deaths, home, chances):
    """Fill in the probabilities of what is left of sets after a quarter.

    Parameters
    ----------
    lattice : Lattice
    deaths : ndarray, shape (firm, host)
    home : ndarray of int, shape (firm,)
    chances : ndarray, shape (config, config left, firm)
        Overwritten for the parts of each set.
    """
    has = lattice.has_plant
    configs, hosts = has.shape
    for whole in range(configs):
        plants = 0
        for host in range(hosts):
            plants += has[whole, host]
        for pair in range(lattice.part_ends[whole], lattice.part_ends[whole + 1]):
            part = lattice.part[pair]
            for firm in range(len(home)):
                chance = 1.0
                for host in range(hosts):
                    if has[whole, host]:
                        dies = deaths[firm, host]
                        if plants > 1 and home[firm] == host:
                            dies = 0.0
                        chance *= 1 - dies if has[part, host] else dies
                chances[whole, part, firm] = chance


@njit(cache=True, nogil=True, error_model="numpy")
def powers_of(near, later, discount, powers):
    """Fill in discounted transitions of every belief as seen from every quarter.

    Parameters
    ----------
    near, later : ndarray
        As of `abm.core.choice.dated_beliefs.Calendar`.
    discount : float
    powers : ndarray, shape (belief, quarter, quarters further ahead, regime, regime)
        Overwritten.
    """
    beliefs, quarters, lengths, regimes, _ = powers.shape
    powers[:] = 0.0
    for belief in range(beliefs):
        for quarter in range(quarters):
            for regime in range(regimes):
                powers[belief, quarter, 0, regime, regime] = 1.0
            for ahead in range(lengths - 1):
                dated = quarter + ahead < len(near)
                for row in range(regimes):
                    for middle in range(regimes):
                        chance = discount * powers[belief, quarter, ahead, row, middle]
                        for column in range(regimes):
                            if dated:
                                now = near[quarter + ahead, belief, middle, column]
                            else:
                                now = later[belief, middle, column]
                            powers[belief, quarter, ahead + 1, row, column] += chance * now


@njit(cache=True, nogil=True, error_model="numpy")
def decay_path(lattice, chances, config, quarters, some, path):
    """Fill in what is left of a set of some firms after 0, 1, ... up to some quarters.

    Shape (quarter, config, firm), for the parts of the set.
    """
    first, last = lattice.part_ends[config], lattice.part_ends[config + 1]
    for quarter in range(quarters + 1):
        for pair in range(first, last):
            part = lattice.part[pair]
            for firm in range(some[0], some[1]):
                path[quarter, part, firm] = 1.0 if quarter == 0 and part == config else 0.0
    for quarter in range(quarters):
        for at in range(first, last):
            between = lattice.part[at]
            for pair in range(lattice.part_ends[between], lattice.part_ends[between + 1]):
                part = lattice.part[pair]
                for firm in range(some[0], some[1]):
                    left = path[quarter, between, firm] * chances[between, part, firm]
                    path[quarter + 1, part, firm] += left


@njit(cache=True, nogil=True, error_model="numpy")
def incomes(lattice, path, until, some, profit, income):
    """Fill in what a set and what is left of it earn in each quarter, (quarter, regime, firm).

    ``until`` has the set and how many quarters.
    """
    config, quarters = until
    for quarter in range(quarters):
        for regime in range(income.shape[1]):
            for firm in range(some[0], some[1]):
                income[quarter, regime, firm] = 0.0
            for pair in range(lattice.part_ends[config], lattice.part_ends[config + 1]):
                part = lattice.part[pair]
                for firm in range(some[0], some[1]):
                    earned = path[quarter, part, firm] * profit[part, regime, firm]
                    income[quarter, regime, firm] += earned


@njit(cache=True, nogil=True, error_model="numpy")
def after_deaths(lattice, chances, values, quarter, regimes, expected):
    """Fill in values of sets after a quarter's deaths, (config, regime, firm), some regimes alone.

    ``values`` has shape (quarter, config, regime, firm).
    """
    for config in range(len(expected)):
        for regime in regimes:
            for firm in range(expected.shape[2]):
                expected[config, regime, firm] = 0.0
            for pair in range(lattice.part_ends[config], lattice.part_ends[config + 1]):
                part = lattice.part[pair]
                for firm in range(expected.shape[2]):
                    then = chances[config, part, firm] * values[quarter, part, regime, firm]
                    expected[config, regime, firm] += then


@njit(cache=True, nogil=True, error_model="numpy")
def reach(power, then, quarter, regimes, step, reached):
    """Fill in what sets are worth now if they are had after a delay, under some regimes.

    ``then`` has shape (quarter, config, regime, firm), the answer (delay, config, regime, firm).
    """
    for config in range(reached.shape[1]):
        for regime in regimes:
            for firm in range(reached.shape[3]):
                reached[step, config, regime, firm] = 0.0
            for following in range(len(power)):
                chance = power[regime, following]
                if chance != 0:
                    for firm in range(reached.shape[3]):
                        value = then[quarter, config, following, firm]
                        reached[step, config, regime, firm] += chance * value


@njit(cache=True, nogil=True, error_model="numpy")
def earned_before(powers, income, regime, quarters, earned):
    """Fill in what is earned before each coming quarter, (quarter, firm)."""
    earned[0] = 0.0
    for quarter in range(quarters):
        for firm in range(earned.shape[1]):
            earned[quarter + 1, firm] = earned[quarter, firm]
        for then in range(powers.shape[2]):
            chance = powers[quarter, regime, then]
            if chance != 0:
                for firm in range(earned.shape[1]):
                    earned[quarter + 1, firm] += chance * income[quarter, then, firm]


@njit(cache=True, nogil=True, error_model="numpy")
def worth_of_move(lattice, terms, money, move, some, arrays):
    """Fill in what a move under a regime is worth to some firms, sunk cost paid.

    Parameters
    ----------
    lattice : Lattice
    terms : Terms
    money : tuple of ndarray
        Profit, (config, regime, firm), and costs, (firm, config from, config to, regime or 1).
    move : tuple of int
        Kind of firm, set from, set to, and regime.
    some : tuple of int
        First and last firm.
    arrays : tuple of ndarray
        What is left of the first set, (quarter, config, firm), earned before each quarter,
        (quarter, firm), what sets reached are worth, (delay, config, regime, firm), and the
        answer, (row, firm), with the row to be filled.
    """
    profit, costs = money
    kind, config, target, regime = move
    path, earned, reached, worth, row = arrays
    by = regime if costs.shape[3] > 1 else 0
    delay, step = terms.delays[kind, config, target], terms.step[kind, config, target]
    if delay == 0:
        for firm in range(some[0], some[1]):
            income = profit[target, regime, firm] - costs[firm, config, target, by]
            worth[row, firm] = income + reached[step, target, regime, firm]
        return
    for firm in range(some[0], some[1]):
        worth[row, firm] = earned[delay, firm] - costs[firm, config, target, by]
    for pair in range(lattice.part_ends[config], lattice.part_ends[config + 1]):
        left = lattice.part[pair]
        lands = lattice.becomes[config, target, left]
        if lands >= 0:
            for firm in range(some[0], some[1]):
                then = path[delay, left, firm] * reached[step, lands, regime, firm]
                worth[row, firm] += then


@njit(cache=True, nogil=True, error_model="numpy")
def expected_best(worth, count, noise, best):
    """Fill in the expected best of the first choices, (choice, firm), with luck of a scale."""
    for firm in range(len(best)):
        top = worth[0, firm]
        for choice in range(1, count):
            top = max(top, worth[choice, firm])
        if noise > 0:
            total = 0.0
            for choice in range(count):
                behind = (worth[choice, firm] - top) / noise
                if behind > NEGLIGIBLE:
                    total += np.exp(behind)
            top += noise * np.log(total)
        best[firm] = top


@njit(cache=True, nogil=True, error_model="numpy")
def odds_of_best(worth, count, noise, odds):
    """Fill in the probabilities of the first choices; ties are split where there is no luck."""
    top, total = -np.inf, 0.0
    for choice in range(count):
        top = max(top, worth[choice])
    for choice in range(count):
        if noise > 0:
            odds[choice] = np.exp((worth[choice] - top) / noise)
        else:
            odds[choice] = 1.0 if worth[choice] == top else 0.0
        total += odds[choice]
    for choice in range(count):
        odds[choice] /= total
