"""A sweep stops in order at every stage, and refuses beforehand what would fail."""

import os
import signal
from math import inf, nan

import numpy as np
import pytest
import sweep_runs
from stores import carry_out, read_bytes
from sweep_runs import write_sweep

import experiments.sweeps.work.sweep as sweeps
from abm.errors import ScenarioError, StoreError
from experiments.commands.main import main
from experiments.sweeps.design.plan import make_plan
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.store import merge as merging
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.model_rules import check_plan
from experiments.sweeps.work.supervisor import StopRules
from experiments.sweeps.work.sweep import Options, run_sweep
from experiments.sweeps.workers.one_run import check_outcomes, simulate

FEW = """
scenario = "status-quo"
firms = 50
quarters = 1
replications = 2
"""


def asking_to_stop(whole, number, before):
    """A function that asks its own process to stop, before or after it does what it does."""

    def stops(*given, **more):
        if before:
            os.kill(os.getpid(), number)
        answer = whole(*given, **more)
        os.kill(os.getpid(), number)
        return answer

    return stops


STAGES = {
    "the plan is made": (sweeps, "make_plan"),
    "the folder is made": (sweeps.SweepStore, "create"),
    "the log is read": (sweeps.SweepStore, "history"),
    "damage is looked for": (sweeps, "set_damaged_aside"),
    "results are taken from others": (sweeps, "take_from_others"),
    "the bar is drawn": (sweeps, "SweepProgress"),
    "results are merged": (sweeps, "merge"),
    "merged results are written": (merging, "write_whole"),
    "parts are tidied": (merging, "tidy"),
}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
@pytest.mark.parametrize("stage", STAGES)
def test_a_request_to_stop_is_heard_at_every_stage(
    finished, tmp_path, monkeypatch, stage, number, code
):
    file, other = finished
    out = tmp_path / "new"
    place, name = STAGES[stage]
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with monkeypatch.context() as stopping:
        whole = getattr(place, name)
        stopping.setattr(place, name, asking_to_stop(whole, number, before=number == 2))
        # No run is carried out, so that no worker need be started.
        result = carry_out(file, out, reuse=(other,))
    assert result.code == code
    assert "stopped by" in result.notes[-1]
    begun = (out / "manifest.json").exists()
    assert ("go on with --resume" in result.notes[-1]) == begun
    assert ("start it again without --resume" in result.notes[-1]) == (not begun)
    assert before == {number: signal.getsignal(number) for number in before}
    assert carry_out(file, out, reuse=(other,), resume=begun).code == 0
    assert read_bytes(out) == read_bytes(other)


def test_results_that_wait_are_written_when_a_stop_comes_between_stages(
    finished, tmp_path, monkeypatch
):
    file, other = finished

    def take_and_stop(store, history, recorder, *given):
        from experiments.sweeps.work.reuse import _reports_of

        for report in _reports_of(other, {spec.run for spec in store.specs()}):
            recorder.take(report)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(sweeps, "take_from_others", take_and_stop)
    result = carry_out(file, tmp_path / "new")
    assert (result.code, result.done, result.left) == (75, 20, 0)


def test_the_command_ends_with_75_before_there_is_anything(tmp_path, monkeypatch, capsys):
    from experiments.sweeps.design import sweep_file

    stopping = asking_to_stop(sweep_file.read_sweep, signal.SIGTERM, before=True)
    monkeypatch.setattr(sweep_file, "read_sweep", stopping)
    assert main(["sweep", str(write_sweep(tmp_path)), "--out", str(tmp_path / "out")]) == 75
    assert capsys.readouterr().err == "Stopped: stopped by SIGTERM; the same command goes on.\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_too_few_firms_for_the_model_are_refused_at_once(tmp_path, capsys, words):
    (tmp_path / "few.toml").write_text(FEW)
    out = tmp_path / "out"
    assert main(["sweep", str(tmp_path / "few.toml"), "--out", str(out), *words]) == 2
    assert "firms: 50; at least 100 are needed" in capsys.readouterr().err
    assert not out.exists()


