"""What reading a large sweep costs: 100,000 runs of 150 outcomes, made up, finished and merged.

Promised in docs/sweeps.md: a query of one number within 0.3 s and 300 MB once the files
were checked, and the report within 20 s and 1 GB. Each is measured in a program of its own,
memory from its first import on. ``python -m benchmarks.sweeps.bench_sweep_reading`` prints all.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.sweeps.made_up_sweep import made_up_sweep
from experiments.sweeps.store.remembered import QUIET_SECONDS

ROOT = Path(__file__).parents[2]

SIZE = {"n": 128, "replications": 130, "columns": 150}
"""Of four factors: 768 points, and 99,840 runs."""

BOUNDS = {"first query": (None, None), "query": (0.3, 300), "columns": (0.3, 300)}
BOUNDS |= {"report": (20, 1000)}
"""Seconds and megabytes."""

READING = """
import json, re, resource, sys, time
from pathlib import Path
from experiments.sweeps.store.reading import frame, query
from experiments.sweeps.store.store import SweepStore
folder, what = Path(sys.argv[1]), sys.argv[2]
store = SweepStore.open(folder)
if what == "report":
    from experiments.sweeps.answers.report import write_report
    (folder / "report.html").unlink(missing_ok=True)
started, worked = time.perf_counter(), time.process_time()
if what == "report":
    write_report(store)
elif what == "columns":
    assert len(frame(folder, ["point", "outcome_007"])) == store.manifest["runs"]
else:
    query(store, "SELECT avg(outcome_007) AS mean FROM results")
seconds, worked = time.perf_counter() - started, time.process_time() - worked
status = Path("/proc/self/status")
# Linux starts the peak of a program's resources from that of its parent; this one is its own.
peak = re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1] if status.exists() else None
peak = int(peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
print(json.dumps([seconds, worked, peak]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return prepared(tmp_path_factory.mktemp("large"))


def prepared(place):
    made_up_sweep(place / "sweep", **SIZE)
    time.sleep(QUIET_SECONDS + 1)  # what was written to a moment ago is not remembered
    return place / "sweep"


def measured(folder, what):
    """Seconds, those of processors, and megabytes of one question, in a program of its own."""
    done = subprocess.run(
        [sys.executable, "-c", READING, str(folder), what],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NEARSHORE_CACHE": str(folder.parent / "c")},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("what", BOUNDS)
def test_reading_of_100000_runs(benchmark, folder, what):
    rounds = 1 if what in ("first query", "report") else 3
    found = []
    benchmark.pedantic(lambda: found.append(measured(folder, what)), rounds=rounds)
    seconds, worked, megabytes = min(found)
    most = BOUNDS[what]
    benchmark.extra_info["engine"] = {
        f"{what}: seconds": seconds,
        f"{what}: seconds of processors": worked,
        f"{what}: MB": megabytes,
        f"{what}: within its bounds": None not in most
        and bool(seconds < most[0] and megabytes < most[1]),
    }


def main():
    """Print every figure beside its bound."""
    with tempfile.TemporaryDirectory() as place:
        folder = prepared(Path(place))
        for what, (most_seconds, most_megabytes) in BOUNDS.items():
            seconds, worked, megabytes = measured(folder, what)
            said = "" if most_seconds is None else f"  bound {most_seconds} s, {most_megabytes} MB"
            print(
                f"{what:>12}: {seconds:6.2f} s ({worked:5.2f} s of processors) "
                f"{megabytes:5.0f} MB{said}"
            )


if __name__ == "__main__":
    main()
