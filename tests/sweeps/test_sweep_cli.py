"""The commands about sweeps: what they print, how they end, and one real sweep through them."""

import json
import shlex

import numpy as np
import pytest
import sweep_runs
from sweep_runs import write_sweep

import experiments.sweeps.work.sweep as sweeps
from abm.model import RelocationModel
from experiments import results
from experiments.commands.main import main
from experiments.runs.processes import environment_of_workers
from experiments.sweeps.design.plan import make_plan, resolved_scenario
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.workers.one_run import simulate

SMALL = """
scenario = "status-quo"
firms = 150
quarters = 1
replications = 1
[factors]
"rules_of_origin.regional_value_content.cars" = [0.6, 0.9]
"""


@pytest.fixture
def cheap(monkeypatch):
    """Let runs cost nothing."""

    def run_sweep(source, out, options):
        return real(source, out, options, run_one=sweep_runs.raises_unless_mended)

    real = sweeps.run_sweep
    monkeypatch.setattr(sweeps, "run_sweep", run_sweep)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A finished sweep of the relocation model, made by the command."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "s.toml").write_text(SMALL)
    out = folder / "out"
    assert main(["sweep", str(folder / "s.toml"), "--out", str(out), "--quiet"]) == 0
    return out


def test_a_real_sweep_leaves_a_row_a_run_with_every_outcome(real):
    frame = results(real)
    assert len(frame) == 2
    assert frame["seed"].nunique() == 1
    assert {"mean_content.cars.MEX", "us_goods_balance.MEX.change"} < set(frame)
    assert frame["mean_content.cars.MEX"].nunique() == 2


@pytest.mark.thorough
def test_the_command_that_explains_a_run_gives_the_same_numbers(real, tmp_path, capsys):
    row = results(real).iloc[1]
    assert main(["explain", str(real), row["run"]]) == 0
    words = shlex.split(capsys.readouterr().out.splitlines()[0])
    assert words.pop(0) == "nearshore"
    out = tmp_path / "run"
    words[words.index("--out") + 1] = str(out)
    assert main([*words, "--quiet"]) == 0
    summary = json.loads((out / "summary.json").read_text())
    for name in ("mean_content.cars.MEX", "us_goods_balance.MEX", "consumer_prices.USA"):
        entry = summary
        for part in name.split("."):
            entry = entry[part]
        assert (entry["end"], entry["change"]) == (row[name], row[f"{name}.change"])


def test_a_shared_base_year_changes_no_bit(tmp_path):
    (tmp_path / "s.toml").write_text(SMALL)
    plan = make_plan(*read_sweep(tmp_path / "s.toml"))
    text = next(iter(plan.scenarios.values()))
    specs = list(plan.specs())
    shared = [simulate(spec, text) for spec in (*specs, specs[0])]
    assert shared[0] == shared[2]  # a run leaves nothing behind for the next
    alone = RelocationModel(
        resolved_scenario(text, specs[1]), firms=specs[1].firms, rng=specs[1].seed
    )
    alone.run_for(specs[1].quarters)
    cars = alone.frames()["content"].query("quarter == 1 and sector == 'cars' and host == 'MEX'")
    np.testing.assert_array_equal(
        shared[1]["mean_content.cars.MEX"], cars["regional_value_content"].item()
    )


def test_a_dry_run_says_what_it_would_take_and_writes_nothing(tmp_path, monkeypatch, capsys):
    from experiments.sweeps.work import dry_run

    monkeypatch.setattr(dry_run.dry_run_text, "__kwdefaults__", {"run_one": sweep_runs.trivial})
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", str(write_sweep(tmp_path)), "--dry-run", "--workers", "2"]) == 0
    said = capsys.readouterr().out
    assert "1 scenarios x 4 points x 5 replications = 20 runs of 10 firms" in said
    for word in ("with 2 workers", "MB of memory", "MB of results"):
        assert word in said
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]


