"""Stories and decisions: every sentence is said from the numbers of the run."""

import re
from dataclasses import replace

import numpy as np
import pytest

from abm.policy.timeline import first_day
from abm.scenario.scenario import Scenario
from viz.charts.decisions import decisions
from viz.charts.told import LEAST, differences, who_gains_and_why
from viz.lab import keep
from viz.lab.frame import take
from viz.lab.laboratory import Laboratory, Start
from viz.page import defaults
from viz.page.lever_panel import threat_changes
from viz.page.stories import FIRST, STORIES


@pytest.fixture(scope="module")
def told():
    """The frame at the end of each story, with few firms."""
    before, defaults.start = defaults.start, replace(defaults.start, firms=100)
    try:
        frames = {}
        for story in STORIES:
            played = story.played()
            lab = Laboratory(played.start)
            lab.replay(played.levers, played.quarters)
            frames[story.title] = take(lab)
        return frames
    finally:
        defaults.start = before


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_story_has_four_stops_that_its_run_reaches(told, story):
    quarters = [quarter for quarter, _ in story.stops]
    assert len(quarters) == 4
    assert quarters == sorted(set(quarters))
    assert told[story.title].quarter == quarters[-1]
    assert story.question.endswith("?")
    # Before the first deed both worlds are one.
    assert np.abs(differences(told[story.title].at(quarters[0]))).max() == 0


def test_who_loses_and_by_how_much_is_read_off_the_run(told):
    frame = told["A 25% duty on Mexico"]
    mine, theirs = (one.history.series["output"][-1] for one in (frame.world, frame.other))
    percent = 100 * (mine / theirs - 1)
    assert percent[1] < -LEAST
    assert f"Mexico loses {-percent[1]:.2f}% of output" in who_gains_and_why(frame)
    # Other numbers, another sentence: the same frame with Mexico as it would have been.
    history = frame.world.history.copy()
    history.series["output"][-1] = theirs * np.array([0.9, 1.0, 1.2])
    said = who_gains_and_why(replace(frame, world=replace(frame.world, history=history)))
    assert "the United States loses 10.00% of output" in said
    assert "Canada gains 20.00% of output" in said
    assert "Mexico loses" not in said


def test_why_names_the_flows_that_differ_most(told):
    frame = told["A duty on China"]
    gap = frame.world.picture.trade - frame.other.picture.trade
    assert f"The United States buys {-gap[3, 0]:,.1f} billion USD a year less from China" in (
        who_gains_and_why(frame)
    )


def test_what_does_not_differ_is_said_not_to(told):
    frame = told["A 25% duty on Mexico"].at(FIRST - 1)
    assert who_gains_and_why(frame) == (
        f"Nobody's output differs by {LEAST}% or more from a world in which nothing was done."
        " Not one plant stands elsewhere because of it."
    )


def played(changes, quarters=2, scenario="status-quo"):
    lab = Laboratory(Start(Scenario.load(scenario), 100))
    lab.pull(changes)
    for _ in range(quarters):
        lab.step()
    return lab


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tariffs.special.USA.MEX.all": 0.25}, "United States imposes a 25% duty on Mexico"),
        (
            {"tariffs.special.CAN.USA.metals": 0.18},
            "Canada imposes an 18% duty on metals of the United States",
        ),
        (threat_changes("blanket"), "United States threatens a 25% duty on Mexico"),
        (threat_changes("border_tax"), "United States threatens a 35% border tax on Mexico"),
        (
            {"rules_of_origin.regional_value_content.cars": 0.75},
            "United States, Mexico and Canada change regional value content (cars)"
            " from 62.5% to 75%",
        ),
        (
            {"enforcement.audit_rate.MEX": 0.2},
            "Mexico changes audit rate (Mexico) from 5% to 20%",
        ),
    ],
)
def test_a_decision_is_one_line_in_plain_words(changes, said):
    lab = played(changes)
    told = [one.text for one in decisions(lab.world.model.events)]
    assert told == [said]


def test_a_threat_that_is_carried_out_or_withdrawn_is_told_as_such():
    lab = played(threat_changes("blanket"), 1)
    for button in ("impose", "withdraw"):
        lab.pull(threat_changes(button))
        lab.step()
    told = [(one.quarter, one.text) for one in decisions(lab.world.model.events)]
    assert told[0] == (1, "United States threatens a 25% duty on Mexico")
    assert (2, "United States carries out the threat") in told
    assert told[-1] == (3, "United States withdraws the threat")


def test_no_decision_of_any_shipped_scenario_shows_a_dotted_key(told):
    frame = told["The USMCA"]
    lines = [one.text for one in decisions(frame.world.events)]
    assert any(
        line.startswith("United States, Mexico and Canada announce for July 2020: USMCA")
        for line in lines
    )
    for title in told:
        for one in decisions(told[title].world.events):
            assert not re.search(r"[a-z]\.[a-z_]+", one.text), one.text
    assert len(lines) == len(set(lines)), "a decision is one line"


def test_every_lever_that_is_pulled_is_told_without_a_dotted_key():
    from viz.page.lever_panel import levers, panel, pulled

    scenario = Scenario.load("status-quo")
    shown = {row["id"]: row for group in panel(scenario, 1, {}) for row in group["levers"]}
    lab = Laboratory(Start(scenario, 100))
    for number, _ in enumerate(levers()):
        row = shown[number]
        value = not row["value"] if row["kind"] == "switch" else row["most"]
        lab.pull(pulled(number, value, {}))
    lab.world.model.step()
    rows = [dict(event, reason="in force: Lever pulled during the run", actor=f"USA{n}")
            for n, event in enumerate(lab.world.model.events)]  # fmt: skip
    assert len(rows) > 20
    for one in decisions(rows):
        assert not re.search(r"[a-z]\.[a-z_]+|_|none", one.text), one.text
    assert first_day(1, scenario.start).year == 2017
    assert keep.NO_LEVERS in {story.against for story in STORIES}
