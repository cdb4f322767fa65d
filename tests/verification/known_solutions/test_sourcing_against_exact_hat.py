"""Without rules and differences between firms, sourcing is exact-hat algebra.

With sourcing shares ``pi`` and prices multiplied by ``hat``, Dekle, Eaton and Kortum (2008)
have new shares ``pi * hat**-theta / sum(pi * hat**-theta)`` and a cost of the category
multiplied by ``sum(pi * hat**-theta)**(-1/theta)``. The formula is written out once, here.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm.axes import N_FOOTLOOSE, N_GOODS, N_HOSTS, N_REGIONS, N_SECTORS
from abm.base_year.calibration import ACCESS_TOLERANCE, calibrate
from abm.base_year.population import draw_population
from abm.core.demand.markets import hat_shares
from abm.core.inputs.buyers import Buyers
from abm.core.inputs.cost_step import cost_step
from abm.core.inputs.purchases import input_purchases
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.economy.constants import Calibration
from abm.economy.tables import load_economy
from abm.engine.draws import Draws
from abm.policy.regimes import compile_policy
from abm.scenario.scenario import Scenario
from abm.trade.borders.this_quarter import Quarter
from abm.trade.flows.deliveries import sales_by_appeal, tally_plants
from abm.trade.inputs.input_prices import (
    outside_duty,
    price_inputs,
    solve_costs,
    value_added_cost,
)

EXACT = 1e-9
N_INPUTS, N_FIRMS, N_REGIMES = 7, 5, 4

# Single precision costs 6e-8 an operation; a chain of a dozen with powers up to theta = 8.
SINGLE = 1e-5


def exact_hat(shares, hat, theta, axis):
    """New shares and the factor on the category's cost."""
    shape = [1] * hat.ndim
    shape[0] = -1
    weighted = shares * hat ** -theta.reshape(shape)
    total = weighted.sum(axis=axis, keepdims=True)
    # Inputs that nobody uses have no shares; callers leave them out.
    with np.errstate(divide="ignore", invalid="ignore"):
        return weighted / total, (total ** (-1 / theta.reshape(shape))).squeeze(axis)


