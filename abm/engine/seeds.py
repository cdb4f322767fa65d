"""The whole number that a run's luck follows from, whatever a caller had at hand."""

import operator
from collections.abc import Sequence

import numpy as np
from numpy.random import BitGenerator, Generator, SeedSequence

from abm.errors import ScenarioError

type SeedLike = int | np.integer | Sequence[int] | SeedSequence | Generator | BitGenerator | None
"""What Mesa and NumPy accept as ``rng``."""

SEED_BITS = 53
"""Of seeds that are found here: JSON, spreadsheets and float columns hold them exactly."""


def seed_of(rng: SeedLike) -> int:
    """Return the seed that a run has, so that the number alone gives the run again.

    Parameters
    ----------
    rng : int, sequence of int, SeedSequence, Generator, BitGenerator or None
        A whole number of any kind is the seed itself. A ``SeedSequence`` that was made from
        one such number of at most 53 bits has that number, as in NumPy; any other, such as a
        spawned one, gives the first 53 bits of its state and always the same ones. A sequence
        is made a ``SeedSequence``. A generator is asked for 53 bits, so that the next model
        made from it has another seed. None asks the operating system.

    Returns
    -------
    int
        0 or above.

    Raises
    ------
    ScenarioError
        If it is something else, or negative.

    Examples
    --------
    >>> seed_of(np.int64(7)), seed_of(SeedSequence(7))
    (7, 7)
    """
    match rng:
        case None:
            return _seed_of_sequence(SeedSequence())
        case Generator():
            return int(rng.integers(2**SEED_BITS))
        case BitGenerator():
            return seed_of(Generator(rng))
        case SeedSequence():
            return _seed_of_sequence(rng)
        case list() | tuple():
            return _seed_of_sequence(SeedSequence([_whole(one) for one in rng]))
        case _:
            return _whole(rng)


def _whole(value: object) -> int:
    """The value as a Python integer, which it must be and not negative."""
    try:
        seed = int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        raise ScenarioError(
            f"rng: {str(value)[:60]!r} is no seed; allowed are whole numbers from 0, sequences of "
            "them, a numpy SeedSequence or Generator, and None"
        ) from None
    if seed < 0:
        raise ScenarioError(f"seed: {seed} is negative; whole numbers from 0 are allowed")
    return seed


def _seed_of_sequence(sequence: SeedSequence) -> int:
    given = sequence.entropy
    if isinstance(given, int | np.integer) and not sequence.spawn_key and given < 2**SEED_BITS:
        return int(given)
    return int(sequence.generate_state(1, np.uint64)[0]) >> (64 - SEED_BITS)
