"""``nearshore validate`` asks the model, writes its report, and says yes or no."""

import json

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HOSTS
from experiments.commands.main import main
from experiments.fit.long_run_stock import semi_elasticity
from experiments.outcomes.observing import shipped
from experiments.scenarios.designs import BASE_FIXED, FIRST_QUARTER, cars_fixed
from experiments.validation.running import Task, collected, run_all, run_task
from tests.in_this_process import seeds_in_this_process
from tests.same_firms import model_of

FIRMS = 100


@pytest.fixture(scope="module")
def task():
    return Task((BASE_FIXED, cars_fixed(0.75)), FIRMS, seed=2)


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_the_command_writes_one_row_for_the_finding_asked_about(tmp_path, capsys):
    out, page = tmp_path / "report", tmp_path / "page.md"
    asked = ["validate", "--only", "HMM-1", "--seeds", "2", "--firms", str(FIRMS)]
    with seeds_in_this_process():
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


def test_what_a_finding_looks_at_in_a_finished_run_reaches_its_verdict(tmp_path):
    asked = ["validate", "--only", "OWN-1", "--seeds", "2", "--firms", str(FIRMS)]
    with seeds_in_this_process():
        assert main([*asked, "--out", str(tmp_path / "report")]) == 0
    (row,) = json.loads((tmp_path / "report/validation.json").read_text(encoding="utf-8"))
    share = row["interval"][0]["mean"]
    assert 50 < share < 100


def test_plants_ship_what_the_books_say_is_sold():
    model = model_of(FIRST_QUARTER.load(), FIRMS)
    model.run_for(1)
    sales = np.zeros((len(FOOTLOOSE), len(HOSTS)))
    for plants in shipped(model, range(len(FOOTLOOSE))):
        sales[plants.sector, plants.host] += plants.value.sum()
    np.testing.assert_allclose(sales, model.accounts.sales, rtol=1e-4)


def test_a_tax_on_profit_in_mexico_leaves_fewer_foreign_plants_there():
    model = model_of(FIRST_QUARTER.load(), FIRMS)
    model.run_for(1)
    before = model.firms.plants.copy()
    assert semi_elasticity(model, "MEX") < 0
    np.testing.assert_array_equal(model.firms.plants, before)
