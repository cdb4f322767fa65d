"""Market clearing: who sells how much in which market.

Consumers have constant elasticity of substitution over firms and an import fringe. Users
of inputs have already split their purchases over source regions; what they buy from a
host (a pool) is divided among the plants there in proportion to their appeal. Flows are
in million USD a quarter at basic prices unless stated otherwise.

A firm from CHN or ROW has a plant at home as well, from which it serves consumers of North
America at the duties, barriers and margins that the import fringe meets. So places where
plants stand are the regions: hosts, and homes abroad.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.customers import sum_by_sector
from abm.core.demand.markets import plant_appeal, plant_pull
from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last, some_firms
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.engine.blocks import Block, SomeFirms, firm_blocks
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.borders.crossing import delivery
from abm.trade.borders.this_quarter import Quarter
from abm.trade.entry import open_to_makers
from agents import FirmTable

FINAL, INTERMEDIATE = range(2)


def plant_dispersion[Sigma: (float, Array)](sigma: Sigma) -> Sigma:
    """Frechet shape of productivities over the plants of a firm: twice ``sigma - 1``.

    Six at an elasticity of demand of four, near Tintelnot's (2017) estimate of
    seven; a firm's appeal is then the square root of its plants' summed reach.
    """
    return 2 * (sigma - 1)


REACH_EXPONENT = 0.5
"""``(sigma - 1) / dispersion``."""


@dataclass(frozen=True)
class MarketState:
    """Appeal of all sellers and revenue per unit of appeal, by regime.

    Attributes
    ----------
    appeal : ndarray, shape (sector, region, use, market, regime)
        Summed over plants.
    unit_final : ndarray, shape (sector, market, regime)
        Consumers' spending per unit of appeal.
    unit_intermediate : ndarray, shape (sector, host, market, regime)
        Users' purchases at basic prices per unit of appeal.
    price_index : ndarray, shape (sector, market, regime)
        Consumer price against the calibration year.
    fringe, competition : ndarray, shape (sector, market, regime)
        Appeal of imports that no modelled firm makes, and of all sellers.
    """

    appeal: Array
    unit_final: Array
    unit_intermediate: Array
    price_index: Array
    fringe: Array
    competition: Array

    def unit_revenue(self, regime: int) -> Array:
        """Buyers' payment per unit of appeal, shape (sector, host, use, market).

        Revenue from final sales includes what buyers pay on top of the border price.
        """
        inputs = self.unit_intermediate[..., regime]
        final = np.broadcast_to(self.unit_final[:, None, :, regime], inputs.shape)
        return np.stack([final, inputs], axis=2)


@dataclass(frozen=True)
class Offer:
    """What some firms would offer to every market from every host.

    Attributes
    ----------
    mark_on : ndarray, shape (firm, host, market)
        Buyers' price over border price.
    reach : ndarray, shape (firm, host, use, market)
        Pull of a plant times the host's access.
    home_appeal : ndarray, shape (firm, market)
        Factor on appeal for the firm's nationality, 1 in its home market.
    from_abroad : tuple of ndarray, each of shape (firm, market), optional
        Reach of its plant at home abroad to consumers, 0 for firms that have none, and buyers'
        price over border price from there; None where no firm has one.
    """

    mark_on: Floats
    reach: Floats
    home_appeal: Floats
    from_abroad: tuple[Floats, Floats] | None = None


def make_offer(quarter: Quarter, firms: SomeFirms, regime: int) -> Offer:
    """Reach of some firms, wherever they might produce."""
    border_cost, mark_on = _delivery(quarter, firms, slice(0, N_HOSTS), regime)
    dispersion = firms.of_each(plant_dispersion(quarter.economy.sigma))
    pull = plant_pull(
        _delivered(quarter, border_cost, mark_on, firms, regime),
        some_firms(quarter.table.suitability, firms.rows),
        dispersion[:, None, None],
    )
    pull = _let_in(quarter, pull, firms, slice(0, N_HOSTS), regime)
    access = firms.of_each(quarter.calibration.access[:, :N_HOSTS].astype(np.float32))
    home = quarter.table.home[firms.rows]
    home_appeal = quarter.calibration.home_appeal.T.take(home, axis=1).T
    from_abroad = _from_abroad(quarter, firms, home, regime)
    return Offer(mark_on, pull[:, :, None, :] * access, home_appeal, from_abroad)


def _from_abroad(
    quarter: Quarter, firms: SomeFirms, home: NDArray[np.integer], regime: int
) -> tuple[Floats, Floats] | None:
    """Reach and mark-on of the plants at home abroad of some firms, as in `Offer`."""
    if not (home >= N_HOSTS).any():
        return None
    reach = firm_last((len(home), N_REGIONS), np.float32, 0.0)
    mark_on = firm_last((len(home), N_REGIONS), np.float32, 1.0)
    access = quarter.calibration.access[:, :, FINAL].astype(np.float32)
    for region in range(N_HOSTS, N_REGIONS):
        some = np.flatnonzero(home == region)
        there = firms.take(some)
        border_cost, mark_on[some] = _delivery_from_home(quarter, there, region, regime)
        pull = plant_pull(
            _delivered(quarter, border_cost, mark_on[some], there, regime),
            np.ones(len(some), np.float32),
            there.of_each(plant_dispersion(quarter.economy.sigma))[:, None],
        )
        pull = _let_in(quarter, pull, there, region, regime)
        reach[some] = pull * there.of_each(access[:, region])
    return reach, mark_on


def _delivery_from_home(
    quarter: Quarter, firms: SomeFirms, region: int, regime: int
) -> tuple[Floats, Floats]:
    """As `_delivery`, for plants at home abroad: they meet what the import fringe meets."""
    policy = quarter.policy
    cost = 1 - policy.foreign_advantage[:N_FOOTLOOSE, region, regime]
    cost *= policy.exchange_shock[region, regime]
    dearer = 1 + policy.barrier[:N_FOOTLOOSE, region, :, regime]
    dearer = dearer * (1 + quarter.calibration.trade_margin[:N_FOOTLOOSE, region])
    dearer = dearer * (1 + quarter.outside[:N_FOOTLOOSE, region, :, regime])
    border_cost, mark_on = (
        firm_last((len(firms.rows), N_REGIONS), np.float32, np.nan) for _ in range(2)
    )
    border_cost[:] = firms.of_each(cost)[:, None]
    mark_on[:] = firms.of_each(dearer)
    return border_cost, mark_on


def _delivery(
    quarter: Quarter, firms: SomeFirms, host: int | slice, regime: int
) -> tuple[Floats, Floats]:
    """Cost at the border of every market, and what buyers pay on top."""
    barrier = quarter.policy.barrier[:, host, :, regime]
    margin = quarter.calibration.trade_margin[:, host]
    return delivery(
        quarter.borders,
        quarter.costs.free_cost,
        firms.of_each(quarter.outside[:, host, :, regime]),
        firms.of_each((1 + barrier) * (1 + margin)),
        firms.rows,
        host,
        regime,
    )


def _let_in(
    quarter: Quarter, pull: Floats, firms: SomeFirms, source: int | slice, regime: int
) -> Floats:
    """Pull once bans have taken their part of what is sold; a banned good has none."""
    let_in = open_to_makers(quarter.policy, quarter.table.line[firms.rows], source, regime)
    if let_in is None:
        return pull
    closed: Floats = pull * let_in ** (1 / REACH_EXPONENT)
    return closed


def markups(quarter: Quarter, regime: int) -> Array:
    """Price over unit cost, shape (sector,)."""
    dearer = quarter.calibration.price_ratio(quarter.policy.markup_scale[regime])
    markup: Array = dearer / (1 - quarter.calibration.margin)
    return markup


def unit_prices(quarter: Quarter, regime: int) -> Array:
    """What a unit of output costs with its markup where it is made, shape (firm, host)."""
    markup = markups(quarter, regime)[quarter.table.sector]
    price: Array = quarter.costs.free_cost[..., regime] * markup[:, None]
    return price


def _delivered(
    quarter: Quarter, border_cost: Floats, mark_on: Floats, firms: SomeFirms, regime: int
) -> Floats:
    delivered = border_cost * mark_on
    price = quarter.calibration.price_ratio(quarter.policy.markup_scale[regime])
    dearer = firms.of_each(price.astype(np.float32))
    delivered *= dearer.reshape(-1, *[1] * (delivered.ndim - 1))
    return delivered


@dataclass(frozen=True)
class Plants:
    """The plants of a block of firms that stand at one host, or at home abroad.

    Attributes
    ----------
    at : SomeFirms
        Whose they are.
    border_cost, mark_on : ndarray, shape (plant, market)
        Unit cost at the border; buyers' price over border price.
    pull : ndarray, shape (plant, market)
        How strongly the plant competes, before market access.
    mass : ndarray, shape (plant, market)
        Size of the firm, times the real firms it stands for, times its home appeal.
    """

    at: SomeFirms
    border_cost: Floats
    mark_on: Floats
    pull: Floats
    mass: Floats

    @property
    def firm(self) -> NDArray[np.integer]:
        """Rows of the firm table, shape (plant,)."""
        return self.at.rows

    def take(self, plants: NDArray[np.integer]) -> "Plants":
        """Some of the plants, in rising order."""
        arrays = (self.border_cost, self.mark_on, self.pull, self.mass)
        return Plants(self.at.take(plants), *(some_firms(array, plants) for array in arrays))


Sales = Callable[[Block], Iterable[tuple[Plants, Floats]]]
"""What a block of firms sells.

