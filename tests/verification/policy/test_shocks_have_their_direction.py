"""Shocks move costs by what they say and trade the way it must, and leave no trace once set back.

The directions are derived in docs/closure.md. Trade follows prices at once here and plants stand
where they stand, so that a few quarters come to where trade rests.
"""

from functools import cache

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, N_FOOTLOOSE, N_GOODS, N_HOSTS, N_REGIONS, SECTORS
from abm.errors import ScenarioError
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario
from abm.trade.books.rest_of_economy import balance_gap
from abm.trade.inputs.input_prices import purchase_prices, value_added_cost
from abm.trade.sales.market_clearing import fringe_prices
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import at_rest, model_of

USA, MEX, CAN, CHN, ROW = range(N_REGIONS)
FIRMS, QUARTERS = 100, 12
AT_ONCE = """
extends = "status-quo"
[firms]
relocation = false
[economy]
adjustment = "long run"
exchange_speed = 0.1
closure = "{closure}"
"""
FROM, BACK = "2017-04-01", "2017-10-01"


def dated(day, key, value):
    return f'[[timeline]]\ndate = {day}\ntitle = "a shock"\n[timeline.set]\n"{key}" = {value}\n'


@cache
def run(closure="partial", key=None, value=0.0, back=False, quarters=QUARTERS):
    text = AT_ONCE.format(closure=closure)
    if key is not None:
        text += dated(FROM, key, value) + (dated(BACK, key, 0.0) if back else "")
    model = model_of(Scenario.from_toml(text), FIRMS)
    model.run_for(quarters)
    return model


def jobs(model):
    return model.accounts.employment.sum(axis=0)


def goods(model):
    books = model.accounts
    return (books.final.value + books.intermediate.value)[:N_GOODS].sum(axis=0)


def change(what, key, value, closure="partial"):
    """Of a quantity of the run, against the run without the shock."""
    return what(run(closure, key, value)) / what(run(closure)) - 1


def under(key, value):
    return compile_policy(load_scenario("status-quo", [f"{key}={value}"]))


# --- prices, exactly ------------------------------------------------------------------


def value_added(key, value):
    """Cost of labour and capital over that without the shock, shape (firm, host)."""
    model = at_rest(FIRMS)
    calibration = model.calibration
    costs = [
        value_added_cost(model.firms, calibration, calibration.conditions, policy)[..., 0]
        for policy in (under(key, value), under(key, 0.0))
    ]
    return costs[0] / costs[1]


def input_price(key, value):
    calibration = at_rest(FIRMS).calibration
    prices = [
        purchase_prices(calibration, calibration.conditions, policy)[..., 0]
        for policy in (under(key, value), under(key, 0.0))
    ]
    return prices[0] / prices[1]


def test_a_shock_to_wages_raises_the_part_of_cost_that_is_labour():
    model, ratio = at_rest(FIRMS), value_added("shocks.wage.MEX", 0.1)
    labour = model.calibration.labour_part[model.firms.sector, MEX]
    np.testing.assert_allclose(ratio[:, MEX], 1 + 0.1 * labour, rtol=1e-6)
    np.testing.assert_array_equal(ratio[:, [USA, CAN]], 1)


def test_a_currency_that_falls_makes_all_that_is_made_there_cheaper_abroad():
    ratio = value_added("shocks.exchange.MEX", -0.1)
    np.testing.assert_allclose(ratio[:, MEX], 0.9, rtol=1e-6)
    np.testing.assert_array_equal(ratio[:, [USA, CAN]], 1)
    services = input_price("shocks.exchange.MEX", -0.1)[N_FOOTLOOSE:]
    np.testing.assert_allclose(services[:, MEX], 0.9, rtol=1e-12)
    np.testing.assert_array_equal(services[:, [USA, CAN, CHN, ROW]], 1)


