"""Rates by destination, origin and sector, as files write them and as the model reads them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from abm.axes import REGIONS, SECTORS
from abm.policy.arrays import CELLS


def rates_by_cell[Destination: str, Origin: str, Sector: str](
    table: Mapping[Destination, Mapping[Origin, Mapping[Sector, float]]],
    all_sectors: Sequence[str],
) -> NDArray[np.float64]:
    """Return a written table of rates as an array.

    A named sector wins over ``all`` sectors, and then a named origin over ``all``
    origins: a duty on metals from everywhere and a lower one on everything from
    Mexico can stand side by side. ``all`` origins are all but the destination.

    Parameters
    ----------
    table : mapping
        Destination, then origin or ``all``, then sector or ``all``, to ad valorem rate.
    all_sectors : sequence of str
        The sectors that ``all`` stands for.

    Returns
    -------
    ndarray, shape (sector, source, market)
        Ad valorem; 0 where the table is silent.
    """
    rates = np.zeros(CELLS)
    for destination, by_origin in table.items():
        market = REGIONS.index(destination)
        # General entries are written first, so that more specific ones overwrite them.
        entries = sorted(
            (
                (sector != "all", origin != "all", sector, origin, rate)
                for origin, by_sector in by_origin.items()
                for sector, rate in by_sector.items()
            ),
            key=lambda entry: entry[:2],
        )
        for one_sector, one_origin, sector, origin, rate in entries:
            rows = [SECTORS.index(s) for s in ([sector] if one_sector else all_sectors)]
            columns = [REGIONS.index(s) for s in ([origin] if one_origin else REGIONS)]
            rates[np.ix_(rows, columns, [market])] = rate
        rates[:, market, market] = 0.0
    return rates


def shares_by_place[Place: str, Sector: str](
    table: Mapping[Place, Mapping[Sector, float]],
    places: Sequence[str],
    sectors: Sequence[str],
    all_sectors: Sequence[str],
) -> NDArray[np.float64]:
    """Return a written table of shares as an array; a named sector wins over ``all``.

    Parameters
    ----------
    table : mapping
        Place, then sector or ``all``, to share.
    places, sectors : sequence of str
        Labels of the axes.
    all_sectors : sequence of str
        The sectors that ``all`` stands for.

    Returns
    -------
    ndarray, shape (sector, place)
        0 where the table is silent.
    """
    shares = np.zeros((len(sectors), len(places)))
    for place, by_sector in table.items():
        column = places.index(place)
        for sector in sorted(by_sector, key=lambda name: name != "all"):
            rows = [sectors.index(s) for s in (all_sectors if sector == "all" else [sector])]
            shares[rows, column] = by_sector[sector]
    return shares


def require_foreign[Table: Mapping[str, Mapping[str, object]]](table: Table) -> Table:
    """Return ``table``, or raise ValueError if it names a region as its own origin."""
    for destination, by_origin in table.items():
        if destination in by_origin:
            raise ValueError(f"trade of {destination} with itself crosses no border")
    return table
