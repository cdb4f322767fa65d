"""Trade takes time: what runs under contracts do in the model, quarter by quarter.

Plants stand still in these runs, so that nothing but buyers and claims moves.
"""

from dataclasses import fields

import numpy as np
import pytest

from abm.axes import FOOTLOOSE, HAS_PLANT, HOSTS, N_FOOTLOOSE, USA
from abm.trade.borders.transition import bound_to_comply
from abm.worlds.checkpoint import put_away, take_up
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 200
MEX = HOSTS.index("MEX")
PARTS = FOOTLOOSE.index("vehicle_parts")
STILL = "firms.relocation=false"
PARTIAL = "economy.closure=partial"
"""Contracts are looked at alone: no exchange rate and no household answers."""
WAIVED = "tariffs.special_waived_for_originating"
LONG_RUN = "economy.adjustment=long run"
DUTY = "tariffs.special.USA.MEX.all"


def model(*overrides, firms=FIRMS, waived=False):
    """A model with a special duty that origin waives, or not, at a rate of nothing so far."""
    policy = [STILL, PARTIAL, f"{WAIVED}={str(waived).lower()}", *overrides]
    return model_of(load_scenario("status-quo", policy), firms)


def inputs_from_mexico(model):
    """Deliveries of inputs to the United States, basic prices."""
    return model.accounts.intermediate.value[:N_FOOTLOOSE, MEX, USA].sum()


def against_status_quo(quarters, changes, *overrides):
    """Deliveries of inputs over those without news, less one, a quarter at a time.

    ``changes`` are the levers pulled before a quarter, by its number.
    """
    base, other = model(*overrides), model(*overrides)
    change = []
    for quarter in range(1, quarters + 1):
        if quarter in changes:
            other.pull_levers(changes[quarter])
        base.step()
        other.step()
        change.append(inputs_from_mexico(other) / inputs_from_mexico(base) - 1)
    return np.array(change)


@pytest.mark.thorough
def test_without_news_contracts_stay_with_their_sources():
    still = model()
    for _ in range(40):
        still.step()
    # In so small a model a firm that changes its claim moves the certificates of its sector: by
    # 1.2% of contracts at most, with a thousand firms by 0.3%.
    moved = np.abs(still.contracts.part - still.calibration.source_shares).sum(axis=2) / 2
    assert moved.max() < 0.02
    assert moved.mean() < 2e-3
    np.testing.assert_allclose(still.contracts.part.sum(axis=2), 1, rtol=1e-12)


@pytest.mark.thorough
def test_a_duty_works_as_contracts_run_out_and_ends_where_all_have_signed_anew():
    change = against_status_quo(40, {1: {DUTY: 0.25}})
    longest = against_status_quo(3, {1: {DUTY: 0.25}}, LONG_RUN)[-1]
    assert (np.diff(change) < 1e-4).all()
    assert 0.1 < change[0] / change[11] < 0.25
    assert change[-1] == pytest.approx(longest, abs=0.01)


def test_contracts_still_to_move_are_told_and_run_out():
    some, longest = model(), model(LONG_RUN)
    late = {True: [], False: []}
    for each, found in ((some, late[True]), (longest, late[False])):
        each.pull_levers({DUTY: 0.25})
        for _ in range(24):
            each.step()
            found.append(each.accounts.contracts_to_move)
    waiting, never = (np.array(found)[:, :, USA] for found in late.values())
    assert not some.base_accounts.contracts_to_move.any()
    # Parts of the makers of vehicles come from Mexico more than other inputs do.
    assert waiting[0].max() > 0.01
    assert (waiting[-1] < 0.1 * waiting[0]).all()
    np.testing.assert_allclose(never, 0, atol=1e-12)
    bill, late = some.calibration.bill_of_materials, some.supply
    paid = bill * late.owed.sum(axis=2)
    gone = np.maximum(late.contracts.part - late.today.share, 0).sum(axis=2)
    np.testing.assert_allclose(
        some.accounts.contracts_to_move, np.average(gone, axis=1, weights=paid), rtol=1e-12
    )


def test_two_years_after_a_duty_that_lasted_one_buyers_are_back():
    change = against_status_quo(12, {1: {DUTY: 0.25}, 5: {DUTY: 0.0}})
    assert change[3] < -0.3
    assert abs(change[-1]) < 0.03