def test_a_currency_overseas_moves_the_price_of_all_its_goods():
    ratio = input_price("shocks.exchange.CHN", 0.2)
    np.testing.assert_allclose(ratio[:, CHN], 1.2, rtol=1e-12)
    np.testing.assert_array_equal(ratio[:, [USA, MEX, CAN, ROW]], 1)
    calibration = at_rest(FIRMS).calibration
    outside = calibration.outside_duty[..., None]
    dear = fringe_prices(under("shocks.exchange.CHN", 0.2), calibration, outside)
    np.testing.assert_allclose(dear[:, CHN], 1.2, rtol=1e-12)


def test_freight_makes_goods_of_its_lane_dearer_and_compounds_with_barriers():
    metals = SECTORS.index("metals")
    ratio = input_price("shocks.freight.USA.CHN.metals", 0.1)
    assert ratio[metals, CHN, USA] == pytest.approx(1.1, rel=1e-12)
    ratio[metals, CHN, USA] = 1
    np.testing.assert_array_equal(ratio, 1)
    both = load_scenario(
        "status-quo", ["barriers.USA.CHN.metals=0.2", "shocks.freight.USA.CHN.all=0.1"]
    )
    assert compile_policy(both).barrier[metals, CHN, USA, 0] == pytest.approx(0.32)
    assert compile_policy(both).barrier[N_GOODS:, CHN, USA].max() == 0  # services are not carried


def test_demand_scales_what_consumers_spend_on_a_sector():
    shock = ("shocks.demand.USA.cars", -0.2)
    spent = [run("partial", *given).accounts.consumption for given in (shock, ())]
    cars = FOOTLOOSE.index("cars")
    assert spent[0][cars, USA] == pytest.approx(0.8 * spent[1][cars, USA], rel=1e-12)
    spent[0][cars, USA] = spent[1][cars, USA]
    np.testing.assert_array_equal(*spent)


# --- trade and jobs -------------------------------------------------------------------


def test_a_currency_that_falls_draws_work_and_exports():
    shock = ("shocks.exchange.MEX", -0.1)
    assert change(jobs, *shock)[MEX] > 0.02
    assert (change(jobs, *shock)[[USA, CAN]] < 0).all()
    assert change(goods, *shock)[MEX, USA] > 0.05
    assert change(goods, *shock)[USA, MEX] < 0


def test_dearer_labour_costs_work_there_and_makes_some_elsewhere():
    found = change(jobs, "shocks.wage.MEX", 0.1)
    assert found[MEX] < 0
    assert (found[[USA, CAN]] > 0).all()


def test_dearer_freight_lowers_trade_on_its_lane_and_raises_that_of_others():
    into = change(goods, "shocks.freight.USA.CHN.all", 0.1)[:, USA]
    assert into[CHN] < -0.05
    assert (into[[USA, MEX, CAN, ROW]] > 0).all()


def test_a_fall_of_demand_costs_work_of_all_who_sell_there():
    shock = ("shocks.demand.USA.all", -0.05)
    assert (change(jobs, *shock) < 0).all()
    assert (change(goods, *shock)[:, USA] < 0).all()


# --- how long they last ---------------------------------------------------------------

EVERY = (
    ("shocks.exchange.MEX", -0.1),
    ("shocks.wage.MEX", 0.1),
    ("shocks.freight.USA.CHN.all", 0.1),
    ("shocks.demand.USA.all", -0.05),
)


@pytest.mark.parametrize("shock", EVERY)
def test_a_shock_that_is_set_back_leaves_the_baseline(shock):
    plain, back, lasting = run(), run("partial", *shock, back=True), run("partial", *shock)
    np.testing.assert_allclose(jobs(back), jobs(plain), rtol=1e-4)
    np.testing.assert_allclose(goods(back), goods(plain), rtol=1e-3)
    assert np.abs(jobs(lasting) / jobs(plain) - 1).max() > 1e-3


