"""Firms under contract: they pay what the core says, and at the limit what the long run says."""

import numpy as np
import pytest

from abm.core.inputs.buyers import Buyers
from abm.core.inputs.contracts import Contracts
from abm.core.inputs.cost_step import cost_step
from abm.core.inputs.purchases import input_purchases
from abm.core.inputs.sourcing import InputTerms, UnitCosts, free_choice
from abm.errors import ModelError
from abm.trade.inputs.renewal import Supply, renewed_supply
from tests.contract_costs import cost_with_tastes

INPUTS, SOURCES, HOSTS, FIRMS = 3, 5, 2, 40
EXACT = 1e-12


class Quarters:
    """A few quarters of random prices; the last one is looked at.

    Terms have two regimes with the same policy: all bought anew, and under contract.
    """

    def __init__(self, renewal, seed=0):
        rng = np.random.default_rng(seed)
        self.shares = np.moveaxis(rng.dirichlet(np.full(SOURCES, 0.8), (INPUTS, HOSTS)), -1, 1)
        self.theta = rng.uniform(1.5, 8.0, INPUTS)
        self.bill = rng.dirichlet(np.ones(INPUTS), HOSTS).T * 0.6
        self.affinity = np.exp(rng.normal(0, 0.5, (FIRMS, INPUTS, SOURCES)))
        self.originating = rng.uniform(0, 1, (INPUTS, SOURCES, 1, 1))
        contracts = Contracts.at_rest(self.shares)
        for _ in range(5):
            price = np.exp(rng.normal(0, 0.2, self.shares.shape))
            self.supply = self.renewed(contracts, price, renewal)
            contracts = self.supply.contracts

    def renewed(self, contracts, price, renewal) -> Supply:
        self.weights = self.shares * price ** -self.theta[:, None, None]
        return renewed_supply(
            contracts, self.weights, self.shares, price, self.theta, (renewal, 1.0)
        )

    @property
    def terms(self):
        held = self.supply.weights
        weights = np.stack([self.weights, held.weights * held.dearer], axis=-1)
        other = weights * (1 - self.originating)
        return InputTerms(
            weights=np.stack([weights * self.originating, other, other], axis=2),
            theta=self.theta,
            bill_of_materials=self.bill,
            services=np.zeros((HOSTS, 2)),
            threshold=np.zeros((1, 1, 2)),
            signed=held.weights,
        )

    @property
    def buyers(self):
        base = np.einsum("iks,ksl->ikl", self.affinity, self.shares)
        return Buyers(self.affinity, np.ones((FIRMS, HOSTS)), base, np.zeros(FIRMS, np.int64))


@pytest.mark.parametrize("seed", range(3))
def test_a_firm_pays_what_contracts_say_for_its_tastes(seed):
    world = Quarters(renewal=0.2, seed=seed)
    held = world.supply.weights
    expected = cost_with_tastes(world.affinity, world.shares, held, world.theta) * world.bill
    spend = free_choice(world.buyers, world.terms).spend[:, :, 1]
    np.testing.assert_allclose(np.moveaxis(spend, -1, 0), expected, rtol=EXACT)


def test_where_all_contracts_end_each_quarter_cost_and_content_are_those_of_the_long_run():
    world = Quarters(renewal=1.0)
    costs = UnitCosts.empty(FIRMS, HOSTS, 2, np.float64)
    cost_step(world.buyers, np.full((FIRMS, HOSTS, 2), 0.4), world.terms, costs)
    for array in (costs.free_cost, costs.free_content):
        np.testing.assert_allclose(array[..., 1], array[..., 0], rtol=EXACT)


def test_what_is_bought_under_contract_is_what_is_paid_for():
    world = Quarters(renewal=0.2)
    costs = UnitCosts.empty(FIRMS, HOSTS, 2, np.float64)
    cost_step(world.buyers, np.zeros((FIRMS, HOSTS, 2)), world.terms, costs)
    volume = np.random.default_rng(1).uniform(1, 2, (FIRMS, 1))
    bought = [
        input_purchases(
            world.buyers.at(1),
            [world.terms.at(1, regime)],
            np.array([0, FIRMS]),
            np.zeros(FIRMS),
            volume,
            np.zeros((FIRMS, 1)),
        )
        for regime in range(2)
    ]
    for regime in range(2):
        paid = (costs.free_cost[:, 1, regime] * volume[:, 0]).sum()
        np.testing.assert_allclose(bought[regime].sum(), paid, rtol=EXACT)
    assert np.abs(bought[1] / bought[0] - 1).max() > 0.05


def test_once_adapted_the_average_buyer_buys_as_one_who_signs_today():
    world = Quarters(renewal=0.2)
    spent = 7.0 * world.supply.owed
    adapted = world.supply.adapted(spent)
    np.testing.assert_allclose(adapted.sum(axis=1), spent.sum(axis=1), rtol=EXACT)
    share = adapted / adapted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, world.supply.today.share, rtol=EXACT)


def test_who_has_no_contract_left_adapts_nothing():
    world = Quarters(renewal=1.0)
    bought = np.random.default_rng(2).uniform(1, 2, world.shares.shape)
    np.testing.assert_allclose(world.supply.adapted(bought), bought, rtol=EXACT)


def test_an_input_without_a_source_is_named():
    base = np.full((10, 14, 5, 3), 0.2)
    weights = base.copy()
    weights[2, 4, :, 1] = 0
    price, theta = np.ones((14, 5, 3)), np.full(14, 4.0)
    with pytest.raises(ModelError, match=r"no source of \w+ is left for \w+ in MEX"):
        renewed_supply(Contracts.at_rest(base), weights, base, price, theta, (0.15, 1.0))
