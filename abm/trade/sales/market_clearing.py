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
from abm.core.demand.markets import plant_appeal, plant_pull
from abm.core.inputs.content_rules import Floats
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_blocks
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.borders.crossing import delivery
from abm.trade.borders.this_quarter import Quarter
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

    def unit_revenue(self, sector: int, regime: int) -> Array:
        """Buyers' payment per unit of appeal, shape (host, use, market).

        Revenue from final sales includes what buyers pay on top of the border price.
        """
        final = np.broadcast_to(self.unit_final[sector, :, regime], (N_HOSTS, N_REGIONS))
        return np.stack([final, self.unit_intermediate[sector, :, :, regime]], axis=1)


@dataclass(frozen=True)
class Offer:
    """What some firms of one sector would offer to every market from every host.

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


def make_offer(quarter: Quarter, sector: int, rows: NDArray[np.integer], regime: int) -> Offer:
    """Reach of some firms of one sector, wherever they might produce."""
    border_cost, mark_on = _delivery(quarter, sector, rows, slice(0, N_HOSTS), regime)
    pull = plant_pull(
        _delivered(quarter, border_cost, mark_on, sector, regime),
        quarter.table.suitability[rows],
        plant_dispersion(quarter.economy.sigma[sector]),
    )
    access = quarter.calibration.access[sector, :N_HOSTS].astype(np.float32)
    home = quarter.table.home[rows]
    home_appeal = quarter.calibration.home_appeal[home]
    from_abroad = _from_abroad(quarter, sector, home, regime)
    return Offer(mark_on, pull[:, :, None, :] * access, home_appeal, from_abroad)


def _from_abroad(
    quarter: Quarter, sector: int, home: NDArray[np.integer], regime: int
) -> tuple[Floats, Floats] | None:
    """Reach and mark-on of the plants at home abroad of some firms, as in `Offer`."""
    if not (home >= N_HOSTS).any():
        return None
    reach = np.zeros((len(home), N_REGIONS), np.float32)
    mark_on = np.ones_like(reach)
    for region in range(N_HOSTS, N_REGIONS):
        some = home == region
        border_cost, mark_on[some] = _delivery_from_home(quarter, sector, region, 1, regime)
        pull = _pull_from_home(quarter, border_cost, mark_on[some][:1], sector, regime)
        access = quarter.calibration.access[sector, region, FINAL].astype(np.float32)
        reach[some] = pull * access
    return reach, mark_on


def _delivery_from_home(
    quarter: Quarter, sector: int, region: int, plants: int, regime: int
) -> tuple[Floats, Floats]:
    """As `_delivery`, for plants at home abroad: they meet what the import fringe meets."""
    policy = quarter.policy
    cost = 1 - policy.foreign_advantage[sector, region, regime]
    cost *= policy.exchange_shock[region, regime]
    dearer = 1 + policy.barrier[sector, region, :, regime]
    dearer = dearer * (1 + quarter.calibration.trade_margin[sector, region])
    dearer = dearer * (1 + quarter.outside[sector, region, :, regime])
    shape = (plants, N_REGIONS)
    mark_on: Floats = np.broadcast_to(dearer.astype(np.float32), shape)
    return np.full(shape, cost, np.float32), mark_on


def _pull_from_home(
    quarter: Quarter, border_cost: Floats, mark_on: Floats, sector: int, regime: int
) -> Floats:
    dispersion = plant_dispersion(quarter.economy.sigma[sector])
    delivered = _delivered(quarter, border_cost, mark_on, sector, regime)
    return plant_pull(delivered, np.ones(len(delivered), np.float32), dispersion)


def _delivery(
    quarter: Quarter,
    sector: int,
    rows: NDArray[np.integer],
    host: int | slice,
    regime: int,
) -> tuple[Floats, Floats]:
    """Cost at the border of every market, and what buyers pay on top."""
    barrier = quarter.policy.barrier[sector, host, :, regime]
    margin = quarter.calibration.trade_margin[sector, host]
    return delivery(
        quarter.borders,
        quarter.costs.free_cost,
        quarter.outside[sector, host, :, regime],
        (1 + barrier) * (1 + margin),
        rows,
        host,
        regime,
    )


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
    quarter: Quarter, border_cost: Floats, mark_on: Floats, sector: int, regime: int
) -> Floats:
    delivered = border_cost * mark_on
    price = quarter.calibration.price_ratio(quarter.policy.markup_scale[regime])[sector]
    delivered *= np.float32(price)
    return delivered


@dataclass(frozen=True)
class Plants:
    """The plants of one sector that stand at one host, or at home abroad.

    Attributes
    ----------
    firm : ndarray of int, shape (plant,)
        Rows of the firm table.
    border_cost, mark_on : ndarray, shape (plant, market)
        Unit cost at the border; buyers' price over border price.
    pull : ndarray, shape (plant, market)
        How strongly the plant competes, before market access.
    mass : ndarray, shape (plant, market)
        Size of the firm, times the real firms it stands for, times its home appeal.
    """

    firm: NDArray[np.integer]
    border_cost: Floats
    mark_on: Floats
    pull: Floats
    mass: Floats

    def take(self, plants: NDArray[np.bool_]) -> "Plants":
        """Some of the plants."""
        return Plants(*(array[plants] for array in vars(self).values()))


Sales = Callable[[int, slice], Iterable[tuple[Plants, Floats]]]
"""What a block of firms of one sector sells, given the sector and its rows.

