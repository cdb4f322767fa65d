"""Initialization: the firms of the calibration year, and the state a run starts from."""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.base_year.base_sales import base_quarter
from abm.base_year.calibration import BaseYear
from abm.base_year.first_plants import place_firms
from abm.base_year.population import draw_population
from abm.base_year.young_plants import base_customers
from abm.core.demand.capacity import invest
from abm.core.demand.customers import sum_by_sector
from abm.core.inputs.contracts import Contracts
from abm.core.inputs.sourcing import UnitCosts
from abm.core.layout import firm_last
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Certificates
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_edges
from abm.engine.draws import Draws
from abm.errors import CalibrationError
from abm.governments.in_force import PolicyState
from abm.location.evenly import MOVE_GROUPS
from abm.location.moving_costs import profit_per_sale
from abm.location.outlays import overhead
from abm.policy.arrays import LINE_CELLS
from abm.policy.regimes import Policy, compile_policy
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario
from abm.state.state import State
from abm.trade.books.accounts import Accounts, Consumers
from abm.trade.books.investment import book_investment
from abm.trade.books.job_flows import plants_jobs
from abm.trade.books.settlement import settle
from abm.trade.borders.transition import bound_to_comply
from abm.trade.flows.input_flows import clear_with_purchases
from abm.trade.flows.line_imports import from_outside, sold_by_line
from abm.trade.inputs.input_prices import outside_duty
from abm.trade.inputs.suppliers import SupplierNetwork
from abm.trade.sales.customers import HELD, Customers
from abm.trade.sales.market_clearing import FINAL, unit_prices
from abm.trade.sales.scarcity import (
    FROM_HERE,
    Budget,
    PlantsDemand,
    ordered_a_unit,
    use_against_contracts,
)
from abm.trade.sales.serving import prospects
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
        Of every set of plants if policy never changes, quarters of profit.
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
    policy = base_policy()
    placed = place_firms(table, economy, scenario, policy, draws)
    return CalibratedEconomy(
        economy, table, placed.network, policy, placed.base_year, placed.values
    )


def assumed(scenario: Scenario) -> tuple[FirmAssumptions, EconomyAssumptions]:
    """What of a scenario set-ups depend on: all but its policy and whether firms move.

    The latter is read in steps only.
    """
    return scenario.firms.model_copy(update={"relocation": True}), scenario.economy


def base_policy() -> Policy:
    """Policy of the calibration year, a single regime."""
    return compile_policy(Scenario.load(BASE_YEAR_POLICY), quarters=0)


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


def base_year_accounts(start: CalibratedEconomy) -> Accounts:
    """Quarter 0: the calibration year's books under its own policy."""
    base, calibration = start.base_year, start.calibration
    outside = outside_duty(start.economy, start.base_policy)
    certificates = calibration.conditions.certificates
    on_top = calibration.base_on_top
    return settle(
        start.economy,
        calibration,
        start.base_policy,
        base.tally,
        Consumers.of_base_year(start.economy, calibration),
        _base_unit(start),
        certificates,
        outside,
        on_top,
        calibration.other_use,
        regime=0,
    )


