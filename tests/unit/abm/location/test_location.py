"""The location rule at its edges: forbidden moves, ties, absent firms, projects."""

from dataclasses import replace

import numpy as np
import pytest

from abm.core.choice import location
from abm.core.choice.location import (
    LocationProblem,
    choice_probabilities,
    choice_values,
    solve_values,
)
from abm.core.choice.long_run import stationary_distribution
from abm.core.choice.projects import Projects, continue_or_cancel

N_FIRMS, N_CONFIGS, N_REGIMES = 40, 3, 2


@pytest.fixture
def problem():
    """Forty firms, three configurations, two regimes, two beliefs, delays of 0 to 4."""
    rng = np.random.default_rng(4)
    move_cost = rng.uniform(1, 6, (N_FIRMS, N_CONFIGS, N_CONFIGS))
    move_cost[:, range(N_CONFIGS), range(N_CONFIGS)] = 0
    return LocationProblem(
        profit=1 + 0.3 * rng.standard_normal((N_FIRMS, N_CONFIGS, N_REGIMES)),
        move_cost=move_cost,
        build_delay=np.array([[0, 4, 1], [0, 0, 2], [4, 0, 0]]),
        transitions=np.array([np.eye(2), [[0.9, 0.1], [0.3, 0.7]]]),
        belief=rng.integers(0, 2, N_FIRMS),
        discount=0.97,
        review=0.25,
        noise=0.3,
    )


@pytest.fixture
def values(problem):
    return solve_values(problem)[0]


