"""What every set of plants would sell and earn, under every regime."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_FOOTLOOSE
from abm.core.blocks import blocks
from abm.core.demand.markets import config_revenue
from abm.economy.constants import Calibration
from abm.economy.tables import Array
from abm.engine.blocks import sector_rows
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import FINAL, REACH_EXPONENT, MarketState, make_offer
from agents import FirmTable


def config_revenues(quarter: Quarter, market: MarketState, rows: NDArray[np.int64]) -> Array:
    """Quarterly sales of some firms with every set of plants under every regime.

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
    starts = [span.start for span in sector_rows(quarter.table)]
    edges = np.searchsorted(rows, [*starts, len(quarter.table)])
    every = [
        (sector, slice(edges[sector] + some.start, edges[sector] + some.stop), regime)
        for sector in range(N_FOOTLOOSE)
        for some in blocks(edges[sector + 1] - edges[sector])
        for regime in range(regimes)
    ]

    def earn(block: tuple[int, slice, int]) -> None:
        sector, some, regime = block
        offer = make_offer(quarter, sector, rows[some], regime)
        unit = market.unit_revenue(sector, regime).astype(np.float32)
        earned = np.repeat(unit[None], len(offer.reach), axis=0)
        earned[:, :, FINAL] /= offer.mark_on
        earned *= offer.home_appeal[:, None, None, :]
        revenue[some, :, regime] = config_revenue(offer.reach, earned, HAS_PLANT, REACH_EXPONENT)

    in_parallel(earn, every)
    return revenue


def payoffs(
    table: FirmTable,
    calibration: Calibration,
    policy: Policy,
    revenue: Array,
    rows: NDArray[np.int64],
) -> Array:
    """Profit of every set of plants less that of the calibration year, plus the firm's taste.

    Parameters
    ----------
    revenue : ndarray, shape (firm, config, regime)
        From `config_revenues`.
    rows : ndarray of int, shape (firm,)

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Share of the firm's base-year sales.
    """
    margin = calibration.margin[table.sector[rows]][:, None, None]
    price = calibration.price_ratio(policy.markup_scale)[table.sector[rows]][:, None, :]
    margin_now = 1 - (1 - margin) / price
    per_size = (table.base_revenue[rows] / table.size[rows])[:, None, None]
    base = table.base_config_revenue[rows, :, None]
    taste = table.location_taste[rows, :, None]
    gain: Array = margin_now * revenue / per_size - margin * base + taste
    return gain
