"""What a visitor does on the page, and what he waits for.

Whatever is done is drawn later: the server answers, and the browser draws what it is sent
piece by piece. So nothing is read at once after something was done. ``expect`` and ``until``
look again until what they claim is so, or half an eternity has passed; that nothing happened
is claimed only after something that happened later was waited for.
"""

import re
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

import pytest

from viz.lab import keep

PATIENCE = 60.0
"""Seconds after which a claim is taken for wrong: many, for machines that do much else."""

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=1000 * PATIENCE)

CLOCK = ".ns-clock span"
NOTICE = ".ns-notice:not(:empty)"
LEVER = ".ns-lever"
STATUS = ".ns-busy"
MAP = ".ns-map canvas"

NARROW = "document.documentElement.scrollWidth <= window.innerWidth"
"""Whether nothing of the page is wider than the window."""


def until(page, claim):
    """Look at the page again and again until a claim holds; returns what the claim returns.

    The claim is a function that asserts; what it says of the last look is the failure.
    """
    end = perf_counter() + PATIENCE
    while True:
        try:
            return claim()
        except AssertionError:
            if perf_counter() > end:
                raise
        page.wait_for_timeout(100)


def calm(page, look):
    """What a function tells of the page, once it has told the same for a while."""
    seen = []

    def steady():
        seen.append(look())
        assert len(seen) > 7
        assert all(one == seen[-1] for one in seen[-7:])
        return seen[-1]

    return until(page, steady)


def quarter(page):
    """The quarter that the header tells."""
    found = re.search(r"quarter (\d+)", page.locator(CLOCK).inner_text())
    return int(found.group(1)) if found else -1


def expect_quarter(page, exactly):
    expect(page.locator(CLOCK)).to_contain_text(f"quarter {exactly},")


def wait_for_quarter(page, least):
    def far_enough():
        assert quarter(page) >= least

    until(page, far_enough)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def play_and_pause(page):
    """Play, and pause at once; on a slow machine a scenario may be played to its end by then."""
    played = page.locator(".ns-play")

    def playing():
        # A click is lost where what was asked for before makes the page busy under it.
        if played.get_attribute("aria-pressed") == "false":
            press(page, "Play")
        assert played.get_attribute("aria-pressed") == "true"

    until(page, playing)

    def paused():
        if played.get_attribute("aria-pressed") == "true":
            played.click()
        assert played.get_attribute("aria-pressed") == "false"

    until(page, paused)


def do_or_start_anew(page, act):
    """Do something; where it cannot be done, as a scenario was played to its end, start anew."""
    page.set_default_timeout(5_000)
    try:
        act()
    except playwright.TimeoutError:
        press(page, "Reset")
    finally:
        page.set_default_timeout(150_000)


def expect_pressed(page, name):
    expect(page.locator("[aria-pressed=true]").filter(has_text=name)).to_have_count(1)


def step(page, count=1):
    """Step, each time until all of the new quarter is drawn: the address is written last."""
    for _ in range(count):
        now = quarter(page)
        press(page, "Step")
        wait_for_quarter(page, now + 1)
        address_of(page, now + 1)


def lever_row(page, label):
    return page.locator(LEVER).filter(has_text=label).first


def number_of(page, label):
    """The field in which the number of a lever is typed."""
    return lever_row(page, label).locator("input[type=number]")


def set_number(page, label, value):
    """Type into the number of a lever and leave it."""
    field = number_of(page, label)
    field.fill(str(value))
    field.press("Tab")


def wait_for_event(page, text):
    expect(page.locator(".ns-log")).to_contain_text(text)


def upload(page, text):
    """Start from a scenario file."""
    page.get_by_text("Scenario, firms, seed").click()
    file = {"name": "x.toml", "mimeType": "text/plain", "buffer": text.encode()}
    page.get_by_label("From a file").set_input_files(file)


def compare(page, name="no levers"):
    """Put a second world beside the first."""
    page.get_by_text("Compare two worlds").click()
    page.get_by_label("Second world, same seed").select_option(name)
    page.locator(".ns-diff").first.wait_for(state="attached")


def settled(page):
    """The quarter, once nothing is under way any more and the last one is drawn."""
    expect(page.locator(STATUS)).to_have_text("")
    return calm(page, lambda: quarter(page))


def address_of(page, least):
    """The address bar, once it tells of a quarter that far."""

    def far_enough():
        said = restored(page)
        assert said is not None
        assert said.quarters >= least
        return page.url

    return until(page, far_enough)


def restored(page):
    """What the address bar would bring back; None while it says nothing."""
    said = parse_qs(urlsplit(page.url).query).get("state")
    return keep.restored(said[0]) if said else None


def tiles(page, exactly):
    """The figures in front, once they are those of that quarter."""
    front = page.locator(".ns-front")
    front.locator(f"li[data-quarter='{exactly}']").first.wait_for()
    return calm(page, front.inner_text)


def wait_for_tiles(page, shown):
    def same():
        assert page.locator(".ns-front").inner_text() == shown

    until(page, same)


def drawn(page, figure):
    """What ECharts draws in a figure; nothing before its first drawing."""
    return page.locator(f"{figure} .ns-plot").first.evaluate(
        "plot => { const chart = plot.parentElement.__vue__.chart;"
        " return (chart && chart.getOption()) || { series: [] }; }"
    )


def series_of(page, figure):
    """What ECharts draws in a figure, by the name of the series without its quarter."""
    return {str(one.get("id")).split("-")[0]: one for one in drawn(page, figure)["series"]}


def expect_not_grave(page):
    """Wait until axe finds nothing that is serious or critical in the state the page is in."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")

    def fine():
        found = [
            (rule["id"], node["html"][:200], node["failureSummary"][:300])
            for rule in axe.Axe().run(page).response["violations"]
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"][:3]
        ]
        assert found == []

    until(page, fine)
