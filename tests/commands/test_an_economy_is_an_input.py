"""An economy in a folder is an input of every command, and part of every identity."""

import json
import shutil
import zipfile
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from abm import data
from abm.economy.folders import ECONOMY_COLUMNS, base_years, economy_checksum, economy_of
from abm.errors import ScenarioError, StoreError
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.scenarios.overrides import load_scenario
from experiments.sweeps.design.identity import scenario_digest
from experiments.sweeps.design.plan import make_plan
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.workers.one_run import check_identity
from experiments.validation.registry import chosen
from tests.in_this_process import seeds_in_this_process

# No economy changes how figures are drawn.
pytestmark = pytest.mark.usefixtures("no_figures")

SMALL = ["--firms", "100", "--quiet"]
FLOWS = ("intermediate_use", "final_demand", "output_value_added")


def run(*words):
    assert main([str(word) for word in words]) == 0


@pytest.fixture
def folder(tmp_path):
    """A folder in which every flow is a tenth above the shipped one."""
    own = tmp_path / "own"
    own.mkdir()
    for name in FLOWS:
        table = data.read(f"{name}_2017")
        numbers = table.select_dtypes("number").columns
        table[numbers] = 1.1 * table[numbers]
        table.to_csv(own / f"{name}.csv", index=False)
    return own


def change(folder, name="final_demand", *, lines):
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines(path.read_text().splitlines())) + "\n")


def sold(out):
    trade = pd.read_parquet(out / "trade.parquet")
    return trade[trade["quarter"] == 0]["value_musd"].sum()


@pytest.mark.thorough
def test_a_run_starts_from_the_economy_of_its_folder_and_says_which(folder, tmp_path, capsys):
    words = ["run", "status-quo", *SMALL, "--quarters", 1]
    run(*words, "--out", tmp_path / "shipped")
    run(*words, "--out", tmp_path / "mine", "--economy", folder)
    assert sold(tmp_path / "mine") == pytest.approx(1.1 * sold(tmp_path / "shipped"), rel=2e-3)
    told = json.loads((tmp_path / "mine" / "manifest.json").read_text())["economy"]
    assert told["table"] == str(folder)
    assert told["sha256"] == economy_checksum(str(folder))
    assert "labour, establishments" in capsys.readouterr().err
    assert "labour" in told["as_shipped"]


def test_a_scenario_names_its_economy_from_where_its_file_lies(folder, monkeypatch):
    file = folder.parent / "mine.toml"
    file.write_text('format = 1\nextends = "usmca"\n[economy]\ntable = "own"\n')
    monkeypatch.chdir("/")
    assert Scenario.load(file).economy.table == str(folder)
    assert load_scenario("usmca", ["economy.table=2011"]).economy.table == "2011"


def test_an_economy_counts_in_identities_by_its_content(folder, tmp_path):
    copy = tmp_path / "elsewhere"
    shutil.copytree(folder, copy)
    one, other, shipped = (
        scenario_digest(Scenario.load("usmca").on_economy(table))
        for table in (str(folder), str(copy), "2017")
    )
    assert one == other != shipped
    change(copy, lines=lambda lines: [*lines[:-1], lines[-1] + " "])
    assert scenario_digest(Scenario.load("usmca").on_economy(str(copy))) != one


@pytest.mark.thorough
def test_a_sweep_runs_on_the_economy_and_refuses_it_once_changed(folder, tmp_path, monkeypatch):
    (tmp_path / "s.toml").write_text(
        'scenario = "usmca"\nfirms = 100\nquarters = 1\nreplications = 1\n'
        '[factors]\n"economy.table" = ["2011", "own"]\n'
    )
    monkeypatch.chdir(tmp_path)
    run("sweep", "s.toml", "--out", "out", "--quiet")
    results = pd.read_parquet(next((tmp_path / "out").rglob("results*.parquet")))
    assert results.iloc[:, results.columns.get_loc("manufacturing_employment.all")].nunique() == 2
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["economies"] == {
        table: economy_checksum(table) for table in ("2011", str(folder))
    }
    plan = make_plan(*read_sweep("s.toml"))
    spec = list(plan.specs())[-1]
    check_identity(spec, plan.scenarios["usmca"])
    (folder / "labour.csv").write_bytes((Path(str(files(data))) / "labour.csv").read_bytes())
    with pytest.raises(StoreError, match="is not what firms, quarters, seed, economy"):
        check_identity(spec, plan.scenarios["usmca"])