class RandomTrade:
    """Random shares, bills and price shocks; arrays (input, source, host, regime)."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        shares = rng.dirichlet(np.full(N_REGIONS, 0.5), (N_INPUTS, N_HOSTS))
        self.shares = np.moveaxis(shares, 2, 1)[..., None]
        self.hat = np.exp(rng.normal(0, 0.3, (N_INPUTS, N_REGIONS, N_HOSTS, N_REGIMES)))
        self.theta = rng.uniform(1.5, 12.0, N_INPUTS)
        self.bill = rng.dirichlet(np.ones(N_INPUTS), N_HOSTS).T * 0.6
        self.services = rng.uniform(0.0, 0.1, (N_HOSTS, N_REGIMES))
        self.value_added = np.repeat(rng.uniform(0.2, 0.5, (1, N_HOSTS)), N_FIRMS, axis=0)
        self.originating = rng.uniform(0, 1, (N_INPUTS, N_REGIONS, 1, 1))

    def terms(self):
        weights = self.shares * self.hat ** -self.theta[:, None, None, None]
        other = weights * (1 - self.originating)
        return InputTerms(
            weights=np.stack([weights * self.originating, other, other], axis=2),
            theta=self.theta,
            bill_of_materials=self.bill,
            services=self.services,
            threshold=np.zeros((1, 1, N_REGIMES)),
        )

    def buyers(self, affinity):
        """Firms for which all that qualifies originates."""
        base_potential = np.einsum("iks,ksl->ikl", affinity, self.shares[..., 0])
        firms = len(affinity)
        alike = np.zeros(firms, np.int64)
        return Buyers(affinity, np.ones((firms, N_HOSTS)), base_potential, alike)

    def solved(self, affinity):
        out = UnitCosts.empty(len(affinity), N_HOSTS, N_REGIMES, np.float64)
        cost_step(self.buyers(affinity), self.value_added[..., None], self.terms(), out)
        return out

    def purchases(self, affinity, host, regime, volume):
        """Bought by category and source, shape (input, source)."""
        bought = input_purchases(
            self.buyers(affinity).at(host),
            [self.terms().at(host, regime)],
            np.array([0, len(affinity)]),
            np.zeros(len(affinity)),
            volume[:, None],
            np.zeros((len(affinity), 1)),
        )
        return bought[0, :, :, 0]


ONE_TYPE = np.ones((N_FIRMS, N_INPUTS, N_REGIONS))


@pytest.mark.parametrize("seed", range(5))
def test_unit_cost_of_one_type_of_firm_is_exact_hat(seed):
    world = RandomTrade(seed)
    costs = world.solved(ONE_TYPE)
    _, factor = exact_hat(world.shares, world.hat, world.theta, axis=1)
    expected = (
        world.value_added[:, :, None]
        + world.services
        + (world.bill[..., None] * factor).sum(axis=0)
    )
    np.testing.assert_allclose(costs.free_cost, expected, rtol=EXACT)
    # Without a rule, complying costs nothing.
    np.testing.assert_array_equal(costs.compliant_cost, costs.free_cost)


@pytest.mark.parametrize("seed", range(5))
def test_sourcing_shares_of_one_type_of_firm_are_exact_hat(seed):
    world = RandomTrade(seed)
    shares, factor = exact_hat(world.shares, world.hat, world.theta, axis=1)
    for host in range(N_HOSTS):
        for regime in range(N_REGIMES):
            bought = world.purchases(ONE_TYPE, host, regime, np.arange(1.0, N_FIRMS + 1))
            spent = bought.sum(axis=1)
            np.testing.assert_allclose(
                bought / spent[:, None], shares[:, :, host, regime], rtol=EXACT
            )
            volume = N_FIRMS * (N_FIRMS + 1) / 2
            expected = volume * world.bill[:, host] * factor[:, host, regime]
            np.testing.assert_allclose(spent, expected, rtol=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_every_type_of_firm_moves_by_exact_hat_from_its_own_shares(seed):
    world = RandomTrade(seed)
    affinity = np.exp(np.random.default_rng(seed).normal(0, 1, ONE_TYPE.shape))
    for firm in range(N_FIRMS):
        alone = np.zeros(N_FIRMS)
        alone[firm] = 1.0
        weighted = affinity[firm][..., None, None] * world.shares
        before = weighted / weighted.sum(axis=1, keepdims=True)
        shares, factor = exact_hat(before, world.hat, world.theta, axis=1)
        bought = world.purchases(affinity, 1, 2, alone)
        expected = shares[:, :, 1, 2] * (world.bill[:, 1] * factor[:, 1, 2])[:, None]
        np.testing.assert_allclose(bought, expected, rtol=EXACT)


def test_a_shock_common_to_all_sources_moves_no_share():
    world = RandomTrade(0)
    world.hat = np.broadcast_to(world.hat[:, :1], world.hat.shape)
    bought = world.purchases(ONE_TYPE, 0, 0, np.ones(N_FIRMS))
    shares = bought / bought.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, world.shares[:, :, 0, 0], rtol=EXACT)


def test_sourcing_of_users_outside_the_model_is_the_same_algebra():
    world = RandomTrade(7)
    shares, _ = exact_hat(world.shares, world.hat, world.theta, axis=1)
    spending = 3.0 * np.moveaxis(np.broadcast_to(world.shares, world.hat.shape), 1, -1)
    after = hat_shares(spending, np.moveaxis(world.hat, 1, -1), world.theta[:, None, None, None])
    np.testing.assert_allclose(np.moveaxis(after, -1, 1), 3.0 * shares, rtol=EXACT)


class AlikeFirms:
    """The calibrated model with one type of firm in every sector and no rule of origin."""

    def __init__(self):
        scenario = Scenario.from_document(
            {
                "firms": {
                    "productivity_spread": 0.0,
                    "home_decay": 0.0,
                    "foreign_firms": False,
                    "empty_slots": 0.0,
                }
            }
        )
        self.economy = load_economy()
        self.policy = compile_policy(scenario, quarters=0)
        self.table = draw_population(self.economy, scenario.firms, 120, Draws(3))
        self.table.affinity[:] = 1
        self.table.suitability[:] = 1
        self.table.origin_share[:] = 1
        self.table.plants[np.arange(len(self.table)), self.table.home] = True
        base = calibrate(self.table, self.economy, self.policy, scenario.firms)
        self.calibration: Calibration = base.calibration
        self.base = base

    def after(self, hat):
        """Tally and costs when supply prices are multiplied by ``hat`` (input, source)."""
        conditions = replace(self.calibration.conditions, supply_price=hat)
        terms = price_inputs(self.economy, self.calibration, conditions, self.policy)
        value_added = value_added_cost(self.table, self.calibration, conditions, self.policy)
        costs = UnitCosts.empty(len(self.table), N_HOSTS, 1)
        solve_costs(self.table, terms, value_added, costs)
        quarter = Quarter(
            self.table,
            self.economy,
            self.calibration,
            self.policy,
            costs,
            self.base.borders,
            outside_duty(self.economy, self.policy),
        )
        sales = sales_by_appeal(quarter, regime=0)
        tally = tally_plants(quarter, terms, value_added, regime=0, sales=sales)
        return tally, costs


@pytest.fixture(scope="module")
def alike():
    return AlikeFirms()


@pytest.fixture(scope="module")
def hat():
    return np.exp(np.random.default_rng(5).normal(0, 0.2, (N_SECTORS, N_REGIONS)))


def test_the_model_with_one_type_of_firm_buys_by_exact_hat(alike, hat):
    tally, _ = alike.after(hat)
    bought = tally.purchases.sum(axis=(4, 5))
    use = np.transpose(alike.economy.intermediate_use[:, :, :N_HOSTS, :N_FOOTLOOSE], (3, 1, 0, 2))
    paid = use * alike.calibration.base_on_top[:, :, :N_HOSTS]
    for sector in range(N_FOOTLOOSE):
        used = paid[sector].sum(axis=(1, 2)) > 0
        total = paid[sector].sum(axis=1, keepdims=True)
        before = np.divide(
            paid[sector], total, out=np.zeros_like(total + paid[sector]), where=total > 0
        )
        expected, _ = exact_hat(
            before[used], hat[used][..., None], alike.economy.theta[used], axis=1
        )
        found = bought[sector][used]
        spent = found.sum(axis=1, keepdims=True)
        bought_here = np.broadcast_to(spent > 0, found.shape)
        shares = found / np.where(spent > 0, spent, 1)
        # The calibrated shares are the table's to this tolerance, relative to a cell.
        np.testing.assert_allclose(
            shares[bought_here], expected[bought_here], atol=2 * ACCESS_TOLERANCE, rtol=0
        )


def test_unit_cost_in_the_model_with_one_type_of_firm_is_exact_hat(alike, hat):
    _, costs = alike.after(hat)
    calibration, theta = alike.calibration, alike.economy.theta
    for sector in range(N_FOOTLOOSE):
        rows = np.flatnonzero(alike.table.sector == sector)
        shares = calibration.competitiveness[sector]
        _, materials = exact_hat(shares, hat[:N_GOODS, :, None], theta[:N_GOODS], axis=1)
        traded = calibration.service_shares[sector, N_GOODS:]
        _, services = exact_hat(traded, hat[N_GOODS:, :, None], theta[N_GOODS:], axis=1)
        factor = np.concatenate([materials, services])
        expected = calibration.value_added_cost[sector] + (
            calibration.bill_of_materials[sector] * factor
        ).sum(axis=0)
        np.testing.assert_allclose(
            costs.free_cost[rows, :, 0],
            np.broadcast_to(expected, (len(rows), N_HOSTS)),
            rtol=SINGLE,
        )
