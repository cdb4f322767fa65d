"""A NaN or an infinity stops the run where it arises, and a file runs it again."""

from dataclasses import replace

import numpy as np
import pytest

import abm.model
import abm.trade_phases
from abm.engine.guards import GUARDS, WEIGHED_LATER, check_finite, guards_of
from abm.errors import ModelError, NonFiniteError
from abm.worlds.twin import twin
from agents import FirmTable
from tests.same_firms import at_rest

FIRMS = 100


@pytest.fixture(scope="module")
def donor():
    return at_rest(FIRMS, seed=2)


@pytest.fixture
def model(donor):
    return twin(donor, donor.scenario)


WATCHED = [
    name
    for name, column in FirmTable.columns().items()
    if column.dtype.startswith("float") and name not in WEIGHED_LATER
]


def test_every_guarded_phase_is_one_of_the_step(donor):
    assert all(callable(getattr(donor, phase)) for phase in GUARDS)


def test_a_sound_quarter_passes_every_guard(model):
    model.step()
    for phase in (*GUARDS, "enact_policy", "record"):
        assert list(guards_of(model, phase))
        check_finite(model, phase)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
@pytest.mark.parametrize("column", WATCHED)
def test_a_figure_of_a_firm_is_named_before_anything_uses_it(model, column, broken):
    getattr(model.firms, column)[7] = broken
    with pytest.raises(NonFiniteError, match=f"{column} of firm 7 .* is {broken}") as raised:
        model.step()
    assert (raised.value.phase, raised.value.inputs["firm"]) == ("enact_policy", 7)


def test_a_model_whose_quarter_broke_off_says_so_instead_of_doing_nothing(model):
    model.firms.weight[7] = np.nan
    with pytest.raises(NonFiniteError):
        model.step()
    for go_on in (model.step, lambda: model.run_for(2)):
        with pytest.raises(ModelError, match="quarter 1 broke off, so the model cannot go on"):
            go_on()
    assert model.quarter == 1


def spoil_costs(table, terms, value_added, costs):
    costs.free_cost[7] = np.nan


def spoil_contracts(contracts, weights, *rest):
    if weights.ndim == 4:
        rest[-1].contracts.ordered[1, 2, 0, 1] = np.nan


def spoil_claims(*given):
    *_, borders = given
    borders.cost[7, 1] = np.inf


def spoil_payoffs(*given):
    *_, payoff = given
    payoff[3] = np.nan


def spoil_projects(table, *rest):
    table.sunk[7] = np.nan


def spoil_customers(quarter, last, speeds, regime, prospects):
    prospects.offers.split[7, 1] = np.nan


def spoil_scarcity(demand, capacity, supply, cleared):
    cleared.u[7, 1] = np.inf


def spoil_capacity(capacity, wanted, opening, pace, built):
    built.capacity[7, 1] = np.nan


def spoil_trade(economy, calibration, policy, tally, market, *rest):
    rest[-1].sales[2, 1] = np.nan


def spoil_claimed(economy, calibration, policy, tally, market, *rest):
    rest[-1].intermediate.claimed[2, 1, 0] = np.inf


def spoil_held(table, held, *rest):
    rest[-1][7, 1] = np.nan


SPOILT = {
    "renewed_supply": (spoil_contracts, "quantity of contracts of sectors at (1, 2, 0, 1)"),
    "solve_costs": (spoil_costs, "unit cost of firm 7 ("),
    "claim_origin": (spoil_claims, "cost at the border of firm 7 ("),
    "earnings": (spoil_payoffs, "payoff of firm "),
    "relocate": (spoil_projects, "cost sunk of firm 7 ("),
    "held_after": (spoil_held, "held wedge of firm 7 ("),
    "prospects": (spoil_customers, "plants that serve customers of firm 7 ("),
    "clear_plants": (spoil_scarcity, "prices of plants short of capacity of firm 7 ("),
    "settle": (spoil_trade, "output at (2, 1)"),
    "invest": (spoil_capacity, "capacity of firm 7 ("),
    "settle, of claims": (spoil_claimed, "claimed_musd of trade at (1, 2, 1, 0)"),
}
"""What the model calls in a phase, what then goes wrong, and what is said of it."""

PHASES = {
    "renewed_supply": "renew_contracts",
    "held_after": "trade_and_account",
    "earnings": "value_plans",
    "prospects": "serve_customers",
    "clear_plants": "serve_customers",
    "invest": "build_capacity",
    "settle": "trade_and_account",
    "settle, of claims": "record",
}


@pytest.mark.parametrize("place", SPOILT)
def test_what_a_phase_spoils_is_laid_at_its_door(model, monkeypatch, place):
    spoil, said = SPOILT[place]
    called = place.split(",")[0]
    home = abm.trade_phases if hasattr(abm.trade_phases, called) else abm.model
    whole = getattr(home, called)

    def spoilt(*given):
        result = whole(*given)
        spoil(*given, *([] if result is None else [result]))
        return result

    monkeypatch.setattr(home, called, spoilt)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        model.step()
    phase = PHASES.get(place, place)
    assert str(raised.value).startswith(f"{phase}, quarter 1: {said}")
    assert (raised.value.phase, raised.value.quarter) == (phase, 1)
    assert bool(raised.value.inputs) == ("of firm" in said)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_the_phase_and_the_firm_are_named_with_what_it_went_in_with(model, broken):
    model.firms.sourcing_draw[7, 2, 1] = broken
    model.firms.affinity[7, 2, 1] = broken
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        model.step()
    error = raised.value
    assert error.phase == "solve_costs"
    assert error.quarter == 1
    assert error.inputs["firm"] == 7
    assert "firm 7" in str(error)
    assert "sourcing_draw" in str(error)
    assert "\n" not in str(error)


def test_a_search_that_a_spoilt_firm_keeps_from_settling_names_the_firm(model, monkeypatch):
    move = abm.model.relocate
    standing = int(np.flatnonzero(model.firms.plants.any(axis=1))[7])

    def move_and_spoil(table, *given):
        moves = move(table, *given)
        table.affinity[standing, 2, 1] = np.nan
        return moves

    monkeypatch.setattr(abm.model, "relocate", move_and_spoil)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        model.step()
    assert raised.value.phase == "trade_and_account"
    assert "did not settle" in str(raised.value)
    assert f"firm {standing} (" in str(raised.value)


def test_a_phase_that_no_single_firm_breaks_is_named_too(model):
    supply_price = model.conditions.supply_price.copy()
    supply_price[3, 4] = np.nan
    model.conditions = replace(model.conditions, supply_price=supply_price)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        model.step()
    assert str(raised.value).startswith("price_inputs, quarter 1: delivered price at (3, 4")


def test_numbers_too_large_to_add_up_are_not_called_infinite(model):
    model.step()
    model.price = np.full(3, 1e308)
    check_finite(model, "price_inputs")
