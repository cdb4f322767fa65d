"""A best reply from words to files: found, repeated, stopped, gone on with, and refused."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import reply_runs
from reply_runs import USA_DUTY

from abm.errors import OutputError
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.replies import replying
from experiments.replies.game import game_of
from experiments.replies.policy_levers import read_lever
from experiments.sweeps.work.sweep import Options
from tests.in_this_process import runs_in_this_process

QUIET = Options(quiet=True)

SWEEPS = ("runs", "fresh")

GRID = {"from": 0.0, "to": 0.5, "steps": 51}


def game(**changes):
    asked = {
        "name": "small",
        "firms": 10,
        "quarters": 1,
        "replications": 3,
        "candidates": 8,
        "objectives": {"USA": "jobs"},
        "levers": {USA_DUTY: GRID},
    }
    return game_of({**asked, **changes}, Path())


def found_in(folder):
    """Every file of results by its name, without the runs, whose order of ending is luck."""
    return {
        name: (folder / name).read_bytes() for name in ("asked.json", "reply.json", "reply.toml")
    }


def respond(folder, run_one=reply_runs.hill, options=QUIET, **changes):
    return replying.respond(game(**changes), folder, options, run_one=run_one)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reply") / "out"
    with runs_in_this_process():
        return respond(folder), folder


def test_the_best_of_a_fine_grid_is_found_and_what_is_as_good(finished):
    found, folder = finished
    numbers = found.numbers
    assert found.code == 0
    assert numbers["best"] == {USA_DUTY: pytest.approx(reply_runs.TOP, abs=0.02)}
    ends = numbers["like_the_best"][USA_DUTY]
    assert ends["from"] <= reply_runs.TOP <= ends["to"]
    # Jobs are 2.5 fewer at a distance of 0.05, ten times what is luck of a policy's own.
    assert ends["to"] - ends["from"] < 0.1
    assert numbers["judged"] < numbers["possible"] == 51
    assert json.loads((folder / "reply.json").read_text()) == numbers


def test_what_is_gained_is_taken_from_seeds_that_did_not_pick_it(finished):
    found, folder = finished
    gain = found.numbers["gain_on_fresh_seeds"]
    assert gain["low"] < 1000 * reply_runs.TOP**2 < gain["high"]
    manifests = [json.loads((folder / name / "manifest.json").read_text()) for name in SWEEPS]
    seeds = [manifest["sweep"]["seed"] for manifest in manifests]
    assert seeds[0] != seeds[1]


def test_the_policy_found_is_a_scenario(finished):
    found, folder = finished
    scenario = Scenario.load(folder / "reply.toml")
    duty = scenario.tariffs.special["USA"]["MEX"]["all"]
    assert {USA_DUTY: duty} == found.numbers["best"]


def test_the_same_question_gives_the_same_bytes_with_any_number_of_workers(finished, tmp_path):
    _, folder = finished
    respond(tmp_path / "two", options=replace(QUIET, workers=2))
    assert found_in(tmp_path / "two") == found_in(folder)


@pytest.mark.thorough
def test_a_search_that_was_stopped_goes_on_and_runs_nothing_twice(
    finished, tmp_path, marks, monkeypatch
):
    _, folder = finished
    monkeypatch.setenv("MAIN", str(os.getpid()))
    out = tmp_path / "out"
    stopped = respond(out, reply_runs.hill_until_stopped)
    assert stopped.code == 75
    assert not (out / "reply.json").exists()
    again = respond(out, reply_runs.hill_until_stopped, replace(QUIET, resume=True))
    assert again.code == 0
    assert found_in(out) == found_in(folder)
    asked = sum(json.loads((out / name / "manifest.json").read_text())["runs"] for name in SWEEPS)
    assert len(list(marks.iterdir())) == asked + 1, "one mark a run, and one of the stop"


PROGRAM = """
import os, sys
from pathlib import Path
os.environ["MAIN"] = str(os.getpid())
import reply_runs
from dataclasses import replace
from test_respond import QUIET, respond
respond(Path(sys.argv[1]), reply_runs.hill_until_killed, replace(QUIET, resume=True))
"""


@pytest.mark.thorough
def test_a_search_that_was_killed_goes_on_to_the_same_bytes(finished, tmp_path, marks):
    _, folder = finished
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here, here.parents[2])))
    environment = {**os.environ, "PYTHONPATH": paths, "MARKS": str(marks)}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "out")]
    killed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert not (tmp_path / "out" / "reply.json").exists()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert found_in(tmp_path / "out") == found_in(folder)


@pytest.mark.usefixtures("without_processes")
def test_where_nothing_does_anything_it_says_that_nothing_can_be_told(tmp_path):
    found = respond(tmp_path / "out", reply_runs.flat)
    assert "no policy judged can be told from any other by this objective" in found.lines
    assert found.numbers["like_the_best"][USA_DUTY]["from"] == 0.0


@pytest.mark.usefixtures("without_processes")
def test_policies_whose_runs_fail_are_passed_over_and_shown_as_such(tmp_path):
    found = respond(tmp_path / "out", reply_runs.fails_above)
    rows = {row["policy"][USA_DUTY]: row for row in found.numbers["policies"]}
    failed = [row for duty, row in rows.items() if duty > 0.35]
    assert failed
    assert all(row["objective"] is None and not row["like_the_best"] for row in failed)
    assert found.numbers["best"][USA_DUTY] == pytest.approx(reply_runs.TOP, abs=0.02)


@pytest.mark.usefixtures("without_processes")
def test_an_objective_without_a_number_is_refused_in_one_line(tmp_path):
    with pytest.raises(OutputError, match="jobs of USA: has no number where all stays as it is"):
        respond(tmp_path / "out", reply_runs.has_no_number)


def test_another_question_in_the_same_folder_is_refused_and_nothing_is_touched(finished):
    _, folder = finished
    before = found_in(folder)
    with pytest.raises(OutputError, match="--resume goes on with it"):
        respond(folder)
    with pytest.raises(OutputError, match="a search with another candidates: 8, not 12"):
        respond(folder, options=replace(QUIET, resume=True), candidates=12)
    assert found_in(folder) == before


WRONG = {
    "no such key": ("USA", "tariffs.special.USA.MEX.cattle=0:0.5", "jobs", "no such key"),
    "another's": ("USA", "tariffs.special.MEX.USA.all=0:0.5", "jobs", "is a lever of MEX"),
    "nobody's": ("USA", "firms.build_cost=0:0.5", "jobs", "no government sets it"),
    "outsider's": ("USA", "tariffs.special.CHN.USA.all=0:0.5", "jobs", 'is of "CHN"'),
    "a table": ("USA", "rules_of_origin.regional_value_content=0:1", "jobs", "is a table"),
    "not written so": ("USA", "tariffs.special.USA.MEX.all=0..1", "jobs", "KEY=FROM:TO:STEPS"),
    "falls": ("USA", "tariffs.special.USA.MEX.all=0.5:0", "jobs", "must be below"),
    "one value": ("USA", "tariffs.special.USA.MEX.all=0.1", "jobs", "1 values to choose from"),
    "not ascending": ("USA", "tariffs.special.USA.MEX.all=0.1,0.05", "jobs", "must ascend"),
    "too much": ("USA", "tariffs.special.USA.MEX.all=0:9", "jobs", "9"),
    "no government": ("CHN", "tariffs.special.USA.MEX.all=0:1", "jobs", "CHN"),
    "no objective": ("USA", f"{USA_DUTY}=0:1", "votes", "--objective votes: is one of"),
    "one step": (
        "USA",
        f"{USA_DUTY}=0:1:1",
        "jobs",
        "steps = 1: must be a whole number, 2 to",
    ),
    "many steps": ("USA", f"{USA_DUTY}=0:1:2000", "jobs", "2 to 1001"),
    "of no member": ("USA", "output_remission.CHN.cars=0:1", "jobs", "knows USA, MEX, CAN"),
    "no manufacture": ("CAN", "output_remission.CAN.primary_energy=0:1", "jobs", "CAN knows "),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_asked_is_one_line_and_writes_nothing(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    who, lever, objective, line = WRONG[case]
    words = ["respond", who, "--levers", lever, "--objective", objective, "--firms", "200"]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert line in said
    assert "factors" not in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("output_remission.CAN.cars", "CAN"),
        ("assembly_offset.share.USA.cars", "USA"),
        ("plan_relief.MEX.all", "MEX"),
    ],
)
def test_what_is_given_back_is_a_lever_of_the_treasury_that_gives_it(key, owner):
    lever = read_lever(key, [0.0, 0.1], Scenario.load("status-quo"))
    assert lever.owner == owner
    assert lever.start == 0


def test_another_number_of_seeds_is_called_that(finished):
    _, folder = finished
    with pytest.raises(OutputError, match="another number of seeds"):
        respond(folder, options=replace(QUIET, resume=True), replications=4)


def test_a_lever_given_twice_or_set_as_well_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lever = ["--levers", f"{USA_DUTY}=0:0.5"]
    words = ["respond", "USA", "--objective", "jobs", *lever]
    assert main([*words, *lever]) == 2
    assert "is given twice" in capsys.readouterr().err
    assert main([*words, "--set", f"{USA_DUTY}=0.1"]) == 2
    assert "is both set and a lever" in capsys.readouterr().err


@pytest.mark.thorough
def test_the_model_itself_is_asked_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["respond", "USA", "--levers", "tariffs.special.USA.CHN.all=0%,50%", "--objective"]
    words += ["balance", "--firms", "100", "--quarters", "2", "--seeds", "2", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["judged"] == 2
    assert told["objectives"]["USA"]["unit"] == "billion USD a year"
    assert told == json.loads((tmp_path / "results/USA-balance/reply.json").read_text())
