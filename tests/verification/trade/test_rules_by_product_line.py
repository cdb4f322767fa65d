"""Rules of origin that differ by product line, and rules of which one will do.

Costs are those of the base year's prices under another policy, so that rules are the
only difference.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from abm import data
from abm.axes import FOOTLOOSE, HOSTS, N_HOSTS
from abm.core.inputs.purchases import ruled_purchases
from abm.core.inputs.sourcing import UnitCosts, free_choice, free_mix
from abm.economy.tables import load_economy
from abm.engine.blocks import sector_rows
from abm.errors import ScenarioError
from abm.model import RelocationModel
from abm.policy import compile_policy
from abm.policy.instruments.line_rules import CONDITIONS
from abm.trade.inputs.input_prices import buyers, price_inputs, solve_costs, value_added_cost
from abm.verify.costs import cheapest_compliant
from benchmarks.rivals.naive_model import free_mix as plain_mix
from experiments.scenarios.overrides import load_scenario
from tests.reference.general_optimiser import optimised
from tests.same_firms import at_rest

FIRMS = 1000  # of which enough make vehicle parts that are bound by a rule
USA, MEX, CAN = range(3)
CARS, PARTS = (FOOTLOOSE.index(name) for name in ("cars", "vehicle_parts"))
KEY = "rules_of_origin."
SHIFT = (f"{KEY}tariff_shift.vehicle_parts=0.6", f"{KEY}de_minimis=0.02")
SECTOR = (f"{KEY}regional_value_content.vehicle_parts=0.7", *SHIFT)
SAME = 1e-5
"""Relative: costs are in single precision, and rules are met to 2e-6 of net cost."""


@cache
def solved(*overrides):
    """Unit costs of every firm, and the terms and value added behind them."""
    model, asked = at_rest(FIRMS), compile_policy(load_scenario("status-quo", list(overrides)))
    conditions = model.calibration.conditions
    terms = price_inputs(model.economy, model.calibration, conditions, asked)
    value_added = value_added_cost(model.firms, model.calibration, conditions, asked)
    costs = UnitCosts.empty(len(model.firms), N_HOSTS, 1)
    solve_costs(model.firms, terms, value_added, costs)
    return costs, terms, value_added


def lines_of(sector):
    lines = load_economy().lines
    return lines.name[lines.of(sector)]


def by_line(sector, way="lines", **conditions):
    """Overrides that set conditions for every line of a sector."""
    return tuple(
        f"{KEY}{way}.{line}.{name}={value}"
        for line in lines_of(sector)
        for name, value in conditions.items()
    )


def assert_same_bytes(one, other):
    for name, array in vars(one).items():
        np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


def test_lines_that_all_carry_the_rule_of_their_sector_have_its_costs_to_the_bit():
    alike = by_line(
        PARTS, regional_value_content=0.7, tariff_shift=0.6, de_minimis=0.02, metals_content=0
    )
    assert_same_bytes(solved(*alike)[0], solved(SECTOR[0], SHIFT[0], SHIFT[1])[0])
    content = by_line(PARTS, regional_value_content=0.7)
    assert_same_bytes(solved(*content)[0], solved(SECTOR[0])[0])


def test_a_run_with_the_rules_of_sectors_written_line_by_line_is_the_same_run():
    base = load_scenario("status-quo").rules_of_origin.regional_value_content
    written = [
        f"{KEY}lines.{line}.regional_value_content={getattr(base, sector)}"
        for number, sector in enumerate(FOOTLOOSE)
        for line in lines_of(number)
    ]
    runs = []
    for overrides in ([], written):
        duty = ["tariffs.special.USA.MEX.all=0.25", *overrides]
        model = RelocationModel(load_scenario("status-quo", duty), firms=120, rng=2)
        model.run_for(3)
        runs.append(model.frames())
    for name, table in runs[0].items():
        assert table.equals(runs[1][name]), name


def test_a_stricter_rule_of_one_line_binds_on_its_makers_alone():
    line = max(lines_of(PARTS), key=lambda name: (made(name) & ~free_of_rule(name)).sum())
    plain, strict = solved()[0], solved(f"{KEY}lines.{line}.regional_value_content=0.9")[0]
    of_line = made(line)
    for array in ("compliant_cost", "log_wedge", "meets_rule"):
        before, after = getattr(plain, array), getattr(strict, array)
        np.testing.assert_array_equal(before[~of_line], after[~of_line])
    assert (strict.compliant_cost[of_line] > plain.compliant_cost[of_line] * (1 + SAME)).any()
    np.testing.assert_array_equal(plain.free_cost, strict.free_cost)


def made(line):
    return at_rest(FIRMS).firms.line == load_economy().lines.name.index(line)


def free_of_rule(line):
    """Firms whose free mix would meet a rule of 90% everywhere."""
    return (solved()[0].free_content >= 0.9).all(axis=(1, 2)) & made(line)


def test_every_firm_meets_the_content_asked_of_its_own_line_at_least_cost():
    """Thresholds spread over the lines of a sector, firm by firm against plain Python."""
    lines = lines_of(PARTS)
    spread = np.linspace(0.55, 0.95, len(lines)).round(3)
    asked = dict(zip(lines, spread.tolist(), strict=True))
    costs, terms, value_added = solved(
        *(f"{KEY}lines.{line}.regional_value_content={share}" for line, share in asked.items())
    )
    model, bound = at_rest(FIRMS), 0
    here = terms[PARTS]
    names = load_economy().lines.name
    for row in range(*sector_rows(model.firms)[PARTS].indices(len(model.firms))):
        mix = plain(model.firms, here, value_added, row)
        share = asked[names[model.firms.line[row]]]
        cost = cheapest_compliant(mix, here.theta.tolist(), share, 0.0).compliant_cost
        again = mix.cost if mix.content >= share else cost
        assert costs.compliant_cost[row, MEX, 0] == pytest.approx(again, rel=SAME)
        assert costs.meets_rule[row, MEX, 0] == (mix.content >= share)
        bound += mix.content < share
    assert bound > 10


def plain(table, terms, value_added, row):
    """What a firm would buy in Mexico, by plain Python."""
    return plain_mix(
        table.affinity[row, : len(terms.theta)].tolist(),
        float(table.origin_share[row, MEX]),
        table.base_potential[row, :, MEX].tolist(),
        terms.weights[..., MEX, 0].transpose(0, 2, 1).tolist(),
        None,
        terms.theta.tolist(),
        terms.bill_of_materials[:, MEX].tolist(),
        float(value_added[row, MEX, 0] + terms.services[MEX, 0]),
    )


CONTENT = {"regional_value_content": 0.78}
KINDS = {"tariff_shift": 0.7, "de_minimis": 0.02}
METAL = {"metals_content": 0.85, "regional_value_content": 0.55}
PAIRS = [
    pytest.param(CONTENT, KINDS, id="content or a shift"),
    pytest.param(KINDS, METAL, id="a shift or metals"),
    pytest.param({"regional_value_content": 0.9}, CONTENT, id="a rule or a laxer one"),
]
NOTHING = dict.fromkeys(CONDITIONS, 0.0) | {"de_minimis": 0.07}


def alone(rule):
    return solved(*by_line(PARTS, **(NOTHING | rule)))


def either(first, second):
    return solved(
        *by_line(PARTS, **(NOTHING | first)), *by_line(PARTS, "or_else", **(NOTHING | second))
    )


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_rules_every_firm_takes_the_cheaper(first, second):
    """By enumeration: the lesser of what it costs to meet each rule if there is no other."""
    of_parts = at_rest(FIRMS).firms.sector == PARTS
    one, other, both = (
        vars(costs) for costs in (alone(first)[0], alone(second)[0], either(first, second)[0])
    )
    least = np.minimum(one["compliant_cost"], other["compliant_cost"])
    np.testing.assert_allclose(both["compliant_cost"][of_parts], least[of_parts], rtol=SAME)
    for name in ("meets_rule", "feasible"):
        np.testing.assert_array_equal(both[name][of_parts], (one[name] | other[name])[of_parts])
    np.testing.assert_array_equal(both["free_cost"], one["free_cost"])
    np.testing.assert_array_equal(
        both["compliant_cost"][~of_parts], one["compliant_cost"][~of_parts]
    )
    assert not both["way"][~of_parts].any()


def test_some_firms_take_either_way():
    way = either(CONTENT, KINDS)[0].way[at_rest(FIRMS).firms.sector == PARTS]
    assert 5 < way.sum() < way.size - 5


@pytest.mark.thorough
def test_the_cheaper_way_is_what_a_general_optimiser_finds():
    costs, terms, value_added = either(CONTENT, KINDS)
    model, here = at_rest(FIRMS), terms[PARTS].at(MEX, 0)
    rows = np.arange(len(model.firms))[sector_rows(model.firms)[PARTS]]
    rows = rows[~costs.meets_rule[rows, MEX, 0] & costs.feasible[rows, MEX, 0]]
    ways = costs.way[rows, MEX, 0]
    rows = np.concatenate([rows[ways == way][:2] for way in (0, 1)])
    assert len(rows) == 4
    some = buyers(model.firms, rows).at(MEX)
    mix = free_mix(here, some, free_choice(some, here), value_added[None, None, rows, MEX, 0])
    every = np.ones(mix.other_cost.shape, np.bool_)
    used = here.bill_of_materials[:, 0] > 0
    for place, row in enumerate(rows):
        entry = np.array([place])
        found = []
        for way in (0, 1):
            firm = bought_from_two(mix.entries(every).take(entry), used)
            rules = here.rules_of(some, every, way).take(entry)
            rules = replace(
                rules,
                shift=rules.shift[used],
                in_category=rules.in_category[used],
                in_core=rules.in_core[used],
            )
            least = optimised(firm, rules)
            found.append(np.inf if least is None else least)
        assert costs.compliant_cost[row, MEX, 0] == pytest.approx(min(found), rel=SAME)
        assert costs.way[row, MEX, 0] == np.argmin(found)


def bought_from_two(firm, used):
    """A firm without rules on pay, for which parts originate or do not."""
    foreign = firm.shares[-1, used].clip(1e-9, 1 - 1e-9)
    return replace(
        firm,
        spend=firm.spend[used],
        shares=np.stack([1 - foreign, foreign]),
        before_duty=firm.before_duty[used],
        theta=firm.theta[used],
    )


def test_what_is_bought_in_the_way_taken_costs_what_complying_does():
    costs, terms, value_added = either(CONTENT, KINDS)
    model, here = at_rest(FIRMS), terms[PARTS].at(MEX, 0)
    rows = np.arange(len(model.firms))[sector_rows(model.firms)[PARTS]]
    rows = rows[~costs.meets_rule[rows, MEX, 0] & costs.feasible[rows, MEX, 0]]
    volume = np.eye(len(rows))
    bought = ruled_purchases(
        buyers(model.firms, rows).at(MEX),
        here,
        value_added[rows, MEX, 0],
        costs.multipliers[rows, :, MEX, 0],
        volume,
        costs.way[rows, MEX, 0],
    )
    paid = bought.sum(axis=(0, 1)) + value_added[rows, MEX, 0] + here.services[0, 0]
    np.testing.assert_allclose(paid, costs.compliant_cost[rows, MEX, 0], rtol=SAME)


def test_a_second_way_changes_nothing_where_it_asks_for_more():
    harder = either(CONTENT, {"regional_value_content": 0.9})[0]
    only = alone(CONTENT)[0]
    assert_same_bytes(harder, only)


def test_a_second_start_from_the_way_taken_ends_at_the_same_costs():
    """The warm start of a way is of those who took it."""
    costs, terms, value_added = either(CONTENT, KINDS)
    model = at_rest(FIRMS)
    again = UnitCosts(*(array.copy(order="K") for array in vars(costs).values()))
    solve_costs(model.firms, terms, value_added, again)
    np.testing.assert_allclose(again.compliant_cost, costs.compliant_cost, rtol=SAME)
    assert (again.way != costs.way).mean() < 1e-3


def test_the_schedule_has_a_rule_for_every_line_and_says_where_it_is_from():
    table = data.read("rules_of_origin")
    assert set(table["line"]) == set(data.read("product_lines")["line"])
    assert not table.duplicated(["agreement", "line", "way"]).any()
    assert set(table["way"]) == {1, 2}
    assert table[["rule", "citation"]].notna().all(axis=None)
    shares = table[list(CONDITIONS)].to_numpy()
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
    # Each row that was read names the subdivision; those from memory the chapters.
    read = table[table["verified"]]
    assert len(read) > 20
    assert read["citation"].str.contains(r"chapters? \d+, [\d7]", regex=True).all()


def test_what_a_scenario_says_of_a_line_wins_over_the_schedule_and_that_over_its_sector():
    overrides = [
        f"{KEY}schedule=usmca",
        f"{KEY}regional_value_content.cars=0.8",
        f"{KEY}lines.airbags.tariff_shift=0.4",
        f"{KEY}or_else.gearboxes_axles.regional_value_content=0.5",
    ]
    policy = compile_policy(load_scenario("status-quo", overrides))
    place = load_economy().lines.name.index
    threshold, shift = policy.content_threshold[..., 0], policy.tariff_shift[..., 0]
    assert threshold[place("cars_petrol")].tolist() == [0.8, 0]
    assert policy.core_parts_content[place("cars_petrol"), 0, 0] == 0.75
    assert threshold[place("airbags")].tolist() == [0, 0.7]
    assert shift[place("airbags")].tolist() == [0.4, 0]
    assert threshold[place("gearboxes_axles")].tolist() == [0.75, 0.5]
    either_way = policy.either_way[:, 0]
    assert either_way[[place("airbags"), place("gearboxes_axles")]].all()
    assert not either_way[place("cars_petrol")]


@pytest.mark.parametrize("way", ["lines", "or_else"])
def test_a_line_that_is_none_is_refused_with_the_nearest_name(way):
    with pytest.raises(ScenarioError) as refused:
        load_scenario("status-quo", [f"{KEY}{way}.air_bags.tariff_shift=0.4"])
    assert "\"air_bags\" is no product line; did you mean 'airbags'?" in str(refused.value)


def test_core_parts_of_mexican_cars_must_originate_in_the_share_asked_for():
    asked = (f"{KEY}core_parts_content.cars=0.9", f"{KEY}regional_value_content.cars=0")
    costs, terms, value_added = solved(*asked)
    model, here = at_rest(FIRMS), terms[CARS].at(MEX, 0)
    rows = np.arange(len(model.firms))[sector_rows(model.firms)[CARS]]
    rows = rows[~costs.meets_rule[rows, MEX, 0] & costs.feasible[rows, MEX, 0]]
    assert len(rows) >= 5
    volume = np.eye(len(rows))
    bought = ruled_purchases(
        buyers(model.firms, rows).at(MEX),
        here,
        value_added[rows, MEX, 0],
        costs.multipliers[rows, :, MEX, 0],
        volume,
    )
    duty = model.calibration.conditions.certificates.duty[PARTS, :, MEX, 0]
    margin = model.calibration.trade_margin[PARTS, :, MEX]
    value = bought[PARTS]
    basic = value / ((1 + duty) * (1 + margin))[:, None]
    # An upper bound: members' parts that fail their own rule are in it and do not count.
    share = value[: len(HOSTS)].sum(axis=0) / (
        value[: len(HOSTS)].sum(axis=0) + basic[len(HOSTS) :].sum(axis=0)
    )
    assert (share >= 0.9 - 1e-4).all()
