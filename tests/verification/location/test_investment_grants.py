"""An investment grant: what it costs and brings, who sees it when, and that it is booked.

A treasury pays its share of the build cost of every plant that a firm decides on while
the grant holds, stage by stage. The direction is derived in docs/instruments.md.
"""

import tomllib
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from abm.axes import CONFIG_LABELS, FOOTLOOSE, HAS_PLANT, HOSTS, N_CONFIGS
from abm.core.choice.location import choice_probabilities, choice_values, solve_values
from abm.errors import IdentityError
from abm.explain.decision import explanation
from abm.explain.switching_points import decisions, levers_of, nearest_switch
from abm.location.moving_costs import OPENED, MovingCosts, location_problem
from abm.policy import compile_policy
from abm.scenario.scenario import Scenario
from abm.trade.books.accounts import check_identities
from experiments.explain.in_words import decision
from experiments.explain.watched import WatchedModel
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

USA, MEX, CAN = range(3)
CARS, METALS = FOOTLOOSE.index("cars"), FOOTLOOSE.index("metals")
FIRMS = 200
RATE = 0.4
GRANT = f"investment_grant.MEX.all={RATE}"
RESTLESS = (
    "firms.reviews_per_year=4",
    "firms.build_cost=0.05",
    "firms.stage_quarters=[1, 2, 1]",
    "firms.choice_noise=0.3",
    "firms.beliefs.forward=1",
    "firms.beliefs.myopic=0",
    "firms.beliefs.adaptive=0",
)


def moving(*overrides):
    scenario = load_scenario("status-quo", list(overrides))
    return MovingCosts.under(scenario.firms, compile_policy(scenario))


@cache
def run(*overrides, quarters=8, firms=FIRMS):
    """A model whose firms review often, with the shares of projects paid by stage on its way."""
    model = model_of(load_scenario("status-quo", [*RESTLESS, *overrides]), firms)
    model.due = []
    for _ in range(quarters):
        before = model.firms.target.copy(), model.firms.stage.copy()
        model.step()
        model.due.append(grants_by_firm(model, *before))
    return model


def grants_by_firm(model, target, stage):
    """What is due to firms whose stage began in the last step, one by one, shape (host,)."""
    table, settings = model.firms, model.scenario.firms
    due = np.zeros(len(HOSTS))
    for row in np.flatnonzero(table.target >= 0):
        began = int(table.stage[row])
        if target[row] >= 0 and stage[row] == began:
            continue
        after = HAS_PLANT[table.target[row]]
        new = after & ~HAS_PLANT[table.config[row]]
        a_plant = 4 * settings.build_cost / after.sum() * table.base_revenue[row]
        share = settings.stage_cost_shares[began] * a_plant * table.weight[row]
        due += share * new * table.grant[row]
    return due


def test_a_grant_takes_its_share_off_the_build_cost_of_new_plants_there_and_off_nothing_else():
    plain, granted = moving(), moving("investment_grant.MEX.metals=0.25")
    sectors = np.array([METALS, CARS])
    before = plain.weighed(None, 2)
    after = granted.weighed(sectors, 2)
    assert after.shape == (2, N_CONFIGS, N_CONFIGS, 1)
    np.testing.assert_array_equal(after[1, ..., 0], before[1])
    mexican = np.where(OPENED[..., MEX], plain.plants[..., MEX], 0) * plain.still_to_pay[0]
    np.testing.assert_allclose(after[0, ..., 0], before[0] - 0.25 * mexican, rtol=1e-12)
    elsewhere = ~OPENED[..., MEX]
    np.testing.assert_array_equal(after[0, elsewhere, 0], before[0, elsewhere])
    alone = CONFIG_LABELS.index("USA"), CONFIG_LABELS.index("USA+MEX")
    # One plant for half of the sales, which are a year's and not a quarter's.
    assert plain.plants[(*alone, MEX)] == pytest.approx(4 * plain.settings.build_cost / 2)


def test_without_a_grant_costs_have_no_axis_of_regimes_and_a_grant_of_nothing_changes_no_byte():
    assert moving().grant is None
    assert moving("investment_grant.MEX.all=0").grant is None
    plain, nothing = run(), run("investment_grant.MEX.all=0")
    for name, table in plain.frames().items():
        pd.testing.assert_frame_equal(table, nothing.frames()[name], check_exact=True)
    assert not plain.outcomes["grants_musd"].any()
    assert not plain.firms.grant.any()


