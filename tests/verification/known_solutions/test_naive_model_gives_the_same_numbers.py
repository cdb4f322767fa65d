"""Firms that do their own sums in plain Python come to the numbers of the vectorized model.

The naive model shares no formula with the core: it works in double precision on lists,
one firm, host and regime at a time. Single precision is exact to 6e-8 and a cost adds up
a dozen inputs from five sources each, so agreement to 2e-6 is agreement. Both stop their
search for the wedge when content is within 2e-6 of the rule; what that leaves open in the
wedge is 2e-6 over the slope of content, which is above 0.3 for these firms.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm.core.demand.claims import Claim
from abm.core.inputs.buyers import ORIGINATING, ORIGINATING_BEFORE_DUTY, OTHER, OTHER_BEFORE_DUTY
from abm.trade.borders.crossing import MEMBER_PAIRS
from benchmarks.mid_quarter import MidQuarter

FIRMS = 200

ROUNDING = 2e-6
WEDGE = 2e-5


@pytest.fixture(scope="module")
def both():
    """The vectorized model and all its firms as plain agents, after one cost step each."""
    stopped = MidQuarter(FIRMS)
    naive = stopped.naive(stopped.firms)
    naive.step()
    stopped.as_last_quarter_left_it()
    stopped.model.solve_costs()
    stopped.model.claim_origin()
    return stopped.model, list(naive.agents)


def of_every_agent(agents, name):
    """A result of the naive cost step, shape (firm, host, regime)."""
    return np.array(
        [[[getattr(cost, name) for cost in at_host] for at_host in firm.costs] for firm in agents]
    )


@pytest.mark.parametrize("name", ["free_cost", "free_content", "compliant_cost"])
def test_costs_and_content_are_the_same(both, name):
    model, agents = both
    vectorized = getattr(model.costs, name)
    # Four regimes, and that in force at contracts; firms without a plant have costs, too.
    assert vectorized.shape == (len(model.firms), 3, 5)
    assert len(agents) == len(model.firms) > FIRMS
    np.testing.assert_allclose(of_every_agent(agents, name), vectorized, rtol=ROUNDING)


def test_the_rule_binds_for_the_same_firms_with_the_same_wedge(both):
    model, agents = both
    naive, vectorized = of_every_agent(agents, "log_wedge"), model.costs.log_wedge
    assert np.count_nonzero(vectorized) > 20
    assert ((naive > 0) == (vectorized > 0)).all()
    np.testing.assert_allclose(naive, vectorized, atol=WEDGE)


def without_originating_parts(terms):
    """The same prices, but no maker's goods qualify."""
    weights = terms.weights.copy()
    weights[:, :, OTHER] += weights[:, :, ORIGINATING]
    weights[:, :, OTHER_BEFORE_DUTY] += weights[:, :, ORIGINATING_BEFORE_DUTY]
    weights[:, :, [ORIGINATING, ORIGINATING_BEFORE_DUTY]] = 0
    return replace(terms, weights=weights)


# Single precision cannot hold wedge**(theta + 1) where a category has no originating source.
@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_the_same_firms_cannot_comply_at_all_where_no_part_qualifies():
    stopped = MidQuarter(FIRMS)
    model = stopped.model
    model.terms = [
        without_originating_parts(terms) if sector % 2 else terms
        for sector, terms in enumerate(model.terms)
    ]
    agents = list(stopped.naive(stopped.firms).agents)
    for firm in agents:
        firm.solve_costs()
    model.solve_costs()
    naive, vectorized = of_every_agent(agents, "feasible"), model.costs.feasible
    assert 0 < np.count_nonzero(vectorized) < vectorized.size
    assert (naive == vectorized).all()
    compliant = of_every_agent(agents, "compliant_cost")
    np.testing.assert_allclose(compliant[naive], model.costs.compliant_cost[naive], rtol=ROUNDING)
    assert np.isinf(compliant[~naive]).all()


def test_every_claim_is_the_same_and_all_kinds_occur(both):
    model, agents = both
    kinds, of_rest = set(), set()
    for host, partner in MEMBER_PAIRS:
        naive = np.array([firm.claims[host, partner] for firm in agents])
        assert (naive == model.borders.claim[:, host, partner]).all()
        kinds |= set(naive.ravel().tolist())
        naive = np.array([firm.rest_claims[host, partner] for firm in agents])
        assert (naive == model.borders.rest[:, host, partner]).all()
        of_rest |= set(naive.ravel().tolist())
    assert of_rest == {Claim.PAYS, Claim.CLAIMS_FALSELY}
    assert kinds | of_rest == set(Claim)


def test_goods_cost_the_same_at_every_border(both):
    model, agents = both
    for host, partner in MEMBER_PAIRS:
        naive = np.array([firm.border_costs[host, partner] for firm in agents])
        np.testing.assert_allclose(naive, model.borders.cost[:, host, partner], rtol=ROUNDING)


def test_a_search_that_starts_from_nothing_ends_at_the_same_wedge():
    stopped = MidQuarter(FIRMS)
    stopped.without_wedges()
    cold = list(stopped.naive(stopped.firms).agents)
    for firm in cold:
        firm.solve_costs()
    stopped.as_last_quarter_left_it()
    warm = list(stopped.naive(stopped.firms).agents)
    for firm in warm:
        firm.solve_costs()
    np.testing.assert_allclose(
        of_every_agent(cold, "log_wedge"), of_every_agent(warm, "log_wedge"), atol=WEDGE
    )
