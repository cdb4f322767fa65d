"""Which of many policies can be told from the best one, all judged with the same luck.

Let ``J(x)`` be the objective of policy ``x`` in expectation, and ``b`` the one of ``k`` policies
that did best in the runs. Since all policies share firms and luck seed by seed, what is known of
``J(b) - J(x)`` is the mean of its differences by seed, whose Student interval has ``n - 1`` degrees
of freedom. The policy that is truly best, ``t``, has ``J(b) - J(t) <= 0``. It is left out only if
that difference looks above zero, which at a one-sided level of ``a / (k - 1)`` happens with at
most that probability for each of the ``k - 1`` policies that ``b`` may be, and so with at most
``a`` for all of them together (Bonferroni). Hence the policies that cannot be told from ``b`` at
that level hold the truly best of those judged with a probability of ``1 - a`` or more, however
``b`` was picked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from abm.economy.tables import Array
from experiments.outcomes.intervals import LEAST_SPREAD, LEVEL

type Truths = NDArray[np.bool_]

type Choice = tuple[float, ...]
"""A value for every lever, in their order."""


@dataclass(frozen=True)
class Judgement:
    """Policies and what they came to.

    Attributes
    ----------
    choices : tuple of tuple of float
    values : ndarray, shape (choice, seed)
        The objective; NaN where a run failed or had no such number.
    """

    choices: tuple[Choice, ...]
    values: Array

    @property
    def usable(self) -> Truths:
        """Whether a policy has a number in every seed, shape (choice,)."""
        whole: Truths = np.isfinite(self.values).all(axis=1)
        return whole

    @property
    def means(self) -> Array:
        """Over seeds, shape (choice,); below all others where runs failed."""
        known = np.where(self.usable[:, None], self.values, 0.0)
        means: Array = np.where(self.usable, known.mean(axis=1), -np.inf)
        return means

    @property
    def best(self) -> int:
        """Place of the policy that did best; the first of those that did equally well."""
        return int(self.means.argmax())

    def row(self, choice: Choice) -> Array:
        """Return what a policy came to, shape (seed,)."""
        row: Array = self.values[self.choices.index(choice)]
        return row

    @property
    def shortfall(self) -> Array:
        """What each falls short of the best by, shape (choice, seed)."""
        short: Array = self.values[self.best] - self.values
        return short

    @property
    def alike(self) -> Truths:
        """Whether a policy cannot be told from the best, shape (choice,)."""
        same: Truths = self.usable & ~told(self.shortfall, len(self.choices) - 1)
        return same

    def span(self, lever: int) -> tuple[float, float]:
        """Return the least and the largest value of a lever among those like the best."""
        pairs = zip(self.choices, self.alike, strict=True)
        values = [choice[lever] for choice, same in pairs if same]
        return min(values), max(values)


def told(shortfall: Array, comparisons: int) -> Truths:
    """Whether means are above zero, at the level of all comparisons together.

    Parameters
    ----------
    shortfall : ndarray, shape (choice, seed)
        Paired differences; two seeds or more.
    comparisons : int

    Returns
    -------
    ndarray of bool, shape (choice,)
    """
    seeds = shortfall.shape[1]
    mean = shortfall.mean(axis=1)
    level = 1 - (1 - LEVEL) / max(comparisons, 1)
    half = stdtrit(seeds - 1, level) * shortfall.std(axis=1, ddof=1) / np.sqrt(seeds)
    above: Truths = mean - half > LEAST_SPREAD * np.abs(shortfall).max(axis=1, initial=0.0)
    return above


def joined(choices: Sequence[Choice], values: Array) -> Judgement:
    """Return policies with what they came to, each once and in their order."""
    first = {choice: place for place, choice in reversed(list(enumerate(choices)))}
    kept = sorted(first.values())
    return Judgement(tuple(choices[place] for place in kept), values[kept])
