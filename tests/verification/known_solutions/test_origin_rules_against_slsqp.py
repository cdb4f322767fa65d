"""All rules of origin together cost what a general optimiser finds.

As in test_wedge_against_slsqp, the program is written in the masses of parts bought
from each content group: the cheapest parts of group ``g`` of mass ``x`` cost
``spend * share**(-1/theta) * x**(1 + 1/theta)``, the masses of a category adding to one.
"""

from dataclasses import replace

import numpy as np
import pytest

from abm.core.inputs.content_rules import meet_content_rule
from abm.core.inputs.least_cost import meet_origin_rules
from abm.core.inputs.origin_rules import (
    AT_HIGH_WAGES,
    CATEGORY,
    CONTENT,
    CORE,
    COUNTRY,
    FOREIGN,
    LABOUR,
    REGIONAL,
    REGIONAL_THERE,
    SHIFT,
    THERE,
    OriginRules,
    Sourcing,
    rule_excess,
)
from tests.reference.general_optimiser import optimised

N_FIRMS = 50
N_GROUPS = 5
"""At high wages or not, elsewhere or in the country of which a content is asked; and foreign."""
SAME = 1e-6


def draw(seed):
    """A random firm under rules that some mix meets and its free one does not."""
    rng = np.random.default_rng(seed)
    inputs = rng.integers(2, 6)
    spend = rng.dirichlet(np.ones(inputs)) * rng.uniform(0.4, 0.9)
    shares = rng.dirichlet(np.ones(N_GROUPS), inputs).T.clip(0.03)
    shares /= shares.sum(axis=0)
    other = 1 - spend.sum()
    own = other * rng.uniform(0, 0.6)
    before_duty = 1 / (1 + rng.choice([0, 0.025, 0.25], inputs))
    firm = Sourcing(
        spend[:, None],
        shares[..., None],
        before_duty[:, None],
        rng.uniform(1.5, 10.0, inputs),
        np.array([other]),
        np.array([own]),
        np.array([other if rng.random() < 0.3 else 0.0]),
    )
    free = firm.free_spending[..., 0]
    foreign, high = (before_duty * free[FOREIGN]), free[AT_HIGH_WAGES].sum() + own
    there = free[THERE].sum() + firm.own_country[0]
    inside = np.arange(inputs) == 0
    purchases = foreign[0] + free[:FOREIGN, 0].sum()
    shift = np.where(np.arange(inputs) == 1, rng.uniform(0.3, 1.0), 0.0)

    def stricter(free_share, chance):
        """Between what the free mix has and one, or no rule."""
        bound = free_share + (1 - free_share) * rng.uniform(0.02, 0.6)
        return np.array([bound if rng.random() < chance else 0.0])

    short = foreign[-1] / (foreign[-1] + free[:FOREIGN, -1].sum())
    rules = OriginRules(
        threshold=stricter(1 - foreign.sum(), 0.8),
        labour=np.array([high + (0.9 - high) * rng.uniform(0, 0.5) if rng.random() < 0.7 else 0]),
        category=stricter(1 - foreign[0] / purchases, 0.7),
        in_category=inside,
        shift=shift[:, None],
        de_minimis=np.array([(shift * foreign).sum() * rng.uniform(0.2, 1.2)]),
        country=np.array([there + (0.9 - there) * rng.uniform(0, 0.5)]) * (rng.random() < 0.7),
        core=np.array([min(0.97, 1 - short * rng.uniform(0.1, 0.9))]) * (rng.random() < 0.5),
        in_core=np.arange(inputs) == inputs - 1,
    )
    return firm, rules


@pytest.fixture(scope="module")
def cases():
    found = []
    for seed in range(N_FIRMS):
        firm, rules = draw(seed)
        found.append((firm, rules, meet_origin_rules(firm, rules, tolerance=1e-12)))
    return found


