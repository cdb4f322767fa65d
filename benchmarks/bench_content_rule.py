"""How fast is the search for the cheapest mix that meets a content rule?

Here every firm misses its rule, as after a sudden change; in a run few do.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from abm.core.inputs.content_rules import meet_content_rule
from benchmarks.measure import YARDSTICK_FIRMS, Measurement, scaled
from benchmarks.rivals.naive_model import Mix, cheapest_compliant
from experiments.speed.bound import of_one_evaluation

INPUTS = 11
SEED_OF_FIRMS = 2

TOLERANCE = 2e-6

NEWS = 0.01
"""How far wedges stand from the solution in a quarter like any other, log points."""


@dataclass(frozen=True)
class BoundFirms:
    """Firms with random inputs whose free content misses their rule."""

    spend: np.ndarray
    foreign: np.ndarray
    before_duty: np.ndarray
    theta: np.ndarray
    other_cost: np.ndarray
    threshold: np.ndarray

    @classmethod
    def draw(cls, firms: int) -> "BoundFirms":
        rng = np.random.default_rng(SEED_OF_FIRMS)
        spend = rng.dirichlet(np.ones(INPUTS), firms).T * rng.uniform(0.4, 0.8, firms)
        foreign = rng.uniform(0.05, 0.95, (INPUTS, firms))
        before_duty = 1 / (1 + rng.choice([0, 0.025, 0.25], (INPUTS, firms)))
        content = 1 - (spend * foreign * before_duty).sum(axis=0)
        threshold = content + (1 - content) * rng.uniform(0.02, 0.5, firms)
        theta = rng.uniform(2, 10, INPUTS)
        arrays = (spend, foreign, before_duty, theta, 1 - spend.sum(axis=0), threshold)
        return cls(*(array.astype(np.float32) for array in arrays))

    def solve(self, start: np.ndarray | None = None) -> np.ndarray:
        """Log wedges that meet the rule."""
        mix = meet_content_rule(
            self.spend,
            self.foreign,
            self.before_duty,
            self.theta,
            self.other_cost,
            self.threshold,
            start,
            TOLERANCE,
        )
        return mix.log_wedge

    def mixes(self, firms: int) -> list[Mix]:
        """The first firms' free mixes as lists."""
        columns = (self.spend.T, self.foreign.T, self.before_duty.T)
        lists = (column[:firms].tolist() for column in columns)
        return [
            Mix(other, other + sum(spend), 0.0, spend, foreign, before)
            for other, spend, foreign, before in zip(
                self.other_cost[:firms].tolist(), *lists, strict=True
            )
        ]


@pytest.mark.parametrize("known", [False, True], ids=["from nothing", "from last quarter"])
def test_content_rule(benchmark, firms, known):
    bound = BoundFirms.draw(firms)
    start = None
    if known:
        noise = np.random.default_rng(SEED_OF_FIRMS).normal(scale=NEWS, size=firms)
        start = bound.solve() + noise.astype(np.float32)
    few = min(firms, YARDSTICK_FIRMS)
    mixes, theta = bound.mixes(few), bound.theta.tolist()
    starts = [0.0] * few if start is None else start[:few].tolist()
    thresholds = bound.threshold[:few].tolist()

    def naive() -> list[float]:
        return [
            cheapest_compliant(mix, theta, threshold, begin).log_wedge
            for mix, threshold, begin in zip(mixes, thresholds, starts, strict=True)
        ]

    np.testing.assert_allclose(naive(), bound.solve(start)[:few], atol=1e-3)
    Measurement(
        "content rule, every firm bound" + (", wedge nearly known" if known else ""),
        firms,
        lambda: bound.solve(start),
        least=lambda: of_one_evaluation(firms, INPUTS),
        against={"yardstick": scaled(naive, firms, few)},
    ).take(benchmark)
