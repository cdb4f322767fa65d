"""Prices of inputs, from last quarter's outcomes and this quarter's policy."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import GOODS, N_FOOTLOOSE, N_GOODS, N_HOSTS, N_SECTORS
from abm.core.demand.presence import present_weights
from abm.core.inputs.buyers import Buyers
from abm.core.inputs.contracts import ContractWeights
from abm.core.inputs.cost_step import cost_step
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.engine.blocks import Block, firm_blocks
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.duties import duty_on, scheduled_duty
from abm.trade.entry import open_to_sectors
from abm.trade.inputs.labour import exchange_rates, value_added_index
from abm.trade.inputs.origin import further_rules, originating_share
from agents import FirmTable

ENERGY = GOODS.index("primary_energy")


def outside_duty(economy: Economy, policy: Policy) -> Array:
    """Duty on goods for which no origin can be claimed, fraction of customs value.

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
    scheduled = scheduled_duty(economy)
    rate = duty_on(policy, ..., economy.applied_duty[..., None], scheduled).unclaimed
    for (host, partner, sector), distribution in economy.rates.items():
        if sector == ENERGY:
            cell = (ENERGY, host, partner)
            duty = duty_on(policy, cell, distribution.mean, distribution.mean)
            rate[cell] = np.where(policy.preference[host, partner], duty.fixed, duty.unclaimed)
    return rate


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
    # What firms make costs in their supply price; what nobody follows, as its currency does.
    rates = exchange_rates(conditions, policy)
    price[N_FOOTLOOSE:] *= rates[:, None]
    price[:N_FOOTLOOSE, N_HOSTS:] *= rates[N_HOSTS:, None]
    return price


def sourcing_weights(
    economy: Economy,
    shares: Array,
    price: Array,
    presence: Array | float = 1.0,
    let_in: Array | None = None,
) -> Array:
    """Weights at which the average buyer of inputs chooses between sources.

    Parameters
    ----------
    economy : Economy
    shares : ndarray, shape (..., input, source, market)
        Those of the calibration year.
    price : ndarray, shape (input, source, market, regime)
        From `purchase_prices`, for the same markets.
    presence : ndarray, shape (input, source, market)
        From `abm.trade.flows.presence.plants_presence`; 1 for plants as in the calibration year.
    let_in : ndarray, shape (input, source, market, regime), optional
        Part of what a source sells that bans leave open; all without it.

    Returns
    -------
    ndarray, shape (..., input, source, market, regime)
    """
    standing = present_weights(shares, np.asarray(presence, np.float64))
    weights: Array = standing[..., None] * price ** -economy.theta[:, None, None, None]
    if let_in is not None:
        weights *= let_in[:, :, : price.shape[2]]
    return weights


def price_inputs(
    economy: Economy,
    calibration: Calibration,
    conditions: Conditions,
    policy: Policy,
    presence: Array | float = 1.0,
) -> list[InputTerms]:
    """What every footloose sector meets when all may be bought anew.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    conditions : Conditions
        Last quarter's outcomes under the regimes of ``policy``.
    policy : Policy
    presence : ndarray, shape (input, source, host)

    Returns
    -------
    list of InputTerms
        One per footloose sector.
    """
    price = purchase_prices(calibration, conditions, policy)[:, :, :N_HOSTS]
    let_in = open_to_sectors(policy)
    weights = sourcing_weights(economy, calibration.source_shares, price, presence, let_in)
    return input_terms(economy, calibration, conditions, policy, weights)


def input_terms(
    economy: Economy,
    calibration: Calibration,
    conditions: Conditions,
    policy: Policy,
    weights: Array,
    held: ContractWeights | None = None,
) -> list[InputTerms]:
    """Content groups, bills and rules of every footloose sector.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    conditions : Conditions
        Last quarter's outcomes under the regimes of ``policy``.
    policy : Policy
    weights : ndarray, shape (sector, input, source, host, regime)
        From `sourcing_weights`.
    held : ContractWeights, optional
        Weights under contract, shape (sector, input, source, host), which take the place
        of those under the last regime.

    Returns
    -------
    list of InputTerms
        One per footloose sector.
    """
    signed = weights
    if held is not None:
        weights, signed = weights.copy(), weights.copy()
        signed[..., -1] = held.weights
        weights[..., -1] = held.weights * held.dearer
    originating = originating_share(conditions, policy)[:, :, None]
    # Content is judged at basic values, before what traders earn and duty.
    on_top = (1 + calibration.trade_margin[..., None]) * (1 + conditions.certificates.duty)
    before_duty = 1 / on_top[:N_GOODS, :, :N_HOSTS]
    bills = calibration.bill_of_materials[:, :N_GOODS].astype(np.float32)
    services = service_purchases(economy, calibration, weights, signed)
    thresholds, either = policy.content_threshold.astype(np.float32), policy.either_way
    terms = []
    for sector in range(N_FOOTLOOSE):
        weight = weights[sector, :N_GOODS]
        qualifying, other = weight * originating, weight * (1 - originating)
        groups = [qualifying, other, other * before_duty, qualifying * before_duty]
        terms.append(
            InputTerms(
                weights=np.stack(groups, axis=2).astype(np.float32),
                theta=economy.theta[:N_GOODS].astype(np.float32),
                bill_of_materials=bills[sector],
                services=services[sector].sum(axis=(0, 1)).astype(np.float32),
                threshold=thresholds,
                either=either if either[economy.lines.of(sector)].any() else None,
                further=further_rules(calibration, conditions, policy, sector, qualifying),
                services_by_source=services[sector],
                signed=None if held is None else held.weights[sector, :N_GOODS].astype(np.float32),
            )
        )
    return terms


def service_purchases(
    economy: Economy, calibration: Calibration, weights: Array, signed: Array
) -> Array:
    """What a unit of output takes of inputs that are not materials.

    All firms of a sector buy alike.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    weights, signed : ndarray, shape (sector, input, source, host, regime)
        Weights of sources at today's prices, and at those at which they were chosen.

    Returns
    -------
    ndarray, shape (sector, service, source, host, regime)
        Purchasers' value.
    """
    services = slice(N_GOODS, N_SECTORS)
    level = signed[:, services].sum(axis=2, keepdims=True)
    per_weight = level ** (-1 / economy.theta[services, None, None, None] - 1)
    bill = calibration.bill_of_materials[:, services, None, :, None]
    bought: Array = bill * per_weight * weights[:, services]
    return bought


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
    return Buyers(
        table.affinity[rows], table.origin_share[rows], table.base_potential[rows], table.line[rows]
    )


def solve_costs(
    table: FirmTable,
    terms: list[InputTerms],
    value_added: np.ndarray,
    costs: UnitCosts,
    host: int | None = None,
) -> None:
    """Unit cost and content of every firm, host and regime, written into ``costs``.

    Parameters
    ----------
    table : FirmTable
    terms : list of InputTerms
        One a footloose sector.
    value_added : ndarray, shape (firm, host, regime)
    costs : UnitCosts
        Filled in place, as by `abm.core.inputs.cost_step.cost_step`.
    host : int, optional
        The only one that terms, value added and costs are of; all if not given.
    """

    def solve(block: Block) -> None:
        some = buyers(table, block.rows)
        cost_step(
            some if host is None else some.at(host),
            value_added[block.rows],
            terms[block.sectors],
            costs.rows(block.rows),
            edges=block.edges,
        )

    in_parallel(solve, firm_blocks(table))
