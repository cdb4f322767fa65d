"""Plants have a capacity: what it does within a quarter, and how it follows over quarters.

Firms stay where they are and keep their suppliers here, so that demand alone moves output.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import abm.trade.flows.plants_at_work
from abm.axes import N_HOSTS
from abm.core.demand.capacity import Pace
from abm.errors import IdentityError
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from abm.trade.books.accounts import Consumers, check_identities
from abm.trade.books.investment import check_investment
from abm.trade.sales.market_clearing import INTERMEDIATE, unit_prices
from abm.worlds.checkpoint import put_away, take_up
from abm.worlds.twin import twin
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import NOBODY_MOVES

FIRMS = 150
STILL = (*NOBODY_MOVES, "economy.rewire_per_year=0")
OVERSEAS = tuple(f"tariffs.special.USA.{source}.all=0.25" for source in ("CHN", "ROW"))
ROUNDING = 1e-6
"""Of u at rest: sales are in single precision, and steps end at 1e-6."""


@cache
def donor(settings: tuple[str, ...] = STILL) -> RelocationModel:
    return RelocationModel(load_scenario("status-quo", settings), firms=FIRMS, rng=1)


LATE = "economy.win=0.15"
"""Customers follow late, so that demand comes to plants by and by."""


def model_of(*policy: str, settings: tuple[str, ...] = STILL) -> RelocationModel:
    return twin(donor(settings), load_scenario("status-quo", [*settings, *policy]))


@pytest.fixture(scope="module")
def shocked():
    """Forty quarters after a duty on what comes from overseas, each as a copy of its books."""
    model = model_of(*OVERSEAS, settings=(*STILL, LATE))
    quarters = []
    for _ in range(40):
        before = model.capacity.copy()
        model.step()
        quarters.append((model.accounts, model.scarcity, before, model.capacity))
    return model, quarters


def test_at_rest_no_plant_is_short_and_only_what_wears_out_is_built():
    model = model_of()
    base = model.accounts
    np.testing.assert_allclose(base.utilisation[base.volume > 0], 1, atol=ROUNDING)
    before = model.capacity.copy()
    for _ in range(4):
        model.step()
        np.testing.assert_allclose(model.scarcity, 1, atol=ROUNDING)
        assert np.abs(model.accounts.rents).max() < ROUNDING * model.accounts.sales.max()
    np.testing.assert_allclose(model.capacity, before, rtol=ROUNDING)
    investment = model.accounts.investment
    assert investment.new.sum() == 0
    price = unit_prices(model.this_quarter(), model.trade)
    a_year = 4 * model.scenario.firms.build_cost
    worn = model.scenario.economy.capacity_wear * (a_year * price * before).sum()
    assert investment.replacement.sum() == pytest.approx(worn, rel=1e-4)
    assert investment.expansion.sum() < 1e-4 * worn


def test_prices_are_those_at_which_plants_make_what_is_asked_of_them():
    model = model_of(*OVERSEAS)
    model.run_for(3)
    stands = model.standing_capacity > 0
    use = model.cleared.output[stands] / model.standing_capacity[stands]
    supply = model.scenario.economy.supply
    np.testing.assert_allclose(
        np.log(model.scarcity[stands]), supply.log_scarcity(np.log(use)), atol=2 * ROUNDING
    )
    # Firms' own purchases differ from those of the average buyer as they did last quarter.
    made = np.array([model.cleared.output[model.firms.sector == j].sum(axis=0) for j in range(10)])
    np.testing.assert_allclose(made, model.accounts.volume, rtol=1e-2)


def test_demand_raises_prices_and_rents_before_capacity_follows_and_lowers_them(shocked):
    model, quarters = shocked
    rents = np.array([books.rents[:, 0].sum() for books, *_ in quarters])
    peak = int(rents.argmax())
    assert 0 < peak < 6
    books, scarcity, *_ = quarters[peak]
    makers = model.firms.plants[:, 0] & (quarters[peak][3][:, 0] > 0)
    assert np.median(scarcity[makers, 0]) > 1.005
    assert books.utilisation[:, 0].mean() > 1.01
    # In ten years plants have built what is asked of them, and prices are back at costs.
    assert rents[-1] < rents[peak] / 100
    np.testing.assert_allclose(quarters[-1][1], 1, atol=1e-3)
    grown = quarters[-1][3][makers, 0].sum() / quarters[0][2][makers, 0].sum()
    assert grown > 1.02


def test_capacity_grows_and_shrinks_within_its_limits(shocked):
    model, quarters = shocked
    pace = model.scenario.economy.pace
    assert pace == Pace(0.12, 0.02)
    for _, _, before, after in quarters:
        has = before > 0
        change = after[has] / before[has] - 1
        assert -pace.wear - 1e-12 <= change.min()
        assert change.max() <= pace.rise + 1e-12


def test_a_unit_of_capacity_costs_what_a_plant_costs(shocked):
    model, quarters = shocked
    books, _, before, after = quarters[-1]
    invested = books.investment.paid.sum()
    price = unit_prices(model.this_quarter(), model.trade)
    built = after - (1 - model.scenario.economy.capacity_wear) * before
    a_year = 4 * model.scenario.firms.build_cost
    assert invested == pytest.approx((a_year * price * built).sum(), rel=1e-9)


def test_owners_have_the_rents_that_buyers_pay(shocked):
    _, quarters = shocked
    for books, *_ in quarters[:4]:
        np.testing.assert_allclose(books.owned_rents.sum(axis=2), books.rents, rtol=1e-5, atol=1e-6)
        assert np.abs(books.rents).max() > 1  # million USD
        cost = books.purchases + books.labour_and_capital + books.paperwork + books.penalties
        cost = cost + books.royalties - books.subsidies + books.overhead.sum(axis=2)
        gap = cost + books.profit + books.rents - books.sales
        assert np.abs(gap).max() < 2e-5 * books.sales.max()


def test_a_book_that_does_not_balance_is_refused(shocked):
    model, quarters = shocked
    books = quarters[2][0]
    consumers = Consumers.of_base_year(model.economy, model.calibration)
    paid = np.zeros((*books.sales.shape, 2, 5))
    paid[:, :, INTERMEDIATE] = books.intermediate.value[:10, :N_HOSTS]
    spoilt = replace(books, rents=books.rents + 0.001 * books.sales)
    with pytest.raises(IdentityError, match="cost plus profit plus rents and sales"):
        check_identities(spoilt, paid, consumers)
    check_investment(books.investment)
    less = replace(books.investment, received=0.99 * books.investment.received)
    with pytest.raises(IdentityError, match="investment paid and received"):
        check_investment(less)


class AtWill(RelocationModel):
    """A model without capacity: customers are served and trade is booked as it was before."""

    def serve_customers(self) -> None:
        """Customers follow prices, whatever plants can make."""
        served = self._prospects().served()
        super().serve_customers()
        self.served, self.customers = served, served.customers


@pytest.mark.parametrize("limit", ["economy.supply_slope=0", 'economy.adjustment="long run"'])
def test_with_capacity_at_will_all_is_as_without_it(limit):
    scenario = load_scenario("usmca", [limit])
    models = [kind(scenario, firms=100, rng=2) for kind in (RelocationModel, AtWill)]
    for model in models:
        model.run_for(6)
    assert (models[0].scarcity == 1).all()
    assert models[0].accounts.investment.replacement.sum() > 0
    of_capacity = ("utilisation", "investment")
    for name, table in models[0].frames().items():
        kept = [column for column in table if not column.startswith(of_capacity)]
        assert table[kept].equals(models[1].frames()[name][kept])


def test_new_plants_open_with_what_they_will_want_and_are_new_investment():
    settings = ("firms.stage_quarters=[1,1,1]", LATE)
    model = model_of(settings=settings)
    before, opened = model.firms.plants.copy(), 0
    for _ in range(8):
        model.step()
        new = model.firms.plants & ~before & (model.standing_capacity == 0)
        opens = new & (model.opening > 0)
        opened += opens.sum()
        np.testing.assert_array_equal(model.capacity[opens], model.opening[opens])
        assert (model.scarcity[new] == 1).all()
        # Few customers know it yet.
        keeps = ~(before & ~model.firms.plants).any(axis=1, keepdims=True)
        alone = opens & keeps  # where none closed whose customers it takes over
        assert (model.opening[alone] > model.cleared.output[alone]).all()
        assert (model.accounts.investment.new.sum() > 0) == opens.any()
        before = model.firms.plants.copy()
    assert opened > 0
    assert (model.capacity[~model.firms.plants] >= 0).all()


def test_a_run_short_of_capacity_is_put_away_and_taken_up_byte_for_byte():
    plain, again = (model_of(*OVERSEAS, settings=()) for _ in range(2))
    for _ in range(4):
        plain.step()
        again.step()
        again = take_up(put_away(again))
    assert (plain.scarcity != 1).any()
    for name in ("capacity", "scarcity", "relative_use", "spending"):
        np.testing.assert_array_equal(getattr(plain.state, name), getattr(again.state, name))
    for name, table in plain.frames().items():
        assert table.equals(again.frames()[name])


def test_settings_that_no_capacity_can_have_are_refused():
    assert Scenario.load("status-quo").economy.supply.slope == 0.4
    for bad in ("supply_slope=-0.1", "supply_slack=1.5", "capacity_wear=2", "capacity_rise=-1"):
        with pytest.raises(Exception, match=bad.split("=")[0]):
            load_scenario("status-quo", [f"economy.{bad}"])


def test_scarcity_left_out_of_the_books_is_found_out(monkeypatch):
    rent = property(lambda self: 0.5 * (1 - 1 / self.scarcity[:, 0, 0]))
    monkeypatch.setattr(abm.trade.flows.plants_at_work.PlantsAtWork, "rent", rent)
    with pytest.raises(IdentityError):
        model_of(*OVERSEAS).run_for(3)
