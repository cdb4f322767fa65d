"""Targets by sector, pair and date are read, checked before the first run, and measured."""

import json

import pandas as pd
import pytest

from abm import RelocationModel
from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.estimation.measured import known_outcomes
from experiments.estimation.simulated import Simulated
from experiments.estimation.target_file import read_target_file
from experiments.outcomes.cells import check_cell, headlines_of, read_cell, value_of
from experiments.scenarios.overrides import load_scenario
from experiments.sweeps.work.sweep import Options

HEAD = """
scenario = "usmca"
firms = 100
quarters = 2
replications = 2
starts = 2
steps = 1
[parameters]
"enforcement.paperwork_scale" = { loguniform = [0.3, 5.0] }
"""

CARS = """
[[targets]]
outcome = "trade.claimed_dutiable_musd"
over = "trade.dutiable_musd"
origin = "MEX"
destination = "USA"
sector = "vehicle_parts"
date = "2017-Q2"
value = 0.7
error = 0.02
use = "fit"
"""


def write(folder, text, head=HEAD):
    (folder / "fit.toml").write_text(head + text)
    return folder / "fit.toml"


def target(**said):
    lines = [f"{key} = {json.dumps(value)}" for key, value in said.items()]
    return "\n".join(["[[targets]]", *lines]) + "\n"


@pytest.fixture(scope="module")
def known():
    return known_outcomes()


@pytest.fixture(scope="module")
def run():
    model = RelocationModel("usmca", firms=100, rng=1)
    model.run_for(3)
    return model.frames()


START = Scenario.load("usmca").start


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"outcome": "preference_utilisation.cars"}, "known are consumer_prices.CAN"),
        ({"outcome": "preference_utilisation.cars"}, "no such outcome"),
        ({"outcome": "trade.wheels"}, '"trade.wheels": no such outcome; trade has value_musd'),
        ({"outcome": "trade.value_musd", "sector": "autos"}, "no such sector; there are cars"),
        ({"outcome": "trade.value_musd", "region": "USA"}, "trade is cut by origin, destination"),
        ({"outcome": "outcomes.price_index", "sector": "cars"}, "is no sum over others; name each"),
        ({"outcome": "us_goods_balance.MEX", "sector": "cars"}, "is a headline"),
        ({"outcome": "us_goods_balance.MEX", "quarter": 9}, "is of quarter 9; runs have 0 to 2"),
        ({"outcome": "us_goods_balance.MEX", "date": "2031-01-01"}, "runs have 0 to 2"),
        ({"outcome": "us_goods_balance.MEX", "date": "2015-01-01"}, "comes before 2017-01-01"),
    ],
)
def test_what_no_run_has_is_refused_before_the_first_run(tmp_path, capsys, said, line):
    file = write(tmp_path, target(**said, value=0.75, error=0.01, use="fit"))
    assert main(["calibrate", str(file), "--out", str(tmp_path / "o")]) == 2
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1
    assert not (tmp_path / "o").exists()


@pytest.mark.thorough
def test_a_fit_to_a_sector_a_pair_and_a_quarter_measures_what_tables_say(tmp_path):
    out = tmp_path / "o"
    jobs = {"outcome": "manufacturing_employment.USA", "quarter": 1}
    last = target(**jobs, value=1e7, error=1e6, use="test")
    file = write(tmp_path, CARS + last)
    assert main(["calibrate", str(file), "--out", str(out), "--quiet"]) == 0
    told = json.loads((out / "fit.json").read_text())
    name = (
        "trade.claimed_dutiable_musd/trade.dutiable_musd"
        "[origin=MEX,destination=USA,sector=vehicle_parts]@2017-04-01"
    )
    assert [row["outcome"] for row in told["fitted"]] == [name]
    assert [row["outcome"] for row in told["tested"]] == ["manufacturing_employment.USA@1"]
    results = pd.concat(
        pd.read_parquet(path)
        for path in (out / "runs").rglob("*.parquet")
        if "results" in path.name
    )
    row = results.iloc[0]
    key = "enforcement.paperwork_scale"
    scenario = load_scenario("usmca", [f"{key}={float(row[key])!r}"])
    model = RelocationModel(scenario, firms=100, rng=int(row["seed"]))
    model.run_for(2)
    assert value_of(read_cell(name), model.frames(), START) == row[name]


