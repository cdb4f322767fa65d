"""How fast is the value of every set of plants under every regime found?

For the firms that reconsider in a quarter; the table counts all firms.
"""

import numpy as np
import pytest

from abm.core.choice.plant_values import keeping_values
from benchmarks.measure import Measurement

TOLERANCE = 1e-8
"""Bound on the relative error, as in the model."""

DRIFT = 0.01
"""How far payoffs have moved since the values to start from were found, share of them."""


@pytest.mark.parametrize("known", [False, True], ids=["from nothing", "from last quarter"])
def test_location_values(benchmark, stopped, known):
    problem = stopped.plant_problem()
    start = keeping_values(problem, tolerance=TOLERANCE)[0] * (1 - DRIFT) if known else None
    residual = np.empty(0)

    def solve() -> None:
        nonlocal residual
        _, residual = keeping_values(problem, start, TOLERANCE)

    Measurement(
        "location values" + (", nearly known" if known else ""),
        stopped.firms,
        solve,
        rounds=5,
        notes={"reviewing": len(problem.location.profit)},
    ).take(benchmark)
    benchmark.extra_info["largest_error"] = float(residual.max())
