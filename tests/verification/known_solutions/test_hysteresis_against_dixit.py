"""Two-way shocks and sunk costs leave a band of inaction, as in Dixit (1989).

An active firm earns ``P - w`` a year, where the price ``P`` is a geometric Brownian
motion without drift; entering costs ``k``, leaving nothing. Dixit's two thresholds solve
value matching and smooth pasting in continuous time. Our rule gets the same firm as many
regimes: a lattice of prices, one step up or down a period, the chances such that the
price is a martingale. The outermost prices last for ever, which keeps it one, so that
only the remote options to act out there are lost.

Each lattice allows action at its own prices alone. Several lattices, shifted by fractions
of a step, are solved as a batch, and the threshold is the geometric mean of the first
price at which each acts.
"""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import root

from abm.core.choice.location import LocationProblem, choice_values, solve_values

OUT, IN = 0, 1
OPERATING_COST = 1.0
N_PRICES, N_SHIFTS = 101, 8
HALF_WIDTH = 1.5
"""Of the lattice, in log price: from 0.22 to 4.5 times the operating cost."""


def dixit_thresholds(interest, volatility, entry_cost):
    """Prices at which a firm enters and leaves, from Dixit's four conditions."""
    spread = np.sqrt(0.25 + 2 * interest / volatility**2)
    rise, fall = 0.5 + spread, 0.5 - spread

    def mismatch(log_prices):
        prices = np.exp(log_prices)
        # Smooth pasting is linear in the two options; value matching is left to the solver.
        pasting = np.stack([rise * prices ** (rise - 1), -fall * prices ** (fall - 1)], axis=1)
        to_enter, to_leave = np.linalg.solve(pasting, np.full(2, 1 / interest))
        active = (prices - OPERATING_COST) / interest + to_leave * prices**fall
        idle = to_enter * prices**rise
        return active - idle - [entry_cost, 0]

    full_cost = OPERATING_COST + interest * entry_cost
    solution = root(mismatch, np.log([1.3 * full_cost, 0.8 * OPERATING_COST]), tol=1e-12)
    assert solution.success, solution.message
    return np.exp(solution.x)


def lattice_of_prices(volatility):
    """Years a step stands for, the shifted price lattices, and the chances of each step."""
    step = 2 * HALF_WIDTH / (N_PRICES - 1)
    shifts = step * (np.arange(N_SHIFTS) + 0.5) / N_SHIFTS
    prices = np.exp(np.linspace(-HALF_WIDTH, HALF_WIDTH, N_PRICES) + shifts[:, None])
    up = 1 / (1 + np.exp(step))
    transitions = np.eye(N_PRICES)
    inner = np.arange(1, N_PRICES - 1)
    transitions[inner, inner] = 0
    transitions[inner, inner + 1] = up
    transitions[inner, inner - 1] = 1 - up
    years_per_period = (step / volatility) ** 2
    return years_per_period, prices, transitions


def actions_on_lattice(interest, volatility, entry_cost):
    """Prices, and where a firm that follows our rule enters and leaves."""
    years_per_period, prices, transitions = lattice_of_prices(volatility)
    discount = np.exp(-interest * years_per_period)
    profit = np.zeros((N_SHIFTS, 2, N_PRICES))
    profit[:, IN] = (prices - OPERATING_COST) * (1 - discount) / interest
    move_cost = np.zeros((N_SHIFTS, 2, 2))
    move_cost[:, OUT, IN] = entry_cost
    problem = LocationProblem(
        profit,
        move_cost,
        np.zeros((2, 2), int),
        transitions[None],
        np.zeros(N_SHIFTS, int),
        discount,
        review=1.0,
        noise=0.0,
    )
    values, residual = solve_values(problem)
    assert residual.max() <= 1e-10
    worth = choice_values(problem, values)
    enters = worth[:, OUT, IN] > worth[:, OUT, OUT]
    leaves = worth[:, IN, OUT] > worth[:, IN, IN]
    # The outermost prices never change again: there a firm acts as without uncertainty.
    return (array[:, 1:-1] for array in (prices, enters, leaves))


def lattice_thresholds(interest, volatility, entry_cost):
    """Prices at which a firm that follows our rule enters and leaves."""
    prices, enters, leaves = actions_on_lattice(interest, volatility, entry_cost)
    entry = np.where(enters, prices, np.inf).min(axis=1)
    departure = np.where(leaves, prices, 0).max(axis=1)
    return np.exp(np.log([entry, departure]).mean(axis=1))


def test_the_reference_is_the_published_solution():
    """Thresholds solved from the four conditions of the problem, to three digits."""
    np.testing.assert_allclose(dixit_thresholds(0.025, 0.1, 4), [1.467, 0.766], atol=5e-4)
    full_cost = OPERATING_COST + 0.05 * 4
    published = {0.05: (1.16, 0.87), 0.1: (1.29, 0.78), 0.2: (1.56, 0.67)}
    for volatility, (entry, exit_) in published.items():
        high, low = dixit_thresholds(0.05, volatility, 4)
        # Two digits; the first, 1.16, is 1.155 when solved to full precision.
        np.testing.assert_allclose([high / full_cost, low], [entry, exit_], atol=6e-3)