def test_a_point_that_the_model_refuses_is_named_before_anything_runs(tmp_path):
    text = FEW.replace("50", "100") + '[factors]\n"firms.home_decay" = [0.1, 0.9]\n'
    (tmp_path / "far.toml").write_text(text)
    with pytest.raises(ScenarioError, match=r"home_decay: 0\.9 leaves nothing.*at the point"):
        run_sweep(tmp_path / "far.toml", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_outcome_that_no_run_has_is_refused_before_anything_runs(tmp_path):
    text = FEW.replace("50", "100") + 'outcomes = ["{}"]\n'
    (tmp_path / "named.toml").write_text(text.format("mean_content.cars.al"))
    with pytest.raises(ScenarioError, match=r"did you mean 'mean_content\.cars\.all'"):
        run_sweep(tmp_path / "named.toml", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("end", ["", ".change"])
def test_outcomes_that_a_run_has_are_the_ones_that_may_be_named(tmp_path, end):
    plan = make_plan(*read_sweep("content-threshold"))
    named = [f"{name}{end}" for name in plan.sweep.outcomes]
    text = FEW.replace("50", "100") + f"outcomes = {named}\n"
    (tmp_path / "named.toml").write_text(text)
    check_plan(make_plan(*read_sweep(tmp_path / "named.toml")), simulate)


def test_a_larger_sweep_that_the_model_refuses_is_refused_before_it_is_written(tmp_path):
    text = FEW.replace("50", "100") + '[factors]\n"firms.home_decay" = [0.1]\n'
    (tmp_path / "far.toml").write_text(text)
    out = tmp_path / "out"
    plan = make_plan(*read_sweep(tmp_path / "far.toml"))
    SweepStore.create(out, plan, sweeps.maker_of_workers(portable=False))
    before = (out / "manifest.json").read_bytes()
    with pytest.raises(ScenarioError, match="leaves nothing"):
        run_sweep(tmp_path / "far.toml", out, Options(extend=("firms.home_decay=[0.1, 0.9]",)))
    assert (out / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    "outcomes",
    [
        {"profit": nan},
        {"profit": inf},
        {"profit": -inf},
        {"profit": np.float64("nan")},
        {"profit": 10**400},
        {"profit": "many"},
        {"run": 1.0},
        {"seed": 1.0},
        {"firms.build_cost": 1.0},
        {3: 1.0},
    ],
)
def test_outcomes_that_are_no_finite_numbers_with_a_name_of_their_own_are_refused(outcomes):
    with pytest.raises((TypeError, ValueError, OverflowError)):
        check_outcomes(outcomes, {"firms.build_cost"})
    check_outcomes({"profit": 1, "share": None, "loss": np.float64(-1.5)}, {"firms.build_cost"})


def test_a_run_that_gives_an_infinity_has_failed(tmp_path):
    rules = StopRules(fail_fast=True)
    result = carry_out(write_sweep(tmp_path), tmp_path / "out", sweep_runs.infinite, rules=rules)
    (line,) = SweepStore.open(result.folder).history().failed.values()
    assert (result.code, line.kind) == (3, "error")
    assert line.message == "ValueError: profit = inf: must be a finite number or None"


def test_a_shard_whose_part_was_damaged_is_told_to_start_again(tmp_path, finished):
    file, other = finished
    out = tmp_path / "new"
    assert carry_out(file, out, shard=(1, 2), reuse=(other,)).code == 0
    (part,) = (out / "parts").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:-1])
    last = carry_out(file, out, shard=(2, 2), reuse=(other,))
    assert last.code == 75
    assert any("set aside, 10 runs are run again" in note for note in last.notes)
    assert last.notes[-1] == "Start the shards again: they carry out what was lost."
    assert carry_out(file, out, shard=(1, 2), reuse=(other,)).code == 0
    assert read_bytes(out) == read_bytes(other)


def test_a_folder_of_an_earlier_format_is_refused_in_one_line(finished, capsys):
    file, out = finished
    path = out / "manifest.json"
    path.write_text(path.read_text().replace('"format": 2', '"format": 1'))
    assert main(["sweep", str(file), "--out", str(out), "--resume"]) == 4
    assert "is of format 1, this version reads 2; nothing was touched" in capsys.readouterr().err
    with pytest.raises(StoreError, match="is of format 1"):
        SweepStore.open(out)
