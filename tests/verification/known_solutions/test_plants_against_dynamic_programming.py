"""Values of sets of plants that may die equal brute-force dynamic programming."""

from dataclasses import replace

import numpy as np
import pytest

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.dated_plants import dated_moves
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.plant_values import keeping_values, moves_from
from abm.core.choice.projects import Projects
from abm.core.opportunities.plant_projects import going_on_or_back
from tests.reference.nested_values import nested_values
from tests.support.thorough import but_for
from tests.synthetic_plants import ALL_SETS, EMPTY, STANDING_SETS, Reference, best_of, owners

END = 150
"""Quarters to the end of time: 0.8 to this power is below 1e-14."""

FIRMS = 2
TOLERANCE = 1e-13
SETS = range(len(ALL_SETS))


def assert_values(found, reference, quarter=0):
    np.testing.assert_allclose(found, reference.values[quarter], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dying", [False, True], ids=["nothing dies", "plants die"])
@pytest.mark.parametrize("delays", [(0, 0), (3, 2)], ids=["at once", "with delays"])
@pytest.mark.parametrize("regimes", [1, 3])
def test_values_of_keeping_equal_value_iteration(dying, delays, regimes):
    problem = owners(FIRMS, regimes, delays=delays, dying=dying)
    values, residual = keeping_values(problem, tolerance=TOLERANCE)
    assert residual.max() <= TOLERANCE
    config = np.array([2, 7])
    moves = moves_from(problem, values, config)
    for row in range(FIRMS):
        reference = Reference(problem, row, values_luck=False, end=END)
        assert_values(values[row], reference)
        np.testing.assert_allclose(
            moves.worth[row], reference.worths[0][config[row]], rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("keep_noise", [0.0, 0.6])
def test_values_of_keeping_equal_value_iteration_at_the_ends_of_the_scale(keep_noise):
    problem = owners(FIRMS, 2, keep_noise=keep_noise, delays=(2, 1))
    values, _ = keeping_values(problem, tolerance=TOLERANCE)
    for row in range(FIRMS):
        assert_values(values[row], Reference(problem, row, values_luck=False, end=END))


@pytest.mark.parametrize("dying", [False, True], ids=["nothing dies", "plants die"])
def test_values_with_luck_to_come_equal_value_iteration(dying):
    problem = owners(FIRMS, 2, delays=(2, 0), dying=dying)
    values, residual = nested_values(problem, tolerance=TOLERANCE)
    assert residual.max() <= TOLERANCE
    for row in range(FIRMS):
        assert_values(values[row], Reference(problem, row, values_luck=True, end=END))


def test_values_of_keeping_are_those_of_the_nested_rule_when_nothing_may_be_built():
    problem = owners(40, 3)
    banned = np.where(ALL_SETS.opens, np.inf, problem.location.move_cost)
    never = replace(problem, location=replace(problem.location, move_cost=banned))
    np.testing.assert_allclose(
        keeping_values(problem, tolerance=TOLERANCE)[0],
        nested_values(never, tolerance=TOLERANCE)[0],
        atol=1e-11,
    )


def test_regimes_that_do_not_lead_to_each_other_are_solved_one_after_another():
    """A threat that is carried out or passes, beside a belief under which all may follow all."""
    line = np.array([[0.7, 0.2, 0.1], [0, 0.9, 0.1], [0, 0, 1.0]])
    mixed = np.full((3, 3), 1 / 3)
    problem = owners(FIRMS, 3, transitions=np.array([line, mixed]), belief=np.array([0, 1]))
    values, residual = keeping_values(problem, tolerance=TOLERANCE)
    assert residual.max() <= TOLERANCE
    for row in range(FIRMS):
        assert_values(values[row], Reference(problem, row, values_luck=False, end=END))


def test_costs_that_differ_by_regime_are_those_of_the_decision():
    problem = owners(FIRMS, 2)
    granted = problem.location.move_cost[..., None] * np.array([1.0, 0.3])
    problem = replace(problem, location=replace(problem.location, move_cost=granted))
    values, _ = keeping_values(problem, tolerance=TOLERANCE)
    for row in range(FIRMS):
        assert_values(values[row], Reference(problem, row, values_luck=False, end=END))


def test_nothing_without_an_opportunity_is_worth_nothing():
    problem = owners(50, 3)
    values, _ = keeping_values(problem)
    assert not values[:, EMPTY].any()
    with_luck, _ = nested_values(problem)
    assert (with_luck[:, EMPTY] > 0.01).all()


def test_starting_from_last_quarters_values_leads_to_the_same_solution():
    problem = owners(200, 3)
    values, _ = keeping_values(problem, tolerance=1e-12)
    again, residual = keeping_values(problem, 1.1 * values + 0.3, tolerance=1e-12)
    assert residual.max() <= 1e-12
    np.testing.assert_allclose(again, values, atol=1e-10)


def dated(problem, quarters):
    """A calendar of so many different quarters, and two regimes that come only later."""
    rng = np.random.default_rng(2)
    near = np.zeros((quarters, 2, 4, 4))
    near[:, :, :2, :2] = rng.dirichlet(np.ones(2), (quarters, 2, 2))
    near[:, :, 2:, 2:] = rng.dirichlet(np.ones(2), (quarters, 2, 2))
    near[-1, :, :2] = rng.dirichlet(np.ones(4), (2, 2))
    later = rng.dirichlet(np.ones(4), (2, 4))
    return Calendar(near, later)


@pytest.mark.thorough
@pytest.mark.parametrize("quarters", [1, 5])
def test_values_and_moves_equal_brute_force_under_a_date(quarters):
    problem = owners(FIRMS, 4, delays=(3, 2))
    expected, config, regime = dated(problem, quarters), np.array([EMPTY, 5]), 1
    after = replace(problem, location=replace(problem.location, transitions=expected.later))
    later, _ = keeping_values(after, tolerance=TOLERANCE)
    found = dated_moves(problem, expected, later, config, regime)
    possible = expected.possible(regime)
    for row in range(FIRMS):
        reference = Reference(problem, row, values_luck=False, end=END, expected=expected)
        for ahead in range(quarters + 1):
            live = possible[ahead] if ahead < quarters else np.arange(4)
            values, worths = (
                np.array(by_quarter[ahead]) for by_quarter in (reference.values, reference.worths)
            )
            np.testing.assert_allclose(
                found.path[ahead, row][:, live], values[:, live], rtol=1e-9, atol=1e-9
            )
            np.testing.assert_allclose(
                found.moves[ahead].worth[row][:, live],
                worths[config[row]][:, live],
                rtol=1e-9,
                atol=1e-9,
            )


def under_way(reference, config, target, left, regime):
    """A project's value by enumeration of what is left and of what policy does, each quarter."""

    def value(quarter, config, target, left, regime):
        if left == 0:
            return reference.values[quarter][target][regime]
        chances = reference.expected.at(quarter)[reference.belief][regime]
        return reference.profit[config][regime] + reference.discount * sum(
            p
            * chance
            * value(quarter + 1, rest, reference.led_to(config, target, rest), left - 1, s)
            for rest, chance in reference.fates(config)
            for s, p in enumerate(chances)
            if p > 0
        )

    return value(0, config, target, left, regime)


@pytest.mark.parametrize("quarters", but_for([3], [0, 3]))
def test_projects_equal_brute_force_with_and_without_a_date(quarters):
    problem = owners(6, 4)
    projects = Projects(
        config=np.array([3, EMPTY, 7, 1, 4, 3]),
        target=np.array([5, 7, 2, 6, 1, 5]),
        quarters_left=np.array([3, 1, 4, 0, 4, 2]),
        remaining_cost=np.linspace(0, 1, 6),
        cancellation_cost=np.linspace(0.5, 0, 6),
    )
    expected = (
        dated(problem, quarters) if quarters else Calendar.steady(problem.location.transitions)
    )
    after = replace(problem, location=replace(problem.location, transitions=expected.later))
    later, _ = keeping_values(after, tolerance=TOLERANCE)
    path = dated_moves(problem, expected, later, projects.config, 0).path
    on, off = going_on_or_back(problem, expected, path, projects, 0)
    for row in range(6):
        reference = Reference(problem, row, values_luck=False, end=END, expected=expected)
        config, target = int(projects.config[row]), int(projects.target[row])
        going = under_way(reference, config, target, int(projects.quarters_left[row]), 0)
        assert on[row] == pytest.approx(going - projects.remaining_cost[row], rel=1e-9, abs=1e-9)
        stopped = reference.values[0][config][0] - projects.cancellation_cost[row]
        assert off[row] == pytest.approx(stopped, rel=1e-9, abs=1e-9)


def test_odds_of_closing_are_those_of_luck_of_the_scale_of_keeping():
    problem = owners(FIRMS, 2)
    values, _ = keeping_values(problem, tolerance=TOLERANCE)
    config = np.array([7, 4])
    moves = moves_from(problem, values, config)
    for row in range(FIRMS):
        reference = Reference(problem, row, values_luck=False, end=END)
        parts = reference.parts(config[row])
        for regime in range(2):
            worths = [reference.worths[0][config[row]][to][regime] for to in parts]
            best = best_of(worths, problem.keep_noise)
            odds = np.zeros(len(SETS))
            odds[parts] = np.exp((np.array(worths) - best) / problem.keep_noise)
            np.testing.assert_allclose(moves.keeping[row, :, regime], odds, atol=1e-9)
            left = dict(reference.fates(config[row]))
            stays = left[config[row]] * (1 - 0.4 * (1 - odds[config[row]]))
            remains = moves.remains(config, 0.4)
            assert remains[row, regime] == pytest.approx(stays, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"keep_noise": 0.7}, "keep_noise: not in"),
        ({"deaths": np.full((2, 3), 1.2)}, "deaths: not in"),
        ({"home": None}, "home: given with deaths alone"),
        ({"home": np.zeros(3, int)}, "home: wrong shape"),
        ({"sets": STANDING_SETS}, "sets: not as many"),
    ],
)
def test_problems_that_make_no_sense_are_refused_by_name(change, complaint):
    problem = owners(2, 1)
    with pytest.raises(ValueError, match=complaint):
        PlantProblem(**(vars(problem) | change))


def test_plants_may_not_die_into_a_set_that_is_missing():
    with pytest.raises(ValueError, match="some part of a set is missing"):
        owners(2, 1, STANDING_SETS)