def first_state(
    start: CalibratedEconomy, base_accounts: Accounts, policy: PolicyState, scenario: Scenario
) -> State:
    """The state before quarter 1, under every regime as in the calibration year.

    Parameters
    ----------
    start : CalibratedEconomy
    base_accounts : Accounts
        From `base_year_accounts`.
    policy : PolicyState
        With the regimes that are known at the start.
    scenario : Scenario
        Its sections ``firms`` and ``economy`` are used.

    Returns
    -------
    State
    """
    regimes = len(policy.regime_counts)
    columns = np.zeros(regimes + 1, np.int64)  # one of each regime, and one at contracts
    base, base_year = start.calibration.conditions, start.base_year
    rest = _at_rest(start, base_accounts, scenario)
    unclaimed = Certificates.unclaimed(base.certificates.duty)
    use = np.moveaxis(start.economy.intermediate_use.sum(axis=3), 0, 1) / 4
    spending = use * start.calibration.base_on_top
    return State(
        firms=start.firms,
        network=start.network,
        year=deque([rest.accounts] * 4, maxlen=4),
        conditions=base.with_regimes(base.qualified, unclaimed).during(columns),
        every_cost=UnitCosts.empty(len(start.firms), N_HOSTS, len(columns)),
        plan_values=np.repeat(start.base_values[..., None], regimes, axis=2),
        contracts=Contracts.at_rest(start.calibration.source_shares),
        other_contracts=Contracts.at_rest(start.calibration.other_shares),
        log_wedge_held=np.where(
            bound_to_comply(base_year.borders, 0).any(axis=2),
            base_year.costs.log_wedge[..., 0],
            0,
        ).astype(np.float32),
        policy=policy,
        adapted_spending=spending,
        last_price=np.ones_like(spending),
        spending=_base_spending(start),
        customers=rest.customers,
        capacity=rest.capacity,
        jobs=plants_jobs(start.firms, base_accounts.employment, rest.capacity),
        scarcity=np.ones_like(rest.capacity),
        relative_use=rest.relative_use,
        moves_owed=np.zeros((N_FOOTLOOSE, MOVE_GROUPS, 2)),
        deaths_owed=np.zeros((N_FOOTLOOSE, N_HOSTS, 2)),
        licences=np.zeros((*LINE_CELLS, len(columns))),
        base_imports=rest.imports,
    )


@dataclass(frozen=True)
class _CapacityAtRest:
    """Customers, capacity and imports of the calibration year, and its accounts with wear."""

    customers: Customers
    capacity: Array
    relative_use: Array
    accounts: Accounts
    imports: Array


def _at_rest(start: CalibratedEconomy, accounts: Accounts, scenario: Scenario) -> _CapacityAtRest:
    """What plants make in the calibration year is their capacity, and is replaced as it wears."""
    calibration = start.calibration
    quarter = base_quarter(start.firms, start.economy, start.base_policy, start.base_year)
    customers = base_customers(quarter, start.base_year.built)
    pending = prospects(quarter, customers, HELD, regime=0)
    unit = _base_unit(start)
    bought = np.einsum("jkshum,jhum->jksh", start.base_year.tally.purchases, unit)
    owed = calibration.source_shares  # the quantity under contract, at prices of one
    use = use_against_contracts(bought, accounts.volume, owed)
    orders = ordered_a_unit(use, owed, calibration.base_on_top)
    budget = Budget(calibration.expenditure, calibration.other_use[FROM_HERE], orders)
    none = np.zeros(start.firms.plants.shape, bool)
    demand = PlantsDemand.of(pending, budget, none, regime=0)
    capacity = demand.output(firm_last(none.shape, np.float64, 1.0))
    worn = invest(capacity, capacity, np.zeros_like(capacity), scenario.economy.pace)
    price, build_cost = unit_prices(quarter, 0), scenario.firms.build_cost
    of_sector = sum_by_sector(capacity, sector_edges(start.firms))
    investment = book_investment(start.firms, worn, price, build_cost)
    fixed = overhead(
        start.firms, scenario.firms, profit_per_sale(start.economy.margin, scenario.firms)
    )
    with_capital = replace(
        accounts.with_overhead(fixed),
        capacity=of_sector,
        investment=investment,
        sales_to_move=pending.served().to_move,
    )
    line, sold = start.firms.line, _base_spending(start)
    imports = sold_by_line(line, customers, pending.standing, sold).sum(axis=0)
    imports += from_outside(accounts.final.value, accounts.intermediate.value).sum(axis=0)
    return _CapacityAtRest(customers, capacity, use, with_capital, imports)


def _base_unit(start: CalibratedEconomy) -> Array:
    """What buyers spend a unit of appeal, shape (sector, host, use, market)."""
    base, calibration = start.base_year, start.calibration
    # The tally of the calibration is per unit of appeal, each of which earns one.
    unit = np.ones((N_FOOTLOOSE, N_HOSTS, 2, N_REGIONS))
    return clear_with_purchases(base.tally, unit, calibration.other_use, calibration.base_on_top)


def _base_spending(start: CalibratedEconomy) -> Array:
    """Spending of consumers and on the inputs of every host in the calibration year."""
    spending = start.base_year.tally.sums["share"].copy()
    spending[:, :, FINAL] = start.calibration.expenditure[:, None]
    return spending
