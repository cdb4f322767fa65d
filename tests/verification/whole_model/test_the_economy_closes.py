"""What closes the economy pushes the way that docs/closure.md derives, and books balance.

Trade follows prices at once here and plants stand where they stand, so that a few quarters come to
where exchange rates, wages and trade rest.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.errors import IdentityError
from abm.trade.books.rest_of_economy import (
    Responses,
    balance_gap,
    check_households,
    conditions_after,
    exchange_after,
    paid_out,
    wage_after,
)
from abm.trade.sales.spending import (
    Income,
    consumers_spending,
    dearer_elsewhere,
    other_users_purchases,
    spending_elsewhere,
)
from experiments.outcomes.quantities import real_income
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

USA, MEX, CAN, CHN, ROW = range(N_REGIONS)
FIRMS, QUARTERS = 100, 12
AT_ONCE = ("economy.adjustment=long run", "firms.relocation=false", "economy.exchange_speed=0.1")
SUBSIDY = ("subsidies.USA.all=0.05",)
BLANKET = (
    "tariffs.special.USA.all.all=0.1",
    "tariffs.special_waived_for_originating=false",
)
ON_MEXICO = (
    "tariffs.special.USA.MEX.all=0.1",
    "tariffs.special_waived_for_originating=false",
)
CLOSURES = ("partial", "labour", "full")


@cache
def run(closure, *sets):
    scenario = load_scenario("status-quo", [f"economy.closure={closure}", *AT_ONCE, *sets])
    model = model_of(scenario, FIRMS)
    model.run_for(QUARTERS)
    return model


def gap(model):
    """Balances over their share of spending, against the same closure without the policy."""
    return balance_gap(model.accounts, model.base_accounts)


def jobs(model, host=USA):
    return model.accounts.employment[:, host].sum()


def goods(model):
    """Value shipped, both uses, shape (source, market)."""
    books = model.accounts
    return (books.final.value + books.intermediate.value).sum(axis=0)


def exports(model, region=USA):
    flows = goods(model)
    return flows[region].sum() - flows[region, region]


# --- a subsidy is paid by somebody ----------------------------------------------------


def test_a_subsidy_makes_fewer_jobs_the_more_of_the_economy_closes():
    made = [jobs(run(closure, *SUBSIDY)) / jobs(run(closure)) - 1 for closure in CLOSURES]
    assert made[0] > made[1] > made[2] > 0


def test_whom_a_subsidy_brings_into_manufacturing_leave_other_work():
    for closure in ("labour", "full"):
        model = run(closure, *SUBSIDY)
        others = model.economy.employment[:, N_FOOTLOOSE:].sum(axis=1)
        engaged = model.accounts.employment.sum(axis=0) + others * model.accounts.closing.elsewhere
        np.testing.assert_allclose(engaged, model.calibration.base_jobs + others, rtol=1e-12)
        assert model.accounts.closing.elsewhere[USA] < 1
    np.testing.assert_array_equal(run("partial", *SUBSIDY).accounts.closing.elsewhere, 1)


def test_households_pay_for_a_subsidy_what_plants_receive_and_are_no_richer_for_it():
    subsidized, plain = run("full", *SUBSIDY), run("full")
    closing = subsidized.accounts.closing
    received = subsidized.accounts.subsidies.sum()
    assert received > 0
    # What is paid out is what the treasury had left a quarter before.
    assert closing.transfer[USA] == pytest.approx(-received, rel=0.05)
    assert closing.income[USA] < 1
    bought = [
        real_income(m.outcomes, m.frames()["trade"])["USA"].iloc[-1] for m in (subsidized, plain)
    ]
    assert bought[0] < bought[1] + 2e-4


def test_a_subsidy_raises_its_countrys_exchange_rate():
    subsidized, plain = run("full", *SUBSIDY), run("full")
    dearer = subsidized.accounts.closing.exchange / plain.accounts.closing.exchange
    assert dearer[USA] > 1.002
    np.testing.assert_array_equal(dearer[N_HOSTS:], 1)


# --- a blanket duty does not close a deficit -------------------------------------------


def test_a_blanket_duty_leaves_the_balance_at_its_share_of_spending_once_rates_have_moved():
    partial = gap(run("partial", *BLANKET)) - gap(run("partial"))
    full = gap(run("full", *BLANKET)) - gap(run("full"))
    assert partial[USA] > 0.05
    assert abs(full[USA]) < 0.1 * partial[USA]
    assert run("full", *BLANKET).accounts.closing.exchange[USA] > 1.01


def test_a_duty_on_imports_is_a_tax_on_exports():
    fall = [exports(run(closure, *BLANKET)) / exports(run(closure)) - 1 for closure in CLOSURES]
    assert fall[2] < min(fall[0], fall[1])
    assert fall[2] < 0


def test_a_blanket_duty_makes_fewer_jobs_where_the_dollar_rises():
    made = [jobs(run(closure, *BLANKET)) / jobs(run(closure)) - 1 for closure in CLOSURES]
    assert made[2] < made[1] < made[0]


def test_households_get_what_a_duty_brings_in():
    assert run("full", *BLANKET).accounts.closing.income[USA] > 1
    assert run("labour", *BLANKET).accounts.closing.income[USA] == 1


def test_a_duty_on_one_partner_lowers_its_currency_and_sends_trade_elsewhere():
    taxed, plain = run("full", *ON_MEXICO), run("full")
    moved = taxed.accounts.closing.exchange / plain.accounts.closing.exchange
    assert moved[MEX] < 0.99
    assert moved[USA] > 1
    into = goods(taxed)[:, USA] / goods(plain)[:, USA]
    assert into[MEX] < 0.95
    assert (into[[CAN, CHN, ROW]] > 1).all()
    # Of the bilateral balance more is left than where currencies stand.
    left = [
        (goods(m)[MEX, USA] - goods(m)[USA, MEX]) / (goods(r)[MEX, USA] - goods(r)[USA, MEX])
        for m, r in ((taxed, plain), (run("labour", *ON_MEXICO), run("labour")))
    ]
    assert left[0] > left[1]


# --- books -------------------------------------------------------------------------------


def test_treasuries_pay_out_in_a_quarter_what_they_had_left_in_the_one_before():
    model = run("full", *BLANKET)
    before, now = model.year[-2], model.year[-1]
    due = paid_out(before.treasury, model.base_accounts, now.closing.exchange)
    np.testing.assert_array_equal(now.closing.transfer, due)


def test_households_that_spend_more_than_they_have_stop_the_run():
    model = run("full", *BLANKET)
    books, barrier = model.accounts, model.now.barrier[..., model.trade]
    # The income of the quarter that the books are of, not of the one to come.
    closing = books.closing
    income = Income(closing.exchange, closing.transfer, np.ones((N_FOOTLOOSE, N_REGIONS)))
    check_households(books, barrier, income, model.base_consumption)
    richer = replace(income, transfer=income.transfer * 1.5)
    with pytest.raises(IdentityError, match="what households have and spend differ"):
        check_households(books, barrier, richer, model.base_consumption)


# --- limits ------------------------------------------------------------------------------


def test_without_slopes_labour_is_partial_byte_for_byte():
    flat = [f"economy.labour_slope.{host}=0.0" for host in ("USA", "MEX", "CAN")]
    one, other = run("labour", *SUBSIDY, *flat), run("partial", *SUBSIDY)
    told = other.frames()
    for name, frame in one.frames().items():
        columns = frame.columns.difference(["employment_elsewhere"])
        assert frame[columns].equals(told[name][columns]), name


def test_rates_that_stand_and_treasuries_that_pay_nothing_are_labour_function_by_function():
    model = run("labour", *BLANKET)
    books, calibration = model.accounts, model.calibration
    still = Income(np.ones(N_REGIONS), np.zeros(N_REGIONS), np.ones((N_FOOTLOOSE, N_REGIONS)))
    spent = consumers_spending(calibration, still, model.base_consumption)
    np.testing.assert_array_equal(spent, calibration.expenditure)
    elsewhere = spending_elsewhere(model.economy, still.index(model.base_consumption))
    np.testing.assert_array_equal(elsewhere, books.final.value[N_FOOTLOOSE:])
    outside = calibration.outside_duty
    np.testing.assert_array_equal(dearer_elsewhere(calibration, outside, np.zeros_like(outside)), 1)
    for closure in ("labour", "full"):
        said = [f"economy.closure={closure}", "economy.exchange_speed=0.0"]
        speed = load_scenario("status-quo", said).economy.speed_of_exchange
        responses = Responses(np.full(N_HOSTS, 0.7), speed)
        after = conditions_after(
            books, model.conditions, calibration, model.base_accounts, responses
        )
        assert after.exchange is model.conditions.exchange
        np.testing.assert_allclose(
            after.wage, (books.employment.sum(axis=0) / calibration.base_jobs) ** 0.7
        )


def test_wages_rise_with_jobs_by_the_inverse_of_the_elasticity_of_supply():
    np.testing.assert_allclose(
        wage_after(np.array([1.1, 1.0]), np.array([0.5, 0.5])), [1.1**0.5, 1]
    )
    np.testing.assert_array_equal(wage_after(np.array([1.3, 0.2]), np.zeros(2)), 1)


def test_a_rate_rises_with_a_surplus_and_those_abroad_stand():
    before = np.ones(N_REGIONS)
    after = exchange_after(before, np.array([0.2, -0.1, 0.0, 0.5, -0.5]), 0.05)
    np.testing.assert_allclose(after, [np.exp(0.01), np.exp(-0.005), 1, 1, 1], rtol=1e-15)
    np.testing.assert_array_equal(before, 1)


def test_users_that_are_no_firms_spend_what_they_spent_in_their_own_money():
    model = run("partial")
    paid = np.ones((len(model.economy.theta), N_REGIONS, N_REGIONS))
    rates = np.array([1.1, 0.9, 1.0, 1.0, 1.0])
    plain, moved = (
        other_users_purchases(model.calibration, paid, np.ones_like(paid), exchange)
        for exchange in (np.ones(N_REGIONS), rates)
    )
    np.testing.assert_allclose(moved, plain * rates, rtol=1e-14)


def test_under_partial_nothing_beyond_manufacturing_moves():
    closing = run("partial", *BLANKET, *SUBSIDY).accounts.closing
    for name, neutral in (("exchange", 1), ("transfer", 0), ("income", 1), ("elsewhere", 1)):
        np.testing.assert_array_equal(getattr(closing, name), neutral)
    outcomes = run("partial", *BLANKET, *SUBSIDY).outcomes
    for name in ("real_exchange_rate", "household_income", "employment_elsewhere"):
        assert (outcomes[name] == 1).all()
