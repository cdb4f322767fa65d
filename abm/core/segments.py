"""Sums over consecutive rows: those of a sector, since firms are in the order of their sectors."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def products_by_segment(left: Floats, right: Floats, edges: NDArray[np.integer]) -> Floats:
    """Matrix products of some rows after others.

    A product is the fastest sum over rows that NumPy has where several weighted sums are wanted
    at once, however many rows there are, so that one a segment costs little.

    Parameters
    ----------
    left : ndarray, shape (..., sum, row)
        Weights.
    right : ndarray, shape (..., row, column)
        What is added up.
    edges : ndarray of int, shape (segment + 1,)
        Where each segment begins, and the last one ends.

    Returns
    -------
    ndarray, shape (segment, ..., sum, column)
        0 for a segment without rows.
    """
    ahead = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    kind = np.result_type(left, right)
    sums = np.zeros((len(edges) - 1, *ahead, left.shape[-2], right.shape[-1]), kind)
    for total, (start, stop) in zip(sums, pairwise(edges.tolist()), strict=True):
        if stop > start:
            np.matmul(left[..., start:stop], right[..., start:stop, :], out=total)
    return sums
