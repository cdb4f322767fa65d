"""The page in a real browser: what a visitor does, and what he then sees."""

import io
import os
import random
import re
import zipfile
from urllib.parse import urlsplit

import pandas as pd
import pytest

from abm import RelocationModel
from abm.scenario.scenario import Scenario
from experiments.runs.on_disk.run_folders import write_table
from tests.browser.acting import (
    CLOCK,
    MAP,
    NARROW,
    NOTICE,
    STATUS,
    address_of,
    calm,
    compare,
    do_or_start_anew,
    expect,
    expect_not_grave,
    expect_pressed,
    expect_quarter,
    number_of,
    play_and_pause,
    press,
    restored,
    set_number,
    settled,
    step,
    tiles,
    upload,
    wait_for_event,
    wait_for_quarter,
    wait_for_tiles,
)
from tests.browser.conftest import BREAKS, FIRMS, HOLDS, PING, Served

COMMANDS = int(os.environ.get("NEARSHORE_COMMANDS", "30"))
"""Given at random; as many as ``NEARSHORE_COMMANDS`` says where a longer session is wanted."""

LONG_STEP = float(os.environ.get("NEARSHORE_LONG_STEP", 2.5 * PING))
"""Seconds that the longest quarter of the tests takes; `docs/laboratory.md` says when 60."""


def test_the_page_loads_with_map_levers_figures_and_charts(visit):
    page = visit()
    expect(page).to_have_title("Nearshore laboratory")
    expect(page.locator("h1")).to_have_text("Nearshore")
    expect(page.locator(".ns-charts figure")).to_have_count(12)
    expect(page.locator(".ns-middle .ns-tiles li")).to_have_count(11)
    # Something was drawn: the map's canvas is not of one colour.
    page.wait_for_function(
        "where => { const c = document.querySelector(where), { width, height } = c;"
        " const dots = c.getContext('2d').getImageData(0, 0, width, height).data;"
        " return new Set(dots).size > 20; }",
        arg=MAP,
    )


@pytest.mark.thorough
def test_it_plays_pauses_steps_and_steps_a_year(visit):
    page = visit()
    step(page)
    assert settled(page) == 1
    press(page, "Year")
    wait_for_quarter(page, 5)
    assert settled(page) == 5
    press(page, "Play")
    wait_for_quarter(page, 7)
    press(page, "Pause")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    # Whatever was under way when it paused is finished; a step more is one quarter more.
    stands = settled(page)
    step(page)
    assert settled(page) == stands + 1


@pytest.mark.thorough
def test_two_worlds_with_one_seed_show_their_difference_in_numbers(visit):
    page = visit()
    set_number(page, "Special duty", 25)
    step(page, 2)
    compare(page)
    page.locator(".ns-diff").filter(has_text=re.compile("[1-9].* vs no levers")).first.wait_for()
    step(page)
    page.locator(".ns-charts .ns-chart-sentence").filter(has_text="difference").first.wait_for()


def test_what_was_played_is_exported_and_replays_byte_for_byte(visit, tmp_path):
    page = visit()
    step(page)
    set_number(page, "Special duty", 25)
    step(page, 2)
    with page.expect_download() as download:
        press(page, "Scenario as played")
    saved = download.value.path().read_text()
    with page.expect_download() as download:
        press(page, "Tables")
    packed = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    again = RelocationModel(Scenario.from_toml(saved), firms=FIRMS, rng=1)
    again.run_for(again.scenario.quarters)
    for name, table in again.frames().items():
        write_table(tmp_path / name, name, table)
        assert packed.read(f"{name}.parquet") == (tmp_path / name).read_bytes()
    assert pd.read_csv(io.BytesIO(packed.read("outcomes.csv")))["quarter"].max() == 3
    # What was exported brings all of it back.
    press(page, "Reset")
    page.locator(NOTICE).filter(has_text="levers pulled are undone").wait_for()
    upload(page, saved)
    page.locator(CLOCK).filter(has_text="quarter 0, usmca-with-levers").wait_for()
    step(page, 2)
    wait_for_event(page, "United States imposes a 25% duty on Mexico")


