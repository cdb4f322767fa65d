"""Blocks of firms of one sector or of several small ones, the unit of work that threads share."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.axes import FOOTLOOSE
from abm.core.blocks import ROWS_A_BLOCK, blocks
from abm.core.demand.customers import of_every_firm
from agents import FirmTable

ROWS_TOGETHER = 2048
"""Firms up to which sectors are worked on together.

Of fewer firms an operation takes mostly its call, so that as many calls for ten sectors at once
take a tenth of the time. Of more the arrays would no longer fit the processor's cache.
"""


@dataclass(frozen=True)
class SomeFirms:
    """Some firms of consecutive sectors, in the order of the firm table.

    Attributes
    ----------
    sectors : slice
    rows : ndarray of int, shape (firm,)
        Rising.
    edges : ndarray of int, shape (sector + 1,)
        Where the firms of each sector begin among them, and the last ones end.
    """

    sectors: slice
    rows: NDArray[np.integer]
    edges: NDArray[np.int64]

    def of_each(self, by_sector: NDArray[Any]) -> NDArray[Any]:
        """What belongs to sectors, all of them along the first axis, for each firm.

        Returns
        -------
        ndarray, shape (firm, ...) or (1, ...)
            The latter if all firms are of one sector; it broadcasts to what belongs to firms.
        """
        return of_every_firm(by_sector[self.sectors], self.edges)

    def take(self, places: NDArray[np.integer]) -> "SomeFirms":
        """Some of the firms, by rising places among them."""
        return SomeFirms(self.sectors, self.rows[places], np.searchsorted(places, self.edges))


@dataclass(frozen=True)
class Block:
    """Firms that are worked on at once: of one sector, or all those of a few small sectors.

    Attributes
    ----------
    sectors : slice
    rows : slice
        Of the firm table, which is ordered by sector.
    edges : ndarray of int, shape (sector + 1,)
        Where the firms of each sector begin among the rows, and the last ones end.
    """

    sectors: slice
    rows: slice
    edges: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)

    def of_each(self, by_sector: NDArray[Any]) -> NDArray[Any]:
        """As `SomeFirms.of_each`."""
        return of_every_firm(by_sector[self.sectors], self.edges)

    def some(self, places: NDArray[np.integer]) -> SomeFirms:
        """Some of the firms, by rising places among them."""
        edges = np.searchsorted(places, self.edges)
        return SomeFirms(self.sectors, places + self.rows.start, edges)


def sector_rows(table: FirmTable) -> list[slice]:
    """Rows of every footloose sector; the table is ordered by sector."""
    edges = np.searchsorted(table.sector, np.arange(len(FOOTLOOSE) + 1))
    return [slice(int(start), int(stop)) for start, stop in pairwise(edges)]


def sector_edges(table: FirmTable) -> NDArray[np.int64]:
    """Where the rows of every sector begin, and the last ones end, shape (sector + 1,)."""
    return np.array([0, *(rows.stop for rows in sector_rows(table))])


def firm_blocks(table: FirmTable) -> list[Block]:
    """All firms in blocks.

    They follow from the table alone, so that sums over them do not depend on the threads.
    """
    return [Block(*piece) for piece in _pieces(sector_edges(table))]


def blocks_among(table: FirmTable, rows: NDArray[np.integer]) -> list[tuple[slice, SomeFirms]]:
    """Some firms, by rising rows, in blocks: which of the rows they are, and the firms."""
    edges = np.searchsorted(rows, sector_edges(table))
    return [
        (places, SomeFirms(sectors, rows[places], among))
        for sectors, places, among in _pieces(edges)
    ]


def _pieces(edges: NDArray[np.int64]) -> Iterator[tuple[slice, slice, NDArray[np.int64]]]:
    """Sectors joined where they are small and cut where they are large, with their own edges."""
    spans = [slice(int(start), int(stop)) for start, stop in pairwise(edges)]
    for sectors, rows in _joined(spans, ROWS_TOGETHER):
        if sectors.stop - sectors.start > 1 and rows.stop > rows.start:
            yield sectors, rows, edges[sectors.start : sectors.stop + 1] - rows.start
            continue
        for some in blocks(rows.stop - rows.start):
            span = slice(rows.start + some.start, rows.start + some.stop)
            yield sectors, span, np.array([0, some.stop - some.start])


def of_one_sector(table: FirmTable, sector: int) -> Block:
    """All firms of one sector as one block."""
    rows = sector_rows(table)[sector]
    return Block(slice(sector, sector + 1), rows, np.array([0, rows.stop - rows.start]))


def whole_sectors(table: FirmTable) -> list[Block]:
    """All firms in blocks that cut no sector, for what depends on all firms of a sector."""
    edges = sector_edges(table)
    return [
        Block(sectors, rows, edges[sectors.start : sectors.stop + 1] - rows.start)
        for sectors, rows in _joined(sector_rows(table), ROWS_A_BLOCK)
    ]


def _joined(spans: list[slice], size: int) -> list[tuple[slice, slice]]:
    """Consecutive sectors with their rows, joined while no more than some rows come together."""
    together: list[list[tuple[int, slice]]] = []
    for sector, rows in enumerate(spans):
        if not together or rows.stop - together[-1][0][1].start > size:
            together.append([])
        together[-1].append((sector, rows))
    return [
        (slice(some[0][0], some[-1][0] + 1), slice(some[0][1].start, some[-1][1].stop))
        for some in together
    ]


def as_slice(places: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """The same places as a slice if they follow each other, which makes views of arrays."""
    first, last = int(places[0]), int(places[-1])
    if np.array_equal(places, np.arange(first, last + 1)):
        return slice(first, last + 1)
    return places
