"""What firms sell while some of their plants are young."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm import RelocationModel
from abm.core.demand.customers import split_today
from abm.core.demand.youth import (
    ASSIGNED,
    FOLLOWED,
    MOST_AT_HOME,
    WON,
    sales_when_young,
    split_when_young,
)
from experiments.scenarios.overrides import load_scenario
from tests.strategies import seeds

PLANTS, MARKETS = 4, 2
DISPERSION, SIGMA = np.array([6.0]), np.array([4.0])


def reach_of(seed):
    """Reach of a firm with some plants, of which the first is at home."""
    random = np.random.default_rng(seed)
    stands = np.concatenate([[True], random.random(PLANTS - 1) < 0.6])
    return (random.uniform(0.1, 3, (PLANTS, MARKETS)) * stands[:, None])[None]


def as_old(assigned, won=1.0):
    """How far sales have built up: a part assigned to plants elsewhere, and won at home."""
    built = np.ones((1, PLANTS, 3))
    built[..., (ASSIGNED, FOLLOWED)] = assigned
    built[..., WON] = won
    built[:, 0, (ASSIGNED, FOLLOWED)] = 1
    return built


@given(seeds)
def test_old_plants_sell_all_that_they_will(seed):
    reach = reach_of(seed)
    sold = sales_when_young(reach, as_old(1.0), np.array([0]), DISPERSION, SIGMA)
    np.testing.assert_allclose(sold, reach > 0, rtol=1e-6)


@given(seeds, st.floats(0.01, 0.99))
def test_what_young_plants_do_not_make_yet_is_made_at_home(seed, assigned):
    today = split_today(reach_of(seed))
    split = split_when_young(today, as_old(assigned)[..., ASSIGNED], np.array([0]))
    np.testing.assert_allclose(split.sum(axis=1), 1)
    assert (split[:, 0] >= today[:, 0] * (1 - 1e-9)).all()
    can_be_made_there = 1 - assigned * (1 - today[:, 0]) < MOST_AT_HOME * today[:, 0]
    wanted = (assigned * today).swapaxes(1, 2)[can_be_made_there]
    np.testing.assert_allclose(split.swapaxes(1, 2)[can_be_made_there][:, 1:], wanted[:, 1:])


@given(seeds, st.floats(0.01, 0.9))
def test_a_firm_sells_less_than_it_will_but_more_than_its_plants_at_home_would_leave(seed, part):
    """Customers lost to the price at home are fewer than what young plants do not make."""
    reach = reach_of(seed)
    today = split_today(reach)
    young = sales_when_young(reach, as_old(part), np.array([0]), DISPERSION, SIGMA)
    sells = (today * young).sum(axis=1)
    several = (reach[0] > 0).sum(axis=0) > 1
    assert (sells <= 1 + 1e-9).all()
    assert (sells[0, several] > (today[0, 0] + part * (1 - today[0, 0]))[several]).all()


def test_with_nothing_assigned_a_firm_sells_what_its_plant_at_home_would_alone():
    """The square root of reach is appeal where plants compete with one another half as much."""
    reach = np.array([[[1.0], [3.0], [0.0], [0.0]]])
    sigma = 1 + DISPERSION / 2
    young = sales_when_young(reach, as_old(0.0), np.array([0]), DISPERSION, sigma)
    assert (split_today(reach) * young).sum() == pytest.approx(np.sqrt(1 / 4))


def test_the_only_plant_of_a_firm_misses_what_it_has_not_won():
    reach = np.zeros((1, PLANTS, MARKETS))
    reach[:, 0] = 2.0
    sold = sales_when_young(reach, as_old(0.3, won=0.4), np.array([0]), DISPERSION, SIGMA)
    np.testing.assert_allclose(sold[0, 0], 0.4)
    # A plant elsewhere that is the only one has all customers of its firm.
    moved = sales_when_young(reach[:, ::-1], as_old(0.3), np.array([0]), DISPERSION, SIGMA)
    np.testing.assert_allclose(moved[0, -1], 1)


@pytest.mark.parametrize("speeds", [(0.7, 0.03), (0.15, 0.15), (1.0, 1.0)], ids=str)
def test_nothing_moves_in_the_first_quarter_however_slowly_sales_are_taken_over(speeds):
    """A year that is no rest point shows it at once: all buyers see it in the first quarter.

    Young plants win customers, and with relocation off no others close in their place.
    """
    win, shift = speeds
    still = ["firms.relocation=false", f"economy.win={win}", f"economy.shift={shift}"]
    model = RelocationModel(load_scenario("status-quo", still), firms=1000, rng=2)
    model.step()
    output = model.outcomes.groupby(["quarter", "region"])["output_musd"].sum().unstack()
    assert abs(output.loc[1] / output.loc[0] - 1).max() < 0.01


def test_where_all_sales_are_decided_anew_no_plant_is_young():
    at_once = ["economy.win=1.0", "economy.shift=1.0"]
    start = RelocationModel(load_scenario("status-quo", at_once), firms=100, rng=1).start
    assert (start.base_year.built == 1).all()
    model = RelocationModel(load_scenario("status-quo"), firms=100, rng=1)
    assert (model.start.base_year.built < 1).any()
