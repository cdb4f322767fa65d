"""A measure on some lines of a sector is owed by their makers in full, and by no other."""

from dataclasses import replace

import numpy as np
import pytest

from abm.axes import HOSTS, REGIONS, SECTORS, USA
from abm.core.demand.claims import Claim
from abm.economy.tables import MERCHANDISE_PROCESSING_FEE, load_economy
from abm.model import RelocationModel
from abm.policy import compile_policy
from abm.policy.instruments.measures import Measure, contributions, on_sectors
from abm.scenario.scenario import Scenario
from abm.trade.duties import duty_on, duty_on_lines, with_fixed_duty
from experiments.scenarios.duties import duty_lines

LINES = load_economy().lines
METALS = SECTORS.index("metals")
MEX, CAN = HOSTS.index("MEX"), HOSTS.index("CAN")
STEEL = ("steel_flat", "steel_long", "steel_tubes", "aluminium_unwrought", "aluminium_mill")

TERMS = """
[firms]
cannot_qualify_scale = 0
[measures.blanket]
authority = "law"
destination = "USA"
origins = ["MEX", "CAN"]
rates = { all = 0.25 }
originating = "exempt"
in_force = true
[measures.metals]
authority = "law"
destination = "USA"
origins = ["MEX", "CAN"]
rates = {RATES}
relation = "instead_of"
instead_of = ["blanket"]
in_force = true
"""


def scenario(rates):
    written = ", ".join(f'"{name}" = {rate}' for name, rate in rates.items())
    return Scenario.from_toml(TERMS.replace("RATES", written))


def metals(**rates):
    """Rates of one measure on Mexico and Canada by line, shape (line, source, market)."""
    terms = {"authority": "law", "destination": "USA", "origins": ("MEX", "CAN")}
    measure = Measure(**terms, rates=rates, in_force=True)
    return contributions({"one": measure})["one"].sum(axis=0)


def line(by_line, name, source="MEX"):
    return by_line[LINES.name.index(name), REGIONS.index(source), USA]


@pytest.fixture(scope="module")
def covered_in_part():
    model = RelocationModel(scenario(dict.fromkeys(STEEL, 0.5)), firms=300, rng=2)
    model.step()
    return model


def test_some_makers_of_metals_pay_half_and_the_others_claim_the_blanket_duty_away(covered_in_part):
    model = covered_in_part
    on_list = np.isin(model.firms.line, [LINES.name.index(name) for name in STEEL])
    for host in (MEX, CAN):
        makers = (model.firms.sector == METALS) & model.firms.plants[:, host]
        duty = model.borders.duty[:, host, USA, -1]
        claim = model.borders.claim[:, host, USA, -1]
        listed, others = makers & on_list, makers & ~on_list
        assert listed.any()
        assert others.any()
        ordinary = model.firms.product_duty[:, host, USA] + MERCHANDISE_PROCESSING_FEE
        unclaimed = 1 - model.borders.filed((slice(None), host, USA, -1)).claimed
        pays = ordinary * unclaimed
        np.testing.assert_allclose(duty[listed], 0.5 + pays[listed], rtol=1e-5)
        assert (claim[others] != Claim.PAYS).mean() > 0.5
        # Of what cannot qualify, and of who claims nothing, all is due.
        due = unclaimed * (0.25 + ordinary)
        np.testing.assert_allclose(duty[others], due[others], rtol=1e-5, atol=1e-7)


def test_buyers_of_metals_pay_the_mean_over_what_their_makers_ship(covered_in_part):
    model = covered_in_part
    duty = model.conditions.certificates.duty[METALS, MEX, USA]
    shipped = model.borders.duty[:, MEX, USA, -1]
    makers = (model.firms.sector == METALS) & model.firms.plants[:, MEX]
    assert shipped[makers].min() < duty[-1] < shipped[makers].max()


def test_naming_every_line_of_a_sector_is_naming_the_sector():
    named = LINES.name[LINES.of(METALS)]
    runs = []
    for rates in ({"metals": 0.2}, dict.fromkeys(named, 0.2)):
        model = RelocationModel(scenario(rates), firms=120, rng=4)
        for _ in range(2):
            model.step()
        runs.append(model)
    first, second = runs
    assert first.policy.same_as(second.policy)
    assert np.array_equal(first.borders.cost, second.borders.cost, equal_nan=True)
    assert np.array_equal(first.borders.duty, second.borders.duty)
    assert np.array_equal(first.conditions.wage, second.conditions.wage)


def test_the_more_specific_name_wins_whatever_the_order():
    codes = {"7208": 0.4, "720810": 0.6, "72": 0.1}
    rates = {"all": 0.01, "metals": 0.02, "steel_flat": 0.3, "steel_long": 0.03} | codes
    found = metals(**rates)
    again = metals(**dict(reversed(rates.items())))
    assert np.array_equal(found, again)
    assert line(found, "computers") == 0.01
    assert line(found, "tools_cutlery") == 0.02
    products = LINES.products
    rate = np.full(len(products.code), np.nan)
    for n, code in enumerate(products.code):
        near = [c for c in codes if code.startswith(c)]
        rate[n] = codes[max(near, key=len)] if near else np.nan
    flat = products.line == LINES.name.index("steel_flat")
    mean = products.share[flat, REGIONS.index("MEX")] @ rate[flat]
    assert line(found, "steel_flat") == pytest.approx(mean)
    assert 0.1 < mean < 0.4


