"""Duties that stack: the fold over measures, their dates, and what firms know of them."""

import itertools

import numpy as np
import pytest

from abm import data
from abm.axes import GOODS, HOSTS, REGIONS, SECTORS
from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.policy import compile_policy
from abm.policy.instruments.duty_bases import foreign_content, metal_content
from abm.policy.instruments.measures import Measure, behind, contributions, on_sectors
from abm.policy.timeline import segments
from abm.scenario.scenario import Scenario
from experiments.scenarios.describe import described
from experiments.scenarios.duties import duty_lines

LINES = load_economy().lines


def measure(**terms):
    plain = {"authority": "law", "destination": "USA", "rates": {"all": 0.25}, "in_force": True}
    return Measure(**plain | terms)


def cell(array, sector, source="MEX", market="USA"):
    return array[..., SECTORS.index(sector), REGIONS.index(source), REGIONS.index(market)]


def total(measures):
    return on_sectors(sum(contributions(measures).values()))


def test_measures_that_add_add_up_to_the_cent():
    stacked = total({"one": measure(), "two": measure(rates={"cars": 0.1}, origins=("MEX",))})
    assert cell(stacked, "cars").tolist() == [0, 0.35]
    assert cell(stacked, "food").tolist() == [0, 0.25]
    assert cell(stacked, "cars", "CAN").tolist() == [0, 0.25]
    assert cell(stacked, "cars", "USA").tolist() == [0, 0]
    assert cell(stacked, "finance").tolist() == [0, 0]


def test_only_what_is_in_force_counts():
    assert not total({"one": measure(in_force=False), "two": measure(rates={"all": 0.0})}).any()


def test_a_measure_that_spares_originating_goods_is_waived_and_no_other_is():
    spared = {"one": measure(originating="exempt"), "two": measure(rates={"all": 0.1})}
    assert cell(total(spared), "cars").tolist() == [0.25, 0.1]


def test_a_floor_lifts_the_sum_to_its_rate_and_no_further():
    low, high = measure(rates={"all": 0.1}), measure(rates={"all": 0.4})
    floor = measure(relation="floor", rates={"all": 0.15}, originating="exempt")
    np.testing.assert_allclose(cell(total({"a": low, "f": floor}), "cars"), [0.05, 0.1])
    np.testing.assert_allclose(cell(total({"a": high, "f": floor}), "cars"), [0, 0.4])
    np.testing.assert_allclose(cell(total({"f": floor}), "cars"), [0.15, 0])


def test_a_measure_instead_of_another_displaces_it_where_it_applies_and_nowhere_else():
    measures = {
        "blanket": measure(originating="exempt"),
        "cars": measure(rates={"cars": 0.1}, relation="instead_of", instead_of=("blanket",)),
    }
    assert cell(total(measures), "cars").tolist() == [0, 0.1]
    assert cell(total(measures), "food").tolist() == [0.25, 0]
    assert behind(measures, "cars", "MEX", "USA") == {"cars": 0.1}
    assert behind(measures, "food", "MEX", "USA") == {"blanket": 0.25}


def test_the_order_of_measures_in_a_file_does_not_matter():
    measures = {
        "a": measure(),
        "b": measure(rates={"cars": 0.1}, relation="instead_of", instead_of=("a",)),
        "c": measure(relation="floor", rates={"all": 0.3}),
        "d": measure(rates={"metals": 0.5}, origins=("CAN", "ROW")),
    }
    expected = total(measures)
    for order in itertools.permutations(measures):
        np.testing.assert_array_equal(total({name: measures[name] for name in order}), expected)


def test_a_duty_on_metal_content_is_the_rate_times_the_metal_in_a_line():
    levied = contributions({"one": measure(rates={"all": 0.5}, base="metal_content")})["one"]
    goods = LINES.sector < len(GOODS)
    share = metal_content()[goods, REGIONS.index("MEX")]
    found = levied[1, goods, REGIONS.index("MEX"), REGIONS.index("USA")]
    np.testing.assert_allclose(found, 0.5 * share, rtol=1e-12)
    on_metal = on_sectors(levied)
    assert cell(on_metal, "metals")[1] == 0.5
    assert 0 < cell(on_metal, "food")[1] < cell(on_metal, "machinery")[1] < 0.5


def test_metal_is_spread_over_lines_so_that_a_sector_holds_as_much_as_its_table_says():
    flows = load_economy()
    bought = flows.intermediate_use[:, SECTORS.index("metals")].sum(axis=0)
    table = (bought / np.maximum(flows.output, 1e-9)).T
    mean = LINES.by_sector(metal_content())
    for good in set(GOODS) - {"metals"}:
        row = SECTORS.index(good)
        np.testing.assert_allclose(mean[row], table[row], rtol=1e-6, err_msg=good)
    wires, chips = (LINES.name.index(name) for name in ("cables", "computers"))
    assert (metal_content()[wires] > 3 * metal_content()[chips]).all()


