"""The estimation on published rows: its split, its designs, and that it is calibrate's own."""

import json
import subprocess
import sys

import numpy as np
import pytest

from abm import data
from abm.axes import FOOTLOOSE
from abm.errors import OutputError, ScenarioError
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from experiments.estimation.command import estimate
from experiments.estimation.simulated import Simulated
from experiments.estimation.target_file import Target, read_target_file
from experiments.fit import published_rows
from experiments.fit.calibrate import calibrate
from experiments.fit.published_rows import (
    FIT_ROWS,
    FITTED_HERE,
    PUT_IN_ROWS,
    check_split,
    check_targets,
    frozen_split,
    split_of_rows,
    targets_as_written,
)
from experiments.fit.published_runs import (
    EXPORTERS,
    NO_NEWS,
    PUBLISHED_FIGURES,
    cells_of,
    figures_of,
    lasting,
    trade_of,
)
from experiments.fit.trade_moments import elasticities
from experiments.sweeps.work.sweep import Options

SHIPPED = FITTED_HERE / "estimation.toml"


def test_rows_and_targets_are_those_written_down_before_the_fit():
    assert split_of_rows() == frozen_split()
    check_split()


def test_every_published_row_has_one_use_and_no_test_row_is_fitted():
    rows = frozen_split()["rows"]
    assert list(rows) == list(data.read("published_results_2")["id"])
    assert {name for name, row in rows.items() if row["use"] == "fit"} == set(FIT_ROWS)
    put_in = {name for name, row in rows.items() if row["use"].startswith("put in")}
    assert put_in == set(PUT_IN_ROWS)
    status = data.read("published_results_2").set_index("id")["status"]
    for name, row in rows.items():
        if row["use"] != "test":
            assert "may be used to fit" in status[name]
    sources = {target.source.split(":")[0] for target in targets_as_written()}
    assert sources == set(FIT_ROWS)


def test_a_changed_target_stops_the_fit_before_it_begins(monkeypatch):
    shifted = [Target(**t.model_dump() | {"value": t.value + 0.1}) for t in targets_as_written()]
    monkeypatch.setattr(published_rows, "targets_as_written", lambda: shifted)
    with pytest.raises(OutputError, match="its targets differs from what was written down"):
        check_split()


def test_a_changed_row_is_named(monkeypatch):
    changed = data.read("published_results_2")
    changed.loc[changed["id"] == "NICITA-1", "expected"] = "anything"
    monkeypatch.setattr(published_rows.data, "read", lambda name: changed)
    with pytest.raises(OutputError, match="NICITA-1 differs"):
        check_split()


def test_the_shipped_file_is_one_that_calibrate_takes_and_its_checksum_the_one_written_down():
    file, _ = read_target_file(SHIPPED)
    assert file.split["sha256"] == frozen_split()["targets_sha256"]
    assert file.runs == "published"
    check_targets(file)
    firms = Scenario.load(file.scenario).firms
    for key, factor in file.ranges.items():
        low, high = factor.parameters
        assert low < high
        if key.startswith("firms."):
            assert low <= getattr(firms, key.removeprefix("firms.")) <= high


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


@pytest.mark.thorough
def test_a_population_gives_every_figure_that_is_named():
    found = figures_of(RelocationModel(NO_NEWS.load(), firms=100, rng=1))
    assert tuple(found) == PUBLISHED_FIGURES
    assert np.isfinite(list(found.values())).all()
    assert 0 < found["entry/jobs"] < found["entry/plants"]  # entrants are small
    assert found["fdi/new"] < found["fdi/all"]
    assert found["tax"] < 0


def linear(spec, scenario):
    """Figures that depend on two parameters in a known way, with luck of their own a population."""
    values = dict(spec.values)
    place = np.array([values["economy.theta_scale"], values["economy.relation"]]) ** 1.5
    luck = np.random.default_rng(spec.seed).normal(0, 0.01, len(PUBLISHED_FIGURES))
    slope = np.random.default_rng(8).normal(0, 1, (2, len(PUBLISHED_FIGURES)))
    return dict(zip(PUBLISHED_FIGURES, (place @ slope + luck).tolist(), strict=True))


def file_of(folder, targets, **changes):
    """A file of targets as the shipped one is, with other parameters."""
    settings = {"runs": "published", "scenario": "status-quo", "firms": 100, "replications": 3}
    lines = ["format = 1", "starts = 1"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in (settings | changes).items()]
    lines += [
        "[parameters]",
        '"economy.theta_scale" = { loguniform = [0.2, 2.0] }',
        '"economy.relation" = { uniform = [0.0, 2.0] }',
    ]
    for name, value in targets.items():
        lines += [
            "[[targets]]",
            f'outcome = "{name}"',
            f"value = {value}",
            "error = 0.05",
            'use = "fit"',
        ]
    path = folder / "targets.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.thorough
def test_the_search_starts_where_the_scenario_stands_and_finds_what_made_the_targets(tmp_path):
    slope = np.random.default_rng(8).normal(0, 1, (2, len(PUBLISHED_FIGURES)))
    figures = dict(
        zip(PUBLISHED_FIGURES, (np.array([0.6, 0.9]) ** 1.5 @ slope).tolist(), strict=True)
    )
    file, _ = read_target_file(file_of(tmp_path, figures))
    simulated = Simulated(tmp_path / "s", file, tmp_path, Options(), linear)
    assert simulated.starts[0] == {"economy.theta_scale": 1.0, "economy.relation": 0.5}
    done = estimate(
        tmp_path / "targets.toml", tmp_path / "fit", Options(quiet=True), run_one=linear
    )
    assert done.code == 0
    found = json.loads((tmp_path / "fit" / "fit.json").read_text())["parameters"]
    for key, value in (("economy.theta_scale", 0.6), ("economy.relation", 0.9)):
        assert found[key]["value"] == pytest.approx(value, rel=0.03)
        assert found[key]["verdict"] == "identified"


def test_a_figure_that_the_runs_do_not_have_is_refused_before_anything_is_written(tmp_path):
    source = file_of(tmp_path, {"blp/year": -1.0, "entry/people": 2.0})
    with pytest.raises(ScenarioError, match='"entry/people": runs = "published" have no such'):
        calibrate(source, tmp_path / "fit", Options(quiet=True))
    assert not (tmp_path / "fit").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"), [(["--set", "economy.wins=1"], "economy.wins: no such key")]
)
def test_what_cannot_be_done_is_one_line(tmp_path, arguments, problem):
    command = [sys.executable, "-m", "experiments.fit.published_rows", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())


@pytest.mark.thorough
def test_sectors_hardly_meet_so_a_cell_answers_in_company_as_it_does_alone():
    model = RelocationModel(NO_NEWS.load(), firms=300, rng=1)

    def answer(cells):
        quiet, hit = (
            trade_of(model, design)
            for design in (lasting((), quarters=4), lasting(cells, quarters=4))
        )
        return elasticities(hit, quiet, cells)

    together = answer(cells_of(0))
    for cell in (("MEX", "electronics"), ("CHN", "metals")):
        assert cell in cells_of(0)
        alone = answer([cell])[cell]
        np.testing.assert_allclose(together[cell], alone, rtol=0.03)
