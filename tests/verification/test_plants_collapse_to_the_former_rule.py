"""With one scale, no attrition, no empty set and no opportunities, all is as it was before.

That is: options to build come at reviews like all others and are used or lost at once. The
former functions are given inputs of the model's own kind.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm.core.choice.clocks import Clock, Clocks, Kind, kinds, survival_of_news
from abm.core.choice.dated_beliefs import Calendar, calendar, dated_projects, dated_values
from abm.core.choice.dated_plants import dated_moves
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.location import (
    LocationProblem,
    choice_probabilities,
    choice_values,
    solve_values,
)
from abm.core.choice.plant_costs import moving_costs
from abm.core.choice.plant_values import keeping_values, moves_from
from abm.core.choice.projects import Projects, continue_or_cancel
from abm.core.opportunities.plant_projects import going_on_or_back
from tests.reference.nested_values import nested_odds, nested_values
from tests.synthetic_plants import ALL_SETS, STANDING_SETS, owners

FIRMS = 60
EXACTLY = {"rtol": 1e-12, "atol": 1e-12}
BUILD, CLOSURE, DISCOUNT = 0.2, 0.08, 0.92**0.25
SHARE = STANDING_SETS.has_plant / STANDING_SETS.has_plant.sum(axis=1, keepdims=True)
OPENED = ~STANDING_SETS.has_plant[:, None] & STANDING_SETS.has_plant[None]
TOTAL = 4 * (
    (BUILD * OPENED * SHARE).sum(2) + (CLOSURE * OPENED.swapaxes(0, 1) * SHARE[:, None]).sum(2)
)
"""Of every move, sales being split evenly over a set."""
SUNK = 0.1 + 0.7 * DISCOUNT**4 + 0.2 * DISCOUNT**10
"""Present value of a cost that is paid stage by stage, three years in all."""


def former(regimes, seed=0, transitions=None):
    """The choice of firms as the model makes it, payoffs drawn."""
    rng = np.random.default_rng(seed)
    payoff = 0.2 * rng.standard_normal((FIRMS, len(STANDING_SETS), regimes))
    if transitions is None:
        transitions = rng.dirichlet(np.ones(regimes), (3, regimes))
    opens = STANDING_SETS.opens
    return LocationProblem(
        profit=payoff,
        move_cost=np.broadcast_to(np.where(opens, SUNK * TOTAL, TOTAL), (FIRMS, *TOTAL.shape)),
        build_delay=np.where(opens, 12, 0),
        transitions=transitions,
        belief=rng.integers(0, len(transitions), FIRMS),
        discount=DISCOUNT,
        review=0.25,
        noise=0.06,
    )


def as_before(location):
    return PlantProblem(location, STANDING_SETS, location.noise)


@pytest.mark.parametrize("regimes", [1, 2, 5])
def test_values_and_odds_are_those_of_the_former_rule(regimes):
    location = former(regimes)
    values, _ = solve_values(location, tolerance=1e-14)
    found, _ = nested_values(as_before(location), tolerance=1e-14)
    np.testing.assert_allclose(found, values, **EXACTLY)
    np.testing.assert_allclose(
        nested_odds(as_before(location), values), choice_probabilities(location, values), **EXACTLY
    )


@pytest.mark.parametrize("regimes", [1, 5])
def test_moves_are_worth_what_they_were(regimes):
    location = former(regimes)
    values, _ = solve_values(location)
    config = np.random.default_rng(1).integers(0, 7, FIRMS)
    found = moves_from(as_before(location), values, config).worth
    np.testing.assert_allclose(found, choice_values(location, values, config), **EXACTLY)


def with_date(regime_states=2):
    """Two segments of policy with two states each, the second four quarters away."""
    within = np.random.default_rng(4).dirichlet(np.ones(2), (2, 3, 2))
    return calendar(within, np.array([0, 4]), np.array([False, True, True]), 0)


def without_building(location):
    banned = np.where(STANDING_SETS.opens, np.inf, location.move_cost)
    return replace(location, move_cost=banned)


def test_values_under_dates_are_those_of_the_former_rule_where_nothing_may_be_built():
    """Building is then no option, whose luck the former rule counted."""
    expected = with_date()
    location = without_building(former(4, transitions=expected.later))
    later, _ = solve_values(location, tolerance=1e-14)
    config = np.random.default_rng(1).integers(0, 7, FIRMS)
    before = dated_values(location, expected, later, 1)
    problem = as_before(location)
    np.testing.assert_allclose(
        keeping_values(problem, tolerance=1e-14)[0], later, rtol=1e-12, atol=1e-12
    )
    found = dated_moves(problem, expected, later, config, 1)
    for ahead, live in enumerate(expected.possible(1)):
        np.testing.assert_allclose(
            found.path[ahead][..., live], before.path[ahead][..., live], **EXACTLY
        )
    worth = before.worth[np.arange(FIRMS), config]
    np.testing.assert_allclose(found.moves[0].worth[..., 1], worth, **EXACTLY)


def projects(seed=3):
    rng = np.random.default_rng(seed)
    return Projects(
        config=rng.integers(0, 7, FIRMS),
        target=rng.integers(0, 7, FIRMS),
        quarters_left=rng.integers(0, 13, FIRMS),
        remaining_cost=rng.uniform(0, 2, FIRMS),
        cancellation_cost=rng.uniform(0, 1, FIRMS),
    )


def test_projects_are_worth_what_they_were_with_a_date_and_without():
    location = former(4)
    values, _ = solve_values(location)
    on, off, _ = continue_or_cancel(location, values, projects(), 2)
    steady = Calendar.steady(location.transitions)
    found = going_on_or_back(as_before(location), steady, values[None], projects(), 2)
    np.testing.assert_allclose(found, (on, off), **EXACTLY)

    expected = with_date()
    dated = former(4, transitions=expected.later)
    later, _ = solve_values(dated)
    before = dated_values(dated, expected, later, 1)
    on, off, _ = dated_projects(dated, expected, before, projects(), 1)
    found = going_on_or_back(as_before(dated), expected, before.path, projects(), 1)
    np.testing.assert_allclose(found, (on, off), **EXACTLY)


def test_one_clock_for_all_that_build_and_none_for_closing_are_the_former_delays_and_costs():
    clocks = Clocks(Clock((4, 6, 2), (0.1, 0.7, 0.2)))
    before = former(1)
    np.testing.assert_array_equal(clocks.delays(STANDING_SETS), before.build_delay)
    total = moving_costs(STANDING_SETS, SHARE, (BUILD, CLOSURE), np.zeros(3), np.zeros(()))
    np.testing.assert_allclose(total, TOTAL, rtol=1e-14)
    weighed = clocks.weights(STANDING_SETS, DISCOUNT) * total
    np.testing.assert_allclose(weighed, before.move_cost[0], rtol=1e-14)


def test_survival_of_news_is_the_former_chance_of_going_on_where_nothing_was_known_of_luck():
    location = former(3)
    values, _ = solve_values(location)
    on, off, chance = continue_or_cancel(location, values, projects(), 0)
    sure = np.full(FIRMS, 1e3 * location.noise)
    early = np.ones(FIRMS, bool)
    found = survival_of_news(sure - (on - off), location.noise, early, sure)
    np.testing.assert_allclose(found, chance, rtol=1e-9)


def test_survival_of_news_is_exponential_in_the_fall_where_few_begin_such_projects():
    fall = np.linspace(-1, 3, 9)
    early = np.arange(9) % 4 > 0
    found = survival_of_news(fall, 0.8, early)
    np.testing.assert_allclose(
        found, np.where(early, np.exp(-np.maximum(fall, 0) / 0.8), 1), rtol=1e-14
    )
    rare = survival_of_news(fall, 0.8, early, np.full(9, -40.0))
    np.testing.assert_allclose(rare, found, rtol=1e-12)


@pytest.mark.parametrize("surplus", [-6.0, -0.5, 0.0, 2.0])
def test_survivors_of_news_are_those_whose_luck_was_good_enough(surplus):
    rng = np.random.default_rng(6)
    luck = rng.logistic(size=400_000)
    begun = surplus + luck >= 0
    falls = np.array([0.3, 1.5])
    kept = np.array([(surplus - fall + luck[begun] >= 0).mean() for fall in falls])
    told = survival_of_news(falls, 1.0, np.ones(2, bool), np.full(2, surplus))
    error = np.sqrt(told * (1 - told) / begun.sum())
    assert (np.abs(kept - told) <= 4 * error).all()


def test_moves_are_of_the_kind_of_what_takes_longest_in_them():
    usa, mex, both = 1, 2, 4
    kind = kinds(ALL_SETS)
    assert ALL_SETS.has_plant[both].tolist() == [True, True, False]
    assert kind[0, usa] == kind[usa, mex] == kind[usa, both] == Kind.NEW_PLANT
    assert kind[both, usa] == kind[7, both] == Kind.STANDING_PLANT
    assert kind[usa, 0] == kind[7, 0] == Kind.CLOSING
    assert (kind.diagonal() == Kind.NONE).all()
    founds = kinds(ALL_SETS, founds=True)
    assert (founds[0, 1:] == Kind.FOUNDING).all()
    np.testing.assert_array_equal(founds[1:], kind[1:])
    clocks = Clocks(Clock((5, 5, 4), (0.2, 0.3, 0.5)), Clock((4,), (1.0,)), Clock((2,), (1.0,)))
    delays = clocks.delays(ALL_SETS)
    assert (delays[0, usa], delays[both, usa], delays[usa, 0], delays[7, 7]) == (14, 4, 2, 0)


def test_plants_that_never_die_change_nothing():
    problem = owners(FIRMS, 3)
    immortal = replace(problem, deaths=np.zeros((FIRMS, 3)))
    spared = replace(problem, deaths=None, home=None)
    config = np.arange(FIRMS) % 8
    values = [keeping_values(some, tolerance=1e-14)[0] for some in (immortal, spared)]
    np.testing.assert_allclose(*values, **EXACTLY)
    worths = [moves_from(some, values[0], config).worth for some in (immortal, spared)]
    np.testing.assert_allclose(*worths, **EXACTLY)
    dying, _ = keeping_values(problem)
    assert np.abs(dying - values[0]).max() > 0.1


def test_with_one_scale_all_options_of_a_review_are_one_logit():
    problem = owners(FIRMS, 2, keep_noise=0.6)
    values, _ = nested_values(problem, tolerance=1e-13)
    odds = nested_odds(problem, values)
    for config in range(8):
        worth = moves_from(problem, values, np.full(FIRMS, config)).worth
        logit = np.exp(worth / 0.6)
        np.testing.assert_allclose(odds[:, config], logit / logit.sum(1, keepdims=True), rtol=1e-9)
    nested = nested_odds(replace(problem, keep_noise=0.1), values)
    assert np.abs(nested - odds).max() > 0.05
