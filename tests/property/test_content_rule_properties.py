"""Laws of the content rule and of the cost step, whatever the firms and the prices."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from abm.core.inputs.content_rules import MAX_LOG_WEDGE, meet_content_rule, restricted_spending
from abm.core.inputs.cost_step import cost_step
from abm.core.inputs.purchases import input_purchases
from abm.core.inputs.sourcing import UnitCosts
from tests.strategies import N_ENTRIES, mixes, plants, seeds, thresholds

TOLERANCE = 1e-12
"""Asked of the solver: shortfall of content, as a share of net cost."""

ROUNDING = 1e-12
"""A thousand roundings of double precision."""

WHOLE = np.array([0, N_ENTRIES])
"""All firms are of one sector."""

COST_SLACK = np.expm1(MAX_LOG_WEDGE) * 2 * TOLERANCE
"""What the shortfall may save: the rule's multiplier, at most, times twice the tolerance."""


def content_and_cost(mix, log_wedge):
    """Regional value content and net cost under one wedge for all firms."""
    originating, other = restricted_spending(
        np.full(N_ENTRIES, log_wedge), mix.spend, mix.foreign, mix.before_duty, mix.theta
    )
    cost = mix.other_cost + (originating + other).sum(axis=0)
    return 1 - (mix.before_duty * other).sum(axis=0) / cost, cost


def solved(mix, threshold, start=None):
    return meet_content_rule(
        *vars(mix).values(), np.full(N_ENTRIES, threshold), start=start, tolerance=TOLERANCE
    )


def unit_costs(case, *rules):
    """The cost step's answer, one regime for each threshold."""
    terms = replace(case.terms, threshold=np.array([[rules]]))
    costs = UnitCosts.empty(N_ENTRIES, case.value_added.shape[1], len(rules), np.float64)
    value_added = np.repeat(case.value_added[..., None], len(rules), axis=2)
    cost_step(case.buyers, value_added, terms, costs, TOLERANCE)
    return costs


@given(mixes(), st.floats(0, 9), st.floats(1e-3, 9))
def test_content_and_cost_rise_with_the_wedge(mix, log_wedge, more):
    content, cost = content_and_cost(mix, log_wedge)
    higher, dearer = content_and_cost(mix, log_wedge + more)
    assert np.all(higher >= content - ROUNDING)
    assert np.all(dearer >= cost - ROUNDING)


@given(mixes(), st.floats(0.01, 0.5))
def test_a_first_wedge_raises_content_wherever_there_is_a_choice(mix, log_wedge):
    content, _ = content_and_cost(mix, 0.0)
    higher, _ = content_and_cost(mix, log_wedge)
    choice = ((mix.foreign > 0.01) & (mix.foreign < 0.99) & (mix.spend > 1e-3)).any(axis=0)
    assert np.all(higher[choice] > content[choice])


@given(mixes(), thresholds)
def test_content_meets_the_threshold_wherever_it_can(mix, threshold):
    found = solved(mix, threshold)
    highest, _ = content_and_cost(mix, MAX_LOG_WEDGE)
    np.testing.assert_array_less(threshold - 10 * TOLERANCE, found.content[found.feasible] + 1e-15)
    assert np.all(highest[~found.feasible] < threshold)


@given(mixes(), thresholds, seeds)
def test_the_warm_start_does_not_matter(mix, threshold, rng):
    cold, warm = solved(mix, threshold), solved(mix, threshold, rng.uniform(0, 5, N_ENTRIES))
    np.testing.assert_array_equal(warm.feasible, cold.feasible)
    np.testing.assert_allclose(
        warm.net_cost[cold.feasible], cold.net_cost[cold.feasible], rtol=0, atol=COST_SLACK
    )


@given(plants(), thresholds, thresholds)
def test_cost_never_falls_when_a_rule_tightens(case, one, other):
    costs = unit_costs(case, min(one, other), max(one, other))
    loose, tight = np.moveaxis(costs.compliant_cost, -1, 0)
    assert np.all(tight >= loose - COST_SLACK)
    lenient, strict = np.moveaxis(costs.feasible, -1, 0)
    assert not np.any(strict & ~lenient)


