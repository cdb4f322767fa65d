"""Points from a file beside the sweep's are run as they stand there."""

import json

import pytest
from stores import carry_out

from abm.errors import OutputError, ScenarioError
from experiments import results
from experiments.commands.main import main
from experiments.sweeps.answers.report import write_report
from experiments.sweeps.design.points import points
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.store.store import SweepStore

CSV = """firms.build_cost,economy.relation,firms.relocation
0.1,0.5,true
0.2,0.25,false
0.3,1,TRUE
"""


def imported(folder, csv=CSV, more=""):
    (folder / "points.csv").write_text(csv)
    file = folder / "s.toml"
    head = 'scenario = "status-quo"\nfirms = 10\nquarters = 1\nreplications = 2\n'
    file.write_text(f'{head}design = "points.csv"\n{more}')
    return file


def test_points_of_a_file_are_run_as_they_stand_there(tmp_path):
    file, out = imported(tmp_path), tmp_path / "out"
    sweep, beside = read_sweep(file)
    assert [list(point.values()) for point in points(sweep, beside)] == [
        [0.1, 0.5, True],
        [0.2, 0.25, False],
        [0.3, 1, True],
    ]
    assert carry_out(file, out).done == 6
    found = results(out)
    assert list(found["firms.build_cost"]) == [0.1, 0.1, 0.2, 0.2, 0.3, 0.3]
    assert "too few" in write_report(SweepStore.open(out)).read_text()


def test_an_imported_sweep_is_resumed_and_extended_without_its_file(tmp_path):
    file, out = imported(tmp_path), tmp_path / "out"
    carry_out(file, out)
    assert carry_out(file, out, resume=True).done == 6
    assert carry_out(file, out, extend=("replications=3",)).done == 9
    with pytest.raises(ScenarioError, match="what can be extended is replications"):
        carry_out(file, out, extend=("n=9",))
    (tmp_path / "points.csv").write_text(CSV.replace("0.3", "0.4"))
    with pytest.raises(OutputError, match=r"another (design|replications)"):
        carry_out(file, out, resume=True)


def test_an_imported_sweep_of_many_points_says_what_matters(tmp_path):
    import numpy as np

    x = np.random.default_rng(1).random((80, 2)) * 0.9 + 0.05
    rows = "\n".join(f"{a},{b}" for a, b in x)
    file = imported(tmp_path, f"firms.build_cost,economy.relation\n{rows}\n")
    carry_out(file, tmp_path / "out")
    text = write_report(SweepStore.open(tmp_path / "out")).read_text()
    assert "Delta and PAWN" in text
    assert "(a factor made up)" in text


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        ("", "first line must name the factors"),
        ("firms.build_cost\n", "has no point"),
        ("firms.build_cost,\n1,2\n", "must name the factors"),
        ("firms.build_cost,firms.build_cost\n1,2\n", "twice"),
        ("firms.build_cost\n1,2\n", "line 2: has 2 values for 1 factors"),
        ("firms.build_cost,economy.relation\n1,\n", "line 2, economy.relation: has no value"),
        ("firms.build_cost\nnan\n", "is not finite"),
        ("firms.build_cost\ninf\n", "is not finite"),
        ('firms.build_cost\n"1\n', "is no CSV"),
        ("firms.nonsense\n1\n", "no such key"),
        ("firms.build_cost\nmany\n", "firms.build_cost"),
        ("firms.stage_quarters\n[1;2]\n", "is no list"),
    ],
)
def test_a_file_that_is_no_design_is_one_line(tmp_path, capsys, csv, said):
    file = imported(tmp_path, csv)
    assert main(["sweep", str(file), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert said in told[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["../points.csv", "/etc/passwd", "points.toml", "missing.csv", "", "a\\u0000.csv"]
)
def test_a_design_lies_beside_its_sweep_or_is_refused(tmp_path, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    file = imported(inner)
    (tmp_path / "points.csv").write_text(CSV)
    file.write_text(file.read_text().replace('"points.csv"', f'"{name}"'))
    with pytest.raises(ScenarioError, match="design = "):
        read_sweep(file)


def test_a_design_that_is_a_link_out_of_its_folder_is_refused(tmp_path):
    file = imported(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "points.csv").rename(elsewhere / "points.csv")
    (tmp_path / "points.csv").symlink_to(elsewhere / "points.csv")
    with pytest.raises(ScenarioError, match="no such file beside"):
        read_sweep(file)


def test_factors_and_a_file_of_points_do_not_go_together(tmp_path):
    file = imported(tmp_path, more='[factors]\n"firms.closure_cost" = [0.1]\n')
    with pytest.raises(ScenarioError, match=r"leave .factors. out"):
        read_sweep(file)


def test_a_manifest_of_an_imported_design_stays_small(tmp_path):
    file, out = imported(tmp_path), tmp_path / "out"
    carry_out(file, out)
    told = json.loads((out / "manifest.json").read_text())["sweep"]
    assert told["factors"] == dict.fromkeys(CSV.splitlines()[0].split(","), "imported")
    assert told["design"]["n"] == 3
