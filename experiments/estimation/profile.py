"""One side of the profile of a fit: how badly the model fits as a parameter is held further off."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAST_SLOPE = 1e-3
"""Of the residuals over a range, standard errors; less says nothing about a parameter."""

AT_THE_END = 0.01
"""Part of a range within which a best value counts as at its end."""

FAILED = 1e3
"""Residual of a trial whose runs failed, or of one not yet run: it is never preferred."""


class Side:
    """One side of a profile: a parameter held further and further from its best value.

    Parameters
    ----------
    held : int
        The parameter.
    best : ndarray, shape (parameter,)
    end : float
        Of the range, 0 or 1.
    trial, residuals, slopes : ndarray
        Where it stands, with what is known there.
    """

    def __init__(
        self, held: int, best: Array, end: float, trial: Array, residuals: Array, slopes: Array
    ) -> None:
        self.held, self._from, self._end = held, float(best[held]), end
        self.trial, self._stood = trial, trial
        self._residuals, self._slopes = residuals, slopes
        self._reached = (trial, residuals)
        self.curve = [(self._from, float(residuals @ residuals))]
        self.least, self.least_at = self.curve[0][1], trial

    @property
    def square(self) -> float:
        """Sum of squares at the best trial with the parameter held here."""
        return float(self._reached[1] @ self._reached[1])

    @property
    def at_the_end(self) -> bool:
        """Whether the best value is so near this end of the range that nothing beyond was asked."""
        return abs(self._from - self._end) < AT_THE_END

    def goes_on(self, limit: float) -> bool:
        """Return whether there is more range, and values here are not excluded yet."""
        return not self.at_the_end and self.square <= limit

    def go_out(self, part: float) -> None:
        """Hold the parameter at a part of the way to the end, the others where they should be."""
        trial = self._reached[0].copy()
        trial[self.held] = self._from + part * (self._end - self._from)
        ahead = self._reached[1] + self._slopes @ (trial - self._reached[0])
        self._stood, self._residuals = self._reached
        self.trial = self._moved(trial, ahead)
        self._reached = (self.trial, np.full_like(ahead, FAILED))

    def learn(self, residuals: Array) -> None:
        """Take note of what the model gives at the trial; slopes then agree (Broyden 1965)."""
        step, change = self.trial - self._stood, residuals - self._residuals
        if step.any():
            missed = change - self._slopes @ step
            self._slopes = self._slopes + np.outer(missed, step) / (step @ step)
        self._stood, self._residuals = self.trial, residuals
        if residuals @ residuals < self.square:
            self._reached = (self.trial, residuals)

    def refit(self) -> bool:
        """Move the others to where they should fit better; return whether that is elsewhere."""
        moved = self._moved(*self._reached)
        found = bool((moved != self._reached[0]).any())
        self._stood, self._residuals = self._reached
        self.trial = moved
        return found

    def keep(self) -> None:
        """Add where it stands to the curve."""
        share = float(self._reached[0][self.held])
        if share != self.curve[-1][0]:
            self.curve.append((share, self.square))
        if self.square < self.least:
            self.least, self.least_at = self.square, self._reached[0]

    def leaves(self, least: float, limit: float) -> float | None:
        """Return the share at which the curve first exceeds a limit; None if it does not.

        It does not where the best value is at the end of the range: what lies beyond may be better.

        Between two shares the curve is taken for a parabola, as it is for a linear model.
        """
        for (inner, below), (outer, above) in pairwise(self.curve):
            if above > limit:
                low, high = np.sqrt([max(below - least, 0.0), above - least])
                part = (np.sqrt(limit - least) - low) / (high - low) if high > low else 0.0
                return inner + float(np.clip(part, 0, 1)) * (outer - inner)
        return None

    def _moved(self, trial: Array, residuals: Array) -> Array:
        free = np.arange(len(trial)) != self.held
        move = np.linalg.pinv(self._slopes * free, rcond=LEAST_SLOPE) @ -residuals
        return np.where(free, np.clip(trial + move, 0, 1), trial)