@pytest.mark.parametrize(
    ("interest", "volatility", "entry_cost"),
    [
        (0.025, 0.1, 4.0),
        (0.05, 0.05, 4.0),
        (0.05, 0.1, 4.0),
        (0.05, 0.2, 4.0),
        (0.025, 0.1, 0.1),
    ],
)
def test_our_rule_on_a_price_lattice_has_the_thresholds_of_dixit(interest, volatility, entry_cost):
    ours = lattice_thresholds(interest, volatility, entry_cost)
    exact = dixit_thresholds(interest, volatility, entry_cost)
    # A sixth of the lattice step of 0.03, which bounds what the lattice can resolve.
    np.testing.assert_allclose(np.log(ours), np.log(exact), rtol=0, atol=0.005)


def test_the_band_is_wider_than_net_present_value_says():
    """Dixit: from 1.10 and 1.00 under certainty to 1.467 and 0.766."""
    entry, exit_ = lattice_thresholds(0.025, 0.1, 4.0)
    assert entry > 1.3 * (OPERATING_COST + 0.025 * 4.0)
    assert exit_ < 0.8 * OPERATING_COST


def test_without_a_sunk_cost_there_is_no_band():
    prices, enters, leaves = actions_on_lattice(0.025, 0.1, 0.0)
    np.testing.assert_array_equal(enters, prices > OPERATING_COST)
    np.testing.assert_array_equal(leaves, prices < OPERATING_COST)


def test_the_band_widens_with_the_sunk_cost():
    bands = [lattice_thresholds(0.025, 0.1, cost) for cost in (0.0, 0.1, 1.0, 4.0)]
    for narrow, wide in pairwise(bands):
        assert wide[0] > narrow[0]
        assert wide[1] < narrow[1]


def test_the_band_widens_with_uncertainty():
    bands = [lattice_thresholds(0.05, volatility, 4.0) for volatility in (0.05, 0.1, 0.2)]
    for calm, wild in pairwise(bands):
        assert wild[0] > calm[0]
        assert wild[1] < calm[1]


GOOD, BAD = 0, 1
LEVELS = np.linspace(-1, 1, 2001)
"""Mean profit of two thousand firms alike in all else."""


def levels_of_entry_and_exit(swing, sunk_cost, chance_of_change=0.05, discount=0.98):
    """By regime, the lowest mean profit that makes firms enter, the highest that makes them leave.

    Profit is ``swing`` above its mean in good times and as much below in bad times.
    """
    firms = len(LEVELS)
    profit = np.zeros((firms, 2, 2))
    profit[:, IN, GOOD], profit[:, IN, BAD] = LEVELS + swing, LEVELS - swing
    move_cost = np.zeros((firms, 2, 2))
    move_cost[:, OUT, IN] = sunk_cost
    stay = 1 - chance_of_change
    problem = LocationProblem(
        profit,
        move_cost,
        np.zeros((2, 2), int),
        np.array([[[stay, chance_of_change], [chance_of_change, stay]]]),
        np.zeros(firms, int),
        discount,
        review=1.0,
        noise=0.0,
    )
    worth = choice_values(problem, solve_values(problem)[0])
    enters = worth[:, OUT, IN] > worth[:, OUT, OUT]
    leaves = worth[:, IN, OUT] > worth[:, IN, IN]
    return [
        (LEVELS[enters[:, regime]].min(), LEVELS[leaves[:, regime]].max()) for regime in (GOOD, BAD)
    ]


@pytest.mark.parametrize("regime", [GOOD, BAD])
def test_in_either_regime_a_band_opens_with_the_sunk_cost(regime):
    widths = []
    for sunk_cost in (0.0, 0.5, 2.0, 6.0):
        entry, departure = levels_of_entry_and_exit(0.3, sunk_cost)[regime]
        widths.append(entry - departure)
    # Without a sunk cost a firm is in wherever this quarter pays; the grid has steps of 0.001.
    assert widths[0] <= 0.002 + 1e-9
    assert np.all(np.diff(widths) > 0)


def test_a_plant_built_in_good_times_outlives_them():
    """Hysteresis: some firms would not enter in bad times and yet do not leave in them."""
    (enter_good, _), (enter_bad, leave_bad) = levels_of_entry_and_exit(0.3, 6.0)
    assert leave_bad < enter_good < enter_bad


def test_with_a_larger_swing_entry_asks_for_more_profit_and_more_loss_is_borne():
    entry_profits, losses_borne = [], []
    for swing in (0.0, 0.1, 0.3, 0.5):
        (enter_good, _), (_, leave_bad) = levels_of_entry_and_exit(swing, 6.0)
        entry_profits.append(enter_good + swing)
        losses_borne.append(swing - leave_bad)
    assert np.all(np.diff(entry_profits) > 0)
    assert np.all(np.diff(losses_borne) > 0)
