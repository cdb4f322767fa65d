"""Plants that die: the chances of going from a set of plants to a smaller one.

Every quarter each plant dies with a probability of its own, independently of the others, whatever
its owner would like. Small plants die more often. The plant in the owner's own country is spared
as long as sisters stand at the start of the quarter: a firm does not lose its seat while it runs
plants abroad. With ``D`` the probabilities of what is left of each set, a firm that stands in
``c`` at the end of a quarter is worth ``sum_d D(c, d) V(d)`` in the next one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from abm.core.choice.parts_of_sets import Indices, Parts
from abm.core.choice.sets import Sets
from abm.core.inputs.content_rules import Floats

QUARTERS = 4

ABROAD = -1
"""Home of a firm that is at none of the hosts, so that no plant of it is spared."""


def quarterly_deaths(size: Floats, always: float, of_small: float, gradient: float) -> Floats:
    """Probability that a plant of a firm dies in a quarter.

    Parameters
    ----------
    size : ndarray
        Of the firm, 1 on average, above 0.
    always : float
        Deaths a year of very large firms' plants.
    of_small : float
        What a firm of size 1 has on top.
    gradient : float
        Power of size with which that part falls: ``always + of_small * size**-gradient`` a year.

    Returns
    -------
    ndarray
        Four quarters give the yearly rate, or 1 where that is above 1.
    """
    yearly = np.minimum(always + of_small * size**-gradient, 1.0)
    quarterly: Floats = 1 - (1 - yearly) ** (1 / QUARTERS)
    return quarterly


def attrition(deaths: Floats, home: Indices, sets: Sets) -> Floats:
    """Probabilities of what is left of every set after a quarter.

    Parameters
    ----------
    deaths : ndarray, shape (firm, host)
        Probability that a plant dies that is not spared, between 0 and 1.
    home : ndarray of int, shape (firm,)
        Host of the owner's country, or `ABROAD`.
    sets : Sets
        With all parts of every set.

    Returns
    -------
    ndarray, shape (config, config left, firm)
        Sums to one over what is left; 0 where the second set is not a part of the first.

    Raises
    ------
    ValueError
        If plants may die of a set some part of which is not among the configurations.
    """
    chances = np.zeros((len(sets), len(sets), len(deaths)))
    chances[sets.parts.whole, sets.parts.part] = _of_pairs(deaths, home, sets)
    return chances


def _of_pairs(deaths: Floats, home: Indices, sets: Sets) -> Floats:
    """As `attrition`, for the pairs of ``sets.parts`` alone; shape (pair, firm)."""
    if not sets.is_closed:
        raise ValueError("sets: plants may die, so all parts of every set must be sets too")
    whole, part = sets.parts.whole, sets.parts.part
    has_sisters = sets.size[whole] > 1
    certain = np.ones(len(deaths))
    chances = np.ones((len(whole), len(deaths)))
    for host, alone in enumerate(deaths.T.astype(np.float64)):
        with_sisters = np.where(home == host, 0.0, alone)
        fates = np.stack([certain, 1 - alone, alone, 1 - with_sisters, with_sisters])
        stood, stands = sets.has_plant[whole, host], sets.has_plant[part, host]
        chances *= fates[np.where(stood, 1 + ~stands + 2 * has_sisters, 0)]
    return chances


@dataclass(frozen=True, eq=False)
class Decay:
    """How some firms' sets of plants shrink by themselves.

    Attributes
    ----------
    parts : Parts
        Of sets that shrink, or of lasting ones where nothing dies.
    left : ndarray, shape (pair, firm)
        Probabilities of what is left after a quarter.
    """

    parts: Parts
    left: Floats

    @classmethod
    def of(cls, sets: Sets, deaths: Floats, home: Indices) -> Self:
        """That of some firms, of which `attrition` tells."""
        return cls(sets.parts, _of_pairs(deaths, home, sets))

    @classmethod
    def none(cls, sets: Sets, firms: int) -> Self:
        """Nothing dies."""
        return cls(sets.lasting, np.ones((len(sets), firms)))

    def expected(self, values: Floats, layer: tuple[int, ...] | None = None) -> Floats:
        """Values after a quarter's deaths, of all sets or of some of the same layer.

        Both of shape (set, regime, firm), ``values`` of all sets.
        """
        parts = self.parts
        if layer is None:
            return parts.sums.add(values[parts.part] * self.left[:, None])
        pairs = parts.pairs(layer)
        expected: Floats = (values[parts.part[pairs]] * self.left[pairs, None]).sum(axis=0)
        return expected

    @cached_property
    def stands(self) -> Floats:
        """Probability that no plant of a set dies in a quarter, shape (config, firm)."""
        return self.left[: len(self.parts.left)]

    @cached_property
    def _after(self) -> list[Floats]:
        """What was found by `after`."""
        whole = np.zeros_like(self.left)
        whole[: len(self.parts.left)] = 1.0
        return [whole]

    def after(self, quarters: int) -> Floats:
        """Probabilities of what is left of sets after some quarters, shape (pair, firm)."""
        first, second, sums = self.parts.steps
        while len(self._after) <= quarters:
            self._after.append(sums.add(self._after[-1][first] * self.left[second]))
        return self._after[quarters]

    def path(self, config: int, quarters: int, firms: slice = slice(None)) -> Floats:
        """Probabilities of what is left of a set after 0, 1, ... up to some quarters.

        Shape (quarters + 1, part, firm), of some of the firms; parts as ``parts`` has them.
        """
        pairs = self.parts.pairs([config])[:, 0]
        self.after(quarters)
        return np.array([after[pairs, firms] for after in self._after[: quarters + 1]])
