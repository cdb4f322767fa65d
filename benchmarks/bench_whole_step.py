"""How long is a quarter, where does its time go, and how much memory does it take?"""

from statistics import median

from abm.engine.parallel import thread_count
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from benchmarks.bench_cost_step import with_threads
from benchmarks.measure import Measurement
from benchmarks.mid_quarter import SCENARIO, SEED
from experiments.runs.processes import in_own_process
from experiments.speed.bench import measure_size

QUARTERS_FOR_MEMORY = 2


def phases(model: RelocationModel) -> dict[str, float]:
    """Seconds spent so far in each phase of the step."""
    return {
        name: seconds for name, seconds in model.phase_seconds.items() if not name.startswith("_")
    }


def test_whole_step(benchmark, models, firms):
    """Four policies are possible, and every one is thought through."""
    model = models.finished(firms)
    time_quarters(benchmark, "whole step", model, firms)
    alone = in_own_process(measure_size, Scenario.load(SCENARIO), firms, QUARTERS_FOR_MEMORY, SEED)
    benchmark.extra_info["peak_memory_bytes"] = alone.peak_memory_bytes


def test_whole_step_without_news(benchmark, firms):
    """The policy of 2017 for ever."""
    model = RelocationModel("status-quo", firms=firms, rng=SEED)
    model.step()
    time_quarters(benchmark, "whole step without news", model, firms)


def time_quarters(benchmark, what, model, firms):
    """Time some quarters, all threads against one, phase by phase."""
    by_phase: dict[str, list[float]] = {}

    def quarter() -> None:
        before = phases(model)
        model.step()
        for name, seconds in phases(model).items():
            by_phase.setdefault(name, []).append(seconds - before[name])

    against = {"one thread": with_threads(1, model.step)} if thread_count() > 1 else {}
    rounds = 5
    Measurement(what, firms, quarter, against=against, rounds=rounds).take(benchmark)
    benchmark.extra_info["phases"] = {
        name: median(seconds[-rounds:]) for name, seconds in by_phase.items()
    }
    benchmark.extra_info["regimes"] = len(model.now.regimes)
