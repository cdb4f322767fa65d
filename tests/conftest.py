"""Settings every test shares; that warnings are errors stands in pyproject.toml."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

import abm.model
from experiments.runs import runner
from tests.support.longest_first import longest_first
from tests.support.once_in_a_run import once_in_a_run
from tests.support.set_up_once import set_up_once

ROOT = Path(__file__).parents[1]

# Hundreds of processes are started, which would each compile the whole program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Pictures are drawn to files, also where a screen is at hand.
os.environ.setdefault("MPLBACKEND", "Agg")

# Tests run side by side; small models are no faster for threads that wait for each other.
os.environ.setdefault("NEARSHORE_THREADS", "1")

# Numbers that are held are those of the reference; compiled code is held to it.
os.environ.setdefault("NEARSHORE_KERNEL", "numpy")

# No deadline: a slow machine is not a wrong result.
settings.register_profile("local", deadline=None)
# Fewer examples where the same tests are run hundreds of times, as `make mutation` does.
_EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", settings.default.max_examples))
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=_EXAMPLES)
settings.load_profile("ci" if os.environ.get("CI") else "local")


# Most of the time of small models is their set-up.
abm.model.kept_economy = set_up_once


def pytest_configure(config):
    """Let files be begun in the order of their tests; pytest-xdist has those of few tests last."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    items[:] = longest_first(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Let tests of the set-up itself, marked ``anew``, have a new one for every model."""
    set_up_once.anew = item.get_closest_marker("anew") is not None


@pytest.fixture
def start_method_kept():
    """Put back how processes start, which ``mesa.batch_run`` changes for the whole program."""
    before = multiprocessing.get_start_method(allow_none=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.fixture
def no_figures(monkeypatch):
    """Runs draw no figures, which takes longer than small worlds do and has tests of its own."""
    monkeypatch.setattr(runner, "find_figures", lambda: lambda *given, **more: [])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The pages, built as `make docs` does it."""

    def build(folder):
        done = subprocess.run(
            [sys.executable, "docs/build.py", str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return once_in_a_run(tmp_path_factory, "site", build)
