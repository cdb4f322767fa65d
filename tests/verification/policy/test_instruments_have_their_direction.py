"""Every instrument moves costs by exactly what it says and trade the way it must.

The directions are derived in docs/instruments.md. Prices and costs are those of one
model under another policy, all else being equal; trade is that of two runs.
"""

from datetime import date
from functools import cache

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, GOODS, HOSTS, REGIONS, SECTORS
from abm.base_year.population import fitted_can_qualify
from abm.economy.tables import load_economy
from abm.engine.blocks import sector_rows
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario
from abm.trade.inputs.input_prices import purchase_prices, value_added_cost
from experiments.outcomes.summary import summary
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

USA, MEX, CAN = range(3)
FIRMS = 200

LONG_RUN = "economy.adjustment=long run"


@cache
def run(*overrides, quarters=2):
    model = model_of(load_scenario("status-quo", list(overrides)), FIRMS)
    model.run_for(quarters)
    return model


def under(*overrides):
    """Policy of the status quo but for some keys."""
    return compile_policy(load_scenario("status-quo", list(overrides)))


def value_added(*overrides):
    """Cost of labour and capital in the base year, shape (firm, host)."""
    plain = run()
    conditions = plain.calibration.conditions
    return value_added_cost(plain.firms, plain.calibration, conditions, under(*overrides))[..., 0]


def price(*overrides):
    """Delivered prices in the base year, shape (input, source, market)."""
    calibration = run().calibration
    return purchase_prices(calibration, calibration.conditions, under(*overrides))[..., 0]


def sector_of(name):
    return run().firms.sector == FOOTLOOSE.index(name)


def flow(model, origin, destination, sectors=GOODS):
    """Value at basic prices, both uses."""
    trade = model.accounts
    value = trade.final.value + trade.intermediate.value
    rows = [SECTORS.index(sector) for sector in sectors]
    return value[rows, REGIONS.index(origin), REGIONS.index(destination)].sum()


def sales(model, sector, host):
    return model.accounts.sales[FOOTLOOSE.index(sector), HOSTS.index(host)]


def test_a_subsidy_lowers_value_added_cost_by_its_share_at_its_host_and_sector_alone():
    metals = sector_of("metals")
    before, after = value_added(), value_added("subsidies.USA.metals=0.2")
    np.testing.assert_allclose(after[metals, USA], 0.8 * before[metals, USA], rtol=1e-6)
    np.testing.assert_array_equal(after[~metals], before[~metals])
    np.testing.assert_array_equal(after[metals][:, [MEX, CAN]], before[metals][:, [MEX, CAN]])


def test_a_subsidy_raises_output_where_it_is_paid_and_lowers_its_rivals():
    # At first as much is delivered as before, and for less.
    plain, paid = (run(LONG_RUN, *given) for given in ((), ("subsidies.USA.metals=0.2",)))
    assert sales(paid, "metals", "USA") > sales(plain, "metals", "USA")
    assert flow(paid, "USA", "MEX", ("metals",)) > flow(plain, "USA", "MEX", ("metals",))
    assert flow(paid, "CHN", "USA", ("metals",)) < flow(plain, "CHN", "USA", ("metals",))


def test_the_treasury_pays_the_share_of_labour_and_capital_and_nothing_else():
    books = run("subsidies.USA.all=0.1").accounts
    np.testing.assert_allclose(
        books.subsidies[:, USA], 0.1 * books.labour_and_capital[:, USA], rtol=1e-6
    )
    assert not books.subsidies[:, [MEX, CAN]].any()
    spent = books.duty_revenue - books.treasury
    assert spent[USA] == pytest.approx(books.subsidies.sum(), rel=1e-12)


def test_households_spend_less_where_they_pay_for_subsidies():
    paid, unpaid = (
        run("subsidies.USA.all=0.1", f"economy.closure={closure}") for closure in ("full", "labour")
    )
    bought = [model.accounts.final.value[:, :, USA].sum() for model in (paid, unpaid)]
    assert bought[0] < bought[1]


def test_foreign_support_lowers_the_price_of_all_that_its_origin_sells():
    metals, chn = SECTORS.index("metals"), REGIONS.index("CHN")
    ratio = price("foreign_support.CHN.metals=0.1") / price()
    np.testing.assert_allclose(ratio[metals, chn], 0.9, rtol=1e-12)
    ratio[metals, chn] = 1
    np.testing.assert_array_equal(ratio, 1)


