"""Prices of inputs, from last quarter's outcomes and this quarter's policy."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import GOODS, N_FOOTLOOSE, N_GOODS, N_HOSTS, N_SECTORS
from abm.core.buyers import Buyers
from abm.core.sourcing import InputTerms, UnitCosts, cost_step
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_blocks
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.duties import duty_on
from abm.trade.labour import value_added_index
from abm.trade.origin import further_rules, originating_share
from agents import FirmTable

ENERGY = GOODS.index("primary_energy")


def outside_duty(economy: Economy, policy: Policy) -> Array:
    """Duty on goods for which no origin can be claimed, fraction of basic value.

    Parameters
    ----------
    economy : Economy
    policy : Policy

    Returns
    -------
    ndarray, shape (sector, source, market, regime)
        Between members only the entries of energy are used, which no modelled firm makes:
        the average rate, or 0 under the preference, plus duties due in any case.
    """
    rate = duty_on(policy, ..., economy.applied_duty[..., None]).unclaimed
    for (host, partner, sector), distribution in economy.rates.items():
        if sector == ENERGY:
            cell = (ENERGY, host, partner)
            duty = duty_on(policy, cell, distribution.mean)
            rate[cell] = np.where(policy.preference[host, partner], duty.fixed, duty.unclaimed)
    of_basic_value: Array = rate * economy.customs_over_basic[..., None]
    return of_basic_value


def purchase_prices(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Delivered price of every input from every source against the calibration year.

    Returns
    -------
    ndarray, shape (input, source, market, regime)
    """
    duty = conditions.certificates.duty
    advantage = 1 - policy.foreign_advantage[:, :, None]
    price: Array = (
        conditions.supply_price[:, :, None, None]
        * advantage
        * (1 + policy.barrier)
        * (1 + duty)
        / (1 + calibration.base_input_duty[..., None])
    )
    return price


def price_inputs(
    economy: Economy,
    calibration: Calibration,
    conditions: Conditions,
    policy: Policy,
    agglomeration: float,
) -> list[InputTerms]:
    """Sourcing weights, bills and rules of every footloose sector.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    conditions : Conditions
        Last quarter's outcomes under the regimes of ``policy``.
    policy : Policy
    agglomeration : float
        Power of a sector's output in a region in that region's appeal to buyers.

    Returns
    -------
    list of InputTerms
        One per footloose sector.
    """
    price = purchase_prices(calibration, conditions, policy)[:, :, :N_HOSTS]
    crowding = conditions.output**agglomeration
    appeal = (crowding[:, :, None, None] * price ** -economy.theta[:, None, None, None])[:N_GOODS]
    originating = originating_share(conditions, policy)[:, :, None]
    before_duty = 1 / (1 + conditions.certificates.duty[:N_GOODS, :, :N_HOSTS])
    bills = calibration.bill_of_materials[:, :N_GOODS].astype(np.float32)
    terms = []
    for sector in range(N_FOOTLOOSE):
        weight = calibration.competitiveness[sector][..., None] * appeal
        qualifying, other = weight * originating, weight * (1 - originating)
        groups = [qualifying, other, other * before_duty, qualifying * before_duty]
        terms.append(
            InputTerms(
                weights=np.stack(groups, axis=2).astype(np.float32),
                theta=economy.theta[:N_GOODS].astype(np.float32),
                bill_of_materials=bills[sector],
                services=_service_cost(economy, calibration, price, sector),
                threshold=policy.content_threshold[sector].astype(np.float32),
                further=further_rules(calibration, conditions, policy, sector, qualifying),
            )
        )
    return terms


def _service_cost(
    economy: Economy, calibration: Calibration, price: Array, sector: int
) -> np.ndarray:
    services = slice(N_GOODS, N_SECTORS)
    shares = calibration.service_shares[sector, services][..., None]
    theta = economy.theta[services, None, None]
    index = (shares * price[services] ** -theta[:, None]).sum(axis=1) ** (-1 / theta)
    cost = (calibration.bill_of_materials[sector, services][..., None] * index).sum(axis=0)
    return cost.astype(np.float32)


def value_added_cost(
    table: FirmTable, calibration: Calibration, conditions: Conditions, policy: Policy
) -> np.ndarray:
    """Labour and capital per unit of output, less subsidies and with royalties.

    Returns
    -------
    ndarray of float32, shape (firm, host, regime)
        If no regime changes this cost, one regime broadcast to all, without a copy.
    """
    gross = value_added_index(calibration, conditions, policy)
    borne = 1 - policy.subsidy[:N_FOOTLOOSE]
    regimes = gross.shape[-1]
    if all((array == array[..., :1]).all() for array in (gross, borne, policy.royalty)):
        regimes = 1
    per_sector = (gross * borne)[..., :regimes]
    output = table.productivity.T[:, None]
    cost = _by_firm(per_sector, table) / output
    if policy.royalty.any():
        abroad = away_from_home(table).T[:, None] * policy.royalty[:, :regimes, None]
        cost += _by_firm(gross[..., :regimes], table) / output * abroad
    shape = (*table.productivity.T.shape[:1], gross.shape[-1], len(table))
    return np.moveaxis(np.broadcast_to(cost, shape), -1, 0)


def _by_firm(per_sector: Array, table: FirmTable) -> np.ndarray:
    """The value of each firm's sector, shape (host, regime, firm)."""
    return np.moveaxis(per_sector, 0, -1).astype(np.float32)[..., table.sector]


def away_from_home(table: FirmTable) -> np.ndarray:
    """Whether each host is a foreign country to each firm, shape (firm, host)."""
    away: np.ndarray = table.home[:, None] != np.arange(N_HOSTS)
    return away


def buyers(table: FirmTable, rows: slice | NDArray[np.integer]) -> Buyers:
    """Some firms as buyers of inputs."""
    return Buyers(table.affinity[rows], table.origin_share[rows], table.base_potential[rows])


def solve_costs(
    table: FirmTable,
    calibration: Calibration,
    terms: list[InputTerms],
    value_added: np.ndarray,
    costs: UnitCosts,
) -> None:
    """Unit cost and content of every firm, host and regime, written into ``costs``."""

    def solve(block: tuple[int, slice]) -> None:
        sector, rows = block
        cost_step(
            buyers(table, rows),
            value_added[rows],
            terms[sector],
            costs.rows(rows),
        )

    in_parallel(solve, sector_blocks(table))


def average_sourcing_shares(economy: Economy, calibration: Calibration, price: Array) -> Array:
    """Return where the average firm would buy every material.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    price : ndarray, shape (input, source, market)
        Delivered, against the calibration year.

    Returns
    -------
    ndarray, shape (sector, material, source, host)
        Sums to one over sources.
    """
    theta = economy.theta[:N_GOODS, None, None]
    weight = calibration.competitiveness * price[:N_GOODS, :, :N_HOSTS] ** -theta
    shares: Array = weight / weight.sum(axis=2, keepdims=True)
    return shares
