"""A duty raises the price by its rate, and its revenue is what buyers paid.

Customs value is above the table's basic price by what traders of the exporting region
earn. That ratio is in the base year's prices as in today's, so it moves no price.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, N_FOOTLOOSE, N_GOODS, REGIONS, USES
from abm.economy.tables import load_economy
from abm.engine.blocks import of_one_sector
from abm.errors import IdentityError
from abm.model import RelocationModel
from abm.trade.books.accounts import ROUNDING, check_duties
from abm.trade.books.indicators import customs_values
from abm.trade.inputs.input_prices import outside_duty, purchase_prices
from abm.trade.sales.market_clearing import fringe_prices, standing_plants
from abm.worlds.twin import twin
from experiments.scenarios.overrides import load_scenario
from tests.recorded_margins import on_tables_as_observed
from tests.same_firms import NOBODY_MOVES

USA, MEX, CHN = (REGIONS.index(name) for name in ("USA", "MEX", "CHN"))
MACHINERY = FOOTLOOSE.index("machinery")
QUARTERS = 4
OPEN = (*NOBODY_MOVES, "tariffs.special_waived_for_originating=false")


def world(*overrides, economy=None, scenario="status-quo"):
    chosen = load_scenario(scenario, overrides)
    return RelocationModel(chosen, firms=200, rng=1, economy=economy)


def with_ratios_times(factor):
    """The economy if customs recorded that much more of every flow."""
    economy = load_economy()
    recorded = replace(economy, records_over_customs=factor * economy.records_over_customs)
    return on_tables_as_observed(recorded)


@pytest.fixture(scope="module")
def taxed():
    """A duty of a tenth on all that Mexico and China sell to the United States."""
    duties = [f"tariffs.special.USA.{origin}.all=0.1" for origin in ("MEX", "CHN")]
    model = world(*OPEN, *duties)
    model.run_for(QUARTERS)
    return model


def test_duty_and_margins_are_shares_of_what_is_traded(taxed):
    economy, accounts = taxed.economy, taxed.accounts
    customs = customs_values(accounts, economy)
    for use, trade in enumerate((accounts.final, accounts.intermediate)):
        np.testing.assert_allclose(trade.trade_margin, trade.value * economy.trade_margin)
        abroad = economy.customs_over_basic > 0
        np.testing.assert_allclose((trade.value + trade.trade_margin)[abroad], customs[use][abroad])
        due = customs[use][:N_GOODS, CHN, USA] * (economy.applied_duty[:N_GOODS, CHN, USA] + 0.1)
        np.testing.assert_allclose(trade.duty[:N_GOODS, CHN, USA], due)
    assert (accounts.trade_margins > 0).all()


def test_margins_are_a_column_of_the_trade_table(taxed):
    trade = taxed.frames()["trade"].query("quarter == @QUARTERS")
    assert list(trade["use"].unique()) == list(USES)
    abroad = trade.query("origin != destination and customs_value_musd > 0")
    by_columns = abroad["customs_value_musd"] - abroad["value_musd"]
    np.testing.assert_allclose(abroad["trade_margin_musd"], by_columns, atol=1e-9)
    total = trade.groupby("origin")["trade_margin_musd"].sum()[list(REGIONS)]
    np.testing.assert_allclose(total, taxed.accounts.trade_margins)


@pytest.mark.parametrize("scenario", ["usmca", "blanket-2025", "tpp"])
def test_revenue_is_what_buyers_paid(scenario):
    """Outlays come from the books of plants and consumers, revenue from what customs collect."""
    model = world(scenario=scenario)
    model.run_for(QUARTERS)
    accounts, policy = model.accounts, model.now
    barrier = policy.barrier[..., model.trade]
    spent = accounts.input_spending / (1 + barrier)
    goods = accounts.intermediate
    on_duty = spent - goods.value - goods.trade_margin
    np.testing.assert_allclose(on_duty.sum(axis=(0, 1)), goods.duty.sum(axis=(0, 1)), rtol=1e-6)
    received = accounts.final.paid(barrier)[:N_FOOTLOOSE].sum(axis=1)
    np.testing.assert_allclose(received, accounts.consumption, rtol=ROUNDING)


@pytest.mark.parametrize("use", ["final", "intermediate"])
@pytest.mark.parametrize("part", ["duty", "trade_margin"])
def test_a_run_stops_if_treasuries_or_traders_get_what_nobody_paid(taxed, use, part):
    accounts, barrier = taxed.accounts, taxed.now.barrier[..., taxed.trade]
    check_duties(accounts, accounts.input_spending, barrier)
    trade = getattr(accounts, use)
    wrong = getattr(trade, part).copy()
    wrong[MACHINERY, MEX, USA] *= 1.05
    changed = replace(accounts, **{use: replace(trade, **{part: wrong})})
    with pytest.raises(IdentityError, match="paid and what was received differ"):
        check_duties(changed, accounts.input_spending, barrier)


def test_a_duty_of_a_tenth_raises_the_delivered_price_by_a_tenth():
    donor = world(*OPEN, "firms.cannot_qualify_scale=0")  # or what cannot would pay some duty
    model, still = twin(donor, donor.scenario), twin(donor, donor.scenario)
    model.pull_levers({f"tariffs.special.USA.{origin}.all": 0.1 for origin in ("MEX", "CHN")})
    for each in (model, still):
        each.step()
    assert (model.economy.trade_margin[:N_FOOTLOOSE, [MEX, CHN], USA] > 0.01).all()
    # Consumers, of plants in Mexico that pay no other duty before or after.
    duty = [each.borders.duty[:, MEX, USA, each.trade] for each in (model, still)]
    spared = (duty[1] == 0) & (np.abs(duty[0] - 0.1) < 1e-6)
    assert spared.mean() > 0.3
    seen = 0
    for sector in range(N_FOOTLOOSE):
        plants, before = (
            standing_plants(each.this_quarter(), of_one_sector(each.firms, sector), each.trade)[MEX]
            for each in (model, still)
        )
        some = spared[plants.firm]
        seen += some.sum()
        ratio = (plants.mark_on / before.mark_on)[some, USA]
        np.testing.assert_allclose(ratio, 1.1, rtol=1e-6)
    assert seen > 20
    # Consumers and makers, of goods from China.
    ordinary = model.economy.applied_duty[:N_GOODS, CHN, USA]
    dearer = (1 + ordinary + 0.1) / (1 + ordinary)
    inputs = [each.price[:N_GOODS, CHN, USA, each.trade] for each in (model, still)]
    np.testing.assert_allclose(inputs[0] / inputs[1], dearer, rtol=1e-12)
    fringe = [
        fringe_prices(each.now, each.calibration, each.outside)[:, CHN, USA, each.trade]
        for each in (model, still)
    ]
    np.testing.assert_allclose(fringe[0] / fringe[1], dearer[:N_FOOTLOOSE], rtol=1e-12)


def test_ratios_of_customs_to_basic_value_move_no_price(taxed):
    """Neither what a source costs nor what a duty on it is, whatever policy is in force."""
    higher = with_ratios_times(1.1)
    policy, conditions = taxed.now, taxed.conditions.during(taxed.columns)
    margin = higher.trade_margin
    assert (margin > taxed.calibration.trade_margin).mean() > 0.2
    calibration = replace(taxed.calibration, trade_margin=margin)
    np.testing.assert_array_equal(outside_duty(higher, policy), outside_duty(taxed.economy, policy))
    for price in (
        lambda constants: purchase_prices(constants, conditions, policy),
        lambda constants: fringe_prices(policy, constants, taxed.outside),
    ):
        np.testing.assert_array_equal(price(calibration), price(taxed.calibration))


@pytest.fixture(scope="module")
def resting():
    """Two worlds at rest, of which for one customs record a tenth more."""
    models = world(*OPEN), world(*OPEN, economy=with_ratios_times(1.1))
    for model in models:
        model.step()  # later ones change suppliers, and few firms make their prices move
    return models


def test_with_higher_ratios_the_calibration_year_is_the_same_and_at_rest(resting):
    """Its index of prices is 1 and its output the table's, to what calibration promises."""
    usual, higher = resting
    ratio = higher.base_accounts.trade_margins / usual.base_accounts.trade_margins
    assert (ratio > 1.02).all()
    for model in resting:
        np.testing.assert_allclose(model.accounts.price_index, 1, rtol=1e-3)
    np.testing.assert_allclose(
        higher.base_accounts.sales, usual.base_accounts.sales, rtol=1e-3, atol=1e-3
    )
    # Nor does content depend on them: it is judged at basic values.
    contents = [model.base_accounts.content for model in resting]
    np.testing.assert_allclose(contents[1], contents[0], atol=2e-3)
    np.testing.assert_allclose(higher.accounts.sales, usual.accounts.sales, rtol=2e-3, atol=1e-3)


