"""How fast does a run give out what it recorded, and do Mesa's own calls answer?"""

from abm.model import RelocationModel
from agents import Firm
from benchmarks.measure import Measurement
from experiments.outcomes.tables import RunFrames
from experiments.runs.on_disk.run_folders import write_run


def test_tables_on_disk(benchmark, stopped, tmp_path):
    model = stopped.model

    def write() -> None:
        run = RunFrames("four-regimes", model.scenario.start, model.frames())
        write_run(tmp_path, run, {}, {})

    Measurement("tables on disk", stopped.firms, write).take(benchmark)


def ask_mesa(model: RelocationModel) -> tuple[int, float, int]:
    """Firms of one kind, a sum over all, and an attribute of each."""
    firms = model.agents_by_type[Firm]
    movers = firms.select(lambda firm: firm.row % 2 == 0)
    rows = firms.agg("row", sum)
    return len(movers), rows, len(firms.get("plants"))


def test_asking_mesa(benchmark, stopped):
    half, total, every = ask_mesa(stopped.model)
    assert (half, total, every) == (
        (stopped.firms + 1) // 2,
        stopped.firms * (stopped.firms - 1) // 2,
        stopped.firms,
    )
    Measurement(
        "Mesa: select, agg, get", stopped.firms, lambda: ask_mesa(stopped.model), rounds=5
    ).take(benchmark)
