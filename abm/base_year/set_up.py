"""Initialization: the firms of the calibration year, and the state a run starts from."""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.base_year.calibration import BaseYear, calibrate
from abm.base_year.first_plants import place_firms
from abm.base_year.population import draw_population
from abm.core.inputs.contracts import Contracts
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Certificates
from abm.economy.tables import Array, Economy
from abm.engine.draws import Draws
from abm.errors import CalibrationError
from abm.governments.in_force import PolicyState
from abm.location.payoffs import config_revenues
from abm.policy.regimes import Policy, compile_policy
from abm.scenario.scenario import Scenario
from abm.state.state import State
from abm.trade.books.accounts import Accounts, Consumers
from abm.trade.books.settlement import settle
from abm.trade.borders.this_quarter import Quarter
from abm.trade.borders.transition import bound_to_comply
from abm.trade.flows.input_flows import clear_with_purchases
from abm.trade.inputs.input_prices import outside_duty
from abm.trade.inputs.suppliers import SupplierNetwork
from abm.trade.sales.customers import AT_ONCE, Customers, serve
from abm.trade.sales.market_clearing import FINAL, MarketState, clear_markets, fringe_prices
from agents import FirmTable

BASE_YEAR_POLICY = "status-quo"
"""Scenario whose policy at the start is that of the calibration year."""


@dataclass(frozen=True)
class CalibratedEconomy:
    """Firms, their links, and the constants at which they reproduce the calibration year.

    Attributes
    ----------
    economy : Economy
        Observed figures under the scenario's elasticities.
    firms : FirmTable
    network : SupplierNetwork
    base_policy : Policy
        That of the calibration year, a single regime.
    base_year : BaseYear
    base_values : ndarray, shape (firm, config)
        Present value of every set of plants if policy never changes.
    """

    economy: Economy
    firms: FirmTable
    network: SupplierNetwork
    base_policy: Policy
    base_year: BaseYear
    base_values: Array

    @property
    def calibration(self) -> Calibration:
        """The constants alone."""
        return self.base_year.calibration


def calibrated_economy(
    observed: Economy, scenario: Scenario, firms: int, draws: Draws
) -> CalibratedEconomy:
    """Firms that fit the economy, and the constants that make it a rest point.

    Parameters
    ----------
    observed : Economy
    scenario : Scenario
        Its sections ``firms`` and ``economy`` are used; its policy is not.
    firms : int
        How many.
    draws : Draws

    Returns
    -------
    CalibratedEconomy

    Raises
    ------
    CalibrationError
        If the economy contradicts itself, or the calibration year is not reproduced.
    """
    _check_what_is_made(observed)
    settings = scenario.firms
    economy = scaled(observed, scenario)
    table = draw_population(economy, settings, firms, draws)
    base_values = place_firms(table, economy, settings, scenario.economy.speeds, draws)
    network = link_suppliers(table, economy, scenario.economy.relation, draws)
    base_policy = compile_policy(Scenario.load(BASE_YEAR_POLICY), quarters=0)
    base_year = calibrate(table, economy, base_policy, settings.home_appeal)
    return CalibratedEconomy(economy, table, network, base_policy, base_year, base_values)


def _check_what_is_made(observed: Economy) -> None:
    """Raise unless every sector is made at some host, and hosts sell only what they make."""
    made = observed.makes
    sold = observed.intermediate_use.sum(axis=(2, 3)) + observed.final_demand.sum(axis=2)
    bought = observed.intermediate_use.sum(axis=(0, 1))
    for j, sector in enumerate(FOOTLOOSE):
        if not made[j].any():
            raise CalibrationError(f"economy: no host makes any {sector}; one of them has to")
        for host, name in enumerate(HOSTS):
            sales, purchases = float(sold[host, j]), float(bought[host, j])
            if made[j, host] and not sales > 0:
                raise CalibrationError(f"economy: {name} makes {sector} and sells none")
            if not made[j, host] and (sales > 0 or purchases > 0):
                raise CalibrationError(
                    f"economy: {name} makes no {sector}, yet sells {sales:.6g} and buys inputs "
                    f"for {purchases:.6g} million USD a year"
                )


def scaled(observed: Economy, scenario: Scenario) -> Economy:
    """The observed economy under a scenario's elasticities."""
    return replace(
        observed,
        theta=observed.theta * scenario.economy.theta_scale,
        sigma=1 + (observed.sigma - 1) * scenario.economy.sigma_scale,
    )


def link_suppliers(
    table: FirmTable, economy: Economy, relation: float, draws: Draws
) -> SupplierNetwork:
    """Suppliers drawn from the input-output table before anything is priced."""
    use = np.transpose(economy.intermediate_use[:, :, :N_HOSTS], (3, 1, 0, 2))
    total = use.sum(axis=2, keepdims=True)
    shares = np.divide(use, total, out=np.zeros_like(use), where=total > 0)
    output = np.broadcast_to(economy.output[:N_HOSTS].T[:, None], total[:, :, 0].shape)
    bill = np.divide(total[:, :, 0], output, out=np.zeros(output.shape), where=output > 0)
    network = SupplierNetwork.build(
        table.sector, table.plants, table.size * table.weight, shares, bill, draws
    )
    follow_links(table, network, relation, np.arange(len(table)))
    return network


