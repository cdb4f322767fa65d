"""What firms sell in the calibration year, and would sell with other plants."""

import numpy as np

from abm.axes import N_HOSTS, NO_PLANT
from abm.base_year.calibration import BaseYear
from abm.core.choice.parts_of_sets import Indices
from abm.economy.tables import Array, Economy
from abm.location.moving_costs import SETS
from abm.location.payoffs import config_revenues, plant_sales
from abm.policy.regimes import Policy
from abm.trade.borders.this_quarter import Quarter
from abm.trade.inputs.input_prices import outside_duty
from abm.trade.sales.market_clearing import (
    INTERMEDIATE,
    MarketState,
    clear_markets,
    fringe_prices,
    total_appeal,
)
from agents import FirmTable

ALONE = np.flatnonzero(SETS.size == 1)
"""The sets of one plant."""


def base_quarter(
    table: FirmTable, economy: Economy, policy: Policy, base_year: BaseYear
) -> Quarter:
    """What the plants of the calibration year meet."""
    return Quarter(
        table,
        economy,
        base_year.calibration,
        policy,
        base_year.costs,
        base_year.borders,
        outside_duty(economy, policy),
    )


def set_base_sales(quarter: Quarter, base_year: BaseYear) -> Array:
    """Set what firms sell in the base year, to which all money of their choice is relative.

    Of firms that stand it is what their plants in North America sell. Of firms without a plant it
    is what a first one would sell: at home, or of owners abroad where it would sell most.

    Parameters
    ----------
    quarter : Quarter
        From `base_quarter`; the columns ``base_revenue`` and ``base_plant_sales`` of its firms
        are filled in.
    base_year : BaseYear

    Returns
    -------
    ndarray, shape (firm, config)
        Sales with every set of plants at base-year policy, those from home abroad included;
        million USD a quarter of one real firm of size one.
    """
    table = quarter.table
    market = _base_market(quarter, base_year)
    every = np.arange(len(table))
    here = plant_sales(quarter, market, every)
    sold = here.sum(axis=2)
    reference = sold[
        every, np.where(table.config == NO_PLANT, _first_set(table, sold), table.config)
    ]
    table.base_revenue[:] = reference * table.size
    table.base_plant_sales[:] = here / reference[:, None, None]
    return config_revenues(quarter, market, every)[..., 0]


def _first_set(table: FirmTable, sold: Array) -> Indices:
    """The set of one plant with which each firm would begin, shape (firm,)."""
    at_home = np.array([np.flatnonzero(SETS.has_plant[ALONE, host])[0] for host in range(N_HOSTS)])
    local = table.home < N_HOSTS
    first = sold[:, ALONE].argmax(axis=1)
    home = at_home[table.home[local]]
    sells = sold[local, ALONE[home]] > 0  # nothing where a sector is not made
    first[local] = np.where(sells, home, first[local])
    first_set: Indices = ALONE[first]
    return first_set


def _base_market(quarter: Quarter, base_year: BaseYear) -> MarketState:
    """Markets of the calibration year."""
    calibration = quarter.calibration
    sold = base_year.tally.sums["share"][:, :, INTERMEDIATE]
    return clear_markets(
        quarter.economy,
        calibration,
        total_appeal(quarter),
        fringe_prices(quarter.policy, calibration, quarter.outside),
        calibration.expenditure,
        sold[..., None],
    )