def test_a_figure_is_the_cell_of_the_table_that_its_name_says(run):
    cell = read_cell("trade.value_musd[origin=MEX,destination=USA,sector=cars]@2")
    trade = run["trade"].query(
        "quarter == 2 and origin == 'MEX' and destination == 'USA' and sector == 'cars'"
    )
    assert value_of(cell, run, START) == trade["value_musd"].sum() > 0
    day = read_cell(cell.name.replace("@2", "@2017-05-31"))
    assert value_of(day, run, START) == value_of(cell, run, START)
    assert read_cell(day.name) == day


def test_a_headline_of_a_quarter_is_that_of_a_run_that_ended_there(run):
    early = {name: table[table["quarter"] <= 2] for name, table in run.items()}
    cell = read_cell("manufacturing_employment.USA@2")
    assert value_of(cell, run, START) == headlines_of(early)["manufacturing_employment.USA"]
    assert value_of(cell, run, START) != headlines_of(run)["manufacturing_employment.USA"]


def test_every_headline_of_a_run_is_known_beforehand(known, run):
    assert set(known[""]) == set(headlines_of(run))
    for name in known[""]:
        check_cell(read_cell(name), known, START, 3)


SERIES = """
[[series]]
file = "imports.csv"
outcome = "trade.customs_value_musd"
destination = "USA"
error = 500.0
use = "fit"
"""


def test_a_series_in_a_csv_is_a_target_a_row(tmp_path):
    (tmp_path / "imports.csv").write_text(
        "date,origin,sector,value,error,use\n"
        "2017-Q1,MEX,cars,5000,,\n2017-Q2,CAN,cars,6000,100,test\n"
    )
    file, _ = read_target_file(write(tmp_path, SERIES))
    one, other = file.targets
    assert one.name == "trade.customs_value_musd[origin=MEX,destination=USA,sector=cars]@2017-01-01"
    assert (one.error, one.use, other.error, other.use) == (500.0, "fit", 100.0, "test")
    assert file.split["targets"][0]["date"] == "2017-01-01"


@pytest.mark.parametrize(
    ("table", "series", "line"),
    [
        ("value\n1\n", SERIES.replace("error = 500.0\n", ""), "imports.csv, line 2: has no error"),
        ("value\nmany\n", SERIES, 'imports.csv, line 2: value = "many" is no number'),
        ("value,colour\n1,red\n", SERIES, 'imports.csv: has the column "colour"'),
        ("date\n2017-Q1\n", SERIES, "imports.csv: has no column value"),
        ("value\n1\n1\n", SERIES, "is there twice"),
        ("value,date\n1,soon\n", SERIES, "targets[0].date"),
        ("value\n1\n", SERIES.replace("imports.csv", "../imports.csv"), "no such file beside"),
        ("value\n1\n", SERIES.replace("imports.csv", "none.csv"), "no such file beside"),
        ("value\n1\n", SERIES.replace('use = "fit"', 'use = "both"'), "series[0]: use"),
    ],
)
def test_a_series_that_cannot_be_is_one_line(tmp_path, table, series, line):
    (tmp_path / "imports.csv").write_text(table)
    with pytest.raises(ScenarioError) as refused:
        read_target_file(write(tmp_path, series))
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_target_is_of_one_time(tmp_path):
    text = target(outcome="x", date="2017-Q1", quarter=1, value=1.0, error=1.0, use="fit")
    with pytest.raises(ScenarioError, match="date and quarter: give one of the two"):
        read_target_file(write(tmp_path, text))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("date,value,error\n2017-Q1,5,1,MEX\n", "imports.csv, line 2: has more fields than the 3"),
        ("date,value,error\n", "imports.csv: has no row below its names of columns"),
    ],
)
def test_a_series_that_says_more_or_less_than_it_names_is_refused(tmp_path, rows, said):
    (tmp_path / "imports.csv").write_text(rows)
    series = '[[series]]\nfile = "imports.csv"\noutcome = "trade.customs_value_musd"\nuse = "fit"\n'
    with pytest.raises(ScenarioError, match=said):
        read_target_file(write(tmp_path, series))


def test_a_file_without_targets_says_what_to_write(tmp_path):
    with pytest.raises(ScenarioError, match=r"has no target; write \[\[targets\]\], or"):
        read_target_file(write(tmp_path, ""))


def test_a_fit_on_the_economy_that_its_file_names_says_what_is_of_another_year(tmp_path):
    head = HEAD.replace("[parameters]", '[set]\n"economy.table" = "2011"\n[parameters]')
    for text, count in ((HEAD, 0), (head, 1)):
        file, beside = read_target_file(write(tmp_path, CARS, text))
        simulated = Simulated(tmp_path / "o", file, beside, Options(), lambda *_: {})
        assert len(simulated.told) == count
        assert all("economy 2011: labour, establishments" in line for line in simulated.told)
