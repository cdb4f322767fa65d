"""What can be read from a finished run: sums over quarters, and what every plant ships."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS, QUARTERS_A_YEAR
from abm.economy.tables import Array
from abm.engine.blocks import of_one_sector
from abm.model import RelocationModel
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE, standing_plants

Look = Callable[[RelocationModel], dict[str, float]]
"""Names what it sees of a finished run."""


def year(model: RelocationModel, number: int) -> range:
    """The quarters of a calendar year, for a run that starts with a year."""
    first = QUARTERS_A_YEAR * (number - model.scenario.start.year) + 1
    return range(first, first + QUARTERS_A_YEAR)


def trade(model: RelocationModel, column: str, quarters: Iterable[int]) -> Array:
    """Sum over quarters of a column of the trade table, shape (use, sector, source, market)."""
    return _summed(model.records.trade, column, quarters)


def outcomes(model: RelocationModel, column: str, quarters: Iterable[int]) -> Array:
    """The same of the table of outcomes, shape (sector, host)."""
    return _summed(model.records.outcomes, column, quarters)


def owners(model: RelocationModel, column: str, quarters: Iterable[int]) -> Array:
    """The same of the table of owners, shape (sector, host, home)."""
    return _summed(model.records.owners, column, quarters)


def _summed(entries: list[dict[str, Array]], column: str, quarters: Iterable[int]) -> Array:
    total: Array = np.sum([entries[quarter][column] for quarter in quarters], axis=0)
    return total


@dataclass(frozen=True)
class Shipped:
    """What the standing plants of one sector at one host shipped in the last quarter.

    Attributes
    ----------
    sector, host : int
    rows : ndarray of int, shape (plant,)
        Their firms.
    value : ndarray, shape (plant, market)
        Both uses, million USD at the border; adds up to what the books have.
    """

    sector: int
    host: int
    rows: NDArray[np.integer]
    value: Array


def shipped(model: RelocationModel, sectors: Iterable[int]) -> Iterator[Shipped]:
    """What plants of some sectors shipped in the quarter just run, host by host."""
    for sector in sectors:
        block = of_one_sector(model.firms, sector)
        plants = standing_plants(model.this_quarter(), block, model.trade)
        for host in range(N_HOSTS):
            share = model.customers.sold(plants[host], host).astype(np.float64)
            to_users = share[:, INTERMEDIATE] * model.accounts.intermediate.value[sector, host]
            paid = share[:, FINAL] * model.spending[sector, host, FINAL]
            value = to_users + paid / plants[host].mark_on
            yield Shipped(sector, host, plants[host].firm, value)
