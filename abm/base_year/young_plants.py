"""Customers of the calibration year, some of whose plants are young.

Plants always come and go, and those that came lately do not sell yet what they will: their sisters,
or where customers are still to be won other sellers, do meanwhile. Were all customers of the
calibration year where they would go if they chose anew, the first years of every run would see
young plants come to lack theirs: output would fall where plants come and go, and imports rise. So
plants of the calibration year have ages, drawn as often as they come and go in the long run, and
market access is such that what they sell at those ages is what the tables say.
"""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.choice.parts_of_sets import Indices
from abm.core.demand.customers import Speeds, inverse_of, of_every_firm, sum_by_sector
from abm.core.demand.youth import (
    ASSIGNED,
    FOLLOWED,
    WON,
    YoungSales,
    built_up,
    mean_built,
    sales_when_young,
    steady_ages,
)
from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last, some_firms
from abm.economy.tables import Array
from abm.engine.blocks import Block, firm_blocks, sector_rows
from abm.engine.draws import Draws
from abm.engine.parallel import in_parallel
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.customers import AT_HOME, AT_ONCE, HELD, Customers, reach_of
from abm.trade.sales.market_clearing import FINAL, plant_dispersion, standing_plants
from abm.trade.sales.serving import serve
from agents import FirmTable

GOLDEN = (np.sqrt(5) - 1) / 2

LAGS = 3
"""`WON`, `ASSIGNED` and `FOLLOWED`."""

MOST_MISSING = 0.99
"""Part of its sales that a plant may miss at most."""

BALANCING_ROUNDS = 8
"""After the first, others make up for plants that would miss more than all."""


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
    ndarray of float32, shape (firm, host + 1, lag)
        Of plants at hosts, and last of those at home abroad, which are not young; lags as in
        `abm.core.demand.youth`.
    """
    built = np.ones((len(table), AT_HOME + 1, LAGS), np.float32)
    order = np.lexsort((table.size, table.sector, table.home))
    start = draws.uniform("ages of plants", 0, N_HOSTS)
    for host in range(N_HOSTS):
        rows = order[table.plants[order, host]]
        luck = (start[host] + GOLDEN * np.arange(1, len(rows) + 1)) % 1.0
        ages = steady_ages(leaving[rows, host], np.maximum(luck, 2.0**-54))
        young = np.stack([built_up(ages, *lag) for lag in lags(speeds)], axis=1)
        mean = mean_of_lags(leaving[rows, host], speeds)
        lag_counts = np.ones(young.shape, bool)
        lag_counts[:, (ASSIGNED, FOLLOWED)] = (table.home[rows] != host)[:, None]
        built[rows, host] = _balanced(
            table, rows, np.where(lag_counts, young, 1), np.where(lag_counts, mean, 1)
        )
    return built


def lags(speeds: Speeds) -> list[tuple[float, ...]]:
    """Speeds at which sales of a plant build up, one after the other; lag by lag.

    Users of inputs, and consumers of a firm founded at home, are won. To a plant elsewhere its
    firm assigns sales of its sisters, or of its plant abroad, and consumers follow the price.
    """
    return [(speeds.win,), (speeds.shift,), (speeds.shift, speeds.win)]


def mean_of_lags(leaving: Floats, speeds: Speeds) -> Floats:
    """How far sales have built up on average, of the shape of ``leaving`` and (lag,)."""
    return np.stack([mean_built(leaving, *lag) for lag in lags(speeds)], axis=-1)


def _balanced(table: FirmTable, rows: NDArray[np.int64], built: Floats, mean: Floats) -> Floats:
    """What is missing, scaled so that plants of each sector miss as much as they do on average.

    A sector may have few plants at a host, all of them young or all of them old by chance.

    Parameters
    ----------
    table : FirmTable
    rows : ndarray of int, shape (plant,)
    built, mean : ndarray, shape (plant, lag)
        How far the sales of each have built up, and how far they have on average; 1 where a plant
        takes no sales over.

    Returns
    -------
    ndarray, shape (plant, lag)
    """
    sector, mass = table.sector[rows], (table.size * table.weight)[rows]
    balanced = built.astype(np.float32)
    for lag in range(LAGS):
        drawn, usual = 1 - built[:, lag], 1 - mean[:, lag]
        wanted = np.bincount(sector, mass * usual, N_FOOTLOOSE)
        missing = drawn
        for _ in range(BALANCING_ROUNDS):
            now = np.bincount(sector, mass * missing, N_FOOTLOOSE)
            scale = np.divide(wanted, now, out=np.ones_like(now), where=now > 0)
            missing = np.minimum(scale[sector] * missing, MOST_MISSING)
        # Where all are old by chance each misses what it does on average.
        balanced[:, lag] = 1 - np.where((now <= 0)[sector], usual, missing)
    return balanced


def young_sales(quarter: Quarter, built: Floats) -> YoungSales:
    """What the plants that stand sell over what they would sell had all customers chosen anew.

    Parameters
    ----------
    quarter : Quarter
        The calibration year with one regime.
    built : ndarray, shape (firm, host + 1, lag)
        From `drawn_built`.
    """
    table, sigma = quarter.table, quarter.economy.sigma[:N_FOOTLOOSE]
    access = quarter.calibration.access[:, :, FINAL].astype(np.float32)
    at_home = home_place(table.home)
    final = firm_last((len(table), AT_HOME + 1, N_REGIONS), np.float32, 1.0)
    each = np.arange(len(table))
    final[each, at_home] = built[each, at_home, WON, None]

    def of_block(block: Block) -> None:
        reach = reach_of(standing_plants(quarter, block, regime=0), access, block)
        several = np.flatnonzero((reach > 0).any(axis=2).sum(axis=1) > 1)
        rows = block.rows.start + several
        elasticity = sigma[table.sector[rows]]
        final[rows] = sales_when_young(
            some_firms(reach, several),
            built[rows],
            at_home[rows],
            plant_dispersion(elasticity),
            elasticity,
        )

    in_parallel(of_block, firm_blocks(table))
    return YoungSales(final, built[..., WON])


def home_place(home: NDArray[np.integer]) -> Indices:
    """Place of firms' plants at home: their host, or that at home abroad."""
    place: Indices = np.minimum(home, AT_HOME).astype(np.int64)
    return place


def base_customers(quarter: Quarter, built: Floats) -> Customers:
    """Who has which customers in the calibration year.

    Parameters
    ----------
    quarter : Quarter
        From `abm.base_year.base_sales.base_quarter`.
    built : ndarray, shape (firm, host + 1, lag)
        From `drawn_built`.

    Returns
    -------
    Customers
    """
    table, young = quarter.table, young_sales(quarter, built)
    anew = serve(quarter, Customers.nobodys(len(table)), AT_ONCE, regime=0).customers
    spans = sector_rows(table)
    edges = np.array([0, *(span.stop for span in spans)])
    sales = anew.firms[:, None] * anew.split * young.final
    firms = sales.sum(axis=1, dtype=np.float64)
    scale = inverse_of(sum_by_sector(firms, edges) + anew.fringe.sum(axis=1))
    anew.split[:] = sales * inverse_of(firms)[:, None]
    anew.firms[:] = firms * of_every_firm(scale, edges)
    anew.fringe[:] *= scale[:, None]
    pool = anew.pool * young.inputs[:, :N_HOSTS, None]
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