@pytest.mark.thorough
def test_a_link_restores_scenario_seed_levers_and_quarter(visit, server):
    page = visit()
    set_number(page, "Special duty", 40)
    step(page, 2)
    page.get_by_text("Keep", exact=True).click()
    address = address_of(page, 2)
    page.wait_for_function("() => document.querySelector('.ns-state-link').value === location.href")
    other = visit(address.removeprefix(server.address))
    wait_for_quarter(other, 2)
    wait_for_event(other, "United States imposes a 40% duty on Mexico")
    wait_for_tiles(other, tiles(page, 2))


@pytest.mark.thorough
@pytest.mark.parametrize("link", ["%3Cscript%3E", "A" * 3000])
def test_a_broken_link_says_so_and_shows_the_defaults(visit, link):
    page = visit(f"?state={link}")
    expect(page.locator(NOTICE)).to_contain_text("shows its defaults")
    expect_quarter(page, 0)


@pytest.mark.thorough
def test_reload_and_back_and_forward_come_back_to_the_same_state(visit, server):
    page, other = visit(), visit()
    set_number(page, "Special duty", 40)
    step(page, 2)
    stood, shown = address_of(page, 2), tiles(page, 2)
    page.reload()
    page.wait_for_selector(MAP)
    wait_for_tiles(page, shown)
    expect_quarter(page, 2)
    expect(page).to_have_url(stood)
    page.get_by_text("Scenario, firms, seed").click()
    page.get_by_role("spinbutton", name="Seed").fill("7")
    press(page, "Start again")
    page.locator(CLOCK).filter(has_text="seed 7").wait_for()
    page.wait_for_function("stood => window.location.href !== stood", arg=stood)
    page.go_back()
    page.locator(CLOCK).filter(has_text="quarter 2, usmca, seed 1").wait_for()
    wait_for_tiles(page, shown)
    expect(page).to_have_url(stood)
    page.go_forward()
    page.locator(CLOCK).filter(has_text="seed 7").wait_for()
    # Another site, and back.
    page.goto("about:blank")
    page.go_back()
    page.wait_for_selector(MAP)
    page.locator(CLOCK).filter(has_text="seed 7").wait_for()
    assert settled(other) == 0, "two tabs are two sessions"


class Line:
    """The line to the server, which can be cut and mended."""

    def __init__(self):
        self.whole, self.ends = True, []

    def listen(self, page):
        if self.whole:
            self.ends += [page, page.connect_to_server()]
        else:
            page.close()

    def cut(self):
        self.whole = False
        for end in self.ends:
            end.close()

    def mend(self):
        self.whole = True


@pytest.mark.thorough
def test_after_a_crash_of_the_server_the_page_comes_back_by_itself(chromium, tmp_path):
    first, line = Served(tmp_path), Line()
    page = chromium.new_page()
    page.set_default_timeout(150_000)
    page.route_web_socket(re.compile("/jupyter/"), line.listen)
    page.goto(first.address)
    page.wait_for_selector(MAP)
    set_number(page, "Special duty", 40)
    step(page, 2)
    stood, shown = address_of(page, 2), tiles(page, 2)
    page.evaluate("window.asItWas = true")
    first.stop(crash=True)
    page.get_by_text("Server disconnected").wait_for()
    second = Served(tmp_path, port=urlsplit(stood).port, left="1s")
    # What was there before the crash stands on the page until it loads again.
    page.wait_for_function("() => !window.asItWas")
    page.wait_for_selector(MAP)
    wait_for_quarter(page, 2)
    wait_for_tiles(page, shown)
    expect(page).to_have_url(stood)
    # So it does where the connection alone was away for longer than its place is kept.
    page.evaluate("window.asItWas = true")
    line.cut()
    page.get_by_text("Server disconnected").wait_for()
    page.wait_for_timeout(2000)
    line.mend()
    page.wait_for_function("() => !window.asItWas")
    page.wait_for_selector(MAP)
    wait_for_quarter(page, 2)
    wait_for_tiles(page, shown)
    expect(page).to_have_url(stood)
    page.close()
    second.stop()


