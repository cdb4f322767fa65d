"""How the duty on a sector's products is distributed, in the bands that the data give."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BIN_EDGES = np.array([0.0, 0.025, 0.05, 0.10, 0.20])
BIN_ENDS = np.array([0.025, 0.05, 0.10, 0.20, 0.40])
"""Edges of the bands in which the data give most-favoured-nation rates above zero."""


@dataclass(frozen=True)
class RateDistribution:
    """Distribution of the duty over a sector's tariff lines, by trade.

    Attributes
    ----------
    shares : ndarray, shape (band,)
        Share of trade at a rate of zero, then in each band of `BIN_EDGES`.
    position : float
        Where in its band a rate stands, 0 the lower edge and 1 the upper.
    """

    shares: Array
    position: float

    @property
    def rates(self) -> Array:
        """Rate of nothing and of each band, rising, shape (band,)."""
        return np.concatenate(([0.0], BIN_EDGES + self.position * (BIN_ENDS - BIN_EDGES)))

    def over(self, share: Array) -> Array:
        """Rates of parts of the trade that follow each other, the lowest rates first.

        Parameters
        ----------
        share : ndarray, shape (part,)
            Of the trade, adding to 1.

        Returns
        -------
        ndarray, shape (part,)
            Nothing for a part of which more than half is free. Weighted by ``share`` their
            mean is that of the distribution, unless all of it would be free.
        """
        ends = np.cumsum(self.shares / self.shares.sum())
        bounds = np.minimum(np.concatenate(([0.0], np.cumsum(share))), 1.0)
        levied = np.concatenate(([0.0], np.cumsum(self.shares / self.shares.sum() * self.rates)))
        duty = np.diff(np.interp(bounds, np.concatenate(([0.0], ends)), levied))
        width = np.diff(bounds)
        there = np.searchsorted(ends[:-1], bounds[:-1], side="right")
        rate = np.where(width > 0, duty / np.where(width > 0, width, 1), self.rates[there])
        free = np.minimum(bounds[1:], ends[0]) - np.minimum(bounds[:-1], ends[0])
        rate[2 * free > width] = 0.0
        kept = float(share @ rate)
        return rate * (self.mean / kept) if kept > 0 else rate

    @property
    def mean(self) -> float:
        """Trade-weighted mean rate."""
        return float(self.shares @ self.rates)

    @classmethod
    def with_mean(cls, shares: Array, mean: float) -> "RateDistribution":
        """The position within bands that gives the observed trade-weighted mean."""
        lowest = float(shares[1:] @ BIN_EDGES)
        highest = float(shares[1:] @ BIN_ENDS)
        position = (mean - lowest) / (highest - lowest) if highest > lowest else 0.0
        return cls(shares, float(np.clip(position, 0.0, 1.0)))
