"""What many firms do with drawn luck is what is expected of them, within sampling error."""

from dataclasses import replace

import numpy as np
import pytest

from abm.core.choice.attrition import attrition
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.long_run import stationary_distribution
from abm.core.choice.plant_values import keeping_values, moves_from
from abm.core.choice.sets import ABSENT
from abm.core.opportunities.building import Building, Held, expected_moves
from abm.core.opportunities.waiting import Waiting
from tests.reference.plant_flows import expected_decisions, expected_flows
from tests.synthetic_plants import EMPTY, owners

COPIES = 40_000
"""Firms of each type that draw."""

HAZARD, STAY = 0.3, 0.75
HAZARD_OF_REVIEW = 0.4
"""Of the owners that are made up, by default."""

LARGEST = 4.5
"""Standard errors by which a frequency may differ: one in 150,000 goes further by chance."""


def types(regime=0, firms=12):
    """Firms under a threat that may come true or pass, in sets of all sizes."""
    chain = np.array([[[0.7, 0.15, 0.15], [0, 1, 0], [0, 0, 1.0]]] * 2)
    problem = owners(firms, 3, transitions=chain, seed=21, review=HAZARD, delays=(0, 0))
    profit = problem.location.profit
    profit[:, :, 0] = 0.6 * profit[:, :, 1] + 0.4 * profit[:, :, 2]
    config = np.arange(firms) % 7
    values, _ = keeping_values(problem, tolerance=1e-12)
    moves = moves_from(problem, values, config)
    waiting = Waiting(
        Calendar.steady(chain),
        problem.location.belief,
        problem.location.discount,
        STAY,
        moves.remains(config, HAZARD),
    )
    building = Building.weighed(moves.gain, waiting, regime, problem.location.noise)
    return building, moves, config


def holding(building):
    """Opportunities that are worth waiting with, one for each firm, just below the cutoff."""
    target = np.where(building.today > -np.inf, building.today, -np.inf).argmax(axis=1)
    firms = np.arange(len(target))
    return Held(target, building.cutoff[firms, target] - 0.05)


def quarter(building, held, rng):
    """Draws of a quarter: what firms hold after them, and who uses it."""
    firms, configs = building.cutoff.shape
    comes = rng.random(firms) < HAZARD
    drawn = building.draw(rng.gumbel(size=(firms, configs + 1))).only(comes)
    held = building.after_draws(held, drawn)
    return held, building.ready(held)


def assert_frequencies(drawn, expected, trials):
    error = np.sqrt(expected * (1 - expected) / trials)
    assert (np.abs(drawn - expected) <= LARGEST * error + 1e-15).all()


@pytest.mark.parametrize("holds", [False, True], ids=["without one", "holding one"])
def test_firms_build_each_set_as_often_as_expected(holds):
    building, _, _ = types()
    firms, configs = building.cutoff.shape
    held = holding(building) if holds else Held.none(firms)
    assert not building.ready(held).any()
    expected = building.expected(held, HAZARD)
    assert (expected.sum(axis=1) > 0.005).all()
    each = np.repeat(np.arange(firms), COPIES)
    after, acts = quarter(building.take(each), held.take(each), np.random.default_rng(7))
    counts = np.zeros((firms, configs))
    np.add.at(counts, (each[acts], after.target[acts]), 1)
    assert_frequencies(counts / COPIES, expected, COPIES)
    if holds:
        without = building.expected(Held.none(firms), HAZARD).sum(axis=1)
        assert (expected.sum(axis=1) <= without).all()
        assert (expected.sum(axis=1) < without).sum() > firms / 2


def test_who_is_ready_acts_for_sure_on_what_he_holds():
    building, _, _ = types()
    held = holding(building)
    ready = Held(held.target, held.luck + 0.1)
    expected = building.expected(ready, HAZARD)
    after, acts = quarter(building, ready, np.random.default_rng(0))
    assert acts.all()
    np.testing.assert_array_equal(after.target, held.target)
    np.testing.assert_array_equal(expected, np.eye(8)[held.target])


def test_over_quarters_of_a_held_stock_drawn_building_adds_up_to_what_was_expected():
    """Every quarter is expected from the stock that was drawn before it; then the news come."""
    rng = np.random.default_rng(11)
    buildings = [types(regime)[0] for regime in range(3)]
    each = np.repeat(np.arange(12), 2_000)
    stay = buildings[0].take(each)
    good = buildings[1].take(each)
    held = Held.none(len(each))
    drawn, expected, variance, stock = 0.0, 0.0, 0.0, []
    for when in range(12):
        now = good if when >= 8 else stay
        held = held.only(rng.random(len(each)) < STAY)
        odds = now.expected(held, HAZARD).sum(axis=1)
        held, acts = quarter(now, held, rng)
        drawn += acts.sum()
        expected += odds.sum()
        variance += (odds * (1 - odds)).sum()
        # The firm is then somewhere else; here one like it takes its place.
        held = held.only(~acts)
        stock.append(held.any.mean())
    assert abs(drawn - expected) <= LARGEST * np.sqrt(variance)
    assert 0.02 < stock[0] < stock[3]
    # Once all is known there is nothing to wait for.
    assert stock[-1] == 0


