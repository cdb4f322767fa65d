"""The lines that a scenario's measures name are those that the acts behind them list."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from abm.axes import REGIONS, SECTORS, USA
from abm.economy.tables import load_economy
from abm.law.act_files import shipped
from abm.law.coverage import covered_share
from abm.law.products import named
from abm.policy import compile_policy
from abm.policy.instruments.duty_bases import foreign_content
from abm.policy.instruments.measures import Measure, contributions
from abm.scenario.scenario import Scenario

LINES = load_economy().lines
LAW = shipped()

SPRING_2018, AUTUMN_2025, START_2026 = date(2018, 7, 1), date(2025, 10, 1), date(2026, 1, 1)
SUMMER_2026 = date(2026, 7, 1)

MEASURES = {
    ("metals-2018", "metals-2018"): (
        ("us-232-steel-2018", "us-232-aluminium-2018"),
        "metals",
        SPRING_2018,
    ),
    ("history", "metals-2018"): (
        ("us-232-steel-2018", "us-232-aluminium-2018"),
        "metals",
        SPRING_2018,
    ),
    ("blanket-2025", "metals-2025-50"): (
        ("us-232-steel-2025", "us-232-aluminium-2025"),
        "metals",
        AUTUMN_2025,
    ),
    ("blanket-2025", "copper-2025"): (("us-232-copper-2025",), "metals", AUTUMN_2025),
    ("blanket-2025", "metals-2026"): (("us-232-metals-2026",), "metals", SUMMER_2026),
    ("blanket-2025", "cars-2025"): (("us-232-autos",), "cars", START_2026),
    ("blanket-2025", "parts-2025"): (("us-232-auto-parts",), "vehicle_parts", START_2026),
    ("blanket-2025", "timber-2025"): (("us-232-lumber",), "other_manufacturing", START_2026),
}
"""Acts behind a measure, the sector they are compared on, and the quarter."""

TRUCKS = ("pickups_petrol", "pickups_diesel", "pickups_electric", "heavy_trucks", "road_tractors")

ON_CONTENT = ("tools_cutlery", "locks_mountings")
"""Lines outside the metals' own chapters: there the duty falls on the metal in a good alone."""


def listed(acts, line, origin, quarter):
    """What acts say of a line on average, before anything gives way."""
    products = LINES.products
    rows = [n for n, own in enumerate(products.line) if own == LINES.name.index(line)]
    source = REGIONS.index(origin)
    weights = {products.code[n]: products.share[n, source] for n in rows}
    return max(covered_share(LAW, act, weights, origin, quarter).rate for act in acts)


@cache
def terms(scenario):
    """Measures of a scenario that is shipped, by name."""
    return Scenario.load(scenario).measures


@cache
def by_part(scenario, measure):
    """What a measure alone levies, what a claim waives first, shape (2, line, source, market)."""
    one = terms(scenario)[measure].model_dump()
    alone = Measure(**one | {"in_force": True, "relation": "adds", "instead_of": ()})
    return contributions({"one": alone})["one"]


def by_line(scenario, measure):
    """What a measure alone levies, shape (line, source, market)."""
    return by_part(scenario, measure).sum(axis=0)


def levied(scenario, measure, line, origin):
    return by_line(scenario, measure)[LINES.name.index(line), REGIONS.index(origin), USA]


@pytest.mark.parametrize("origin", ["MEX", "CAN"])
@pytest.mark.parametrize(("scenario", "measure"), MEASURES)
def test_a_line_is_levied_where_most_of_it_is_listed_and_nowhere_else(scenario, measure, origin):
    acts, sector, quarter = MEASURES[scenario, measure]
    seen = 0
    for line in LINES.name[LINES.of(SECTORS.index(sector))]:
        if line in ON_CONTENT or LINES.share[LINES.name.index(line), REGIONS.index(origin)] < 0.005:
            continue
        rate = levied(scenario, measure, line, origin)
        statutory = max(terms(scenario)[measure].rates.values())
        assert rate == pytest.approx(listed(acts, line, origin, quarter), abs=0.5 * statutory), line
        seen += 1
    assert seen >= 3


LISTS_OF_2026 = {
    "metals-2026": "annex_1a",
    "metals-2026-goods": "annex_1b",
    "metals-2026-equipment": "equipment",
    "metals-2028-equipment": "equipment",
    "metals-2028": "annex_3",
    "metals-2026-in-all": "annex_3",
}
"""Measures that have the codes of one list of the act each."""


@pytest.mark.parametrize("measure", LISTS_OF_2026)
def test_a_measure_of_2026_has_the_codes_of_its_list_and_no_others(measure):
    rates = terms("blanket-2025")[measure].rates
    listed_as = LISTS_OF_2026[measure]
    listed_codes = LAW.acts["us-232-metals-2026"].lists[listed_as]
    some, sure = named(listed_codes, LINES.products.code)
    whole = max(rates.values())
    for code, in_part, in_full in zip(LINES.products.code, some, sure, strict=True):
        rate = max((rates[name] for name in (code, code[:4]) if name in rates), default=0.0)
        if rate:
            assert in_part, code
            part = 1.0 if in_full or listed_as == "equipment" else 0.5
            assert rate == part * whole, code
    named_codes = [code for code, full in zip(LINES.products.code, sure, strict=True) if full]
    found = [code for code in named_codes if {code, code[:4]} & set(rates)]
    assert len(found) > 0.85 * len(named_codes)  # the others are vehicles' and their parts


def test_the_lower_metal_duties_end_with_2027_and_are_known_to():
    policy = compile_policy(Scenario.load("forced-labour-301"))
    before, after = (
        policy.during(np.array([policy.regime_index(quarter, imposed=False, agreed=None)]))
        for quarter in (12, 13)
    )
    assert before.cap_share.any()
    assert not after.cap_share.any()
    tractors = LINES.name.index("farm_tractors"), REGIONS.index("CAN"), USA
    assert after.line_fixed[*tractors, 0] == pytest.approx(0.25)
    assert after.line_fixed[*tractors, 0] > before.line_fixed[*tractors, 0]
    assert policy.known_starts(7)[-2:].tolist() == [13, 22]


def test_what_pays_in_all_pays_less_by_its_ordinary_duty_and_equipment_at_least_15_per_cent():
    policy = compile_policy(Scenario.load("blanket-2025"))
    law = policy.during(np.array([policy.regime_index(39, imposed=False, agreed=None)]))
    line, source = LINES.name.index("transformers"), REGIONS.index("CAN")
    assert law.cap_rate[line, source, USA, 0] == pytest.approx(0.15)
    assert 0.3 < law.cap_share[line, source, USA, 0] < 1
    tractors = LINES.name.index("farm_tractors")
    waived, fixed = by_part("blanket-2025", "metals-2026-equipment")[:, tractors, source, USA]
    foreign = foreign_content("USA")[LINES.sector[tractors], source]
    assert fixed == pytest.approx(max(0.25 * max(foreign, 0.6), 0.15))
    assert waived + fixed == pytest.approx(0.25)


@pytest.mark.parametrize("line", TRUCKS)
def test_light_and_heavy_trucks_pay_under_one_act_each(line):
    both = {
        measure: levied("blanket-2025", measure, line, "MEX")
        for measure in ("cars-2025", "trucks-2025")
    }
    acts = {"cars-2025": "us-232-autos", "trucks-2025": "us-232-trucks"}
    for measure, act in acts.items():
        assert both[measure] == pytest.approx(listed((act,), line, "MEX", START_2026), abs=0.02)
    assert sum(rate > 0 for rate in both.values()) == 1