def test_what_customs_record_beyond_the_margins_enters_nothing():
    """The mismatch of sources stands in no account: only comparisons with records use it."""
    economy = load_economy()
    other = replace(economy, records_over_customs=1.1 * economy.records_over_customs)
    usual, higher = (
        world(*OPEN, "tariffs.special.USA.MEX.all=0.25", economy=each) for each in (economy, other)
    )
    for model in (usual, higher):
        model.run_for(2)
    for name, frame in usual.frames().items():
        assert frame.equals(higher.frames()[name])


def test_the_united_states_pay_more_of_a_duty_on_what_more_is_earned_on(resting):
    """Buyers pay the duty on the margin too: the same rate then brings more revenue."""
    cells = slice(0, N_FOOTLOOSE), REGIONS.index("ROW"), USA
    revenue, customs = [], []
    for model in resting:
        trade = model.accounts.final
        revenue.append(trade.duty[cells] / trade.value[cells])
        customs.append(model.economy.customs_over_basic[cells])
    assert (customs[1] > customs[0]).sum() > N_FOOTLOOSE / 2
    np.testing.assert_allclose(revenue[1] / revenue[0], customs[1] / customs[0], rtol=1e-9)


def test_nothing_is_earned_at_home_or_on_services():
    economy = load_economy()
    assert not economy.trade_margin[N_GOODS:].any()
    assert not economy.trade_margin[:, range(len(REGIONS)), range(len(REGIONS))].any()
    assert (economy.trade_margin >= 0).all()
