"""Where plants stand: every firm has a city in each country, whether it produces there or not.

A plant is in a city where its sector is clustered, in proportion to the square root
of the city's population (an assumption: clusters are known, their sizes are not).
The city depends on seed, firm and country alone, so it is the same in every scenario.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import data
from abm.axes import FOOTLOOSE, HOSTS
from abm.engine.draws import Draws


@cache
def cities() -> pd.DataFrame:
    """The manufacturing cities of North America, one row each, as `manufacturing_cities.csv`."""
    return data.read("manufacturing_cities")


@cache
def city_rows() -> list[dict[str, Any]]:
    """The same, a table a city, which is quicker to look a city up in."""
    return cities().to_dict("records")


@cache
def presence() -> NDArray[np.float64]:
    """Share of a sector's plants in a country that stand in each city.

    Returns
    -------
    ndarray, shape (sector, host, city)
        Sums to one over cities.
    """
    table = cities()
    clusters = table["clusters"].fillna("").str.split(";")
    mass = np.sqrt(table["population_geonames"].fillna(0).to_numpy(dtype=float) + 1)
    shares = np.zeros((len(FOOTLOOSE), len(HOSTS), len(table)))
    for j, sector in enumerate(FOOTLOOSE):
        has = clusters.map(lambda names, sector=sector: sector in names).to_numpy()
        for n, host in enumerate(HOSTS):
            here = (table["country"] == host).to_numpy()
            chosen = here & has if (here & has).any() else here
            shares[j, n] = np.where(chosen, mass, 0) / mass[chosen].sum()
    return shares


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
