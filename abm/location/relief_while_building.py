"""A lower duty for those who build: what it takes off the cost of moving, and what is paid.

The rule is `abm.policy.instruments.plan_relief`. A maker that goes from a set of plants to one with
a new plant at a host gets back a part of the measures on what its plants deliver there while it
builds. Going there so costs less by

    sum_{t < L} discount**t * relief(set now, set to come)

with ``L`` the quarters until the plant opens: today's duties are taken to last for so long. Of a
project under way the same is lost by giving it up, for the quarters that are left. Who builds at a
host has no plant there yet, so that nothing is remitted for output on the same goods.
"""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_HOSTS
from abm.core.demand.given_back import remitted
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import SomeFirms, blocks_among
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import OPENED
from abm.location.own_imports import OwnImports
from abm.location.payoffs import Earning
from abm.location.remissions import quarter_of_profit
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import MarketState
from agents import FirmTable

Rows = NDArray[np.integer]


def relief_of_building(
    quarter: Quarter, market: MarketState, settings: FirmAssumptions, rows: Rows
) -> Array | None:
    """What some firms would get back a quarter while they go from one set to another.

    Returns
    -------
    ndarray, shape (firm, config, config, regime), or None
        Quarters of profit; None where there is no such relief under any regime.
    """
    policy, table = quarter.policy, quarter.table
    if not policy.plan_relief.any():
        return None
    back = np.zeros((len(rows), N_CONFIGS, N_CONFIGS, len(policy.regimes)))
    unit = table.base_revenue / table.size

    def weigh(block: tuple[slice, SomeFirms]) -> None:
        places, firms = block
        planned = table.base_plant_sales[firms.rows] * unit[firms.rows, None, None]
        for regime in map(int, np.flatnonzero(policy.plan_relief.any(axis=(0, 1)))):
            earning = Earning.of(quarter, market, firms, regime)
            for host in range(N_HOSTS):
                found = OwnImports.with_every_set(quarter, earning, firms.rows, host, regime)
                share = policy.plan_relief[table.sector[firms.rows], host, regime]
                owed = (share[:, None] * found.duty)[..., None]
                value = np.broadcast_to(found.value[..., None], (*owed.shape[:2], N_CONFIGS))
                given = remitted(owed, value, planned[:, None, :, host], np.ones(1))
                back[places, ..., regime] += OPENED[..., host] * given

    in_parallel(weigh, blocks_among(table, rows))
    back /= quarter_of_profit(quarter, settings, rows)[:, None, None, None]
    return back


def worth_until_open(relief: Floats, delay: NDArray[np.integer], discount: float) -> Array:
    """Present value of a flow of relief over the quarters before a plant opens.

    Examples
    --------
    >>> worth_until_open(np.array([1.0, 1.0]), np.array([0, 2]), 0.5).tolist()
    [0.0, 1.5]
    """
    worth: Array = relief * (1 - discount**delay) / (1 - discount)
    return worth


def reliefs(table: FirmTable, policy: Policy, found: OwnImports, regime: int) -> Array:
    """What those who build get back in a quarter, million USD, shape (firm, host)."""
    building = np.flatnonzero(table.target >= 0)
    config, target = table.config[building], table.target[building].astype(np.int64)
    sales = table.base_revenue[building] * table.weight[building]
    planned = OPENED[config, target] * table.base_plant_sales[building, target] * sales[:, None]
    sector = table.sector[building]
    some = OwnImports(*(array[building] for array in vars(found).values()))
    back = np.zeros((len(table), N_HOSTS))
    owed = policy.plan_relief[sector, :, regime] * some.duty
    back[building] = remitted(owed, some.value, planned, np.ones(1))
    return back
