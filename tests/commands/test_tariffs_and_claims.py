"""Schedules and claims by product line, in published layouts, become scenarios and targets."""

import csv

import pytest

from abm.axes import GOODS, REGIONS, SECTORS
from abm.errors import ScenarioError
from abm.policy.regimes import compile_policy
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.estimation.target_file import read_target_file
from experiments.own_data.product_lines import concordance, good_of
from experiments.scenarios.overrides import load_scenario

PLAIN = "hs,rate,weight\n870323,0.25,300\n87032400,0.10,100\n7208.10.00.00,50%,10\n9801,0.1,5\n"

HTS = """HTS Number,Indent,Description,General Rate of Duty
,0,Motor cars,
8703.23.00,1,Of a cylinder capacity,2.5%
8703.24.00,1,Other,Free
0402.10.05,1,Milk,3.3 cents/kg
"""

WITS = """Reporter Name,Partner Name,Product,Tariff Year,Weighted Average,Imports Value in 1000 USD
United States,Mexico,870323,2017,2.5,300
United States,Canada,870323,2017,0,100
"""

WTO = """Reporting Economy,Product/Sector Code,Product/Sector,Year,Value
Mexico,870323,Cars,2021,20
Mexico,720810,Steel,2021,15
"""

YALE = "hts10,country,total_rate,imports\n8703230000,2010,0.25,30\n8703230000,1220,0.2,10\n"


def make(tmp_path, text, *words, command="tariffs", name="schedule.csv", out="s.toml"):
    (tmp_path / name).write_text(text)
    words = [command, "--from", str(tmp_path / name), "--out", str(tmp_path / out), *words]
    return main(words)


def rates(tmp_path):
    measures = Scenario.load(tmp_path / "s.toml").measures
    return {
        (one.destination, *one.origins): {good: round(rate, 6) for good, rate in one.rates.items()}
        for one in measures.values()
    }


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        (
            PLAIN,
            ["--destination", "USA", "--origin", "MEX"],
            {("USA", "MEX"): {"cars": 0.2125, "metals": 0.5}},
        ),
        (HTS, ["--destination", "USA", "--origin", "all"], {("USA", "all"): {"cars": 0.0125}}),
        (WITS, [], {("USA", "MEX"): {"cars": 0.025}, ("USA", "CAN"): {"cars": 0.0}}),
        (WTO, ["--origin", "all"], {("MEX", "all"): {"cars": 0.2, "metals": 0.15}}),
        (
            YALE,
            ["--destination", "USA"],
            {("USA", "MEX"): {"cars": 0.25}, ("USA", "CAN"): {"cars": 0.2}},
        ),
    ],
)
def test_a_schedule_becomes_rates_by_good_and_pair(tmp_path, capsys, text, words, found):
    assert make(tmp_path, text, *words) == 0
    assert rates(tmp_path) == found
    said = capsys.readouterr().out
    assert "lines" in said
    scenario = Scenario.load(tmp_path / "s.toml")
    assert all("schedule.csv; average over lines" in m.source for m in scenario.measures.values())
    assert main(["show", str(tmp_path / "s.toml")]) == 0


def test_what_an_average_leaves_out_is_told(tmp_path, capsys):
    make(tmp_path, HTS.replace("Free", "1.1 cents/kg"), "--destination", "USA", "--origin", "all")
    said = capsys.readouterr().out
    assert "all to USA, cars: 0.0250 from 1 lines, 50% of lines" in said
    assert "no weights: every line counts once" in said
    assert "covered: cars 1 lines 50%" in (tmp_path / "s.toml").read_text()
    (tmp_path / "s.toml").unlink()
    make(tmp_path, PLAIN, "--destination", "USA", "--origin", "MEX")
    assert "1 lines belong to no good" in capsys.readouterr().out


def test_the_rates_reach_the_policy_from_their_day_on(tmp_path):
    words = ["--destination", "USA", "--origin", "MEX", "--effective", "2025-03-04", "--exempt"]
    assert make(tmp_path, PLAIN, *words) == 0
    scenario = Scenario.load(tmp_path / "s.toml").model_copy(update={"quarters": 40})
    policy = compile_policy(scenario)
    cell = SECTORS.index("cars"), REGIONS.index("MEX"), REGIONS.index("USA")
    assert policy.measures_waived[cell].max() == pytest.approx(0.2125)
    assert policy.measures_fixed[cell].max() == 0


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("rate\n1\n", [], "has no column of codes; it may be hs, hs2"),
        ("hs\n8703\n", [], "has no column of rates"),
        ("hs,rate\n8703,25\n", ["--destination", "USA", "--origin", "MEX"], "did you mean 25%?"),
        ("hs,rate\ncars,0.1\n", [], '"cars" is no code of the Harmonized System'),
        ("hs,rate\n8703,0.1\n", [], "--destination: is not in the file; must be one of USA"),
        ("hs,rate\n8703,0.1\n", ["--destination", "MARS"], 'destination = "MARS"'),
        ("hs,rate\n", [], "has no product line"),
        ("hs,rate,weight\n8703,0.1,0\n", ["--destination", "USA", "--origin", "MEX"], "no good"),
        ("hs,rate,weight\n8703,0.1,-3\n", [], 'weight = "-3"; must be 0 or more'),
        (PLAIN, ["--effective", "soon"], "is a day such as"),
        (PLAIN, ["--destination", "USA", "--origin", "USA"], "no good of the model"),
    ],
)
def test_a_schedule_that_cannot_be_is_one_line_and_writes_nothing(
    tmp_path, capsys, text, words, line
):
    assert make(tmp_path, text, *words) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert not (tmp_path / "s.toml").exists()


