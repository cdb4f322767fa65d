"""Blocks of the firms of one sector, the unit of work that threads share."""

from itertools import pairwise

import numpy as np

from abm.axes import FOOTLOOSE
from abm.core.blocks import blocks
from agents import FirmTable


def sector_rows(table: FirmTable) -> list[slice]:
    """Rows of every footloose sector; the table is ordered by sector."""
    edges = np.searchsorted(table.sector, np.arange(len(FOOTLOOSE) + 1))
    return [slice(int(start), int(stop)) for start, stop in pairwise(edges)]


def sector_blocks(table: FirmTable) -> list[tuple[int, slice]]:
    """Blocks of rows that each belong to one sector, the sector first."""
    return [
        (sector, slice(rows.start + block.start, rows.start + block.stop))
        for sector, rows in enumerate(sector_rows(table))
        for block in blocks(rows.stop - rows.start)
    ]
