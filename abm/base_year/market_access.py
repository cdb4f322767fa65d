"""The market access of regions at which modelled firms sell what the tables say.

In the calibration year a unit of appeal earns a unit of revenue, times how far a plant's sales
have built up. So access must make the appeal of all plants of a host to a market, times that,
equal to the sales observed. The appeal of
a firm with one plant is a power of its host's access and depends on no other host.
So only firms with several plants are summed anew in each round.
"""

from dataclasses import dataclass

import numpy as np

from abm.axes import N_HOSTS, N_REGIONS
from abm.core.demand.customers import of_every_firm, sum_by_sector
from abm.core.demand.markets import plant_appeal
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import Block, whole_sectors
from abm.engine.parallel import in_parallel
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import FINAL, REACH_EXPONENT, Plants, standing_plants

PRECISION = 2e-5
"""Relative gap to the sales observed at which the search ends."""

ROUNDS = 60
"""Rounds of either kind of step in `matched_access`."""


@dataclass(frozen=True)
class _Sellers:
    """The plants of some consecutive sectors.

    Attributes
    ----------
    alone : ndarray, shape (sector, region, use, market)
        Border value sold by firms with one plant if access were one.
    firms : int
        Number of those with several.
    firm : list of ndarray of int, shape (plant,)
        Which of them each plant belongs to, region by region.
    plants : list of Plants
        Theirs, region by region.
    built : list of ndarray, shape (plant, use, 1)
        How far the sales of each have built up.
    """

    alone: Array
    firms: int
    firm: list[np.ndarray]
    plants: list[Plants]
    built: list[Floats]

    def border_value(self, access: Array) -> Array:
        """Sales at the border when a unit of appeal earns one.

        Parameters
        ----------
        access : ndarray, shape (sector, region, use, market)
            Of these sectors, as the sales are.
        """
        reached = access.astype(np.float32)
        found = plant_appeal(
            [place.pull for place in self.plants],
            self.firm,
            [
                of_every_firm(reached[:, region], place.at.edges)
                for region, place in enumerate(self.plants)
            ],
            self.firms,
            REACH_EXPONENT,
        )
        value: Array = self.alone * access**REACH_EXPONENT
        for region, sold in enumerate(found):
            value[:, region] += _at_border(sold * self.built[region], self.plants[region])
        return value


def matched_access(quarter: Quarter, target: Array, built: Floats, patient: bool = False) -> Array:
    """Access at which sales at the border meet their targets.

    Parameters
    ----------
    quarter : Quarter
        The calibration year with one regime; its access is the first guess.
    target : ndarray, shape (sector, region, use, market)
        Sales observed, million USD a quarter.
    built : ndarray, shape (firm, host + 1, use)
        How far the sales of plants have built up.

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
        sellers, wanted = _sellers(quarter, built, block), target[block.sectors]
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


def _sellers(quarter: Quarter, built: Floats, block: Block) -> _Sellers:
    table, rows = quarter.table, block.rows
    several = table.plants[rows].sum(axis=1) + (table.home[rows] >= N_HOSTS) > 1
    position = np.cumsum(several) - 1
    alone = np.zeros((len(block.edges) - 1, N_REGIONS, 2, N_REGIONS))
    firm, plants, young = [], [], []
    for region, place in enumerate(standing_plants(quarter, block, regime=0)):
        at = min(region, N_HOSTS)
        of_several = several[place.firm - rows.start]
        single = place.take(np.flatnonzero(~of_several))
        alone[:, region] = _at_border(
            (single.pull**REACH_EXPONENT)[:, None] * built[single.firm, at, :, None], single
        )
        plants.append(place.take(np.flatnonzero(of_several)))
        young.append(built[plants[-1].firm, at, :, None])
        firm.append(position[plants[-1].firm - rows.start])
    return _Sellers(alone, int(several.sum()), firm, plants, young)


def _at_border(sold: Floats, place: Plants) -> Array:
    """Border value that plants sell, given their appeal per unit of mass, (sector, use, market)."""
    border = sold * place.mass[:, None, :]
    border[:, FINAL] /= place.mark_on
    return sum_by_sector(border, place.at.edges)