def test_all_moves_of_a_quarter_are_as_frequent_as_expected():
    building, moves, config = types()
    firms = len(config)
    held = Held.none(firms)
    expected = expected_moves(
        building.expected(held, HAZARD), moves.keeping[..., 0], HAZARD, config
    )
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-13)
    rng = np.random.default_rng(3)
    each = np.repeat(np.arange(firms), COPIES)
    after, acts = quarter(building.take(each), held.take(each), rng)
    reviews = (rng.random(len(each)) < HAZARD) & ~acts
    cumulated = moves.keeping[..., 0].cumsum(axis=1)[each]
    chosen = (rng.random(len(each))[:, None] > cumulated).sum(axis=1)
    ends = np.where(acts, after.target, np.where(reviews, chosen, config[each]))
    counts = np.zeros((firms, 8))
    np.add.at(counts, (each, ends), 1)
    assert_frequencies(counts / COPIES, expected, COPIES)


def test_what_can_build_nothing_draws_nothing():
    building, _, _ = types(firms=2)
    nothing = Building(
        np.full_like(building.gain, -np.inf),
        np.full_like(building.cutoff, np.inf),
        building.waiting,
        0,
        0.6,
    )
    drawn = nothing.draw(np.random.default_rng(0).gumbel(size=(2, 9)))
    assert (drawn.target == ABSENT).all()
    assert not drawn.luck.any()
    assert not nothing.expected_of_a_draw().any()
    assert not nothing.worth(drawn).any()


def test_in_one_regime_for_ever_nothing_is_held():
    """So that there is no stock at rest."""
    problem = owners(400, 1, seed=2)
    config = np.full(400, EMPTY)
    values, _ = keeping_values(problem)
    moves = moves_from(problem, values, config)
    waiting = Waiting(
        Calendar.steady(problem.location.transitions),
        problem.location.belief,
        problem.location.discount,
        STAY,
        moves.remains(config, HAZARD),
    )
    building = Building.weighed(moves.gain, waiting, 0, 0.6)
    held, acts = quarter(building, Held.none(400), np.random.default_rng(5))
    assert acts.any()
    assert not held.only(~acts).any.any()


def test_flows_from_every_set_are_those_of_firms_that_stand_there_and_reach_a_rest():
    """Decisions come first, deaths after; expected flows of the long run leave it as it is."""
    problem = owners(8, 1, seed=4, delays=(0, 0))
    values, _ = keeping_values(problem, tolerance=1e-12)
    decisions = expected_decisions(problem, values, STAY, HAZARD, 0)
    for standing in range(8):
        config = np.full(8, standing)
        moves = moves_from(problem, values, config)
        gain = np.exp(moves.gain[..., 0] / 0.6)
        built = HAZARD * gain / (1 + gain.sum(axis=1, keepdims=True))
        closed = (1 - built.sum(axis=1, keepdims=True)) * HAZARD_OF_REVIEW * moves.keeping[..., 0]
        expected = built + closed
        expected[:, standing] += 1 - expected.sum(axis=1)
        np.testing.assert_allclose(decisions[:, standing], expected, rtol=1e-9)
    flows = expected_flows(problem, decisions)
    np.testing.assert_allclose(flows.sum(axis=2), 1, rtol=1e-12)
    shares = stationary_distribution(flows)
    np.testing.assert_allclose((shares[:, None] @ flows)[:, 0], shares, atol=1e-12)
    assert (shares[:, EMPTY] > 0).all()
    safe = replace(problem, deaths=None, home=None)
    np.testing.assert_array_equal(expected_flows(safe, decisions), decisions)


def test_expected_flows_are_what_many_drawn_firms_do_over_the_years():
    """Drawn quarter by quarter, decisions and then deaths, from where the long run has them."""
    problem = owners(1, 1, seed=13, delays=(0, 0))
    values, _ = keeping_values(problem, tolerance=1e-12)
    flows = expected_flows(problem, expected_decisions(problem, values, STAY, HAZARD, 0))
    shares = stationary_distribution(flows)[0]
    rng = np.random.default_rng(8)
    config = rng.choice(8, 20_000, p=shares)
    steady = Calendar.steady(problem.location.transitions)
    for _ in range(6):
        some = problem.take(np.zeros(len(config), int))
        moves = moves_from(some, np.repeat(values, len(config), 0), config)
        waiting = Waiting(
            steady, some.location.belief, 0.8, STAY, moves.remains(config, HAZARD_OF_REVIEW)
        )
        building = Building.weighed(moves.gain, waiting, 0, 0.6)
        held, acts = quarter(building, Held.none(len(config)), rng)
        closes = (rng.random(len(config)) < HAZARD_OF_REVIEW) & ~acts
        kept = (rng.random((len(config), 1)) > moves.keeping[..., 0].cumsum(axis=1)).sum(axis=1)
        config = np.where(acts, held.target, np.where(closes, kept, config))
        left = attrition(some.deaths[:1], some.home[:1], some.sets)[..., 0].cumsum(axis=1)
        config = (rng.random((len(config), 1)) > left[config]).sum(axis=1)
    assert_frequencies(np.bincount(config, minlength=8) / len(config), shares, len(config))