def only_waste_helps(firm, rules):
    """Whether content of the country is missed with all parts from there, bought cheaply.

    Dearer parts from there than need be would still raise the share, which the optimiser finds.
    """
    power = -1 / firm.theta
    there = (firm.spend[:, 0] * firm.shares[THERE].sum(axis=0)[:, 0] ** power).sum()
    reach = (firm.own_country[0] + there) / (firm.other_cost[0] + there)
    return reach < rules.country[0]


def test_least_cost_under_all_rules_equals_slsqp_on_random_firms(cases):
    for firm, rules, mix in cases:
        best = optimised(firm, rules)
        if only_waste_helps(firm, rules):
            assert not mix.feasible[0]
            continue
        assert mix.feasible[0] == (best is not None)
        if best is not None:
            assert mix.net_cost[0] == pytest.approx(best, rel=SAME)


def test_the_random_firms_have_every_rule_binding_and_several_at_once(cases):
    binding = np.stack([mix.multipliers[:, 0] > 1e-6 for *_, mix in cases if mix.feasible[0]])
    every = [CONTENT, LABOUR, CATEGORY, SHIFT, COUNTRY, CORE]
    assert (binding[:, every].sum(axis=0) >= 5).all()
    assert (binding.sum(axis=1) >= 2).sum() >= 10
    assert (binding.sum(axis=1) >= 3).any()


def test_a_rule_with_a_multiplier_is_met_exactly_and_none_is_missed(cases):
    for firm, rules, mix in cases:
        if mix.feasible[0]:
            excess = rule_excess(firm, rules, mix.spending)[:, 0]
            assert excess.max() <= 1e-9
            assert np.abs(excess * mix.multipliers[:, 0]).max() <= 1e-9


def test_many_firms_at_once_are_solved_as_one_by_one(cases):
    # Firms with the same number of inputs and the same theta can share a call.
    firm, rules, _ = cases[0]
    rows = np.zeros(7, int)
    together = replace(firm.take(rows), own_high_wage=np.linspace(0, 0.2, 7))
    mix = meet_origin_rules(together, rules.take(rows), tolerance=1e-12)
    for entry in range(7):
        one = np.array([entry])
        alone = meet_origin_rules(together.take(one), rules.take(rows[:1]), tolerance=1e-12)
        assert alone.net_cost[0] == pytest.approx(mix.net_cost[entry], rel=1e-11)


def test_with_content_alone_it_is_the_wedge_of_the_content_rule():
    for seed in range(20):
        firm, rules = draw(seed)
        nothing = np.zeros(1)
        content = max(rules.threshold[0], 0.5)
        alone = replace(
            rules,
            threshold=np.array([content]),
            labour=nothing,
            category=nothing,
            de_minimis=np.ones(1),
            country=nothing,
            core=nothing,
        )
        mix = meet_origin_rules(firm, alone, tolerance=1e-12)
        wedge = meet_content_rule(
            firm.spend,
            firm.shares[FOREIGN],
            firm.before_duty,
            firm.theta,
            firm.other_cost,
            alone.threshold,
            tolerance=1e-12,
        )
        assert mix.feasible[0] == wedge.feasible[0]
        assert mix.net_cost[0] == pytest.approx(wedge.net_cost[0], rel=1e-9)


def test_all_parts_at_high_wages_make_the_labour_rule_slack():
    for seed in range(20):
        firm, rules = draw(seed)
        shares = firm.shares.copy()
        shares[AT_HIGH_WAGES] += shares[[REGIONAL, REGIONAL_THERE]]
        shares[[REGIONAL, REGIONAL_THERE]] = 0
        paid = replace(firm, shares=shares, own_high_wage=firm.other_cost)
        rules = replace(rules, labour=np.minimum(rules.labour, rules.threshold))
        mix = meet_origin_rules(paid, rules, tolerance=1e-12)
        assert mix.multipliers[LABOUR, 0] == 0


