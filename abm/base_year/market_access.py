"""Access of hosts to markets at which modelled firms sell what the tables say.

A unit of appeal earns one in the calibration year, so access has to make the
appeal of all plants of a host to a market equal to the sales observed. A firm
with one plant contributes its access to a power, whatever the access of other
hosts; only firms with several plants have to be added up anew in each round.
"""

from dataclasses import dataclass

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.content_rules import Floats
from abm.core.markets import plant_appeal
from abm.economy.tables import Array
from abm.engine.blocks import sector_blocks
from abm.engine.parallel import in_parallel
from abm.trade.market_clearing import FINAL, REACH_EXPONENT, Plants, standing_plants
from abm.trade.this_quarter import Quarter

PRECISION = 2e-5
"""Relative gap to the sales observed at which the search ends."""

ROUNDS = 60
"""Rounds of either kind of step in `matched_access`."""


@dataclass(frozen=True)
class _Sellers:
    """The plants of one sector.

    Attributes
    ----------
    alone : ndarray, shape (host, use, market)
        Border value sold by firms with one plant, where access is one.
    firms : int
        Number of those with several.
    firm : list of ndarray of int, shape (plant,)
        Which of them each plant belongs to, host by host.
    plants : list of Plants
        Theirs, host by host.
    """

    alone: Array
    firms: int
    firm: list[np.ndarray]
    plants: list[Plants]

    def border_value(self, access: Array) -> Array:
        """Sales at the border when a unit of appeal earns one, shape (host, use, market)."""
        found = plant_appeal(
            [place.pull for place in self.plants],
            self.firm,
            access.astype(np.float32),
            self.firms,
            REACH_EXPONENT,
        )
        value: Array = self.alone * access**REACH_EXPONENT
        for host, (sold, place) in enumerate(zip(found, self.plants, strict=True)):
            value[host] += _at_border(sold, place)
        return value


def matched_access(quarter: Quarter, target: Array, patient: bool = False) -> Array:
    """Access at which sales at the border meet their targets.

    Parameters
    ----------
    quarter : Quarter
        The calibration year with one regime; its access is the first guess.
    target : ndarray, shape (sector, host, use, market)
        Sales observed, million USD a quarter.
    patient : bool
        Whether short steps follow where `ROUNDS` long ones were not enough.

    Returns
    -------
    ndarray, shape (sector, host, use, market)
        As near to the targets as the rounds bring it.

    Notes
    -----
    Sales of a firm with one plant go with the root of access, and a step by the square
    of target over sales is then exact. Sales of a small plant beside large ones of the
    same firm go with access itself: that step overshoots by as much as was missed and
    swings for ever. A step by the ratio alone halves the miss in the first case, is exact
    in the second, and converges whatever the mix: the elasticities of sales to a market in
    the access of all hosts have eigenvalues between a half and three halves.
    """
    every = sector_blocks(quarter.table)
    parts = in_parallel(lambda block: _of_block(quarter, *block), every)
    access = quarter.calibration.access.copy()
    powers = [1 / REACH_EXPONENT] * ROUNDS + [1.0] * ROUNDS * patient

    def match(sector: int) -> Array:
        sellers = _merged(
            [part for (of, _), part in zip(every, parts, strict=True) if of == sector]
        )
        found: Array = access[sector]
        for power in powers:
            sold = sellers.border_value(found)
            ratio = np.divide(target[sector], sold, out=np.zeros_like(sold), where=sold > 0)
            found = found * ratio**power
            if np.abs(ratio[target[sector] > 0] - 1).max(initial=0) < PRECISION:
                break
        return found

    return np.stack(in_parallel(match, range(N_FOOTLOOSE)))


def _of_block(quarter: Quarter, sector: int, rows: slice) -> _Sellers:
    several = quarter.table.plants[rows].sum(axis=1) > 1
    position = np.cumsum(several) - 1
    alone = np.zeros((N_HOSTS, 2, N_REGIONS))
    firm, plants = [], []
    for host, place in enumerate(standing_plants(quarter, sector, rows, regime=0)):
        of_several = several[place.firm - rows.start]
        single = place.take(~of_several)
        alone[host] = _at_border(
            np.repeat((single.pull**REACH_EXPONENT)[:, None], 2, axis=1), single
        )
        plants.append(place.take(of_several))
        firm.append(position[plants[-1].firm - rows.start])
    return _Sellers(alone, int(several.sum()), firm, plants)


def _at_border(sold: Floats, place: Plants) -> Array:
    """Border value of appeal before the firms' mass, shape (use, market)."""
    border = sold * place.mass[:, None, :]
    border[:, FINAL] /= place.mark_on
    total: Array = border.sum(axis=0, dtype=np.float64)
    return total


def _merged(parts: list[_Sellers]) -> _Sellers:
    """The plants of all blocks of a sector."""
    before = np.cumsum([0, *(part.firms for part in parts)])
    return _Sellers(
        np.sum([part.alone for part in parts], axis=0),
        int(before[-1]),
        [
            np.concatenate(
                [part.firm[host] + start for part, start in zip(parts, before[:-1], strict=True)]
            )
            for host in range(N_HOSTS)
        ],
        [
            Plants(
                *(
                    np.concatenate([getattr(part.plants[host], name) for part in parts])
                    for name in Plants.__annotations__
                )
            )
            for host in range(N_HOSTS)
        ],
    )
