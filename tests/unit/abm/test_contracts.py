"""Contracts with suppliers: at rest, at the limit, in haste, and when a source comes back."""

import numpy as np
import pytest

from abm.core.inputs.contracts import (
    REMEMBERED,
    Contracts,
    Signing,
    contract_weights,
    gain_of_signing,
    next_contracts,
    out_of_place,
    paid,
    signing_today,
)
from tests.contract_costs import cost_with_tastes

THETA = np.array([1.5, 4.0, 8.0])
SHAPE = (2, 3, 4, 2)  # sector, input, source, place


def base_shares(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.moveaxis(rng.dirichlet(np.ones(SHAPE[2]), size=(2, 3, 2)), -1, 2)


def today_at(price: np.ndarray, base: np.ndarray) -> Signing:
    weights = base * np.broadcast_to(price, base.shape) ** -THETA[:, None, None]
    return signing_today(weights, base, price, THETA)


def dear_first_source(rate: float) -> np.ndarray:
    price = np.ones(SHAPE)
    price[:, :, 0] += rate
    return price


def run(contracts: Contracts, today: Signing, quarters: int, slope: float = 1.0) -> Contracts:
    for _ in range(quarters):
        contracts = next_contracts(contracts, today, 0.15, slope)
    return contracts


def test_at_base_year_prices_nothing_moves() -> None:
    base = base_shares()
    today = today_at(np.ones(SHAPE), base)
    after = run(Contracts.at_rest(base), today, 40)
    for array in (after.part, after.signed, after.ordered, after.known):
        np.testing.assert_allclose(array, base, rtol=1e-13)
    assert (gain_of_signing(after, today) < 1 + 1e-13).all()


def test_when_all_contracts_end_every_quarter_weights_and_costs_are_todays() -> None:
    base, rng = base_shares(), np.random.default_rng(3)
    contracts = Contracts.at_rest(base)
    for _ in range(6):
        price = np.exp(0.2 * rng.standard_normal(SHAPE))
        today = today_at(price, base)
        contracts = next_contracts(contracts, today, renewal=1.0, slope=2.0)
        held = contract_weights(contracts, price, THETA)
        weights = base * price ** -THETA[:, None, None]
        np.testing.assert_allclose(contracts.part, today.share, rtol=1e-12)
        np.testing.assert_allclose(held.weights, weights, rtol=1e-12)
        np.testing.assert_allclose(held.dearer, 1, rtol=1e-12)
        np.testing.assert_allclose(paid(contracts, price), today.cost, rtol=1e-12)
        np.testing.assert_allclose(out_of_place(contracts, today), 0, atol=1e-12)


def test_when_all_contracts_end_firms_with_tastes_pay_what_exact_hat_algebra_says() -> None:
    base, rng = base_shares()[0], np.random.default_rng(4)
    affinity = np.exp(0.5 * rng.standard_normal((7, *base.shape[:2])))
    price = np.exp(0.2 * rng.standard_normal(base.shape))
    weights = base * price ** -THETA[:, None, None]
    today = signing_today(weights, base, price, THETA)
    contracts = next_contracts(Contracts.at_rest(base), today, 1.0, 0.0)
    held = contract_weights(contracts, price, THETA)
    before, now = (np.einsum("iks,ksl->ikl", affinity, each) for each in (base, weights))
    np.testing.assert_allclose(
        cost_with_tastes(affinity, base, held, THETA),
        (now / before) ** (-1 / THETA[:, None]),
        rtol=1e-12,
    )


@pytest.mark.parametrize("slope", [0.0, 1.0, 4.0])
def test_a_lasting_duty_moves_contracts_all_the_way_and_not_beyond(slope: float) -> None:
    base = base_shares()
    price = dear_first_source(0.25)
    today = today_at(price, base)
    contracts, before = Contracts.at_rest(base), base
    for _ in range(60):
        contracts = next_contracts(contracts, today, 0.15, slope)
        assert (contracts.part[:, :, 0] <= before[:, :, 0] * (1 + 1e-12)).all()
        assert (contracts.part[:, :, 0] >= today.share[:, :, 0] * (1 - 1e-12)).all()
        before = contracts.part
    np.testing.assert_allclose(contracts.part, today.share, rtol=1e-2)
    np.testing.assert_allclose(paid(contracts, price), today.cost, rtol=1e-4)


def test_the_more_there_is_to_gain_the_faster_contracts_end() -> None:
    base = base_shares()
    left = []
    for rate in (0.1, 0.5, 5.0):
        today = today_at(dear_first_source(rate), base)
        after = run(Contracts.at_rest(base), today, 2, slope=3.0)
        left.append(out_of_place(after, today) / out_of_place(Contracts.at_rest(base), today))
    assert (left[0] > left[1]).all()
    assert (left[1] > left[2]).all()
    slow = run(Contracts.at_rest(base), today, 2, slope=0.0)
    assert (paid(slow, today.price) > paid(after, today.price)).all()


def test_nothing_is_left_with_a_source_that_sells_no_longer() -> None:
    base = base_shares()
    price = np.ones(SHAPE)
    price[:, :, 1] = np.inf
    today = today_at(price, base)
    after = next_contracts(Contracts.at_rest(base), today, 0.15, 1.0)
    for array in (after.part, after.signed, after.ordered):
        assert (array[:, :, 1] == 0).all()
    np.testing.assert_allclose(after.part.sum(axis=-2), 1, rtol=1e-14)
    held = contract_weights(after, price, THETA)
    assert (held.weights[:, :, 1] == 0).all()
    assert np.isfinite(held.dearer).all()
    assert np.isfinite(paid(after, price)).all()


def test_buyers_go_back_at_once_to_a_source_they_know_and_slowly_to_one_forgotten() -> None:
    base = base_shares()
    free = today_at(np.ones(SHAPE), base)
    banned = np.ones(SHAPE)
    banned[:, :, 0] = np.inf
    shut = today_at(banned, base)
    remembered = run(run(Contracts.at_rest(base), shut, REMEMBERED - 1), free, 1)
    np.testing.assert_allclose(remembered.part[:, :, 0], base[:, :, 0], rtol=1e-12)
    forgotten = run(run(Contracts.at_rest(base), shut, REMEMBERED), free, 1, slope=0.0)
    np.testing.assert_allclose(forgotten.part[:, :, 0], 0.15 * base[:, :, 0], rtol=1e-6)


def test_what_a_source_gets_back_is_signed_at_todays_prices() -> None:
    base = base_shares()
    duty = run(Contracts.at_rest(base), today_at(dear_first_source(0.25), base), 4)
    free = today_at(np.ones(SHAPE), base)
    after = run(duty, free, 1)
    # All are back at base shares, and everybody pays base-year prices for what was
    # ordered; those who signed under the duty ordered parts that suited them less.
    np.testing.assert_allclose(after.part, base, rtol=1e-12)
    cost = paid(after, np.ones(SHAPE))
    assert (cost >= 1 - 1e-12).all()
    assert (cost < paid(duty, dear_first_source(0.25))).all()


def test_a_category_that_is_not_used_has_no_contracts_and_no_say() -> None:
    base = base_shares()
    base[1, 2] = 0
    today = today_at(dear_first_source(0.5), base)
    after = run(Contracts.at_rest(base), today, 3)
    assert (after.part[1, 2] == 0).all()
    assert (paid(after, today.price)[1, 2] == 0).all()
    held = contract_weights(after, today.price, THETA)
    assert (held.weights[1, 2] == 0).all()
    assert (held.dearer[1, 2] == 1).all()
    np.testing.assert_allclose(after.part.sum(axis=-2)[0], 1)


def test_a_category_that_nobody_sells_is_refused_by_its_place() -> None:
    base = base_shares()
    price = np.ones(SHAPE)
    price[1, 2, :, 0] = np.inf
    with pytest.raises(ValueError, match=r"\(1, 2, 0\)"):
        today_at(price, base)
