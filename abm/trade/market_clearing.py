"""Market clearing: who sells how much in which market.

Consumers have constant elasticity of substitution over firms and an import fringe. Users
of inputs have already split their purchases over source regions; what they buy from a
host (a pool) is divided among the plants there in proportion to their appeal. Flows are
in million USD a quarter at basic prices unless stated otherwise.

A firm from CHN or ROW has a plant at home as well, from which it serves consumers of North
America at the duties, barriers and margins that the import fringe meets. So places where
plants stand are the regions: hosts, and homes abroad.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.markets import hat_shares, plant_appeal, plant_pull
from abm.core.inputs.content_rules import Floats
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_blocks
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.borders import delivery
from abm.trade.this_quarter import Quarter

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
    hosts = np.arange(N_HOSTS)
    border_cost, mark_on = _delivery(quarter, sector, rows[:, None], hosts, regime)
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
    host: int | NDArray[np.integer],
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


def standing_plants(quarter: Quarter, sector: int, rows: slice, regime: int) -> list[Plants]:
    """The plants that stand of a block of firms of one sector, one entry a region.

    Those of hosts come first; at home abroad every firm from there has one.
    """
    table = quarter.table
    dispersion = plant_dispersion(quarter.economy.sigma[sector])
    found = []
    for host in range(N_HOSTS):
        firm = np.flatnonzero(table.plants[rows, host]) + rows.start
        border_cost, mark_on = _delivery(quarter, sector, firm, host, regime)
        pull = plant_pull(
            _delivered(quarter, border_cost, mark_on, sector, regime),
            table.suitability[firm, host],
            dispersion,
        )
        found.append(Plants(firm, border_cost, mark_on, pull, mass_of(quarter, firm)))
    for region in range(N_HOSTS, N_REGIONS):
        firm = np.flatnonzero(table.home[rows] == region) + rows.start
        border_cost, mark_on = _delivery_from_home(quarter, sector, region, len(firm), regime)
        pull = _pull_from_home(quarter, border_cost, mark_on, sector, regime)
        found.append(Plants(firm, border_cost, mark_on, pull, mass_of(quarter, firm)))
    return found


def mass_of(quarter: Quarter, firms: NDArray[np.integer] | slice) -> Floats:
    """Size of firms, times the real ones they stand for, times their home appeal.

    Returns
    -------
    ndarray, shape (firm, market)
    """
    table = quarter.table
    mass = (table.size[firms] * table.weight[firms]).astype(np.float32)
    scaled: Floats = mass[:, None] * quarter.calibration.home_appeal[table.home[firms]]
    return scaled


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
        found = [
            appeal(standing_plants(quarter, sector, rows, regime), access, rows)
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
    return price[:N_FOOTLOOSE]


def other_users_purchases(calibration: Calibration, paid: Array, on_top: Array) -> Array:
    """Inputs bought by immobile sectors and by industry abroad, which spend a fixed amount.

    Parameters
    ----------
    calibration : Calibration
    paid : ndarray, shape (input, source, market)
        What they pay to each source, to any scale.
    on_top : ndarray, same shape
        What buyers pay over the basic price, as a factor.

    Returns
    -------
    ndarray, shape (input, source, market)
        At basic prices.
    """
    total = calibration.other_use * calibration.base_on_top
    whole = paid.sum(axis=1, keepdims=True)
    share = np.divide(paid, whole, out=np.zeros_like(paid), where=whole > 0)
    basic: Array = total.sum(axis=1, keepdims=True) * share / on_top
    return basic


def repriced_spending(economy: Economy, spending: Array, relative: Array) -> Floats:
    """Return spending on inputs once prices have changed, its total over sources unchanged.

    Parameters
    ----------
    economy : Economy
    spending : ndarray, shape (input, source, market)
        At purchasers' prices, before the change.
    relative : ndarray, shape (input, source, market, regime)
        Delivered price against the one before.

    Returns
    -------
    ndarray, shape (input, source, market, regime)
    """
    split = hat_shares(
        np.moveaxis(np.broadcast_to(spending[..., None], relative.shape), 1, -1),
        np.moveaxis(relative, 1, -1),
        economy.theta[:, None, None, None],
    )
    repriced: Floats = np.moveaxis(split, -1, 1)
    return repriced


def consumers_spending(economy: Economy, calibration: Calibration, gain: Array) -> Array:
    """Return what consumers spend if the treasury pays its gain out to them.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    gain : ndarray, shape (market,)
        Paid out in the quarter, million USD.

    Returns
    -------
    ndarray, shape (sector, market)
        Each sector gets its share of the calibration year.
    """
    if not gain.any():
        return calibration.expenditure
    paid = np.moveaxis(economy.final_demand, 0, 1) * (1 + economy.trade_margin)
    consumption = paid.sum(axis=(0, 1)) / 4
    spending: Array = calibration.expenditure * (1 + gain / consumption)
    return spending
