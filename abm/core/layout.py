"""Arrays whose first axis, the firm, is the innermost one in memory.

NumPy is several times slower where the innermost axis is a short one, such as hosts or regimes.
Axes are moved by `ndarray.transpose`: of a small array `numpy.moveaxis` takes longer than the
arithmetic that follows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def firm_last(shape: tuple[int, ...], dtype: type, fill: float | bool) -> NDArray[Any]:
    """A filled array whose first axis, the firm, is the innermost one in memory."""
    return last_first(np.full((*shape[1:], shape[0]), fill, dtype))


def first_last(array: NDArray[Any]) -> NDArray[Any]:
    """A view whose first axis, the firm, has become the last one."""
    return array.transpose(*range(1, array.ndim), 0)


def last_first(array: NDArray[Any]) -> NDArray[Any]:
    """A view whose last axis, the firm, has become the first one."""
    return array.transpose(-1, *range(array.ndim - 1))


def some_firms(array: NDArray[Any], rows: NDArray[np.integer]) -> NDArray[Any]:
    """Rising rows of an array whose firm is innermost in memory, as it is in the result."""
    innermost = first_last(array)
    if not innermost.flags.c_contiguous and len(rows):
        # Of such an array NumPy's take would copy all firms, and not those of the block alone.
        first = int(rows[0])
        innermost, rows = innermost[..., first : int(rows[-1]) + 1], rows - first
    return last_first(innermost.take(rows, axis=-1))
