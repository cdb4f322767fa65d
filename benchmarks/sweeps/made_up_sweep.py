"""A finished sweep of many runs whose results are made up, so that reading can be timed alone."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from experiments.runs.on_disk.run_folders import write_whole
from experiments.sweeps.design.plan import make_plan
from experiments.sweeps.design.run_spec import RUN
from experiments.sweeps.design.sweep_file import SweepFile
from experiments.sweeps.store.maker import maker_of_workers
from experiments.sweeps.store.parts import as_parquet
from experiments.sweeps.store.run_log import RunLog
from experiments.sweeps.store.store import SweepStore

FACTORS = (
    "firms.build_cost",
    "firms.closure_cost",
    "economy.relation",
    "enforcement.paperwork_scale",
)
RUNS_A_PART = 1_000


def made_up_sweep(folder: Path, *, n: int, replications: int, columns: int) -> SweepStore:
    """Make the folder of a finished and merged sweep of Saltelli's scheme.

    Its log says what that of a real one does: a line for every thousand runs, and one for
    the merged file.
    """
    sweep = SweepFile.from_document(
        {
            "name": "made-up",
            "scenario": "status-quo",
            "replications": replications,
            "firms": 100,
            "quarters": 1,
            "factors": {key: {"uniform": [0.05, 0.5]} for key in FACTORS},
            "design": {"kind": "sobol", "n": n},
        }
    )
    plan = make_plan(sweep, folder)
    who = maker_of_workers(portable=False)
    store = SweepStore.create(folder, plan, who)
    design = store.design()
    table = _with_made_up_outcomes(design, columns)
    content, mark = as_parquet(table)
    name = f"parts/merged-{mark[:16]}.parquet"
    write_whole(folder / name, content)
    runs = design[RUN].to_pylist()
    log = RunLog(folder, "main")
    log.add("session", writer="main", host="here", process=1, maker=who)
    replaced = []
    for at in range(0, len(runs), RUNS_A_PART):
        some = runs[at : at + RUNS_A_PART]
        replaced.append(f"parts/main-{at // RUNS_A_PART + 1:04d}-{at:012x}.parquet")
        facts = {"part": replaced[-1], "sha256": f"{at:064x}", "runs": some, "hosts": ["here"]}
        log.add("part", **facts, seconds=[0.01] * len(some), maker=who)
    whole = {"part": name, "sha256": mark, "runs": runs, "makers": [who]}
    log.add("merged", parts=[{**whole, "made_by": [0] * len(runs)}], replaces=replaced)
    log.close()
    return store


def _with_made_up_outcomes(design: pa.Table, columns: int) -> pa.Table:
    luck = np.random.default_rng(1)
    shares = np.stack([design[key].to_numpy() for key in FACTORS])
    table = design
    for number in range(columns):
        weights = luck.random(len(FACTORS))
        values = weights @ shares + 0.1 * luck.standard_normal(len(design))
        table = table.append_column(f"outcome_{number:03d}", pa.array(values))
    return table