def test_wider_cumulation_never_raises_compliant_cost():
    for seed in range(30):
        firm, rules = draw(seed)
        costs = []
        for share in (0.0, 0.2, 0.5):
            shares = firm.shares.copy()
            shares[REGIONAL] += share * shares[FOREIGN]
            shares[FOREIGN] *= 1 - share
            mix = meet_origin_rules(replace(firm, shares=shares), rules, tolerance=1e-12)
            costs.append(mix.net_cost[0] if mix.feasible[0] else np.inf)
        assert costs[0] >= costs[1] - 1e-10
        assert costs[1] >= costs[2] - 1e-10


def test_a_stricter_rule_never_costs_less():
    for seed in range(30):
        firm, rules = draw(seed)
        mix = meet_origin_rules(firm, rules, tolerance=1e-12)
        for name in ("threshold", "labour", "category", "country", "core"):
            harder = replace(rules, **{name: np.minimum(getattr(rules, name) + 0.02, 0.99)})
            strict = meet_origin_rules(firm, harder, tolerance=1e-12)
            if strict.feasible[0]:
                assert strict.net_cost[0] >= mix.net_cost[0] - 1e-10


def test_a_labour_rule_that_nobody_pays_enough_for_is_infeasible():
    firm, rules = draw(3)
    shares = firm.shares.copy()
    shares[[REGIONAL, REGIONAL_THERE]] += shares[AT_HIGH_WAGES]
    shares[AT_HIGH_WAGES] = 0
    poor = replace(firm, shares=shares, own_high_wage=np.zeros(1))
    mix = meet_origin_rules(poor, replace(rules, labour=np.array([0.4])))
    assert not mix.feasible[0]


def test_where_the_country_is_the_region_its_content_rule_is_that_on_regional_content():
    for seed in range(20):
        firm, rules = draw(seed)
        shares = firm.shares.copy()
        shares[THERE] += shares[:2]
        shares[:2] = 0
        # The value of foreign parts is before duty in the one rule, net cost after it in both.
        duty_free = np.ones_like(firm.before_duty)
        only = replace(firm, shares=shares, own_country=firm.other_cost, before_duty=duty_free)
        content = np.maximum(rules.threshold, 0.6)
        nothing = np.zeros(1)
        by_region = replace(
            rules,
            threshold=content,
            labour=nothing,
            category=nothing,
            country=nothing,
            core=nothing,
        )
        by_country = replace(by_region, threshold=nothing, country=content)
        mixes = [meet_origin_rules(only, each, tolerance=1e-12) for each in (by_region, by_country)]
        assert mixes[0].feasible[0] == mixes[1].feasible[0]
        assert mixes[1].net_cost[0] == pytest.approx(mixes[0].net_cost[0], rel=1e-10)
        assert mixes[1].log_wedge[0] == pytest.approx(mixes[0].log_wedge[0], rel=1e-6, abs=1e-9)


def test_where_no_content_of_a_country_is_asked_for_it_is_no_matter_where_parts_are_from():
    for seed in range(20):
        firm, rules = draw(seed)
        unasked = replace(rules, country=np.zeros(1))
        shares = firm.shares
        merged = np.stack([shares[0] + shares[2], shares[1] + shares[3], shares[FOREIGN]])
        apart, together = (
            meet_origin_rules(each, unasked, tolerance=1e-12)
            for each in (firm, replace(firm, shares=merged))
        )
        assert apart.feasible[0] == together.feasible[0]
        assert apart.net_cost[0] == pytest.approx(together.net_cost[0], rel=1e-10)


def test_content_of_a_country_from_which_nothing_can_be_bought_is_infeasible():
    firm, rules = draw(3)
    shares = firm.shares.copy()
    shares[:2] += shares[THERE]
    shares[THERE] = 0
    far = replace(firm, shares=shares, own_country=np.zeros(1))
    assert not meet_origin_rules(far, replace(rules, country=np.array([0.3]))).feasible[0]
