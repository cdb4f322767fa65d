"""What every set of plants would sell and earn, under every regime."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_HOSTS, N_REGIONS, NO_PLANT
from abm.core.choice.plant_costs import fixed_costs, flow_profit
from abm.core.demand.markets import config_sales
from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last
from abm.economy.constants import Calibration
from abm.economy.tables import Array
from abm.engine.blocks import SomeFirms, blocks_among
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

    def earn(block: tuple[slice, SomeFirms]) -> None:
        places, firms = block
        for regime in range(regimes):
            revenue[places, :, regime] = _sales(quarter, market, firms, regime).sum(axis=2)

    in_parallel(earn, blocks_among(quarter.table, rows))
    return revenue


def plant_sales(quarter: Quarter, market: MarketState, rows: NDArray[np.int64]) -> Floats:
    """Quarterly sales of each plant of every set, under the first regime.

    Parameters and units are those of `sales_by_place`; shape (firm, config, host).
    """
    return sales_by_place(quarter, market, rows)[..., :N_HOSTS]


def sales_by_place(quarter: Quarter, market: MarketState, rows: NDArray[np.int64]) -> Floats:
    """Quarterly sales from each place with every set of plants, under the first regime.

    Parameters
    ----------
    quarter, market, rows
        As for `config_revenues`.

    Returns
    -------
    ndarray of float32, shape (firm, config, host + 1)
        Million USD at the border for one real firm of size one; that at home abroad comes last,
        and has nothing of firms from North America.
    """
    sales = np.zeros((len(rows), N_CONFIGS, N_HOSTS + 1), np.float32)

    def earn(block: tuple[slice, SomeFirms]) -> None:
        places, firms = block
        found = _sales(quarter, market, firms, 0)
        sales[places, :, : found.shape[2]] = found

    in_parallel(earn, blocks_among(quarter.table, rows))
    return sales


def _sales(quarter: Quarter, market: MarketState, firms: SomeFirms, regime: int) -> Floats:
    """Sales of some firms by set and plant, that at home abroad last."""
    return Earning.of(quarter, market, firms, regime).sales()


@dataclass(frozen=True)
class Earning:
    """What possible plants of some firms earn where they reach, under one regime.

    Attributes
    ----------
    reach : ndarray, shape (firm, host, use, market)
    earned : ndarray, same shape
        At the border per unit of reach that stands alone.
    always : tuple of ndarray, optional
        The same two of the plant at home abroad.
    """

    reach: Floats
    earned: Floats
    always: tuple[Floats, Floats] | None

    @classmethod
    def of(cls, quarter: Quarter, market: MarketState, firms: SomeFirms, regime: int) -> Self:
        """That of some firms."""
        offer = make_offer(quarter, firms, regime)
        unit = market.unit_revenue(regime).astype(np.float32)
        earned = np.empty_like(offer.reach)
        earned[:] = firms.of_each(unit)
        earned[:, :, FINAL] /= offer.mark_on
        earned *= offer.home_appeal[:, None, None, :]
        always = _at_home(offer, firms.of_each(unit[:, 0, FINAL]))
        return cls(offer.reach, earned, always)

    def sales(self, part: Floats | None = None) -> Floats:
        """Sales by set and plant, that at home abroad last, shape (firm, config, host + 1).

        Parameters
        ----------
        part : ndarray, broadcasting to (firm, host, use, market), optional
            Factor on what is counted, such as a rate of duty; all is counted without it.
        """
        earned = self.earned if part is None else self.earned * part
        return config_sales(self.reach, earned, HAS_PLANT, REACH_EXPONENT, self.always)


def _at_home(offer: Offer, unit: Floats) -> tuple[Floats, Floats] | None:
    """Reach of plants at home abroad and what they earn per unit of appeal, by use and market."""
    if offer.from_abroad is None:
        return None
    to_consumers, mark_on = offer.from_abroad
    reach, earned = (
        firm_last((len(to_consumers), 2, N_REGIONS), np.float32, 0.0) for _ in range(2)
    )
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
