"""The map's projection: Albers' equal-area conic for North America.

Areas keep their proportions everywhere, and shapes nearly do between its two standard
parallels. Formulas of Snyder (1987), *Map Projections: A Working Manual*, pages 98 to
100, for a sphere; parallels and origin are those of ESRI:102008, on which national
agencies of the three countries draw the continent.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

RADIUS = 63.71
"""Of the earth, in units of the map: 100 km."""

SOUTH, NORTH = np.deg2rad(20.0), np.deg2rad(60.0)
"""Standard parallels, on which distances are true."""

ORIGIN = np.deg2rad([-96.0, 40.0])
"""Longitude and latitude of the point (0, 0)."""


def projected(lon_lat: Floats) -> Floats:
    """Where points lie on the map.

    Parameters
    ----------
    lon_lat : ndarray, shape (..., 2)
        Degrees.

    Returns
    -------
    ndarray, shape (..., 2)
        East and north of the origin, 100 km.
    """
    lon, lat = np.moveaxis(np.deg2rad(np.asarray(lon_lat, dtype=float)), -1, 0)
    n = (np.sin(SOUTH) + np.sin(NORTH)) / 2
    c = np.cos(SOUTH) ** 2 + 2 * n * np.sin(SOUTH)
    angle = n * (lon - ORIGIN[0])
    rho, rho_0 = (RADIUS * np.sqrt(c - 2 * n * np.sin(at)) / n for at in (lat, ORIGIN[1]))
    return np.stack([rho * np.sin(angle), rho_0 - rho * np.cos(angle)], axis=-1)
