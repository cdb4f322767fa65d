"""Best replies in limits of the model in which the best tariff is known.

The economy is that of 2017 with its final demand alone: no inputs are bought, nobody pays another
duty, traders earn nothing, and wages follow jobs in Mexico or nowhere. All firms of a sector
and country are alike. ``docs/how-to/best-replies.md`` derives the formulas; here they are
solved from the table, without the model.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from abm.axes import HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS, USA
from abm.economy.rate_distribution import RateDistribution
from abm.economy.tables import load_economy
from abm.worlds.twin import twin
from experiments.replies.best_reply import ReplySearch
from experiments.replies.objectives import objectives_of
from experiments.replies.policy_levers import PolicyLever
from experiments.validation.second_opinion.frictionless import FrictionlessModel, free_of_rules

MEX, CAN = HOSTS.index("MEX"), HOSTS.index("CAN")

SETTLING = 32
"""Quarters in which the Mexican wage comes to rest."""

STEP = 0.01
GRID = tuple(round(STEP * place, 2) for place in range(31))

LABOUR_SLOPE = 0.4
"""Rise of the Mexican wage with jobs, where Mexico is to be a country whose supply is not flat."""

FEW_INPUTS = 1e-4
"""Of those bought in 2017: sourcing is solved for, so that there must be some."""

CLOSE = 1e-4
"""Of the model to the formula: `FEW_INPUTS` are half as much of cost."""

ELASTICITY = 2.0
"""Of demand in every sector. The wage of a quarter follows the jobs of the one before, and comes to
rest only if jobs answer it by less than one over `LABOUR_SLOPE`."""

NO_SURPLUS = 2e-5
"""Part of value added that labour does not get, as little as the calibration admits."""


@cache
def final_goods_alone(surplus):
    """The economy; ``surplus`` is the part of value added that labour does not get."""
    seen = load_economy()
    bought = FEW_INPUTS * seen.intermediate_use
    made = seen.final_demand.sum(axis=2) + bought.sum(axis=(2, 3))
    free = {key: RateDistribution(np.eye(6)[0], 0.5) for key in seen.rates}
    return replace(
        seen,
        intermediate_use=bought,
        output=made,
        value_added=made - bought.sum(axis=(0, 1)),
        labour_share=np.full_like(seen.labour_share, 1 - surplus),
        # As many persons a dollar in every sector: labour is then all that is scarce.
        employment=made[:N_HOSTS] / 0.1,
        sigma=np.full_like(seen.sigma, ELASTICITY),
        applied_duty=np.zeros_like(seen.applied_duty),
        customs_over_basic=np.where(seen.customs_over_basic > 0, 1.0, 0.0),
        rates=free,
        lines=replace(seen.lines, rate=np.zeros_like(seen.lines.rate)),
    )


class FinalGoodsModel(FrictionlessModel):
    """The model without frictions on that economy."""

    def __init__(self, surplus, *overrides):
        self._simple = final_goods_alone(surplus)
        super().__init__(*overrides)

    def _start(self, firms, observed):
        return super()._start(firms, self._simple)


def overrides(mexican_slope, rate):
    """Treasuries keep what they get, and wages follow jobs in Mexico alone."""
    return (
        "tariffs.special_waived_for_originating=false",
        f"tariffs.special.USA.MEX.all={rate}",
        "economy.closure=labour",
        "economy.wage_elasticity=0",
        "economy.labour_slope.USA=0",
        "economy.labour_slope.CAN=0",
        f"economy.labour_slope.MEX={mexican_slope}",
    )


@cache
def at_rest(surplus, mexican_slope):
    return FinalGoodsModel(surplus, *overrides(mexican_slope, 0.0))


@cache
def welfare_under(rate, surplus, mexican_slope):
    scenario = free_of_rules(*overrides(mexican_slope, rate))
    model = twin(at_rest(surplus, mexican_slope), scenario)
    return objectives_of(model, SETTLING if mexican_slope else 5)["welfare.USA"]


def best_found(**case):
    lever = PolicyLever("tariffs.special.USA.MEX.all", "USA", GRID, 0.0)

    def judge(choices):
        return np.array([[welfare_under(rate, **case)] * 2 for (rate,) in choices])

    found = ReplySearch([lever], judge, candidates=8, seed=1).run((0.0,))
    return found.choices[found.best][0]


def shares(price_of):
    """Shares of sources in each market, shape (sector, source, market), at prices against 2017."""
    economy = final_goods_alone(NO_SURPLUS)
    value = np.transpose(economy.final_demand, (1, 0, 2))[:N_FOOTLOOSE]
    weighted = value * price_of ** (1 - economy.sigma[:N_FOOTLOOSE, None, None])
    return weighted / weighted.sum(axis=1, keepdims=True), value.sum(axis=1)


def prices(duty, mexican=1.0):
    """Prices at a US duty on Mexican goods and a price of these, shape (source, market)."""
    price = np.ones((N_REGIONS, N_REGIONS))
    price[MEX] = mexican
    price[MEX, USA] *= 1 + duty
    return price


def imports(duty, mexican=1.0):
    """Mexican goods bought in each market in quantities of 2017, shape (market,)."""
    price = prices(duty, mexican)
    share, spent = shares(price)
    return (share[:, MEX] * spent).sum(axis=0) / price[MEX]


def made_at(price):
    """What Mexico makes at a price: ``wage = jobs**slope``, and a part of cost is labour's."""
    of_cost = (1 - NO_SURPLUS) / (1 - NO_SURPLUS / 2)
    wage = 1 + (price - 1) / of_cost
    return imports(0).sum() * wage ** (1 / LABOUR_SLOPE)