def test_an_exchange_rate_that_was_shocked_comes_back_where_balances_are_closed():
    shock = ("shocks.exchange.MEX", -0.1)
    plain, shocked = (run("full", *given, quarters=24) for given in ((), shock))
    effective = shocked.accounts.closing.exchange / plain.accounts.closing.exchange
    np.testing.assert_allclose(effective, 1, atol=2e-3)
    np.testing.assert_allclose(jobs(shocked), jobs(plain), rtol=2e-3)
    # It has come back because the rate that moves by itself has made up for the shock.
    rate = shocked.conditions.exchange[MEX] / plain.conditions.exchange[MEX]
    assert rate == pytest.approx(1 / 0.9, rel=2e-3)
    gaps = [balance_gap(m.accounts, m.base_accounts) for m in (shocked, plain)]
    assert abs(gaps[0] - gaps[1])[:N_HOSTS].max() < 5e-3


# --- nobody's policy ------------------------------------------------------------------


def test_nobody_foresees_a_shock():
    text = 'extends = "status-quo"\nname = "later"\n' + dated("2017-10-01", "shocks.wage.MEX", 0.2)
    shocked, plain = model_of(Scenario.from_toml(text), FIRMS), model_of("status-quo", FIRMS)
    for model in (shocked, plain):
        model.run_for(3)
    for name, frame in shocked.frames().items():
        assert frame.equals(plain.frames()[name]), name
    np.testing.assert_array_equal(shocked.plan_values, plain.plan_values)
    for model in (shocked, plain):
        model.run_for(1)
    assert jobs(shocked)[MEX] < jobs(plain)[MEX]
    assert shocked.outcomes.query("quarter == 4 and region == 'MEX'")["wage_index"].min() > 1.05
    (event,) = shocked.events
    assert (event["actor"], event["instrument"], event["new"]) == (
        "world",
        "shocks.wage.MEX",
        "0.2",
    )


def test_a_shock_teaches_nothing_about_a_threat():
    standing = 'extends = "threat-35"\nname = "shocked"\n'
    given = standing + dated("2017-10-01", "shocks.demand.USA.all", -0.1)
    models = [model_of(Scenario.from_toml(text), FIRMS) for text in (standing, given)]
    for model in models:
        model.run_for(6)
    evidence, seen = (model.in_force.state.regime_counts for model in models)
    assert evidence.sum() == 5
    np.testing.assert_array_equal(seen[-2:, -2:], evidence)
    np.testing.assert_array_equal(*(model.expected.later for model in models))


def test_a_lever_may_be_a_shock():
    model = model_of("status-quo", FIRMS)
    model.pull_levers({"shocks.exchange.CAN": -0.1})
    model.run_for(1)
    assert model.accounts.closing.exchange[CAN] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            dated("2018-01-01", "shocks.wage.MEX", 0.1).replace(
                "title", "announced = 2017-06-01\ntitle"
            ),
            "announced, but set holds shocks.wage.MEX",
        ),
        (
            "[negotiation.outcomes.deal]\nper_quarter = 0.1\n"
            'set = {"shocks.demand.USA.all" = 0.1}\n',
            "set holds shocks.demand.USA.all; an agreement sets instruments, and no shocks",
        ),
        ("[shocks.exchange]\nMEX = -0.9", "shocks.exchange.MEX = -0.9: must be -0.5 to 3"),
        ("[shocks.wage]\nCHN = 0.1", "shocks.wage.CHN: no such key"),
        ("[shocks.freight.USA.USA]\nall = 0.1", "trade of USA with itself crosses no border"),
        ("[shocks.demand.USA]\nfinance = 0.1", "shocks.demand.USA.finance: no such key"),
        ("[economy]\nduty_revenue = 'kept'", "no such key any more; see economy.closure"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(text, complaint):
    with pytest.raises(ScenarioError) as refusal:
        Scenario.from_toml('extends = "status-quo"\n' + text)
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)
