"""A tariff that is only threatened deters entry as in Handley and Limao.

A firm with unit cost ``c`` can pay a sunk cost ``K`` once and then earn
``A * c**(1 - sigma) * tau**-sigma`` a period: ``tau_1`` now, ``tau_2`` for ever after
the bad news, which comes with probability ``p`` a period. With ``pi`` the profit before
the news and ``u = beta * p / (1 - beta)``, having entered is worth

    V = pi + beta * ((1 - p) * V + p * w * pi / (1 - beta))
      = pi / (1 - beta) * (1 + u * w) / (1 + u),               w = (tau_2 / tau_1)**-sigma.

The marginal firm does not enter after bad news, so waiting a period is worth
``beta * (1 - p) * (V - K)`` and it enters where ``V = K``: only the bad news counts, and
the cutoff cost falls by ``U = [(1 + u * w) / (1 + u)]**(1 / (sigma - 1))``.

The convention matters. The closed form has the firm pay now, earn this period's profit at
this period's tariff, and policy change after that, which is our rule for a move without
delay. If the plant opens ``L`` periods later, the news may come first, and the factor in
brackets becomes ``(1-p)**L * (1 + u*w) / (1 + u) + (1 - (1-p)**L) * w``: the same threat
deters more.
"""

import numpy as np
import pytest

from abm.core.choice.location import LocationProblem, choice_values, solve_values

OUT, IN = 0, 1
CALM = 0

# Closed form at sigma 4 and beta 0.90 a year, to three digits.
SIGMA, DISCOUNT = 4.0, 0.90
ARRIVALS = (0.02, 0.05, 0.10, 0.20, 0.50)
PUBLISHED = {
    0.025: (0.995, 0.990, 0.985, 0.979, 0.974),
    0.10: (0.984, 0.966, 0.947, 0.927, 0.905),
    0.25: (0.969, 0.935, 0.896, 0.853, 0.803),
    0.35: (0.963, 0.922, 0.875, 0.820, 0.754),
}
TARIFF, ARRIVAL = (
    grid.ravel() for grid in np.meshgrid(list(PUBLISHED), np.array(ARRIVALS), indexing="ij")
)
ENTRY_COST = 7.0


def closed_form(tariff, arrival, delay=0):
    """The cutoff under the threat, relative to the cutoff without it."""
    w = (1 + tariff) ** -SIGMA
    u = DISCOUNT * arrival / (1 - DISCOUNT)
    calm_until_opening = (1 - arrival) ** delay
    factor = calm_until_opening * (1 + u * w) / (1 + u) + (1 - calm_until_opening) * w
    return factor ** (1 / (SIGMA - 1))


def wants_to_enter(cost, tariff, arrival, delay):
    """Whether each firm, out and in calm times, enters at this unit cost."""
    firms = len(cost)
    profit = np.zeros((firms, 2, 2))
    profit[:, IN] = cost[:, None] ** (1 - SIGMA) * np.stack(
        [np.ones(firms), (1 + tariff) ** -SIGMA], axis=1
    )
    move_cost = np.zeros((firms, 2, 2))
    move_cost[:, OUT, IN] = ENTRY_COST
    transitions = np.array([[[1 - chance, chance], [0, 1]] for chance in arrival])
    problem = LocationProblem(
        profit,
        move_cost,
        np.array([[0, delay], [0, 0]]),
        transitions,
        np.arange(firms),
        DISCOUNT,
        review=1.0,
        noise=0.0,
    )
    values, _ = solve_values(problem, tolerance=1e-14)
    worth = choice_values(problem, values, np.full(firms, OUT), CALM)
    return worth[:, IN] > worth[:, OUT]


def cutoff_cost(tariff, arrival, delay=0):
    """Highest unit cost at which a firm enters in calm times, by bisection."""
    low, high = np.full(len(tariff), 1e-3), np.full(len(tariff), 10.0)
    for _ in range(50):
        middle = (low + high) / 2
        enters = wants_to_enter(middle, tariff, arrival, delay)
        low, high = np.where(enters, middle, low), np.where(enters, high, middle)
    return low


def cutoff_ratio(tariff, arrival, delay=0):
    """The cutoff under the threat over the cutoff of a firm that fears nothing."""
    fearless = cutoff_cost(tariff, np.zeros_like(arrival), delay)
    return cutoff_cost(tariff, arrival, delay) / fearless


def test_without_a_threat_the_cutoff_is_where_profits_for_ever_repay_entry():
    cutoff = cutoff_cost(np.array([0.35]), np.array([0.0]))
    np.testing.assert_allclose(cutoff ** (1 - SIGMA) / (1 - DISCOUNT), ENTRY_COST, rtol=1e-9)


def test_the_cutoff_ratio_is_the_closed_form():
    np.testing.assert_allclose(
        cutoff_ratio(TARIFF, ARRIVAL), closed_form(TARIFF, ARRIVAL), rtol=1e-6
    )


def test_the_cutoff_ratio_is_the_published_table():
    table = np.array(list(PUBLISHED.values())).ravel()
    # The table is rounded to three digits.
    np.testing.assert_allclose(cutoff_ratio(TARIFF, ARRIVAL), table, rtol=0, atol=5.01e-4)


def test_a_threat_of_35_percent_at_10_percent_a_year_asks_for_an_eighth_less_cost():
    ratio = cutoff_ratio(np.array([0.35]), np.array([0.10]))
    np.testing.assert_allclose(ratio, 0.875, atol=5e-4)


@pytest.mark.parametrize("delay", [1, 3])
def test_time_to_build_makes_the_same_threat_deter_more(delay):
    ratio = cutoff_ratio(TARIFF, ARRIVAL, delay)
    np.testing.assert_allclose(ratio, closed_form(TARIFF, ARRIVAL, delay), rtol=1e-6)
    assert np.all(ratio < closed_form(TARIFF, ARRIVAL))


def test_a_threat_alone_lowers_entry():
    """The higher the tariff or the sooner it may come, the fewer enter while it is calm."""
    rng = np.random.default_rng(3)
    cost = rng.uniform(0.6, 1.4, 1000) * cutoff_cost(np.array([0.0]), np.array([0.0]))

    def share_entering(tariff, arrival):
        firms = np.ones_like(cost)
        return wants_to_enter(cost, tariff * firms, arrival * firms, 0).mean()

    by_tariff = [share_entering(tariff, 0.10) for tariff in (0.0, *PUBLISHED)]
    by_arrival = [share_entering(0.35, arrival) for arrival in (0.0, *ARRIVALS)]
    assert by_tariff[0] == by_arrival[0]
    assert np.all(np.diff(by_tariff) < 0)
    assert np.all(np.diff(by_arrival) < 0)