def test_a_stopped_run_goes_on_unless_its_economy_was_changed(folder, tmp_path, capsys):
    out = tmp_path / "run"
    words = ["--quarters", 2, "--checkpoint-every", 1]
    run("run", "usmca", *SMALL, *words, "--out", out, "--economy", folder)
    run("run", "--resume", out, "--quarters", 3, "--quiet", "--out", tmp_path / "on")
    run("fork", out, "--at", 1, "--scenario", "threat-35", "--out", tmp_path / "fork", "--quiet")
    told = json.loads((tmp_path / "fork" / "manifest.json").read_text())
    assert told["economy"]["table"] == str(folder)
    for name in FLOWS:  # twice as large: still an economy, but another one
        table = pd.read_csv(folder / f"{name}.csv")
        numbers = table.select_dtypes("number").columns
        table[numbers] = 2 * table[numbers]
        table.to_csv(folder / f"{name}.csv", index=False)
    for words in (
        ["run", "--resume", out, "--quarters", 3],
        ["fork", out, "--at", 1, "--scenario", "threat-35"],
        ["explain", tmp_path / "fork", "--firm", 3],
        ["export", out, "--crate", tmp_path / "c.zip"],
    ):
        assert main([str(word) for word in words]) == 2
        said = capsys.readouterr().err
        assert str(folder) in said
        assert "made with" in said or "changed since" in said


@pytest.mark.thorough
def test_a_crate_takes_the_economy_along(folder, tmp_path):
    out = tmp_path / "run"
    run("run", "usmca", *SMALL, "--quarters", 1, "--out", out, "--economy", folder)
    run("export", out, "--crate", tmp_path / "c.zip")
    with zipfile.ZipFile(tmp_path / "c.zip") as crate:
        inside = [name for name in crate.namelist() if name.startswith("economies/")]
        assert sorted(name.rsplit("/")[-1] for name in inside) == sorted(f"{n}.csv" for n in FLOWS)
        assert crate.read(inside[0]) == (folder / inside[0].rsplit("/")[-1]).read_bytes()


def test_the_script_for_a_cluster_names_the_economy_in_full(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent)
    run("slurm", "content-threshold", "--array", 2, "--economy", "own")
    assert f"--economy {folder}" in capsys.readouterr().out


@pytest.mark.thorough
def test_validation_asks_its_findings_of_the_economy(folder, tmp_path):
    shortest = min(chosen([]), key=lambda finding: sum(d.quarters for d in finding.designs))
    words = ["--only", shortest.id, "--seeds", 2, "--firms", 100, "--quiet"]
    with seeds_in_this_process():
        run("validate", *words, "--out", tmp_path / "v", "--economy", folder)
    told = json.loads((tmp_path / "v" / "manifest.json").read_text())["economy"]
    assert told == {"table": str(folder), "sha256": economy_checksum(str(folder))}
    assert str(folder) in (tmp_path / "v" / "validation.md").read_text()


US_GDP = {"2011": 15.6, "2014": 17.6, "2017": 19.6, "2022": 26.0}
"""Trillion USD, as the BEA has it; product taxes are in it and not in basic prices."""


