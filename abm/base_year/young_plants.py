"""Customers of the calibration year, some of whose plants are young.

Plants always come and go, and those that came lately have not won their customers yet; the others,
and importers, have theirs meanwhile. Were all customers of the calibration year where they would
go if they chose anew, the first years of every run would see young plants come to lack theirs:
output would fall where plants come and go, and imports rise. So plants of the calibration year
have ages, drawn as often as they come and go in the long run, and market access is such that what
they sell at those ages is what the tables say.
"""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.core.demand.customers import Speeds, inverse_of, of_every_firm, sum_by_sector
from abm.core.demand.youth import built_up, mean_built, steady_ages
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array, Economy
from abm.engine.blocks import sector_rows
from abm.engine.draws import Draws
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.customers import AT_HOME, AT_ONCE, HELD, Customers
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE
from abm.trade.sales.serving import serve
from agents import FirmTable

GOLDEN = (np.sqrt(5) - 1) / 2

MOST_MISSING = 0.9
"""Part of its sales that a plant may miss at most."""


def lags(
    table: FirmTable, host: int, speeds: Speeds
) -> list[tuple[NDArray[np.bool_], tuple[float, ...]]]:
    """Which firms win final users of a plant at a host how: all of them, group by group.

    A firm wins customers for its plant at home. For a plant of a firm from North America elsewhere
    it assigns sales of its sisters. A firm from abroad has customers for whom a plant here makes
    goods cheaper: sales are assigned to it, and customers follow.
    """
    local, home = table.home < N_HOSTS, table.home == host
    return [
        (home, (speeds.win,)),
        (local & ~home, (speeds.shift,)),
        (~local, (speeds.shift, speeds.win)),
    ]


def final_part(economy: Economy) -> Array:
    """Part of sales of plants of each sector that goes to final users, shape (sector,)."""
    final = economy.final_demand[:N_HOSTS, :N_FOOTLOOSE].sum(axis=(0, 2))
    inputs = economy.intermediate_use[:N_HOSTS, :N_FOOTLOOSE].sum(axis=(0, 2, 3))
    part: Array = final / (final + inputs)
    return part


def drawn_built(table: FirmTable, leaving: Array, speeds: Speeds, draws: Draws) -> Floats:
    """How far the sales of plants that stand have built up, at ages drawn evenly.

    Neighbours by home, sector and size have ages spread evenly over what is likely.

    Parameters
    ----------
    table : FirmTable
        With plants.
    leaving : ndarray, shape (firm, host)
        Probability per quarter that a plant closes or dies.
    speeds : Speeds
    draws : Draws

    Returns
    -------
    ndarray of float32, shape (firm, host + 1, use)
        Of plants at hosts, and last of those at home abroad, which are not young.
    """
    built = np.ones((len(table), AT_HOME + 1, 2), np.float32)
    order = np.lexsort((table.size, table.sector, table.home))
    start = draws.uniform("ages of plants", 0, N_HOSTS)
    for host in range(N_HOSTS):
        rows = order[table.plants[order, host]]
        luck = (start[host] + GOLDEN * np.arange(1, len(rows) + 1)) % 1.0
        ages = np.zeros(len(table), np.int64)
        ages[rows] = steady_ages(leaving[rows, host], np.maximum(luck, 2.0**-54))
        mean = np.ones((len(table), 2))
        built[rows, host, INTERMEDIATE] = built_up(ages[rows], speeds.win)
        mean[rows, INTERMEDIATE] = mean_built(leaving[rows, host], speeds.win)
        for some, lag in lags(table, host, speeds):
            theirs = some & table.plants[:, host]
            built[theirs, host, FINAL] = built_up(ages[theirs], *lag)
            mean[theirs, FINAL] = mean_built(leaving[theirs, host], *lag)
        built[rows, host] = _balanced(table, rows, built[rows, host], mean[rows])
    return built


