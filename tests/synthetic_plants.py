"""Made-up owners of plants, and the same owners in plain loops over scalars.

The reference shares nothing with the model: sets are Python sets, who dies is enumerated plant by
plant, a project under way is a state of its own that is passed through quarter by quarter, and
values follow backwards from an end of time at which nothing is worth anything.
"""

import math
from itertools import product

import numpy as np

from abm.axes import HAS_PLANT, N_HOSTS
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.location import LocationProblem
from abm.core.choice.sets import Sets

ALL_SETS = Sets(HAS_PLANT)
STANDING_SETS = Sets(HAS_PLANT[1:])
EMPTY = 0
"""The empty one of ``ALL_SETS``."""


def owners(firms, regimes, sets=ALL_SETS, *, delays=(3, 2), dying=True, seed=5, **changes):
    """Owners with profits, costs, beliefs and deaths of their own.

    ``delays`` are those of building and of closing.
    """
    rng = np.random.default_rng(seed)
    configs = len(sets)
    profit = 0.3 * sets.size[:, None] ** 0.5 * (1 + 0.6 * rng.standard_normal((firms, configs, 1)))
    profit = profit + 0.2 * rng.standard_normal((firms, configs, regimes))
    profit[:, sets.size == 0] = 0
    cost = rng.uniform(0.2, 2.0, (firms, configs, configs))
    cost[:, range(configs), range(configs)] = 0
    closes = ~sets.opens & ~np.eye(configs, dtype=bool)
    terms = {
        "profit": profit,
        "move_cost": cost,
        "build_delay": np.where(sets.opens, delays[0], np.where(closes, delays[1], 0)),
        "transitions": rng.dirichlet(np.ones(regimes), (2, regimes)),
        "belief": rng.integers(0, 2, firms),
        "discount": 0.8,
        "review": 0.4,
        "noise": 0.6,
    }
    more = {"keep_noise": 0.2}
    if dying:
        more["deaths"] = rng.uniform(0, 0.25, (firms, N_HOSTS))
        more["home"] = rng.integers(-1, N_HOSTS, firms)
    for name, value in changes.items():
        (terms if name in terms else more)[name] = value
    return PlantProblem(LocationProblem(**terms), sets, **more)


def best_of(worths, noise):
    """Expected maximum under mean-zero Gumbel noise."""
    top = max(worths)
    if noise == 0 or top == -math.inf:
        return top
    return top + noise * math.log(sum(math.exp((worth - top) / noise) for worth in worths))


class Reference:
    """One owner, by quarter, set and regime; ``values_luck`` says whether luck to come counts."""

    def __init__(self, problem, row, *, values_luck, end, expected=None):
        location = problem.location
        self.sets = [frozenset(np.flatnonzero(plants)) for plants in problem.sets.has_plant]
        self.place = {plants: place for place, plants in enumerate(self.sets)}
        self.profit = location.profit[row].tolist()
        self.cost = location.cost_by_regime[row].tolist()
        self.delay = location.build_delay.tolist()
        self.discount, self.review = location.discount, location.review
        self.noise, self.keep_noise = location.noise, problem.keep_noise
        self.deaths = None if problem.deaths is None else problem.deaths[row].tolist()
        self.home = None if problem.home is None else int(problem.home[row])
        self.expected = expected or Calendar.steady(location.transitions)
        self.belief = int(location.belief[row])
        self.regimes = range(location.profit.shape[2])
        self.values_luck = values_luck
        self.solve(end)

    def fates(self, place):
        """What may be left of a set, and the chances, plant by plant."""
        plants = sorted(self.sets[place])
        if self.deaths is None:
            return [(place, 1.0)]
        found = []
        for survives in product([True, False], repeat=len(plants)):
            chance = 1.0
            for host, stands in zip(plants, survives, strict=True):
                spared = host == self.home and len(plants) > 1
                dies = 0.0 if spared else self.deaths[host]
                chance *= 1 - dies if stands else dies
            left = frozenset(h for h, stands in zip(plants, survives, strict=True) if stands)
            if chance:
                found.append((self.place[left], chance))
        return found

    def led_to(self, config, target, left):
        """The set that a move leads to when only a part of the first one is left."""
        old, new, rest = self.sets[config], self.sets[target], self.sets[left]
        return self.place[(rest & new) | (new - old)]

    def solve(self, end):
        """Values and projects of all quarters, from the end of time backwards."""
        configs = range(len(self.sets))
        longest = max(max(row) for row in self.delay)
        fates = [self.fates(config) for config in configs]
        nothing = [0.0 for _ in self.regimes]
        self.values = {end: [nothing for _ in configs]}
        under_way = {
            (config, target, left): nothing
            for config in configs
            for target in configs
            for left in range(1, longest + 1)
        }
        self.worths = {}
        for quarter in range(end - 1, -1, -1):
            chances = self.expected.at(quarter)[self.belief].tolist()
            later, coming = self.values[quarter + 1], under_way

            def ahead(regime, after, chances=chances):
                return self.discount * sum(
                    chance * after(other) for other, chance in enumerate(chances[regime]) if chance
                )

            def standing(config, regime, later=later, ahead=ahead):
                return self.profit[config][regime] + ahead(
                    regime, lambda s: sum(c * later[rest][s] for rest, c in fates[config])
                )

            def project(config, target, left, regime, later=later, coming=coming, ahead=ahead):
                def after(s):
                    total = 0.0
                    for rest, chance in fates[config]:
                        end_set = self.led_to(config, target, rest)
                        total += chance * (
                            later[end_set][s] if left == 1 else coming[rest, end_set, left - 1][s]
                        )
                    return total

                return self.profit[config][regime] + ahead(regime, after)

            under_way = {
                key: [project(*key, regime) for regime in self.regimes] for key in under_way
            }
            self.worths[quarter] = [
                [
                    [
                        (
                            under_way[config, target, self.delay[config][target]][regime]
                            if self.delay[config][target]
                            else standing(target, regime)
                        )
                        - self.cost[config][target][min(regime, len(self.cost[config][target]) - 1)]
                        for regime in self.regimes
                    ]
                    for target in configs
                ]
                for config in configs
            ]
            self.values[quarter] = [
                [self.value(self.worths[quarter][config], config, r) for r in self.regimes]
                for config in configs
            ]

    def value(self, worths, config, regime):
        """Value before the review of a quarter."""
        kept = [worths[to][regime] for to in self.parts(config)]
        best = best_of(kept, self.keep_noise)
        if self.values_luck:
            built = [
                worths[to][regime]
                for to in range(len(self.sets))
                if not self.sets[to] <= self.sets[config]
            ]
            best = best_of([best, *built], self.noise)
        return self.review * best + (1 - self.review) * worths[config][regime]

    def parts(self, config):
        """Sets that a set contains."""
        return [to for to, plants in enumerate(self.sets) if plants <= self.sets[config]]
