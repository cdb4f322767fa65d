"""Prices of licences: where imports are what may come in, for demand whose answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from abm.core.demand.licences import LicenceSearch, imports_by_hat, price_by_hat

ELASTICITY = np.array([0.4, 1.0, 3.0, 8.0, 15.0])
FREE = np.array([1.0, 2.0, 5.0, 0.5, 1.5])
QUOTA = np.array([0.8, 1.5, 1.0, 0.4, 1.2])


def found(start, most, imports, rounds=24):
    search = LicenceSearch(start.copy(), QUOTA, most)
    for round_ in range(rounds):
        come = imports(search.price)
        if search.settled(come).all():
            return search.price, round_
        search.learn(come)
    raise AssertionError("prices did not settle")


def test_prices_are_those_at_which_imports_are_the_quota():
    price, rounds = found(np.zeros(5), np.full(5, 5.0), lambda p: FREE * (1 + p) ** -ELASTICITY)
    exact = (FREE / QUOTA) ** (1 / ELASTICITY) - 1
    np.testing.assert_allclose(FREE * (1 + price) ** -ELASTICITY, QUOTA, rtol=1e-3)
    np.testing.assert_allclose(price, exact, rtol=5e-3)
    assert rounds <= 14


def test_a_price_that_is_known_already_needs_one_look():
    exact = (FREE / QUOTA) ** (1 / ELASTICITY) - 1
    _, rounds = found(exact, np.full(5, 5.0), lambda p: FREE * (1 + p) ** -ELASTICITY)
    assert rounds == 0


def test_no_price_is_asked_where_less_comes_in_and_none_above_what_it_saves():
    price, _ = found(np.full(5, 0.02), np.full(5, 0.05), lambda p: FREE * (1 + p) ** -ELASTICITY)
    exact = np.minimum((FREE / QUOTA) ** (1 / ELASTICITY) - 1, 0.05)
    np.testing.assert_allclose(price, exact, rtol=5e-2)
    price, _ = found(np.full(5, 0.1), np.full(5, 5.0), lambda p: 0.5 * QUOTA * (1 + p) ** -2.0)
    assert (price == 0).all()


def test_a_price_is_found_where_demand_kinks():
    def imports(price):
        return QUOTA * np.where(price < 0.3, 3.0, 1.0 - 0.001 * (price - 0.3))

    price, _ = found(np.zeros(5), np.full(5, 5.0), imports)
    assert (price >= 0.3).all()


@pytest.mark.parametrize("common", [0.5, 0.9, 0.99])
def test_prices_are_found_where_buyers_look_at_the_mean_of_all(common):
    """Users of inputs pay the mean over the lines of a sector, and buy less of all of them."""

    def imports(price):
        mean = np.average(price, weights=QUOTA)
        return FREE * (1 + price) ** -(6 * (1 - common)) * (1 + mean) ** -(6 * common)

    price, _ = found(np.zeros(5), np.full(5, 5.0), imports)
    held = price > 0
    assert held.any()
    np.testing.assert_allclose(imports(price)[held], QUOTA[held], rtol=1e-3)
    assert (imports(price)[~held] <= QUOTA[~held] * 1.001).all()


SHARE = st.floats(0.0, 0.95)


@given(SHARE, SHARE, st.floats(0.05, 0.95), st.floats(1.0, 1.5), st.floats(1.0, 1.5))
def test_plans_find_the_price_that_a_root_finder_does(final_share, input_share, quota, was, duty):
    final = (np.array([2.0]), np.array([final_share]), np.array([3.0]))
    inputs = (np.array([1.0]), np.array([input_share]), np.array([5.0]))
    most = np.array([5.0])

    def beyond(price):
        relative = np.array([(duty + price) / was])
        come = imports_by_hat(*final, relative) + imports_by_hat(*inputs, relative)
        return float(come[0]) - 3 * quota

    if beyond(0) <= 0:
        exact = 0.0
    elif beyond(5.0) >= 0:
        exact = 5.0
    else:
        exact = brentq(beyond, 0, 5.0, xtol=1e-13)
    price = price_by_hat(
        final, inputs, np.array([was]), np.array([duty]), np.array([3 * quota]), most
    )
    assert float(price[0]) == pytest.approx(exact, abs=1e-9)


def test_imports_fall_by_the_elasticity_of_a_small_source_and_by_one_of_the_only_source():
    dearer = np.array([1.1])
    value = np.ones(1)
    small = imports_by_hat(value, np.zeros(1), np.array([4.0]), dearer)
    only = imports_by_hat(value, np.ones(1), np.array([4.0]), dearer)
    np.testing.assert_allclose([small[0], only[0]], [1.1**-5, 1 / 1.1], rtol=1e-12)
