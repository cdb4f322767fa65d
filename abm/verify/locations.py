"""What sets of plants are worth to one firm: its equation of value, by loops over scalars.

The equation of `abm.core.choice.plant_values` says what a set is worth today if sets are worth so
much tomorrow. It is a contraction of modulus ``discount``, so that values which it gives back
within ``gap`` are within ``gap / (1 - discount)`` of the only ones that solve it.

Sets are Python sets here, who dies is gone through plant by plant, and a closure that takes time
is followed quarter by quarter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import exp, inf, log, prod

import numpy as np

from abm.core.choice.foresight import PlantProblem

type Table = list[list[float]]
"""By set of plants and regime."""

type Plants = frozenset[int]
"""Hosts."""


@dataclass(frozen=True)
class OneFirm:
    """The choice of one firm among its plants in plain lists; `of` makes it.

    Attributes
    ----------
    sets : list of frozenset of int
    profit : list of list of float
    cost, delay : list of list
        By set from and set to; costs by regime in turn.
    transitions : list of list of float
    deaths : list of float
        By host, of plants that are not spared.
    home : int
        Host of the owner's country, or a number that is none.
    discount, review, noise : float
        The last is the scale of luck among keeping and closing.
    """

    sets: list[Plants]
    profit: Table
    cost: list[list[list[float]]]
    delay: list[list[int]]
    transitions: Table
    deaths: list[float]
    home: int
    discount: float
    review: float
    noise: float

    @classmethod
    def of(cls, problem: PlantProblem, row: int) -> "OneFirm":
        """Return the problem of one of its firms."""
        location, hosts = problem.location, problem.sets.has_plant.shape[1]
        regimes = location.profit.shape[-1]
        cost = location.cost_by_regime[row]
        return cls(
            sets=[frozenset(np.flatnonzero(plants).tolist()) for plants in problem.sets.has_plant],
            profit=location.profit[row].tolist(),
            cost=[
                [[float(cell[min(r, len(cell) - 1)]) for r in range(regimes)] for cell in to]
                for to in cost
            ],
            delay=location.build_delay.tolist(),
            transitions=location.transitions[location.belief[row]].tolist(),
            deaths=[0.0] * hosts if problem.deaths is None else problem.deaths[row].tolist(),
            home=-1 if problem.home is None else int(problem.home[row]),
            discount=location.discount,
            review=location.review,
            noise=problem.keep_noise,
        )

    def values(self, tomorrow: Table) -> Table:
        """Return what sets of plants are worth today if they are worth so much tomorrow."""
        return [
            [self._value(tomorrow, current, regime) for regime in range(len(self.transitions))]
            for current in range(len(self.sets))
        ]

    def moves(self, tomorrow: Table, current: int, regime: int) -> list[float]:
        """Return what going from a set to each is worth, luck left out."""
        return [self._worth(tomorrow, current, target, regime) for target in range(len(self.sets))]

    def _value(self, tomorrow: Table, current: int, regime: int) -> float:
        """Value before the review; whoever has plants may keep them or close some."""
        parts = [to for to, plants in enumerate(self.sets) if plants <= self.sets[current]]
        worths = [self._worth(tomorrow, current, target, regime) for target in parts]
        staying = self._worth(tomorrow, current, current, regime)
        return self.review * self._best_of(worths) + (1 - self.review) * staying

    def _worth(self, tomorrow: Table, current: int, target: int, regime: int) -> float:
        """Return what a decision is worth, its cost paid."""
        delay, cost = self.delay[current][target], self.cost[current][target][regime]
        if cost == inf:
            return -inf
        if delay == 0:
            return self._quarter(tomorrow, target, target, 1)[regime] - cost
        return self._quarter(tomorrow, current, target, delay)[regime] - cost

    def _quarter(self, tomorrow: Table, current: int, target: int, left: int) -> list[float]:
        """By regime: a quarter with the present set, and what so many quarters lead to."""
        regimes = range(len(self.transitions))
        ahead = [0.0 for _ in regimes]
        for rest, chance in self._fates[current]:
            reached = self._led_to(current, target, rest)
            then = (
                tomorrow[reached] if left == 1 else self._quarter(tomorrow, rest, reached, left - 1)
            )
            ahead = [
                sofar + chance * sum(p * v for p, v in zip(row, then, strict=True))
                for sofar, row in zip(ahead, self.transitions, strict=True)
            ]
        return [self.profit[current][r] + self.discount * ahead[r] for r in regimes]

    def _led_to(self, current: int, target: int, rest: int) -> int:
        """Return the set that a move ends with if only a part of the present one is left."""
        old, new, left = self.sets[current], self.sets[target], self.sets[rest]
        return self.sets.index((left & new) | (new - old))

    @cached_property
    def _fates(self) -> list[list[tuple[int, float]]]:
        """What may be left of every set after a quarter, and how probable that is."""
        return [list(self._fates_of(plants)) for plants in self.sets]

    def _fates_of(self, plants: Plants) -> Iterator[tuple[int, float]]:
        for stands in product([True, False], repeat=len(plants)):
            fate = dict(zip(sorted(plants), stands, strict=True))
            chance = prod(self._chance(plants, host, stands) for host, stands in fate.items())
            if chance > 0:
                yield self.sets.index(frozenset(host for host in fate if fate[host])), chance

    def _chance(self, plants: Plants, host: int, stands: bool) -> float:
        """Return the probability of a plant's fate; a seat is spared while it has sisters."""
        dies = 0.0 if host == self.home and len(plants) > 1 else self.deaths[host]
        return 1 - dies if stands else dies

    def _best_of(self, worths: list[float]) -> float:
        """Return the expected maximum under Gumbel noise of mean zero."""
        top = max(worths)
        if self.noise == 0:
            return top
        return top + self.noise * log(sum(exp((worth - top) / self.noise) for worth in worths))
