"""Which code values plants: what is asked for, what is installed, and what is compiled."""

import subprocess
import sys
from pathlib import Path

import pytest

from abm.engine import kernel_choice, kernels
from abm.engine.cache_folder import CACHE
from abm.errors import ModelError
from experiments.runs.on_disk.provenance import processor
from experiments.runs.processes import settings_of_workers

ROOT = Path(__file__).parents[3]

WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
from abm.engine.kernel_choice import kernel_name
from abm.engine.kernels import compile_ahead
from abm.model import RelocationModel
model = RelocationModel("usmca", firms=150, rng=1)
model.run_for(2)
print(kernel_name(), model.quarter, compile_ahead())
"""


@pytest.fixture
def nothing_asked(monkeypatch, tmp_path):
    monkeypatch.delenv(kernel_choice.KERNEL, raising=False)
    monkeypatch.setenv(CACHE, str(tmp_path))


@pytest.fixture
def installed(monkeypatch):
    """Numba, as far as anybody looks for it."""
    monkeypatch.setattr(kernel_choice, "_version", lambda: "0.68.1")


def python(code: str, **environment: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout


def test_without_numba_a_model_runs_by_the_reference(tmp_path):
    said = python(WITHOUT_NUMBA, **{CACHE: str(tmp_path)})
    assert said.startswith("numpy 2 Without numba")


def test_a_command_that_runs_nothing_does_not_load_numba():
    loaded = python("import sys, nearshore.__main__, abm.model; print('numba' in sys.modules)")
    assert loaded.strip() == "False"


@pytest.mark.usefixtures("nothing_asked", "installed")
def test_compiled_code_is_used_once_it_is_compiled():
    assert kernel_choice.kernel_name() == kernel_choice.NUMPY
    assert kernels.kernel() is kernels.REFERENCE
    kept = kernel_choice.kept_in()
    kept.mkdir(parents=True)
    (kept / kernel_choice.READY).touch()
    assert kernel_choice.kernel_name() == kernel_choice.NUMBA


@pytest.mark.usefixtures("nothing_asked", "installed")
def test_what_is_asked_for_goes_before_what_is_there(monkeypatch):
    monkeypatch.setenv(kernel_choice.KERNEL, kernel_choice.NUMBA)
    assert kernel_choice.kernel_name() == kernel_choice.NUMBA
    monkeypatch.setenv(kernel_choice.KERNEL, kernel_choice.NUMPY)
    assert kernel_choice.kernel_name() == kernel_choice.NUMPY


@pytest.mark.usefixtures("nothing_asked")
def test_what_cannot_be_had_is_told_in_one_line(monkeypatch):
    monkeypatch.setenv(kernel_choice.KERNEL, "fortran")
    with pytest.raises(ModelError, match="'fortran'; it must be 'numpy' or 'numba'"):
        kernel_choice.kernel_name()
    monkeypatch.setenv(kernel_choice.KERNEL, kernel_choice.NUMBA)
    monkeypatch.setattr(kernel_choice, "_version", lambda: "")
    with pytest.raises(ModelError, match="numba is not installed"):
        kernel_choice.kernel_name()
    monkeypatch.setattr(kernel_choice, "_version", lambda: "0.68.1")
    monkeypatch.setenv(CACHE, "")
    with pytest.raises(ModelError, match="NEARSHORE_CACHE leaves no place"):
        kernel_choice.kernel_name()


@pytest.mark.usefixtures("nothing_asked", "installed")
def test_every_manifest_says_which_code_it_was(monkeypatch):
    assert processor()["plants_valued_by"] == kernel_choice.NUMPY
    monkeypatch.setenv(kernel_choice.KERNEL, kernel_choice.NUMBA)
    assert processor()["plants_valued_by"] == kernel_choice.NUMBA


def test_portable_workers_use_no_code_that_is_compiled_for_one_processor():
    assert settings_of_workers(portable=True)[kernel_choice.KERNEL] == kernel_choice.NUMPY
    assert kernel_choice.KERNEL not in settings_of_workers()
