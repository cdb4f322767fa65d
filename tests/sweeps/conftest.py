"""What the tests of sweeps share: runs that processes of their own can import."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.in_this_process import runs_in_this_process

HERE = Path(__file__).parent

# Worker processes inherit the path, and with it the module that holds the runs.
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))


@pytest.fixture
def without_processes():
    """For what is done with results of runs; how processes carry runs out has its own tests."""
    with runs_in_this_process():
        yield


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """A folder in which runs leave marks for one another, across processes."""
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.setenv("MARKS", str(folder))
    return folder


@pytest.fixture
def program_environment():
    """The environment of a program that carries out a sweep on its own."""
    root = HERE.parents[1]
    return {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{root}", "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory):
    """A finished sweep of 20 runs, its file beside it; for reading alone."""
    from sweep_runs import trivial, write_sweep

    from experiments.sweeps.work.sweep import Options, run_sweep

    folder = tmp_path_factory.mktemp("finished")
    run_sweep(write_sweep(folder), folder / "out", Options(quiet=True), run_one=trivial)
    return folder


@pytest.fixture
def finished(finished_once, tmp_path):
    """A copy of the finished sweep of 20 runs: its file and its folder."""
    shutil.copy(finished_once / "small.toml", tmp_path)
    shutil.copytree(finished_once / "out", tmp_path / "out")
    return tmp_path / "small.toml", tmp_path / "out"
