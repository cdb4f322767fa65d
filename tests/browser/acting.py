"""What a visitor does on the page, and what he waits for."""

import re
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

import pytest

from viz.lab import keep

CLOCK = ".ns-clock span"
NOTICE = ".ns-notice:not(:empty)"
LEVER = ".ns-lever"
STATUS = ".ns-busy"
MAP = ".ns-map canvas"


def quarter(page):
    """The quarter that the header tells."""
    return int(re.search(r"quarter (\d+)", page.locator(CLOCK).inner_text()).group(1))


def wait_for_quarter(page, least):
    page.wait_for_function(
        "([where, least]) => Number((((document.querySelector(where) || {}).innerText || '')"
        ".match(/quarter (\\d+)/) || [0, -1])[1]) >= least",
        arg=[CLOCK, least],
    )


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def step(page, count=1):
    for _ in range(count):
        now = quarter(page)
        press(page, "Step")
        wait_for_quarter(page, now + 1)


def set_number(page, label, value):
    """Type into the number of a lever and leave it."""
    field = page.locator(LEVER).filter(has_text=label).first.locator("input[type=number]")
    field.fill(str(value))
    field.press("Tab")


def wait_for_event(page, text):
    page.locator(".ns-log").filter(has_text=text).wait_for()


def upload(page, text):
    """Start from a scenario file."""
    page.get_by_text("Scenario, firms, seed").click()
    file = {"name": "x.toml", "mimeType": "text/plain", "buffer": text.encode()}
    page.get_by_label("From a file").set_input_files(file)


def settled(page):
    """The quarter, once the page has drawn the last one there is."""
    page.wait_for_function(
        "where => { const now = (document.querySelector(where) || {}).innerText;"
        " const calm = window.seen === now ? window.calm + 1 : 0;"
        " [window.seen, window.calm] = [now, calm]; return calm > 6; }",
        arg=CLOCK, polling=100,
    )  # fmt: skip
    return quarter(page)


def log(page):
    return page.locator(".ns-log").inner_text()


def address_of(page, least):
    """The address bar, once it tells of a quarter that far."""
    page.wait_for_function("() => window.location.search.includes('state=')")
    until = perf_counter() + 30
    while (said := restored(page)).quarters < least:
        assert perf_counter() < until, said
        page.wait_for_timeout(50)
    return page.url


def restored(page):
    return keep.restored(parse_qs(urlsplit(page.url).query)["state"][0])


def tiles(page, least=0):
    """The figures in front, once the page shows a quarter that far."""
    address_of(page, least)
    return page.locator(".ns-front").inner_text()


def wait_for_tiles(page, shown):
    page.wait_for_function(
        "shown => (document.querySelector('.ns-front') || {}).innerText === shown", arg=shown
    )


def drawn(page, figure):
    """What ECharts draws in a figure."""
    return page.locator(f"{figure} .ns-plot").first.evaluate(
        "plot => plot.parentElement.__vue__.chart.getOption()"
    )


def grave(page):
    """What axe finds that is serious or critical in the state the page is in."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    return [
        (rule["id"], node["html"][:200], node["failureSummary"][:300])
        for rule in axe.Axe().run(page).response["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"][:3]
    ]