def test_foreign_support_raises_imports_from_there_and_lowers_output_at_home():
    plain, helped = run(), run("foreign_support.CHN.metals=0.1")
    assert flow(helped, "CHN", "USA", ("metals",)) > flow(plain, "CHN", "USA", ("metals",))
    assert sales(helped, "metals", "USA") < sales(plain, "metals", "USA")
    # Machinery buys metals: its makers gain what metal makers lose.
    machinery = sector_of("machinery")
    cheaper = helped.costs.free_cost[machinery, USA, 0] < plain.costs.free_cost[machinery, USA, 0]
    assert cheaper.all()


def test_a_royalty_burdens_only_firms_that_are_not_at_home_there():
    ratio = value_added("intellectual_property.MEX=0.05") / value_added()
    abroad = run().firms.home != MEX
    np.testing.assert_allclose(ratio[abroad, MEX], 1.05, rtol=1e-6)
    ratio[abroad, MEX] = 1
    np.testing.assert_allclose(ratio, 1, rtol=0, atol=0)


def test_a_royalty_is_booked_and_shifts_sales_to_firms_at_home():
    plain, burdened = run(), run("intellectual_property.MEX=0.2")
    books = burdened.accounts
    assert 0 < books.royalties[:, MEX].sum() < 0.2 * books.labour_and_capital[:, MEX].sum()
    assert not books.royalties[:, [USA, CAN]].any()
    assert flow(burdened, "MEX", "USA") < flow(plain, "MEX", "USA")


def test_a_wage_floor_lifts_pay_to_the_floor_and_no_sector_above_it():
    floor = 5.2
    plain = run()
    pay = load_economy().hourly_pay[MEX, : len(FOOTLOOSE)]
    part = plain.calibration.labour_part[:, MEX]
    expected = 1 + part * (np.maximum(1, floor / pay) - 1)
    lifted = value_added(f"labour_rights.wage_floor.MEX={floor}")
    ratio = lifted[:, MEX] / value_added()[:, MEX]
    np.testing.assert_allclose(ratio, expected[plain.firms.sector], rtol=1e-6)
    assert (expected > 1).any()
    assert (expected == 1).any()


def test_a_union_premium_raises_labour_cost_by_its_share():
    plain = run()
    ratio = (value_added("labour_rights.union_premium.MEX=0.3") / value_added())[:, MEX]
    part = plain.calibration.labour_part[plain.firms.sector, MEX]
    np.testing.assert_allclose(ratio, 1 + 0.3 * part, rtol=1e-6)


def test_labour_rights_in_mexico_move_jobs_to_the_united_states():
    plain, union = run(), run("labour_rights.union_premium.MEX=0.3")
    jobs = union.accounts.employment.sum(axis=0) - plain.accounts.employment.sum(axis=0)
    assert jobs[MEX] < 0 < jobs[USA]
    assert flow(union, "MEX", "USA") < flow(plain, "MEX", "USA")


def test_dearer_labour_first_raises_content_and_then_drives_parts_abroad():
    premium = "labour_rights.union_premium.MEX=0.3"
    plain = run().costs.free_content[:, MEX, 0]
    first, second = (run(premium, quarters=q).costs.free_content[:, MEX, 0] for q in (1, 2))
    assert (first - plain).mean() > 0  # value added counts as regional
    assert (second - first).mean() < 0  # the parts of that host have become dearer


@pytest.mark.parametrize("service", ["telecom", "finance"])
def test_a_services_barrier_enters_the_price_of_that_service_on_that_lane_alone(service):
    ratio = price(f"services.MEX.USA.{service}=0.1") / price()
    cell = SECTORS.index(service), USA, MEX
    np.testing.assert_allclose(ratio[cell], 1.1, rtol=1e-12)
    ratio[cell] = 1
    np.testing.assert_array_equal(ratio, 1)


