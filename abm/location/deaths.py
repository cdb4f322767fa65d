"""Which plants are struck by death in a quarter.

Every quarter the chances of all firms are laid end to end along a line, and each whole number on
it strikes the firm on whose part it falls, once the line is moved by a number drawn for the
quarter. So a firm is struck with its own chance, independently from quarter to quarter; of firms
that are neighbours on the line, by country of the plant, owner's home, sector and size, as many
are struck as is expected, up to one; and whether one is struck does not depend on where others
stand, so that scenarios differ through policy alone.
"""

import numpy as np
from numpy.typing import NDArray

from abm.engine.draws import Draws
from abm.location.moving_costs import dying
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable


def line_up(table: FirmTable, settings: FirmAssumptions) -> None:
    """Give every firm its place on the line, by host: those that stand there come first."""
    chance = dying(table, settings)
    for host in range(table.plants.shape[1]):
        order = np.lexsort((table.size, table.sector, table.home, ~table.plants[:, host]))
        table.death_offset[order, host] = np.cumsum(chance[order]) % 1.0


def struck(
    table: FirmTable, settings: FirmAssumptions, quarter: int, draws: Draws
) -> NDArray[np.bool_]:
    """Where plants die this quarter if they stand, shape (firm, host).

    The number drawn is the same for all hosts, so that identical countries fare alike.
    """
    start = float(draws.uniform("deaths of plants", quarter, 1)[0])
    strikes: NDArray[np.bool_] = (table.death_offset + start) % 1.0 < dying(table, settings)[
        :, None
    ]
    return strikes
