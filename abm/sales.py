"""Market clearing: who sells how much where, and on what claim.

Consumers spend on firms and on an import fringe with constant elasticity; users
of inputs have already split their purchases over source regions, and the plants
there share each pool by appeal. Everything is a quarter's flow in million USD at
basic prices unless it says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.borders import Borders, delivery
from abm.conditions import Calibration
from abm.core.content_rules import Floats
from abm.core.markets import hat_shares, plant_appeal, plant_reach
from abm.core.sourcing import UnitCosts, blocks
from abm.economy import Array, Economy
from abm.inputs import sector_rows
from abm.policy.compiled import Policy
from agents import FirmTable

FINAL, INTERMEDIATE = range(2)


def plant_dispersion(sigma: float) -> float:
    """Frechet shape of productivities over the plants of a firm: twice ``sigma - 1``.

    Six at an elasticity of demand of four, near Tintelnot's (2017) estimate of
    seven; a firm's appeal is then the square root of its plants' summed reach.
    """
    return 2 * (sigma - 1)


REACH_EXPONENT = 0.5
"""``(sigma - 1) / dispersion``."""


@dataclass(frozen=True)
class MarketState:
    """What a unit of appeal earns, by regime.

    Attributes
    ----------
    appeal : ndarray, shape (sector, host, use, market, regime)
        Summed over plants.
    unit_final : ndarray, shape (sector, market, regime)
        Consumers' spending per unit of appeal.
    unit_intermediate : ndarray, shape (sector, host, market, regime)
        Users' purchases at basic prices per unit of appeal.
    price_index : ndarray, shape (sector, market, regime)
        Consumer price against the calibration year.
    fringe, competition : ndarray, shape (sector, market, regime)
        Appeal of imports from regions without firms, and of everybody.
    """

    appeal: Array
    unit_final: Array
    unit_intermediate: Array
    price_index: Array
    fringe: Array
    competition: Array

    def unit_revenue(self, sector: int, regime: int) -> Array:
        """Buyers' payment per unit of appeal, shape (host, use, market).

        Final sales are still to be divided by what buyers pay on top of the border price.
        """
        final = np.broadcast_to(self.unit_final[sector, :, regime], (N_HOSTS, N_REGIONS))
        return np.stack([final, self.unit_intermediate[sector, :, :, regime]], axis=1)


@dataclass(frozen=True)
class Offer:
    """What a block of firms of one sector offers to every market under one regime.

    Attributes
    ----------
    rows : slice
        Rows of the firm table.
    border_cost, mark_on : ndarray, shape (firm, host, market)
        From `abm.borders.delivery`.
    reach : ndarray, shape (firm, host, use, market)
        From `abm.core.markets.plant_reach`.
    home_appeal : ndarray, shape (firm, market)
        What buyers of a market make of the firm's nationality, 1 at home.
    """

    rows: slice | NDArray[np.integer]
    border_cost: Floats
    mark_on: Floats
    reach: Floats
    home_appeal: Floats

    def appeal(self, table: FirmTable) -> Floats:
        """Appeal of the plants that stand, shape (firm, host, use, market)."""
        mass = (table.size[self.rows] * table.weight[self.rows]).astype(np.float32)
        appeal = plant_appeal(self.reach, table.plants[self.rows], mass, REACH_EXPONENT)
        appeal *= self.home_appeal[:, None, None, :]
        return appeal


def make_offer(
    table: FirmTable,
    economy: Economy,
    calibration: Calibration,
    policy: Policy,
    costs: UnitCosts,
    borders: Borders,
    outside: Array,
    sector: int,
    rows: slice | NDArray[np.integer],
    regime: int,
) -> Offer:
    """Delivered cost and reach of some firms of one sector, wherever they might produce."""
    border_cost, mark_on = delivery(
        borders,
        costs.free_cost,
        outside[sector, :N_HOSTS, :, regime],
        policy.barrier[sector, :N_HOSTS, :, regime],
        rows,
        regime,
    )
    delivered = border_cost * mark_on
    delivered *= np.float32(policy.markup_scale[regime])
    reach = plant_reach(
        delivered,
        calibration.access[sector].astype(np.float32),
        plant_dispersion(economy.sigma[sector]),
    )
    reach *= table.suitability[rows][:, :, None, None]
    return Offer(rows, border_cost, mark_on, reach, calibration.home_appeal[table.home[rows]])


def sector_blocks(table: FirmTable) -> Iterator[tuple[int, slice]]:
    """Blocks of rows that each belong to one sector."""
    for sector, rows in enumerate(sector_rows(table)):
        for block in blocks(rows.stop - rows.start):
            yield sector, slice(rows.start + block.start, rows.start + block.stop)


def total_appeal(
    table: FirmTable,
    economy: Economy,
    calibration: Calibration,
    policy: Policy,
    costs: UnitCosts,
    borders: Borders,
    outside: Array,
) -> Array:
    """Appeal of all plants that stand, by regime.

    Returns
    -------
    ndarray, shape (sector, host, use, market, regime)
    """
    regimes = len(policy.regimes)
    total = np.zeros((N_FOOTLOOSE, N_HOSTS, 2, N_REGIONS, regimes))
    for sector, rows in sector_blocks(table):
        for regime in range(regimes):
            offer = make_offer(
                table, economy, calibration, policy, costs, borders, outside, sector, rows, regime
            )
            total[sector, ..., regime] += offer.appeal(table).sum(axis=0, dtype=np.float64)
    return total


def clear_markets(
    economy: Economy,
    calibration: Calibration,
    appeal: Array,
    fringe_price: Array,
    expenditure: Array,
    pools: Array,
) -> MarketState:
    """Unit revenues and consumer prices, given everybody's appeal.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    appeal : ndarray, shape (sector, host, use, market, regime)
        From `total_appeal`.
    fringe_price : ndarray, shape (sector, source, market, regime)
        Delivered price of imports from regions without firms, calibration year = 1.
    expenditure : ndarray, shape (sector, market)
        Consumers' spending.
    pools : ndarray, shape (sector, host, market, regime)
        Purchases of inputs by source at basic prices.

    Returns
    -------
    MarketState
    """
    elasticity = 1 - economy.sigma[:N_FOOTLOOSE]
    fringe = calibration.fringe[..., None] * fringe_price ** elasticity[:, None, None, None]
    # Regions without firms alone have a fringe; hosts' entries are zero.
    fringe = fringe.sum(axis=1)
    competition = appeal[:, :, FINAL].sum(axis=1) + fringe
    base = calibration.expenditure[..., None]
    index = (competition / base) ** (1 / elasticity[:, None, None])
    offered = appeal[:, :, INTERMEDIATE]
    unit = np.divide(pools, offered, out=np.zeros_like(pools), where=offered > 0)
    return MarketState(
        appeal, expenditure[..., None] / competition, unit, index, fringe, competition
    )


def fringe_prices(policy: Policy, calibration: Calibration, outside: Array) -> Array:
    """Delivered price of imports from China and the rest of the world.

    Parameters
    ----------
    policy : Policy
    calibration : Calibration
    outside : ndarray, shape (sector, source, market, regime)
        Duties now.

    Returns
    -------
    ndarray, shape (footloose sector, source, market, regime)
        Calibration year = 1.
    """
    base = 1 + calibration.outside_duty[..., None]
    advantage = 1 - policy.foreign_advantage[:, :, None]
    price: Array = advantage * (1 + policy.barrier) * (1 + outside) / base
    return price[:N_FOOTLOOSE]


def other_users_purchases(
    economy: Economy, calibration: Calibration, price: Array, on_top: Array
) -> Array:
    """Inputs bought by fixed sectors and by industry abroad, which spend a fixed amount.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    price : ndarray, shape (input, source, market, regime)
        Delivered price, calibration year = 1.
    on_top : ndarray, same shape
        What buyers pay over the basic price, as a factor.

    Returns
    -------
    ndarray, shape (input, source, market, regime)
        At basic prices.
    """
    base = calibration.other_use * (1 + calibration.base_input_duty)
    theta = economy.theta[:, None, None, None]
    spending = hat_shares(
        np.moveaxis(np.broadcast_to(base[..., None], price.shape), 1, -1),
        np.moveaxis(price, 1, -1),
        theta,
    )
    basic: Array = np.moveaxis(spending, -1, 1) / on_top
    return basic