def test_opening_services_raises_trade_in_them_and_cheapens_what_they_go_into():
    plain, opened = run(), run("services.MEX.USA.all=-0.1")
    services = SECTORS[len(GOODS) :]
    assert flow(opened, "USA", "MEX", services) > flow(plain, "USA", "MEX", services)
    assert (opened.costs.free_cost[:, MEX] < plain.costs.free_cost[:, MEX]).mean() > 0.99


def test_services_compound_with_barriers_on_all_sectors():
    policy = under("services.MEX.USA.finance=0.1", "barriers.MEX.USA.all=0.2")
    finance = policy.barrier[SECTORS.index("finance"), USA, MEX, 0]
    assert finance == pytest.approx(1.1 * 1.2 - 1, rel=1e-12)


def test_lower_barriers_to_us_exports_raise_them_and_the_us_balance():
    plain, opened = run(), run("barriers.MEX.USA.all=-0.05")
    assert flow(opened, "USA", "MEX") > flow(plain, "USA", "MEX")
    balance = [flow(m, "USA", "MEX") - flow(m, "MEX", "USA") for m in (opened, plain)]
    assert balance[0] > balance[1]


def test_competition_policy_lowers_prices_by_its_scale_where_nothing_is_imported():
    # With capacity at will: else users of scarce inputs pay their rents out of their profit.
    at_will = "economy.supply_slope=0"
    plain, strict = run(at_will), run(at_will, "competition.markup_scale=0.98")
    usual = plain.calibration.margin[:, None]
    # Of the price of 1 the part above cost, and no more, is scaled.
    price = 1 - usual + 0.98 * usual
    ratio = strict.accounts.price_index / plain.accounts.price_index
    assert (ratio[:, : len(HOSTS)] < 1).all()
    assert (ratio[:, : len(HOSTS)] >= price - 1e-6).all()
    books = strict.accounts
    margin = (books.profit + books.overhead.sum(axis=2)) / books.sales  # overhead is paid out of it
    expected = np.broadcast_to(1 - (1 - usual) / price, margin.shape)
    np.testing.assert_allclose(margin, expected, rtol=1e-9)


def with_measure(**terms):
    """The status quo with one duty from the first quarter on."""
    measure = {"authority": "law", "effective": date(2017, 1, 1), **terms}
    base = load_scenario("status-quo", []).model_dump(exclude_none=True)
    return Scenario.from_document(base | {"measures": {"one": measure}})


def test_duty_paid_on_a_measure_is_its_rate_times_customs_value():
    model = model_of(
        with_measure(destination="USA", origins=("CHN", "ROW"), rates={"metals": 0.25}),
        FIRMS,
    )
    model.run_for(2)
    metals, outside = SECTORS.index("metals"), slice(len(HOSTS), None)
    cells = metals, outside, USA
    economy = model.economy
    for trade in (model.accounts.final, model.accounts.intermediate):
        customs = trade.value[cells] * economy.customs_over_basic[cells]
        due = customs * (economy.applied_duty[cells] + 0.25)
        np.testing.assert_allclose(trade.duty[cells], due, rtol=1e-9)


def test_retaliation_cuts_the_other_sides_exports_and_the_retaliators_own_buyers_pay():
    plain = run()
    model = model_of(
        with_measure(destination="CAN", origins=("USA",), rates={"metals": 0.25}), FIRMS
    )
    model.run_for(2)
    assert flow(model, "USA", "CAN", ("metals",)) < flow(plain, "USA", "CAN", ("metals",))
    metals = FOOTLOOSE.index("metals")
    assert model.accounts.price_index[metals, CAN] > plain.accounts.price_index[metals, CAN]
    assert model.accounts.duty_revenue[CAN] > plain.accounts.duty_revenue[CAN]


def test_a_measure_that_spares_originating_goods_raises_claims_and_one_that_does_not_lowers_trade():
    terms = {"destination": "USA", "origins": ("MEX",), "rates": {"all": 0.25}}
    spared, bare = (
        model_of(with_measure(**terms, originating=owed), FIRMS) for owed in ("exempt", "pays")
    )
    for model in (spared, bare):
        model.run_for(2)
    shares = []
    for model in (spared, run()):
        trade = model.accounts.final
        shares.append(trade.claimed[:, MEX, USA].sum() / trade.value[:, MEX, USA].sum())
    assert shares[0] > shares[1]
    assert flow(bare, "MEX", "USA") < flow(spared, "MEX", "USA") < flow(run(), "MEX", "USA")


