"""Cells with given sums of rows and columns, as close to other cells as can be.

Iterative proportional fitting (Deming and Stephan 1940): rows and columns are scaled in turn.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BALANCED = 1e-10
"""Relative error at which fitting to row and column sums ends."""

MOST_ROUNDS = 10_000


def fitted(seed: Array, rows: Array, asked: Array) -> Array:
    """Return rows split over columns that are in the ratio asked for.

    Parameters
    ----------
    seed : ndarray, shape (..., column)
        Cells whose pattern is kept; where a whole row is 0 it is split as ``asked``.
    rows : ndarray, shape (...)
        Sum of every row.
    asked : ndarray, shape (column,)
        Sums of columns, to any scale.

    Returns
    -------
    ndarray, shape (..., column)
        Rows sum to ``rows`` to rounding. Columns are in the ratio asked for to `BALANCED`,
        unless zeros in the seed forbid it.
    """
    if len(asked) == 1:
        return rows[..., None]
    if not asked.any():
        return np.zeros_like(seed)
    goal = asked * rows.sum() / asked.sum()
    found = np.where(seed.sum(axis=-1, keepdims=True) > 0, seed, goal)
    across = tuple(range(found.ndim - 1))
    for _ in range(MOST_ROUNDS):
        total = found.sum(axis=-1, keepdims=True)
        found = found * np.divide(rows[..., None], total, out=np.zeros_like(total), where=total > 0)
        off = np.divide(goal, found.sum(axis=across), out=np.zeros_like(goal), where=goal > 0)
        if np.abs(off - 1)[goal > 0].max(initial=0) < BALANCED:
            break
        found = found * off
    return found
