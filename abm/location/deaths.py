"""Which plants are struck by death in a quarter."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.evenly import along_lines, by_size, cuts_of
from abm.location.moving_costs import dying, may_die
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable


def struck(
    table: FirmTable, settings: FirmAssumptions, owed: Array, quarter: int, draws: Draws
) -> tuple[NDArray[np.bool_], Array]:
    """Where plants die this quarter, as many of a sector at a host as are expected by now.

    Parameters
    ----------
    table : FirmTable
    settings : FirmAssumptions
    owed : ndarray, shape (sector, host, 2)
        Deaths expected until now that were not drawn, and the quarterly sales of these plants.
    quarter : int
    draws : Draws

    Returns
    -------
    strikes : ndarray of bool, shape (firm, host)
    owed : ndarray, shape (sector, host, 2)
        With this quarter.
    """
    chance = dying(table, settings)
    mortal = may_die(table, table.plants)
    strikes = np.zeros(mortal.shape, np.bool_)
    still = owed.copy()
    cuts = cuts_of(draws, "deaths of plants", quarter, 1)
    of_plants = table.base_plant_sales[np.arange(len(table)), table.config]
    sales: Array = of_plants * (table.base_revenue * table.weight)[:, None]
    for host in range(N_HOSTS):
        rows = by_size(table, np.flatnonzero(mortal[:, host] & (chance > 0)))
        amount, sector = sales[rows, host], table.sector[rows].astype(np.int64)
        found = along_lines(sector, chance[rows], amount, owed[:, host], cuts)
        strikes[rows[found.drawn], host] = True
        drawn = [
            np.bincount(sector[found.drawn], of[found.drawn], N_FOOTLOOSE)
            for of in (np.ones(len(rows)), amount)
        ]
        still[:, host] += found.expected - np.stack(drawn, axis=1)
    return strikes, still
