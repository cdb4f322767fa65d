"""Which product line every firm makes, and what its product pays at borders between members.

Firms of a sector and home are put in a random order, each as long as its sales, and a
ruler with the lines of that home, the least dutiable first, is laid beside them from a
random point on. So a line has its share of sales on average over seeds, and in one model
as nearly as the sizes of firms let it.
"""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOMES, N_HOSTS, USA
from abm.economy.sector_lines import SectorLines
from abm.economy.tables import Array
from abm.engine.draws import Draws
from agents import FirmTable


def draw_lines(table: FirmTable, lines: SectorLines, draws: Draws) -> None:
    """Draw the line of every firm, and put the duty on its product beside it.

    Parameters
    ----------
    table : FirmTable
        With sectors, homes, sizes and weights; ``line`` and ``product_duty`` are filled in.
        Firms of North America that are not founded are drawn apart from those that stand.
    lines : SectorLines
    draws : Draws
    """
    stands = table.founded | (table.home >= N_HOSTS)
    place = (table.sector.astype(np.int64) * N_HOMES + table.home) * 2 + stands
    order = np.lexsort((draws.uniform("product line", 0, len(table)), place))
    begins = np.flatnonzero(np.diff(place[order], prepend=-1))
    starts = draws.uniform("first product line", 0, len(begins))
    ends = np.append(begins[1:], len(order))
    sales = table.weight * table.size
    for begin, end, start in zip(begins, ends, starts, strict=True):
        firms = order[begin:end]
        first = firms[0]
        point = _points(sales[firms], float(start))
        table.line[firms] = _at(lines, int(table.sector[first]), int(table.home[first]), point)
    table.product_duty[:] = lines.rate[table.line]


def _points(sales: Array, start: float) -> Array:
    """Where firms that stand end to end begin, on a circle of length 1 turned by ``start``."""
    before: Array = np.cumsum(sales) - sales
    return (before / sales.sum() + start) % 1.0


def _at(lines: SectorLines, sector: int, home: int, point: Array) -> NDArray[np.int64]:
    """Lines at points of the ruler of a sector and home, the least dutiable ones first."""
    own = lines.of(sector)
    ordered = own.start + np.argsort(lines.rate[own, :, USA].sum(axis=1), kind="stable")
    ends = np.cumsum(lines.share[ordered, home])
    found: NDArray[np.int64] = ordered[np.searchsorted(ends[:-1], point, side="right")]
    return found
