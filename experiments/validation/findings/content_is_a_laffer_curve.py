"""Content of cars rises and then falls with the threshold."""

import numpy as np

from abm.axes import PARTNERS
from experiments.outcomes.estimates import Estimate, above, estimate
from experiments.scenarios.designs import CAR_THRESHOLDS, cars_fixed
from experiments.validation.finding import Finding, Results


def judge(results: Results) -> list[Estimate]:
    """The peak against both ends, then the curve itself."""
    curve = 100 * np.stack(
        [results.of(cars_fixed(at), "content/cars/all") for at in CAR_THRESHOLDS]
    )
    peak = int(curve.mean(axis=1).argmax())
    at = f"{CAR_THRESHOLDS[peak]:.1%}"
    low, high = (f"{CAR_THRESHOLDS[end]:.0%}" for end in (0, -1))
    rise, fall = curve[peak] - curve[0], curve[peak] - curve[-1]
    found = [
        estimate(f"content at its peak, {at}, over {low},", rise, " points", above(0)),
        estimate(f"and over {high},", fall, " points", above(0)),
    ]
    for host in PARTNERS:
        name = f"content/cars/{host}"
        gap = results.of(cars_fixed(CAR_THRESHOLDS[-2]), name)
        gap = 100 * (gap - results.of(cars_fixed(CAR_THRESHOLDS[-1]), name))
        found.append(estimate(f"{host}: content at 90% less at 100%", gap, " points"))
    rows = zip(CAR_THRESHOLDS, curve, strict=True)
    return found + [estimate(f"content at {at:.1%}", row, "%") for at, row in rows]


FINDING = Finding(
    id="HMM-4",
    design="Mean content of cars made in the three countries, weighted by output, at thresholds"
    f" from {CAR_THRESHOLDS[0]:.0%} to {CAR_THRESHOLDS[-1]:.0%}, plants fixed.",
    rule="Mean content peaks at a threshold inside the range, and the 95% intervals of the peak"
    " over each end, paired by seed, are above zero.",
    designs=tuple(cars_fixed(threshold) for threshold in CAR_THRESHOLDS),
    judge=judge,
    understanding="Claims are given up as the threshold nears 100%, most of all in Mexico, whose"
    " cars have 2.5% at stake. The average over the three is led by cars of the United"
    " States, whose exports face the higher duties of Canada and Mexico and go on"
    " complying, so any peak comes late.",
)
