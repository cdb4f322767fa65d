"""Anderson's mixing: the same fixed point in half the rounds.

A plain iteration takes ``update(x)`` as the next ``x``. Mixing combines the last few
rounds with the weights under which their gaps ``update(x) - x`` cancel best, in the
sense of least squares (Anderson 1965; Walker and Ni 2011).
"""

from dataclasses import dataclass, field

import numpy as np

from abm.economy.tables import Array

SMALLEST_DIRECTION = 1e-6
"""Directions whose change is below this share of the largest are noise, and left out."""

LONGEST_STEP = 2.0


@dataclass
class Mixing:
    """The last rounds of a fixed-point iteration.

    Attributes
    ----------
    memory : int
        Rounds remembered.
    """

    memory: int = 6
    _points: list[Array] = field(default_factory=list)
    _updates: list[Array] = field(default_factory=list)

    def next_point(self, point: Array, update: Array, weight: Array) -> Array:
        """The point to try in the next round.

        Parameters
        ----------
        point, update : ndarray, shape (n,)
            The point of this round, and the one that a plain iteration would try next.
        weight : ndarray, shape (n,)
            How much each entry matters.

        Returns
        -------
        ndarray, shape (n,)
            At most `LONGEST_STEP` from ``point`` in any entry.
        """
        self._points = [*self._points[1 - self.memory :], point]
        self._updates = [*self._updates[1 - self.memory :], update]
        if len(self._points) == 1:
            return update
        gaps = [new - old for old, new in zip(self._points, self._updates, strict=True)]
        changes = np.stack([weight * (gaps[-1] - gap) for gap in gaps[:-1]], axis=1)
        share, *_ = np.linalg.lstsq(changes, weight * gaps[-1], rcond=SMALLEST_DIRECTION)
        mixed = update - np.stack([update - past for past in self._updates[:-1]], axis=1) @ share
        return np.asarray(point + np.clip(mixed - point, -LONGEST_STEP, LONGEST_STEP))