TIGHT = [
    f"rules_of_origin.regional_value_content.{sector}=0.9"
    for sector in ("electronics", "machinery", "other_manufacturing")
]


def test_a_high_duty_raises_claims_to_what_can_qualify_and_no_further():
    """Of machinery, whose part that can qualify is least; paperwork is dear, and nobody lies."""
    honest = ("firms.honesty_median=10", "enforcement.paperwork_scale=50")
    duty = "tariffs.special.USA.MEX.all=0.25"
    part = fitted_can_qualify()[FOOTLOOSE.index("machinery"), MEX]
    assert part < 0.9
    claimed = {}
    for name, some in {"now": honest, "duty": (*honest, duty)}.items():
        model = run(*some)
        rows = sector_rows(model.firms)[FOOTLOOSE.index("machinery")]
        claimed[name] = model.borders.filed((rows, MEX, USA, model.regime)).claimed
    everything = run(*honest, duty, "firms.cannot_qualify_scale=0")
    whole = everything.borders.filed((rows, MEX, USA, everything.regime)).claimed
    assert (claimed["duty"] >= claimed["now"] - 1e-6).all()
    assert claimed["duty"].mean() > claimed["now"].mean() + 0.05
    # By value at the border; who meets the rule at a cost has dearer goods in that part.
    assert claimed["duty"].max() < part + 0.05
    assert claimed["duty"].mean() > part - 0.05
    assert (whole == 1).mean() > 0.9


def test_american_content_asked_of_mexican_goods_alone_brings_american_inputs_and_fewer_claims():
    """At the American border; what crosses the Canadian one is claimed as before."""
    duties = (LONG_RUN, "tariffs.special.USA.all.all=0.03", "tariffs.special.CAN.all.all=0.03")
    key = "rules_of_origin.by_partner.USA.MEX.country_content.USA.vehicle_parts=0.35"
    parts = FOOTLOOSE.index("vehicle_parts")
    plain, asked = run(*duties), run(*duties, key)

    def claimed(model, market):
        sums = model.tally.sums
        shares = sums["claimed"] / np.where(sums["border"] > 0, sums["border"], 1)
        return shares[parts, MEX, 0, market]

    def american(model):
        bought = model.tally.purchases[parts, :, :, MEX].sum(axis=(0, 2, 3))
        return bought[USA] / bought.sum()

    assert claimed(asked, USA) < claimed(plain, USA) - 0.01
    assert claimed(asked, CAN) == pytest.approx(claimed(plain, CAN), abs=1e-3)
    assert american(asked) > american(plain) + 0.005
    imports = [flow(model, "MEX", "USA", ["vehicle_parts"]) for model in (plain, asked)]
    assert imports[1] < imports[0]


@pytest.mark.thorough
def test_more_audits_and_higher_fines_lower_what_is_misclassified():
    # A rule that is hard to meet and a duty, something to lie for; and firms that would.
    hard = ("tariffs.special.USA.MEX.all=0.25", "firms.honesty_median=0.1", *TIGHT)
    checks = [f"enforcement.audit_rate.USA={rate}" for rate in (0.0, 0.05, 0.2)]
    worlds = [run(*hard, check) for check in (*checks, "enforcement.penalty.USA=4")]
    liars = [
        int((m.borders.filed((slice(None), MEX, USA, m.regime)).falsely > 0).sum()) for m in worlds
    ]
    assert liars[0] > liars[1] >= liars[2]
    told = [summary(m.frames()) for m in worlds]
    values = [result["misclassified_origin"]["all"]["end"] for result in told]
    assert values[0] > values[1] >= values[2]
    assert values[1] > values[3]  # four times the fine, at the same rate of audits
    shares = [result["false_claim_share"]["all"]["end"] for result in told]
    assert shares[0] > shares[1] >= shares[2]
    trade = worlds[0].frames()["trade"]
    lane = (trade["destination"] == "USA") & trade["origin"].isin(["MEX", "CAN"])
    half_a_year = trade[lane & (trade["quarter"] > 0)]["false_claim_musd"].sum() / 1000
    assert values[0] == pytest.approx(2 * half_a_year, rel=1e-12)