def _balanced(table: FirmTable, rows: NDArray[np.int64], built: Floats, mean: Floats) -> Floats:
    """What is missing, scaled so that plants of each sector miss as much as they do on average.

    A sector may have few plants at a host, all of them young or all of them old by chance.

    Parameters
    ----------
    table : FirmTable
    rows : ndarray of int, shape (plant,)
    built, mean : ndarray, shape (plant, use)
        How far the sales of each have built up, and how far they have on average.

    Returns
    -------
    ndarray, shape (plant, use)
    """
    sector, mass = table.sector[rows], (table.size * table.weight)[rows]
    balanced = built.copy()
    for use in (FINAL, INTERMEDIATE):
        missing = 1 - built[:, use].astype(np.float64)
        now, wanted = (
            np.bincount(sector, mass * gap, N_FOOTLOOSE) for gap in (missing, 1 - mean[:, use])
        )
        most = np.zeros(N_FOOTLOOSE)
        np.maximum.at(most, sector, missing)
        scale = np.divide(wanted, now, out=np.ones_like(now), where=now > 0)
        scale = np.minimum(scale, MOST_MISSING / np.maximum(most, MOST_MISSING / 1e3))
        # Where all are old by chance each misses what it does on average.
        none = (now <= 0)[sector]
        balanced[:, use] = np.where(none, mean[:, use], 1 - scale[sector] * missing)
    return balanced


def expected_built(table: FirmTable, leaving: Array, speeds: Speeds, economy: Economy) -> Array:
    """Part of its sales that a plant makes on average in the time that it stands, (firm, host)."""
    final = np.empty_like(leaving)
    for host in range(N_HOSTS):
        for some, lag in lags(table, host, speeds):
            final[some, host] = mean_built(leaving[some, host], *lag)
    return of_both_uses(table, economy, final, mean_built(leaving, speeds.win))


def of_both_uses(table: FirmTable, economy: Economy, final: Floats, inputs: Floats) -> Array:
    """Averages over both uses, weighted as plants of a sector sell on average, (firm, host)."""
    part = final_part(economy)[table.sector, None]
    both: Array = part * final + (1 - part) * inputs
    return both


def base_customers(quarter: Quarter, built: Floats) -> Customers:
    """Who has which customers in the calibration year.

    Parameters
    ----------
    quarter : Quarter
        From `abm.base_year.base_sales.base_quarter`.
    built : ndarray, shape (firm, host + 1, use)
        From `drawn_built`.

    Returns
    -------
    Customers
    """
    table = quarter.table
    anew = serve(quarter, Customers.nobodys(len(table)), AT_ONCE, regime=0).customers
    spans = sector_rows(table)
    edges = np.array([0, *(span.stop for span in spans)])
    sales = anew.firms[:, None] * anew.split * built[:, :, FINAL, None]
    firms = sales.sum(axis=1, dtype=np.float64)
    scale = inverse_of(sum_by_sector(firms, edges) + anew.fringe.sum(axis=1))
    anew.split[:] = sales * inverse_of(firms)[:, None]
    anew.firms[:] = firms * of_every_firm(scale, edges)
    anew.fringe[:] *= scale[:, None]
    pool = anew.pool * built[:, :N_HOSTS, INTERMEDIATE, None]
    anew.pool[:] = pool * of_every_firm(inverse_of(sum_by_sector(pool, edges)), edges)
    anew.recent[:, -1] = anew.firms
    anew.recent_fringe[:, -1] = anew.fringe
    return anew


def base_competition(quarter: Quarter, customers: Customers) -> Array:
    """Appeal of all that would give the calibration year's price, had all chosen anew.

    Returns
    -------
    ndarray, shape (sector, market)
        With it the price index of the calibration year is 1 at the shares that are held.
    """
    held = serve(quarter, customers, HELD, regime=0)
    sigma = quarter.economy.sigma[:N_FOOTLOOSE, None]
    base: Array = quarter.calibration.base_competition * held.price_index ** (1 - sigma)
    return base
