"""What the scenarios of 2026 promise: their acts and dates, what firms believe, and the signs.

Claims are those at the prices of the base year, so that the law alone differs.
"""

from datetime import date
from functools import cache

import numpy as np
import pytest

from abm import data
from abm.axes import FOOTLOOSE, N_FOOTLOOSE, N_HOSTS, REGIONS
from abm.core.demand.claims import Claim
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.tables import load_economy
from abm.law.act_files import shipped
from abm.law.products import named
from abm.policy import compile_policy
from abm.policy.instruments.duties_of_acts import duties_of_acts
from abm.policy.regimes import compile_known
from abm.policy.timeline import quarter_of
from abm.scenario.scenario import Scenario
from abm.trade.borders.border_costs import border_terms, solve_at_borders
from abm.trade.borders.crossing import claim_origin
from abm.trade.inputs.input_prices import price_inputs, solve_costs, value_added_cost
from experiments.scenarios.overrides import load_scenario
from tests.reference.covered_share import covered_share
from tests.same_firms import at_rest, model_of

USA, MEX, CAN = range(3)
CARS, TRUCKS = FOOTLOOSE.index("cars"), FOOTLOOSE.index("light_trucks")
LAW, LINES = shipped(), load_economy().lines
MADE = LINES.sector < N_FOOTLOOSE
AUTUMN_2026 = date(2026, 7, 1)

REVIEWS = ("lapse", "renewed", "content", "bilateral")
OUTCOMES = {"renewed": "renewal", "content": "content", "bilateral": "bilateral"}

NAMED = {
    "forced-labour-301": ("blanket-2025", {"us-301-forced-labour"}),
    "canada-338": (
        "forced-labour-301",
        {"us-338-alcohol", "us-338-dairy", "us-338-vehicles", "us-338-ban"},
    ),
    "retaliation-2026": ("canada-338", {"ca-surtax-metals-2025", "ca-surtax-vehicles-2025"}),
    "review-2026-lapse": ("forced-labour-301", set()),
}
"""Acts that a scenario adds to those of the one it goes on from."""

LISTS = {"alcohol": "drinks", "dairy": "dairy", "vehicles": "goods"}
"""The list of each act under Section 338 that was read."""

PART_OF_A_CODE = 0.85
"""Of a code named by eight digits that is listed, for the lists to come to what was told."""


@cache
def policy(name):
    return compile_policy(Scenario.load(name))


def place_of(name, quarter, outcome=None):
    """Regime of a scenario in a quarter if talks have ended so."""
    return policy(name).regime_index(quarter, imposed=False, agreed=outcome)


def under(name, quarter=8, outcome=None):
    """The law of a scenario under one regime."""
    return policy(name).during(np.array([place_of(name, quarter, outcome)]))


@cache
def claims(name, outcome=None, quarter=12):
    """Claims of all firms under one regime, shape (firm, host, partner)."""
    model, law = at_rest(400), under(name, quarter, outcome)
    calibration, conditions = model.calibration, model.calibration.conditions

    def terms_under(one):
        return price_inputs(model.economy, calibration, conditions, one)

    costs = UnitCosts.empty(len(model.firms), N_HOSTS, 1)
    value_added = value_added_cost(model.firms, calibration, conditions, law)
    solve_costs(model.firms, terms_under(law), value_added, costs)
    own = solve_at_borders(model.firms, law, border_terms(law, terms_under), value_added, costs)
    return claim_origin(model.firms, law, costs, own=own).claim[..., 0]


def complying(found, host, partner, sectors=(CARS, TRUCKS)):
    """Part of makers of vehicles that comply at a border."""
    some = np.isin(at_rest(400).firms.sector, sectors)
    return (found[some, host, partner] == Claim.COMPLIES).mean()


@pytest.mark.parametrize("scenario", NAMED)
def test_a_future_adds_the_acts_it_is_about_to_those_of_the_scenario_it_goes_on_from(scenario):
    below, added = NAMED[scenario]
    acts, before = Scenario.load(scenario).acts, Scenario.load(below).acts
    assert set(acts) - set(before) == added
    assert {name: acts[name] for name in before} == before
    assert all(standing is True for standing in acts.values())


