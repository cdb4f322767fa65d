"""The laboratory without a browser: worlds, levers, links, what is kept, films, doctor."""

import base64
import gc
import json
import os
import shutil
import zlib
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from PIL import Image

from abm import data
from abm.errors import NearshoreError, OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from abm.state.places import cities, presence
from experiments.runs.runner import run_scenario
from tests.browser.test_lever_panel import rows_of
from viz.charts.basics import LIGHT
from viz.charts.content_spread import content_spread
from viz.charts.headline_numbers import headlines
from viz.charts.lines import CHARTS, LABEL_HEIGHT, PLOT_HEIGHT, balances
from viz.charts.map import trade_map
from viz.figures.film import film
from viz.lab import keep
from viz.lab.frame import take
from viz.lab.laboratory import Laboratory, Start
from viz.lab.sites import sites
from viz.lab.told_model import PHASES
from viz.page import lever_panel as levers
from viz.page.doctor import problems

FIRMS = 100


@pytest.fixture(scope="module")
def lab():
    laboratory = Laboratory(Start(Scenario.load("usmca"), FIRMS, 2, Scenario.load("status-quo")))
    laboratory.step()
    laboratory.pull(
        {"tariffs.special.USA.MEX.cars": 0.25, "tariffs.special_waived_for_originating": False}
    )
    laboratory.step()
    return laboratory


def random_pull(luck, lab):
    """A random lever with random slots and a random value in its range, or a button."""
    number = int(luck.integers(len(levers.levers()) + 1))
    if number == len(levers.levers()):
        return levers.threat_changes(
            str(luck.choice(["border_tax", "blanket", "impose", "withdraw"]))
        )
    lever, chosen = levers.levers()[number], {}
    for place, _ in enumerate(lever.slots):
        row = rows_of(lab.scenario, lab.quarter + 1, {lever.key: chosen})[number]
        choice = row["choices"][place]
        chosen[choice["slot"]] = str(luck.choice([one["value"] for one in choice["options"]]))
    filled = {lever.key: chosen}
    row = rows_of(lab.scenario, lab.quarter + 1, filled)[number]
    if row["kind"] == "switch":
        return levers.pulled(number, bool(luck.integers(2)), filled)
    return levers.pulled(number, float(luck.uniform(row["low"], row["most"])), filled)


STEPS = int(os.environ.get("NEARSHORE_STEPS", "60"))
"""Of a session; as many as ``NEARSHORE_STEPS`` says where a longer one is wanted."""


KEPT_OF_A_QUARTER, ROOM = 200e3, 20e6
"""Bytes that a quarter may leave behind, tables and the picture that can be scrubbed to; and what
memory may vary by besides."""


@pytest.mark.thorough
def test_many_steps_with_levers_pulled_at_random(capfd):
    luck, memory = np.random.default_rng(4), psutil.Process(os.getpid())
    lab, after_set_up = Laboratory(Start(Scenario.load("status-quo"), FIRMS)), None
    for turn in range(STEPS):
        if lab.over:
            lab = Laboratory(lab.start)
        if luck.random() < 0.15:
            lab.pull(random_pull(luck, lab))
        lab.step()
        assert lab.failure is None, lab.failure.report
        if turn % 25 == 0:
            take(lab)
        if turn == 20:
            gc.collect()
            after_set_up = memory.memory_info().rss
    gc.collect()
    assert memory.memory_info().rss - after_set_up < ROOM + STEPS * KEPT_OF_A_QUARTER
    assert capfd.readouterr().err == ""


def test_the_second_world_has_the_same_firms_and_luck(lab):
    mine, theirs = lab.world.model.firms, lab.other.model.firms
    assert np.array_equal(mine.productivity, theirs.productivity)
    assert lab.other.history.quarters == lab.quarter
    assert lab.world.history.series["balance"][-1][0] != lab.other.history.series["balance"][-1][0]


def test_every_figure_of_the_calibration_year_is_that_of_the_tables(lab):
    outcomes = lab.world.model.frames()["outcomes"].query("quarter == 0")
    jobs = outcomes.groupby("region")["employment"].sum()[["USA", "MEX", "CAN"]] / 1000
    assert lab.world.history.series["jobs"][0] == pytest.approx(jobs.to_numpy())


