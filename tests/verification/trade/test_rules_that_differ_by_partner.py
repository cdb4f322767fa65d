"""Rules of origin that hold at one border alone: one mix of inputs a destination.

What is derived in ``docs/decisions/7-rules-that-differ-by-partner.md`` is held here at the prices
of the base year, so that rules are the only difference. Whole runs are in
``tests/verification/trade/test_runs_with_rules_by_partner.py``.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, N_HOSTS, SECTORS
from abm.core.demand.claims import BorderTerms, Claim, choose_claim
from abm.core.inputs.content_rules import meet_content_rule, restricted_spending
from abm.core.inputs.sourcing import InputTerms, UnitCosts, free_choice, free_mix
from abm.engine.blocks import sector_rows
from abm.errors import ScenarioError
from abm.policy import Policy, compile_policy
from abm.trade.borders.border_costs import BorderCosts, border_terms, solve_at_borders
from abm.trade.borders.crossing import MEMBER_PAIRS, Borders, claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.flows.deliveries import sales_by_appeal, tally_plants
from abm.trade.inputs.input_prices import (
    buyers,
    outside_duty,
    price_inputs,
    solve_costs,
    value_added_cost,
)
from abm.verify.costs import cheapest_compliant
from abm.verify.costs import free_mix as plain_mix
from experiments.scenarios.overrides import load_scenario
from tests.reference.general_optimiser import optimised
from tests.same_firms import at_rest

USA, MEX, CAN = range(3)
CARS, TRUCKS, PARTS = map(FOOTLOOSE.index, ("cars", "light_trucks", "vehicle_parts"))
RULES = "rules_of_origin."
NORTH = f"{RULES}by_partner.USA.MEX."
"""From Mexico to the United States."""

BASE = (
    "tariffs.special.USA.all.all=0.02",
    "tariffs.special.CAN.all.all=0.02",
    f"{RULES}regional_value_content.vehicle_parts=0.8",
)
"""Duties for which some buy differently in order to claim, and some do not; a rule that binds."""

ASKED = 0.9
CONTENT = f"regional_value_content.{{}}={ASKED}"
AMERICAN = ("regional_value_content.{}=0.70", "country_content.USA.{}=0.30")
SAME = 1e-5
"""Relative: costs are in single precision, and rules are met to 2e-6 of net cost."""


@dataclass(frozen=True)
class World:
    """Costs and claims of all firms at the prices of the base year."""

    policy: Policy
    terms: list[InputTerms]
    value_added: np.ndarray
    costs: UnitCosts
    own: dict[tuple[int, int], BorderCosts]
    borders: Borders

    def quarter(self):
        model = at_rest(400)
        outside = outside_duty(model.economy, self.policy)
        given = model.firms, model.economy, model.calibration, self.policy
        return Quarter(*given, self.costs, self.borders, outside, own=self.own)

    @cached_property
    def tally(self):
        quarter = self.quarter()
        return tally_plants(quarter, self.terms, self.value_added, 0, sales_by_appeal(quarter, 0))


def stated(*overrides):
    """Overrides on top of the base, of which they take the place where they name the same key."""
    said = {override.partition("=")[0] for override in overrides}
    return [*(one for one in BASE if one.partition("=")[0] not in said), *overrides]


@cache
def world(*overrides):
    model = at_rest(400)
    policy = compile_policy(load_scenario("status-quo", stated(*overrides)))
    calibration, conditions = model.calibration, model.calibration.conditions

    def terms_under(one):
        return price_inputs(model.economy, calibration, conditions, one)

    terms, costs = terms_under(policy), UnitCosts.empty(len(model.firms), N_HOSTS, 1)
    value_added = value_added_cost(model.firms, calibration, conditions, policy)
    solve_costs(model.firms, terms, value_added, costs)
    asked = border_terms(policy, terms_under)
    own = solve_at_borders(model.firms, policy, asked, value_added, costs)
    borders = claim_origin(model.firms, policy, costs, own=own)
    return World(policy, terms, value_added, costs, own, borders)


def everywhere(*conditions, sector="vehicle_parts"):
    return tuple(RULES + condition.format(sector) for condition in conditions)


def north(*conditions, sector="vehicle_parts"):
    return tuple(NORTH + condition.format(sector) for condition in conditions)


def of(sector):
    return sector_rows(at_rest(400).firms)[sector]


RULES_OF_ONE_BORDER = [
    pytest.param((CONTENT,), "vehicle_parts", id="content"),
    pytest.param(AMERICAN, "vehicle_parts", id="content of the region and of a country"),
    pytest.param(("metals_content.{}=0.97", "tariff_shift.{}=0.7"), "vehicle_parts", id="several"),
    pytest.param(("regional_value_content.{}=0.6",), "vehicle_parts", id="less than agreed"),
]


def test_a_border_that_repeats_the_agreement_has_no_rules_of_its_own():
    agreed = load_scenario("status-quo", stated()).rules_of_origin.regional_value_content
    same = [f"{NORTH}regional_value_content.{one}={getattr(agreed, one)}" for one in FOOTLOOSE]
    again = world(*same)
    assert not again.policy.border_rules
    assert again.policy.same_as(world().policy)
    assert not again.policy.same_as(world(*north(CONTENT)).policy)


@pytest.mark.parametrize(("conditions", "sector"), RULES_OF_ONE_BORDER)
def test_complying_at_a_border_costs_what_it_would_if_its_rule_held_everywhere(conditions, sector):
    one, all_over = (
        world(*north(*conditions, sector=sector)),
        world(*everywhere(*conditions, sector=sector)),
    )
    there, agreed = one.quarter().towards(MEX, USA, 0), all_over.costs.at(MEX, 0)
    np.testing.assert_allclose(there.compliant_cost, agreed.compliant_cost, rtol=SAME)
    for name in ("free_cost", "free_content", "meets_rule", "feasible"):
        np.testing.assert_array_equal(getattr(there, name), getattr(agreed, name), err_msg=name)
    before = world().costs.at(MEX, 0).compliant_cost
    assert not np.allclose(there.compliant_cost, before, rtol=1e-3)


@pytest.mark.parametrize(("conditions", "sector"), RULES_OF_ONE_BORDER)
def test_a_border_is_crossed_as_if_its_rule_held_everywhere_and_the_others_as_before(
    conditions, sector
):
    one, before = world(*north(*conditions, sector=sector)), world()
    all_over = world(*everywhere(*conditions, sector=sector))
    for name in ("cost", "duty", "claim", "rest", "value_share", "penalty", "meets_rule"):
        here, agreed, asked = (getattr(w.borders, name) for w in (one, before, all_over))
        for pair in MEMBER_PAIRS:
            if pair != (MEX, USA):
                np.testing.assert_array_equal(here[:, *pair], agreed[:, *pair], err_msg=name)
        # Of firms that are indifferent but for the last bits of a search some decide otherwise.
        near = np.isclose(here[:, MEX, USA], asked[:, MEX, USA], rtol=SAME, atol=SAME)
        assert near.mean() > 0.999, name
    assert (one.borders.cost[:, MEX, USA] != before.borders.cost[:, MEX, USA]).any()
    np.testing.assert_array_equal(one.costs.compliant_cost, before.costs.compliant_cost)


def test_content_at_a_border_is_met_at_least_cost_by_plain_python():
    model, one = at_rest(400), world(*north(CONTENT))
    here, there = one.own[MEX, USA].terms_at(PARTS, 0), one.quarter().towards(MEX, USA, 0)
    table, bound = model.firms, 0
    for row in range(*of(PARTS).indices(len(table))):
        mix = plain_mix(
            table.affinity[row, : len(here.theta)].tolist(),
            float(table.origin_share[row, MEX]),
            table.base_potential[row, :, MEX].tolist(),
            here.weights[..., 0, 0].transpose(0, 2, 1).tolist(),
            None,
            here.theta.tolist(),
            here.bill_of_materials[:, 0].tolist(),
            float(one.value_added[row, MEX, 0] + here.services[0, 0]),
        )
        least = cheapest_compliant(mix, here.theta.tolist(), ASKED, 0.0).compliant_cost
        again = mix.cost if mix.content >= ASKED else least
        assert there.compliant_cost[row] == pytest.approx(again, rel=SAME)
        bound += mix.content < ASKED
    assert bound > 10


@pytest.mark.thorough
def test_content_of_region_and_country_at_a_border_is_met_as_a_general_optimiser_finds():
    model, one = at_rest(400), world(*north(*AMERICAN))
    here, there = one.own[MEX, USA].terms_at(PARTS, 0), one.quarter().towards(MEX, USA, 0)
    rows = np.arange(len(model.firms))[of(PARTS)]
    rows = rows[~there.meets_rule[rows] & there.feasible[rows]][:2]
    some = buyers(model.firms, rows).at(MEX)
    mix = free_mix(here, some, free_choice(some, here), one.value_added[None, None, rows, MEX, 0])
    every = np.ones(mix.other_cost.shape, np.bool_)
    used = here.bill_of_materials[:, 0] > 0
    for place, row in enumerate(rows):
        entry = np.array([place])
        rules = here.rules_of(some, every).take(entry)
        rules = replace(
            rules,
            shift=rules.shift[used],
            in_category=rules.in_category[used],
            in_core=rules.in_core[used],
        )
        least = optimised(in_halves(mix.entries(every).take(entry), used), rules)
        assert there.compliant_cost[row] == pytest.approx(least, rel=SAME)
    assert len(rows) == 2


def in_halves(firm, used):
    """A firm for which pay is no matter: what is bought inside and outside a country, by halves.

    Parts of a group that are drawn in two lots cost what they cost in one.
    """
    high, low, high_there, low_there, foreign = firm.shares[:, used]
    outside, inside = (high + low) / 2, (high_there + low_there) / 2
    shares = np.stack([outside, outside, inside, inside, foreign]).clip(1e-9)
    return replace(
        firm,
        spend=firm.spend[used],
        shares=shares / shares.sum(axis=0),
        before_duty=firm.before_duty[used],
        theta=firm.theta[used],
    )


def test_what_plants_buy_for_each_border_is_what_their_goods_cost():
    """Inputs, labour and capital come to the cost of production, each border by its mix."""
    both = *north(CONTENT), f"{RULES}by_partner.CAN.MEX.{AMERICAN[1].format('vehicle_parts')}"
    for one in (world(*north(*AMERICAN)), world(*both)):
        tally, sums = one.tally, one.tally.sums
        assert (sums["compliant"][PARTS, MEX][:, [USA, CAN]] > 0).any()
        bought = np.einsum("jkshum->jhum", tally.purchases)
        spent = bought + sums["value_added"] - sums["subsidy"] + sums["royalty"]
        np.testing.assert_allclose(spent, sums["production_cost"], rtol=SAME)


def test_goods_for_a_border_that_asks_for_american_content_are_made_of_more_american_inputs():
    before, after = (world(*rule).tally for rule in ((), north(*AMERICAN)))
    one = (PARTS, slice(None), slice(None), MEX)
    bought = [tally.purchases[one].sum(axis=0) for tally in (before, after)]
    share = [
        (each[USA] / each.sum(axis=0))[..., market] for each in bought for market in (USA, CAN)
    ]
    assert (share[2] > share[0] + 1e-3).all()  # in goods for the United States
    np.testing.assert_allclose(share[3], share[1], rtol=SAME)  # and in no others
    sums = after.sums
    assert sums["compliant"][PARTS, MEX, :, USA].sum() > 0
    assert (before.sums["claimed"] - sums["claimed"])[PARTS, MEX, :, USA].sum() > 0


def test_what_meets_the_agreement_and_not_the_border_counts_for_no_buyer_beyond_it():
    """Deliveries to the United States originate by its rule, those to others as before."""
    before, after = (world(*rule).tally.filings for rule in ((), north(*AMERICAN)))
    share = [each.originating[..., 0] / each.sold for each in (before, after)]
    assert share[1][PARTS, MEX, USA] < share[0][PARTS, MEX, USA] - 0.01
    others = np.ones(share[0].shape, np.bool_)
    others[:, MEX, USA] = False
    # At home and outside complying anywhere will do: fewer do.
    others[PARTS, MEX] = [False, False, True, False, False]
    np.testing.assert_allclose(share[0][others], share[1][others], rtol=1e-12)


def test_a_protocol_of_two_that_leaves_the_third_out_counts_less_at_its_border():
    alone = world(f"{NORTH}cumulation.CAN=0")
    there, agreed = alone.quarter().towards(MEX, USA, 0), alone.costs.at(MEX, 0)
    assert (there.free_content <= agreed.free_content + SAME).all()
    assert (there.free_content < agreed.free_content - 0.01).any()
    np.testing.assert_array_equal(there.free_cost, agreed.free_cost)
    known = np.isfinite(there.compliant_cost)
    assert (there.compliant_cost >= agreed.compliant_cost * (1 - SAME))[known].all()
    assert (there.meets_rule <= agreed.meets_rule).all()
    wide = world(f"{RULES}cumulation.CAN=0").costs.at(MEX, 0)
    np.testing.assert_allclose(there.compliant_cost, wide.compliant_cost, rtol=SAME)
    sums = alone.tally.sums
    assert np.isfinite(sums["content"]).all()


def test_the_worked_example_of_the_instruments_page():
    """One plant, one input and two borders, as docs/instruments.md works it out by hand."""
    own, theta, half = 0.4, 4.0, np.array([[0.5]])
    asked, names = np.array([0.70, 0.75, 0.82]), ("free", "Canada", "United States")
    spend, foreign = np.full((1, 3), 0.6), np.repeat(half, 3, axis=1)
    before_duty, power = np.ones((1, 3)), np.array([theta])
    mix = meet_content_rule(
        spend, foreign, before_duty, power, np.full(3, own), asked, np.zeros(3), tolerance=1e-12
    )
    cost = dict(zip(names, mix.net_cost.tolist(), strict=True))
    assert cost == pytest.approx({"free": 1.0, "Canada": 1.0017, "United States": 1.0103}, abs=5e-5)
    bought = restricted_spending(mix.log_wedge, spend, foreign, before_duty, power)
    inside, outside = (part[0].round(2).tolist() for part in bought)
    assert inside == [0.30, 0.35, 0.43]
    assert outside == [0.30, 0.25, 0.18]

    def claims(there, duty):
        nothing = np.zeros((1, 1))
        terms = BorderTerms(nothing + duty, nothing, nothing == 0, nothing + 1, nothing + 1)
        free, compliant = (np.full((1, 1), cost[name]) for name in ("free", there))
        paperwork, meets = nothing + 0.015, nothing > 0
        return Claim(choose_claim(free, compliant, meets, paperwork, nothing, terms).claim.item())

    assert claims("Canada", 0.025) == Claim.COMPLIES
    assert claims("United States", 0.025) == Claim.PAYS
    assert claims("United States", 0.10) == Claim.COMPLIES


def test_the_search_at_a_border_does_not_depend_on_where_it_starts():
    model, one = at_rest(400), world(*north(*AMERICAN))
    own = one.own[MEX, USA]
    cold = UnitCosts.empty(len(model.firms), 1, 1)
    solve_costs(model.firms, own.terms, one.value_added[:, MEX : MEX + 1], cold, MEX)
    np.testing.assert_allclose(cold.compliant_cost, own.costs.compliant_cost, rtol=SAME)
    np.testing.assert_array_equal(cold.feasible, own.costs.feasible)


def test_true_claims_fall_and_false_ones_rise_where_a_border_asks_for_more():
    """Where nobody looks, that is; where fines are to be expected goods pay instead."""
    unseen = "enforcement.audit_rate.USA=0", "tariffs.special.USA.all.all=0.25"
    lax, strict = world(*unseen), world(*unseen, *north("country_content.USA.{}=0.6"))
    rows = of(PARTS)

    def claims(one, kind, partner):
        return int((one.borders.claim[rows, MEX, partner, 0] == kind).sum())

    assert claims(strict, Claim.COMPLIES, USA) < claims(lax, Claim.COMPLIES, USA)
    assert claims(strict, Claim.CLAIMS_FALSELY, USA) > claims(lax, Claim.CLAIMS_FALSELY, USA)
    for kind in Claim:
        assert claims(strict, kind, CAN) == claims(lax, kind, CAN)


def test_what_a_border_says_of_a_sector_goes_before_all_that_the_agreement_says_of_its_lines():
    rules = [
        f"{RULES}schedule=usmca",
        f"{RULES}lines.airbags.regional_value_content=0.3",
        f"{NORTH}regional_value_content.vehicle_parts=0.8",
        f"{NORTH}lines.gearboxes_axles.regional_value_content=0.9",
        f"{NORTH}tariff_shift.all=0.5",
    ]
    policy = compile_policy(load_scenario("status-quo", rules))
    there, lines = policy.at_border((MEX, USA)), at_rest(400).economy.lines
    line = lines.name.index
    asked = there.content_threshold[..., 0]
    assert asked[line("airbags")].tolist() == [0.8, 0.8]  # in both ways
    assert asked[line("gearboxes_axles"), 0] == 0.9
    made = np.concatenate([there.tariff_shift[lines.of(one), 0] for one in range(len(FOOTLOOSE))])
    assert (made == 0.5).all()
    assert policy.content_threshold[line("airbags"), 0, 0] == 0.3
    np.testing.assert_array_equal(there.core_parts_content, policy.core_parts_content)
    assert set(policy.border_rules) == {(MEX, USA)}


def test_an_origin_by_its_name_goes_before_all_and_a_border_at_home_is_none():
    both = [f"{RULES}by_partner.USA.all.de_minimis=0.02", f"{NORTH}de_minimis=0.04"]
    policy = compile_policy(load_scenario("status-quo", both))
    asked = {at: own.arrays["de_minimis"][0, 0, 0] for at, own in policy.border_rules.items()}
    assert asked == {(MEX, USA): 0.04, (CAN, USA): 0.02}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("USA.USA.de_minimis=0.1", "by_partner: trade of USA with itself crosses no border"),
        ("USA.CHN.de_minimis=0.1", "by_partner.USA.CHN.de_minimis: no such key"),
        ("USA.MEX.content.cars=0.8", "by_partner.USA.MEX.content.cars: no such key"),
        ("USA.MEX.de_minimis=1.2", "by_partner.USA.MEX.de_minimis = 1.2: must be 0 to 1"),
        ("USA.MEX.lines.car.tariff_shift=1", '"car" is no product line'),
        ("USA.MEX.lines.cars.tariff_shift=1", '"cars" is a sector, not a line of it'),
    ],
)
def test_what_cannot_be_a_rule_of_a_border_is_one_line(override, said):
    with pytest.raises(ScenarioError) as raised:
        load_scenario("status-quo", [f"{RULES}by_partner.{override}"])
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_content_of_two_countries_at_one_border_is_refused():
    two = [f"{NORTH}country_content.{host}.cars=0.3" for host in ("USA", "MEX")]
    with pytest.raises(ScenarioError, match="content of USA and of MEX"):
        load_scenario("status-quo", two)


def test_a_border_that_asks_for_one_country_does_not_drop_what_the_agreement_asks_of_another():
    agreed, own = f"{RULES}country_content.USA.cars=0.5", f"{NORTH}country_content.MEX.cars=0.3"
    with pytest.raises(ScenarioError, match="content of USA and of MEX") as raised:
        load_scenario("status-quo", [agreed, own])
    assert "by_partner.USA.MEX.country_content" in str(raised.value)
    assert "\n" not in str(raised.value)
    alone = load_scenario("status-quo", [agreed, own, f"{NORTH}country_content.USA.cars=0"])
    other = load_scenario("status-quo", [agreed, own.replace("cars", "food")])
    cars, food = (SECTORS.index(name) for name in ("cars", "food"))

    def at_the_border(scenario):
        return compile_policy(scenario).border_rules[MEX, USA].arrays["country_content"][..., 0]

    assert at_the_border(alone)[cars].tolist() == [0, 0.3, 0]
    assert at_the_border(other)[cars].tolist() == [0.5, 0, 0]
    assert at_the_border(other)[food].tolist() == [0, 0.3, 0]