def test_a_duty_on_foreign_content_spares_what_was_made_at_its_destination():
    share = foreign_content("USA")[SECTORS.index("cars"), REGIONS.index("MEX")]
    levied = total({"one": measure(base="foreign_content")})
    assert cell(levied, "cars")[1] == pytest.approx(0.25 * share, rel=1e-12)
    owed = total({"one": measure(originating="pays_on_foreign_content")})
    np.testing.assert_allclose(cell(owed, "cars"), [0.25 * (1 - share), 0.25 * share])
    assert 0 < share < foreign_content("USA")[SECTORS.index("cars"), REGIONS.index("ROW")] <= 1


DATED = """
[measures.one]
authority = "law"
destination = "USA"
origins = ["MEX"]
rates = { all = 0.25 }
announced = 2017-04-15
effective = 2018-01-05
suspended = 2018-08-01
resumed = 2019-01-01
ended = 2020-01-01
"""


def rate_by_quarter(policy, quarters):
    cells = SECTORS.index("cars"), REGIONS.index("MEX"), REGIONS.index("USA")
    fixed = policy.measures_fixed[cells]
    return [fixed[policy.regime_index(quarter, imposed=False)] for quarter in quarters]


def test_a_measure_is_levied_from_its_day_until_suspended_and_from_resumed_until_ended():
    policy = compile_policy(Scenario.from_toml(DATED))
    first, last = 0.25 * 86 / 90, 0.25 * 31 / 92  # from 5 January on, and up to 31 July
    assert rate_by_quarter(policy, range(1, 14)) == pytest.approx(
        [0] * 4 + [first, 0.25, last, 0] + [0.25] * 4 + [0]
    )


def test_firms_expect_an_announced_measure_and_never_its_end():
    policy = compile_policy(Scenario.from_toml(DATED))
    known = {quarter: policy.known_starts(quarter).tolist() for quarter in (1, 2, 6, 7, 13)}
    assert known[1] == [0]
    assert known[2] == known[6] == [0, 5, 6]
    assert known[7] == [0, 5, 6, 7, 8]
    assert known[13] == [0, 5, 6, 7, 8, 9, 13]


