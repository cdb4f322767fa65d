"""Duties that stack: the fold over measures, their dates, and what firms know of them."""

import itertools
from datetime import date

import numpy as np
import pytest

from abm import data
from abm.axes import GOODS, HOSTS, REGIONS, SECTORS
from abm.economy.tables import load_economy
from abm.errors import ScenarioError
from abm.policy import compile_policy
from abm.policy.instruments.duties_of_acts import duties_of_acts
from abm.policy.instruments.duty_bases import foreign_content, metal_content
from abm.policy.instruments.measures import Measure, behind, contributions, on_sectors
from abm.scenario.scenario import Scenario, shipped
from experiments.scenarios.collected_duties import special_duties
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


def test_a_rate_of_nothing_stands_instead_of_others_on_what_it_names():
    measures = {
        "blanket": measure(),
        "relief": measure(rates={"cars": 0.0}, relation="instead_of", instead_of=("blanket",)),
    }
    assert cell(total(measures), "cars").tolist() == [0, 0]
    assert cell(total(measures), "food").tolist() == [0, 0.25]


def test_measures_that_displace_one_another_in_a_chain_all_count():
    instead = {"relation": "instead_of", "rates": {"cars": 0.1}}
    measures = {
        "blanket": measure(),
        "first": measure(**instead, instead_of=("second",)),
        "second": measure(**instead, instead_of=("blanket",)),
    }
    assert cell(total(measures), "cars").tolist() == [0, 0.1]


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
        (
            DATED + 'relation = "instead_of"\ninstead_of = ["one"]',
            "one stands instead of itself",
        ),
        (
            DATED
            + 'relation = "instead_of"\ninstead_of = ["two"]'
            + DATED.replace("one", "two")
            + 'relation = "instead_of"\ninstead_of = ["three"]'
            + DATED.replace("one", "three")
            + 'relation = "instead_of"\ninstead_of = ["one"]',
            "one stands instead of itself, by instead_of of what it displaces",
        ),
        (DATED.replace("measures.one", 'measures."a b"'), "'a b' is no name"),
        (DATED + "rate = 0.1", "measures.one"),
        (DATED.replace("all =", "telecom ="), "is a service, on which no duty is levied"),
    ],
)
def test_an_impossible_measure_is_told_in_one_line(text, line):
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_toml(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def asked_on(day, line, origin, destination):
    """What each act asks of a line in the history on a day, in percent."""
    dated = [entry for entry in Scenario.load("history").dated if entry.date <= day]
    acts = {}
    for entry in dated:
        acts |= {key[5:]: value for key, value in entry.set.items() if key.startswith("acts.")}
    place = LINES.name.index(line), REGIONS.index(origin), REGIONS.index(destination)
    rates = {
        name: round(100 * float(duty.rates.sum(axis=0)[place]), 1)
        for name, duty in duties_of_acts(acts).items()
    }
    return {name: rate for name, rate in rates.items() if rate}


def test_the_history_is_that_of_its_sources():
    steel, aluminium = ("us-232-steel-2018", "us-232-aluminium-2018")
    assert asked_on(date(2018, 5, 31), "steel_flat", "CAN", "USA") == {}
    assert asked_on(date(2018, 6, 1), "steel_flat", "CAN", "USA") == {steel: 25.0}
    assert asked_on(date(2018, 6, 1), "aluminium_mill", "CAN", "USA") == {aluminium: 10.0}
    assert asked_on(date(2018, 6, 1), "tools_cutlery", "CAN", "USA") == {}
    assert asked_on(date(2018, 7, 1), "steel_flat", "USA", "CAN") == {"ca-surtax-2018": 25.0}
    assert asked_on(date(2019, 5, 20), "steel_flat", "USA", "CAN") == {}
    canada = "us-ieepa-canada"
    assert asked_on(date(2025, 3, 4), "footwear", "CAN", "USA") == {canada: 25.0}
    assert asked_on(date(2025, 4, 3), "cars_hybrid", "MEX", "USA") == {"us-232-autos": 25.0}
    assert asked_on(date(2025, 8, 1), "footwear", "CAN", "USA") == {canada: 35.0}
    assert asked_on(date(2025, 8, 1), "steel_flat", "CAN", "USA") == {"us-232-steel-2025": 50.0}
    assert asked_on(date(2025, 8, 1), "copper_mill", "CAN", "USA") == {"us-232-copper-2025": 50.0}
    assert asked_on(date(2025, 8, 1), "copper_refined", "CAN", "USA") == {canada: 35.0}
    assert asked_on(date(2025, 10, 14), "softwood_lumber", "CAN", "USA") == {"us-232-lumber": 10.0}
    assert asked_on(date(2025, 11, 1), "buses", "MEX", "USA") == {"us-232-trucks": 10.0}
    surcharge = {"us-122-surcharge": 10.0}
    assert asked_on(date(2026, 2, 24), "footwear", "CAN", "USA") == surcharge
    assert asked_on(date(2026, 7, 24), "footwear", "CAN", "USA") == {}


@pytest.mark.parametrize("origin", ["ROW", "CHN"])
def test_metal_duties_on_regions_without_lines_are_those_collected(origin):
    """Duties on the world's metals, on average, and on China's until others joined them."""
    last = 20 if origin == "ROW" else 2  # quarters of 2018 to 2022, and to June 2018
    collected = special_duties()[origin, "metals"].to_numpy()[:last]
    policy = compile_policy(Scenario.load("metals-2018"), quarters=24)
    at = [policy.regime_index(quarter, imposed=False) for quarter in range(5, 5 + last)]
    levied = cell(policy.measures_fixed.transpose(3, 0, 1, 2), "metals", origin)[at]
    assert levied.mean() == pytest.approx(collected.mean(), abs=0.002)
    assert levied[0] < levied[1]  # 9 days of the first quarter of 2018


LEFT_OUT = {
    "2017-05-18": "a notice changes nothing",
    "2019-05-17": "an agreement that was carried out three days later",
    "2019-05-30": "shorter than a step; a scenario of its own",
    "2025-02-03": "suspended on the eve, so only announced",
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


def test_every_measure_shipped_says_where_it_is_from_and_what_is_remembered():
    measures = {
        f"{name}, {label}": one
        for name in shipped()
        for label, one in Scenario.load(name).measures.items()
    }
    assert measures
    for label, one in measures.items():
        assert one.source, label
        assert one.unverified or "memory" not in one.source, label


def test_duties_are_shown_by_pair_and_sector_with_the_measures_behind_them():
    lines = list(duty_lines(Scenario.from_toml(DATED)))
    assert lines[1:3] == [
        "from 2018-01-05",
        "  USA on MEX: all goods: 25% (25% if originating): one 25%",
    ]
    assert lines[-1] == "from 2020-01-01: none"
    assert list(duty_lines(Scenario.load("status-quo"))) == []


def test_a_floor_is_shown_as_what_it_adds_to_special_duties():
    """Of these 10% claimed goods owe nothing, so that the floor of 15% is all that they owe."""
    scenario = Scenario.from_toml(
        """
        [tariffs.special.USA.MEX]
        metals = 0.10
        [measures.low]
        authority = "x"
        destination = "USA"
        origins = ["MEX"]
        relation = "floor"
        rates = { metals = 0.15 }
        effective = 2017-01-01
        """
    )
    shown = "  USA on MEX: metals: 5% (15% if originating): low 5% (15% if originating)"
    assert list(duty_lines(scenario))[-1] == shown


def test_bans_and_quotas_are_shown_with_rates_and_holders():
    scenario = Scenario.from_toml(
        """
        format = 1
        [measures.no-beer]
        authority = "x"
        destination = "USA"
        origins = ["MEX"]
        banned = ["beer"]
        effective = 2018-01-01
        [measures.steel-quota]
        authority = "x"
        destination = "USA"
        origins = ["CAN"]
        rates = { steel_flat = 0.5 }
        quota = 0.7
        quota_rate = 0.1
        quota_holder = "exporter"
        effective = 2018-01-01
        [measures.trucks-limit]
        authority = "x"
        destination = "USA"
        origins = ["MEX"]
        banned = ["light_trucks"]
        quota = "80%"
        effective = 2019-01-01
        """
    )
    first, second, third = list(duty_lines(scenario))[2:4], *list(duty_lines(scenario))[-3:-1]
    assert first == [
        "  USA on MEX: beer: banned: no-beer",
        "  USA on CAN: steel_flat: quota of 70% of 2017 imports, 10% within, 50% beyond,"
        " licences held by the exporter: steel-quota",
    ]
    assert second == "  USA on MEX: beer: banned: no-beer"
    assert third == (
        "  USA on MEX: light_trucks: quota of 80% of 2017 imports, 0% within, banned beyond,"
        " licences held by the importer: trucks-limit"
    )


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
    answer = "Duties in answer to metal duties: 10% on pork from USA"
    assert any(line.startswith(f"# 2018-06-05 MEX: {answer}") for line in told)
    assert any(line.startswith("# 2019-05-20 MEX: ended: Duties in answer") for line in told)
    ended = "# 2026-07-24 USA: ended: Import surcharge of 2026: 10% on all goods"
    assert any(line.startswith(ended) for line in told)
