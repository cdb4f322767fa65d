"""A Dask cluster over TCP: the same bytes, and what goes down is handed out again."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
import sweep_runs
from sweep_runs import write_sweep

from abm.errors import OutputError
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.sweep import Options, run_sweep
from experiments.sweeps.workers import cluster as on_dask
from experiments.sweeps.workers.backends import BackendLostError
from experiments.sweeps.workers.chunk import Limits

pytest.importorskip("distributed")

TALK = "127.0.0.1"
LONGEST = 90


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
        return self.start("distributed.cli.dask_worker", *words, "--death-timeout", "60")

    def start(self, module, *words):
        return subprocess.Popen(
            [sys.executable, "-m", module, *words],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def lose(self, process, number=signal.SIGKILL):
        process.send_signal(number)
        process.wait(timeout=LONGEST)

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    with socket.socket() as probe:
        probe.bind((TALK, 0))
        port = probe.getsockname()[1]
    here = os.path.dirname(os.path.dirname(__file__))
    root = os.path.dirname(os.path.dirname(here))
    with pytest.MonkeyPatch.context() as change:
        change.chdir(folder)
        cluster = Cluster({**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{root}"}, port)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def at_home(tmp_path_factory):
    """What local processes leave of the same sweep."""
    folder = tmp_path_factory.mktemp("home")
    run_sweep(
        write_sweep(folder, replications=20),
        folder / "out",
        Options(quiet=True, workers=2),
        run_one=sweep_runs.trivial,
    )
    return (folder / "out" / "results.parquet").read_bytes()


class Sweep(threading.Thread):
    """A sweep on a cluster, in the background."""

    def __init__(self, folder, cluster):
        super().__init__(daemon=True)
        self.folder, self.address = folder, cluster.address
        self.file = write_sweep(folder, replications=20)
        self.out = folder / "out"
        self.ended = None
        self.start()

    def run(self):
        options = Options(dask=self.address, quiet=True, flush_seconds=0.05)
        self.ended = run_sweep(self.file, self.out, options, run_one=sweep_runs.slow)

    def wait_for_results(self, more=1):
        """Wait for runs to be stored, beyond those that are."""
        log = self.out / "log" / "main.jsonl"

        def stored():
            return log.read_bytes().count(b'"part"') if log.exists() else 0

        wanted, until = stored() + more, time.monotonic() + LONGEST
        while self.is_alive() and stored() < wanted and time.monotonic() < until:
            time.sleep(0.02)
        assert self.is_alive()

    def end(self):
        self.join(timeout=LONGEST)
        assert not self.is_alive()
        assert (self.ended.code, self.ended.done, self.ended.left) == (0, 80, 0)
        runs = [
            run for part in SweepStore.open(self.out).history().parts.values() for run in part.runs
        ]
        assert len(runs) == len(set(runs)) == 80
        return (self.out / "results.parquet").read_bytes()


def test_a_worker_killed_in_its_runs_costs_nothing(tmp_path, cluster, at_home):
    sweep = Sweep(tmp_path, cluster)
    sweep.wait_for_results()
    cluster.lose(cluster.workers[0])
    assert sweep.end() == at_home
    cluster.workers[0] = cluster.start_worker()


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_scheduler_that_goes_away_and_comes_back_costs_nothing(
    tmp_path, cluster, at_home, number
):
    sweep = Sweep(tmp_path, cluster)
    sweep.wait_for_results()
    cluster.lose(cluster.scheduler, number)
    for worker in cluster.workers:  # they end with their scheduler, by and by
        cluster.lose(worker)
    cluster.scheduler = cluster.start_scheduler()
    cluster.workers = [cluster.start_worker() for _ in range(2)]
    assert sweep.end() == at_home


def test_an_address_without_a_scheduler_is_refused_before_anything_is_written(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(on_dask, "ANSWER_SECONDS", 0.1)
    options = Options(dask=f"tcp://{TALK}:1", quiet=True)
    with pytest.raises(OutputError, match="no Dask scheduler answers"):
        run_sweep(write_sweep(tmp_path), tmp_path / "out", options, run_one=sweep_runs.trivial)
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_stays_away_ends_the_work_until_later(monkeypatch):
    monkeypatch.setattr(on_dask, "AWAY_SECONDS", -1.0)
    monkeypatch.setattr(on_dask, "ANSWER_SECONDS", 0.1)
    specs = [SimpleNamespace(replication=1, scenario="s")]
    backend = on_dask.dask(f"tcp://{TALK}:1", {"s": ""}, Limits(), sweep_runs.trivial)
    with pytest.raises(BackendLostError, match="has answered for long"):
        list(backend(specs))


def test_a_chunk_that_ends_workers_is_cut_up_and_its_last_run_set_aside():
    from distributed import KilledWorker

    chunk = [SimpleNamespace(run="a"), SimpleNamespace(run="b")]
    error = KilledWorker("task", "worker", 3)
    assert on_dask._after(error, chunk, "")[0] == [[chunk[0]], [chunk[1]]]
    again, (report,) = on_dask._after(error, chunk[:1], "")
    assert (again, report.run, report.kind, report.outcomes) == ([], "a", "killed", None)