def expected_openings(*overrides):
    """Plants that firms at rest would decide on at their next review, by host."""
    model = run()
    table = model.firms
    costs = moving(*RESTLESS, *overrides)
    payoff = table.location_taste[..., None].astype(np.float64)
    still = np.ones((1, 1, 1))
    problem = location_problem(costs, payoff, still, np.zeros(len(table), int), table.sector)
    values, _ = solve_values(problem)
    chances = choice_probabilities(problem, values, config=table.config.astype(int), regime=0)
    return np.einsum("fc,fch->h", chances, OPENED[table.config])


@pytest.mark.parametrize("host", [USA, MEX, CAN])
def test_a_grant_in_a_host_raises_expected_openings_there_and_a_larger_one_by_more(host):
    none, some, more = (
        expected_openings(f"investment_grant.{HOSTS[host]}.all={rate}")[host]
        for rate in (0, 0.2, 0.6)
    )
    assert none < some < more


def test_more_plants_are_announced_in_a_run_where_a_treasury_pays_for_them():
    # Among two hundred the grant decides for one or two, whose luck may name another plant.
    plain, granted = run(firms=1000), run(GRANT, firms=1000)
    announced = [
        model.outcomes.query("region == 'MEX'")["announced_musd"].sum()
        for model in (plain, granted)
    ]
    assert announced[1] > announced[0] > 0


def test_what_is_promised_is_the_share_of_what_the_new_plants_there_cost():
    model = run(GRANT)
    moves, outcomes = model.frames()["moves"], model.outcomes
    promised = moves.query("stage == 'announced'").groupby("quarter")["granted_musd"].sum()
    cost = outcomes.query("region == 'MEX'").groupby("quarter")["announced_musd"].sum()
    assert promised.max() > 0
    expected = RATE * cost[promised.index]
    np.testing.assert_allclose(promised, expected, rtol=1e-6)  # rates are kept in float32


def test_the_treasury_pays_every_stage_as_it_begins_and_nobody_else_does():
    model = run(GRANT)
    by_host = model.outcomes.groupby(["quarter", "region"])["grants_musd"].sum().unstack()
    paid = by_host[list(HOSTS)].to_numpy()[1:]
    # Firms may finish a last stage of no length in the step in which it begins; here none has.
    np.testing.assert_allclose(paid, np.array(model.due), rtol=1e-6)
    assert (paid[3:, MEX] > 0).all()
    assert not paid[:, [USA, CAN]].any()


def test_the_treasury_has_less_by_exactly_the_grants_and_the_books_still_balance():
    books = run(GRANT).accounts
    spent = books.duty_revenue[:3] - books.subsidies.sum(axis=0) - books.treasury[:3]
    np.testing.assert_allclose(spent, books.grants.sum(axis=0), rtol=1e-9, atol=1e-6)
    assert spent[MEX] > 0


def test_rebated_grants_are_paid_for_by_consumers():
    kept, rebated = (
        run(GRANT, f"economy.duty_revenue={where}", quarters=6) for where in ("kept", "rebated")
    )
    without = run("economy.duty_revenue=rebated", quarters=6)
    mexican = [m.accounts.consumption[:, MEX].sum() for m in (rebated, without)]
    assert kept.accounts.grants[:, MEX].sum() > 0
    assert mexican[0] < mexican[1]


def test_books_with_a_negative_grant_are_refused():
    model = run(GRANT)
    wrong = replace(model.accounts, grants=-model.accounts.grants)
    with pytest.raises(IdentityError, match="grant is negative"):
        check_identities(wrong, None, None)


ENDS = (
    "[[timeline]]\ndate = 2017-07-01\ntitle = 'the grant ends'\n"
    "set = { 'investment_grant.MEX.all' = 0.0 }\n"
)


def scenario_with(text, *overrides):
    base = load_scenario("status-quo", [*RESTLESS, *overrides]).model_dump(exclude_none=True)
    return Scenario.from_document(base | tomllib.loads(text))


def test_a_project_is_paid_for_as_promised_after_the_grant_has_ended_and_a_later_one_is_not():
    model = model_of(scenario_with(ENDS, GRANT), FIRMS)
    model.run_for(6)
    moves, outcomes = model.frames()["moves"], model.outcomes
    announced = moves.query("stage == 'announced'").groupby("quarter")["granted_musd"].sum()
    assert announced[[1, 2]].min() > 0
    assert not announced.loc[3:].any()
    assert outcomes.query("region == 'MEX' and quarter == 3")["grants_musd"].sum() > 0
    # The longest project takes four quarters, so all that were promised anything have ended.
    late = outcomes.query("quarter == 6")
    assert not late["grants_musd"].any()
    assert late["announced"].any()


