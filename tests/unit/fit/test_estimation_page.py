"""The page on what is fitted has the numbers of the estimation, and no others."""

import json
import subprocess
import sys

import pytest

from abm.errors import OutputError
from experiments.fit import estimation_page
from experiments.fit.estimation_page import (
    FIT_PAGE,
    FOUND,
    KEPT,
    default_of,
    figure_in_words,
    found_text,
    unlike_defaults,
    with_block,
)
from experiments.fit.published_rows import frozen_split, read_parameters, targets_as_written


def a_fit(**changes):
    """What a fit would leave: one parameter pinned down, one bounded from below alone."""
    known = {"interval": [0.11, 0.16], "curve": [[0.1, 9.0], [0.2, 7.0]]}
    return {
        "format": 1,
        "firms": 2000,
        "replications": 4,
        "parameters": {
            "economy.renewal": {
                **known,
                "value": 0.132,
                "profile": [0.1, 0.171],
                "verdict": "identified",
            },
            "economy.win": {
                **known,
                "value": 0.0456,
                "profile": [0.03, None],
                "verdict": "bounded from below only",
            },
        },
        "fitted": [
            {
                "outcome": "blp/year",
                "target": -1.25,
                "model": -1.314,
                "errors_away": -0.17,
                "run": -1.3,
            },
            {
                "outcome": "metals/CAN/after",
                "target": 16.0,
                "model": None,
                "errors_away": None,
                "run": None,
            },
        ],
        "tested": [],
        "distance": 31.4,
        "degrees_of_freedom": 10,
        "p_value": 0.0005,
        "correlation": {"economy.renewal, economy.win": -0.95},
        "targets_sha256": frozen_split()["targets_sha256"],
    } | changes


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fit.json").write_text(json.dumps(a_fit()), encoding="utf-8")
    return tmp_path


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Numbers and page as copies, so that a test writes over nothing."""
    found, page = tmp_path / "found.json", tmp_path / "page.md"
    page.write_text(FIT_PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(estimation_page, "FOUND", found)
    monkeypatch.setattr(estimation_page, "FIT_PAGE", page)
    return found, page


def test_every_figure_of_the_fit_has_words_of_its_own():
    said = [figure_in_words(target.outcome) for target in targets_as_written()]
    assert len(set(said)) == len(said)
    assert "electronics: share of China in US imports, 2022 on 2017, points" in said


def test_a_fit_is_taken_over_into_the_page_and_nothing_else_of_it_changes(folder, elsewhere):
    found, page = elsewhere
    before = page.read_text(encoding="utf-8")
    estimation_page.main(folder)
    after = page.read_text(encoding="utf-8")
    for line in (
        "| `economy.renewal` | 0.132 | 0.11 to 0.16 | 0.1 to 0.171 | identified |",
        "| `economy.win` | 0.0456 | 0.11 to 0.16 | above 0.03 | bounded from below only |",
        "| elasticity of imports to a lasting duty, a year on | -1.25 | -1.31 | -0.2 | -1.3 |",
        "from Canada, after the duty, on a year before, % | 16 | no value |  |  |",
    ):
        assert line in after
    assert "Of 4 populations of 2,000 firms." in after
    assert "Not pinned down from both sides: `economy.win`." in after
    assert "Hard to tell apart: `economy.renewal` and `economy.win` (correlation -0.95)." in after
    assert "(p = 0.0005); the model does not meet all targets" in after
    block = "generated: estimation_found"
    assert with_block(after, block, "") == with_block(before, block, "")
    assert "curve" not in found.read_text()


def test_a_fit_to_other_targets_is_refused_and_nothing_is_written(folder, elsewhere):
    found, page = elsewhere
    before = page.read_text(encoding="utf-8")
    (folder / "fit.json").write_text(json.dumps(a_fit(targets_sha256="0" * 64)))
    with pytest.raises(OutputError, match=r"fit\.json: is no fit to the targets written down"):
        estimation_page.main(folder)
    assert not found.exists()
    assert page.read_text(encoding="utf-8") == before


@pytest.mark.thorough
def test_a_folder_without_a_fit_is_one_line_and_exit_status_2(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "experiments.fit.estimation_page", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "fit.json: cannot be read" in done.stderr


def test_without_a_fit_the_page_says_so_and_what_stands_in_its_place(elsewhere):
    said = found_text()
    assert said.startswith("Not estimated yet.")
    assert f"`economy.renewal` {default_of('economy.renewal'):g}" in said


def test_defaults_that_are_not_the_estimates_are_found():
    now = {key: default_of(key) for key in read_parameters()}
    alike = {"parameters": {key: {"value": value * 1.01} for key, value in now.items()}}
    assert unlike_defaults(alike) == []
    alike["parameters"]["economy.shift"]["value"] *= 1.2
    assert unlike_defaults(alike) == ["economy.shift"]


def test_the_defaults_are_the_estimates_or_the_page_says_why_not():
    page = FIT_PAGE.read_text(encoding="utf-8")
    if FOUND.is_file():
        numbers = json.loads(FOUND.read_bytes())
        assert unlike_defaults(numbers) == list(KEPT)
        assert all(f"| {why} |" in page for why in KEPT.values())
        assert numbers["targets_sha256"] == frozen_split()["targets_sha256"]
    else:
        assert "Not estimated yet." in page
        assert not KEPT
