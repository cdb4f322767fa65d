"""Replies upon replies settle where they should, are told apart from cycles, and are drawn."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import reply_runs
from reply_runs import CARS, MEX_DUTY, USA_DUTY

from abm.errors import ScenarioError
from docs import best_replies
from experiments.commands.main import main
from experiments.labels import with_minus
from experiments.replies import nash as played
from experiments.replies.game import game_of, read_game, shipped_games
from experiments.sweeps.work.sweep import Options
from tests.in_this_process import runs_in_this_process
from viz.figures.path_of_replies import draw_path, path_of_replies

QUIET = Options(quiet=True)

GRID = {"from": 0.0, "to": 0.5, "steps": 21}


def game(**changes):
    asked = {
        "name": "small",
        "firms": 10,
        "quarters": 1,
        "replications": 2,
        "candidates": 21,
        "objectives": {"USA": "welfare", "MEX": "welfare"},
        "levers": {USA_DUTY: GRID, MEX_DUTY: GRID},
    }
    return game_of({**asked, **changes}, Path())


def play(folder, run_one, options=QUIET, **changes):
    return played.nash(game(**changes), folder, options, run_one=run_one, draw=draw_path)


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nash") / "out"
    with runs_in_this_process():
        return play(folder, reply_runs.best_replies), folder


def test_replies_that_have_a_fixed_point_reach_it(settled):
    found, _ = settled
    assert found.numbers["verdict"] == "settled"
    assert found.numbers["end"] == {USA_DUTY: 0.1, MEX_DUTY: 0.1}
    assert "The replies settled in round" in found.numbers["sentence"]
    last = [turn for turn in found.numbers["turns"] if turn["round"] == found.numbers["rounds"]]
    assert not any(turn["moved"] for turn in last)


def test_each_turn_is_the_best_reply_to_what_the_other_did(settled):
    found, _ = settled
    duty = {USA_DUTY: 0.0, MEX_DUTY: 0.0}
    for turn in found.numbers["turns"]:
        mine, other = (USA_DUTY, MEX_DUTY) if turn["government"] == "USA" else (MEX_DUTY, USA_DUTY)
        wanted = 0.3 * duty[other] + 0.07
        assert turn["best"][mine] == pytest.approx(wanted, abs=0.0126)  # half a step of the grid
        duty = turn["policy"]


@pytest.mark.usefixtures("without_processes")
def test_replies_without_rest_are_a_cycle(tmp_path):
    values = {"objectives": {"USA": "jobs", "MEX": "jobs"},
              "levers": {USA_DUTY: [0.0, 0.1], MEX_DUTY: [0.0, 0.1]}}  # fmt: skip
    found = play(tmp_path / "out", reply_runs.matching_pennies, **values)
    assert found.numbers["verdict"] == "cycle"
    assert found.numbers["sentence"] == (
        "The replies go round in a cycle of 2 rounds: after round 3 all stand where they stood "
        "after round 1."
    )


@pytest.mark.usefixtures("without_processes")
def test_replies_that_run_out_of_rounds_are_neither(tmp_path):
    found = play(tmp_path / "out", reply_runs.best_replies, rounds=1)
    assert found.numbers["verdict"] == "neither"
    assert found.numbers["sentence"].endswith("the last to move was Mexico.")


@pytest.mark.usefixtures("without_processes")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_lever_that_makes_no_difference_stays_where_it_is(tmp_path, seed):
    values = {"objectives": {"USA": "jobs"}, "replications": 4, "seed": seed,
              "levers": {USA_DUTY: [0.0, 0.1, 0.3], CARS: [0.5, 0.625, 0.7, 0.75]}}  # fmt: skip
    found = play(tmp_path / "out", reply_runs.cars_are_luck, **values)
    start = found.numbers["start"][CARS]
    assert found.numbers["end"] == {USA_DUTY: 0.1, CARS: start}
    assert found.numbers["turns"][0]["moved"]


@pytest.mark.usefixtures("without_processes")
@pytest.mark.parametrize(("common", "held"), [("strictest", 0.8), ("loosest", 0.5)])
def test_of_demands_for_a_common_threshold_the_one_holds_that_the_game_says(tmp_path, common, held):
    values = {"objectives": {"USA": "jobs", "MEX": "jobs"}, "common": common,
              "levers": {CARS: [0.5, 0.6, 0.7, 0.8]}}  # fmt: skip
    found = play(tmp_path / "out", reply_runs.thresholds, **values)
    assert found.numbers["end"] == {CARS: held}
    assert found.numbers["verdict"] == "settled"


@pytest.mark.thorough
def test_the_same_game_gives_the_same_bytes_with_any_number_of_workers(settled, tmp_path):
    _, folder = settled
    play(tmp_path / "two", reply_runs.best_replies, replace(QUIET, workers=2))
    for name in ("nash.json", "nash.toml", "path.png", "path.svg"):
        assert (tmp_path / "two" / name).read_bytes() == (folder / name).read_bytes()


def test_the_picture_says_what_was_found_and_has_a_panel_a_government(settled):
    found, _ = settled
    figure = path_of_replies(found.numbers)
    assert figure.get_label() == found.numbers["sentence"].rstrip(".")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "In force",
        "United States: welfare, percent of GDP",
        "Mexico: welfare, percent of GDP",
    ]


def test_the_lines_drawn_are_what_was_in_force(settled):
    numbers = settled[0].numbers
    lines = path_of_replies(numbers).axes[0].get_lines()
    steps = [line.get_ydata().tolist() for line in lines if len(line.get_ydata()) > 1]
    for key, values in zip(numbers["owners"], steps, strict=True):
        assert values == [numbers["start"][key], *(t["policy"][key] for t in numbers["turns"])]


def test_the_page_tells_what_the_game_came_to(settled, monkeypatch, tmp_path):
    numbers = settled[0].numbers
    page, picture = tmp_path / "page.md", tmp_path / "replies.png"
    marks = "<!-- measured: game -->\n", "<!-- end -->\nafter\n"
    page.write_text(f"before\n{marks[0]}stale\n{marks[1]}", "utf-8")
    assert best_replies.PAGE.read_text("utf-8").count(marks[0]) == 1

    def played_before(game, folder):
        assert game in shipped_games()
        folder.mkdir()
        (folder / "path.png").write_bytes(b"drawn")
        return numbers

    monkeypatch.setattr(best_replies, "played", played_before)
    monkeypatch.setattr(best_replies, "PAGE", page)
    monkeypatch.setattr(best_replies, "FIGURE", picture)
    best_replies.main(None)
    text = page.read_text("utf-8")
    assert picture.read_bytes() == b"drawn"
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale" not in text
    assert numbers["sentence"] in text
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    moved = [turn for turn in numbers["turns"] if turn["moved"]]
    assert len(rows) == len(moved) + 1
    for row, turn in zip(rows, moved, strict=False):
        for government, gain in turn["gain_over_the_start"].items():
            assert government in numbers["objectives"]
            assert with_minus(f"{gain['mean']:+.2f}") in row
    fresh = numbers["gain_on_fresh_seeds"]["USA"]["mean"]
    assert with_minus(f"{fresh:+.2f}") in rows[-1]


def test_a_government_without_a_lever_and_a_lever_without_a_government_are_refused():
    with pytest.raises(ScenarioError, match="levers: CAN has none"):
        game(objectives={"USA": "jobs", "MEX": "jobs", "CAN": "jobs"})
    with pytest.raises(ScenarioError, match=f"{MEX_DUTY}: is a lever of MEX, and it is USA that"):
        game(objectives={"USA": "jobs"})


@pytest.mark.parametrize("name", shipped_games())
def test_a_shipped_game_can_be_asked(name):
    shipped = read_game(name)
    assert shipped.file.title
    assert shipped.file.question.endswith("?")
    assert shipped.plan.with_points(shipped.ends).points


def test_a_wrong_game_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["nash", "no-such-game"]) == 2
    assert "no such game or file; shipped are" in capsys.readouterr().err
    (tmp_path / "my.toml").write_text('[objectives]\nUSA = "votes"\n[levers]\n"x" = [0, 1]\n')
    assert main(["nash", "my.toml"]) == 2
    said = capsys.readouterr().err
    assert "objectives.USA" in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["my.toml"]


@pytest.mark.thorough
def test_a_game_of_the_model_is_played_from_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(played, "find_drawing", lambda: draw_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(
        "firms = 100\nquarters = 1\nreplications = 2\nrounds = 1\ncandidates = 4\n"
        '[objectives]\nUSA = "balance"\nMEX = "content"\n[levers]\n'
        '"tariffs.special.USA.CHN.all" = [0.0, 0.5]\n'
        '"rules_of_origin.regional_value_content.cars" = [0.625, 0.75]\n'
    )
    assert main(["nash", "my.toml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["owners"]["rules_of_origin.regional_value_content.cars"] == "common"
    assert [turn["government"] for turn in told["turns"]] == ["USA", "MEX"]
    files = {path.name for path in (tmp_path / "results/my").iterdir()}
    assert files == {
        "asked.json",
        "runs",
        "fresh",
        "nash.json",
        "nash.toml",
        "path.png",
        "path.svg",
    }
