"""``nearshore validate`` asks the model, writes its report, and says yes or no."""

import json

import pytest

from experiments.commands.main import main
from experiments.scenarios.designs import BASE_FIXED, cars_fixed
from experiments.validation.running import Task, collected, run_all, run_task

FIRMS = 100


@pytest.fixture(scope="module")
def task():
    return Task((BASE_FIXED, cars_fixed(0.75)), FIRMS, seed=2)


def test_results_do_not_depend_on_the_number_of_processes(task):
    here = run_task(task)
    there = run_all([task, Task(task.designs, FIRMS, seed=3)], workers=2)
    assert here.failure is None
    assert there[0].measures == here.measures
    assert there[1].measures != here.measures


def test_a_population_that_breaks_down_is_left_out_and_named(task):
    broken = run_task(Task(task.designs, firms=1, seed=5))
    results, failures = collected([run_task(task), broken])
    assert len(results.runs[BASE_FIXED.name]) == 1
    assert "seed 5" in failures[0]


def test_the_command_writes_one_row_for_the_finding_asked_about(tmp_path, capsys):
    out, page = tmp_path / "report", tmp_path / "page.md"
    asked = ["validate", "--only", "HMM-1", "--seeds", "2", "--firms", str(FIRMS)]
    assert main([*asked, "--out", str(out), "--page", str(page)]) == 0
    (row,) = json.loads((out / "validation.json").read_text(encoding="utf-8"))
    assert row["id"] == "HMM-1"
    assert row["verdict"] in ("holds", "fails")
    assert (out / "validation.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert page.read_bytes() == (out / "validation.md").read_bytes()
    assert "HMM-1" in capsys.readouterr().out


def test_an_unknown_finding_is_one_line_and_writes_nothing(tmp_path, capsys):
    out = tmp_path / "report"
    assert main(["validate", "--only", "HMM-9", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "HMM-9" in error
    assert "HMM-1" in error
    assert not out.exists()


def test_a_folder_that_holds_something_else_is_refused_before_anything_runs(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    assert main(["validate", "--only", "ST-1", "--out", str(tmp_path)]) == 2
    assert "mine.txt" in capsys.readouterr().err