def test_a_prohibitive_duty_moves_everything_one_way():
    base, other = model(), model()
    other.pull_levers({DUTY: 5.0})
    for _ in range(12):
        base.step()
        other.step()
        assert (other.accounts.intermediate.value >= 0).all()
        now, before = (
            (m.accounts.final.value + m.accounts.intermediate.value)[:N_FOOTLOOSE, MEX, USA]
            for m in (other, base)
        )
        assert (now[before > 0] < before[before > 0]).all()


@pytest.mark.thorough
def test_a_regime_begins_with_the_claims_of_buyers_who_have_not_adapted():
    some = model(firms=400, waived=True)
    some.pull_levers({DUTY: 0.25, "rules_of_origin.regional_value_content.vehicle_parts": 0.8})
    some.step()
    duty = some.conditions.certificates.duty[:N_FOOTLOOSE, MEX, USA]
    assert duty.shape[-1] == len(some.policy.regimes) + 1
    now, adapted = duty[:, -1], duty[:, some.in_force.regime]
    # Once they have adapted more makers of parts comply, and fewer pay.
    assert now[PARTS] > adapted[PARTS] + 0.02
    assert (now >= adapted - 0.01).all()


@pytest.mark.thorough
def test_firms_bound_by_a_rule_that_is_tightened_claim_again_after_a_while():
    rule = "rules_of_origin.regional_value_content.cars"
    some = model(firms=600, waived=True)
    cars = some.firms.sector == 0

    def bound():
        asked = bound_to_comply(some.borders, some.trade).any(axis=2) & some.firms.plants
        return int(asked[cars].sum())

    some.step()
    before = bound()
    some.pull_levers({rule: 0.75})
    late = []
    for _ in range(12):
        some.step()
        late.append(
            int((some.transition.moving.any(axis=2) & ~some.costs.feasible[..., -1])[cars].sum())
        )
    assert late[0] > 10
    assert late[-1] == 0
    assert bound() > before


def test_where_all_contracts_end_each_quarter_nobody_is_on_the_way():
    some = model(LONG_RUN)
    some.pull_levers({"rules_of_origin.regional_value_content.cars": 0.75})
    some.step()
    assert not some.transition.moving.any()
    for name in (item.name for item in fields(some.costs)):
        array = getattr(some.costs, name)
        # Weights of both columns are rounded to single precision apart.
        np.testing.assert_allclose(array[..., -1], array[..., some.regime], rtol=3e-5, atol=3e-5)


@pytest.mark.thorough
def test_plants_moved_by_hand_take_their_inputs_along():
    unmoved, other = (model(LONG_RUN, "economy.wage_elasticity=0.0", firms=1000) for _ in range(2))
    table = other.firms
    pool = unmoved.customers.pool[:, MEX].astype(np.float64)
    sold = (pool * unmoved.spending[table.sector, MEX, 1]).sum(axis=1)
    goes = np.zeros(len(table), bool)
    for sector in range(N_FOOTLOOSE):
        ours = np.flatnonzero((table.sector == sector) & table.plants[:, MEX])
        alone = ours[~table.plants[ours, USA]]
        goes[alone[np.cumsum(sold[alone]) <= 0.29 * sold[ours].sum()]] = True
    table.plants[goes, MEX], table.plants[goes, USA] = False, True
    sets = {tuple(row): config for config, row in enumerate(HAS_PLANT)}
    table.config[goes] = [sets[tuple(row)] for row in table.plants[goes]]
    for _ in range(4):
        unmoved.step()
        other.step()
    made = [m.accounts.intermediate.value[:N_FOOTLOOSE, MEX].sum() for m in (unmoved, other)]
    moved = sold[goes].sum() / sold.sum()
    assert moved > 0.2
    assert 1 - made[1] / made[0] == pytest.approx(moved, abs=0.03)


def test_a_run_put_away_while_buyers_adapt_goes_on_byte_for_byte():
    through = model(waived=True)
    through.step()
    through.pull_levers({DUTY: 0.25, "rules_of_origin.regional_value_content.cars": 0.75})
    for _ in range(3):
        through.step()
    assert (through.log_wedge_held > 0).any()
    continued = take_up(put_away(through))
    for _ in range(3):
        through.step()
        continued.step()
    for name, table in through.frames().items():
        assert table.equals(continued.frames()[name]), name
    for owner in ("contracts", "other_contracts"):
        for item in fields(getattr(through, owner)):
            np.testing.assert_array_equal(
                getattr(getattr(through, owner), item.name),
                getattr(getattr(continued, owner), item.name),
            )
    np.testing.assert_array_equal(through.log_wedge_held, continued.log_wedge_held)
