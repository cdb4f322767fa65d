"""The fit of the speed of adjustment: its split, its designs, and what it finds in known data."""

import json
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from abm import data
from abm.axes import FOOTLOOSE
from abm.errors import OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from experiments.estimation.target_file import Target
from experiments.fit import adjustment as fit_of_adjustment
from experiments.fit import adjustment_runs
from experiments.fit.published import (
    FIT_ROWS,
    check_split,
    fit,
    frozen_split,
    range_of,
    read_targets,
    split_of_rows,
    targets_as_written,
)
from experiments.fit.published_runs import (
    EXPORTERS,
    QUIET,
    Observer,
    PointTask,
    cells_of,
    lasting,
    run_task,
)

RANGES = {
    "economy.theta_scale": {"loguniform": [0.2, 1.0]},
    "economy.relation": {"uniform": [0.0, 2.0]},
}


def test_rows_and_targets_are_those_written_down_before_the_fit():
    assert split_of_rows() == frozen_split()
    check_split()


def test_every_published_row_has_one_use_and_no_test_row_is_fitted():
    rows = frozen_split()["rows"]
    assert list(rows) == list(data.read("published_results_2")["id"])
    assert {name for name, row in rows.items() if row["use"] == "fit"} == set(FIT_ROWS)
    status = data.read("published_results_2").set_index("id")["status"]
    for name, row in rows.items():
        if row["use"] != "test":
            assert "may be used to fit" in status[name]
    sources = {target.source.split(":")[0] for target in targets_as_written()}
    assert sources == set(FIT_ROWS)


def test_a_changed_target_stops_the_fit_before_it_begins(monkeypatch):
    shifted = [Target(**t.model_dump() | {"value": t.value + 0.1}) for t in targets_as_written()]
    monkeypatch.setattr(fit_of_adjustment, "targets_as_written", lambda: shifted)
    with pytest.raises(OutputError, match="its targets differs from what was written down"):
        check_split()


def test_a_changed_row_is_named(monkeypatch):
    changed = data.read("published_results_2")
    changed.loc[changed["id"] == "NICITA-1", "expected"] = "anything"
    monkeypatch.setattr(fit_of_adjustment.data, "read", lambda name: changed)
    with pytest.raises(OutputError, match="NICITA-1 differs"):
        check_split()


def test_the_checksum_is_that_which_a_fit_reports():
    assert read_targets(RANGES).split["sha256"] == frozen_split()["targets_sha256"]


def test_every_partner_and_sector_has_the_lasting_duty_once():
    cells = [cell for turn in range(len(EXPORTERS)) for cell in cells_of(turn)]
    assert sorted(cells) == sorted((p, s) for p in EXPORTERS for s in FOOTLOOSE)
    for turn in range(len(EXPORTERS)):
        assert len({sector for _, sector in cells_of(turn)}) == len(FOOTLOOSE)


def test_the_lasting_duty_is_never_waived_and_stands_from_the_first_quarter():
    scenario = lasting([("MEX", "metals")]).load()
    assert scenario.tariffs.special == {"USA": {"MEX": {"metals": 0.1}}}
    assert not scenario.tariffs.special_waived_for_originating
    assert scenario.timeline == Scenario.load("status-quo").timeline


def test_a_parameter_is_a_key_with_two_ends():
    assert range_of("economy.relation=0:2") == ("economy.relation", {"uniform": [0.0, 2.0]})
    assert range_of("a.b=0.1:1") == ("a.b", {"loguniform": [0.1, 1.0]})
    for wrong in ("economy.relation", "economy.relation=1", "economy.relation=a:b", "=1:2:3"):
        with pytest.raises(ScenarioError, match="a parameter is written KEY=LOW:HIGH"):
            range_of(wrong)


def made_up(names, power):
    """Figures that depend on two parameters in a known way, with luck of their own a population."""
    luck = np.random.default_rng(7).normal(0, 0.01, (3, len(names)))
    slope = np.random.default_rng(8).normal(0, 1, (2, len(names)))

    def moments(points):
        places = np.array([[p["economy.theta_scale"], p["economy.relation"]] for p in points])
        return (places**power @ slope)[:, None, :] + luck

    return moments