For every host the plants there and, of shape (plant, use, market), buyers' payment per unit of
spending."""


@dataclass(frozen=True)
class StandingPlants:
    """What of the plants of some firms at one host, or at home abroad, no policy changes.

    Attributes
    ----------
    firm : ndarray of int, shape (plant,)
        Rows of the firm table.
    suitability : ndarray, shape (plant,)
        1 at home abroad.
    mass : ndarray, shape (plant, market)
        As in `Plants`.
    """

    firm: NDArray[np.integer]
    suitability: Floats
    mass: Floats


def where_they_stand(quarter: Quarter, rows: slice) -> list[StandingPlants]:
    """The plants of a block of firms, one entry a region.

    Those of hosts come first; at home abroad every firm from there has one.
    """
    table = quarter.table
    mass = mass_of(table, quarter.calibration, rows)
    found = []
    for host in range(N_HOSTS):
        place = np.flatnonzero(table.plants[rows, host])
        firm = place + rows.start
        found.append(StandingPlants(firm, table.suitability[firm, host], mass[place]))
    for region in range(N_HOSTS, N_REGIONS):
        place = np.flatnonzero(table.home[rows] == region)
        alike = np.ones(len(place), np.float32)
        found.append(StandingPlants(place + rows.start, alike, mass[place]))
    return found


def standing_plants(quarter: Quarter, sector: int, rows: slice, regime: int) -> list[Plants]:
    """The plants that stand of a block of firms of one sector, one entry a region."""
    return plants_under(quarter, sector, where_they_stand(quarter, rows), regime)


def plants_under(
    quarter: Quarter, sector: int, standing: Sequence[StandingPlants], regime: int
) -> list[Plants]:
    """What plants of one sector, one entry a region, charge under a regime."""
    dispersion = plant_dispersion(quarter.economy.sigma[sector])
    found = []
    for region, there in enumerate(standing):
        if region < N_HOSTS:
            border_cost, mark_on = _delivery(quarter, sector, there.firm, region, regime)
        else:
            number = len(there.firm)
            border_cost, mark_on = _delivery_from_home(quarter, sector, region, number, regime)
        delivered = _delivered(quarter, border_cost, mark_on, sector, regime)
        pull = plant_pull(delivered, there.suitability, dispersion)
        found.append(Plants(there.firm, border_cost, mark_on, pull, there.mass))
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


def appeal(plants: Sequence[Plants], access: Array, rows: slice) -> list[Floats]:
    """Appeal to buyers of the plants of a block of firms.

    Parameters
    ----------
    plants : sequence of Plants
        One a region.
    access : ndarray, shape (region, use, market)
        Of their sector.
    rows : slice
        The block they are from.

    Returns
    -------
    list of ndarray, shape (plant, use, market)
        One a region.
    """
    found = plant_appeal(
        [place.pull for place in plants],
        [place.firm - rows.start for place in plants],
        access.astype(np.float32),
        rows.stop - rows.start,
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
    regimes = len(quarter.policy.regimes)

    def of_block(block: tuple[int, slice]) -> Array:
        sector, rows = block
        access = quarter.calibration.access[sector]
        standing = where_they_stand(quarter, rows)
        found = [
            appeal(plants_under(quarter, sector, standing, regime), access, rows)
            for regime in range(regimes)
        ]
        return np.array([[at.sum(axis=0, dtype=np.float64) for at in by_host] for by_host in found])

    total = np.zeros((N_FOOTLOOSE, regimes, N_REGIONS, 2, N_REGIONS))
    every = sector_blocks(quarter.table)
    for (sector, _), part in zip(every, in_parallel(of_block, every), strict=True):
        total[sector] += part
    return np.moveaxis(total, 1, -1)


def clear_markets(
    economy: Economy,
    calibration: Calibration,
    appeal: Array,
    fringe_price: Array,
    expenditure: Array,
    pools: Array,
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

    Returns
    -------
    MarketState
    """
    elasticity = 1 - economy.sigma[:N_FOOTLOOSE]
    fringe = calibration.fringe[..., None] * fringe_price ** elasticity[:, None, None, None]
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
