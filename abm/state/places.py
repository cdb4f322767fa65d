"""Where plants of a country stand: shares of its cities and states in every sector.

A plant is in a city where its sector is clustered, in proportion to the square root of the city's
population (an assumption: clusters are known, their sizes are not).
"""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from abm import data
from abm.axes import FOOTLOOSE, HOSTS


@cache
def cities() -> pd.DataFrame:
    """The manufacturing cities of North America, one row each, as `manufacturing_cities.csv`."""
    return data.read("manufacturing_cities")


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


@cache
def states() -> pd.DataFrame:
    """States and provinces with a manufacturing city: columns ``region`` and ``state``."""
    found = cities()[["country", "state"]].drop_duplicates()
    order = found["country"].map({host: n for n, host in enumerate(HOSTS)})
    found = found.assign(order=order).sort_values(["order", "state"], ignore_index=True)
    return found.rename(columns={"country": "region"})[["region", "state"]]


@cache
def presence_by_state() -> NDArray[np.float64]:
    """Share of a sector's plants in a country that stand in each state.

    Returns
    -------
    ndarray, shape (sector, host, state)
        Sums to one over the rows of `states`.
    """
    places = pd.MultiIndex.from_frame(states())
    of_city = places.get_indexer(pd.MultiIndex.from_frame(cities()[["country", "state"]]))
    into = np.zeros((len(of_city), len(places)))
    into[np.arange(len(of_city)), of_city] = 1.0
    shares: NDArray[np.float64] = presence() @ into
    return shares
