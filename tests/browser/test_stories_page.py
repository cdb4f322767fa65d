"""The stories that the page opens on, as a visitor reads them."""

import re

import pytest

from tests.browser.acting import (
    CLOCK,
    LEVER,
    drawn,
    grave,
    press,
    quarter,
    set_number,
    step,
    wait_for_event,
    wait_for_quarter,
)
from viz.page.stories import STORIES

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
    assert page.locator(".ns-story").count() == len(STORIES) == 4
    assert grave(page) == []
    story = STORIES[0]
    choose(page, story)
    wait_for_quarter(page, story.stops[-1][0])
    page.locator(ANSWER).filter(has_text="Nobody's output differs").wait_for()
    page.locator(".ns-scrub-date").filter(has_text="Q4 2017").wait_for()
    for number, (_, what) in enumerate(story.stops[1:], 2):
        press(page, "Next")
        page.locator(STOP).filter(has_text=f"{number} of 4").filter(has_text=what).wait_for()
        answer = page.locator(ANSWER).filter(has_text="Mexico loses")
        answer.wait_for()
        assert re.search(r"Mexico loses \d+\.\d\d% of output.*US consumer prices",
                         answer.inner_text())  # fmt: skip
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    press(page, "Back")
    page.locator(STOP).filter(has_text="3 of 4").wait_for()
    press(page, "Next")
    press(page, "Now pull it yourself")
    page.locator(STOP).wait_for(state="detached")
    wait_for_event(page, "United States imposes a 25% duty on Mexico")
    assert page.locator(LEVER).first.locator("input[type=number]").input_value() == "25"
    set_number(page, "Special duty", 0)
    step(page)
    wait_for_event(page, "United States lifts the duty on Mexico")
    assert quarter(page) == story.stops[-1][0] + 1


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
    told = page.locator(".ns-log").inner_text()
    assert not re.search(r"[a-z]\.[a-z_]+", told)


def test_on_request_seeds_run_beside_the_page_and_every_figure_gets_its_interval(visit):
    page = visit()
    set_number(page, "Special duty", 40)
    press_switch = page.locator(".ns-switch").filter(has_text="Spare goods that claim origin")
    press_switch.locator("input").click()
    step(page, 2)
    page.get_by_text("Compare two worlds").click()
    page.get_by_label("Second world, same seed").select_option("no levers")
    page.locator(".ns-diff").first.wait_for()
    press(page, "Run 8 seeds")
    status = page.locator(".ns-sureness p")
    status.filter(has_text="Running").wait_for()
    # The page goes on meanwhile.
    press(page, "By sector")
    page.locator("[aria-pressed=true]").filter(has_text="By sector").wait_for()
    status.filter(has_text="means of 8 seeds with 95% intervals, up to Q2 2017").wait_for()
    assert grave(page) == []
    mexico = page.locator(".ns-front li").filter(has_text="Mexico output")
    assert re.search(
        "\N{MINUS SIGN}\\d+ \N{PLUS-MINUS SIGN} \\d+ vs no levers", mexico.inner_text()
    )
    series = {one["id"] for one in drawn(page, ".ns-charts")["series"]}
    assert {"Mexico, band", "Canada, band", "United States, band"} <= series
    # A quarter more has no band until it is asked for again; the past keeps it.
    step(page)
    status.filter(has_text="One seed is one draw of luck").wait_for()
    page.get_by_role("slider", name="Quarter looked at").fill("2")
    status.filter(has_text="means of 8 seeds").wait_for()
