"""What every set of plants would sell and earn, under every regime."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_FOOTLOOSE, N_HOSTS, N_REGIONS, NO_PLANT
from abm.core.blocks import blocks
from abm.core.choice.plant_costs import fixed_costs, flow_profit
from abm.core.demand.markets import config_sales
from abm.core.inputs.content_rules import Floats
from abm.economy.constants import Calibration
from abm.economy.tables import Array
from abm.engine.blocks import sector_rows
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import profit_per_sale
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import FINAL, REACH_EXPONENT, MarketState, Offer, make_offer
from agents import FirmTable


def config_revenues(quarter: Quarter, market: MarketState, rows: NDArray[np.int64]) -> Array:
    """Quarterly sales of some firms with every set of plants under every regime.

    Firms from CHN and ROW sell to consumers from home as well. What they sell there to users
    of inputs is the same whatever their plants here, and is left out.

    Parameters
    ----------
    quarter : Quarter
    market : MarketState
        What a unit of appeal would earn under each regime.
    rows : ndarray of int, shape (firm,)
        In rising order.

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Million USD at the border for one real firm of size one.
    """
    regimes = len(quarter.policy.regimes)
    revenue = np.empty((len(rows), N_CONFIGS, regimes))

    def earn(block: tuple[int, slice, int]) -> None:
        sector, some, regime = block
        sales = _sales(quarter, market, sector, rows[some], regime)
        revenue[some, :, regime] = sales.sum(axis=2)

    every = [(*block, regime) for block in _blocks(quarter, rows) for regime in range(regimes)]
    in_parallel(earn, every)
    return revenue


def plant_sales(quarter: Quarter, market: MarketState, rows: NDArray[np.int64]) -> Array:
    """Quarterly sales of each plant of every set, under the first regime.

    Parameters
    ----------
    quarter, market, rows
        As for `config_revenues`.

    Returns
    -------
    ndarray, shape (firm, config, host)
        Million USD at the border for one real firm of size one.
    """
    sales = np.empty((len(rows), N_CONFIGS, N_HOSTS))

    def earn(block: tuple[int, slice]) -> None:
        sector, some = block
        sales[some] = _sales(quarter, market, sector, rows[some], 0)[..., :N_HOSTS]

    in_parallel(earn, _blocks(quarter, rows))
    return sales


def _blocks(quarter: Quarter, rows: NDArray[np.int64]) -> list[tuple[int, slice]]:
    """Places among rising rows of firms of one sector, the sector first."""
    starts = [span.start for span in sector_rows(quarter.table)]
    edges = np.searchsorted(rows, [*starts, len(quarter.table)])
    return [
        (sector, slice(edges[sector] + some.start, edges[sector] + some.stop))
        for sector in range(N_FOOTLOOSE)
        for some in blocks(edges[sector + 1] - edges[sector])
    ]


def _sales(
    quarter: Quarter, market: MarketState, sector: int, rows: NDArray[np.int64], regime: int
) -> Floats:
    """Sales of some firms of a sector by set and plant, that at home abroad last."""
    offer = make_offer(quarter, sector, rows, regime)
    unit = market.unit_revenue(sector, regime).astype(np.float32)
    earned = np.repeat(unit[None], len(offer.reach), axis=0)
    earned[:, :, FINAL] /= offer.mark_on
    earned *= offer.home_appeal[:, None, None, :]
    always = _at_home(offer, unit[0, FINAL])
    return config_sales(offer.reach, earned, HAS_PLANT, REACH_EXPONENT, always)


def _at_home(offer: Offer, unit: Floats) -> tuple[Floats, Floats] | None:
    """Reach of plants at home abroad and what they earn per unit of appeal, by use and market."""
    if offer.from_abroad is None:
        return None
    to_consumers, mark_on = offer.from_abroad
    reach = np.zeros((len(to_consumers), 2, N_REGIONS), np.float32)
    earned = np.zeros_like(reach)
    reach[:, FINAL] = to_consumers
    earned[:, FINAL] = unit * offer.home_appeal / mark_on
    return reach, earned


def payoffs(
    table: FirmTable,
    calibration: Calibration,
    settings: FirmAssumptions,
    policy: Policy,
    revenue: Array,
    rows: NDArray[np.int64],
) -> Array:
    """What every set of plants earns over having none, fixed costs paid.

    Parameters
    ----------
    table : FirmTable
    calibration : Calibration
    settings : FirmAssumptions
    policy : Policy
    revenue : ndarray, shape (firm, config, regime)
        From `config_revenues`.
    rows : ndarray of int, shape (firm,)

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Quarters of profit.
    """
    sector = table.sector[rows]
    price = calibration.price_ratio(policy.markup_scale)
    now = profit_per_sale(1 - (1 - calibration.margin[:, None]) / price, settings)
    gain = now / profit_per_sale(calibration.margin, settings)[:, None]
    sales = revenue / (table.base_revenue[rows] / table.size[rows])[:, None, None]
    fixed = fixed_costs(
        settings.fixed_cost,
        np.ones(len(rows)),
        table.relative_size[rows],
        table.base_plant_sales[rows].astype(np.float64),
        table.home[rows],
    )
    profit: Array = flow_profit(gain[sector], sales, sales[:, NO_PLANT], fixed.sum(axis=2)).astype(
        np.float64, copy=False
    )
    return profit
