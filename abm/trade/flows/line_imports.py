"""What comes in of each product line, from the sales of its makers."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, USES
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array, load_economy
from abm.policy.arrays import LINE_CELLS
from abm.trade.sales.customers import Customers
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE, Plants


def sold_by_line(
    line: NDArray[np.integer],
    customers: Customers,
    standing: Mapping[int, Sequence[Plants]],
    spending: Array,
    scarcity: Floats | None = None,
) -> Array:
    """Deliveries of modelled firms by line, at basic values.

    Parameters
    ----------
    line : ndarray of int, shape (firm,)
    customers : Customers
    standing : mapping of sequence of Plants
        As in `abm.trade.sales.serving.Served`.
    spending : ndarray, shape (sector, host, use, market)
    scarcity : ndarray, shape (firm, host), optional
        What scarcity adds to the prices of plants, as a factor, which users of inputs pay beside
        what they spend at prices without it; nothing without it.

    Returns
    -------
    ndarray, shape (use, line, source, market)
        0 for sources outside North America.
    """
    total = np.zeros((len(USES), *LINE_CELLS))
    for plants in standing.values():
        for host, place in enumerate(plants[:N_HOSTS]):
            sold = customers.sold(place, host) * place.at.of_each(spending[:, host])
            of_line = line[place.firm]
            np.add.at(total[FINAL, :, host], of_line, sold[:, FINAL] / place.mark_on)
            inputs = sold[:, INTERMEDIATE].astype(np.float64)
            if scarcity is not None:
                inputs *= scarcity[place.firm, host, None]
            np.add.at(total[INTERMEDIATE, :, host], of_line, inputs)
    return total


def from_outside(final: Array, inputs: Array) -> Array:
    """Imports from outside North America by line, as a region sells them in all.

    Parameters
    ----------
    final, inputs : ndarray, shape (sector, source, market)
        Of footloose sectors or more, at basic values.

    Returns
    -------
    ndarray, shape (use, line, source, market)
        0 for sources in North America.
    """
    lines = load_economy().lines
    made = lines.sector < N_FOOTLOOSE
    total = np.zeros((len(USES), *LINE_CELLS))
    abroad = slice(N_HOSTS, N_REGIONS)
    for use, flows in enumerate((final, inputs)):
        of_sector = flows[lines.sector[made], abroad]
        total[use, made, abroad] = of_sector * lines.share[made, abroad, None]
    return total


def parts_of_deliveries(line: NDArray[np.integer], pool: Floats) -> Array:
    """Part of each line in what users of inputs buy of its sector, shape (line, source, market).

    Parameters
    ----------
    line : ndarray of int, shape (firm,)
    pool : ndarray, shape (firm, host, market)
        As in `Customers`.
    """
    parts = np.zeros(LINE_CELLS)
    parts[:] = load_economy().lines.share[:, :, None]
    parts[:, :N_HOSTS] = 0.0
    np.add.at(parts[:, :N_HOSTS], line, pool)
    return parts


def mean_of_sectors(by_line: Array, parts: Array) -> Array:
    """Means over lines, weighted by parts: shape (line, source, market, ...) to sectors."""
    lines = load_economy().lines
    starts = np.searchsorted(lines.sector, np.arange(int(lines.sector[-1]) + 1))
    weighed = by_line * parts.reshape(*parts.shape, *[1] * (by_line.ndim - 3))
    mean: Array = np.add.reduceat(weighed, starts, axis=0)
    return mean
