"""The map and the charts in a real browser: at every width, in both themes, and in every state."""

import html
import re
from itertools import batched

import pytest
from PIL import Image

from tests.browser.acting import (
    CLOCK,
    MAP,
    NARROW,
    NOTICE,
    calm,
    compare,
    drawn,
    expect,
    expect_not_grave,
    lever_row,
    press,
    series_of,
    set_number,
    settled,
    step,
    tiles,
    until,
    wait_for_quarter,
    wait_for_tiles,
)
from tests.browser.conftest import FIRMS
from tests.support.thorough import but_for

SIZES = {"laptop": (1280, 720), "phone": (390, 844), "desk": (1920, 1080)}


def sized(name, **more):
    width, height = SIZES[name]
    return {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce", **more}


def pixels_a_unit(page):
    """Pixels of a unit of the map to the right and downwards, and where its corners are."""
    plot = page.locator(".ns-map .ns-plot")
    return calm(page, lambda: plot.evaluate(
        "plot => { const chart = plot.parentElement.__vue__.chart;"
        " const at = place => chart.convertToPixel('geo', place);"
        " const [[west, north], [east, south]] = chart.getOption().geo[0].boundingCoords;"
        " const [zero, right, down] = [at([0, 0]), at([1, 0]), at([0, -1])];"
        " return { x: right[0] - zero[0], y: down[1] - zero[1], from: at([west, north]),"
        " to: at([east, south]), width: plot.clientWidth, height: plot.clientHeight }; }"
    ))  # fmt: skip


def open_city(page):
    """Reach the first city of the list by the keyboard."""
    page.locator(".ns-map summary").focus()
    page.keyboard.press("Enter")
    page.locator(".ns-map table button").first.focus()
    page.keyboard.press("Enter")
    page.locator(".ns-place .ns-firm").first.wait_for()


DARK_GROUND = """
[...document.querySelectorAll('.ns-page, .ns-page .v-sheet, .ns-place *')].every(e => {
  const [r, g, b, a] = getComputedStyle(e).backgroundColor.match(/[\\d.]+/g).map(Number);
  return a === 0 || r + g + b < 300 || e.closest('.ns-swatch');
})"""
"""Whether nothing of the page lies on a sheet of another theme."""


RINGS_CUT = """
() => {
  // Where the ring of focus reaches, against all that would cut it off however far it is scrolled.
  const cut = [], ring = 4;
  const shown = [...document.querySelectorAll('.ns-page :is(button, summary, a, input, select)'),
                 ...document.querySelectorAll('.ns-page [tabindex="0"]')];
  for (const one of shown) {
    const box = one.getBoundingClientRect();
    if (one.disabled || !box.width || one.type === 'file') continue;
    for (let above = one.parentElement; above.closest('.ns-main'); above = above.parentElement) {
      const style = getComputedStyle(above), around = above.getBoundingClientRect();
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      const left = box.left - ring - around.left + above.scrollLeft - above.clientLeft;
      const top = box.top - ring - around.top + above.scrollTop - above.clientTop;
      const right = left + box.width + 2 * ring, bottom = top + box.height + 2 * ring;
      const whole = right < above.scrollWidth + 0.5 && bottom < above.scrollHeight + 0.5;
      if (Math.min(left, top) < -0.5 || !whole)
        cut.push(`${one.outerHTML.slice(0, 80)} in ${above.className}`);
    }
  }
  return cut;
}"""
"""What can be focused and has its ring cut off."""


def expect_whole_rings(page):
    def whole():
        assert page.evaluate(RINGS_CUT) == []

    until(page, whole)


@pytest.mark.parametrize("size", but_for(["phone"], SIZES))
def test_every_state_is_whole_at_every_size_in_both_themes(visit, size):
    page = visit(**sized(size))
    set_number(page, "Special duty", 25)
    step(page)
    at = pixels_a_unit(page)
    assert at["x"] == pytest.approx(at["y"], rel=1e-3), "the map keeps its proportions"
    (left, top), (right, bottom) = at["from"], at["to"]
    assert min(left, top) >= -1
    assert right <= at["width"] + 1
    assert bottom <= at["height"] + 1
    assert max(right - left, bottom - top) > 0.95 * min(at["width"], at["height"])
    compare(page)
    open_city(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.locator(f".ns-{scheme}").wait_for()
        page.locator(".ns-place .ns-firm").first.wait_for()
        page.wait_for_function(NARROW)
        expect_not_grave(page)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    expect_whole_rings(page)
    page.wait_for_function(DARK_GROUND)
    expect(page.locator("main")).to_have_count(1)
    expect(page.locator("th").filter(has_not_text=re.compile(r"\S"))).to_have_count(0)


@pytest.mark.thorough
def test_at_twice_the_size_nothing_is_cut(visit):
    """As zoomed to 200%: half as many pixels for the page, each twice as large."""
    page = visit(
        viewport={"width": 640, "height": 360}, device_scale_factor=2, reduced_motion="reduce"
    )
    step(page)
    page.wait_for_function(NARROW)
    at = pixels_a_unit(page)
    assert at["x"] == pytest.approx(at["y"], rel=1e-3)


@pytest.mark.thorough
def test_who_wants_no_motion_gets_none_and_others_see_moves_once(visit):
    still, moving = visit(), visit(**sized("laptop") | {"reduced_motion": "no-preference"})
    for page, moves in ((still, False), (moving, True)):
        step(page)

        def moving_or_not(page=page, moves=moves):
            series = series_of(page, ".ns-map")
            assert series["moves"]["id"] == "moves-1"
            assert series["moves"]["effect"]["show"] is moves
            assert series["moves"]["effect"]["loop"] is False
            assert series["news"]["animation"] is moves

        until(page, moving_or_not)


@pytest.mark.thorough
def test_legends_say_what_colours_mean_and_the_map_compares_two_worlds(visit):
    page = visit()
    set_number(page, "Special duty", 40)
    step(page, 2)
    legend = page.locator(".ns-map .ns-legend")
    said = re.compile("\N{MINUS SIGN}\\d+%.*\\+\\d+%.*output against 2017", re.DOTALL)
    expect(legend).to_have_text(said)
    press(page, "By sector")
    expect(page.locator(".ns-map .ns-legend li")).to_have_count(10)
    page.locator("figure").last.locator(".ns-legend li").nth(5).wait_for()
    press(page, "By change")
    compare(page)
    legend.filter(has_text="output against no levers").wait_for()
    title = "Where North America manufactures, usmca with levers against no levers"
    expect(page.locator(".ns-map .ns-chart-title")).to_have_text(title)


@pytest.mark.thorough
def test_on_a_phone_the_result_stands_beside_the_lever(visit):
    page = visit(**sized("phone"))
    lever = lever_row(page, "Cost of paperwork")
    lever.scroll_into_view_if_needed()
    strip = page.locator(".ns-strip")
    for said in ("US jobs", "Mexico output", "US prices", "since 2017"):
        expect(strip).to_contain_text(said)
    shown = calm(page, strip.inner_text)
    place, box = calm(page, lambda: (lever.bounding_box(), strip.bounding_box()))
    assert box["y"] + box["height"] <= SIZES["phone"][1] + 1
    assert place["y"] < box["y"]
    set_number(page, "Special duty", 60)
    step(page)
    expect(strip).not_to_have_text(shown, use_inner_text=True)


MAP_TITLE = "Where North America manufactures"

UNITS = {
    MAP_TITLE: "billion USD a year",
    "Production": "2017 = 100",
    "Manufacturing jobs": "Thousand persons",
    "US goods balances with Mexico and Canada": "Billion USD a year",
    "Contracts still to move": "% of inputs bought",
    "Sales still to move": "% of consumers' spending",
    "Preference used by US imports": "% of dutiable US imports",
    "False claims on US imports": "% of claims",
    "Content of vehicles and parts": "% of net cost",
    "Consumer prices": "2017 = 100",
    "Moves": "Real firms a quarter",
    "Content of cars, % of output": "content, %",
    "Supplier links of the largest firms": "sales in USD",
}
"""Every chart of the page, and what it measures."""


DOWNLOADS = 10
"""As many as Chromium lets a page begin by itself before it asks."""


@pytest.mark.thorough
@pytest.mark.parametrize("titles", list(batched(UNITS, DOWNLOADS // 2)))
def test_what_is_saved_of_any_chart_says_what_it_shows_and_where_it_is_from(
    visit, tmp_path, titles
):
    page = visit()
    step(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ns-chart')]"
        ".every(chart => chart.__vue__.about.startsWith('Q1 2017'))"
    )
    shown = page.locator(".ns-chart-title")
    expect(shown).to_have_count(len(UNITS))
    assert set(shown.all_inner_texts()) == set(UNITS)
    for title in titles:
        saved = tmp_path / "chart.svg"
        save(page, title, "SVG", saved)
        said = written_in(saved)
        for words in (*title.split(), *UNITS[title].split(), "usmca", "seed 1", f"{FIRMS} firms",
                      "Q1 2017", "Source: Nearshore"):  # fmt: skip
            assert words in said, (title, words)
        assert ("output against 2017" in said) == (title == MAP_TITLE)
        save(page, title, "PNG", tmp_path / "chart.png")
        with Image.open(tmp_path / "chart.png") as picture:
            assert picture.size == (2000, 1280)
            # Ink in the band of the title and in that of the source, not only in between.
            grey = picture.convert("L")
            for top, bottom in ((20, 70), (1230, 1270)):
                assert grey.crop((20, top, 1400, bottom)).getextrema()[0] < 128


def save(page, title, kind, to):
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {title} as {kind}").click()
    download.value.save_as(to)


def written_in(svg):
    """All that is written in a picture; a line that is broken is several texts."""
    return " ".join(re.findall(r">([^<>]+)<", html.unescape(svg.read_text())))


@pytest.mark.thorough
def test_the_loader_is_dark_in_the_dark_and_names_no_framework(visit, server):
    page = visit(**sized("laptop"), color_scheme="dark")
    page.goto(server.address, wait_until="commit")
    page.wait_for_selector("#loader-container, .ns-page", state="attached")
    expect(page.locator("body")).to_have_css("background-color", "rgb(14, 21, 29)")
    body = page.locator("body")
    expect(body).not_to_contain_text("solara", ignore_case=True, use_inner_text=True)
    icon = page.request.get(f"{server.address}static/assets/favicon.svg")
    assert "122a4f" in icon.text()
    page.wait_for_selector(".ns-map canvas")


@pytest.mark.thorough
def test_a_notice_goes_with_the_next_thing_asked_for(visit):
    page = visit()
    press(page, "Reset")
    page.locator(NOTICE).filter(has_text="nothing else changed").wait_for()
    page.locator(CLOCK).filter(has_text="quarter 0,").wait_for()
    press(page, "Step")
    wait_for_quarter(page, 1)
    expect(page.locator(NOTICE)).to_have_count(0)


def look_back(page, quarter):
    slider = page.get_by_role("slider", name="Quarter looked at")
    slider.focus()
    slider.fill(str(quarter))


@pytest.mark.thorough
def test_time_can_be_scrubbed_and_what_if_forks_in_the_past(visit):
    page = visit()
    step(page)
    set_number(page, "Special duty", 25)
    step(page)
    first = tiles(page, 2)
    set_number(page, "Special duty", 60)
    step(page, 2)
    expect(page.locator(".ns-tick")).to_have_count(2)
    last = tiles(page, 4)
    look_back(page, 2)
    page.locator(".ns-scrub-date").filter(has_text="Q2 2017").wait_for()
    wait_for_tiles(page, first)

    def two_quarters_of_four():
        assert len(series_of(page, ".ns-charts")["Mexico"]["data"]) == 3
        assert len(drawn(page, ".ns-charts")["xAxis"][0]["data"]) == 5

    until(page, two_quarters_of_four)
    assert settled(page) == 4, "the run itself stays where it is"
    # By the keyboard, and back to now.
    page.get_by_role("slider", name="Quarter looked at").press("ArrowRight")
    page.locator(".ns-scrub-date").filter(has_text="Q3 2017").wait_for()
    page.get_by_role("slider", name="Quarter looked at").press("ArrowLeft")
    press(page, "Now")  # at once: before the slider has told where it is
    wait_for_tiles(page, last)
    look_back(page, 2)
    wait_for_tiles(page, first)
    press(page, "What if from here")
    page.locator(CLOCK).filter(has_text="quarter 2, usmca").wait_for()
    page.locator(NOTICE).filter(has_text="Back in Q2 2017").wait_for()
    expect(page.locator(".ns-diff").first).to_have_text(re.compile(r"^\s*0"))
    expect_not_grave(page)
    set_number(page, "Special duty", 0)
    step(page, 2)
    page.locator(".ns-diff").filter(has_text=re.compile("[1-9].* vs as it was")).first.wait_for()
    # The fork is in the address.
    shown = tiles(page, 4)
    page.reload()
    page.wait_for_selector(MAP)
    wait_for_tiles(page, shown)