@given(plants(), thresholds)
def test_complying_never_costs_less_than_choosing_freely(case, threshold):
    costs = unit_costs(case, 0.0, threshold)
    assert np.all(costs.compliant_cost >= costs.free_cost - COST_SLACK)
    free = costs.free_content[..., 1] >= threshold
    np.testing.assert_array_equal(costs.compliant_cost[..., 1][free], costs.free_cost[..., 1][free])
    np.testing.assert_array_equal(costs.compliant_cost[..., 0], costs.free_cost[..., 0])


@given(plants(), seeds)
def test_content_follows_the_share_of_origin_and_free_purchases_do_not(case, rng):
    """Whose deliveries originate less has less content, and buys the same at the same cost."""
    shares = case.buyers.origin_share
    less = replace(case.buyers, origin_share=shares * rng.uniform(0, 1, shares.shape))
    before, after = unit_costs(case, 0.0, 0.0), unit_costs(replace(case, buyers=less), 0.0, 0.0)
    np.testing.assert_allclose(after.free_cost, before.free_cost, rtol=1e-12)
    assert np.all(after.free_content <= before.free_content + ROUNDING)
    volume, none = rng.exponential(1, (N_ENTRIES, 2)), np.zeros((N_ENTRIES, 2))
    for host in range(shares.shape[1]):
        here, no_wedge = case.terms.at(host, 0), np.zeros(N_ENTRIES)
        bought, same = (
            input_purchases(buyers.at(host), [here], WHOLE, no_wedge, volume, none)
            for buyers in (case.buyers, less)
        )
        np.testing.assert_allclose(same, bought, rtol=1e-12)


@given(plants(regimes=1), thresholds, seeds)
def test_purchases_are_never_negative_and_add_up_to_cost(case, threshold, rng):
    """Value added and services are the rest of what a unit costs, under a rule or none."""
    costs = unit_costs(case, threshold)
    free, compliant = rng.exponential(1, (2, N_ENTRIES, 3))
    terms = replace(case.terms, threshold=np.array([[[threshold]]]))
    for host in range(case.value_added.shape[1]):
        compliant[~costs.feasible[:, host, 0]] = 0
        bought = input_purchases(
            case.buyers.at(host),
            [terms.at(host, 0)],
            WHOLE,
            costs.log_wedge[:, host, 0],
            free,
            compliant,
        )
        other = case.value_added[:, host] + case.terms.services[host, 0]
        spent = [
            (cost[:, host, 0] - other) @ volume
            for cost, volume in (
                (costs.free_cost, free),
                (np.where(costs.feasible, costs.compliant_cost, 0), compliant),
            )
        ]
        assert np.all(bought >= 0)
        np.testing.assert_allclose(bought[0].sum(axis=(0, 1)), sum(spent), rtol=1e-9)


@given(plants(regimes=2), thresholds, st.integers(0, N_ENTRIES), seeds)
def test_sectors_solved_together_cost_what_each_costs_alone(case, threshold, first, rng):
    """Whoever is solved with whom: firms of two sectors that buy at other prices."""
    rules = np.array([0.0, threshold])
    weights = case.terms.weights
    one = replace(case.terms, threshold=rules[None, None])
    other = replace(
        one,
        weights=weights * rng.uniform(0.5, 2, weights.shape),
        bill_of_materials=case.terms.bill_of_materials * 0.7,
        services=case.terms.services + 0.1,
    )
    value_added = np.repeat(case.value_added[..., None], 2, axis=2)
    hosts = case.value_added.shape[1]
    together, alone = (UnitCosts.empty(N_ENTRIES, hosts, 2, np.float64) for _ in range(2))
    edges = np.array([0, first, N_ENTRIES])
    cost_step(case.buyers, value_added, [one, other], together, TOLERANCE, edges)
    for terms, rows in ((one, slice(0, first)), (other, slice(first, N_ENTRIES))):
        if rows.stop > rows.start:
            some, out = case.buyers.take(rows), alone.rows(rows)
            cost_step(some, value_added[rows], terms, out, TOLERANCE)
    for name, costs in vars(together).items():
        np.testing.assert_allclose(costs, getattr(alone, name), rtol=1e-9, err_msg=name)
