"""A run that breaks down leaves a file beside its folder, and the file runs it again."""

import json

import numpy as np
import pytest

import abm.model
import abm.trade_phases
from abm.errors import NonFiniteError
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.runs.on_disk import run_folders
from experiments.runs.on_disk.failure import failure_file, write_failure
from experiments.runs.runner import run_scenario
from tests.synthetic import FakeModel, FakeScenario

SCENARIO = Scenario.load("threat-35").model_copy(update={"quarters": 5})


def broken():
    return NonFiniteError(
        "solve_costs, quarter 2: unit cost of firm 7 is nan", "solve_costs", 2, {"x": float("nan")}
    )


class Breaking(FakeModel):
    def step(self):
        raise broken()


def test_the_file_stands_beside_the_folder_which_is_not_written(tmp_path):
    out = tmp_path / "run"
    with pytest.raises(NonFiniteError, match=r"nearshore replay .*run-failure\.json"):
        run_scenario(
            SCENARIO, firms=40, quarters=5, seed=3, out=out, quiet=True,
            model_factory=lambda scenario, firms, seed: Breaking(FakeScenario()),
        )  # fmt: skip
    assert not out.exists()
    found = json.loads(failure_file(out).read_text(encoding="utf-8"))
    assert (found["phase"], found["quarter"], found["firms"], found["seed"]) == (
        "solve_costs", 2, 40, 3,
    )  # fmt: skip
    assert found["inputs"] == {"x": "nan"}
    assert [path.name for path in tmp_path.iterdir()] == ["run-failure.json"]


@pytest.fixture
def spoilt(monkeypatch):
    """A model whose firm 7 loses its taste for a source at the end of quarter 1."""
    follow = abm.model.follow_links

    def follow_and_spoil(table, *given):
        follow(table, *given)
        table.sourcing_draw[7, 2, 1] = table.affinity[7, 2, 1] = np.nan

    monkeypatch.setattr(abm.model, "follow_links", follow_and_spoil)


def test_a_real_run_that_breaks_down_is_seen_again_by_its_file(tmp_path, spoilt, capsys):
    out = tmp_path / "run"
    with np.errstate(all="ignore"):
        arguments = ["threat-35", "--firms", "100", "--quarters", "5", "--out", str(out)]
        assert main(["run", *arguments, "--quiet"]) == 2
        first = capsys.readouterr().err
        assert "solve_costs, quarter 2: unit cost of firm 7 (" in first
        assert "it went in with sourcing_draw, affinity not finite" in first
        assert not out.exists()
        assert main(["replay", str(failure_file(out))]) == 2
    again = capsys.readouterr().err
    assert again.count("\n") == 1
    assert first.startswith(again.strip())
    found = json.loads(failure_file(out).read_text(encoding="utf-8"))
    assert "nan" in found["inputs"]["affinity"]


SPOILT = {
    "claim_origin": ("claim_origin", lambda result, table: result.penalty.__setitem__(7, np.nan)),
    "value_plans": ("earnings", lambda result, table: result.__setitem__(0, np.inf)),
    "relocate": ("relocate", lambda result, table: table.sunk.__setitem__(7, np.nan)),
    "trade_and_account": ("settle", lambda result, table: result.sales.__setitem__(2, np.nan)),
}
"""By phase: what the model calls in it, and how its result or the table of firms is spoilt."""


@pytest.mark.parametrize("phase", SPOILT)
def test_whatever_phase_breaks_down_is_seen_again(tmp_path, monkeypatch, capsys, phase):
    called, spoil = SPOILT[phase]
    home = abm.trade_phases if hasattr(abm.trade_phases, called) else abm.model
    whole, quarters = getattr(home, called), []

    def spoilt(*given):
        result = whole(*given)
        if quarters and quarters[-1] == 2:
            spoil(result, given[0])
        return result

    act = abm.model.RelocationModel._governments_act

    def note_quarter(model):
        quarters.append(model.quarter)
        act(model)

    monkeypatch.setattr(abm.model.RelocationModel, "_governments_act", note_quarter)
    monkeypatch.setattr(home, called, spoilt)
    out = tmp_path / "run"
    arguments = ["run", "status-quo", "--firms", "100", "--quarters", "3", "--out", str(out)]
    with np.errstate(all="ignore"):
        assert main([*arguments, "--quiet"]) == 2
        first = capsys.readouterr().err
        quarters.clear()
        assert main(["replay", str(failure_file(out))]) == 2
    again = capsys.readouterr().err
    assert f"{phase}, quarter 2: " in first
    assert first.startswith(again.strip())
    assert first.count("\n") == again.count("\n") == 1
    found = json.loads(failure_file(out).read_text(encoding="utf-8"))
    assert (found["phase"], found["quarter"]) == (phase, 2)
    assert ("firm" in found["inputs"]) == (phase != "trade_and_account")
    assert [path.name for path in tmp_path.iterdir()] == ["run-failure.json"]


def test_a_failure_that_was_mended_is_said_to_be(tmp_path, capsys):
    path = tmp_path / "failure.json"
    write_failure(path, broken(), SCENARIO, firms=100, seed=3)
    assert main(["replay", str(path)]) == 0
    assert "quarter 2 reached" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"program": "other", "format": 1}'])
def test_a_file_that_is_no_failure_is_one_line(tmp_path, capsys, content):
    path = tmp_path / "mine.json"
    path.write_text(content, encoding="utf-8")
    assert main(["replay", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no failure file" in error


def test_a_failure_file_is_whole_or_not_there(tmp_path, monkeypatch):
    def refuse(*paths):
        raise OSError("disk full")

    monkeypatch.setattr(run_folders.os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_failure(tmp_path / "failure.json", broken(), SCENARIO, firms=1, seed=1)
    assert not list(tmp_path.iterdir())


def test_a_failure_file_that_somebody_changed_is_kept(tmp_path):
    first = failure_file(tmp_path / "run")
    write_failure(first, broken(), SCENARIO, firms=1, seed=1)
    assert failure_file(tmp_path / "run") == first  # as it was left, so it may be replaced
    first.write_text("mine")
    second = failure_file(tmp_path / "run")
    write_failure(second, broken(), SCENARIO, firms=1, seed=1)
    assert (first.name, second.name) == ("run-failure.json", "run-failure-2.json")
    assert first.read_text() == "mine"
