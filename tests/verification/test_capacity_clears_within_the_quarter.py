"""Scarcity clears each plant's market within the quarter, and capacity follows what is wanted."""

import numpy as np
import pytest
from scipy.optimize import brentq

from abm.core.demand.capacity import Pace, SupplyCurve, clear, impact_elasticity, invest, rent

SUPPLY = SupplyCurve(slope=0.4)
PLANTS = (200, 3)


def plants(seed=0):
    """Output wanted from half to twice capacity; a third of the plants do not exist."""
    rng = np.random.default_rng(seed)
    capacity = rng.uniform(0.5, 5, PLANTS) * (rng.random(PLANTS) < 0.67)
    return capacity, capacity * np.exp(rng.uniform(-0.7, 0.7, PLANTS)), rng.uniform(0, 4, PLANTS)


def constant_elasticity(wanted, elasticity):
    return lambda u: wanted * u**-elasticity


def rivals(base, capacity, sigma, win):
    """Demand of buyers part of whom choose anew, among all plants of the market at once."""

    def demand(u):
        appeal = base * u ** (1 - sigma)
        share = (1 - win) * base / base.sum() + win * appeal / appeal.sum()
        return capacity.sum() * 1.2 * share / u

    return demand


def test_under_constant_elasticity_scarcity_is_the_closed_form():
    capacity, wanted, elasticity = plants()
    cleared = clear(SUPPLY, capacity, constant_elasticity(wanted, elasticity), elasticity)
    stands = capacity > 0
    log_use = np.log(wanted[stands] / capacity[stands])
    power = np.where(log_use > 0, 0.4, 0.1)
    expected = power * log_use / (1 + power * elasticity[stands])
    np.testing.assert_allclose(np.log(cleared.u[stands]), expected, atol=1e-12)
    assert (cleared.u[~stands] == 1).all()
    np.testing.assert_array_equal(cleared.wanted, wanted)


def test_one_step_from_the_start_is_enough_under_constant_elasticity():
    capacity, wanted, elasticity = plants()
    asked = []

    def demand(u):
        asked.append(u)
        return constant_elasticity(wanted, elasticity)(u)

    clear(SUPPLY, capacity, demand, elasticity)
    assert len(asked) == 2


def test_scarcity_is_what_output_and_capacity_say_whatever_demand_is():
    """And it is found from a poor guess of elasticities, and from none."""
    rng = np.random.default_rng(1)
    base, sigma = rng.uniform(0.1, 1, PLANTS), 5.0
    capacity = base * rng.uniform(0.4, 1.6, PLANTS)
    for win in (0.0, 0.15, 1.0):
        demand = rivals(base, capacity, sigma, win)
        found = []
        for guess in (impact_elasticity(win, np.full(PLANTS, sigma)), np.full(PLANTS, 1.0)):
            cleared = clear(SUPPLY, capacity, demand, guess, tolerance=1e-10)
            assert cleared.gap.max() <= 1e-10
            use = cleared.output / capacity
            u = np.where(use > 1, use**0.4, use**0.1)
            np.testing.assert_allclose(cleared.u, u, rtol=1e-9)
            np.testing.assert_allclose(cleared.output, demand(cleared.u), rtol=1e-14)
            found.append(cleared.u)
        np.testing.assert_allclose(*found, rtol=1e-8)


def test_a_plant_alone_clears_as_a_root_finder_says():
    wanted, capacity, elasticity = 3.0, 2.0, 2.5

    def demand(u):
        return wanted * u**-elasticity + 0.2 * np.exp(-u)

    def excess(log_u):
        return np.exp(log_u) - (demand(np.exp(log_u)) / capacity) ** 0.4

    cleared = clear(SUPPLY, np.full((1, 1), capacity), demand, np.full((1, 1), 2.0), 1e-13)
    assert np.log(cleared.u[0, 0]) == pytest.approx(brentq(excess, -1, 1, xtol=1e-14), abs=1e-12)