def follow_links(
    table: FirmTable, network: SupplierNetwork, relation: float, rows: NDArray[np.int64]
) -> None:
    """Set the affinity of some firms from their own draws and their suppliers' locations.

    Parameters
    ----------
    table : FirmTable
        Changed in place.
    network : SupplierNetwork
    relation : float
        What a link adds to the taste for a source.
    rows : ndarray of int, shape (firm,)
    """
    if not len(rows):
        return
    links = network.links(table.plants, rows)
    affinity = table.sourcing_draw[rows]
    affinity[:, :N_FOOTLOOSE, :N_HOSTS] *= 1 + relation * links
    table.affinity[rows] = affinity


def set_base_revenue(start: CalibratedEconomy) -> None:
    """Set what firms sell from their base-year plants, to which later profits are relative."""
    table = start.firms
    quarter = _base_quarter(start)
    market = _base_market(start, quarter.outside)
    assert np.allclose(market.unit_final, np.ones((N_FOOTLOOSE, N_REGIONS, 1)))
    revenue = config_revenues(quarter, market, np.arange(len(table)))[..., 0]
    own = revenue[np.arange(len(table)), table.config]
    table.base_revenue[:] = own * table.size
    table.base_config_revenue[:] = revenue / own[:, None]


def base_year_accounts(start: CalibratedEconomy) -> Accounts:
    """Quarter 0: the calibration year's books under its own policy."""
    base, calibration = start.base_year, start.calibration
    outside = outside_duty(start.economy, start.base_policy)
    certificates = calibration.conditions.certificates
    on_top = calibration.base_on_top
    # The tally of the calibration is per unit of appeal, each of which earns one.
    unit = np.ones((N_FOOTLOOSE, N_HOSTS, 2, N_REGIONS))
    unit = clear_with_purchases(base.tally, unit, calibration.other_use, on_top)
    return settle(
        start.economy,
        calibration,
        start.base_policy,
        base.tally,
        Consumers.of_base_year(calibration),
        unit,
        certificates,
        outside,
        on_top,
        calibration.other_use,
        regime=0,
    )


def first_state(start: CalibratedEconomy, base_accounts: Accounts, policy: PolicyState) -> State:
    """The state before quarter 1, under every regime as in the calibration year.

    Parameters
    ----------
    start : CalibratedEconomy
    base_accounts : Accounts
        From `base_year_accounts`.
    policy : PolicyState
        With the regimes that are known at the start.

    Returns
    -------
    State
    """
    regimes = len(policy.regime_counts)
    columns = np.zeros(regimes + 1, np.int64)  # one of each regime, and one at contracts
    base, base_year = start.calibration.conditions, start.base_year
    unclaimed = Certificates.unclaimed(base.certificates.duty)
    use = np.moveaxis(start.economy.intermediate_use.sum(axis=3), 0, 1) / 4
    spending = use * start.calibration.base_on_top
    return State(
        firms=start.firms,
        network=start.network,
        year=deque([base_accounts] * 4, maxlen=4),
        conditions=base.with_regimes(base.qualified, unclaimed).during(columns),
        every_cost=UnitCosts.empty(len(start.firms), N_HOSTS, len(columns)),
        plan_values=np.repeat(start.base_values[..., None], regimes, axis=2),
        contracts=Contracts.at_rest(start.calibration.source_shares),
        other_contracts=Contracts.at_rest(start.calibration.other_shares),
        log_wedge_held=np.where(
            bound_to_comply(base_year.borders, 0), base_year.costs.log_wedge[..., 0], 0
        ).astype(np.float32),
        policy=policy,
        adapted_spending=spending,
        last_price=np.ones_like(spending),
        spending=_base_spending(start),
        customers=serve(
            _base_quarter(start), Customers.nobodys(len(start.firms)), AT_ONCE, regime=0
        ).customers,
    )


def _base_quarter(start: CalibratedEconomy) -> Quarter:
    """What the plants of the calibration year meet."""
    return Quarter(
        start.firms,
        start.economy,
        start.calibration,
        start.base_policy,
        start.base_year.costs,
        start.base_year.borders,
        outside_duty(start.economy, start.base_policy),
    )


def _base_spending(start: CalibratedEconomy) -> Array:
    """Spending of consumers and on the inputs of every host in the calibration year."""
    spending = start.base_year.tally.sums["share"].copy()
    spending[:, :, FINAL] = start.calibration.expenditure[:, None]
    return spending


def _base_market(start: CalibratedEconomy, outside: Array) -> MarketState:
    """Markets of the calibration year."""
    appeal = start.base_year.tally.sums["share"]
    return clear_markets(
        start.economy,
        start.calibration,
        appeal[..., None],
        fringe_prices(start.base_policy, start.calibration, outside),
        start.calibration.expenditure,
        appeal[:, :, 1][..., None],
    )