def test_a_code_that_is_all_of_a_line_is_the_line_and_a_part_counts_as_a_part():
    assert np.array_equal(metals(**{"7601": 0.5}), metals(aluminium_unwrought=0.5))
    products = LINES.products
    bars = products.named("721420") & (products.line == LINES.name.index("steel_long"))
    found = metals(**{"7214.20": 0.5})
    for source in ("MEX", "CAN"):
        share = products.share[bars, REGIONS.index(source)].sum()
        assert line(found, "steel_long", source) == pytest.approx(0.5 * share)
    assert (found > 0).sum() == 2  # of Mexico and of Canada


def test_a_measure_on_part_of_a_line_stands_instead_of_others_on_that_part():
    terms = {"authority": "law", "destination": "USA", "origins": ("MEX",), "in_force": True}
    blanket = Measure(**terms, rates={"all": 0.25})
    bars = Measure(**terms, rates={"7214.20": 0.5}, relation="instead_of", instead_of=("blanket",))
    found = contributions({"blanket": blanket, "bars": bars})
    products, source = LINES.products, REGIONS.index("MEX")
    named = products.named("721420") & (products.line == LINES.name.index("steel_long"))
    share = products.share[named, source].sum()
    assert 0 < share < 1
    left = {name: line(rate.sum(axis=0), "steel_long") for name, rate in found.items()}
    assert left["bars"] == pytest.approx(0.5 * share)
    assert left["blanket"] == pytest.approx(0.25 * (1 - share))
    assert line(found["blanket"].sum(axis=0), "steel_flat") == 0.25


def test_a_sector_without_firms_pays_the_mean_over_its_lines():
    by_line = contributions(
        {"one": Measure(authority="law", destination="USA", rates={"beer": 0.4}, in_force=True)}
    )["one"]
    mean = on_sectors(by_line)[:, SECTORS.index("food"), :, USA].sum(axis=0)
    share = LINES.share[LINES.name.index("beer")]
    np.testing.assert_allclose(mean[1:], 0.4 * share[1:], rtol=1e-12)


def test_lines_that_pay_alike_are_not_told_apart_and_those_that_do_not_are():
    policy = compile_policy(scenario(dict.fromkeys(STEEL, 0.5)))
    flat, tools = LINES.name.index("steel_flat"), LINES.name.index("tools_cutlery")
    ordinary = np.array([0.0, 0.05])
    apart = duty_on_lines(policy, (METALS, MEX, USA), np.array([flat, tools]), ordinary)
    np.testing.assert_allclose(apart.waived[0], [0.0, 0.30])
    np.testing.assert_allclose(apart.fixed[0], [0.5, 0.0])
    alike = duty_on_lines(policy, (METALS, MEX, USA), np.array([tools, tools]), ordinary)
    np.testing.assert_allclose(alike.waived[0], [0.25, 0.30])
    assert alike.fixed.shape == (1, 1)


def test_a_duty_that_is_moved_is_moved_for_every_line_of_the_sector():
    before = compile_policy(scenario(dict.fromkeys(STEEL, 0.5)))
    cell = (METALS, MEX, USA)
    after = with_fixed_duty(before, cell, np.array([0.3]))
    every = np.arange(len(LINES))[LINES.of(METALS)]
    assert duty_on(after, cell).fixed == pytest.approx(0.3)
    assert duty_on_lines(after, cell, every, np.zeros(len(every))).fixed == pytest.approx(0.3)
    others = np.delete(np.arange(len(LINES)), every)
    assert np.array_equal(after.line_fixed[others], before.line_fixed[others])


def test_goods_that_no_firm_makes_are_one_line():
    energy = LINES.of(SECTORS.index("primary_energy"))
    assert energy.stop - energy.start == 1
    assert (metals(primary_energy=0.1)[energy] > 0).sum() == 2  # of Mexico and of Canada


def one_rate_a_sector(economy, turned=0):
    """The economy with every line of a sector at the sector's mean, shares moved on by some lines.

    Then all firms of a sector pay alike, as if it had one line.
    """
    rate, share = np.zeros_like(LINES.rate), LINES.share.copy()
    for (source, market, sector), distribution in economy.rates.items():
        rate[LINES.of(sector), source, market] = distribution.mean
    for sector in range(len(SECTORS)):
        share[LINES.of(sector)] = np.roll(LINES.share[LINES.of(sector)], turned, axis=0)
    return replace(economy, lines=replace(LINES, rate=rate, share=share))


@pytest.mark.thorough
def test_where_all_lines_of_a_sector_pay_alike_it_is_as_if_it_had_one():
    runs = []
    for turned in (0, 3):
        economy = one_rate_a_sector(load_economy(), turned)
        model = RelocationModel(scenario({"metals": 0.2}), firms=120, rng=4, economy=economy)
        for _ in range(2):
            model.step()
        runs.append(model)
    first, second = runs
    assert not np.array_equal(first.firms.line, second.firms.line)
    for (source, market, sector), distribution in first.economy.rates.items():
        duty = first.firms.product_duty[first.firms.sector == sector, source, market]
        assert (duty == np.float32(distribution.mean)).all()
    assert np.array_equal(first.borders.cost, second.borders.cost, equal_nan=True)
    assert np.array_equal(first.borders.claim, second.borders.claim)
    assert np.array_equal(first.conditions.wage, second.conditions.wage)
    assert np.array_equal(first.firms.plants, second.firms.plants)


def test_what_is_levied_is_shown_by_line_where_lines_differ_and_by_good_where_not():
    shown = "\n".join(duty_lines(scenario(dict.fromkeys(STEEL, 0.5))))
    listed = "steel_flat, steel_long, steel_tubes, aluminium_unwrought, aluminium_mill"
    assert f"USA on MEX: {listed}: 50% (50% if originating): metals 50%" in shown
    assert "USA on MEX: cars, light_trucks, vehicle_parts, electronics, machinery, iron" in shown