@pytest.mark.thorough
def test_nothing_waits_for_a_quarter_that_takes_very_long(visit, server):
    page = visit()
    upload(page, f'extends = "status-quo"\nname = "{HOLDS}"\n')
    page.locator(CLOCK).filter(has_text=HOLDS).wait_for()
    press(page, "Step")
    page.locator(STATUS).filter(has_text="Q1 2017: what every firm's goods cost").wait_for()
    # The quarter ends when it is let go, so whatever is acknowledged now did not wait for it.
    set_number(page, "Special duty", 30)
    page.locator(STATUS).filter(has_text="1 change of policy for the quarter after").wait_for()
    press(page, "Year")
    page.locator(STATUS).filter(has_text="5 quarters to go").wait_for()
    press(page, "Pause")
    page.locator(STATUS).filter(has_text="pausing").wait_for()
    press(page, "By sector")
    expect_pressed(page, "By sector")
    press(page, "Step")
    page.locator(STATUS).filter(has_text="1 quarter to go").wait_for()
    # So long that a server that heard nothing of the browser would have closed the connection.
    page.wait_for_timeout(LONG_STEP * 1000)
    press(page, "By country")
    expect_pressed(page, "By country")
    expect(page.get_by_text("Server disconnected")).to_be_hidden()
    # The address has what was asked for, done or not: the quarter under way and one more.
    address_of(page, 2)
    assert [quarter for quarter, _ in restored(page).levers] == [2]
    page.reload()
    (server.folder / "go").touch()
    page.wait_for_selector(MAP)
    page.locator(CLOCK).filter(has_text=f"quarter 2, {HOLDS}").wait_for()
    expect(number_of(page, "Special duty")).to_have_value("30")
    wait_for_event(page, "United States imposes a 30% duty on Mexico")


@pytest.mark.thorough
def test_ten_fast_clicks_are_ten_quarters_and_a_year_and_a_step_are_five(visit):
    page = visit()
    page.evaluate(
        "() => { const named = name => [...document.querySelectorAll('.ns-transport button')]"
        ".find(button => button.innerText === name);"
        " for (let n = 0; n < 10; n++) named('Step').click(); }"
    )
    wait_for_quarter(page, 10)
    assert settled(page) == 10
    press(page, "Year")
    press(page, "Step")
    wait_for_quarter(page, 15)
    assert settled(page) == 15


@pytest.mark.thorough
def test_shortcuts_work_after_a_click_on_a_button_and_tabbing_keeps_the_space_bar(visit):
    page = visit()
    press(page, "By sector")
    page.keyboard.press("ArrowRight")
    wait_for_quarter(page, 1)
    page.keyboard.press("Space")
    wait_for_quarter(page, 2)
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    expect_pressed(page, "By sector")
    # Whoever comes by the keyboard presses what he has reached.
    page.get_by_role("button", name="By country").focus()
    page.keyboard.press("Space")
    expect_pressed(page, "By country")
    page.get_by_role("button", name="Play", exact=True).wait_for()


@pytest.mark.thorough
def test_keys_play_step_and_reset(visit):
    page = visit()
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    wait_for_quarter(page, 1)
    page.keyboard.press("Space")
    wait_for_quarter(page, 2)
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.keyboard.press("r")
    page.locator(NOTICE).filter(has_text="Reset").wait_for()
    page.locator(CLOCK).filter(has_text="quarter 0,").wait_for()


@pytest.mark.thorough
def test_reset_says_what_changed(visit):
    page = visit()
    set_number(page, "Special duty", 10)
    page.get_by_text("Scenario, firms, seed").click()
    page.get_by_role("spinbutton", name="Seed").fill("7")
    press(page, "Start again")
    expect(page.locator(NOTICE)).to_contain_text("seed 1 \N{RIGHTWARDS ARROW} 7")
    expect(page.locator(NOTICE)).to_contain_text("levers pulled are undone")