def test_failed_runs_leave_3_and_a_retry_mends_them(tmp_path, cheap, marks, capsys):
    file, out = str(write_sweep(tmp_path)), str(tmp_path / "out")
    assert main(["sweep", file, "--out", out, "--quiet"]) == 3
    assert "15 of 20 runs done, 5 failed, 0 left" in capsys.readouterr().out
    (marks / "mended").touch()
    assert main(["sweep", file, "--out", out, "--quiet", "--retry", "timeout"]) == 3
    assert main(["sweep", file, "--out", out, "--quiet", "--retry-failed"]) == 0
    assert main(["sweep", file, "--out", out, "--quiet"]) == 2
    assert main(["status", out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["done"] == 20


def test_a_damaged_folder_leaves_4(tmp_path, cheap, marks, capsys):
    file, out = str(write_sweep(tmp_path)), tmp_path / "out"
    main(["sweep", file, "--out", str(out), "--quiet"])
    (part,) = (out / "parts").iterdir()
    part.unlink()
    assert main(["results", str(out)]) == 4
    assert "cannot be read" in capsys.readouterr().err
    assert main(["results", str(tmp_path)]) == 4
    assert "holds no sweep" in capsys.readouterr().err


def test_results_prints_means_answers_and_exports(tmp_path, cheap, marks, capsys):
    (marks / "mended").touch()
    out = str(tmp_path / "out")
    main(["sweep", str(write_sweep(tmp_path)), "--out", out, "--quiet"])
    capsys.readouterr()
    assert main(["results", out]) == 0
    assert "profit" in capsys.readouterr().out
    assert main(["results", out, "--sql", "SELECT count(*) AS n FROM results"]) == 0
    assert capsys.readouterr().out.split() == ["n", "20"]
    assert main(["results", out, "--verify"]) == 0
    assert main(["results", out, "--export", str(tmp_path / "r.csv")]) == 0
    assert main(["report", out]) == 0
    assert (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--shard", "3/2"], "--shard 3/2: is written K/N"),
        (["--shard", "x"], "--shard x: is written K/N"),
        (["--run-timeout", "soon"], "--run-timeout soon: is a number and one of s, m, h"),
        (["--run-memory", "4X"], "--run-memory 4X: is a number and one of k, m, g, t"),
        (["--run-memory", "1M"], "is too little to start a run"),
        (["--max-failures", "many"], "--max-failures many: is a number of runs, or 5%"),
        (["--retry", "oops"], "--retry oops: kinds are error, timeout, memory, killed"),
        (["--dask", "http://x"], "is written tcp://HOST:PORT"),
        (["--dask", "tcp://10.0.0.1:8786"], "use tls://, or say --insecure"),
        (["--extend", "replications=9"], "holds no sweep to extend"),
        (["--resume"], "nothing was begun: start it again without --resume"),
        (["--workers", "0"], "Invalid value for '--workers'"),
    ],
)
def test_a_wrong_option_is_one_line_and_writes_nothing(tmp_path, capsys, words, line):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    code = main(["sweep", str(file), "--out", str(out), *words])
    said = capsys.readouterr()
    assert code == (4 if words == ["--resume"] else 2)
    assert line in said.err
    assert said.err.count("\n") == 1
    assert not out.exists()


def test_a_slurm_script_is_an_array_of_shards(tmp_path, capsys):
    file = write_sweep(tmp_path)
    out = tmp_path / "with space; rm -rf $HOME"
    assert main(["slurm", str(file), "--array", "8", "--out", str(out), "--mem", "4G"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "#SBATCH --array=1-8" in lines
    assert "#SBATCH --signal=B:TERM@60" in lines
    words = shlex.split(lines[-1])
    assert words[words.index("--out") + 1] == str(out)
    assert words[words.index("--shard") + 1] == "$SLURM_ARRAY_TASK_ID/8"


def test_a_slurm_option_can_carry_no_second_line(tmp_path, capsys):
    words = ["slurm", str(write_sweep(tmp_path)), "--array", "2"]
    assert main([*words, "--partition", "a\n#SBATCH --wrap=x"]) == 2
    assert "has letters that SLURM does not take" in capsys.readouterr().err


def test_portable_workers_use_no_instructions_beyond_the_baseline(monkeypatch):
    import os

    monkeypatch.delenv("NPY_DISABLE_CPU_FEATURES", raising=False)
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    with environment_of_workers(portable=True):
        assert os.environ["NPY_DISABLE_CPU_FEATURES"].split() == found
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert "NPY_DISABLE_CPU_FEATURES" not in os.environ