def test_the_answer_whose_list_is_not_known_has_the_dates_and_the_source_of_its_act():
    said = Scenario.load("retaliation-2026").measures["canada-2026"]
    act = LAW.acts["ca-surtax-2026"]
    assert (said.announced, said.effective, said.ended) == (act.announced, act.effective, act.ended)
    assert said.destination == act.importer
    assert said.source
    assert said.authority in act.authority.replace("Orders in Council ", "")


def test_threats_and_talks_begin_when_they_did_and_say_what_is_assumed():
    for name in ("canada-338", "retaliation-2026", *(f"review-2026-{end}" for end in REVIEWS)):
        scenario = Scenario.load(name)
        act = "usmca-review-2026" if name.startswith("review") else "us-canada-threat-2026"
        assert scenario.instruments.threat.announced == LAW.acts[act].announced
        for key in ("threat.arrival_per_quarter", "threat.departure_per_quarter"):
            assert scenario.sources[key].startswith("assumption")
        for outcome in scenario.instruments.negotiation.outcomes:
            key = f"negotiation.outcomes.{outcome}.per_quarter"
            assert scenario.sources[key].startswith("assumption")
    assert Scenario.load("retaliation-2026").measures["canada-2026"].unverified


@pytest.mark.thorough
@pytest.mark.parametrize("origin", [MEX, CAN])
def test_a_claim_is_worth_ten_points_on_every_line_that_is_not_exempt_nor_under_section_232(origin):
    before, after = under("blanket-2025", 40), under("forced-labour-301")
    at = (MADE, origin, USA, 0)
    gained = after.line_waived[at] - before.line_waived[at]
    covered = (before.line_waived + before.line_fixed)[at] > 0
    np.testing.assert_allclose(after.line_fixed[at], before.line_fixed[at], atol=1e-12)
    assert (gained <= 0.10 + 1e-12).all()
    free_of_duty = np.array([name.endswith("_free") for name in np.array(LINES.name)[MADE]])
    whole = np.isclose(gained, 0.10)
    assert whole[~covered].mean() > 0.55
    assert whole[free_of_duty & ~covered].any()
    # What is exempt is what the act lists, finer codes than of six digits left out.
    rows = np.flatnonzero(MADE)[~covered]
    owed = np.array([listed("us-301-forced-labour", row, origin) for row in rows])
    assert np.abs(gained[~covered] - owed).mean() < 0.01
    whole_232 = LINES.name.index("cars_petrol"), LINES.name.index("steel_flat")
    for line in whole_232:
        assert after.line_waived[line, origin, USA, 0] == before.line_waived[line, origin, USA, 0]


def listed(act, line, origin):
    """Mean rate of an act on what a member sells of a line."""
    rows = np.flatnonzero(LINES.products.line == line)
    weights = {LINES.products.code[n]: LINES.products.share[n, origin] for n in rows}
    return covered_share(LAW, act, weights, REGIONS[origin], date(2026, 10, 1)).rate


@pytest.mark.thorough
def test_more_is_claimed_under_the_duty_over_forced_labour():
    before, after = claims("blanket-2025", quarter=40), claims("forced-labour-301")
    every = range(N_FOOTLOOSE)
    for host in (MEX, CAN):
        share = [complying(found, host, USA, every) for found in (before, after)]
        assert share[1] > share[0] + 0.03
    np.testing.assert_array_equal(before[:, USA], after[:, USA])


@pytest.mark.parametrize("which", LISTS)
def test_lines_pay_half_of_what_section_338_lists_whatever_their_origin(which):
    name, day = f"us-338-{which}", date(2026, 8, 22)
    some, _ = named(LAW.acts[name].lists[LISTS[which]], LINES.products.code)
    covered = np.zeros(len(LINES))
    np.add.at(covered, LINES.products.line, some * LINES.products.share[:, CAN])
    waived, fixed = duties_of_acts({name: day})[name].rates[:, :, CAN, USA]
    np.testing.assert_allclose(fixed, 0.5 * covered, atol=1e-9)
    assert not waived.any()


def test_section_338_is_on_as_much_of_canadas_sales_as_was_told():
    """5.2 to 5.5% of US imports from Canada, those of energy and metals included."""
    table = data.read("us_imports_by_product_2025", text=("hs6",))
    table = table[table["partner"] == "CAN"]
    value, part = table["imports_usd"].to_numpy(), np.zeros(len(table))
    for which, name in LISTS.items():
        some, sure = named(LAW.acts[f"us-338-{which}"].lists[name], tuple(table["hs6"]))
        part = np.maximum(part, np.where(sure, 1.0, PART_OF_A_CODE * some))
    assert 0.052 < value @ part / value.sum() < 0.055


