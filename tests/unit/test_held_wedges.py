"""Complying takes time: what is signed makes up for what runs on, or does not yet."""

import numpy as np
import pytest

from abm.core.inputs.content_rules import meet_content_rule, restricted_spending
from abm.core.inputs.held_wedges import next_held, sign_for_content, sign_for_rules
from abm.core.inputs.least_cost import meet_origin_rules
from abm.core.inputs.origin_rules import (
    FOREIGN,
    OriginRules,
    Sourcing,
    rule_excess,
    spending_at,
)

INPUTS, ENTRIES = 3, 400
PART = 0.15
TIGHT = 1e-10


class Firms:
    """Firms that miss a content rule, in double precision."""

    def __init__(self, seed=0, threshold=0.7):
        rng = np.random.default_rng(seed)
        self.spend = rng.uniform(0.05, 0.3, (INPUTS, ENTRIES))
        self.foreign = rng.uniform(0.3, 0.7, (INPUTS, ENTRIES))
        self.before_duty = rng.uniform(0.85, 1.0, (INPUTS, ENTRIES))
        self.theta = rng.uniform(2.0, 6.0, INPUTS)
        self.other_cost = rng.uniform(0.2, 0.4, ENTRIES)
        self.threshold = np.full(ENTRIES, threshold)
        self.goal = meet_content_rule(*self.given, tolerance=TIGHT)

    @property
    def given(self):
        return (
            self.spend,
            self.foreign,
            self.before_duty,
            self.theta,
            self.other_cost,
            self.threshold,
        )

    def signed(self, held, part=PART):
        return sign_for_content(*self.given, held, self.goal.log_wedge, part, TIGHT)


@pytest.mark.parametrize("progress", [0.0, 0.5, 0.9])
def test_the_whole_mix_meets_the_rule_and_costs_more_than_the_compliant_one(progress):
    firms = Firms()
    held = progress * firms.goal.log_wedge
    mix = firms.signed(held)
    parts = [
        restricted_spending(wedge, firms.spend, firms.foreign, firms.before_duty, firms.theta)
        for wedge in (held, mix.signed)
    ]
    spent = [sum(kinds).sum(axis=0) for kinds in parts]
    foreign = [(firms.before_duty * other).sum(axis=0) for _, other in parts]
    cost = firms.other_cost + (1 - PART) * spent[0] + PART * spent[1]
    content = 1 - ((1 - PART) * foreign[0] + PART * foreign[1]) / cost
    late = mix.feasible & (firms.goal.log_wedge > 1e-3)
    assert late.any()
    np.testing.assert_allclose(mix.net_cost[late], cost[late], rtol=1e-12)
    np.testing.assert_allclose(content[late], 0.7, atol=1e-9)
    assert (mix.net_cost[late] > firms.goal.net_cost[late]).all()
    assert (mix.signed[late] > firms.goal.log_wedge[late]).all()


def test_the_further_a_firm_has_come_the_more_firms_can_comply():
    firms = Firms(threshold=0.85)
    feasible = [
        firms.signed(progress * firms.goal.log_wedge).feasible.mean()
        for progress in (0.0, 0.3, 0.6, 0.9, 1.0)
    ]
    assert feasible == sorted(feasible)
    assert feasible[0] < 0.5
    assert feasible[-1] == 1


def test_with_all_contracts_signed_now_the_mix_is_the_compliant_one():
    firms = Firms()
    mix = firms.signed(np.zeros(ENTRIES), part=1.0)
    np.testing.assert_allclose(mix.signed, firms.goal.log_wedge, atol=1e-8)
    np.testing.assert_allclose(mix.net_cost, firms.goal.net_cost, rtol=1e-8)


def test_everybody_who_prepares_complies_after_some_quarters():
    firms = Firms()
    held, goal = np.zeros(ENTRIES), firms.goal.log_wedge
    quarters = np.zeros(ENTRIES)
    for _ in range(30):
        complies = firms.signed(held).feasible
        quarters += ~complies
        held = next_held(held, complies, goal, np.ones(ENTRIES, bool), goal, PART)
    np.testing.assert_array_equal(held, goal)
    assert 1 < quarters.max() < 20


def test_who_prepares_nothing_loses_what_it_had():
    no = np.zeros(2, bool)
    held = next_held(np.array([0.2, 0.0]), no, np.ones(2), no, np.ones(2), PART)
    np.testing.assert_allclose(held, [0.2 * (1 - PART), 0])


class RuledFirms:
    """Firms that miss a rule on content or on labour, or both."""

    def __init__(self, seed=1, entries=60):
        rng = np.random.default_rng(seed)
        self.firms = Sourcing(
            spend=rng.uniform(0.05, 0.3, (INPUTS, entries)),
            shares=np.moveaxis(rng.dirichlet([2, 2, 3], (INPUTS, entries)), -1, 0),
            before_duty=rng.uniform(0.85, 1.0, (INPUTS, entries)),
            theta=rng.uniform(2.0, 6.0, INPUTS),
            other_cost=rng.uniform(0.2, 0.4, entries),
            own_high_wage=rng.uniform(0.0, 0.1, entries),
            own_country=np.zeros(entries),
        )
        none = np.zeros(entries)
        self.rules = OriginRules(
            threshold=np.full(entries, 0.68),
            labour=np.full(entries, 0.3),
            category=none,
            in_category=np.zeros(INPUTS, bool),
            shift=np.zeros((INPUTS, entries)),
            de_minimis=none + 1,
            country=none,
            core=none,
            in_core=np.zeros(INPUTS, bool),
        )
        self.goal = meet_origin_rules(self.firms, self.rules, tolerance=TIGHT)

    def signed(self, held, part=PART):
        return sign_for_rules(
            self.firms, self.rules, self.goal.multipliers, held, part, tolerance=1e-9
        )


@pytest.mark.parametrize("progress", [0.3, 0.9])
def test_with_several_rules_the_whole_mix_meets_all_of_them(progress):
    world = RuledFirms()
    held = np.full(len(world.goal.net_cost), progress)
    mix = world.signed(held)
    missed = world.goal.multipliers.any(axis=0) & world.goal.feasible
    late = mix.feasible & missed
    assert late.sum() > 5
    running, new = (
        spending_at(world.firms, world.rules, world.goal.multipliers * factor)
        for factor in (held, mix.signed)
    )
    spending = (1 - PART) * running + PART * new
    cost = world.firms.other_cost + spending.sum(axis=(0, 1))
    excess = rule_excess(world.firms, world.rules, spending) / cost
    assert (excess[:, late] < 1e-8).all()
    np.testing.assert_allclose(excess[:, late].max(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(mix.net_cost[late], cost[late], rtol=1e-12)
    foreign = (world.firms.before_duty * spending[FOREIGN]).sum(axis=0)
    np.testing.assert_allclose(mix.content[late], (1 - foreign / cost)[late], rtol=1e-12)
    assert (mix.net_cost >= world.goal.net_cost * (1 - 1e-9))[late].all()


def test_with_several_rules_and_all_signed_now_the_mix_is_the_compliant_one():
    world = RuledFirms()
    mix = world.signed(np.zeros(len(world.goal.net_cost)), part=1.0)
    some = world.goal.feasible
    np.testing.assert_allclose(mix.net_cost[some], world.goal.net_cost[some], rtol=1e-7)
