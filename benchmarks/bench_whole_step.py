"""How long is a quarter, where does its time go, and how much memory does it take?"""

from statistics import median

from abm.model import RelocationModel
from abm.scenario import Scenario
from benchmarks.bench_cost_step import with_threads
from benchmarks.measure import Measurement
from benchmarks.mid_quarter import SCENARIO, SEED
from experiments.bench import in_own_process, measure_size
from experiments.machine import step_threads

QUARTERS_FOR_MEMORY = 2


def phases(model: RelocationModel) -> dict[str, float]:
    """Seconds spent so far in each phase of the step."""
    return {
        name: seconds for name, seconds in model.phase_seconds.items() if not name.startswith("_")
    }


def test_whole_step(benchmark, models, firms):
    model = models.finished(firms)
    by_phase: dict[str, list[float]] = {}

    def quarter() -> None:
        before = phases(model)
        model.step()
        for name, seconds in phases(model).items():
            by_phase.setdefault(name, []).append(seconds - before[name])

    against = {"one thread": with_threads(1, model.step)} if step_threads() > 1 else {}
    rounds = 5
    Measurement("whole step", firms, quarter, against=against, rounds=rounds).take(benchmark)
    alone = in_own_process(measure_size, Scenario.load(SCENARIO), firms, QUARTERS_FOR_MEMORY, SEED)
    benchmark.extra_info["phases"] = {
        name: median(seconds[-rounds:]) for name, seconds in by_phase.items()
    }
    benchmark.extra_info["regimes"] = len(model.now.regimes)
    benchmark.extra_info["peak_memory_bytes"] = alone.peak_memory_bytes