def test_cities_add_up_to_the_countries_output(lab):
    by_city = take(lab).world.picture.output
    for n, host in enumerate(("USA", "MEX", "CAN")):
        here = (cities()["country"] == host).to_numpy()
        assert by_city[here].sum() == pytest.approx(lab.world.history.series["output"][-1][n])


def test_a_firm_has_one_city_a_country_whatever_else_there_is():
    sector = np.repeat(np.arange(10, dtype=np.int8), 500)
    placed = sites(sector, seed=5)
    assert np.array_equal(placed[:700], sites(sector[:700], seed=5))
    countries = cities()["country"].to_numpy()
    for n, host in enumerate(("USA", "MEX", "CAN")):
        assert (countries[placed[:, n]] == host).all()
    share = np.bincount(placed[sector == 0, 0], minlength=len(cities())) / 500
    # Three standard errors of a share among 500 draws.
    assert np.abs(share - presence()[0, 0]).max() < 3 * np.sqrt(0.25 / 500)


def test_a_link_gives_back_what_it_was_made_of(lab):
    played = keep.restored(keep.link(lab.standing(), lab.other.model.scenario))
    again = Laboratory(played.start)
    again.replay(played.levers, played.quarters)
    assert again.quarter == lab.quarter
    assert (again.start.firms, again.start.seed) == (FIRMS, 2)
    assert again.start.against == Scenario.load("status-quo")
    assert again.scenario == lab.scenario
    links = [keep.link(one.standing(), one.other.model.scenario) for one in (again, lab)]
    assert links[0] == links[1]
    for mine, theirs in ((again.world, lab.world), (again.other, lab.other)):
        for name, table in theirs.model.frames().items():
            pd.testing.assert_frame_equal(mine.model.frames()[name], table, check_exact=True)


def test_a_link_keeps_an_uploaded_scenario_its_levers_and_the_world_without_them():
    lab = Laboratory(Start(keep.uploaded(b'extends = "usmca"\nname = "mine"'), FIRMS))
    lab.step()
    lab.pull({"tariffs.special.USA.MEX.all": 0.25})
    lab.compare(keep.second_world(lab.start.scenario, keep.NO_LEVERS))
    # Pulled during the first quarter, and not yet in force.
    played = keep.restored(keep.link(lab.standing(), lab.other.model.scenario))
    assert played.levers == ((2, {"tariffs.special.USA.MEX.all": 0.25}),)
    again = Laboratory(played.start)
    again.replay(played.levers, played.quarters)
    assert again.quarter == 1
    assert again.scenario.same_model_as(lab.scenario)
    assert again.start.scenario.same_model_as(lab.start.scenario)
    assert again.other.name == keep.NO_LEVERS
    assert again.other.model.scenario.timeline == lab.start.scenario.timeline


def test_what_if_goes_back_beside_a_world_that_goes_on_as_it_did():
    """Both worlds, forked at quarter 2 and played to 4, are those that were never forked."""
    lab = Laboratory(Start(Scenario.load("usmca"), FIRMS, 2))
    first, second = {"tariffs.special.USA.MEX.all": 0.25}, {"tariffs.special.USA.MEX.all": 0.5}
    lab.replay(((1, first), (4, second)), 4)
    fork = keep.forked(lab.standing(), 2)
    assert fork.levers == ((1, first),)
    back = Laboratory(fork.start)
    back.replay(fork.levers, fork.quarters)
    assert (back.quarter, back.other.name) == (2, keep.AS_IT_WAS)
    for name in ("output", "jobs", "balance", "prices"):
        mine, theirs = (world.history.series[name] for world in (back.world, back.other))
        assert np.array_equal(mine, theirs), "worlds of one past are one"
    # The fork is in the address as well.
    played = keep.restored(keep.link(back.standing(), back.other.model.scenario))
    assert played == fork
    for _ in range(2):
        back.step()
    for name, table in lab.world.model.frames().items():
        if name != "events":
            other = back.other.model.frames()[name]
            pd.testing.assert_frame_equal(other, table, check_exact=True)
    assert back.world.history.series["jobs"][4][1] != back.other.history.series["jobs"][4][1]


