"""A Dask cluster over TCP: the same bytes, and what is lost is handed out again."""

import os
import subprocess
import sys
import time

import pytest
import sweep_runs
from sweep_runs import write_sweep

from experiments.sweeps.sweep import Options, run_sweep

pytest.importorskip("distributed")

TALK = "127.0.0.1"


class Cluster:
    """Processes of a scheduler and of two workers, on loopback alone."""

    def __init__(self, environment, port):
        self.port = port
        # Workers must be allowed to start processes of their own.
        self.environment = {**environment, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker() for _ in range(2)]

    @property
    def address(self):
        return f"tcp://{TALK}:{self.port}"

    def start_scheduler(self):
        words = ["--host", TALK, "--port", str(self.port), "--no-dashboard", "--no-show"]
        return self.start("distributed.cli.dask_scheduler", *words)

    def start_worker(self):
        words = [self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        return self.start("distributed.cli.dask_worker", *words, "--death-timeout", "120")

    def start(self, module, *words):
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind((TALK, 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(program_environment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cluster = Cluster(program_environment, free_port())
    yield cluster
    cluster.close()


def start(file, out, cluster):
    code = (
        "import sys, sweep_runs; from pathlib import Path;"
        "from experiments.sweeps.sweep import Options, run_sweep;"
        "options = Options(dask=sys.argv[3], quiet=True, flush_seconds=0.05);"
        "result = run_sweep(sys.argv[1], Path(sys.argv[2]), options, run_one=sweep_runs.slow);"
        "sys.exit(result.code)"
    )
    words = [sys.executable, "-c", code, str(file), str(out), cluster.address]
    return subprocess.Popen(words, env={**os.environ, **cluster.environment})


def wait_for_results(out, process):
    log, until = out / "log" / "main.jsonl", time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if log.exists() and b'"part"' in log.read_bytes():
            return
        time.sleep(0.02)


@pytest.mark.skip(reason="does not end in time yet: chunks of the lost worker are waited for")
def test_a_lost_worker_costs_nothing(tmp_path, cluster):
    file = write_sweep(tmp_path, replications=50)
    process = start(file, tmp_path / "out", cluster)
    wait_for_results(tmp_path / "out", process)
    cluster.workers[0].kill()
    cluster.workers[0].wait()
    time.sleep(1.0)
    assert process.poll() is None
    assert process.wait(timeout=90) == 0
    options = Options(quiet=True, workers=2)
    run_sweep(file, tmp_path / "local", options, run_one=sweep_runs.trivial)
    there, here = (tmp_path / name / "results.parquet" for name in ("out", "local"))
    assert there.read_bytes() == here.read_bytes()
