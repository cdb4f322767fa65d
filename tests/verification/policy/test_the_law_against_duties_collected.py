"""Rates by law are those that US customs collected, but for what the page says of the law."""

import json
from datetime import date
from functools import cache

import pytest

from experiments.commands.main import main
from experiments.scenarios.duties_by_law import WITHIN, effective_rates, open_ranges

pytestmark = pytest.mark.thorough

FAR = {
    ("MEX", "textiles_apparel"): (2017, 2018, 2019),
}
"""Years in which a sector is further off than half a point, as docs/law.md tells."""


@cache
def rates():
    return effective_rates(partners=("MEX", "CAN"))


def test_rates_by_law_are_within_half_a_point_of_those_collected_but_for_three():
    assert len(rates()) == 90
    far = {(one.partner, one.sector, one.year) for one in rates() if not one.near}
    assert far == {(*cell, year) for cell, years in FAR.items() for year in years}
    assert all(abs(one.difference) < 2 * WITHIN for one in rates())


def test_the_metal_duties_of_2018_and_2019_show_in_both():
    of_metals = {(one.partner, one.year): one for one in rates() if one.sector == "metals"}
    for partner in ("MEX", "CAN"):
        for year in (2018, 2019):
            assert of_metals[partner, year].by_law > 0.015
            assert of_metals[partner, year].collected > 0.01
        for year in (2017, 2022, 2023):
            assert of_metals[partner, year].by_law < 0.003


def test_the_command_prints_what_was_compared_and_refuses_a_partner_that_is_none(
    capsys, monkeypatch
):
    some = [one for one in rates() if one.year == 2018]
    monkeypatch.setattr(
        "experiments.scenarios.duties_by_law.effective_rates", lambda partners: some
    )
    assert main(["law", "collected", "--from", "MEX", "--json"]) == 0
    (first, *_) = json.loads(capsys.readouterr().out)
    assert first["difference"] == pytest.approx(first["by_law"] - first["collected"])
    assert main(["law", "collected"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("more than half a point") == 1
    assert main(["law", "collected", "--from", "Mexico"]) == 2
    assert capsys.readouterr().err.count("--from Mexico: is one of MEX, CAN, CHN, ROW") == 1


def test_what_runs_take_of_the_law_of_2026_lies_in_its_range_and_near_the_upper_end():
    found = open_ranges(date(2026, 10, 1), originating=True)
    assert {one.partner for one in found} == {"MEX", "CAN"}
    assert all(one.low - 1e-9 <= one.rate <= one.high + 1e-9 for one in found)
    parts = {one.partner: one for one in found if one.sector == "vehicle_parts"}
    for one in parts.values():
        assert one.low < 0.01
        assert one.rate > 0.5 * one.high