def test_a_look_back_draws_what_was_drawn_then():
    lab, then = Laboratory(Start(Scenario.load("usmca"), FIRMS, 2, Scenario.load("status-quo"))), []
    for _ in range(4):
        then.append(take(lab))
        lab.step()
    now = take(lab)
    for quarter, frame in enumerate(then):
        back = now.at(quarter)
        assert back.quarter == quarter
        for draw in CHARTS:
            one, two = draw(back, LIGHT), draw(frame, LIGHT)
            assert (one.sentence, one.table) == (two.sentence, two.table)
            length = len(one.option["xAxis"]["data"])
            assert length == 5, "the axis stays as long as it is now"
        assert trade_map(back, LIGHT, "change", True) == trade_map(frame, LIGHT, "change", True)
        assert back.world.events == frame.world.events
        assert headlines(back) == headlines(frame)
    assert now.at(None) is now.at(4) is now.at(9) is now
    small = sum(value.nbytes for value in vars(now.world.picture).values())
    assert small < 16_000, "a picture is kilobytes"


def test_a_lever_of_a_link_that_no_scenario_takes_is_refused():
    lab = Laboratory(Start(Scenario.load("status-quo"), FIRMS))
    document = json.loads(
        zlib.decompress(base64.urlsafe_b64decode(keep.link(lab.standing()) + "=="))
    )
    document["levers"] = [["2019-01-01", {"tariffs.special.USA.MEX.all": 99}]]
    packed = zlib.compress(json.dumps(document).encode())
    with pytest.raises(ScenarioError, match=r"tariffs\.special\.USA\.MEX\.all"):
        keep.restored(base64.urlsafe_b64encode(packed).decode())


@pytest.mark.parametrize("text", ["", "?", "AAAA", "eJwDAAAAAAE", "\N{SNOWMAN}", "A" * 5000])
def test_a_link_that_is_none_is_refused_in_one_line(text):
    with pytest.raises(ScenarioError, match="link: cannot be read"):
        keep.restored(text)


def test_no_name_of_a_line_lies_on_the_axis_below_or_on_another(lab):
    named = 0
    for draw in CHARTS:
        option = draw(take(lab), LIGHT).option
        low, high = (option["yAxis"][end] for end in ("min", "max"))
        pixel, heights = (high - low) / PLOT_HEIGHT, []
        for line in option["series"]:
            for mark in line.get("markPoint", {}).get("data", ()):
                up = (mark["coord"][1] - low) / pixel
                heights.append(up - line["markPoint"]["label"]["offset"][1])
        named += len(heights)
        # Offsets are rounded to a tenth of a pixel.
        assert min(heights, default=LABEL_HEIGHT) >= LABEL_HEIGHT / 2 - 0.1
        assert all(a - b >= LABEL_HEIGHT - 0.2 for a, b in pairwise(sorted(heights)[::-1]))
    assert named > 20


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"extends = '../../etc/passwd'", "no such scenario"),
        (b"a" * 1_000_001, "larger than a scenario"),
        (b"surprise = 1", "no such key"),
    ],
)
def test_an_upload_is_checked_like_a_scenario_file(raw, said):
    with pytest.raises(ScenarioError, match=said):
        keep.uploaded(raw)


@pytest.mark.parametrize("place", ["/", "/nowhere", "..", "/etc"])
def test_strangers_learn_nothing_about_folders_through_an_economy(place):
    with pytest.raises(ScenarioError, match="an economy that this page does not serve"):
        keep.uploaded(f"extends = 'usmca'\n[economy]\ntable = '{place}'".encode())


def test_what_strangers_bring_is_played_on_the_economy_that_the_page_serves():
    plain = b"extends = 'usmca'"
    assert keep.uploaded(plain).economy.table == "2017"
    assert keep.uploaded(plain, "2011").economy.table == "2011"
    served = Laboratory(Start(Scenario.load("usmca").on_economy("2011"), 100, 1))
    link = keep.link(served.standing(), Scenario.load("status-quo"))
    start = keep.restored(link).start
    assert start.scenario.economy.table == start.against.economy.table == "2011"


@pytest.mark.thorough
def test_a_link_of_an_economy_that_is_not_served_is_refused(tmp_path):
    tables = Path(str(resources.files(data))) / "base_years" / "2011"
    own = shutil.copytree(tables, tmp_path / "own")
    served = Laboratory(Start(Scenario.load("usmca").on_economy(str(own)), 100, 1))
    link = keep.link(served.standing())
    assert keep.restored(link, str(own)).start.scenario.economy.table == str(own)
    with pytest.raises(ScenarioError, match="an economy that this page does not serve"):
        keep.restored(link)


