"""Values under a known date equal brute-force dynamic programming over a long finite horizon.

The reference shares nothing with the model: plain loops over scalars, quarter by quarter from
the end of time, where nothing is worth anything, with a plant under construction as a state of
its own that is passed through one quarter at a time.
"""

import math

import numpy as np
import pytest

from abm.core.choice.dated_beliefs import Calendar, calendar, dated_projects, dated_values
from abm.core.choice.location import LocationProblem, choice_values, solve_values
from abm.core.choice.projects import Projects, continue_or_cancel

N_FIRMS, N_CONFIGS, N_STATES = 4, 3, 2
CONFIGS = range(N_CONFIGS)
END = 330
"""Quarters to the end of time: 0.9 to this power is below 1e-15."""

WITHIN = np.array(
    [
        [[[1, 0], [0, 1]], [[0.8, 0.2], [0.3, 0.7]], [[0.95, 0.05], [0.1, 0.9]]],
        [[[1, 0], [0, 1]], [[0.6, 0.4], [0.5, 0.5]], [[1, 0], [0.2, 0.8]]],
        [[[1, 0], [0, 1]], [[0.9, 0.1], [0, 1]], [[0.7, 0.3], [0.3, 0.7]]],
    ]
)
"""Of three segments, three beliefs and two states."""

TOLD = np.array([False, True, True])


def random_problem(noise, review, delays, segments):
    rng = np.random.default_rng(17)
    move_cost = rng.uniform(0.2, 3, (N_FIRMS, N_CONFIGS, N_CONFIGS))
    move_cost[:, CONFIGS, CONFIGS] = 0
    regimes = segments * N_STATES
    return LocationProblem(
        profit=1 + 0.5 * rng.standard_normal((N_FIRMS, N_CONFIGS, regimes)),
        move_cost=move_cost,
        build_delay=np.array([[0, 3, 1], [0, 0, 2], [7, 0, 0]]) * delays,
        transitions=np.broadcast_to(np.eye(regimes), (3, regimes, regimes)),
        belief=np.array([0, 1, 2, 1]),
        discount=0.9,
        review=review,
        noise=noise,
    )


def best_of(worths, noise):
    """Expected maximum under mean-zero Gumbel noise."""
    top = max(worths)
    if noise == 0:
        return top
    return top + noise * math.log(sum(math.exp((worth - top) / noise) for worth in worths))


class Reference:
    """Values of one firm by quarter, configuration and regime."""

    def __init__(self, problem, row, expected):
        self.profit = problem.profit[row].tolist()
        regimes = len(self.profit[0])
        costs = problem.cost_by_regime[row]
        self.cost = np.broadcast_to(costs, (N_CONFIGS, N_CONFIGS, regimes)).tolist()
        self.delay = problem.build_delay.tolist()
        self.chains = [
            expected.at(ahead)[problem.belief[row]].tolist() for ahead in range(expected.horizon)
        ] + [expected.later[problem.belief[row]].tolist()]
        self.discount, self.review, self.noise = problem.discount, problem.review, problem.noise
        self.regimes = range(len(self.profit[0]))
        self.values = {}
        for quarter in range(END, -1, -1):
            self.values[quarter] = [
                [self.value(quarter, current, regime) for regime in self.regimes]
                for current in CONFIGS
            ]

    def value(self, quarter, current, regime):
        worths = [self.worth(quarter, current, target, regime) for target in CONFIGS]
        luck = best_of(worths, self.noise)
        return self.review * luck + (1 - self.review) * worths[current]

    def expected(self, quarter, regime, after):
        """Mean over next quarter's regimes of ``after(regime)``."""
        chances = self.chains[min(quarter, len(self.chains) - 1)][regime]
        return sum(chance * after(other) for other, chance in enumerate(chances) if chance)

    def worth(self, quarter, current, target, regime):
        left = self.delay[current][target]
        before_cost = (
            self.while_building(quarter, current, target, regime, left)
            if left
            else self.profit[target][regime]
            + self.discount
            * self.expected(quarter, regime, lambda r: self.at(quarter + 1, target, r))
        )
        return before_cost - self.cost[current][target][regime]

    def while_building(self, quarter, current, target, regime, left):
        if left == 0:
            return self.at(quarter, target, regime)
        later = self.expected(
            quarter,
            regime,
            lambda other: self.while_building(quarter + 1, current, target, other, left - 1),
        )
        return self.profit[current][regime] + self.discount * later

    def at(self, quarter, config, regime):
        return self.values[quarter][config][regime] if quarter in self.values else 0.0


def solved(problem, expected, regime):
    stationary = LocationProblem(**{**vars(problem), "transitions": expected.later})
    later, _ = solve_values(stationary, tolerance=1e-13)
    return dated_values(problem, expected, later, regime)


def two_segments(quarters):
    """A second segment begins after so many quarters."""
    return calendar(WITHIN[:2], np.array([0, quarters]), TOLD, 0)


