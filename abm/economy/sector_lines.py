"""Product lines inside a sector: what firms make, as finely as duties differ.

A line is a group of products of the Harmonized System, or the part of it that is free or
dutiable where a group has both. How much each line is of a sector's trade, and at what
rate, is found in `abm.economy.line_shares`.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from abm import data
from abm.axes import N_FOOTLOOSE, SECTORS

Array = NDArray[np.float64]

WHOLE_GROUP, DUTIABLE, FREE = range(3)
"""Parts of a group of products that a line may be."""

PARTS_OF_LINES = ("whole", "dutiable", "free")

METAL_NAMES = ("steel", "aluminium", "copper")
"""Metals whose share of a product's value is known."""


@dataclass(frozen=True)
class TradedProducts:
    """Six-digit codes and the lines that they belong to, a row a code and line.

    Attributes
    ----------
    code : tuple of str
        Digits alone.
    line : ndarray of int, shape (product,)
    share : ndarray, shape (product, source)
        Part of what a region sells of the line; sums to 1 over its products.
    """

    code: tuple[str, ...]
    line: NDArray[np.int64]
    share: Array

    def named(self, code: str) -> NDArray[np.bool_]:
        """Return which products a code of two, four or six digits names; not to be written into."""
        return _beginning_with(self.code, code)


@lru_cache(maxsize=2048)
def _beginning_with(codes: tuple[str, ...], prefix: str) -> NDArray[np.bool_]:
    flags = np.array([own.startswith(prefix) for own in codes], dtype=bool)
    flags.flags.writeable = False
    return flags


@dataclass(frozen=True)
class SectorLines:
    """Every line: the products of footloose sectors, and one line for each other sector.

    Attributes
    ----------
    name, title : tuple of str, one a line
    sector : ndarray of int, shape (line,)
        Rising.
    codes : tuple of tuple of str
        Prefixes of the Harmonized System; a longer one of another line wins.
    part : ndarray of int, shape (line,)
        `WHOLE_GROUP`, `DUTIABLE` or `FREE`.
    share : ndarray, shape (line, source)
        Part of what a region sells of the sector; sums to 1 over its lines.
    rate : ndarray, shape (line, host, partner)
        Most-favoured-nation rate between members, fraction of customs value.
    metal : ndarray, shape (line, metal)
        Steel, aluminium and copper, share of value.
    products : TradedProducts
    """

    name: tuple[str, ...]
    title: tuple[str, ...]
    sector: NDArray[np.int64]
    codes: tuple[tuple[str, ...], ...]
    part: NDArray[np.int64]
    share: Array
    rate: Array
    metal: Array
    products: TradedProducts

    def __len__(self) -> int:
        return len(self.name)

    def of(self, sector: int) -> slice:
        """Return the lines of a sector."""
        first, last = np.searchsorted(self.sector, [sector, sector + 1])
        return slice(int(first), int(last))

    def by_sector(self, by_line: Array) -> Array:
        """Return means over the lines of each sector, weighted by what a source sells.

        A figure that is the same for all lines of a sector comes back to the bit.

        Parameters
        ----------
        by_line : ndarray, shape (line, source, ...)

        Returns
        -------
        ndarray, shape (sector, source, ...)
        """
        starts = np.searchsorted(self.sector, np.arange(len(SECTORS)))
        least = np.minimum.reduceat(by_line, starts, axis=0)
        share = self.share.reshape(*self.share.shape, *[1] * (by_line.ndim - 2))
        above = np.add.reduceat((by_line - least[self.sector]) * share, starts, axis=0)
        mean: Array = least + above
        return mean


@cache
def line_names() -> tuple[str, ...]:
    """Names of all lines, in the order of the axis."""
    return (*data.read("product_lines")["line"], *SECTORS[N_FOOTLOOSE:])
