"""Floors: a rate that duties beside the ordinary one reach together at least.

What is owed where no origin is claimed and what is owed where it is are two sums, and a floor is
under each. With ``below`` what others levy (measures, acts and special duties, but not the ordinary
duty), ``asked`` what the floor asks, and ``covered`` the part of a line on which it falls,

    lift = max(asked - below, 0)          duty = below + covered * lift

Of several floors the one that lifts most holds where it falls, the next one on what is left of the
line, and so on, whatever their names. Which part of a line a floor covers is not known, so that
two of them are taken to meet as if each fell on a part by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WAIVED, FIXED = range(2)
"""Parts of a rate: what a claim of origin avoids, and what is due in any case."""


@dataclass(frozen=True)
class Floor:
    """What one floor asks, of what, and above what.

    Attributes
    ----------
    rates : ndarray, shape (part, line, source, market)
        What it asks of the mean of a line, by `WAIVED` and `FIXED`.
    covered : ndarray, shape (line, source, market)
        Part of each line on which it falls, before others stand instead of it.
    left : ndarray, same shape
        Part of that which they leave to it.
    below : ndarray, shape (part, line, source, market)
        What else is owed where it falls.
    """

    rates: NDArray[np.float64]
    covered: NDArray[np.float64]
    left: NDArray[np.float64]
    below: NDArray[np.float64]

    def lift(self) -> NDArray[np.float64]:
        """What it adds on what it covers: of unclaimed goods, and of claimed ones."""
        rates = _owed(self.rates)
        there = np.broadcast_to(self.covered > 0, rates.shape)
        asked = np.divide(rates, self.covered, out=np.zeros_like(rates), where=there)
        return np.maximum(asked - _owed(self.below), 0.0)


def _owed(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Duty on unclaimed and on claimed goods, from its parts."""
    return np.stack([rates[WAIVED] + rates[FIXED], rates[FIXED]])


def lifted(floors: Sequence[Floor]) -> list[NDArray[np.float64]]:
    """What each floor adds to every line, shape (part, line, source, market).

    The waived part is below zero where a floor asks more of claimed goods than of others, which
    owe it already: a claim then saves less.

    Parameters
    ----------
    floors : sequence of Floor
        In any order.
    """
    if not floors:
        return []
    lifts = np.stack([floor.lift() for floor in floors])
    covered = np.stack([floor.covered * floor.left for floor in floors])[:, None]
    covered = np.broadcast_to(covered, lifts.shape)
    highest_first = np.argsort(-lifts, axis=0, kind="stable")
    falls_on = np.take_along_axis(covered, highest_first, axis=0)
    remains = np.cumprod(np.concatenate([np.ones_like(falls_on[:1]), 1 - falls_on[:-1]]), axis=0)
    part = np.empty_like(lifts)
    np.put_along_axis(part, highest_first, remains * falls_on, axis=0)
    return [np.stack([unclaimed - claimed, claimed]) for unclaimed, claimed in part * lifts]
