"""Remissions for output: what they are worth with every set of plants, and what is paid.

The rule is `abm.policy.instruments.output_remission`. A maker gets back duties beyond the ordinary
one on what its own plants in other members deliver to consumers, so that the duty it bears hangs on
its other plants.
Buyers are charged, and sources compete at, prices with the duty; what comes back is the owner's.
"""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_HOSTS
from abm.core.demand.given_back import remitted
from abm.economy.tables import Array
from abm.engine.blocks import SomeFirms, blocks_among
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import profit_per_sale
from abm.location.own_imports import OwnImports
from abm.location.payoffs import Earning, config_revenues, payoffs
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import MarketState
from agents import FirmTable

Rows = NDArray[np.int64]


def earnings(quarter: Quarter, market: MarketState, settings: FirmAssumptions, rows: Rows) -> Array:
    """What every set of plants earns over having none, with what is remitted.

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Quarters of profit.
    """
    revenue = config_revenues(quarter, market, rows)
    given = quarter.table, quarter.calibration, settings, quarter.policy
    return with_remissions(payoffs(*given, revenue, rows), quarter, market, settings, rows)


def with_remissions(
    payoff: Array, quarter: Quarter, market: MarketState, settings: FirmAssumptions, rows: Rows
) -> Array:
    """The same payoffs with what is remitted; themselves where nothing ever is.

    Parameters
    ----------
    payoff : ndarray, shape (firm, config, regime)
        From `abm.location.payoffs.payoffs`.
    quarter : Quarter
    market : MarketState
    settings : FirmAssumptions
    rows : ndarray of int, shape (firm,)
        In rising order.
    """
    if not quarter.policy.output_remission.any():
        return payoff
    more: Array = payoff + in_profits(quarter, market, settings, rows)
    return more


def in_profits(
    quarter: Quarter, market: MarketState, settings: FirmAssumptions, rows: Rows
) -> Array:
    """What `expected_remissions` are in quarters of profit."""
    unit = quarter_of_profit(quarter, settings, rows)
    back: Array = expected_remissions(quarter, market, rows) / unit[:, None, None]
    return back


def quarter_of_profit(
    quarter: Quarter, settings: FirmAssumptions, rows: NDArray[np.integer]
) -> Array:
    """What a quarter of profit is to some firms, million USD of real firms of size one."""
    table = quarter.table
    profit = profit_per_sale(quarter.calibration.margin, settings)[table.sector[rows]]
    unit: Array = profit * (table.base_revenue[rows] / table.size[rows])
    return unit


def expected_remissions(quarter: Quarter, market: MarketState, rows: Rows) -> Array:
    """What some firms would get back a quarter with every set of plants under every regime.

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Million USD, for one real firm of size one.
    """
    policy, table = quarter.policy, quarter.table
    back = np.zeros((len(rows), N_CONFIGS, len(policy.regimes)))

    def weigh(block: tuple[slice, SomeFirms]) -> None:
        places, firms = block
        for regime in map(int, np.flatnonzero(policy.output_remission.any(axis=(0, 1)))):
            earning = Earning.of(quarter, market, firms, regime)
            for host in range(N_HOSTS):
                found = OwnImports.with_every_set(quarter, earning, firms.rows, host, regime)
                per_output = policy.output_remission[table.sector[firms.rows], host, regime]
                back[places, :, regime] += remitted(
                    found.duty, found.value, found.made, per_output[:, None]
                )

    in_parallel(weigh, blocks_among(table, rows))
    return back


def remissions(table: FirmTable, policy: Policy, found: OwnImports, regime: int) -> Array:
    """What makers get back in a quarter for what they make, million USD, shape (firm, host)."""
    per_output = policy.output_remission[table.sector, :, regime]
    back: Array = remitted(found.duty, found.value, found.made, per_output).astype(np.float64)
    return back
