"""Where plants stand: every firm has a city in each country, whether it produces there or not.

Cities are drawn by the shares that `abm.state.places` gives them. The city depends on seed, firm
and country alone, so it is the same in every scenario.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.axes import FOOTLOOSE, HOSTS
from abm.engine.draws import Draws
from abm.state.places import cities, presence


@cache
def city_rows() -> list[dict[str, Any]]:
    """The same, a table a city, which is quicker to look a city up in."""
    return cities().to_dict("records")


def sites(sector: NDArray[np.integer], seed: int) -> NDArray[np.int16]:
    """City of every firm in each country.

    Parameters
    ----------
    sector : ndarray of int, shape (firm,)
    seed : int

    Returns
    -------
    ndarray of int16, shape (firm, host)
        Rows of `cities`.
    """
    luck = Draws(seed).uniform("site", 0, (len(sector), len(HOSTS)))
    cumulative = presence().cumsum(axis=2)
    found = np.empty(luck.shape, np.int16)
    for j in range(len(FOOTLOOSE)):
        rows = np.flatnonzero(sector == j)
        for host in range(len(HOSTS)):
            found[rows, host] = np.searchsorted(cumulative[j, host], luck[rows, host])
    return np.minimum(found, len(cities()) - 1)
