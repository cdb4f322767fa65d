"""The stories that the page opens on, as a visitor reads them."""

import re

import pytest

from tests.browser.acting import (
    CLOCK,
    NARROW,
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
from viz.page.stories import STORIES

EIGHT_RUNS = 600_000
"""Milliseconds that eight processes, which start and play, may take where much else is done."""

ANSWER, STOP = ".ns-answer", ".ns-stop"


def choose(page, story):
    page.locator(".ns-story").filter(has_text=story.question).click()
    page.locator(STOP).filter(has_text="1 of 4").wait_for()


@pytest.mark.parametrize(
    ("size", "scheme"), [((1280, 720), "dark"), ((390, 844), "light")], ids=["laptop", "phone"]
)
def test_a_story_is_read_from_its_question_to_the_lever(visit, size, scheme):
    width, height = size
    page = visit(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    expect(page.locator(".ns-story")).to_have_count(len(STORIES))
    assert len(STORIES) == 4
    expect_not_grave(page)
    story = STORIES[0]
    choose(page, story)
    wait_for_quarter(page, story.stops[-1][0])
    page.locator(ANSWER).filter(has_text="Nobody's output differs").wait_for()
    page.locator(".ns-scrub-date").filter(has_text="Q4 2017").wait_for()
    for number, (_, what) in enumerate(story.stops[1:], 2):
        press(page, "Next")
        page.locator(STOP).filter(has_text=f"{number} of 4").filter(has_text=what).wait_for()
        loses = re.compile(r"Mexico loses \d+\.\d\d% of output.*US consumer prices", re.DOTALL)
        expect(page.locator(ANSWER)).to_have_text(loses)
    expect_not_grave(page)
    page.wait_for_function(NARROW)
    press(page, "Back")
    page.locator(STOP).filter(has_text="3 of 4").wait_for()
    press(page, "Next")
    press(page, "Now pull it yourself")
    page.locator(STOP).wait_for(state="detached")
    wait_for_event(page, "United States imposes a 25% duty on Mexico")
    expect(number_of(page, "Special duty")).to_have_value("25")
    set_number(page, "Special duty", 0)
    step(page)
    wait_for_event(page, "United States lifts the duty on Mexico")
    expect_quarter(page, story.stops[-1][0] + 1)


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


def test_what_governments_did_is_never_told_in_dotted_keys(visit):
    page = visit()
    for _ in range(2):
        press(page, "Year")
    wait_for_quarter(page, 8)
    wait_for_event(page, "announce for July 2020: USMCA replaces NAFTA")
    assert settled(page) == 8
    told = page.locator(".ns-log").inner_text()
    assert not re.search(r"[a-z]\.[a-z_]+", told)


def test_on_request_seeds_run_beside_the_page_and_every_figure_gets_its_interval(visit):
    page = visit()
    set_number(page, "Special duty", 40)
    switch = page.locator(".ns-switch").filter(has_text="Exempt goods that claim origin")
    switch.locator("input").click()
    step(page, 2)
    compare(page)
    press(page, "Run 8 seeds")
    status = page.locator(".ns-sureness p")
    status.filter(has_text="Running").wait_for()
    # The page goes on meanwhile.
    press(page, "By sector")
    expect_pressed(page, "By sector")
    means = "means of 8 seeds with 95% intervals, up to Q2 2017"
    expect(status).to_contain_text(means, timeout=EIGHT_RUNS)
    expect_not_grave(page)
    mexico = page.locator(".ns-front li").filter(has_text="Mexico output")
    interval = "\N{MINUS SIGN}\\d+ \N{PLUS-MINUS SIGN} \\d+ vs no levers"
    expect(mexico).to_contain_text(re.compile(interval))

    def banded():
        bands = {"Mexico, band", "Canada, band", "United States, band"}
        assert bands <= set(series_of(page, ".ns-charts"))

    until(page, banded)
    # What is saved of the lines names the seeds whose mean they are; the map is of one.
    abouts = {"Production": "mean of seeds 1 to 8", "Where North": "firms, seed 1."}
    for title, words in abouts.items():
        chart = page.locator(".ns-chart").filter(has_text=title).first
        assert words in chart.evaluate("chart => chart.__vue__.about")
    # A quarter more has no band until it is asked for again; the past keeps it.
    step(page)
    expect(status).to_contain_text("One seed is one draw of luck")
    page.get_by_role("slider", name="Quarter looked at").fill("2")
    expect(status).to_contain_text("means of 8 seeds")
