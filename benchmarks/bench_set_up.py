"""How long does it take to set a model up: population, calibration, network, agents?"""

from abm.kept_set_ups import set_up_anew
from abm.model import RelocationModel
from benchmarks.measure import Measurement
from benchmarks.mid_quarter import SCENARIO, SEED


def test_set_up(benchmark, firms):
    def set_up():
        with set_up_anew():
            RelocationModel(SCENARIO, firms=firms, rng=SEED)

    Measurement("set-up", firms, set_up, rounds=5, warm_ups=0).take(benchmark)