def test_what_the_act_bans_does_not_enter_and_a_settlement_lets_it_in_again():
    dispute, settled = (under("canada-338", outcome=end) for end in (None, "settled"))
    act = LAW.acts["us-338-ban"]
    part = np.zeros(len(LINES.products.code))
    for products in act.lists.values():
        some, _ = named(products, LINES.products.code)
        part = np.maximum(part, some)
    closed = np.zeros(len(LINES))
    np.add.at(closed, LINES.products.line, part * LINES.products.share[:, CAN])
    found = dispute.banned[..., 0]
    np.testing.assert_allclose(found[MADE, CAN, USA], closed[MADE], atol=1e-6)
    assert found[LINES.name.index("beer"), CAN, USA] == 1.0
    assert found.sum() == found[:, CAN, USA].sum()
    assert not settled.banned.any()
    before = policy("canada-338").during(np.array([place_of("canada-338", 5)]))
    assert not before.banned.any()


def test_canada_levies_a_qualifying_vehicle_on_at_most_85_per_cent_of_its_value():
    act = LAW.acts["ca-surtax-vehicles-2025"]
    most = next(term.most_of_value for term in act.term if term.most_of_value < 1)
    law, cars = under("retaliation-2026"), LINES.of(CARS).start
    # American cars have less than 15% of content from Canada and Mexico, so that the limit holds.
    assert law.line_fixed[cars, USA, CAN, 0] == pytest.approx(0.25 * most)
    assert law.line_waived[cars, USA, CAN, 0] == pytest.approx(0.25 * (1 - most))


def test_the_credit_for_assembly_has_the_share_and_the_days_of_its_act():
    act, scenario = LAW.acts["us-assembly-offset"], Scenario.load("blanket-2025")
    turns = [entry for entry in scenario.timeline if "credit" in entry.title.lower()]
    assert [entry.date for entry in turns] == [act.announced, act.ended]
    share = [
        under("blanket-2025", quarter_of(day, scenario.start)).offset_share
        for day in (date(2025, 1, 1), act.announced, act.ended)
    ]
    assert [one[CARS, USA, 0] for one in share] == [0.0, act.credit.share, 0.0]
    assert share[1][TRUCKS, USA, 0] == act.credit.share
    assert share[1].sum() == 2 * act.credit.share


def test_a_settlement_ends_what_the_dispute_brought_and_nothing_else():
    dispute, settled = (under("retaliation-2026", outcome=end) for end in (None, "settled"))
    before = under("forced-labour-301")
    np.testing.assert_array_equal(settled.line_fixed[:, :, USA], before.line_fixed[:, :, USA])
    assert (dispute.line_fixed[:, CAN, USA] > before.line_fixed[:, CAN, USA]).sum() > 40
    into_canada = [law.line_fixed[MADE, USA, CAN, 0] for law in (before, settled, dispute)]
    assert not into_canada[0].any()
    assert (into_canada[2] >= into_canada[1]).all()
    furniture = np.array(LINES.name)[MADE].tolist().index("furniture")
    assert into_canada[1][furniture] == 0
    assert into_canada[2][furniture] == 0.023
    metals = LINES.sector[MADE] == FOOTLOOSE.index("metals")
    assert into_canada[1][metals].any()
    # The answer of 2026 leaves vehicles to the duty of 2025.
    cars = LINES.sector[MADE] == CARS
    np.testing.assert_array_equal(into_canada[2][cars], into_canada[1][cars])


@pytest.mark.thorough
def test_the_dispute_cuts_canadas_sales_to_the_united_states_and_the_answer_theirs_to_canada():
    names = ("forced-labour-301", "canada-338", "retaliation-2026")
    models = [model_of(load_scenario(name, ["start=2026-01-01"]), 150) for name in names]
    for model in models:
        model.run_for(6)

    def sold(model, origin, destination):
        trade = model.accounts
        return (trade.final.value + trade.intermediate.value)[:, origin, destination].sum()

    plain, dispute, answered = models
    assert sold(dispute, CAN, USA) < sold(plain, CAN, USA)
    assert sold(answered, USA, CAN) < sold(dispute, USA, CAN)


