"""What sets of plants are worth to one firm: its equation of value, by loops over scalars.

The equation of `abm.core.choice.location` says what today is worth if tomorrow is worth a given
value. It is a contraction of modulus ``discount``, so that values which it gives back within
``gap`` are within ``gap / (1 - discount)`` of the only ones that solve it.
"""

from dataclasses import dataclass
from math import exp, isinf, log

from abm.core.choice.location import LocationProblem

type Table = list[list[float]]
"""By set of plants and regime."""


@dataclass(frozen=True)
class OneFirm:
    """The location choice of one firm in plain lists; `of` makes it."""

    profit: Table
    cost: list[list[list[float]]]
    delay: list[list[int]]
    transitions: Table
    discount: float
    review: float
    noise: float

    @classmethod
    def of(cls, problem: LocationProblem, row: int) -> "OneFirm":
        """Return the problem of one of its firms."""
        cost = problem.cost_by_regime[row]
        regimes = problem.profit.shape[-1]
        return cls(
            profit=problem.profit[row].tolist(),
            cost=[
                [[float(cell[min(r, len(cell) - 1)]) for r in range(regimes)] for cell in to]
                for to in cost
            ],
            delay=problem.build_delay.tolist(),
            transitions=problem.transitions[problem.belief[row]].tolist(),
            discount=problem.discount,
            review=problem.review,
            noise=problem.noise,
        )

    def values(self, tomorrow: Table) -> Table:
        """Return what sets of plants are worth today if they are worth so much tomorrow."""
        configs, regimes = range(len(self.profit)), range(len(self.profit[0]))
        found = [[0.0 for _ in regimes] for _ in configs]
        for current in configs:
            for regime in regimes:
                worths = [self._worth(tomorrow, current, target, regime) for target in configs]
                best = self._best_of(worths)
                found[current][regime] = self.review * best + (1 - self.review) * worths[current]
        return found

    def _expected(self, value: list[float], regime: int) -> float:
        chances = zip(self.transitions[regime], value, strict=True)
        return sum(chance * later for chance, later in chances)

    def _worth(self, tomorrow: Table, current: int, target: int, regime: int) -> float:
        delay, cost = self.delay[current][target], self.cost[current][target][regime]
        if isinf(cost):
            return -cost
        if delay == 0:
            ahead = self._expected(tomorrow[target], regime)
            return self.profit[target][regime] + self.discount * ahead - cost
        value = tomorrow[target]
        for _ in range(delay):
            value = [
                self.profit[current][r] + self.discount * self._expected(value, r)
                for r in range(len(value))
            ]
        return value[regime] - cost

    def _best_of(self, worths: list[float]) -> float:
        """Return the expected maximum under Gumbel noise of mean zero."""
        top = max(worths)
        if self.noise == 0:
            return top
        return top + self.noise * log(sum(exp((worth - top) / self.noise) for worth in worths))
