"""The lever panel in a real browser: what is entered, how it acts and what of it is seen."""

import re

import pytest

from abm.scenario.scenario import Scenario
from tests.browser.acting import (
    LEVER,
    NOTICE,
    calm,
    expect,
    lever_row,
    number_of,
    press,
    restored,
    set_number,
    settled,
    step,
    wait_for_event,
)
from viz.page import lever_panel as levers


@pytest.mark.thorough
def test_every_lever_and_button_acts_from_the_next_quarter_and_is_an_event(visit):
    page = visit()
    page.evaluate("document.querySelectorAll('.ns-levers details').forEach(d => d.open = true)")
    shown = {
        row["id"]: (lever, row)
        for group in levers.panel(Scenario.load("usmca"), 1, {})
        for row in group["levers"]
        for lever in [levers.levers()[row["id"]]]
    }
    for number, (_, row) in shown.items():
        lever = page.locator(LEVER).nth(number)
        if row["kind"] == "switch":
            lever.locator("input[type=checkbox]").click()
        else:
            field = lever.locator("input[type=number]")
            step_up = row["value"] + 2 if row["value"] + 2 <= row["high"] else row["value"] - 2
            field.fill(f"{step_up:g}")
            field.press("Tab")
    press(page, "Announce 25% duty")
    page.get_by_role("button", name="Impose", exact=True).and_(page.locator(":enabled")).wait_for()
    step(page)
    wait_for_event(page, "United States threatens a 25% duty on Mexico")
    wait_for_event(page, "rules more")
    pulled = {key for _, changes in restored(page).levers for key in changes}
    for lever, _ in shown.values():
        assert lever.filled(levers.slots_of(lever, {})) in pulled
    press(page, "Impose")
    step(page)
    wait_for_event(page, "United States carries out the threat")
    press(page, "Withdraw")
    step(page)
    wait_for_event(page, "United States withdraws the threat")
    expect(page.locator(NOTICE)).to_have_count(0)


@pytest.mark.thorough
def test_a_value_outside_its_range_is_moved_to_its_end_and_said_to_be(visit):
    page = visit()
    said = lever_row(page, "Special duty").locator(".ns-lever-note")
    set_number(page, "Special duty", 900)
    expect(number_of(page, "Special duty")).to_have_value("500")
    expect(said).to_have_text("500% is the most that can be set; 900% was entered.")
    set_number(page, "Special duty", 20)
    expect(said).to_have_count(0)
    set_number(page, "Special duty", -5)
    expect(number_of(page, "Special duty")).to_have_value("0")
    expect(said).to_have_text("0% is the least that can be set; -5% was entered.")
    set_number(page, "Special duty", "")
    expect(said).to_have_text("That was no number: it stays 0%.")
    # So it is of what a run starts with.
    page.get_by_text("Scenario, firms, seed").click()
    said = page.locator(".ns-setup .ns-lever-note")
    firms = page.get_by_role("spinbutton", name="Firms")
    firms.fill("7")
    firms.press("Tab")
    expect(firms).to_have_value("100")
    expect(said).to_have_text("100 to 100,000, whole, can be set as firms: 7 became 100.")
    firms.fill("300")
    firms.press("Tab")
    expect(said).to_have_count(0)
    set_number(page, "Special duty", 1000)
    step(page)
    wait_for_event(page, "United States imposes a 500% duty on Mexico")
    expect(number_of(page, "Special duty")).to_have_value("500")
    expect(page.locator(NOTICE)).to_have_count(0)


class Held:
    """The line to the server, on which what the server says can be held back."""

    def __init__(self, page):
        self.page, self.holding, self.kept = page, False, []
        page.route_web_socket(re.compile("/jupyter/"), self.listen)

    def listen(self, line):
        server = line.connect_to_server()
        line.on_message(server.send)
        server.on_message(
            lambda said: self.kept.append((line, said)) if self.holding else line.send(said)
        )

    def let_one_go(self):
        line, said = self.kept.pop(0)
        line.send(said)


@pytest.mark.thorough
def test_what_was_entered_is_not_overdrawn_by_figures_that_were_sent_before(visit):
    held = []
    page = visit(before=lambda page: held.append(Held(page)))
    line, special = held[0], number_of(page, "Special duty")
    claims = lever_row(page, "Exempt goods that claim origin").locator("input")
    origin = lever_row(page, "Special duty").locator("select").nth(1)
    settled(page)
    shown = [special.input_value(), claims.is_checked(), origin.input_value()]
    assert shown == ["0", True, "MEX"]
    line.holding = True
    set_number(page, "Special duty", 30)
    claims.click()
    origin.select_option("CAN")
    set_number(page, "Special duty", 40)
    claims.click()
    claims.click()
    origin.select_option("CHN")
    set_number(page, "Special duty", 50)
    # The figures of every entry have come, and wait on the line.
    calm(page, lambda: len(line.kept))
    seen = set()
    while line.kept:
        line.let_one_go()
        page.wait_for_timeout(10)
        seen.add((special.input_value(), claims.is_checked(), origin.input_value()))
    line.holding = False
    assert settled(page) == 0
    assert seen == {("50", False, "CHN")}
    step(page)
    wait_for_event(page, "imposes a 50% duty on China")
