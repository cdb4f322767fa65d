"""A NaN or an infinity stops the run where it arises, and a file runs it again."""

from dataclasses import replace

import numpy as np
import pytest

import abm.model
from abm import RelocationModel
from abm.errors import NonFiniteError
from abm.guards import GUARDS, check_finite
from abm.twin import twin

FIRMS = 100


@pytest.fixture(scope="module")
def donor():
    return RelocationModel("status-quo", firms=FIRMS, rng=2)


@pytest.fixture
def model(donor):
    return twin(donor, donor.scenario)


def test_every_guarded_phase_is_one_of_the_step(donor):
    assert all(callable(getattr(donor, phase)) for phase in GUARDS)


def test_a_sound_quarter_passes_every_guard(model):
    model.step()
    for phase in GUARDS:
        check_finite(model, phase)


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

    def move_and_spoil(table, *given):
        moves = move(table, *given)
        table.affinity[7, 2, 1] = np.nan
        return moves

    monkeypatch.setattr(abm.model, "relocate", move_and_spoil)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        model.step()
    assert raised.value.phase == "trade_and_account"
    assert "did not settle" in str(raised.value)
    assert "firm 7 (" in str(raised.value)


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
