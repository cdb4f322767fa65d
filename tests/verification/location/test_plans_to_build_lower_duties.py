"""A lower duty for those who build: who gets it, for how long, and which way it pushes."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from abm.axes import CONFIG_LABELS, FOOTLOOSE, HAS_PLANT, N_HOSTS, REGIONS
from abm.core.choice.clocks import Kind
from abm.explain.decision import explained
from abm.location.moving_costs import OPENED, quarterly_discount
from abm.location.own_imports import OwnImports
from abm.location.relief_while_building import relief_of_building, reliefs, worth_until_open
from abm.location.remissions import expected_remissions
from abm.location.valuation import Choices
from abm.scenario.scenario import Scenario
from abm.verify.mode import verifying
from experiments.explain.watched import WatchedModel
from tests.same_firms import model_of
from tests.support.refusals import refused_in_one_line

FIRMS = 300
USA, CAN = REGIONS.index("USA"), REGIONS.index("CAN")
METALS = FOOTLOOSE.index("metals")
QUARTERS = 6

DUTY = """
[measures.metals]
authority = "Section 232"
destination = "USA"
rates = { metals = 0.5 }
announced = 2017-04-01
effective = 2017-10-01
"""


def scenario(relief=None, duty=DUTY, more=""):
    text = more + duty
    if relief is not None:
        text += f"[plan_relief]\nUSA = {{ metals = {relief} }}"
    return Scenario.from_toml(text)


@cache
def run(relief=None, duty=DUTY):
    model = model_of(scenario(relief, duty), FIRMS)
    model.run_for(QUARTERS)
    return model


def makers(model):
    return np.flatnonzero(model.firms.sector == METALS)


def flow(model, relief):
    """Relief a quarter of makers of metals, shape (firm, config, config), at another rate."""
    policy = model.now.plan_relief
    before = policy.copy()
    policy[METALS, USA] = relief
    found = relief_of_building(
        model.adapted_quarter(), model._expected_market(), model.scenario.firms, makers(model)
    )
    policy[:] = before
    return found[..., model.regime]


def test_a_relief_of_nothing_gives_the_numbers_without_it_to_the_bit():
    none, zero = run(), run(0.0)
    np.testing.assert_array_equal(none.accounts.final.value, zero.accounts.final.value)
    np.testing.assert_array_equal(none.plans.weighed.worth, zero.plans.weighed.worth)
    assert not zero.accounts.remissions.any()


def test_without_a_measure_there_is_nothing_to_be_let_off():
    plain, relieved = run(duty=""), run(0.5, duty="")
    assert not relieved.accounts.remissions.any()
    np.testing.assert_array_equal(plain.firms.config, relieved.firms.config)


def test_only_who_builds_there_and_sells_there_from_elsewhere_is_let_off_anything():
    found = flow(run(0.5), 0.5)
    builds = OPENED[..., USA]
    abroad = HAS_PLANT[:, 1:].any(axis=1)
    assert not found[:, ~builds].any()
    assert not found[:, ~abroad].any()
    assert (found[:, builds & abroad[:, None]] > 0).all()


def test_relief_rises_with_its_rate_and_is_never_more_than_is_owed():
    model = run(0.5)
    half, whole = flow(model, 0.5), flow(model, 1.0)
    np.testing.assert_allclose(whole, 2 * half, rtol=1e-9)
    builds = OPENED[..., USA] & HAS_PLANT[:, None, CAN]
    assert (whole[:, builds] > 0).all()


def test_what_is_let_off_who_builds_and_what_output_frees_never_meet_on_the_same_goods():
    more = "[output_remission]\nUSA = { metals = 10.0 }\n"
    model = model_of(scenario(1.0, more=more), FIRMS)
    model.run_for(QUARTERS)
    rows, quarter = makers(model), model.adapted_quarter()
    market, settings = model._expected_market(), model.scenario.firms
    let_off = relief_of_building(quarter, market, settings, rows)[..., model.regime] > 0
    freed = expected_remissions(quarter, market, rows)[..., model.regime] > 0
    assert let_off.any()
    assert freed.any()
    assert not (let_off & freed[:, :, None]).any()
    assert model.accounts.remissions[METALS, USA] > 0


def test_half_of_a_duty_for_three_years_is_half_of_it_every_quarter_discounted():
    """2 a quarter for three quarters at a discount of one half: 2 + 1 + 0.5."""
    assert worth_until_open(np.array([2.0]), np.array([3]), 0.5).tolist() == [3.5]
    assert worth_until_open(np.array([2.0]), np.array([0]), 0.5).tolist() == [0.0]


def test_moving_there_costs_less_by_what_is_let_off_until_the_plant_opens():
    model = run(0.5)
    rows = makers(model)
    quarter, market, settings = (
        model.adapted_quarter(),
        model._expected_market(),
        model.scenario.firms,
    )
    relief = relief_of_building(quarter, market, settings, rows)
    payoff = np.zeros((len(rows), len(HAS_PLANT), len(quarter.policy.regimes)))
    given = model.firms, model.moving, payoff, model.expected, rows, model.regime
    every = np.arange(len(rows))
    plain = Choices(*given).problem(every).location.move_cost
    less = Choices(*given, relief).problem(every).location.move_cost
    built = OPENED[..., USA] & np.isfinite(plain).all(axis=0)
    saved = plain[:, built][..., None] - less[:, built]
    assert (saved >= 0).all()
    delay = model.moving.delays[0][built]
    home = model.firms.home[rows] < N_HOSTS
    expected = worth_until_open(relief[:, built], delay[:, None], quarterly_discount(settings))
    np.testing.assert_allclose(saved[home], expected[home], rtol=1e-6, atol=1e-9)
    staying = ~OPENED[..., USA]
    np.testing.assert_array_equal(
        np.broadcast_to(plain[:, staying][..., None], less[:, staying].shape), less[:, staying]
    )


def test_plants_there_are_decided_on_sooner_where_who_builds_owes_less():
    without, with_it = run(0.0), run(1.0)
    chances = []
    for model in (without, with_it):
        plans = model.plans
        some = model.firms.sector[plans.rows] == METALS
        building = OPENED[model.firms.config[plans.rows]][..., USA]
        chances.append((plans.weighed.expected * building)[some].sum())
    assert chances[1] > chances[0] > 0


def test_who_builds_is_paid_while_it_does_and_no_more_than_it_owes_or_plans():
    """Of 50% on what it brings in half is let off, up to what the new plant is to make."""
    model = run(0.5)
    table, maker = model.firms, int(makers(model)[0])
    before = table.target[maker], table.config[maker]
    table.config[maker] = CONFIG_LABELS.index("CAN")
    table.target[maker] = CONFIG_LABELS.index("USA+CAN")
    share = table.base_plant_sales[maker, table.target[maker], USA]
    planned = share * table.base_revenue[maker] * table.weight[maker]
    value, duty = np.zeros((2, len(table), N_HOSTS))
    brought = np.array([0.5, 1.0, 2.0, 10.0]) * planned
    given = []
    for goods in brought:
        value[:, USA], duty[:, USA] = goods, goods / 2
        back = reliefs(table, model.now, OwnImports(value, duty, np.zeros_like(value)), model.trade)
        given.append(back[maker])
        assert not back[table.target < 0].any()
    table.target[maker], table.config[maker] = before
    owed = np.minimum(brought, planned) / 2
    np.testing.assert_allclose([one[USA] for one in given], owed / 2, rtol=1e-6)
    assert not np.array(given)[:, 1:].any()


def test_a_project_that_is_given_up_loses_what_is_left_of_the_relief():
    model = run(0.5)
    table = model.firms
    rows = makers(model)[:1]
    names = ("config", "target", "project", "stage", "quarters_left")
    before = {name: getattr(table, name)[rows].copy() for name in names}
    table.config[rows], table.target[rows] = (
        CONFIG_LABELS.index("CAN"),
        CONFIG_LABELS.index("USA+CAN"),
    )
    table.project[rows], table.stage[rows], table.quarters_left[rows] = Kind.NEW_PLANT, 0, 1
    given = model.adapted_quarter(), model._expected_market(), model.scenario.firms, rows
    relief, payoff = relief_of_building(*given), np.zeros((1, len(HAS_PLANT), 1))
    choices = Choices(table, model.moving, payoff, model.expected, rows, model.regime, relief)
    some = np.array([0])
    with_it, without = choices.projects(some), replace(choices, relief=None).projects(some)
    left, discount = with_it.quarters_left, quarterly_discount(model.scenario.firms)
    each = relief[0, table.config[rows[0]], table.target[rows[0]], model.regime]
    for name, value in before.items():
        getattr(table, name)[rows] = value
    assert each > 0
    assert left > 0
    expected = worth_until_open(np.array([each]), left, discount)
    assert without.remaining_cost - with_it.remaining_cost == pytest.approx(expected)


@pytest.mark.thorough
def test_firms_are_told_what_they_would_be_let_off():
    watched = WatchedModel(scenario(0.5), firms=FIRMS)
    watched.run_for(QUARTERS)
    firms = watched.firms
    some = (firms.sector == METALS) & firms.plants[:, CAN] & ~firms.plants[:, USA]
    told = explained(watched.moment, int(np.flatnonzero(some)[0]))
    relief = {plan.plants: plan.relief for plan in told.plans}
    assert relief["USA+CAN"] > 0
    assert relief["CAN"] == 0


def test_a_verified_run_knows_the_relief():
    model = model_of(scenario(0.5), FIRMS)
    with verifying():
        model.run_for(QUARTERS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("USA = { metals = 1.1 }", "plan_relief.USA.metals"),
        ("CHN = { metals = 0.5 }", "plan_relief.CHN"),
        ("USA = { smelters = 0.5 }", "plan_relief.USA.smelters"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(text, complaint):
    with refused_in_one_line(complaint):
        Scenario.from_toml(f"[plan_relief]\n{text}")
