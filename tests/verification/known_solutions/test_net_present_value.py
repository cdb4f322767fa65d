"""With one regime and no noise the location rule is net present value."""

import numpy as np
import pytest

from abm.axes import CONFIGS, HOSTS, N_CONFIGS
from abm.core.choice.location import (
    LocationProblem,
    choice_probabilities,
    choice_values,
    solve_values,
)

N_FIRMS = 200
DISCOUNT = 0.98


def one_regime(profit, move_cost, build_delay, review=1.0):
    """The problem of firms that expect no news and have no taste."""
    return LocationProblem(
        profit[:, :, None],
        move_cost,
        build_delay,
        np.ones((1, 1, 1)),
        np.zeros(len(profit), int),
        DISCOUNT,
        review,
        0.0,
    )


def costs_of_building_and_closing(rng):
    """Move costs that add up plant by plant, so that no detour is cheaper than going straight."""
    build = rng.uniform(0, 20, (N_FIRMS, len(HOSTS)))
    close = rng.uniform(0, 5, (N_FIRMS, len(HOSTS)))
    stands = np.array([[host in config for host in HOSTS] for config in CONFIGS])
    built = ~stands[:, None] & stands[None]
    closed = stands[:, None] & ~stands[None]
    return np.einsum("nh,fth->nft", build, built) + np.einsum("nh,fth->nft", close, closed)


def test_the_best_configuration_has_the_highest_net_present_value():
    rng = np.random.default_rng(1)
    profit = rng.uniform(0.5, 1.5, (N_FIRMS, N_CONFIGS))
    move_cost = costs_of_building_and_closing(rng)
    problem = one_regime(profit, move_cost, np.zeros((N_CONFIGS, N_CONFIGS), int))
    values, _ = solve_values(problem)
    net_present_value = profit[:, None] / (1 - DISCOUNT) - move_cost
    np.testing.assert_allclose(values[..., 0], net_present_value.max(axis=2), rtol=1e-10)
    chosen = choice_probabilities(problem, values, regime=0).argmax(axis=2)
    np.testing.assert_array_equal(chosen, net_present_value.argmax(axis=2))
    moving = chosen != np.arange(N_CONFIGS)
    assert 0.1 < moving.mean() < 0.9, "the figures should make some firms move, not all"


@pytest.mark.parametrize("delay", [0, 1, 12])
def test_a_plant_under_construction_is_discounted_to_its_opening(delay):
    rng = np.random.default_rng(2)
    profit = rng.uniform(0.5, 1.5, (N_FIRMS, 2))
    profit[:, 1] += 0.5
    move_cost = np.zeros((N_FIRMS, 2, 2))
    move_cost[:, 0, 1] = rng.uniform(0, 40, N_FIRMS)
    move_cost[:, 1, 0] = 100
    problem = one_regime(profit, move_cost, np.array([[0, delay], [0, 0]]))
    values, _ = solve_values(problem)
    until_opening = (1 - DISCOUNT**delay) / (1 - DISCOUNT)
    moving = (
        profit[:, 0] * until_opening
        + profit[:, 1] * DISCOUNT**delay / (1 - DISCOUNT)
        - move_cost[:, 0, 1]
    )
    staying = profit[:, 0] / (1 - DISCOUNT)
    np.testing.assert_allclose(values[:, 0, 0], np.maximum(moving, staying), rtol=1e-10)
    goes = choice_probabilities(problem, values, np.zeros(N_FIRMS, int), 0)[:, 1]
    np.testing.assert_array_equal(goes, moving > staying)
    assert 0 < goes.mean() < 1


def test_waiting_for_a_review_is_priced_as_a_geometric_wait():
    review = 0.2
    profit = np.array([[1.0, 1.4]])
    move_cost = np.array([[[0.0, 6.0], [50.0, 0.0]]])
    problem = one_regime(profit, move_cost, np.zeros((2, 2), int), review)
    values, _ = solve_values(problem)
    moving = 1.4 / (1 - DISCOUNT) - 6.0
    waits = (review * moving + (1 - review) * 1.0) / (1 - DISCOUNT * (1 - review))
    np.testing.assert_allclose(values[0, :, 0], [waits, 1.4 / (1 - DISCOUNT)], rtol=1e-10)
    np.testing.assert_allclose(choice_values(problem, values)[0, 0, 1, 0], moving, rtol=1e-10)
