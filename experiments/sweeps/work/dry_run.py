"""What a sweep would take, found by carrying out two of its runs."""

import shutil
import sys
import time
from pathlib import Path

from abm.kept_set_ups import set_up_anew
from experiments.runs.processes import environment_of_workers
from experiments.runs.progress import clock
from experiments.sweeps.design.plan import SweepPlan
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.work.model_rules import check_plan
from experiments.sweeps.workers.chunk import Limits, run_chunk
from experiments.sweeps.workers.one_run import simulate

BYTES_A_NUMBER = 8
HALF_AGAIN = 1.5
"""Room asked for, over what results are estimated to take."""


def dry_run_text(plan: SweepPlan, workers: int, *, run_one: RunFunction = simulate) -> str:
    """Return runs, time, memory and disk of a sweep, in words; no sweep is begun.

    Parameters
    ----------
    plan : SweepPlan
    workers : int
        That would carry it out.
    run_one : callable
        Carries out one run.
    """
    check_plan(plan, run_one)
    first = next(plan.specs())
    # The second shares the first one's base year, as most runs of a sweep do.
    pair = [first, first]
    started = time.perf_counter()
    with set_up_anew(), environment_of_workers():
        reports = list(run_chunk(pair, plan.scenarios, Limits(), run_one))
    lines = [
        f"{len(plan.scenarios)} scenarios x {len(plan.points)} points x {plan.replications} "
        f"replications = {len(plan)} runs of {plan.sweep.firms} firms"
    ]
    failed = [report for report in reports if report.outcomes is None]
    if failed:
        return "\n".join([*lines, f"a trial run failed: {failed[0].message}", failed[0].trace])
    fresh, shared = (report.seconds for report in reports)
    cells = len(plan) / plan.replications
    total = plan.replications * (fresh + max(cells - 1, 0) * shared) / workers
    size = len(plan) * (len(reports[0].outcomes or {}) + 8) * BYTES_A_NUMBER
    free = shutil.disk_usage(Path.cwd()).free
    lines += [
        f"two trial runs: {fresh:.1f} s with set-up, {shared:.1f} s sharing it "
        f"({time.perf_counter() - started:.1f} s in all)",
        f"about {clock(total)} with {workers} workers; at most "
        f"{clock(len(plan) * fresh / workers)} if no two runs can share their set-up",
        _memory_text(),
        f"at most {size / 1e6:.1f} MB of results; {free / 1e9:.0f} GB are free here",
    ]
    if free < HALF_AGAIN * size:
        lines.append("the disk has too little room")
    return "\n".join(lines)


def _memory_text() -> str:
    """The most memory that a process started here has used, where the system counts it."""
    try:
        import resource
    except ImportError:  # as on Windows
        return "memory of a worker: this system does not count it"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    megabytes = peak * (1 if sys.platform == "darwin" else 1024) / 1e6
    return f"about {megabytes:.0f} MB of memory a worker"
