"""What the engine of sweeps costs, with runs that cost nothing themselves.

Promised in docs/sweeps.md: overhead under 5 ms a run, memory that does not grow with
the number of runs, a resume of 10,000 finished runs that decides in 2 s, and two
workers 1.8 times as fast as one.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.sweeps.work.sweep import Options, run_sweep

ROOT = Path(__file__).parents[2]
RUNS_MEASURED = ROOT / "tests" / "sweeps"
sys.path.insert(0, str(RUNS_MEASURED))

import sweep_runs  # noqa: E402 - found by the line above, here and in workers

MEMORY = """
import re, resource, sys
import sweep_runs
from pathlib import Path
from experiments.sweeps.work.sweep import Options, run_sweep
run_sweep(sys.argv[1], Path(sys.argv[2]), Options(quiet=True), run_one=sweep_runs.trivial)
status = Path("/proc/self/status")
# Linux starts the peak of a program's resources from that of its parent; this one is its own.
peak = re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1] if status.exists() else None
print(peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def sweep_seconds(folder, replications, run_one=sweep_runs.trivial, workers=1):
    folder.mkdir()
    file = sweep_runs.write_sweep(folder, replications=replications)
    started = time.perf_counter()
    result = run_sweep(file, folder / "out", Options(workers=workers, quiet=True), run_one=run_one)
    assert result.code == 0
    return time.perf_counter() - started


def note(benchmark, **facts):
    """Keep what was found for the report."""
    benchmark.extra_info["engine"] = facts


def test_overhead_of_a_run(benchmark, tmp_path):
    few = sweep_seconds(tmp_path / "few", 1)
    many = benchmark.pedantic(sweep_seconds, (tmp_path / "many", 250), rounds=1)
    note(benchmark, overhead_ms_a_run=1000 * (many - few) / (1000 - 4), start_and_end_seconds=few)


def test_memory_of_the_main_process(benchmark, tmp_path):
    def peak(replications):
        folder = tmp_path / str(replications)
        folder.mkdir()
        file = sweep_runs.write_sweep(folder, replications=replications)
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(file), str(folder / "out")],
            env={"PYTHONPATH": f"{RUNS_MEASURED}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout) / 1024

    few = peak(25)
    many = benchmark.pedantic(peak, (2500,), rounds=1)
    note(benchmark, peak_mb_100_runs=few, peak_mb_10000_runs=many)


def test_resume_of_10000_finished_runs(benchmark, tmp_path):
    sweep_seconds(tmp_path / "s", 2500)
    file, options = tmp_path / "s" / "small.toml", Options(resume=True, quiet=True)

    def resume():
        return run_sweep(file, tmp_path / "s" / "out", options, run_one=sweep_runs.trivial)

    result = benchmark.pedantic(resume, rounds=3)
    assert (result.done, result.left) == (10_000, 0)
    note(benchmark, resume_seconds_10000_runs=benchmark.stats.stats.median)


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor")
def test_two_workers_against_one(benchmark, tmp_path):
    benchmark.extra_info["load_before"] = os.getloadavg()[0]
    one = sweep_seconds(tmp_path / "one", 50, sweep_runs.busy)
    two = benchmark.pedantic(sweep_seconds, (tmp_path / "two", 50, sweep_runs.busy, 2), rounds=1)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    note(benchmark, one_worker_seconds=one, two_workers_speed_up=one / two, workers_peak_mb=peak)
