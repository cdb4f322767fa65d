"""Remissions for output: what they are worth with every set of plants, and what is paid.

The rule is `abm.policy.instruments.output_remission`. A maker gets back measures on what its own
plants in other members deliver to consumers, so that the duty it bears hangs on its other plants.
Buyers are charged, and sources compete at, prices with the duty; what comes back is the owner's.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_FOOTLOOSE, N_HOSTS
from abm.core.demand.remissions import remitted
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import Block, SomeFirms, blocks_among, firm_blocks
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import profit_per_sale
from abm.location.payoffs import Earning, config_revenues, payoffs
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE, MarketState, Sales

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
    table = quarter.table
    profit = profit_per_sale(quarter.calibration.margin, settings)[table.sector[rows]]
    unit = profit * (table.base_revenue[rows] / table.size[rows])
    back: Array = expected_remissions(quarter, market, rows) / unit[:, None, None]
    return back


def expected_remissions(quarter: Quarter, market: MarketState, rows: Rows) -> Array:
    """What some firms would get back a quarter with every set of plants under every regime.

    Returns
    -------
    ndarray, shape (firm, config, regime)
        Million USD, for one real firm of size one.
    """
    regimes = len(quarter.policy.regimes)
    back = np.zeros((len(rows), N_CONFIGS, regimes))

    def weigh(block: tuple[slice, SomeFirms]) -> None:
        places, firms = block
        for regime in range(regimes):
            if not quarter.policy.output_remission[..., regime].any():
                continue
            earning = Earning.of(quarter, market, firms, regime)
            made = earning.sales()
            for host in range(N_HOSTS):
                imports, duty = (
                    earning.sales(part)[..., :N_HOSTS].sum(axis=2).astype(float)
                    for part in _counted(quarter, firms.rows, host, regime, earning.earned.shape)
                )
                share = _per_output(quarter, firms.rows, host, regime)[:, None]
                back[places, :, regime] += remitted(duty, imports, made[..., host], share)

    in_parallel(weigh, blocks_among(quarter.table, rows))
    return back


def _counted(
    quarter: Quarter, rows: Rows, host: int, regime: int, shape: tuple[int, ...]
) -> Iterator[Floats]:
    """What counts as imports of a maker at a host, and what is owed on it, of a value sold."""
    for rates in (np.ones((len(rows), N_HOSTS)), measures_owed(quarter, rows, host, regime)):
        part = np.zeros(shape, np.float32)
        part[:, :, FINAL, host] = rates * (np.arange(N_HOSTS) != host)
        yield part


def measures_owed(quarter: Quarter, rows: Rows, host: int, regime: int) -> Array:
    """Measures that some firms owe on what they bring into a host, per value at the border.

    Returns
    -------
    ndarray, shape (firm, source host)
        What of the duty paid is not ordinary; it may be less where origin is claimed.
    """
    table, policy = quarter.table, quarter.policy
    levied = (policy.line_waived + policy.line_fixed)[table.line[rows], :N_HOSTS, host, regime]
    owed = np.minimum(quarter.borders.duty[rows, :, host, regime], levied)
    margin = quarter.calibration.trade_margin[table.sector[rows], :N_HOSTS, host]
    found: Array = owed * (1.0 + margin)
    return found


def _per_output(quarter: Quarter, rows: Rows, host: int, regime: int) -> Array:
    share: Array = quarter.policy.output_remission[quarter.table.sector[rows], host, regime]
    return share


def remissions(
    quarter: Quarter, sales: Sales, spending: Array, regime: int, scarcity: Floats | None = None
) -> Array:
    """What treasuries remit in a quarter to those who make goods in their country.

    Parameters
    ----------
    quarter : Quarter
    sales : callable
        What plants that stand sell, per unit of spending.
    spending : ndarray, shape (sector, host, use, market)
    regime : int
        The one in force.
    scarcity : ndarray, shape (firm, host), optional
        What scarcity adds to prices, as a factor.

    Returns
    -------
    ndarray, shape (sector, host)
        Million USD.
    """
    total = np.zeros((N_FOOTLOOSE, N_HOSTS))
    if not quarter.policy.output_remission[..., regime].any():
        return total
    table, every = quarter.table, firm_blocks(quarter.table)

    def of_block(block: Block) -> Array:
        first, count = block.rows.start, len(block)
        made, imports, duty = (np.zeros((count, N_HOSTS)) for _ in range(3))
        for source, (plants, sold) in enumerate(sales(block)):
            rows, place = plants.firm, plants.firm - first
            border = sold * spending[table.sector[rows], source]
            border[:, FINAL] /= plants.mark_on
            if scarcity is not None:
                border[:, INTERMEDIATE] *= scarcity[rows, source][:, None]
            made[place, source] = border.sum(axis=(1, 2))
            for host in range(N_HOSTS):
                if host != source:
                    brought = border[:, FINAL, host]
                    owed = measures_owed(quarter, rows, host, regime)[:, source]
                    imports[place, host] += brought
                    duty[place, host] += brought * owed
        per_output = quarter.policy.output_remission[table.sector[block.rows], :, regime]
        back = np.zeros((N_FOOTLOOSE, N_HOSTS))
        np.add.at(back, table.sector[block.rows], remitted(duty, imports, made, per_output))
        return back

    for found in in_parallel(of_block, every):
        total += found
    return total
