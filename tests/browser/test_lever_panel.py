"""The lever panel: every key has a lever, and it means what it shows."""

import pytest

from abm.config.keys import keys_of
from abm.policy.regime import Instruments
from abm.scenario.levers import TITLE, with_levers
from abm.scenario.scenario import Scenario
from viz.page import lever_panel as levers


def rows_of(scenario, quarter, chosen=None):
    """Every lever as the panel shows it, by its number."""
    shown = levers.panel(scenario, quarter, chosen or {})
    return {row["id"]: row for group in shown for row in group["levers"]}


def fits(pattern, leaf):
    """Whether a key with slots may be that of a leaf."""
    return len(pattern) == len(leaf) and all(
        part == name or (part.startswith("{") and name in levers.CHOICES[part[1:-1]][1])
        for part, name in zip(pattern, leaf, strict=True)
    )


def test_every_key_with_a_number_or_a_switch_has_a_lever_with_unit_and_meaning():
    patterns = [lever.key.split(".") for lever in levers.levers()]
    for leaf in keys_of(Instruments).leaves():
        plain = keys_of(Instruments).schema(leaf).get("type") in ("number", "integer", "boolean")
        # What China and the rest of the world charge is in files alone.
        abroad = leaf[0] in ("tariffs", "barriers") and {*leaf[1:3]} & {"CHN", "ROW"}
        if plain and leaf[0] != levers.THREAT and not abroad:
            # A cell of a table is a lever whose slots are filled.
            assert any(fits(pattern, leaf) for pattern in patterns), leaf
    for row in rows_of(Scenario.load("usmca"), 1).values():
        assert row["meaning"]
        assert row["kind"] == "switch" or row["unit"]
        assert row["kind"] == "switch" or row["low"] <= row["value"] <= row["high"]


def test_a_lever_shows_what_was_entered_at_both_ends_and_between():
    scenario = Scenario.load("status-quo")
    for number, row in rows_of(scenario, 1).items():
        values = [not row["value"]]
        if row["kind"] == "number":
            middle = round((row["low"] + row["most"]) / 2)
            values = [row["low"], middle, row["high"]]
        for value in values:
            pulled = with_levers(scenario, 3, levers.pulled(number, value, {}))
            assert rows_of(pulled, 3)[number]["value"] == value, row["label"]


@pytest.mark.parametrize("partner", ["from", "member"])
def test_no_slot_of_a_lever_lets_a_country_trade_with_itself(partner):
    of_partners = [lever for lever in levers.levers() if partner in lever.slots]
    assert of_partners
    for lever in of_partners:
        other = next(slot for slot in lever.slots if slot in ("into", "region"))
        for place in levers.CHOICES[other][1]:
            row = levers.panel(Scenario.load("status-quo"), 1, {lever.key: {other: place}})
            (shown,) = (
                choice
                for group in row
                for one in group["levers"]
                if one["id"] == levers.levers().index(lever)
                for choice in one["choices"]
                if choice["slot"] == partner
            )
            assert place not in [option["value"] for option in shown["options"]]
            assert levers.abroad({other: place, partner: place})[partner] == "all"


def test_what_is_said_of_a_sector_wins_over_what_is_said_of_an_origin():
    duties = {"tariffs.special.USA.all.metals": 0.25, "tariffs.special.USA.MEX.all": 0.1}
    scenario = with_levers(Scenario.load("status-quo"), 1, duties)
    now = levers.said(levers.in_force(scenario, 1))
    assert levers.value_of(now, "tariffs.special.USA.MEX.metals") == 0.25
    assert levers.value_of(now, "tariffs.special.USA.MEX.cars") == 0.1
    assert levers.value_of(now, "tariffs.special.USA.CAN.cars") == 0


def test_levers_of_one_quarter_share_an_entry_wherever_it_stands():
    scenario = Scenario.load("usmca")
    once = with_levers(scenario, 3, {"enforcement.audit_rate.USA": 0.2})
    assert once.timeline[-1].title != TITLE, "a later entry of the scenario must stand behind it"
    more = {"enforcement.audit_rate.USA": 0.3, "enforcement.paperwork_scale": 2.0}
    twice = with_levers(once, 3, more)
    mine = [entry.set for entry in twice.timeline if entry.title == TITLE]
    assert mine == [more]