@pytest.mark.thorough
def test_a_phone_shows_all_of_it_in_one_column(visit):
    page = visit(viewport={"width": 390, "height": 844}, color_scheme="dark")
    step(page)
    page.wait_for_function(NARROW)
    expect(page.locator("figure")).to_have_count(13)
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure')]"
        ".every(figure => figure.getBoundingClientRect().x < 40)"
    )


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_every_chart_has_a_table_and_a_sentence(visit, scheme):
    page = visit(color_scheme=scheme)
    step(page)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    expect_not_grave(page)
    expect(page.locator("figure")).to_have_count(13)
    for figure in page.locator("figure").all():
        expect(figure.locator("table tbody tr")).not_to_have_count(0)
        expect(figure.locator(".ns-chart-sentence")).to_have_text(re.compile(r"\.$"))


def heap(page):
    """Bytes of the page's scripts in use, after what is not needed was let go."""
    talk = page.context.new_cdp_session(page)
    talk.send("HeapProfiler.collectGarbage")
    size = page.evaluate("performance.memory.usedJSHeapSize")
    talk.detach()
    return size


@pytest.mark.thorough
def test_commands_at_random_leave_no_error_and_no_memory(visit, server):
    page, said, luck = visit(), len(server.log.read_text()), random.Random(3)

    commands = {
        "Step": lambda: press(page, "Step"),
        "duty": lambda: set_number(page, "Special duty", luck.randrange(50)),
        "content": lambda: set_number(page, "Content required", luck.randrange(40, 80)),
        "Play": lambda: play_and_pause(page),
        "Reset": lambda: press(page, "Reset"),
    }
    names, weights, begun = list(commands), (8, 3, 3, 2, 1), 0
    for turn in range(COMMANDS):
        do_or_start_anew(page, commands[luck.choices(names, weights)[0]])
        if turn == COMMANDS // 4:
            settled(page)
            begun = heap(page)
    settled(page)
    assert heap(page) - begun < 15e6
    expect(page.locator(".ns-failed")).to_have_count(0)
    assert "Traceback" not in server.log.read_text()[said:]


@pytest.mark.thorough
def test_no_connection_leaves_this_machine(visit, server):
    asked = []
    page = visit()
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector(MAP)
    step(page)
    own = (server.address, server.address.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert server.said == []


@pytest.mark.thorough
def test_a_failing_step_tells_quarter_phase_firm_and_a_report_and_offers_reset(visit, server):
    page = visit()
    upload(page, f'extends = "status-quo"\nname = "{BREAKS}"\n')
    page.locator(CLOCK).filter(has_text=BREAKS).wait_for()
    press(page, "Step")
    page.get_by_role("alert").filter(has_text="Quarter 1 could not be computed").wait_for()
    told = "Phase solve_costs, firm 7: unit cost of firm 7 is nan"
    expect(page.locator(".ns-failed")).to_contain_text(told)
    report = page.get_by_label("Report")
    expect(report).to_have_text(re.compile("^quarter 1, phase solve_costs, firm 7"))
    expect(report).to_contain_text(f"seed 1, firms {FIRMS}, scenario {BREAKS}")
    press(page, "Reset")
    expect(page.locator(".ns-failed")).to_have_count(0)
    expect_quarter(page, 0)
    page.wait_for_selector(MAP)


@pytest.mark.thorough
def test_a_city_shows_its_firms_and_a_firm_its_page(visit):
    page = visit()
    step(page)
    # Where the largest city is drawn, ECharts knows.
    plot = page.locator(".ns-map .ns-plot")
    where = calm(page, lambda: plot.evaluate(
        "plot => { const chart = plot.parentElement.__vue__.chart;"
        " const city = chart.getOption().series.find(s => s.id === 'cities').data[0];"
        " return chart.convertToPixel('geo', city.value); }"
    ))  # fmt: skip
    plot.click(position={"x": where[0], "y": where[1]})
    firms = page.locator(".ns-place .ns-firm")
    firms.first.wait_for()
    name = firms.first.inner_text().partition(",")[0]
    firms.first.click()
    place = page.locator(".ns-place")
    expect(place.locator("h3")).to_contain_text(name)
    told = "It (would )?(stay|move)|It is (now )?building"
    for said in ("real firms; plants in", "Suppliers:", re.compile(told),
                 "content", "at the border", "cost of moving"):  # fmt: skip
        expect(place).to_contain_text(said)
    press(page, "All firms here")
    firms.first.wait_for()
    press(page, "Close")
    expect(place).to_have_count(0)
