"""Laws of the location rule, whatever the firms, the policies and the beliefs."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.core.choice.location import LocationProblem, choice_probabilities, solve_values
from abm.core.choice.long_run import stationary_distribution

N_FIRMS = 4
TOLERANCE = 1e-12
"""Asked of the solver, as a share of the largest profit for ever."""


@st.composite
def problems(draw, smallest_noise=0.0):
    """Problems with random sizes, delays, beliefs, patience and taste."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    configs, regimes = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    move_cost = draw(st.floats(0, 30)) * rng.uniform(0, 1, (N_FIRMS, configs, configs))
    build_delay = rng.integers(0, draw(st.integers(1, 13)), (configs, configs))
    move_cost[:, range(configs), range(configs)] = 0
    build_delay[range(configs), range(configs)] = 0
    noise = draw(st.sampled_from([0.0, 0.05, 0.5, 5.0]))
    transitions = rng.dirichlet(np.ones(regimes), (2, regimes))
    # Some regimes cannot be reached from others: acts that are announced, or final.
    transitions *= draw(st.booleans()) | (rng.uniform(size=(regimes, regimes)) < 0.5)
    transitions[:, range(regimes), range(regimes)] += 0.1
    return LocationProblem(
        profit=rng.uniform(-1, 2, (N_FIRMS, configs, regimes)),
        move_cost=move_cost,
        build_delay=build_delay,
        transitions=transitions / transitions.sum(axis=2, keepdims=True),
        belief=rng.integers(0, 2, N_FIRMS),
        discount=draw(st.floats(0, 0.99)),
        review=draw(st.floats(0, 1)),
        noise=max(noise, smallest_noise),
    )


def solved(problem):
    values, residual = solve_values(problem, tolerance=TOLERANCE)
    assert residual.max() <= TOLERANCE
    return values


def accuracy(problem):
    """What two solutions of the same problem may differ by."""
    largest = np.abs(problem.profit).max() + problem.noise + 30
    return 4 * TOLERANCE * largest / (1 - problem.discount)


@given(problems())
def test_a_firm_is_worth_no_less_than_staying_and_no_more_than_the_best_for_ever(problem):
    values = solved(problem)
    staying = solved(replace(problem, review=0.0))
    configs = problem.profit.shape[1]
    best_quarter = problem.profit.max(axis=(1, 2)) + problem.noise * np.log(configs)
    ceiling = best_quarter / (1 - problem.discount)
    assert np.all(values >= staying - accuracy(problem))
    assert np.all(values <= ceiling[:, None, None] + accuracy(problem))


@given(problems(), st.integers(0, 2**32 - 1))
def test_more_profit_anywhere_never_makes_a_firm_worth_less(problem, seed):
    extra = np.random.default_rng(seed).exponential(size=problem.profit.shape)
    richer = replace(problem, profit=problem.profit + extra)
    assert np.all(solved(richer) >= solved(problem) - accuracy(richer))


@given(problems(), st.integers(0, 2**32 - 1))
def test_dearer_moves_never_make_a_firm_worth_more(problem, seed):
    dearer = problem.move_cost * np.random.default_rng(seed).uniform(1, 3, problem.move_cost.shape)
    assert np.all(solved(replace(problem, move_cost=dearer)) <= solved(problem) + accuracy(problem))


@given(problems(), st.floats(0, 1))
def test_more_frequent_reviews_never_make_a_firm_worth_less(problem, share):
    rarer = replace(problem, review=share * problem.review)
    assert np.all(solved(rarer) <= solved(problem) + accuracy(problem))


@given(problems(smallest_noise=0.05), st.floats(0.01, 100))
def test_the_unit_of_money_does_not_matter(problem, unit):
    rescaled = replace(
        problem,
        profit=unit * problem.profit,
        move_cost=unit * problem.move_cost,
        noise=unit * problem.noise,
    )
    values, other = solved(problem), solved(rescaled)
    np.testing.assert_allclose(other / unit, values, rtol=0, atol=accuracy(problem))
    np.testing.assert_allclose(
        choice_probabilities(rescaled, other), choice_probabilities(problem, values), atol=1e-6
    )


@given(problems(smallest_noise=0.05), st.floats(-2, 2))
def test_profit_that_is_the_same_everywhere_moves_nobody(problem, gift):
    richer = replace(problem, profit=problem.profit + gift)
    values, other = solved(problem), solved(richer)
    np.testing.assert_allclose(
        other, values + gift / (1 - problem.discount), rtol=0, atol=accuracy(problem)
    )
    np.testing.assert_allclose(
        choice_probabilities(richer, other), choice_probabilities(problem, values), atol=1e-6
    )


@given(problems(), st.permutations(range(N_FIRMS)))
def test_the_order_of_firms_does_not_matter(problem, order):
    order = np.array(order)
    np.testing.assert_allclose(
        solved(problem.take(order)), solved(problem)[order], rtol=0, atol=accuracy(problem)
    )


@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_configurations_does_not_matter(problem, random):
    order = np.array(random.sample(range(problem.profit.shape[1]), problem.profit.shape[1]))
    shuffled = replace(
        problem,
        profit=problem.profit[:, order],
        move_cost=problem.move_cost[:, order][:, :, order],
        build_delay=problem.build_delay[order][:, order],
    )
    np.testing.assert_allclose(
        solved(shuffled), solved(problem)[:, order], rtol=0, atol=accuracy(problem)
    )


@given(problems())
def test_choice_probabilities_are_probabilities(problem):
    probabilities = choice_probabilities(problem, solved(problem))
    assert np.all((probabilities >= 0) & (probabilities <= 1))
    np.testing.assert_allclose(probabilities.sum(axis=2), 1)


@given(problems(smallest_noise=0.5), st.floats(0.01, 1))
def test_long_run_shares_are_what_a_quarter_of_moves_leaves_as_it_was(problem, review):
    probabilities = choice_probabilities(problem, solved(problem), regime=0)
    shares = stationary_distribution(probabilities)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose((shares[:, None] @ probabilities)[:, 0], shares, atol=1e-12)
    lazy = review * probabilities + (1 - review) * np.eye(probabilities.shape[1])
    np.testing.assert_allclose(stationary_distribution(lazy), shares, rtol=1e-6, atol=1e-15)
