"""The location rule equals brute-force dynamic programming.

The reference below shares nothing with the model: plain loops over scalars, value
iteration instead of Newton, and a plant under construction as a state of its own that
is passed through quarter by quarter, instead of powers of the transition matrix.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from abm.core.choice.location import (
    LocationProblem,
    choice_probabilities,
    choice_values,
    solve_values,
)

N_FIRMS, N_CONFIGS, N_REGIMES = 3, 3, 2
CONFIGS, REGIMES = range(N_CONFIGS), range(N_REGIMES)


def expected(transitions, value, regime):
    """Mean of next quarter's value."""
    return sum(transitions[regime][other] * value[other] for other in REGIMES)


def value_while_building(profit, transitions, discount, current, target_value, quarters):
    """Value by regime of earning the old profit until the new plants stand."""
    value = list(target_value)
    for _ in range(quarters):
        value = [
            profit[current][regime] + discount * expected(transitions, value, regime)
            for regime in REGIMES
        ]
    return value


def worth_of_choice(firm, values, current, target, regime):
    """Choice value of one firm, looked up quarter by quarter."""
    delay = firm["delay"][current][target]
    if delay == 0:
        ahead = expected(firm["transitions"], values[target], regime)
        before_cost = firm["profit"][target][regime] + firm["discount"] * ahead
    else:
        before_cost = value_while_building(
            firm["profit"], firm["transitions"], firm["discount"], current, values[target], delay
        )[regime]
    return before_cost - firm["cost"][current][target][regime]


def best_of(worths, noise):
    """Expected maximum under mean-zero Gumbel noise."""
    top = max(worths)
    if noise == 0:
        return top
    return top + noise * math.log(sum(math.exp((worth - top) / noise) for worth in worths))


def value_iteration(firm, accuracy=1e-13):
    """Values by configuration and regime, to ``accuracy`` of the largest."""
    values = [[0.0 for _ in REGIMES] for _ in CONFIGS]
    while True:
        updated = [[0.0 for _ in REGIMES] for _ in CONFIGS]
        for current in CONFIGS:
            for regime in REGIMES:
                worths = [
                    worth_of_choice(firm, values, current, target, regime) for target in CONFIGS
                ]
                updated[current][regime] = (
                    firm["review"] * best_of(worths, firm["noise"])
                    + (1 - firm["review"]) * worths[current]
                )
        change = max(
            abs(updated[current][regime] - values[current][regime])
            for current in CONFIGS
            for regime in REGIMES
        )
        values = updated
        largest = max(abs(value) for row in values for value in row)
        if change < accuracy * (1 - firm["discount"]) * largest:
            return values


def random_problem(noise, review, delays, cost_differs=False):
    rng = np.random.default_rng(11)
    move_cost = rng.uniform(0.2, 3, (N_FIRMS, N_CONFIGS, N_CONFIGS))
    move_cost[:, CONFIGS, CONFIGS] = 0
    if cost_differs:
        move_cost = move_cost[..., None] * [1.0, 0.3]
    build_delay = np.array([[0, 3, 1], [0, 0, 2], [5, 0, 0]]) * delays
    return LocationProblem(
        profit=1 + 0.5 * rng.standard_normal((N_FIRMS, N_CONFIGS, N_REGIMES)),
        move_cost=move_cost,
        build_delay=build_delay,
        transitions=np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.95, 0.05], [0.0, 1.0]]]),
        belief=np.array([0, 1, 0]),
        discount=0.9,
        review=review,
        noise=noise,
    )


def one_firm(problem, row):
    """The problem of one firm in plain lists."""
    return {
        "profit": problem.profit[row].tolist(),
        "cost": np.broadcast_to(
            problem.cost_by_regime[row], (N_CONFIGS, N_CONFIGS, N_REGIMES)
        ).tolist(),
        "delay": problem.build_delay.tolist(),
        "transitions": problem.transitions[problem.belief[row]].tolist(),
        "discount": problem.discount,
        "review": problem.review,
        "noise": problem.noise,
    }


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.6])
@pytest.mark.parametrize("review", [0.3, 1.0])
@pytest.mark.parametrize("delays", [0, 1], ids=["at once", "with delays"])
@pytest.mark.parametrize("cost_differs", [False, True], ids=["one cost", "cost by regime"])
def test_values_and_choices_equal_brute_force_dynamic_programming(
    noise, review, delays, cost_differs
):
    problem = random_problem(noise, review, delays, cost_differs)
    values, residual = solve_values(problem, tolerance=1e-12)
    assert residual.max() <= 1e-12
    worth = choice_values(problem, values)
    for row in range(N_FIRMS):
        firm = one_firm(problem, row)
        brute = value_iteration(firm)
        np.testing.assert_allclose(values[row], brute, rtol=1e-9)
        by_loops = [
            [
                [worth_of_choice(firm, brute, current, target, regime) for regime in REGIMES]
                for target in CONFIGS
            ]
            for current in CONFIGS
        ]
        np.testing.assert_allclose(worth[row], by_loops, rtol=1e-9)


def test_choices_have_the_logit_form_of_their_values():
    problem = random_problem(noise=0.6, review=0.3, delays=1)
    values, _ = solve_values(problem)
    odds = np.exp(choice_values(problem, values) / problem.noise)
    np.testing.assert_allclose(
        choice_probabilities(problem, values), odds / odds.sum(axis=2, keepdims=True), rtol=1e-9
    )


def test_the_value_of_reviewing_is_the_mean_of_the_best_noisy_choice():
    """Mean-zero Gumbel draws, by the million, against the log-sum formula."""
    problem = random_problem(noise=0.6, review=1.0, delays=1)
    values, _ = solve_values(problem)
    worth = choice_values(problem, values)[0, 0, :, 0]
    n_draws = 1_000_000
    taste = np.random.default_rng(2).gumbel(-np.euler_gamma, 1, (n_draws, N_CONFIGS))
    best = (worth + problem.noise * taste).max(axis=1)
    # Four standard errors of a mean of Gumbel maxima, whose deviation is noise * pi / sqrt(6).
    margin = 4 * problem.noise * np.pi / np.sqrt(6 * n_draws)
    assert abs(best.mean() - values[0, 0, 0]) < margin


def test_accuracy_does_not_depend_on_the_unit_of_money():
    problem = random_problem(0.05, 0.3, 1)
    unit = 1e9
    dearer = replace(
        problem,
        profit=problem.profit * unit,
        move_cost=problem.move_cost * unit,
        noise=problem.noise * unit,
    )
    values, _ = solve_values(problem, tolerance=1e-12)
    scaled, residual = solve_values(dearer, tolerance=1e-12)
    assert residual.max() <= 1e-12
    np.testing.assert_allclose(scaled, values * unit, rtol=1e-11)
