"""What import bans leave open: part of each line, and of what a sector as a whole sells."""

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array, load_economy
from abm.policy.regimes import Policy


def open_to_makers(
    policy: Policy, line: NDArray[np.integer], source: int | slice, regime: int
) -> Floats | None:
    """Part of what some firms sell that may enter each market.

    Parameters
    ----------
    policy : Policy
    line : ndarray of int, shape (firm,)
    source : int or slice
        Where they ship from.
    regime : int

    Returns
    -------
    ndarray of float32, shape (firm, market) or (firm, source, market), or None
        None where nothing is banned.
    """
    closed = policy.banned[:, source, :, regime]
    if not closed.any():
        return None
    let_in: Floats = (1 - closed[line]).astype(np.float32)
    return let_in


def open_to_sectors(policy: Policy) -> Array | None:
    """Part of what each region sells of each sector that may enter; None where nothing is banned.

    Returns
    -------
    ndarray, shape (sector, source, market, regime), or None
        Means over lines as regions sell them.
    """
    if not policy.banned.any():
        return None
    let_in: Array = load_economy().lines.by_sector(1 - policy.banned)
    return let_in


def only_where_open(spending: Floats, let_in: Array) -> Array:
    """Spending on inputs once what went to sources that are closed goes to all others.

    Parameters
    ----------
    spending, let_in : ndarray, shape (input, source, market, regime)

    Returns
    -------
    ndarray, same shape
        Of the same sum over sources, where one is left open.
    """
    kept = np.where(let_in > 0, spending, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    before = spending.sum(axis=1, keepdims=True)
    moved: Array = kept * np.divide(before, total, out=np.ones_like(total), where=total > 0)
    return moved