For every host the plants there and, of shape (plant, use, market), buyers' payment per unit of
spending."""


@dataclass(frozen=True)
class StandingPlants:
    """What of the plants of some firms at one host, or at home abroad, no policy changes.

    Attributes
    ----------
    at : SomeFirms
        Whose they are.
    suitability : ndarray, shape (plant,)
        1 at home abroad.
    mass : ndarray, shape (plant, market)
        As in `Plants`.
    """

    at: SomeFirms
    suitability: Floats
    mass: Floats


def where_they_stand(quarter: Quarter, block: Block) -> list[StandingPlants]:
    """The plants of a block of firms, one entry a region.

    Those of hosts come first; at home abroad every firm from there has one.
    """
    table, rows = quarter.table, block.rows
    mass = mass_of(table, quarter.calibration, rows)
    found = []
    for region in range(N_REGIONS):
        here = region < N_HOSTS
        stands = table.plants[rows, region] if here else table.home[rows] == region
        place = np.flatnonzero(stands)
        at = block.some(place)
        suits = table.suitability[at.rows, region] if here else np.ones(len(place), np.float32)
        found.append(StandingPlants(at, suits, some_firms(mass, place)))
    return found


def standing_plants(quarter: Quarter, block: Block, regime: int) -> list[Plants]:
    """The plants that stand of a block of firms, one entry a region."""
    return plants_under(quarter, where_they_stand(quarter, block), regime)


def plants_under(quarter: Quarter, standing: Sequence[StandingPlants], regime: int) -> list[Plants]:
    """What plants, one entry a region, charge under a regime."""
    dispersion = plant_dispersion(quarter.economy.sigma)
    found = []
    for region, there in enumerate(standing):
        delivers = _delivery if region < N_HOSTS else _delivery_from_home
        border_cost, mark_on = delivers(quarter, there.at, region, regime)
        delivered = _delivered(quarter, border_cost, mark_on, there.at, regime)
        pull = plant_pull(delivered, there.suitability, there.at.of_each(dispersion)[:, None])
        pull = _let_in(quarter, pull, there.at, region, regime)
        found.append(Plants(there.at, border_cost, mark_on, pull, there.mass))
    return found


def mass_of(table: FirmTable, calibration: Calibration, firms: slice) -> Floats:
    """Size of firms, times the real ones they stand for, times their home appeal.

    Returns
    -------
    ndarray, shape (firm, market)
        With the firm innermost in memory.
    """
    mass = (table.size[firms] * table.weight[firms]).astype(np.float32)
    scaled: Floats = mass * calibration.home_appeal.T.take(table.home[firms], axis=1)
    return scaled.T


def appeal(plants: Sequence[Plants], access: Array, block: Block) -> list[Floats]:
    """Appeal to buyers of the plants of a block of firms.

    Parameters
    ----------
    plants : sequence of Plants
        One a region.
    access : ndarray, shape (sector, region, use, market)
    block : Block
        The firms whose they are.

    Returns
    -------
    list of ndarray, shape (plant, use, market)
        One a region.
    """
    access = access.astype(np.float32)
    found = plant_appeal(
        [place.pull for place in plants],
        [place.firm - block.rows.start for place in plants],
        [place.at.of_each(access[:, region]) for region, place in enumerate(plants)],
        len(block),
        REACH_EXPONENT,
    )
    for at_host, place in zip(found, plants, strict=True):
        at_host *= place.mass[:, None, :]
    return found


def total_appeal(quarter: Quarter) -> Array:
    """Appeal of all plants that stand, by regime.

    Returns
    -------
    ndarray, shape (sector, region, use, market, regime)
    """
    regimes, access = len(quarter.policy.regimes), quarter.calibration.access

    def of_block(block: Block) -> Array:
        standing = where_they_stand(quarter, block)
        part = np.empty((len(block.edges) - 1, N_REGIONS, 2, N_REGIONS, regimes))
        for regime in range(regimes):
            found = appeal(plants_under(quarter, standing, regime), access, block)
            for region, at in enumerate(found):
                part[:, region, ..., regime] = sum_by_sector(at, standing[region].at.edges)
        return part

    total = np.zeros((N_FOOTLOOSE, N_REGIONS, 2, N_REGIONS, regimes))
    every = firm_blocks(quarter.table)
    for block, part in zip(every, in_parallel(of_block, every), strict=True):
        total[block.sectors] += part
    return total


# why: all that sellers and buyers bring to a market, each by its name
def clear_markets(
    economy: Economy,
    calibration: Calibration,
    appeal: Array,
    fringe_price: Array,
    expenditure: Array,
    pools: Array,
    let_in: Array | None = None,
) -> MarketState:
    """Revenue per unit of appeal and consumer prices, given the appeal of all sellers.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    appeal : ndarray, shape (sector, region, use, market, regime)
        From `total_appeal`.
    fringe_price : ndarray, shape (sector, source, market, regime)
        Delivered price of imports that no modelled firm makes, calibration year = 1.
    expenditure : ndarray, shape (sector, market)
        Consumers' spending.
    pools : ndarray, shape (sector, host, market, regime)
        Purchases of inputs by source at basic prices.
    let_in : ndarray, shape (sector, source, market, regime), optional
        Part of imports that bans leave open; all without it.

    Returns
    -------
    MarketState
    """
    elasticity = 1 - economy.sigma[:N_FOOTLOOSE]
    fringe = calibration.fringe[..., None] * fringe_price ** elasticity[:, None, None, None]
    if let_in is not None:
        fringe = fringe * let_in[:N_FOOTLOOSE]
    # Only regions outside North America have a fringe: entries of hosts are zero.
    fringe = fringe.sum(axis=1)
    competition = appeal[:, :, FINAL].sum(axis=1) + fringe
    base = calibration.base_competition[..., None]
    # Where a sector sells nothing in a market, spending is 0 too; the price index is set to 1.
    relative = np.divide(competition, base, out=np.ones_like(competition), where=base > 0)
    index = relative ** (1 / elasticity[:, None, None])
    offered = appeal[:, :N_HOSTS, INTERMEDIATE]
    unit = np.divide(pools, offered, out=np.zeros_like(pools), where=offered > 0)
    spending = np.broadcast_to(expenditure[..., None], competition.shape)
    unit_final = np.divide(spending, competition, out=np.ones_like(competition), where=base > 0)
    return MarketState(appeal, unit_final, unit, index, fringe, competition)


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
    price *= policy.exchange_shock[:, None]
    return price[:N_FOOTLOOSE]
