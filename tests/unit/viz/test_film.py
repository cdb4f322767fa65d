"""A film is of the run that its folder holds, or refused in one line."""

import json
import shutil

import pytest

from abm.errors import NearshoreError
from abm.scenario.scenario import Scenario
from experiments.runs.continuing import fork
from experiments.runs.on_disk.run_folders import MANIFEST, sealed
from experiments.runs.runner import run_scenario
from tests.support.text_boxes import faults
from viz.figures.film import film, film_figure
from viz.lab.played_again import played_again


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run of two quarters, and what it becomes after the first under another policy."""
    folder = tmp_path_factory.mktemp("runs")
    draw = {"draw": lambda *_: [], "quiet": True}
    run_scenario(
        Scenario.load("status-quo"), firms=100, quarters=2, seed=1, out=folder / "run", **draw
    )
    fork(folder / "run", Scenario.load("threat-35"), at=1, out=folder / "forked", quiet=True)
    return folder


def refusal(run, out):
    with pytest.raises(NearshoreError) as error:
        film(run, out / "x.gif")
    assert list(out.glob("*x.gif*")) == []
    return str(error.value)


@pytest.mark.thorough
def test_a_film_of_a_changed_manifest_is_refused(runs, tmp_path):
    run = shutil.copytree(runs / "run", tmp_path / "run")
    text = (run / MANIFEST).read_text()
    (run / MANIFEST).write_text(text.replace('"seed": 1', '"seed": 2'))
    assert text != (run / MANIFEST).read_text()
    assert "manifest.json is damaged" in refusal(run, tmp_path)


@pytest.mark.thorough
def test_a_film_of_a_forked_run_is_refused_since_it_had_another_past(runs, tmp_path):
    assert "was forked" in refusal(runs / "forked", tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"versions": {"nearshore": "0.0.1"}}, "made by nearshore 0.0.1"),
        ({"economy": {"sha256": "0" * 64}}, "its tables are not those"),
        ({"run": "..", "scenario": None}, "cannot be that"),
    ],
)
def test_a_film_of_what_this_version_would_not_repeat_is_refused(runs, tmp_path, changes, said):
    run = shutil.copytree(runs / "run", tmp_path / "run")
    manifest = json.loads((run / MANIFEST).read_text())
    (run / MANIFEST).write_text(json.dumps(sealed({**manifest, **changes})))
    assert said in refusal(run, tmp_path)


def test_a_film_reads_no_manifest_through_a_link(runs, tmp_path):
    run = shutil.copytree(runs / "run", tmp_path / "run")
    (run / MANIFEST).rename(tmp_path / "elsewhere.json")
    (run / MANIFEST).symlink_to(tmp_path / "elsewhere.json")
    assert "is no folder of a run" in refusal(run, tmp_path)


def test_no_text_of_a_picture_lies_outside_it_or_over_another(runs):
    shown = played_again(runs / "run")
    for quarter in range(shown.quarter + 1):
        assert faults(film_figure(shown.at(quarter))) == []
