"""Overhead, arriving, founding and closing have a payer and a receiver."""

from dataclasses import replace

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HOMES, HOSTS
from abm.core.choice.clocks import Kind
from abm.errors import IdentityError
from abm.location.outlays import overhead, sunk_outlays
from abm.model import RelocationModel
from abm.trade.books.investment import check_investment

MEX, USA = HOSTS.index("MEX"), HOSTS.index("USA")


@pytest.fixture(scope="module")
def run() -> RelocationModel:
    model = RelocationModel("status-quo", firms=200, rng=1)
    model.run_for(3)
    return model


def test_value_added_is_what_workers_owners_and_others_get(run):
    books = run.accounts
    shared_out = (
        books.labour_and_capital
        + books.overhead.sum(axis=2)
        + books.operating_surplus
        + books.paperwork
        + books.penalties
        + books.royalties
        - books.subsidies
    )
    np.testing.assert_allclose(shared_out, books.value_added, rtol=1e-4)
    assert (books.overhead >= 0).all()
    assert 0.005 < books.overhead.sum() / books.sales.sum() < 0.05


def test_overhead_is_paid_out_of_profit_and_leaves_value_added_alone(run):
    without = run.accounts.with_overhead(np.zeros_like(run.accounts.overhead))
    np.testing.assert_allclose(without.value_added, run.accounts.value_added, rtol=1e-12)
    lower = without.operating_surplus - run.accounts.operating_surplus
    np.testing.assert_allclose(lower, run.accounts.overhead.sum(axis=2), atol=1e-6)


def test_without_fixed_cost_there_is_no_overhead(run):
    free = run.scenario.firms.model_copy(update={"fixed_cost": 0.0})
    assert not overhead(run.firms, free, run.moving.gain).any()


def test_a_firm_that_is_founded_pays_at_home_what_is_received_where_it_builds(run):
    """A project of a firm without a plant, put into its first quarter by hand."""
    firms, before = run.firms, sunk_outlays(run.firms, run.moving)
    row = int(np.flatnonzero((firms.config == 0) & (firms.target < 0) & (firms.home == MEX))[0])
    kept = {name: getattr(firms, name)[row].copy() for name in ("target", "project", "stage")}
    firms.target[row] = run.config_labels.index("MEX")
    firms.project[row], firms.stage[row] = Kind.FOUNDING, 0
    firms.quarters_left[row] = run.moving.stage_quarters[Kind.FOUNDING, 0]
    after = sunk_outlays(firms, run.moving)
    for name, value in kept.items():
        getattr(firms, name)[row] = value
    firms.quarters_left[row] = 0
    sector = int(firms.sector[row])
    paid = (after.founding - before.founding)[sector, MEX, HOMES.index("MEX")]
    profit = run.moving.gain[sector] * firms.base_revenue[row] * firms.weight[row]
    cost = run.moving.sunk.founding[sector, MEX]
    share = run.moving.stage_costs[Kind.FOUNDING, 0]
    assert paid == pytest.approx(share * cost * profit, rel=1e-9)
    received = (after.services - before.services)[sector, MEX]
    assert received == pytest.approx(paid, rel=1e-9)


def test_money_that_nobody_receives_is_found(run):
    investment = run.accounts.investment
    check_investment(investment)
    lost = investment.services.copy()
    lost[FOOTLOOSE.index("food"), USA] += 1.0
    with pytest.raises(IdentityError, match="costs of moves paid and received differ by"):
        check_investment(replace(investment, services=lost))


def test_every_quarter_moves_cost_something_and_outcomes_say_so(run):
    outcomes = run.outcomes
    late = outcomes[outcomes["quarter"] > 0]
    assert late.groupby("quarter")["moves_musd"].sum().ne(0).all()
    booked = run.accounts.investment.sunk.sum()
    assert late[late["quarter"] == 3]["moves_musd"].sum() == pytest.approx(booked, rel=1e-9)
