"""Commands where Python has no module ``resource``, as on Windows."""

import subprocess
import sys

import pytest
import sweep_runs
from sweep_runs import write_sweep

from experiments.commands.main import main
from experiments.speed.machine import peak_memory
from experiments.sweeps.work import dry_run

HIDDEN = "import sys; sys.modules['resource'] = None; "


@pytest.fixture
def no_resource(monkeypatch):
    """Importing ``resource`` fails, as where there is none."""
    monkeypatch.setitem(sys.modules, "resource", None)


def test_a_dry_run_says_that_memory_is_not_counted(tmp_path, monkeypatch, capsys, no_resource):
    monkeypatch.setattr(dry_run.dry_run_text, "__kwdefaults__", {"run_one": sweep_runs.trivial})
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", str(write_sweep(tmp_path)), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "memory of a worker: this system does not count it" in said
    assert "MB of results" in said


def test_a_limit_on_memory_is_refused_in_one_line(tmp_path, capsys, no_resource):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    assert main(["sweep", str(file), "--out", str(out), "--run-memory", "4G"]) == 2
    said = capsys.readouterr()
    assert "--run-memory 4G: this system has no limit for it; leave the option out" in said.err
    assert said.err.count("\n") == 1
    assert not out.exists()


def test_the_peak_of_memory_is_none(tmp_path, no_resource):
    assert peak_memory(tmp_path / "no-such-file") is None


@pytest.mark.thorough
def test_every_module_of_the_commands_loads_and_a_scenario_runs(tmp_path, program_environment):
    """In a program of its own, so that nothing was imported before."""
    program = (
        f"{HIDDEN}import experiments.commands.sweeps, experiments.sweeps.work.dry_run, "
        "experiments.sweeps.workers.chunk; from experiments.commands.main import main; "
        "sys.exit(main(['run', 'status-quo', '--firms', '120', '--quarters', '1', '--quiet', "
        "'--out', 'run']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=program_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "manifest.json").exists()