def test_the_fit_finds_parameters_that_made_the_targets(tmp_path):
    names = [target.outcome for target in targets_as_written()]
    moments = made_up(names, power=1.5)
    truth = {"economy.theta_scale": 0.6, "economy.relation": 0.9}
    figures = moments([truth])[0].mean(axis=0)
    targets = [
        {"outcome": name, "value": float(value), "error": 0.05, "use": "fit"}
        for name, value in zip(names, figures, strict=True)
    ]
    file = read_targets(RANGES, targets=targets, replications=3)
    lines = fit(file, tmp_path / "fit", moments)
    found = json.loads((tmp_path / "fit" / "fit.json").read_text())["parameters"]
    for key, value in truth.items():
        assert found[key]["value"] == pytest.approx(value, rel=0.02)
        assert found[key]["verdict"] == "identified"
        assert found[key]["interval"][0] < value < found[key]["interval"][1]
    assert any(line.startswith("economy.relation = ") for line in lines)
    assert Scenario.load(tmp_path / "fit" / "fitted.toml").economy.theta_scale == pytest.approx(
        0.6, rel=0.02
    )


def test_a_parameter_that_moves_nothing_is_said_to_be_unidentified(tmp_path):
    names = [target.outcome for target in targets_as_written()]
    slope = np.random.default_rng(8).normal(0, 1, len(names))

    def moments(points):
        places = np.array([p["economy.theta_scale"] for p in points])
        return np.repeat((places[:, None] * slope)[:, None, :], 3, axis=1)

    targets = [
        {"outcome": name, "value": float(value), "error": 0.05, "use": "fit"}
        for name, value in zip(names, 0.6 * slope, strict=True)
    ]
    fit(read_targets(RANGES, targets=targets, replications=3), tmp_path / "fit", moments)
    found = json.loads((tmp_path / "fit" / "fit.json").read_text())["parameters"]
    assert found["economy.theta_scale"]["verdict"] == "identified"
    assert found["economy.relation"]["verdict"] == "not identified"


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(OutputError, match="name a new or empty folder"):
        fit(read_targets(RANGES), tmp_path, lambda points: np.zeros((len(points), 4, 14)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]


@dataclass
class InThisProcess:
    """What maps tasks as a pool does."""

    asked: list

    def map(self, function, tasks):
        self.asked += tasks
        return [{"a": float(task.seed)} for task in tasks]


def test_an_observer_asks_for_the_same_populations_at_every_point():
    pool = InThisProcess([])
    observer = Observer(("a", "b"), 300, 2, ("economy.relation=0.5",), pool)
    found = observer([{"economy.theta_scale": 0.5}, {"economy.theta_scale": 0.7}])
    assert found.shape == (2, 2, 2)
    assert found[:, :, 0].tolist() == [[1, 2], [1, 2]]
    assert np.isnan(found[:, :, 1]).all()
    first, second = ("economy.relation=0.5", "economy.theta_scale=0.5"), pool.asked[2]
    assert pool.asked[0] == PointTask(first, 300, 1)
    assert second.assumptions[-1] == "economy.theta_scale=0.7"


def test_a_population_that_breaks_down_gives_no_figures(monkeypatch):
    def breaks_down(*arguments):
        raise adjustment_runs.ModelError("cost step: no plant left")

    monkeypatch.setattr(adjustment_runs, "moments_of", breaks_down)
    assert run_task(PointTask((), 300, 1)) == {}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "--out: name a folder for the fit, or --look"),
        (["--look", "--set", "economy.wins=1"], "economy.wins: no such key"),
        (["--out", "new", "--parameter", "economy.relation=1"], "written KEY=LOW:HIGH"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, arguments, problem):
    command = [sys.executable, "-m", "experiments.fit.published", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_sectors_hardly_meet_so_a_cell_answers_in_company_as_it_does_alone():
    from abm.model import RelocationModel
    from experiments.fit.trade_moments import elasticities

    model = RelocationModel(QUIET.load(), firms=300, rng=1)

    def answer(cells):
        quiet, hit = (
            adjustment_runs.trade_of(model, design, ())
            for design in (lasting((), quarters=4), lasting(cells, quarters=4))
        )
        return elasticities(hit, quiet, cells)

    together = answer(cells_of(0))
    for cell in (("MEX", "electronics"), ("CHN", "metals")):
        assert cell in cells_of(0)
        alone = answer([cell])[cell]
        np.testing.assert_allclose(together[cell], alone, rtol=0.03)