def test_supply_at_last_quarters_prices_would_swing_where_this_does_not():
    """Why it is solved within the quarter: from a product of slopes above one on."""
    wanted, elasticity = np.full((1, 1), 2.0), np.full((1, 1), 5.0)
    u, swings = 1.0, []
    for _ in range(6):
        u = float((wanted[0, 0] * u**-5.0) ** 0.4)
        swings.append(np.log(u))
    assert abs(swings[-1] - swings[-2]) > abs(swings[1] - swings[0])
    cleared = clear(SUPPLY, np.ones((1, 1)), constant_elasticity(wanted, elasticity), elasticity)
    assert np.log(cleared.u[0, 0]) == pytest.approx(0.4 * np.log(2) / (1 + 0.4 * 5))


def test_without_a_slope_scarcity_is_exactly_one_and_output_as_wanted():
    capacity, wanted, elasticity = plants()
    cleared = clear(
        SupplyCurve(slope=0.0), capacity, constant_elasticity(wanted, elasticity), elasticity
    )
    assert (cleared.u == 1).all()
    np.testing.assert_array_equal(cleared.output, wanted)
    assert not rent(cleared.u, np.full(PLANTS, 3.0), cleared.output).any()


def test_at_capacity_there_is_no_rent_above_it_one_and_below_it_a_small_loss():
    capacity = np.ones((1, 3))
    wanted = np.array([[1.0, 1.3, 1 / 1.3]])
    cleared = clear(SUPPLY, capacity, constant_elasticity(wanted, 0.0), np.zeros((1, 3)))
    at, above, below = rent(cleared.u, np.ones((1, 3)), cleared.output)[0]
    assert at == 0
    assert above == pytest.approx((1.3**0.4 - 1) * 1.3)
    assert below == pytest.approx((1.3**-0.1 - 1) / 1.3)


PACE = Pace()


@pytest.mark.parametrize(
    ("wanted", "capacity", "replacement", "expansion"),
    [
        (1.00, 1.00, 0.02, 0.00),
        (1.05, 1.05, 0.02, 0.05),
        (2.00, 1.12, 0.02, 0.12),
        (0.99, 0.99, 0.01, 0.00),
        (0.50, 0.98, 0.00, 0.00),
    ],
)
def test_capacity_follows_what_is_wanted_at_a_limited_pace(
    wanted, capacity, replacement, expansion
):
    one = np.ones((1, 1))
    found = invest(one, wanted * one, 0 * one, PACE)
    told = found.capacity, found.replacement, found.expansion, found.new
    np.testing.assert_allclose(np.ravel(told), [capacity, replacement, expansion, 0], atol=1e-14)


def test_what_is_built_is_what_capacity_gains_over_what_wears_out():
    capacity, wanted, _ = plants()
    opening = np.where((capacity == 0) & (np.arange(200) % 2 == 0)[:, None], 0.7, 0.0)
    found = invest(capacity, wanted, opening, PACE)
    built = found.replacement + found.expansion + found.new
    np.testing.assert_allclose(found.capacity, 0.98 * capacity + built, atol=1e-14)
    assert (np.stack([found.replacement, found.expansion, found.new]) >= 0).all()
    np.testing.assert_array_equal(found.capacity[opening > 0], 0.7)
    assert not found.capacity[(capacity == 0) & (opening == 0)].any()
    price = np.full(PLANTS, 2.0)
    paid = found.paid(price, build_cost=0.25)
    np.testing.assert_allclose(paid.new + paid.expansion, 2 * (found.new + found.expansion))


def test_a_plant_reaches_what_is_wanted_and_stays_there():
    capacity, wanted = np.ones((1, 1)), np.full((1, 1), 3.0)
    for _ in range(15):
        capacity = invest(capacity, wanted, 0 * wanted, PACE).capacity
    assert capacity[0, 0] == 3.0
    assert invest(capacity, wanted, 0 * wanted, PACE).capacity[0, 0] == 3.0


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: SupplyCurve(slope=-0.1), "slope: -0.1; must be at least 0"),
        (lambda: SupplyCurve(slope=0.4, slack=1.1), "slack: 1.1; must be between 0 and 1"),
        (lambda: Pace(rise=-1), "rise: -1; must be at least 0"),
        (lambda: Pace(wear=1.5), "wear: 1.5; must be between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()