def mexican_price(duty):
    """The price at which as much is bought as is made."""
    return brentq(lambda price: imports(duty, price).sum() - made_at(price), 0.5, 1.5, xtol=1e-12)


def inverse_export_supply_elasticity(duty, nudge=1e-4):
    """Rise of the Mexican price with what is exported to the USA, at the supply of that duty.

    Supply to the USA is what is made at a price less what all others buy at it.
    """

    def supply(price):
        return made_at(price) - np.delete(imports(duty, price), USA).sum()

    at = mexican_price(duty)
    low, high = at * np.exp([-nudge, nudge])
    return 2 * nudge / np.log(supply(high) / supply(low))


def test_the_formula_and_the_model_speak_of_the_same_market():
    scenario = free_of_rules(*overrides(LABOUR_SLOPE, 0.2))
    model = twin(at_rest(NO_SURPLUS, LABOUR_SLOPE), scenario)
    model.run_for(SETTLING)
    assert model.conditions.wage[MEX] == pytest.approx(mexican_price(0.2), rel=CLOSE)
    assert model.conditions.wage[USA] == model.conditions.wage[CAN] == 1
    bought = 4 * model.accounts.final.value[:N_FOOTLOOSE, MEX, USA].sum()
    price = mexican_price(0.2)
    assert bought == pytest.approx((imports(0.2, price) * price)[USA], rel=CLOSE)


@pytest.mark.thorough
def test_a_country_that_takes_prices_does_best_without_a_tariff():
    assert best_found(surplus=NO_SURPLUS, mexican_slope=0.0) == 0.0


def test_what_a_tariff_costs_a_price_taker_is_the_triangle_under_its_demand():
    """Harberger: an import given up was worth more than it cost by the rate at which it was."""
    rates = (0.05, 0.2)
    none, *some = [welfare_under(rate, NO_SURPLUS, 0) for rate in (0, *rates)]
    losses = none - np.array(some)
    gdp = final_goods_alone(NO_SURPLUS).value_added[USA].sum()
    # By parts, what is lost with rates from 0 to t is the area left of demand less the revenue.
    known = [
        quad(lambda t: imports(t)[USA], 0, rate)[0] - rate * imports(rate)[USA] for rate in rates
    ]
    np.testing.assert_allclose(losses, 100 * np.array(known) / gdp, rtol=0.01)


@pytest.mark.thorough
def test_a_country_whose_partner_supplies_less_at_lower_prices_charges_the_inverse_elasticity():
    known = brentq(lambda duty: duty - inverse_export_supply_elasticity(duty), 0.0, 1.0)
    assert 0.05 < known < 0.25
    assert best_found(surplus=NO_SURPLUS, mexican_slope=LABOUR_SLOPE) == pytest.approx(
        known, abs=STEP
    )


@pytest.mark.thorough
def test_profits_at_home_make_a_tariff_worthwhile_by_as_much_as_they_are():
    surplus = 0.4
    margin = surplus / 2

    def gain_of_a_little_more(duty, nudge=1e-5):
        def worth(rate):
            share, spent = shares(prices(rate))
            return imports(rate)[USA], (share[:, USA] * spent)[:, USA].sum()

        (less, home), (more, at_home) = worth(duty - nudge), worth(duty + nudge)
        return duty * (more - less) + margin * (at_home - home)

    known = brentq(gain_of_a_little_more, 0.0, 1.0)
    assert 0.05 < known < 0.25
    assert best_found(surplus=surplus, mexican_slope=0.0) == pytest.approx(known, abs=STEP)
