"""Laws of claims of origin, whatever the firm, the duty and the customs officer."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.core.demand.claims import Claim, choose_claim
from tests.strategies import exporters


def choice_of(case, **changes):
    terms = replace(case.terms, **changes)
    return choose_claim(*list(vars(case).values())[:-1], terms)


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