def two_regimes(later, chance=0.5):
    """A firm in the United States alone, today without a grant, tomorrow perhaps with one."""
    grant = np.zeros((len(FOOTLOOSE), len(HOSTS), 2))
    grant[:, MEX, 1] = later
    costs = MovingCosts(run().scenario.firms, grant)
    chains = np.array([np.eye(2), [[1 - chance, chance], [0, 1]]])
    payoff = np.zeros((2, N_CONFIGS, 2))
    problem = location_problem(costs, payoff, chains, np.array([0, 1]), np.array([CARS, CARS]))
    values, _ = solve_values(problem)
    here = np.full(2, CONFIG_LABELS.index("USA"))
    worth = choice_values(problem, values, config=here, regime=0)
    return worth - worth[:, [CONFIG_LABELS.index("USA")]]


def test_a_grant_that_may_come_is_worth_waiting_for_to_those_who_see_it_coming():
    there = CONFIG_LABELS.index("USA+MEX")
    never, perhaps = two_regimes(0.0)[:, there], two_regimes(0.8)[:, there]
    myopic, forward = range(2)
    assert never[myopic] == pytest.approx(never[forward], rel=1e-9)
    assert perhaps[myopic] == pytest.approx(never[myopic], rel=1e-9)
    # Building now gives up the right to build with the grant.
    assert perhaps[forward] < never[forward] - 1e-3
    assert two_regimes(0.8, chance=0.9)[forward, there] < perhaps[forward]


@pytest.fixture(scope="module")
def watched():
    """Firms without a Mexican plant as they review where a grant holds: row, situation, luck."""

    class Watched(WatchedModel):
        def value_plans(self):
            super().value_plans()
            rows, table = self.plans.rows, self.firms
            free = rows[(table.target[rows] < 0) & ~table.plants[rows, MEX]]
            firms = free[:6].tolist()
            self.told = [(row, self.moment.situation(row), self.moment.luck(row)) for row in firms]

    model = Watched(load_scenario("status-quo", [*RESTLESS, GRANT]), firms=FIRMS, rng=1)
    model.step()
    return model


def test_what_explain_tells_of_costs_and_grants_is_what_the_model_weighed(watched):
    assert len(watched.told) == 6
    for row, situation, luck in watched.told:
        told = explanation(situation, row, watched.quarter, luck, levers=())
        before, costs = situation.config, situation.moving
        for plan in told.plans:
            after = CONFIG_LABELS.index(plan.plants)
            paid = MovingCosts(costs.settings).weighed(None, 1)[0, before, after]
            whole = pytest.approx(paid + plan.build_up, rel=1e-12)
            assert plan.grant + plan.move_cost == whole
            assert (plan.build_up > 0) == costs.delays[before, after].astype(bool)
            assert (plan.grant > 0) == ("MEX" in plan.plants)
        best = next(plan for plan in told.plans if plan.plants == told.waiting.best_other)
        chosen = next(plan for plan in told.plans if plan.plants == told.decision)
        of_whom = best if told.decision == told.who.plants else chosen
        assert ("after grants of" in decision(told)) == (of_whom.grant > 0)


def test_a_grant_is_a_lever_at_whose_switching_value_the_firm_builds(watched):
    _, situation, _ = watched.told[0]
    before, moving = situation.config, situation.moving
    plants = HAS_PLANT[before] | (np.arange(len(HOSTS)) == MEX)
    after = int(np.flatnonzero((plants == HAS_PLANT).all(axis=1))[0])
    worth = situation.weighed().worth[0]
    plant = moving.plants[before, after, MEX] * moving.still_to_pay[0]
    # Luck leaves it short of building by what a further quarter of the cost would make up for.
    luck = np.full(N_CONFIGS, -10.0)
    luck[before], luck[after] = 0, worth[before] - worth[after] - 0.25 * plant
    lucky = replace(situation, luck=luck)
    levers = {lever.key: lever for lever in levers_of(lucky)}
    assert levers["investment_grant.USA"].now == 0
    lever = levers["investment_grant.MEX"]
    assert lever.now == RATE
    switch = nearest_switch(lucky, lever)
    assert switch.decision == after
    # A lasting grant also makes building later cheaper, so it takes more than that quarter.
    assert RATE + 0.25 - 1e-3 < switch.value < lever.high
    at = decisions(lucky, lever, np.array([switch.value - 1e-3, switch.value]))
    assert list(at) == [before, after]
