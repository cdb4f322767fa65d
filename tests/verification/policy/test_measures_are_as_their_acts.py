"""The lines that a scenario's measures name are those that the acts behind them list."""

from datetime import date
from functools import cache

import pytest

from abm.axes import REGIONS, SECTORS, USA
from abm.economy.tables import load_economy
from abm.law.act_files import shipped
from abm.law.coverage import covered_share
from abm.policy.instruments.measures import Measure, contributions
from abm.scenario.scenario import Scenario

LINES = load_economy().lines
LAW = shipped()

SPRING_2018, AUTUMN_2025, START_2026 = date(2018, 7, 1), date(2025, 10, 1), date(2026, 1, 1)

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
def by_line(scenario, measure):
    """What a measure alone levies, shape (line, source, market)."""
    one = terms(scenario)[measure].model_dump()
    alone = Measure(**one | {"in_force": True, "relation": "adds", "instead_of": ()})
    return contributions({"one": alone})["one"].sum(axis=0)


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
