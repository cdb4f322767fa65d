"""Which plants are struck by death in a quarter."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.evenly import along_lines, by_size
from abm.location.moving_costs import dying, may_die
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable


def struck(
    table: FirmTable, settings: FirmAssumptions, owed: Array, quarter: int, draws: Draws
) -> tuple[NDArray[np.bool_], Array]:
    """Where plants die this quarter, as many of a sector at a host as are expected by now.

    Parameters
    ----------
    table : FirmTable
    settings : FirmAssumptions
    owed : ndarray, shape (sector, host)
        Deaths expected until now that were not drawn.
    quarter : int
    draws : Draws

    Returns
    -------
    strikes : ndarray of bool, shape (firm, host)
    owed : ndarray, shape (sector, host)
        With this quarter.
    """
    chance = dying(table, settings)
    mortal = may_die(table, table.plants)
    strikes = np.zeros(mortal.shape, np.bool_)
    still = np.empty_like(owed)
    # The numbers drawn are the same for all hosts, so that identical countries fare alike.
    turn = draws.uniform("deaths of plants", quarter, N_FOOTLOOSE)
    start = draws.uniform("first deaths", 0, N_FOOTLOOSE)
    for host in range(N_HOSTS):
        rows = by_size(table, np.flatnonzero(mortal[:, host]))
        found = along_lines(table.sector[rows], chance[rows], owed[:, host] + start, turn)
        strikes[rows[found.drawn], host] = True
        still[:, host] = owed[:, host] + found.expected - found.number
    return strikes, still
