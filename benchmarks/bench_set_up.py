"""How long does it take to set a model up: population, calibration, network, agents?"""

from abm.model import RelocationModel
from benchmarks.measure import Measurement
from benchmarks.mid_quarter import SCENARIO, SEED


def test_set_up(benchmark, firms):
    Measurement(
        "set-up",
        firms,
        lambda: RelocationModel(SCENARIO, firms=firms, rng=SEED),
        rounds=5,
        warm_ups=0,
    ).take(benchmark)
