"""Laws of claims of origin, whatever the firm, the duty and the customs officer."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.core.demand.claims import Claim, choose_claim
from abm.trade.borders.crossing import Filed
from tests.strategies import exporters


def choice_of(case, can_qualify=1.0, held=None, **changes):
    terms = replace(case.terms, **changes)
    return choose_claim(*list(vars(case).values())[:-1], terms, can_qualify, held)


parts = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)
"""Part of a firm's goods that can qualify."""


def perceived_costs(case):
    """What each way over the border costs in the firm's eyes, infinite where it is barred."""
    terms = case.terms
    fine = terms.audit * (1 + terms.penalty) * terms.waived
    pay = case.free_cost * (1 + terms.waived + terms.unwaived)
    comply = case.compliant_cost * (1 + case.paperwork) * (1 + terms.unwaived)
    lie = case.free_cost * (1 + fine) * (1 + terms.unwaived) * (1 + case.reluctance)
    false = terms.preference & ~case.meets_rule & (terms.waived > 0)
    return np.stack([pay, np.where(terms.preference, comply, np.inf), np.where(false, lie, np.inf)])


@given(exporters())
def test_the_chosen_way_is_the_cheapest_of_those_allowed(case):
    costs = perceived_costs(case)
    chosen = np.take_along_axis(costs, choice_of(case).claim[None].astype(int), axis=0)[0]
    assert np.all(np.isfinite(chosen))
    np.testing.assert_allclose(chosen, costs.min(axis=0), rtol=1e-12)


@given(exporters())
def test_the_buyer_pays_what_the_choice_weighed_but_reluctance(case):
    """Border cost and duty multiply to the cost weighed; reluctance weighs and is not paid."""
    choice, costs = choice_of(case), perceived_costs(case)
    delivered = choice.border_cost * (1 + choice.duty)
    weighed = np.take_along_axis(costs, choice.claim[None].astype(int), axis=0)[0]
    unpaid = np.where(choice.claim == Claim.CLAIMS_FALSELY, 1 + case.reluctance, 1)
    np.testing.assert_allclose(delivered * unpaid, weighed, rtol=1e-12)


@given(exporters(), st.floats(1, 10))
def test_a_higher_duty_never_lowers_claims(case, factor):
    before = choice_of(case).claim
    after = choice_of(case, waived=factor * case.terms.waived).claim
    assert np.all((after != Claim.PAYS) >= (before != Claim.PAYS))
    assert np.all((after == Claim.COMPLIES) >= (before == Claim.COMPLIES))


@given(exporters(), st.floats(0, 1), st.floats(0, 5))
def test_more_audits_or_higher_fines_never_raise_false_claims(case, audit, fine):
    before = choice_of(case).claim == Claim.CLAIMS_FALSELY
    watched = max(audit, float(case.terms.audit))
    fined = float(case.terms.penalty) + fine
    for change in ({"audit": np.array(watched)}, {"penalty": np.array(fined)}):
        assert np.all((choice_of(case, **change).claim == Claim.CLAIMS_FALSELY) <= before)


@given(exporters())
def test_nobody_claims_where_nothing_is_granted_or_nothing_is_at_stake(case):
    barred = choice_of(case, preference=np.array(False))
    worthless = choice_of(case, waived=np.zeros_like(case.terms.waived))
    assert np.all(barred.claim == Claim.PAYS)
    assert np.all(worthless.claim == Claim.PAYS)


@given(exporters())
def test_where_everything_can_qualify_the_rest_leaves_no_trace(case):
    """Bit for bit what the claim for all goods costs, whatever the rest would have done."""
    choice, terms = choice_of(case), case.terms
    complies, cheats = (choice.claim == way for way in (Claim.COMPLIES, Claim.CLAIMS_FALSELY))
    fine = np.where(cheats, terms.audit * (1 + terms.penalty) * terms.waived, 0)
    mix = np.where(complies, case.compliant_cost * (1 + case.paperwork), case.free_cost)
    np.testing.assert_array_equal(choice.value_share, 1)
    np.testing.assert_array_equal(choice.border_cost, mix * (1 + fine))
    due = terms.unwaived + np.where(complies | cheats, 0, terms.waived)
    np.testing.assert_array_equal(choice.duty, due)
    np.testing.assert_array_equal(choice.expected_penalty, fine)


@given(exporters(), parts)
def test_a_shipment_costs_what_its_two_parts_cost(case, part):
    """Buyers pay the mean, by units, of what each part would cost them alone, taxes included."""
    choice, whole, none = (choice_of(case, can) for can in (part, 1.0, 0.0))
    np.testing.assert_array_equal(choice.claim, whole.claim)
    np.testing.assert_array_equal(choice.rest, none.rest)

    def mean_of(name):
        return part * getattr(whole, name) + (1 - part) * getattr(none, name)

    np.testing.assert_allclose(choice.border_cost, mean_of("border_cost"), rtol=1e-12)
    np.testing.assert_allclose(choice.expected_penalty, mean_of("expected_penalty"), rtol=1e-12)
    paid = choice.border_cost * (1 + choice.duty)
    apart = [each.border_cost * (1 + each.duty) for each in (whole, none)]
    np.testing.assert_allclose(paid, part * apart[0] + (1 - part) * apart[1], rtol=1e-12)


@given(exporters(), parts, st.floats(1, 10))
def test_what_cannot_qualify_pays_or_lies_and_lies_more_the_higher_the_duty(case, part, factor):
    before, after = choice_of(case, part), choice_of(case, part, waived=factor * case.terms.waived)
    assert not (before.rest == Claim.COMPLIES).any()
    assert np.all((after.rest == Claim.CLAIMS_FALSELY) >= (before.rest == Claim.CLAIMS_FALSELY))
    # Whoever lies for goods that could qualify lies for those that could not.
    assert np.all((before.rest == before.claim) | (before.claim != Claim.CLAIMS_FALSELY))


@given(exporters(), parts)
def test_no_duty_is_high_enough_to_be_claimed_for_on_all_goods_of_honest_firms(case, part):
    honest = replace(case, reluctance=np.full_like(case.reluctance, np.inf))
    choice = choice_of(honest, part, waived=np.full_like(case.terms.waived, 10.0))
    filed = Filed.under(choice.claim, choice.rest, choice.value_share)
    assert np.all(filed.falsely == 0)
    assert np.all(filed.claimed <= choice.value_share)
    if part == 0:
        assert np.all(filed.claimed == 0)


@given(exporters(), parts)
def test_claims_that_are_held_cost_what_they_cost_when_chosen(case, part):
    chosen = choice_of(case, part)
    held = choice_of(case, part, held=(chosen.claim, chosen.rest))
    for name, array in vars(chosen).items():
        np.testing.assert_array_equal(getattr(held, name), array)