@pytest.mark.parametrize("noise", [0.0, 0.4])
@pytest.mark.parametrize("delays", [0, 1], ids=["at once", "with delays"])
@pytest.mark.parametrize("quarters", [1, 3, 9])
def test_values_and_choices_equal_brute_force_under_a_date(noise, delays, quarters):
    """Plants may open before the date or after it; some are open for long by then."""
    problem = random_problem(noise, 0.4, delays, segments=2)
    expected = two_segments(quarters)
    assert expected.horizon == quarters
    found = solved(problem, expected, regime=1)
    possible = expected.possible(1)
    for row in range(N_FIRMS):
        reference = Reference(problem, row, expected)
        for ahead, regimes in enumerate(possible):
            np.testing.assert_allclose(
                found.path[ahead, row][:, regimes],
                np.array(reference.values[ahead])[:, regimes],
                rtol=1e-11,
            )
        worths = [[reference.worth(0, c, to, 1) for to in CONFIGS] for c in CONFIGS]
        np.testing.assert_allclose(found.worth[row], worths, rtol=1e-11)


def test_a_cost_of_moving_that_differs_by_regime_is_that_of_the_quarter_of_the_decision():
    """As where a treasury pays a part of it under some regimes."""
    problem = random_problem(0.3, 0.6, 1, segments=2)
    granted = np.array([1.0, 0.8, 0.4, 0.5])
    dearer = problem.move_cost[..., None] * granted
    problem = LocationProblem(**{**vars(problem), "move_cost": dearer})
    expected = two_segments(5)
    found = solved(problem, expected, regime=1)
    for row in range(N_FIRMS):
        reference = Reference(problem, row, expected)
        worths = [[reference.worth(0, c, to, 1) for to in CONFIGS] for c in CONFIGS]
        np.testing.assert_allclose(found.worth[row], worths, rtol=1e-11)
        here = np.array(reference.values[0])[:, 1]
        np.testing.assert_allclose(found.path[0, row, :, 1], here, rtol=1e-11)


@pytest.mark.thorough
def test_values_equal_brute_force_under_two_dates_of_which_one_is_beyond_the_horizon():
    problem = random_problem(0.3, 0.6, 1, segments=3)
    expected = calendar(WITHIN, np.array([0, 4, 15]), TOLD, 0, longest=8)
    found = solved(problem, expected, regime=0)
    for row in range(N_FIRMS):
        reference = Reference(problem, row, expected)
        for ahead, regimes in enumerate(expected.possible(0)):
            np.testing.assert_allclose(
                found.path[ahead, row][:, regimes],
                np.array(reference.values[ahead])[:, regimes],
                rtol=1e-11,
            )


def test_projects_equal_brute_force_under_a_date():
    problem = random_problem(0.3, 0.6, 1, segments=2)
    expected = two_segments(5)
    projects = Projects(
        config=np.array([0, 1, 2, 0]),
        target=np.array([1, 2, 0, 2]),
        quarters_left=np.array([3, 0, 7, 5]),
        remaining_cost=np.array([0.4, 0.0, 1.0, 0.2]),
        cancellation_cost=np.array([0.0, 0.1, 0.0, 0.3]),
    )
    found = solved(problem, expected, regime=0)
    on, off, _ = dated_projects(problem, expected, found, projects, 0)
    for row in range(N_FIRMS):
        reference = Reference(problem, row, expected)
        config, target = int(projects.config[row]), int(projects.target[row])
        left = int(projects.quarters_left[row])
        going = reference.while_building(0, config, target, 0, left)
        assert on[row] == pytest.approx(going - projects.remaining_cost[row], rel=1e-11)
        stopped = reference.values[0][config][0] - projects.cancellation_cost[row]
        assert off[row] == pytest.approx(stopped, rel=1e-11)


def test_without_a_date_values_choices_and_projects_are_the_stationary_ones():
    problem = random_problem(0.3, 0.6, 1, segments=1)
    expected = calendar(WITHIN[:1], np.array([0]), TOLD, 5)
    assert expected.horizon == 0
    problem = LocationProblem(**{**vars(problem), "transitions": expected.later})
    values, _ = solve_values(problem)
    projects = Projects(
        np.zeros(4, int), np.ones(4, int), np.array([3, 1, 0, 2]), np.ones(4), np.zeros(4)
    )
    found = dated_values(problem, expected, values, 1)
    np.testing.assert_array_equal(found.path[0], values)
    np.testing.assert_allclose(found.worth, choice_values(problem, values, regime=1), rtol=1e-12)
    np.testing.assert_allclose(
        dated_projects(problem, expected, found, projects, 1),
        continue_or_cancel(problem, values, projects, 1),
        rtol=1e-12,
    )


def test_quarters_that_are_all_alike_leave_stationary_values_as_they_are():
    """So whoever is not told of a date keeps the values he had."""
    chain = calendar(WITHIN[:2], np.array([0, 6]), TOLD, 0, longest=0).later
    problem = random_problem(0.3, 0.6, 1, segments=2)
    problem = LocationProblem(**{**vars(problem), "transitions": chain})
    values, _ = solve_values(problem, tolerance=1e-13)
    alike = Calendar(np.broadcast_to(chain, (12, *chain.shape)), chain)
    found = dated_values(problem, alike, values, 0)
    live = alike.possible(0)[0]
    np.testing.assert_allclose(found.path[0][..., live], values[..., live], rtol=1e-11)
    assert not alike.dated().any()
    assert two_segments(6).dated().tolist() == [False, True, True]


