"""What plants cost beside what they make: overhead that runs on, and costs sunk in moves.

Firms weigh these costs when they choose their plants (`abm.location.payoffs`, `moving_costs`);
here the same amounts become flows of money. Overhead is paid as wages where a plant stands. What
it costs to arrive in a country, to found a firm and to close a plant is paid by the owner at home,
stage by stage as a project goes on, to those who provide it where the plant is.
"""

from dataclasses import dataclass

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, QUARTERS_A_YEAR
from abm.core.choice.clocks import Kind
from abm.core.choice.plant_costs import fixed_costs
from abm.economy.tables import Array
from abm.location.moving_costs import CLOSED, OPENED, MovingCosts, Rows
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.books.by_owner import by_owner
from agents import FirmTable


def overhead(table: FirmTable, settings: FirmAssumptions, gain: Array) -> Array:
    """Fixed cost of running the plants that stand.

    Parameters
    ----------
    table : FirmTable
    settings : FirmAssumptions
    gain : ndarray, shape (sector,)
        Profit per unit of sales, from `abm.location.moving_costs.profit_per_sale`.

    Returns
    -------
    ndarray, shape (sector, host, home)
        Million USD a quarter.
    """
    share = table.base_plant_sales[np.arange(len(table)), table.config].astype(np.float64)
    cost = fixed_costs(
        settings.fixed_cost, gain[table.sector], table.relative_size, share, table.home
    )
    sales = table.base_revenue * table.weight
    return by_owner(table, sales[:, None] * cost * table.plants)


@dataclass(frozen=True)
class Stages:
    """Stages of projects that began in a quarter.

    Attributes
    ----------
    rows : ndarray of int, shape (project,)
    config, target : ndarray of int, shape (project,)
    kind : ndarray of int, shape (project,)
    share : ndarray, shape (project,)
        Part of the project's cost that the stage sinks.
    """

    rows: Rows
    config: Rows
    target: Rows
    kind: Rows
    share: Array

    @classmethod
    def begun(cls, table: FirmTable, moving: MovingCosts) -> "Stages":
        """Those of which no quarter is over."""
        at_work = np.flatnonzero(table.target >= 0)
        kind, stage = table.project[at_work].astype(np.int64), table.stage[at_work]
        begins = table.quarters_left[at_work] == moving.stage_quarters[kind, stage]
        rows = at_work[begins]
        return cls(
            rows,
            table.config[rows].astype(np.int64),
            table.target[rows].astype(np.int64),
            kind[begins],
            moving.stage_costs[kind[begins], stage[begins]],
        )


@dataclass(frozen=True)
class SunkOutlays:
    """Paid by owners from each home in a quarter, million USD.

    Attributes
    ----------
    arriving : ndarray, shape (sector, host, home)
        For plants abroad, beside building them. Below 0 where owners are found in a country more
        often than what they earn there explains: then they are given what is not modelled.
    founding : ndarray, shape (sector, host, home)
        Of firms that had no plant.
    closing : ndarray, shape (sector, host, home)
        Of plants given up.
    services : ndarray, shape (sector, host)
        What those receive who provide it, where the plant is.
    """

    arriving: Array
    founding: Array
    closing: Array
    services: Array


def sunk_outlays(table: FirmTable, moving: MovingCosts) -> SunkOutlays:
    """What stages of projects that began this quarter sink beside building.

    Parameters
    ----------
    table : FirmTable
        After the quarter's moves.
    moving : MovingCosts

    Returns
    -------
    SunkOutlays
    """
    begun = Stages.begun(table, moving)
    rows, sector, home = begun.rows, table.sector[begun.rows], table.home[begun.rows]
    sales = table.base_revenue[rows] * table.weight[rows] * begun.share
    profit = sales * moving.gain[sector]
    opened, closed = OPENED[begun.config, begun.target], CLOSED[begun.config, begun.target]
    arriving = opened * moving.arriving_at(table, rows)
    each = opened / np.maximum(opened.sum(axis=1, keepdims=True), 1)
    founds = begun.kind == Kind.FOUNDING
    founding = each * (moving.sunk.founding[sector, home] * founds)[:, None]
    shut = closed * table.base_plant_sales[rows, begun.config].astype(np.float64)
    closing = QUARTERS_A_YEAR * moving.settings.closure_cost * sales[:, None] * shut
    received = np.zeros((N_FOOTLOOSE, N_HOSTS))
    np.add.at(received, sector, profit[:, None] * (arriving + founding) + closing)
    return SunkOutlays(
        arriving=by_owner(table, profit[:, None] * arriving, rows),
        founding=by_owner(table, profit[:, None] * founding, rows),
        closing=by_owner(table, closing, rows),
        services=received,
    )
