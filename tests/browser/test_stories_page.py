"""The stories that the page opens on, as a visitor reads them."""

import re

import pytest

from tests.browser.acting import (
    CLOCK,
    NARROW,
    NOTICE,
    compare,
    expect,
    expect_not_grave,
    expect_pressed,
    expect_quarter,
    number_of,
    press,
    series_of,
    set_number,
    settled,
    step,
    until,
    wait_for_event,
    wait_for_quarter,
)
from tests.browser.conftest import SEEDS
from viz.page.stories import STORIES

ALL_SEEDS = 600_000
"""Milliseconds that processes which start and play may take where much else is done."""

ANSWER, STOP = ".ns-answer", ".ns-stop"


def choose(page, story):
    page.locator(".ns-story").filter(has_text=story.question).click()
    page.locator(STOP).filter(has_text="1 of 4").wait_for()


def expect_above_the_fold(page):
    """The figures in front and the map are seen without scrolling."""

    def seen():
        height = page.viewport_size["height"]
        for what in (".ns-front", ".ns-map .ns-plot"):
            box = page.locator(what).bounding_box()
            assert box["y"] + box["height"] <= height, what

    until(page, seen)


def next_stop(page, story, number):
    press(page, "Next")
    what = story.stops[number - 1][1]
    page.locator(STOP).filter(has_text=f"{number} of 4").filter(has_text=what).wait_for()


@pytest.mark.thorough
def test_a_story_is_read_on_a_phone_from_its_question_to_the_lever(visit):
    page = visit(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    expect(page.locator(".ns-story")).to_have_count(len(STORIES))
    assert len(STORIES) == 4
    expect_not_grave(page)
    story = STORIES[0]
    choose(page, story)
    wait_for_quarter(page, story.stops[-1][0])
    page.locator(".ns-scrub-date").filter(has_text="Q4 2017").wait_for()
    for number in (2, 3):
        next_stop(page, story, number)
    expect_not_grave(page)
    page.wait_for_function(NARROW)
    # The story and its stop are in the address.
    page.wait_for_function("() => window.location.search.endsWith('&story=0.2')")
    stood = page.url
    page.reload()
    page.locator(STOP).filter(has_text="3 of 4").filter(has_text=story.stops[2][1]).wait_for()
    expect(page.locator(".ns-told h2")).to_contain_text(story.question)
    page.locator(".ns-scrub-date").filter(has_text="Q1 2019").wait_for()
    expect(page).to_have_url(stood)
    press(page, "Back")
    page.locator(STOP).filter(has_text="2 of 4").wait_for()
    for number in (3, 4):
        next_stop(page, story, number)
    press(page, "Now pull it yourself")
    page.locator(STOP).wait_for(state="detached")
    page.wait_for_function("() => !window.location.search.includes('story')")
    wait_for_event(page, "United States imposes a 25% duty on Mexico")
    expect(number_of(page, "Special duty")).to_have_value("25")
    set_number(page, "Special duty", 0)
    step(page)
    wait_for_event(page, "United States lifts the duty on Mexico")
    expect_quarter(page, story.stops[-1][0] + 1)


SURENESS = ".ns-sureness p"


@pytest.mark.thorough
def test_a_story_tells_what_is_no_luck_and_bands_stay_where_the_run_goes_on(visit):
    page = visit(
        viewport={"width": 1280, "height": 720}, color_scheme="dark", reduced_motion="reduce"
    )
    expect(page.locator(".ns-story")).to_have_count(len(STORIES))
    expect_above_the_fold(page)
    story, status = STORIES[0], page.locator(SURENESS)
    choose(page, story)
    # One seed is told to be one, until the others have been run.
    expect(page.locator(ANSWER)).to_contain_text("One run, of seed 1, cannot tell what differs")
    expect(page.locator(".ns-front .ns-diff").first).to_contain_text("one seed")
    status.filter(has_text="Running").wait_for()
    press(page, "By sector")
    expect_pressed(page, "By sector")
    means = f"means of {SEEDS} seeds with 95% intervals, up to Q1 2021"
    expect(status).to_contain_text(means, timeout=ALL_SEEDS)
    # Before its deed, both worlds are one in every seed.
    expect(page.locator(ANSWER)).to_contain_text("No country's output differs")
    for number in (2, 3, 4):
        next_stop(page, story, number)
        loses = "Mexico loses \\d+\\.\\d\\d \N{PLUS-MINUS SIGN} \\d+\\.\\d\\d% of output"
        expect(page.locator(ANSWER)).to_have_text(re.compile(loses))
        expect_above_the_fold(page)
    expect_not_grave(page)
    mexico = page.locator(".ns-front li").filter(has_text="Mexico output")
    interval = "\N{MINUS SIGN}\\d+ \N{PLUS-MINUS SIGN} \\d+ vs no levers"
    expect(mexico).to_contain_text(re.compile(interval))
    expect_banded(page)
    # What is saved of the lines names the seeds whose mean they are; the map is of one.
    abouts = {"Production": f"mean of seeds 1 to {SEEDS}", "Where North": "firms, seed 1."}
    for title, words in abouts.items():
        chart = page.locator(".ns-chart").filter(has_text=title).first
        assert words in chart.evaluate("chart => chart.__vue__.about")
    # A quarter more is of one seed; the bands of those before stay, and say how far they reach.
    press(page, "Leave the story")
    step(page)
    expect(status).to_contain_text(f"The bands of {SEEDS} seeds reach up to Q1 2021")
    production = page.locator(".ns-chart").filter(has_text="Production").first
    expect(production).to_contain_text("up to Q1 2021; lines: seed 1 alone")
    assert len(expect_banded(page)["data"]) == story.stops[-1][0] + 2
    page.get_by_role("slider", name="Quarter looked at").fill("9")
    expect(status).to_contain_text(f"means of {SEEDS} seeds")
    # They can be run on; beside another second world they are worth nothing.
    press(page, f"Run {SEEDS} seeds on to Q2 2021")
    expect(status).to_contain_text("Running")
    compare(page, "usmca")
    page.locator(NOTICE).filter(has_text="The seeds are given up").wait_for()
    expect(status).to_contain_text("One seed is one draw of luck")


def expect_banded(page):
    """Wait until the lines of production have bands; returns that of Mexico."""

    def banded():
        series = series_of(page, ".ns-charts")
        assert {"Mexico, band", "Canada, band", "United States, band"} <= set(series)
        return series["Mexico, band"]

    return until(page, banded)


@pytest.mark.thorough
def test_stories_give_way_to_whoever_plays_alone_and_come_back_when_asked(visit):
    page = visit()
    press(page, "Step")
    wait_for_quarter(page, 1)
    page.locator(".ns-story").first.wait_for(state="detached")
    press(page, "Stories")
    choose(page, STORIES[1])
    press(page, "Leave the story")
    page.locator(CLOCK).filter(has_text="status-quo").wait_for()
    page.locator(STOP).wait_for(state="detached")


@pytest.mark.thorough
def test_what_governments_did_is_never_told_in_dotted_keys(visit):
    page = visit()
    for _ in range(2):
        press(page, "Year")
    wait_for_quarter(page, 8)
    wait_for_event(page, "announce for July 2020: USMCA replaces NAFTA")
    assert settled(page) == 8
    told = page.locator(".ns-log").inner_text()
    assert not re.search(r"[a-z]\.[a-z_]+", told)