def test_turns_are_events_of_the_country_that_levies():
    policy = compile_policy(Scenario.from_toml(DATED))
    assert [(e["date"], e["actor"], e["old"], e["new"]) for e in policy.events] == [
        ("2017-04-15", "USA", "none", "25% on all from MEX"),
        ("2018-01-05", "USA", "none", "25% on all from MEX"),
        ("2018-08-01", "USA", "25% on all from MEX", "none"),
        ("2019-01-01", "USA", "none", "25% on all from MEX"),
        ("2020-01-01", "USA", "25% on all from MEX", "none"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("measures.A.rates = { all = 0.1 }", "measures.A.authority: is missing"),
        (DATED.replace("2018-08-01", "2017-08-01"), "comes before effective (2018-01-05)"),
        (DATED.replace('["MEX"]', '["USA"]'), "trade of USA with itself crosses no border"),
        (DATED + 'relation = "instead_of"', "if and only if relation is 'instead_of'"),
        (
            DATED + 'relation = "instead_of"\ninstead_of = ["two"]',
            "one stands instead of 'two', and there is no such measure",
        ),
        (DATED.replace("measures.one", 'measures."a b"'), "'a b' is no name"),
        (DATED + "rate = 0.1", "measures.one"),
    ],
)
def test_an_impossible_measure_is_told_in_one_line(text, line):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_toml(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_history_is_that_of_its_sources():
    scenario = Scenario.load("history")
    dated = segments(scenario.start, scenario.instruments, scenario.dated)
    found = {segment.label: segment.instruments.measures for segment in dated}
    assert behind(found["2018-06-01"], "steel_flat", "CAN", "USA") == {"metals-2018": 0.25}
    assert behind(found["2018-06-01"], "aluminium_mill", "CAN", "USA") == {"metals-2018": 0.1}
    assert behind(found["2018-06-01"], "tools_cutlery", "CAN", "USA") == {}
    answer = behind(found["2018-07-01"], "steel_tubes", "USA", "CAN")
    assert answer == {"retaliation-canada-2018": 0.25}
    assert behind(found["2019-05-20"], "metals", "USA", "CAN") == {}
    assert behind(found["2025-02-04"], "food", "CAN", "USA") == {"ieepa-canada": 0.25}
    assert behind(found["2025-02-04"], "primary_energy", "CAN", "USA") == {"ieepa-canada": 0.1}
    assert behind(found["2025-04-03"], "cars_petrol", "MEX", "USA") == {"cars-2025": 0.25}
    assert behind(found["2025-08-01"], "food", "CAN", "USA") == {"ieepa-canada-35": 0.35}
    assert behind(found["2025-08-01"], "steel_flat", "CAN", "USA") == {"metals-2025-50": 0.5}
    assert behind(found["2025-08-01"], "copper_mill", "CAN", "USA") == {"copper-2025": 0.5}
    assert behind(found["2025-08-01"], "copper_refined", "CAN", "USA") == {"ieepa-canada-35": 0.35}
    assert behind(found["2025-08-01"], "buses", "MEX", "USA") == {"ieepa-mexico": 0.25}
    assert behind(found["2025-10-14"], "buses", "MEX", "USA") == {"buses-2025": 0.1}
    assert behind(found["2025-10-14"], "softwood_lumber", "CAN", "USA") == {"timber-2025": 0.1}
    assert behind(found["2026-02-24"], "food", "CAN", "USA") == {"section-122": 0.1}
    assert behind(found["2026-07-24"], "food", "CAN", "USA") == {}
    assert behind(found["2026-07-24"], "cars_petrol", "CAN", "USA") == {"cars-2025": 0.25}


@pytest.mark.parametrize(
    ("origin", "first", "last"), [("ROW", "2018-04", "2019-12"), ("CHN", "2018-04", "2018-06")]
)
def test_metal_duties_on_regions_without_lines_are_those_collected(origin, first, last):
    flows = data.read("us_imports_and_duties_2017_2022")
    months = flows[flows["sector"] == "metals"].pivot(index="month", columns="partner")
    others = ["CAN", "MEX", "CHN"]

    def collected(begins, ends):
        some = months.loc[begins:ends].sum()
        duty, value = some["duty_usd"], some["imports_usd"]
        if origin == "CHN":
            return duty["CHN"] / value["CHN"]
        return (duty["ALL"] - duty[others].sum()) / (value["ALL"] - value[others].sum())

    rise = collected(first, last) - collected("2017-01", "2017-12")
    for name in ("metals-2018", "history"):
        one = Scenario.load(name)
        dated = segments(one.start, one.instruments, one.dated)
        found = {segment.label: segment.instruments.measures for segment in dated}["2018-03-23"]
        levied = behind(found, "metals", origin, "USA")
        assert sum(levied.values()) == pytest.approx(rise, abs=0.001)


LEFT_OUT = {
    "2017-05-18": "a notice changes nothing",
    "2019-05-17": "an agreement that was carried out three days later",
    "2019-05-30": "shorter than a step; a scenario of its own",
    "2025-02-03": "suspended on the eve, so only announced",
    "2025-03-07": "the exemption is among the terms from the start of the quarter",
    "2026-04-23": "limited quantities",
}
"""Rows of the dated list of tariffs that `history` has not, and why."""


def test_every_dated_tariff_is_in_the_history_or_left_out_for_a_reason():
    events = compile_policy(Scenario.load("history")).events
    told = {(event["date"], actor) for event in events for actor in event["actor"].split("+")}
    for row in data.read("tariff_events").itertuples():
        day = str(row.date)
        by = row.actor.split(";")[0].replace("Supreme Court", "USA")
        assert ((day, by) in told) != (day in LEFT_OUT), row


def test_the_escalation_of_2019_is_that_of_its_source():
    threat = Scenario.load("mexico-escalation-2019").threat
    listed = data.read("tariff_events").astype({"date": str}).set_index("date").loc["2019-05-30"]
    assert threat.announced.isoformat() == "2019-05-30"
    assert listed["rate"] == f"0.05 to {threat.rate}"
    assert (threat.instrument, threat.origins, threat.imposed) == ("blanket", ("MEX",), "never")


def test_every_measure_shipped_says_where_it_is_from():
    for name in ("history", "metals-2018", "blanket-2025"):
        for label, one in Scenario.load(name).measures.items():
            assert one.source, label
            assert one.unverified == ("memory" in one.source), label


def test_duties_are_shown_by_pair_and_sector_with_the_measures_behind_them():
    lines = list(duty_lines(Scenario.from_toml(DATED)))
    assert lines[1:3] == [
        "from 2018-01-05",
        "  USA on MEX: all goods: 25% (25% if originating): one 25%",
    ]
    assert lines[-1] == "from 2020-01-01: none"
    assert list(duty_lines(Scenario.load("status-quo"))) == []


def test_a_withdrawal_that_is_threatened_ends_the_preference_where_it_is_carried_out():
    policy = compile_policy(Scenario.from_toml("threat = { instrument = 'withdrawal' }"))
    assert policy.preference[..., 0].sum() == len(HOSTS) * (len(HOSTS) - 1)
    assert not policy.preference[..., 1].any()


def test_a_scenario_is_shown_as_a_timeline_first():
    lines = described("history").splitlines()
    first = lines.index("# Timeline, by dates alone:")
    told = list(itertools.takewhile(lambda line: line.startswith("# 20"), lines[first + 1 :]))
    assert first < 10
    days = [line[2:12] for line in told]
    assert days == sorted(days)
    assert "# 2016-11-24 USA: threat announced: 35% border tax on MEX" in told
    assert "# 2018-06-05 MEX: 6% on metals, 3% on food from USA" in told
    assert "# 2019-05-20 MEX: ended: 6% on metals, 3% on food from USA" in told
    assert told[-1] == "# 2026-07-24 USA: ended: 10% on all from all"