def test_formulas_in_text_are_no_formulas_in_csv(lab):
    text = keep._csv(pd.DataFrame({"reason": ["=1+1", "@x", "plain"], "n": [-1, 2, 3]}))
    assert text.splitlines()[1:] == ["'=1+1,-1", "'@x,2", "plain,3"]


def test_a_failing_step_keeps_quarter_phase_and_report(monkeypatch):
    lab = Laboratory(Start(Scenario.load("status-quo"), FIRMS))
    lab.step()

    def fails(*arguments, **options):
        raise NearshoreError("firm 7 has no source")

    monkeypatch.setattr("abm.trade_phases.solve_costs", fails)
    lab.step()
    assert (lab.failure.quarter, lab.failure.phase, lab.failure.firm) == (2, "solve_costs", "7")
    assert lab.failure.text == "firm 7 has no source"
    assert f"seed 1, firms {FIRMS}" in lab.failure.report
    lab.step()
    assert lab.over
    assert lab.quarter == 1


def test_a_frame_is_not_changed_by_the_steps_that_follow():
    lab = Laboratory(Start(Scenario.load("status-quo"), FIRMS))
    lab.step()
    frame = take(lab, city=0)
    before = (
        frame.world.picture.output.copy(),
        frame.world.history.column("jobs", 0),
        frame.quarter,
    )
    drawn = json.dumps([draw(frame, LIGHT).option for draw in CHARTS])
    lab.pull({"tariffs.special.USA.MEX.all": 0.5})
    for _ in range(8):
        lab.step()
    assert np.array_equal(frame.world.picture.output, before[0])
    assert np.array_equal(frame.world.history.column("jobs", 0), before[1])
    assert (frame.quarter, frame.world.history.quarters) == (before[2], before[2])
    assert json.dumps([draw(frame, LIGHT).option for draw in CHARTS]) == drawn
    assert json.dumps([draw(take(lab), LIGHT).option for draw in CHARTS]) != drawn


def test_the_phases_that_the_page_tells_are_those_of_a_step(lab):
    seconds = lab.world.model.phase_seconds
    assert [name for name in seconds if not name.startswith("_")] == list(PHASES)


def test_observed_figures_stand_beside_the_model_where_it_has_come_to_their_date():
    lab = Laboratory(Start(Scenario.load("status-quo"), FIRMS))
    for _ in range(7):
        lab.step()
    chart = balances(take(lab), LIGHT)
    points = next(s for s in chart.option["series"] if s["name"] == "Mexico, observed")
    # Third quarters of 2017 and 2018, billion USD, as the Census published them.
    assert [n for n, value in enumerate(points["data"]) if value is not None] == [3, 7]
    assert points["data"][7] == pytest.approx(-78, abs=5)
    assert "observed" in chart.sentence
    assert all(len(row) == len(chart.table["head"]) for row in chart.table["rows"])
    spread = content_spread(take(lab), LIGHT, "cars").option["series"]
    assert sum(share for _, share in spread[-1]["data"]) == pytest.approx(100, abs=0.2)


def test_a_run_becomes_a_film_and_another_folder_does_not(tmp_path):
    run = tmp_path / "run"
    run_scenario(Scenario.load("status-quo"), firms=FIRMS, quarters=2, seed=1, out=run, quiet=True,
                 draw=lambda *_: [])  # fmt: skip
    assert film(run, tmp_path / "x.gif") == 2
    with Image.open(tmp_path / "x.gif") as drawn:
        assert drawn.n_frames == 3
    assert not list(tmp_path.glob(".x.gif*"))
    with pytest.raises(OutputError, match="is no folder of a run"):
        film(tmp_path, tmp_path / "y.gif")
    with pytest.raises(OutputError, match=r"end its name in \.gif"):
        film(run, Path("y.avi"))


def test_the_doctor_names_a_bad_pair_and_what_to_do():
    def installed(package):
        return {"ipyvue": "3.0.1", "solara": "1.64.1"}.get(package, "1.0")

    (line,) = problems(installed)
    assert line.startswith("ipyvue 3.0.1 and solara 1.64.1 do not fit")
    assert "pip install 'ipyvue<2'" in line
    assert problems() == []