@pytest.mark.parametrize("year", base_years())
def test_every_base_year_shipped_is_an_economy_that_a_model_starts_from(year):
    from abm import RelocationModel

    model = RelocationModel(Scenario.load("usmca").on_economy(year), firms=100, rng=1)
    assert model.calibration.largest_error < 1e-3
    usa = model.economy.value_added.sum(axis=1)[0] / 1e6
    assert usa == pytest.approx(US_GDP[year], rel=0.03)


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("final_demand", lambda x: x[:-1], "has no row ROW, other_services, ROW"),
        ("final_demand", lambda x: [*x, x[-1]], "ROW, other_services, ROW is there twice"),
        ("final_demand", lambda x: [*x, "MARS,cars,USA,1"], "MARS, cars, USA is no row"),
        ("final_demand", lambda x: [*x[:-1], "ROW,other_services,ROW,-1"], "must be a number, 0"),
        ("final_demand", lambda x: [*x[:-1], "ROW,other_services,ROW,"], "must be a number, 0"),
        ("final_demand", lambda x: [*x[:-1], "ROW,other_services,ROW,inf"], "must be a number"),
        ("final_demand", lambda x: [*x[:-1], "ROW,other_services,ROW,1"], "its flows give"),
        ("final_demand", lambda x: ["a,b,c,d", *x[1:]], "has no column source_region"),
        ("output_value_added", lambda x: [x[0], "USA,cars,1,1", *x[2:]], "gross output of cars"),
        ("intermediate_use", lambda x: [], "is no table"),
    ],
)
def test_a_folder_that_cannot_be_an_economy_is_refused_in_one_line(
    folder, tmp_path, capsys, name, lines, said
):
    change(folder, name, lines=lines)
    with pytest.raises(ScenarioError, match=said):
        economy_of(str(folder))
    assert main(["run", "usmca", "--economy", str(folder), "--out", str(tmp_path / "o")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--economy", "nowhere"], "no such folder; base years are 2011, 2014"),
        (["--base-year", "1999"], "is one of 2011"),
        (["--economy", "x", "--base-year", "2011"], "give one of the two"),
        (["--economy", ""], "economy.table = '': must be a folder, or one of 2011"),
        (["--set", "economy.table=1066"], "1066"),
    ],
)
def test_an_economy_that_is_not_there_is_refused_in_one_line(tmp_path, capsys, words, said):
    assert main(["run", "usmca", *words, "--out", str(tmp_path / "o")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("name", [name for name in ECONOMY_COLUMNS if name not in FLOWS])
def test_a_copy_of_a_shipped_table_in_a_folder_changes_nothing(folder, name):
    before = economy_of(str(folder))
    (folder / f"{name}.csv").write_bytes((Path(str(files(data))) / f"{name}.csv").read_bytes())
    after = economy_of(str(folder))
    for field in ("applied_duty", "customs_over_basic", "distance", "labour_share", "theta"):
        assert (getattr(after, field) == getattr(before, field)).all()


@pytest.mark.parametrize(
    ("name", "column", "factor", "said"),
    [
        ("applied_duties", "rate", 100, "from 0 to 2"),
        ("labour", "labour_share_of_value_added", 100, "from 0 to 1"),
        ("labour", "employment_thousand", 1000, "from 0 to 1e\\+06"),
        ("labour", "hourly_compensation_usd", 0, "from 0.01 to 1000"),
        ("elasticities", "theta", 0, "from 0.1 to 100"),
        ("elasticities", "sigma", 0.1, "from 1.01 to 100"),
        ("customs_over_basic", "ratio", 100, "from 0.1 to 10"),
        ("establishments", "establishments", 0, "from 1 to 1e\\+08"),
        ("regional_distances", "km", 1000, "from 1 to 20100"),
    ],
)
def test_a_table_in_another_unit_is_refused(folder, name, column, factor, said):
    table = data.read(name)
    table[column] *= factor
    table.to_csv(folder / f"{name}.csv", index=False)
    with pytest.raises(ScenarioError, match=f"{name}.csv: {column} = .*must be a number, {said}"):
        economy_of(str(folder))


@pytest.mark.parametrize("slip", ["labor.csv", "Labour.csv", "applied_duty.csv"])
def test_a_table_under_a_name_with_a_slip_is_not_passed_over(folder, slip):
    (folder / "notes.csv").write_text("mine")
    economy_of(str(folder))
    (folder / slip).write_text("x")
    with pytest.raises(ScenarioError, match=f"{slip} is no table of an economy; did you mean"):
        economy_of(str(folder))


@pytest.mark.thorough
def test_a_run_of_a_file_that_names_its_economy_says_what_is_of_another_year(folder, capsys):
    file = folder.parent / "mine.toml"
    file.write_text('format = 1\nextends = "usmca"\n[economy]\ntable = "own"\n')
    run("run", file, *SMALL, "--quarters", 1, "--out", folder.parent / "o")
    assert capsys.readouterr().err.count(f"economy {folder}: labour, establishments") == 1
    (folder.parent / "s.toml").write_text(
        'scenario = "mine.toml"\nfirms = 100\nquarters = 1\nreplications = 1\n'
        '[factors]\n"enforcement.paperwork_scale" = [1.0]\n'
    )
    run("sweep", folder.parent / "s.toml", "--out", folder.parent / "sweep", "--quiet")
    assert capsys.readouterr().err.count(f"economy {folder}: labour, establishments") == 1


def test_a_fork_goes_on_with_the_base_year_of_its_past_and_refuses_another(tmp_path, capsys):
    out = tmp_path / "run"
    run("run", "usmca", *SMALL, "--quarters", 2, "--out", out, "--base-year", "2011")
    words = ["fork", str(out), "--at", "1", "--scenario", "threat-35", "--quiet"]
    run(*words, "--out", tmp_path / "same", "--base-year", "2011")
    capsys.readouterr()
    for year in ("2014", "2017"):
        assert main([*words, "--out", str(tmp_path / year), "--base-year", year]) == 2
        assert "economy" in capsys.readouterr().err
        assert not (tmp_path / year).exists()


def test_other_tables_of_a_folder_take_the_place_of_those_shipped(folder):
    table = data.read("labour")
    table["hourly_compensation_usd"] *= 3
    table.to_csv(folder / "labour.csv", index=False)
    assert (economy_of(str(folder)).hourly_pay == 3 * economy_of().hourly_pay).all()
    assert set(FLOWS) < set(ECONOMY_COLUMNS)