def test_a_cost_that_is_the_same_in_every_regime_needs_no_axis_for_it(problem, values):
    costs = np.repeat(problem.move_cost[..., None], N_REGIMES, axis=-1)
    again, _ = solve_values(replace(problem, move_cost=costs))
    np.testing.assert_array_equal(again, values)
    some = replace(problem, move_cost=costs).take(slice(2, 5))
    assert some.move_cost.shape == (3, N_CONFIGS, N_CONFIGS, N_REGIMES)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("profit", np.full((N_FIRMS, N_CONFIGS, N_REGIMES), np.nan), "profit: not finite"),
        ("move_cost", np.ones((N_FIRMS, N_CONFIGS, N_CONFIGS)), "staying costs something"),
        ("move_cost", np.full((N_FIRMS, N_CONFIGS, N_CONFIGS), np.nan), "move_cost: not a number"),
        ("move_cost", np.zeros((N_CONFIGS, N_CONFIGS)), "move_cost: wrong shape"),
        ("build_delay", np.ones((N_CONFIGS, N_CONFIGS), int), "staying takes time"),
        ("build_delay", np.tri(N_CONFIGS, k=-1, dtype=int) * -1, "build_delay: below 0"),
        ("transitions", np.array([[[1.5, -0.5], [0, 1]]] * 2), "transitions: below 0"),
        ("transitions", np.eye(3)[None], "transitions: wrong shape"),
        ("transitions", np.full((2, 2, 2), 0.6), "transitions: rows do not sum to 1"),
        ("belief", np.zeros(3, int), "belief: wrong shape"),
        ("belief", np.full(N_FIRMS, 2), "belief: no such row"),
        ("discount", 1.0, "discount: not in"),
        ("review", 1.2, "review: not in"),
        ("noise", -0.1, "noise: not in"),
    ],
)
def test_a_problem_that_makes_no_sense_names_the_field(problem, field, value, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(problem, **{field: value})


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_forbidden_move_is_never_made(problem, noise):
    move_cost = problem.move_cost.copy()
    move_cost[:, 0, 2] = np.inf
    problem = replace(problem, move_cost=move_cost, noise=noise)
    values, residual = solve_values(problem)
    probabilities = choice_probabilities(problem, values)
    assert residual.max() <= 1e-10
    assert np.all(probabilities[:, 0, 2] == 0)
    np.testing.assert_allclose(probabilities.sum(axis=2), 1)


def test_without_noise_a_tie_is_split_evenly(problem):
    alike = replace(
        problem,
        profit=np.ones_like(problem.profit),
        move_cost=np.zeros_like(problem.move_cost),
        build_delay=np.zeros_like(problem.build_delay),
        noise=0.0,
    )
    values, _ = solve_values(alike)
    np.testing.assert_allclose(choice_probabilities(alike, values), 1 / N_CONFIGS)


def test_the_start_does_not_matter(problem, values):
    rng = np.random.default_rng(5)
    far = solve_values(problem, start=1e3 * rng.standard_normal(values.shape))[0]
    near = solve_values(problem, start=values * 1.01)[0]
    np.testing.assert_allclose(far, values, rtol=1e-8)
    np.testing.assert_allclose(near, values, rtol=1e-8)


def test_the_start_is_left_as_it_was(problem, values):
    start = np.zeros_like(values)
    solve_values(problem, start)
    assert not start.any()


def test_the_residual_bounds_the_error(problem):
    exact, _ = solve_values(problem, tolerance=1e-13)
    rough, residual = solve_values(problem, tolerance=1e-2)
    scale = np.abs(problem.profit).max(axis=(1, 2)) + problem.noise
    error = np.abs(rough - exact).max(axis=(1, 2))
    assert residual.max() > 1e-8, "the rough solution is meant to be rough"
    assert np.all(error <= residual * scale / (1 - problem.discount) + 1e-12)


def test_small_blocks_of_firms_give_the_same_bytes(problem, values, monkeypatch):
    monkeypatch.setattr(location, "BLOCK_ENTRIES", 7 * (N_CONFIGS * N_REGIMES) ** 2)
    np.testing.assert_array_equal(solve_values(problem)[0], values)


def test_profits_in_single_precision_give_values_in_double(problem, values):
    single = replace(problem, profit=problem.profit.astype(np.float32))
    result, residual = solve_values(single)
    assert result.dtype == residual.dtype == np.float64
    np.testing.assert_allclose(result, values, rtol=1e-6)


def test_no_firms_at_all_is_no_trouble(problem):
    nobody = problem.take(np.array([], int))
    values, residual = solve_values(nobody)
    assert values.shape == (0, N_CONFIGS, N_REGIMES)
    assert residual.shape == (0,)
    assert choice_values(nobody, values, nobody.belief, 0).shape == (0, N_CONFIGS)


def test_taking_some_firms_keeps_their_values(problem, values):
    some = np.array([17, 3, 30])
    np.testing.assert_allclose(solve_values(problem.take(some))[0], values[some], rtol=1e-12)


@pytest.mark.parametrize("look", [choice_values, choice_probabilities])
def test_one_configuration_and_regime_are_a_slice_of_all(problem, values, look):
    config = np.arange(N_FIRMS) % N_CONFIGS
    firms = np.arange(N_FIRMS)
    everything = look(problem, values)
    assert everything.shape == (N_FIRMS, N_CONFIGS, N_CONFIGS, N_REGIMES)
    np.testing.assert_allclose(look(problem, values, config), everything[firms, config])
    np.testing.assert_allclose(look(problem, values, regime=1), everything[..., 1])
    np.testing.assert_allclose(look(problem, values, config, 1), everything[firms, config, :, 1])


def test_long_run_shares_balance_the_flows_between_two_configurations():
    out, back = 0.02, 0.06
    probabilities = np.array([[[1 - out, out], [back, 1 - back]]])
    np.testing.assert_allclose(stationary_distribution(probabilities), [[0.75, 0.25]])


def test_long_run_shares_survive_moves_of_next_to_no_probability():
    rare = np.array([[0, 1e-40, 2e-40], [2e-40, 0, 2e-40], [1e-40, 1e-40, 0]])
    shares = stationary_distribution((np.eye(3) + rare)[None])
    np.testing.assert_allclose(shares, [[0.3, 0.2, 0.5]], rtol=1e-14)


def test_long_run_shares_leave_the_probabilities_alone():
    probabilities = np.array([[[0.7, 0.3], [0.2, 0.8]]])
    before = probabilities.copy()
    stationary_distribution(probabilities)
    np.testing.assert_array_equal(probabilities, before)


def test_a_configuration_that_dies_out_has_no_long_run_share():
    probabilities = np.array([[[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.1, 0.0, 0.9]]])
    np.testing.assert_allclose(stationary_distribution(probabilities), [[0.5, 0.5, 0.0]])


def test_firms_that_never_move_have_no_long_run_shares():
    reached = np.full((3, 3), 1 / 3)
    shares = stationary_distribution(np.stack([np.eye(3), reached]))
    np.testing.assert_allclose(shares, [[np.nan] * 3, [1 / 3] * 3])


def projects(problem, config, target, quarters_left, remaining_cost, cancellation_cost=0.0):
    """The same project for every firm of the problem."""
    every = np.ones(len(problem.profit))
    return Projects(
        *(every.astype(int) * index for index in (config, target, quarters_left)),
        remaining_cost=every * remaining_cost,
        cancellation_cost=every * cancellation_cost,
    )


@pytest.mark.parametrize("regime", range(N_REGIMES))
def test_a_project_not_yet_begun_is_worth_what_deciding_on_it_is(problem, values, regime):
    plan = projects(problem, 0, 1, problem.build_delay[0, 1], problem.move_cost[:, 0, 1])
    going_on, _, _ = continue_or_cancel(problem, values, plan, regime)
    decided = choice_values(problem, values, plan.config, regime)[:, 1]
    np.testing.assert_allclose(going_on, decided, rtol=1e-12)


def test_a_project_that_opens_today_is_worth_its_target(problem, values):
    going_on, cancelling, _ = continue_or_cancel(problem, values, projects(problem, 2, 0, 0, 0), 1)
    np.testing.assert_allclose(going_on, values[:, 0, 1])
    np.testing.assert_allclose(cancelling, values[:, 2, 1])


def test_sunk_stages_keep_a_project_going(problem, values):
    chances = [
        continue_or_cancel(problem, values, projects(problem, 0, 1, 3, left), 0)[2]
        for left in (4.0, 2.0, 0.0)
    ]
    assert np.all(np.diff(chances, axis=0) > 0)


def test_without_noise_a_project_goes_on_exactly_where_that_is_worth_more(problem):
    problem = replace(problem, noise=0.0)
    values, _ = solve_values(problem)
    plan = projects(problem, 0, 1, 3, 2.0, 0.5)
    going_on, cancelling, probability = continue_or_cancel(problem, values, plan, 0)
    np.testing.assert_array_equal(probability, going_on > cancelling)
    assert 0 < probability.mean() < 1, "some should go on and some should not"


def test_what_is_left_to_pay_and_what_stopping_costs_count_in_full(problem, values):
    free = continue_or_cancel(problem, values, projects(problem, 0, 1, 3, 0.0), 1)
    costly = continue_or_cancel(problem, values, projects(problem, 0, 1, 3, 2.0, 0.5), 1)
    np.testing.assert_allclose(costly[0], free[0] - 2.0)
    np.testing.assert_allclose(costly[1], free[1] - 0.5)
    advantage = (costly[0] - costly[1]) / problem.noise
    np.testing.assert_allclose(costly[2], 1 / (1 + np.exp(-advantage)), rtol=1e-9)