def one_firm(profit, cost, delay):
    """Two sets of plants, one way between them, certain of everything, always reviewing."""
    return LocationProblem(
        profit=np.array([profit]),
        move_cost=np.array([[[0, cost], [np.inf, 0]]]),
        build_delay=np.array([[0, delay], [0, 0]]),
        transitions=np.eye(2)[None],
        belief=np.zeros(1, int),
        discount=0.95,
        review=1.0,
        noise=0.0,
    )


SURE = np.ones((2, 1, 1, 1))


def gain_of_moving(problem, quarters):
    expected = calendar(SURE, np.array([0, quarters]), np.array([True]), 0)
    worth = solved(problem, expected, regime=0).worth[0, 0]
    return worth[1] - worth[0]


@pytest.mark.parametrize("delay", [0, 1, 4, 12])
def test_a_plant_that_pays_from_a_date_on_is_begun_so_that_it_opens_on_that_date(delay):
    """So the wait shortens by a quarter each quarter."""
    problem = one_firm([[1.0, 1.0], [0.5, 1.5]], cost=2.0, delay=delay)
    builds = [gain_of_moving(problem, quarters) > 1e-12 for quarters in range(20, 0, -1)]
    # Without delay a plant stands in the quarter of the decision: not a day before the date.
    assert builds == [left <= delay for left in range(20, 0, -1)]


@pytest.mark.parametrize("quarters", [1, 7, 20, 31])
def test_a_loss_on_a_date_is_worth_what_its_date_says(quarters):
    """Certain money, so the value is a sum; beyond the horizon the date is so far on average."""
    problem = one_firm([[1.0, 0.2], [0.0, 0.0]], cost=1e6, delay=0)
    expected = calendar(SURE, np.array([0, quarters]), np.array([True]), 0)
    value = solved(problem, expected, regime=0).path[0, 0, 0, 0]
    near, beta = min(quarters, 20), 0.95
    after = 0.2 / (1 - beta)
    if quarters > near:
        hazard = 1 / (quarters - near)
        after = (1 + beta * hazard * after) / (1 - beta * (1 - hazard))
    exact = (1 - beta**near) / (1 - beta) + beta**near * after
    assert value == pytest.approx(exact, rel=1e-12)


def test_a_date_enters_the_horizon_without_a_jump():
    """One quarter before it does, its hazard seen from the horizon is certainty."""
    problem = random_problem(0.3, 0.6, 1, segments=2)
    starts = np.array([0, 9])
    inside, outside = (
        solved(problem, calendar(WITHIN[:2], starts, TOLD, 0, longest), 0) for longest in (9, 8)
    )
    np.testing.assert_allclose(inside.path[0][..., :2], outside.path[0][..., :2], rtol=1e-10)


def test_up_to_the_date_the_chance_is_nothing_and_on_it_one():
    expected = calendar(WITHIN, np.array([2, 5, 7]), TOLD, 3)
    assert expected.horizon == 4
    reached = np.zeros((3, 6))
    reached[:, 0] = 1
    by_quarter = []
    for moves in [*expected.near, expected.later, expected.later]:
        reached = np.einsum("br,brs->bs", reached, moves)
        by_quarter.append(reached.reshape(3, 3, 2).sum(axis=2))
    for belief in (1, 2):
        segment = np.argmax([quarter[belief] for quarter in by_quarter], axis=1)
        assert segment.tolist() == [0, 1, 1, 2, 2, 2]
        np.testing.assert_allclose([quarter[belief].max() for quarter in by_quarter], 1)
    np.testing.assert_array_equal(by_quarter[-1][0], [1, 0, 0])
    # The state of policy goes on changing as it did, also on the date itself.
    np.testing.assert_allclose(expected.near[1][1, :2, 2:4], WITHIN[0, 1])


def test_a_calendar_of_some_regimes_is_the_calendar_of_what_can_still_come():
    whole = calendar(WITHIN, np.array([0, 2, 9]), TOLD, 3)
    rest = calendar(WITHIN[1:], np.array([2, 9]), TOLD, 3)
    part = whole.during(slice(2, 6))
    np.testing.assert_array_equal(part.near, rest.near)
    np.testing.assert_array_equal(part.later, rest.later)


def test_a_segment_that_is_not_announced_is_not_expected():
    expected = calendar(WITHIN, np.array([0, 3]), TOLD, 1)
    known = calendar(WITHIN[:2], np.array([0, 3]), TOLD, 1)
    for moves, as_known in ((expected.near, known.near), (expected.later, known.later)):
        np.testing.assert_array_equal(moves[..., :4, :4], as_known)
        assert not moves[..., :4, 4:].any()
    np.testing.assert_allclose(expected.later.sum(axis=-1), 1)
