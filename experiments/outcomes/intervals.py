"""How sure a mean over seeds is: Student's interval, and how many seeds would tell an effect.

Two worlds of one seed share firms and luck, so a difference is taken seed by seed, and
the interval is that of the mean of these differences.
"""

from dataclasses import dataclass
from math import ceil, inf, nan

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

LEVEL = 0.95
"""Of every interval."""

LEAST_SPREAD = 1e-9
"""Half width, as a share of the mean, below which numbers differ by rounding alone."""


@dataclass(frozen=True)
class Interval:
    """A mean and how far it may be off.

    Attributes
    ----------
    mean, low, high : float
        ``low`` and ``high`` are NaN where there is just one number.
    n : int
        Numbers it is from.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def crosses_zero(self) -> bool:
        """Whether it leaves the sign open."""
        return not (self.low > 0 or self.high < 0)

    @property
    def half(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2

    @property
    def seeds_to_tell(self) -> float:
        """Seeds at which an effect as large as the mean would just leave zero outside.

        The half width falls with the root of the number of seeds, so
        it takes ``n (half / mean)**2``; infinite where the mean is zero.
        """
        if self.n < 2:
            return nan
        if self.mean == 0:
            return inf if self.half else float(self.n)
        return float(max(ceil(self.n * (self.half / self.mean) ** 2), 2))


def half_widths(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the width of the interval of each column's mean.

    Parameters
    ----------
    numbers : ndarray, shape (n, ...)
        Independent along the first axis.

    Returns
    -------
    ndarray, shape (...)
        NaN where there is just one number.
    """
    n = len(numbers)
    if n < 2:
        return np.full(numbers.shape[1:], np.nan)
    factor = stdtrit(n - 1, (1 + LEVEL) / 2) / np.sqrt(n)
    width: NDArray[np.float64] = factor * numbers.std(axis=0, ddof=1)
    return width


def interval(numbers: NDArray[np.float64]) -> Interval:
    """Return the mean of independent numbers and its Student interval."""
    n, mean = len(numbers), float(np.mean(numbers)) if len(numbers) else nan
    half = float(half_widths(np.asarray(numbers, float)))
    if half <= LEAST_SPREAD * abs(mean):
        half = 0.0  # the same in every seed, but for rounding
    return Interval(mean, mean - half, mean + half, n)
