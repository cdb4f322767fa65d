"""Sums over firms by sector, by where the plant stands and by where the owner is from."""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOMES, N_HOSTS
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from agents import FirmTable


def by_owner(
    table: FirmTable,
    amount: Floats | NDArray[np.bool_],
    rows: NDArray[np.int64] | slice = slice(None),
) -> Array:
    """Sums over firms of something that each of their plants has.

    Parameters
    ----------
    table : FirmTable
    amount : ndarray, shape (firm, host)
    rows : ndarray of int, shape (firm,), or slice
        Which firms they are, possibly some of them twice; by default all.

    Returns
    -------
    ndarray, shape (sector, host, home)
    """
    cell = table.sector[rows].astype(np.int64) * N_HOMES + table.home[rows]
    sums = [np.bincount(cell, here, minlength=N_FOOTLOOSE * N_HOMES) for here in amount.T]
    return np.stack(sums).reshape(N_HOSTS, N_FOOTLOOSE, N_HOMES).swapaxes(0, 1)
