"""Blocks of the firms of one sector, the unit of work that threads share."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abm.axes import FOOTLOOSE
from abm.core.blocks import ROWS_A_BLOCK, blocks
from agents import FirmTable


def sector_rows(table: FirmTable) -> list[slice]:
    """Rows of every footloose sector; the table is ordered by sector."""
    edges = np.searchsorted(table.sector, np.arange(len(FOOTLOOSE) + 1))
    return [slice(int(start), int(stop)) for start, stop in pairwise(edges)]


def sector_edges(table: FirmTable) -> NDArray[np.int64]:
    """Where the rows of every sector begin, and the last ones end, shape (sector + 1,)."""
    return np.array([0, *(rows.stop for rows in sector_rows(table))])


def sector_blocks(table: FirmTable) -> list[tuple[int, slice]]:
    """Blocks of rows that each belong to one sector, the sector first."""
    return [
        (sector, slice(rows.start + block.start, rows.start + block.stop))
        for sector, rows in enumerate(sector_rows(table))
        for block in blocks(rows.stop - rows.start)
    ]


def sectors_together(table: FirmTable) -> list[tuple[slice, slice]]:
    """Consecutive sectors with their rows, several at a time where few firms are in them.

    Of a small population a sector has so few firms that what an operation takes is mostly
    its call.
    """
    together: list[list[tuple[int, slice]]] = []
    for sector, rows in enumerate(sector_rows(table)):
        if not together or rows.stop - together[-1][0][1].start > ROWS_A_BLOCK:
            together.append([])
        together[-1].append((sector, rows))
    return [
        (slice(some[0][0], some[-1][0] + 1), slice(some[0][1].start, some[-1][1].stop))
        for some in together
    ]
