"""Stories and decisions: every sentence is said from the numbers of the run."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from abm.axes import REGIONS
from abm.policy.timeline import first_day
from abm.scenario.scenario import Scenario
from viz.charts.decisions import decisions
from viz.charts.told import LEAST, who_gains_and_why
from viz.lab import keep
from viz.lab.frame import take
from viz.lab.laboratory import Laboratory, Standing, Start
from viz.lab.luck import Luck
from viz.page import defaults
from viz.page.lever_panel import threat_changes
from viz.page.stories import FIRST, STORIES, in_link, told_by_link


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


@pytest.mark.thorough
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_story_has_four_stops_that_its_run_reaches(told, story):
    quarters = [quarter for quarter, _ in story.stops]
    assert len(quarters) == 4
    assert quarters == sorted(set(quarters))
    assert told[story.title].quarter == quarters[-1]
    assert story.question.endswith("?")
    # Before the first deed both worlds are one.
    first = told[story.title].at(quarters[0])
    assert np.array_equal(*(one.history.series["output"] for one in (first.world, first.other)))


def with_seeds(frame, count=8, luck=0.001, **gaps):
    """The frame with other seeds beside its own, each a draw around it, alike in both worlds.

    ``gaps`` adds to what the worlds differ by, shape (seed, place), in the last quarter.
    """
    draws = np.random.default_rng(1)
    mine, theirs = {}, {}
    for name in frame.world.history.series:
        one, other = (np.array(w.history.series[name]) for w in (frame.world, frame.other))
        noise = 1 + luck * draws.standard_normal((count, *one.shape))
        # Draws are shared by both worlds, but for a tenth of them.
        own = 1 + luck / 10 * draws.standard_normal((count, *one.shape))
        mine[name], theirs[name] = one * noise * own, other * noise
        mine[name][:, -1] += gaps.get(name, 0)
    return replace(frame, luck=Luck(tuple(range(1, count + 1)), mine, theirs))


def test_one_run_tells_nothing_as_all_of_it_may_be_luck(told):
    frame = told["A 25% duty on Mexico"]
    said = who_gains_and_why(frame)
    assert said.startswith("One run, of seed 1, cannot tell what differs from a world in which")
    assert not re.search("gains|loses|fewer|more than [0-9]", said)
    # Nor do seeds that were run up to an earlier quarter.
    early = with_seeds(frame.at(FIRST)).luck
    assert who_gains_and_why(replace(frame, luck=early)) == said


def test_who_loses_and_by_how_much_is_read_off_the_seeds(told):
    frame = with_seeds(told["A 25% duty on Mexico"])
    mine, theirs = (frame.luck.mine["output"][:, -1], frame.luck.theirs["output"][:, -1])
    gap = 100 * (mine / theirs - 1)[:, 1]
    known = stats.ttest_1samp(gap, 0).confidence_interval(0.95)
    mean, half = gap.mean(), (known.high - known.low) / 2
    assert mean < -LEAST
    said = f"Mexico loses {-mean:.2f} \N{PLUS-MINUS SIGN} {half:.2f}% of output"
    assert said in who_gains_and_why(frame)
    assert "(means of 8 seeds with 95% intervals)" in who_gains_and_why(frame)
    # Other numbers, another sentence: Mexico as it would have been.
    same = theirs * (1 + 1e-9 * np.arange(8)[:, None])
    frame.luck.mine["output"][:, -1] = same * np.array([0.9, 1.0, 1.2])
    said = who_gains_and_why(frame)
    assert "the United States loses 10.00 \N{PLUS-MINUS SIGN} 0.00% of output" in said
    assert "Canada gains 20.00 \N{PLUS-MINUS SIGN} 0.00% of output" in said
    assert "Mexico loses" not in said


def test_a_difference_that_may_be_luck_is_never_told(told):
    """Every figure of a sentence, drowned in draws that the two worlds do not share."""
    frame = told["A 25% duty on Mexico"]
    draws = np.random.default_rng(2).standard_normal((8, 1))
    names = ("output", "jobs", "prices", "trade", "opened", "closed")
    told_of = with_seeds(frame)
    sizes = {name: np.abs(told_of.luck.mine[name][:, -1]).max() for name in names}
    drowned = with_seeds(frame, **{name: 100 * sizes[name] * draws for name in names})
    assert who_gains_and_why(drowned) == (
        "No country's output differs from that of a world in which nothing was done by"
        f" {LEAST}% or more that can be told from luck. US consumer prices do not differ by more"
        " than luck. Whether a plant stands elsewhere because of it cannot be told from luck."
    )
    # Plants alone: what was said of them is withdrawn, and nothing else.
    sure = with_seeds(frame, opened=1000.0 * np.ones((8, 3)))
    assert "Plants that stand: " in who_gains_and_why(sure)
    unsure = with_seeds(frame, opened=1000.0 * np.ones((8, 3)) + 1e5 * draws)
    (kept, plants), (before, _) = (
        re.split(r"(?<=2017\. )", who_gains_and_why(one)) for one in (unsure, sure)
    )
    assert kept == before
    assert plants == "Whether a plant stands elsewhere because of it cannot be told from luck."


def test_why_names_the_flows_that_differ_most(told):
    frame = with_seeds(told["A duty on China"])
    gap = (frame.luck.mine["trade"] - frame.luck.theirs["trade"])[:, -1, 3 * len(REGIONS)]
    less = f"The United States buys {-gap.mean():,.1f} \N{PLUS-MINUS SIGN} "
    assert less in who_gains_and_why(frame)
    assert "billion USD a year less from China" in who_gains_and_why(frame)


def test_what_does_not_differ_is_said_not_to(told):
    frame = told["A 25% duty on Mexico"]
    same = with_seeds(frame, luck=0.0).at(FIRST - 1)
    assert who_gains_and_why(same) == (
        "No country's output differs from that of a world in which nothing was done by"
        f" {LEAST}% or more that can be told from luck. US consumer prices do not differ by more"
        " than luck. Not one plant stands elsewhere because of it."
    )


@pytest.mark.parametrize("number", range(len(STORIES)))
def test_an_address_brings_back_a_story_and_its_stop_but_on_no_other_run(number, monkeypatch):
    monkeypatch.setattr(defaults, "start", replace(defaults.start, firms=100))
    story = STORIES[number]
    played = story.played()
    standing = Standing(
        played.start, keep.with_all(played.start.scenario, played.levers), played.quarters
    )
    link = keep.restored(keep.link(standing, played.start.against))
    told = in_link(story, 2).removeprefix("&story=")
    assert told_by_link(told, link) == (story, 2)
    assert told_by_link(f"{number}.9", link) == (story, 0)
    for other in (n for n in range(len(STORIES)) if n != number):
        assert told_by_link(f"{other}.1", link) == (None, 0)
    for broken in ("", ".", f"{number}.", f"-{number}.1", "9.1", f"{number}.x", "\u00b2.1"):
        assert told_by_link(broken, link) == (None, 0)
    for run in (replace(link, quarters=3), replace(link, levers=((1, {}),)),
                replace(link, start=replace(link.start, against=None))):  # fmt: skip
        assert told_by_link(told, run) == (None, 0)


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
        (
            {"tariffs.special_waived_for_originating": False},
            "United States, Mexico and Canada charge special duties on goods that claim origin,"
            " too",
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