def test_no_file_is_written_over(tmp_path, capsys):
    (tmp_path / "s.toml").write_text("mine")
    assert make(tmp_path, PLAIN, "--destination", "USA", "--origin", "MEX") == 2
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "s.toml").read_text() == "mine"


CLAIMS = """hts10,country,imports,claimed
8708100000,2010,100,60
8708200000,2010,300,300
8703230000,1220,50,0
"""

FIT = """
scenario = "usmca"
firms = 100
quarters = 1
[parameters]
"enforcement.paperwork_scale" = { loguniform = [0.3, 5.0] }
[[series]]
file = "claims-series.csv"
use = "fit"
"""


def test_claims_become_a_series_that_calibrate_takes(tmp_path):
    words = ["--destination", "USA", "--date", "2017-Q1"]
    assert make(tmp_path, CLAIMS, *words, command="claims", out="claims-series.csv") == 0
    with (tmp_path / "claims-series.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["origin"], row["sector"], float(row["value"])) for row in rows] == [
        ("CAN", "cars", 0.0),
        ("MEX", "vehicle_parts", 0.9),
    ]
    (tmp_path / "fit.toml").write_text(FIT)
    file, _ = read_target_file(tmp_path / "fit.toml")
    assert file.targets[1].name == (
        "trade.claimed_dutiable_musd/trade.dutiable_musd"
        "[origin=MEX,destination=USA,sector=vehicle_parts]@2017-01-01"
    )


def test_more_than_everything_cannot_be_claimed(tmp_path, capsys):
    text = CLAIMS.replace("100,60", "100,160")
    assert make(tmp_path, text, "--destination", "USA", command="claims") == 2
    assert "160 is claimed of 100" in capsys.readouterr().err


def test_every_chapter_but_those_of_no_good_has_one():
    without = [f"{n:02d}" for n in range(1, 100) if good_of(f"{n:02d}0000") is None]
    assert without == ["77", "98", "99"]
    assert set(concordance().values()) == set(GOODS)
    known = {"870322": "cars", "8708": "vehicle_parts", "854430": "vehicle_parts"}
    assert {code: good_of(code) for code in known} == known
    assert good_of("854449") == "electronics"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lorries", "is no good, product line or code of products; goods are all, cars, light_t"),
        ("steel_flatt", "is no good, product line or code of products; did you mean 'steel_flat'"),
        ("8703.2", "is no code of 2, 4 or 6 digits, such as 8708.30"),
        ("8703.23.01", "is no code of 2, 4 or 6 digits"),
        ("9902.01", "names nothing that is traded"),
    ],
)
def test_a_measure_on_what_is_no_product_says_what_there_is(tmp_path, capsys, name, told):
    (tmp_path / "hs.toml").write_text(
        'format = 1\nextends = "status-quo"\n[measures.autos]\nauthority = "x"\n'
        f'destination = "USA"\norigins = ["MEX"]\nrates = {{ "{name}" = 0.25 }}\n'
    )
    assert main(["show", str(tmp_path / "hs.toml")]) == 2
    said = capsys.readouterr().err
    assert f'"{name}" {told}' in said
    assert said.count("\n") == 1


STACKED = """
extends = "status-quo"
acts = ["us-ieepa-mexico"]
[measures.blanket]
authority = "a bill"
destination = "USA"
rates = { all = 0.1 }
effective = 2017-04-01
[measures.cars]
authority = "a bill"
destination = "USA"
rates = { cars = 0.25 }
relation = "instead_of"
instead_of = ["blanket"]
effective = 2017-04-01
"""


def test_without_leaves_a_measure_out_and_what_it_displaced_stands(tmp_path, capsys):
    (tmp_path / "own.toml").write_text(STACKED)
    file = tmp_path / "own.toml"
    whole, less = load_scenario(file), load_scenario(file, (), ["blanket"])
    assert set(whole.measures) - set(less.measures) == {"blanket"}
    assert (less.measures["cars"].relation, less.measures["cars"].instead_of) == ("adds", ())
    assert main(["show", str(file), "--without", "cars"]) == 0
    assert "[measures.cars]" not in capsys.readouterr().out
    with pytest.raises(ScenarioError, match="no such measure or act; there are us-ieepa-mexico"):
        load_scenario(file, (), ["buses"])
    with pytest.raises(ScenarioError, match="it has none"):
        load_scenario("status-quo", (), ["cars"])


@pytest.mark.thorough
def test_without_leaves_an_act_out(capsys):
    less = load_scenario("blanket-2025", (), ["us-232-autos"])
    assert set(load_scenario("blanket-2025").acts) - set(less.acts) == {"us-232-autos"}
    assert main(["show", "blanket-2025", "--without", "us-232-autos"]) == 0
    assert "us-232-autos" not in capsys.readouterr().out
