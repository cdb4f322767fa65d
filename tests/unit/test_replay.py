"""A run that breaks down leaves a file beside its folder, and the file runs it again."""

import json

import pytest

from abm.errors import NonFiniteError
from abm.scenario import Scenario
from experiments import replay as replaying
from experiments.cli import main
from experiments.replay import failure_file, replay, write_failure
from experiments.runner import run_scenario
from tests.synthetic import FakeModel, FakeScenario

SCENARIO = Scenario.load("threat-35").model_copy(update={"quarters": 5})


def broken():
    return NonFiniteError(
        "solve_costs, quarter 2: unit cost of firm 7 is nan", "solve_costs", 2, {"x": float("nan")}
    )


class Breaking(FakeModel):
    def step(self):
        raise broken()


class BreaksAgain:
    """Stands in for the model: notes how it was made, and breaks down where it should."""

    made = None

    def __init__(self, scenario, firms, rng):
        type(self).made = (scenario, firms, rng)

    def run_for(self, quarters):
        assert quarters == 2
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


def test_the_file_makes_the_same_model_and_breaks_down_again(tmp_path, monkeypatch, capsys):
    path = tmp_path / "failure.json"
    write_failure(path, broken(), SCENARIO, firms=40, seed=3)
    monkeypatch.setattr("abm.model.RelocationModel", BreaksAgain)
    with pytest.raises(NonFiniteError):
        replay(path)
    scenario, firms, seed = BreaksAgain.made
    assert (firms, seed) == (40, 3)
    assert scenario.same_model_as(SCENARIO)
    assert main(["replay", str(path)]) == 2
    assert "firm 7" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"program": "other", "format": 1}'])
def test_a_file_that_is_no_failure_is_one_line(tmp_path, capsys, content):
    path = tmp_path / "mine.json"
    path.write_text(content, encoding="utf-8")
    assert main(["replay", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no failure file" in error


def test_a_failure_file_is_whole_or_not_there(tmp_path, monkeypatch):
    def refuse(path, content):
        path.write_text("{", encoding="utf-8")
        raise OSError("disk full")

    monkeypatch.setattr(replaying, "write_json", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_failure(tmp_path / "failure.json", broken(), SCENARIO, firms=1, seed=1)
    assert not list(tmp_path.iterdir())
