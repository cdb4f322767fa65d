"""Random numbers keyed by seed, purpose and quarter; firm i gets the i-th.

Philox is counter-based: a number depends on its key and its place alone, not on
what was drawn before. So two scenarios with one seed differ through policy
alone, a draw added somewhere shifts nothing elsewhere, and more firms leave the
numbers of the first ones as they were.

The key is hashed by ``numpy.random.SeedSequence`` as NumPy does for spawned
streams, which takes a seed of any size. The generator is that of Salmon, Moraes,
Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.random import Generator, Philox, SeedSequence
from numpy.typing import NDArray
from scipy.special import ndtri

from abm.errors import ScenarioError

SMALLEST = 2.0**-54
"""Stands for an exact zero, which Philox gives once in 2**53: half its spacing."""


@dataclass(frozen=True)
class Draws:
    """Every random number of one seed; it keeps no state, so order of use is free.

    All methods take the same arguments.

    Parameters
    ----------
    purpose : str
        What the numbers decide; another purpose gives independent numbers.
    quarter : int
        The quarter they are drawn in, 0 for the set-up.
    size : int or tuple of int
        Shape of the result, firms along the first axis. Row ``i`` holds the same
        numbers however many rows are asked for.
    ids : ndarray of int, shape (firm,), optional
        Give row ``r`` the numbers of firm ``ids[r]`` instead of firm ``r``, so that
        the order in which firms are listed does not matter.

    Examples
    --------
    >>> draws = Draws(seed=1)
    >>> few, many = (draws.uniform("productivity", 0, n) for n in (2, 1000))
    >>> bool((few == many[:2]).all())
    True
    """

    seed: int

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ScenarioError(f"seed: {self.seed} is negative; whole numbers from 0 are allowed")

    def uniform(
        self,
        purpose: str,
        quarter: int,
        size: int | tuple[int, ...],
        *,
        ids: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float64]:
        """Uniform numbers strictly between 0 and 1, safe in a logarithm."""
        generator = self.generator(purpose, quarter)
        if ids is None:
            numbers = generator.random(size)
        else:
            slots = int(ids.max()) + 1 if ids.size else 0
            columns = size[1:] if isinstance(size, tuple) else ()
            numbers = generator.random((slots, *columns))[ids].reshape(size)
        return np.maximum(numbers, SMALLEST, out=numbers)

    def normal(
        self,
        purpose: str,
        quarter: int,
        size: int | tuple[int, ...],
        *,
        ids: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float64]:
        """Standard normal numbers, each from one uniform by the inverse distribution."""
        numbers = self.uniform(purpose, quarter, size, ids=ids)
        return np.asarray(ndtri(numbers, out=numbers))

    def gumbel(
        self,
        purpose: str,
        quarter: int,
        size: int | tuple[int, ...],
        *,
        ids: NDArray[np.integer] | None = None,
    ) -> NDArray[np.float64]:
        """Gumbel numbers of scale 1, shifted to mean zero by Euler's constant."""
        numbers = self.uniform(purpose, quarter, size, ids=ids)
        for step in (np.log, np.negative, np.log, np.negative):  # in place: these arrays are large
            step(numbers, out=numbers)
        numbers -= np.euler_gamma
        return numbers

    def generator(self, purpose: str, quarter: int) -> Generator:
        """A fresh Philox generator at the start of the stream of this key."""
        key = (crc32(purpose.encode()), quarter)
        return Generator(Philox(SeedSequence(self.seed, spawn_key=key)))
