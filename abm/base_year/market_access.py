"""The market access of regions at which modelled firms sell what the tables say.

In the calibration year a unit of appeal earns a unit of revenue, times what a young plant sells
of what it will. So access must make the appeal of all plants of a host to a market, times that,
equal to the sales observed. The appeal of
a firm with one plant is a power of its host's access and depends on no other host.
So only firms with several plants are summed anew in each round.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS, N_REGIONS
from abm.core.demand.customers import sum_by_sector
from abm.core.demand.markets import share_scale
from abm.core.demand.youth import YoungSales
from abm.core.inputs.content_rules import Floats
from abm.core.layout import first_last, last_first
from abm.economy.tables import Array
from abm.engine.blocks import Block, whole_sectors
from abm.engine.parallel import in_parallel
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import FINAL, REACH_EXPONENT, standing_plants

PRECISION = 2e-5
"""Relative gap to the sales observed at which the search ends."""

ROUNDS = 60
"""Rounds of either kind of step in `matched_access`."""


@dataclass(frozen=True)
class _Sellers:
    """The plants of some consecutive sectors.

    Plants of firms with several come firm by firm; the plant is their last axis.

    Attributes
    ----------
    alone : ndarray, shape (sector, region, use, market)
        Border value sold by firms with one plant if access were one.
    pull : ndarray, shape (market, plant)
    per_appeal : ndarray, shape (use, market, plant)
        Border value per unit of appeal.
    firm : ndarray of int, shape (plant,)
        Whose they are, counted from 0 without gaps.
    cell : ndarray of int, shape (plant,)
        Sector and region, counted as in the first two axes of ``alone``.
    """

    alone: Array
    pull: Floats
    per_appeal: Floats
    firm: NDArray[np.integer]
    cell: NDArray[np.integer]

    @cached_property
    def _by_cell(self) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]:
        """Plants in the order of their cells, where each cell begins, and the cells there are."""
        order = np.argsort(self.cell, kind="stable")
        cells, starts = np.unique(self.cell[order], return_index=True)
        return order, starts, cells

    @cached_property
    def _of_firms(self) -> NDArray[np.integer]:
        """Where the plants of each firm begin."""
        return np.searchsorted(self.firm, np.arange(self.firm[-1] + 1))

    def border_value(self, access: Array) -> Array:
        """Sales at the border when a unit of appeal earns one.

        Parameters
        ----------
        access : ndarray, shape (sector, region, use, market)
            Of these sectors, as the sales are.
        """
        value: Array = self.alone * access**REACH_EXPONENT
        if not len(self.firm):
            return value
        by_cell = access.astype(np.float32).reshape(-1, *access.shape[2:])
        reach = first_last(by_cell).take(self.cell, axis=-1)
        reach *= self.pull
        total = np.add.reduceat(reach, self._of_firms, axis=-1)
        reach *= share_scale(total, REACH_EXPONENT).take(self.firm, axis=-1)
        reach *= self.per_appeal
        order, starts, cells = self._by_cell
        sold = np.add.reduceat(reach.take(order, axis=-1), starts, axis=-1, dtype=np.float64)
        value.reshape(by_cell.shape)[cells] += last_first(sold)
        return value


def matched_access(
    quarter: Quarter, target: Array, young: YoungSales, patient: bool = False
) -> Array:
    """Access at which sales at the border meet their targets.

    Parameters
    ----------
    quarter : Quarter
        The calibration year with one regime; its access is the first guess.
    target : ndarray, shape (sector, region, use, market)
        Sales observed, million USD a quarter.
    young : YoungSales
        Of the plants that stand.

    Returns
    -------
    ndarray, shape (sector, region, use, market)
        The access after the last round, which may still miss its targets.

    Notes
    -----
    Sales of a firm with one plant are proportional to the square root of access, so
    multiplying access by the squared ratio of target to sales is exact (a long step).
    Sales of a small plant beside large ones of the same firm are proportional to access
    itself: the long step then overshoots by as much as the gap was, and oscillates. A
    short step, by the ratio itself, halves the gap in the first case, is exact in the
    second, and converges for any mix of both, because the matrix of elasticities of
    sales with respect to access has eigenvalues between one half and three halves. Short steps
    are taken where `ROUNDS` long ones were not enough.
    """
    access = quarter.calibration.access.copy()
    powers = [1 / REACH_EXPONENT] * ROUNDS + [1.0] * ROUNDS

    def match(block: Block) -> None:
        sellers, wanted = _sellers(quarter, young, block), target[block.sectors]
        found = access[block.sectors]
        unmet = np.ones(len(found), np.bool_)
        for power in powers:
            sold = sellers.border_value(found)
            ratio = np.divide(wanted, sold, out=np.zeros_like(sold), where=sold > 0)
            found[unmet] *= ratio[unmet] ** power
            miss = np.where(wanted > 0, np.abs(ratio - 1), 0)
            unmet &= miss.max(axis=(1, 2, 3)) >= PRECISION
            if not unmet.any():
                break

    in_parallel(match, whole_sectors(quarter.table))
    return access


def _sellers(quarter: Quarter, young: YoungSales, block: Block) -> _Sellers:
    table, rows = quarter.table, block.rows
    several = table.plants[rows].sum(axis=1) + (table.home[rows] >= N_HOSTS) > 1
    number, sectors = np.cumsum(several) - 1, len(block.edges) - 1
    alone = np.zeros((sectors, N_REGIONS, 2, N_REGIONS))
    pulls, values, firms, cells = [], [], [], []
    for region, place in enumerate(standing_plants(quarter, block, regime=0)):
        of_several = several[place.firm - rows.start]
        value = place.mass[:, None] * young.at(place.firm, min(region, N_HOSTS))
        value[:, FINAL] /= place.mark_on
        single = np.where(of_several[:, None], 0, place.pull**REACH_EXPONENT)
        alone[:, region] = sum_by_sector(single[:, None] * value, place.at.edges)
        sector = np.repeat(np.arange(sectors), np.diff(place.at.edges))
        pulls.append(place.pull[of_several])
        values.append(value[of_several])
        firms.append(number[place.firm - rows.start][of_several])
        cells.append((sector * N_REGIONS + region)[of_several])
    firm, pull, value = (np.concatenate(part) for part in (firms, pulls, values))
    order = np.argsort(firm, kind="stable")
    per_appeal = first_last(value).take(order, axis=-1)
    pull = first_last(pull).take(order, axis=-1)
    return _Sellers(alone, pull, per_appeal, firm[order], np.concatenate(cells)[order])