def test_firms_believe_in_the_same_chain_of_regimes_whatever_comes_of_the_review():
    first, *others = (policy(f"review-2026-{end}") for end in REVIEWS)
    summer, hazards = quarter_of(AUTUMN_2026, first.start), first.chains_within(8)
    for other in others:
        assert other.regimes == first.regimes
        np.testing.assert_array_equal(other.chains_within(8), hazards)
        np.testing.assert_array_equal(other.known_starts(8), first.known_starts(8))
        for name in first.declared():
            np.testing.assert_array_equal(getattr(other, name), getattr(first, name))
    chain = hazards[first.segment_at(8)][0]
    chances = dict(zip(first.conditions, chain, strict=True))
    ends = {"renewal": 0.02, "content": 0.02, "bilateral": 0.01, "lifted": 0.0}
    assert {name: chances[name] for name in ends} == pytest.approx(ends)
    assert chances["threat imposed"] == pytest.approx(0.0125 * (1 - sum(ends.values())))
    assert not first.threat_live(summer - 1)
    then = compile_known(Scenario.load("review-2026-lapse"), summer)
    assert then.known_starts(summer)[-1] == quarter_of(date(2036, 7, 1), first.start)


def test_what_is_not_renewed_lapses_in_july_2036_and_what_is_renewed_does_not():
    last = quarter_of(date(2036, 7, 1), date(2025, 1, 1))
    for outcome in (None, *OUTCOMES.values()):
        laws = [under("review-2026-lapse", quarter, outcome) for quarter in (last - 1, last)]
        kept = [bool(law.preference[MEX, USA, 0]) for law in laws]
        assert kept == [True, outcome is not None]


@pytest.mark.parametrize("end", REVIEWS)
def test_each_review_ends_as_it_says_in_july_2027(end):
    scenario = Scenario.load(f"review-2026-{end}")
    agreed = {name: one.agreed for name, one in scenario.instruments.negotiation.outcomes.items()}
    expected = dict.fromkeys(agreed, "never")
    if end in OUTCOMES:
        expected[OUTCOMES[end]] = date(2027, 7, 1)
    assert agreed == expected
    law, summer = policy(f"review-2026-{end}"), quarter_of(date(2027, 7, 1), scenario.start)
    assert law.agreement(summer - 1, draw=0.0) is None
    assert law.agreement(summer, draw=1.0) == OUTCOMES.get(end)


def test_what_was_proposed_is_asked_at_every_border_or_at_the_american_one_by_origin():
    renewed, content, bilateral = (
        under("review-2026-lapse", 12, outcome) for outcome in OUTCOMES.values()
    )
    cars = LINES.of(CARS).start
    for law, asked in ((renewed, (0.75, 0.0)), (content, (0.82, 0.50)), (bilateral, (0.75, 0.0))):
        assert law.content_threshold[cars, 0, 0] == asked[0]
        assert law.country_content[CARS, USA, 0] == asked[1]
    assert not renewed.border_rules
    assert not content.border_rules
    there = {border: bilateral.at_border(border) for border in bilateral.border_rules}
    assert {
        border: (law.content_threshold[cars, 0, 0], law.country_content[TRUCKS, USA, 0])
        for border, law in there.items()
    } == {(MEX, USA): (0.82, 0.50), (CAN, USA): (0.75, 0.50)}


def test_fewer_vehicles_qualify_where_more_is_asked_and_at_that_border_alone():
    renewed, content, bilateral = (
        claims("review-2026-lapse", outcome) for outcome in OUTCOMES.values()
    )
    north = [complying(found, MEX, USA) for found in (renewed, content, bilateral)]
    assert north[1] < north[0] - 0.05
    assert north[2] == pytest.approx(north[1], abs=0.02)
    from_canada = [complying(found, CAN, USA) for found in (renewed, content, bilateral)]
    assert from_canada[1] <= from_canada[2] <= from_canada[0]
    # Into Canada and Mexico the protocols ask what the agreement does.
    for pair in ((MEX, CAN), (USA, CAN), (USA, MEX), (CAN, MEX)):
        np.testing.assert_array_equal(bilateral[:, *pair], renewed[:, *pair])
    assert complying(content, MEX, CAN) < complying(renewed, MEX, CAN)
