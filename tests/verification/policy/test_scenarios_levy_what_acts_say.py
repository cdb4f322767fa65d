"""What scenarios levy on lines is what the acts they name list, counted by days."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from abm.axes import REGIONS, SECTORS, USA
from abm.economy.tables import load_economy
from abm.law.act_files import shipped
from abm.policy import compile_policy
from abm.policy.instruments.duties_of_acts import duties_of_acts
from abm.policy.instruments.duty_bases import foreign_content
from abm.policy.timeline import quarter_of
from abm.scenario.scenario import Scenario
from tests.reference.covered_share import covered_share

LINES, LAW = load_economy().lines, shipped()

QUARTERS = (date(2018, 4, 1), date(2019, 4, 1), date(2025, 4, 1), date(2025, 10, 1))
"""Quarters in which acts turn."""


@cache
def policy(name):
    return compile_policy(Scenario.load(name))


def under(name, day):
    law = policy(name)
    at = law.regime_index(quarter_of(day, law.start), imposed=False)
    return law.during(np.array([at]))


def listed(act, line, origin, quarter):
    """What an act says of a line on average over a quarter, before anything gives way."""
    rows = np.flatnonzero(LINES.products.line == line)
    share = LINES.products.share[rows, REGIONS.index(origin)]
    weights = dict.fromkeys((LINES.products.code[n] for n in rows), 0.0)
    for row, part in zip(rows, share, strict=True):
        weights[LINES.products.code[row]] += part
    return covered_share(LAW, act, weights, origin, quarter).rate


@pytest.mark.parametrize("quarter", QUARTERS)
@pytest.mark.parametrize(
    ("act", "origin"),
    [
        ("us-232-steel-2018", "MEX"),
        ("us-232-aluminium-2018", "CAN"),
        ("ca-surtax-2018", "USA"),
        ("mx-retaliation-2018", "USA"),
        ("us-232-autos", "MEX"),
        ("us-ieepa-mexico", "MEX"),
    ],
)
def test_an_act_alone_levies_on_every_line_what_its_lists_cover_in_the_quarter(
    act, origin, quarter
):
    scenario = Scenario.from_toml(f'start = 2018-01-01\nquarters = 36\nacts = ["{act}"]')
    law = compile_policy(scenario)
    at = law.regime_index(quarter_of(quarter, scenario.start), imposed=False)
    flow = slice(None), REGIONS.index(origin), REGIONS.index(LAW.acts[act].importer), at
    levied = law.line_waived[flow] + law.line_fixed[flow]
    for line in range(0, len(LINES), 3):
        if (LINES.products.line == line).any():
            expected = listed(act, line, origin, quarter)
            assert levied[line] == pytest.approx(expected, abs=1e-9), LINES.name[line]


def test_the_lower_metal_duties_end_with_2027_and_are_known_to():
    before, after = (
        under("forced-labour-301", day) for day in (date(2027, 7, 1), date(2028, 1, 1))
    )
    assert before.cap_share.any()
    assert not after.cap_share.any()
    tractors = LINES.name.index("farm_tractors"), REGIONS.index("CAN"), USA
    assert after.line_fixed[*tractors, 0] == pytest.approx(0.25)
    assert after.line_fixed[*tractors, 0] > before.line_fixed[*tractors, 0]
    scenario = Scenario.load("forced-labour-301")
    autumn = quarter_of(date(2026, 10, 10), scenario.start)
    assert 13 in policy("forced-labour-301").known_starts(autumn)


def test_what_pays_in_all_pays_less_by_its_ordinary_duty_and_equipment_at_least_15_per_cent():
    law = under("blanket-2025", date(2026, 7, 1))
    line, source = LINES.name.index("transformers"), REGIONS.index("CAN")
    assert law.cap_rate[line, source, USA, 0] == pytest.approx(0.15)
    assert 0.3 < law.cap_share[line, source, USA, 0] < 1
    tractors = LINES.name.index("farm_tractors")
    waived, fixed = duties_of_acts({"us-232-metals-2026": date(2026, 7, 1)})[
        "us-232-metals-2026"
    ].rates[:, tractors, source, USA]
    foreign = foreign_content("USA")[LINES.sector[tractors], source]
    assert fixed == pytest.approx(max(0.25 * max(foreign, 0.6), 0.15))
    assert waived + fixed == pytest.approx(0.25)


TRUCKS = ("pickups_petrol", "pickups_diesel", "pickups_electric", "heavy_trucks", "road_tractors")


@pytest.mark.parametrize("line", TRUCKS)
def test_light_and_heavy_trucks_pay_under_one_act_each(line):
    acts, day = ("us-232-autos", "us-232-trucks"), date(2026, 1, 1)
    found = duties_of_acts(dict.fromkeys(acts, day))
    place = LINES.name.index(line), REGIONS.index("MEX"), USA
    both = [found[act].rates.sum(axis=0)[place] for act in acts]
    assert max(both) > 0.2
    assert min(both) < 0.02


def test_goods_that_originate_paid_the_duties_on_members_for_three_days():
    law = under("blanket-2025", date(2025, 1, 1))
    shoes = LINES.name.index("footwear"), slice(1, 3), USA, 0
    np.testing.assert_allclose(law.line_fixed[shoes], 0.25 * 3 / 90, rtol=1e-3)
    np.testing.assert_allclose((law.line_waived + law.line_fixed)[shoes], 0.25 * 28 / 90)


def test_the_surcharge_spares_what_its_lists_exempt():
    law = under("blanket-2025", date(2026, 4, 1))
    medicines, shoes = (LINES.name.index(name) for name in ("medicines", "footwear"))
    mexico = REGIONS.index("MEX")
    assert law.line_waived[shoes, mexico, USA, 0] == pytest.approx(0.10)
    assert law.line_waived[medicines, mexico, USA, 0] < 0.05


def test_vehicles_of_a_sector_pay_by_line_and_sectors_the_mean():
    law = under("history", date(2025, 10, 1))
    cars = SECTORS.index("cars")
    by_line = (law.line_waived + law.line_fixed)[..., 0]
    mean = LINES.by_sector(by_line)[cars, REGIONS.index("MEX"), USA]
    on_sector = (law.measures_waived + law.measures_fixed)[cars, REGIONS.index("MEX"), USA, 0]
    assert on_sector == pytest.approx(mean)
    assert 0.2 < mean < 0.3  # what is not listed of cars paid under emergency powers
