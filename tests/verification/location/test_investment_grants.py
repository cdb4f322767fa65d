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
from abm.core.choice.clocks import Kind
from abm.core.choice.dated_beliefs import Calendar
from abm.errors import IdentityError
from abm.explain.decision import explanation
from abm.explain.one_firm import ONLY
from abm.explain.switching_points import decisions, levers_of, nearest_switch
from abm.location.may_do import DrawnLuck
from abm.location.moving_costs import OPENED, MovingCosts, Sunk
from abm.location.valuation import Choices, weigh
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
    "firms.beliefs.forward=1",
    "firms.beliefs.myopic=0",
    "firms.beliefs.adaptive=0",
)


def moving(*overrides):
    scenario = load_scenario("status-quo", list(overrides))
    calibration = run().calibration
    sunk = Sunk(calibration.arriving, calibration.founding)
    costs = MovingCosts.of(run().economy, scenario.firms, scenario.economy.speeds, sunk)
    return costs.under(compile_policy(scenario))


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
        new = HAS_PLANT[table.target[row]] & ~HAS_PLANT[table.config[row]]
        sales = table.base_revenue[row] * table.base_plant_sales[row, table.target[row]]
        stages = settings.stage_cost_shares if table.project[row] == Kind.NEW_PLANT else (1.0,)
        share = stages[began] * 4 * settings.build_cost * table.weight[row]
        due += share * sales * new * table.grant[row]
    return due


def test_a_grant_takes_its_share_off_the_build_cost_of_new_plants_there_and_off_nothing_else():
    plain, granted = moving(), moving("investment_grant.MEX.metals=0.25")
    table = run().firms
    rows = np.array([np.flatnonzero(table.sector == sector)[0] for sector in (METALS, CARS)])
    before, after = plain.weighed(table, rows), granted.weighed(table, rows)
    assert after.shape == (2, N_CONFIGS, N_CONFIGS, 1)
    np.testing.assert_array_equal(after[1, ..., 0], before[1])
    sales = table.base_plant_sales[rows[0], :, MEX].astype(np.float64)
    mexican = 4 * plain.settings.build_cost * sales * OPENED[..., MEX] / plain.gain[METALS]
    expected = before[0] - 0.25 * plain.weights[0] * mexican
    np.testing.assert_allclose(after[0, ..., 0], expected, rtol=1e-9)
    elsewhere = ~OPENED[..., MEX]
    np.testing.assert_array_equal(after[0, elsewhere, 0], before[0, elsewhere])


def test_without_a_grant_costs_have_no_axis_of_regimes_and_a_grant_of_nothing_changes_no_byte():
    assert moving().grant is None
    assert moving("investment_grant.MEX.all=0").grant is None
    plain, nothing = run(), run("investment_grant.MEX.all=0")
    for name, table in plain.frames().items():
        pd.testing.assert_frame_equal(table, nothing.frames()[name], check_exact=True)
    assert not plain.outcomes["grants_musd"].any()
    assert not plain.firms.grant.any()


def expected_openings(*overrides):
    """Plants that firms are expected to decide on in the first quarter, by host."""
    model = model_of(load_scenario("status-quo", [*RESTLESS, *overrides]), FIRMS)
    model.step()
    return model.expected_moves.opening.sum(axis=(0, 1))


@pytest.mark.parametrize("host", [USA, MEX, CAN])
def test_a_grant_in_a_host_raises_expected_openings_there_and_a_larger_one_by_more(host):
    none, some, more = (
        expected_openings(f"investment_grant.{HOSTS[host]}.all={rate}")[host]
        for rate in (0, 0.2, 0.6)
    )
    assert none < some < more


def test_more_plants_are_announced_in_a_run_where_a_treasury_pays_for_them():
    # Expected, as whom luck lets build is another matter, and in the first quarter, as plants
    # that stand earlier leave fewer to be built later.
    plain, granted = run(), run(GRANT)
    announced = [
        model.outcomes.query("region == 'MEX' and quarter == 1")["expected_announced_musd"].sum()
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
    assert (paid[:, MEX] > 0).sum() > 4
    assert not paid[:, [USA, CAN]].any()


def test_the_treasury_has_less_by_exactly_the_grants_and_the_books_still_balance():
    books = run(GRANT).accounts
    spent = books.duty_revenue[:3] - books.subsidies.sum(axis=0) - books.treasury[:3]
    np.testing.assert_allclose(spent, books.grants.sum(axis=0), rtol=1e-9, atol=1e-6)
    assert spent[MEX] > 0


@pytest.mark.thorough
def test_grants_are_paid_for_by_households_where_they_pay_for_treasuries():
    still = "economy.exchange_speed=0.0"
    nobody, paid = (
        run(GRANT, still, f"economy.closure={closure}", quarters=6)
        for closure in ("labour", "full")
    )
    without = run(still, quarters=6)
    mexican = [m.accounts.consumption[:, MEX].sum() for m in (paid, without)]
    assert nobody.accounts.grants[:, MEX].sum() > 0
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
    assert announced[[1, 2]].sum() > 0
    assert not announced.loc[3:].any()
    assert outcomes.query("region == 'MEX' and quarter in (3, 4)")["grants_musd"].sum() > 0
    # The longest project takes four quarters, so all that were promised anything have ended.
    late = outcomes.query("quarter == 6")
    assert not late["grants_musd"].any()
    assert late["announced"].any()


def luck_asked(later, chance=0.5):
    """From which luck on firms in the United States alone build in Mexico as well.

    Today there is no grant, tomorrow perhaps one. Of a myopic firm, then of one that looks ahead.
    """
    model = model_of(load_scenario("status-quo", list(RESTLESS)), FIRMS)
    table = model.firms
    usa = (table.config == CONFIG_LABELS.index("USA")) & (table.home == USA) & (table.target < 0)
    rows = np.flatnonzero(usa)[:2]
    table.belief[rows] = 0, 2
    for column in ("sector", "relative_size", "base_plant_sales"):
        getattr(table, column)[rows[1]] = getattr(table, column)[rows[0]]
    grant = np.zeros((len(FOOTLOOSE), len(HOSTS), 2))
    grant[:, MEX, 1] = later
    chains = np.array([np.eye(2), np.eye(2), [[1 - chance, chance], [0, 1]]])
    payoff = np.zeros((2, N_CONFIGS, 2))
    costs = replace(moving(*RESTLESS), grant=grant)
    choices = Choices(table, costs, payoff, Calendar.steady(chains), rows, 0)
    return weigh(choices, payoff, DrawnLuck.none(2)).cutoff[:, CONFIG_LABELS.index("USA+MEX")]


def test_a_grant_that_may_come_is_worth_waiting_for_to_those_who_see_it_coming():
    (myopic, forward), perhaps = luck_asked(0.0), luck_asked(0.8)
    assert myopic == pytest.approx(forward, rel=1e-9)
    assert perhaps[0] == pytest.approx(myopic, rel=1e-9)
    # Building now gives up the chance to build with the grant.
    assert perhaps[1] > forward + 1e-3
    assert luck_asked(0.8, chance=0.9)[1] > perhaps[1]


@pytest.fixture(scope="module")
def watched():
    """Firms without a Mexican plant as they review where a grant holds: row, situation, luck."""

    class Watched(WatchedModel):
        def value_plans(self):
            super().value_plans()
            rows, table = self.plans.rows, self.firms
            free = rows[(table.target[rows] < 0) & ~table.plants[rows, MEX]]
            firms = free[:6].tolist()
            self.told = [(row, self.moment.situation(row)) for row in firms]

    model = Watched(load_scenario("status-quo", [*RESTLESS, GRANT]), firms=FIRMS, rng=1)
    model.step()
    return model


def test_what_explain_tells_of_costs_and_grants_is_what_the_model_weighed(watched):
    assert len(watched.told) == 6
    for row, situation in watched.told:
        told = explanation(situation, row, watched.quarter, levers=())
        before, costs = situation.config, situation.moving
        plain = replace(costs, grant=None).weighed(situation.table, ONLY)[0, before]
        for plan in told.plans:
            after = CONFIG_LABELS.index(plan.plants)
            whole = pytest.approx(situation.unit * plain[after], rel=1e-9)
            assert plan.grant + plan.move_cost == whole
            if not OPENED[before, after].any():
                assert plan.build_up == plan.arriving == 0
            assert (plan.grant > 0) == OPENED[before, after, MEX]
        best = next(plan for plan in told.plans if plan.plants == told.waiting.best_other)
        chosen = next(plan for plan in told.plans if plan.plants == told.decision)
        of_whom = best if told.decision == told.who.plants else chosen
        assert ("after grants of" in decision(told)) == (of_whom.grant > 0)


def test_a_grant_is_a_lever_at_whose_switching_value_the_firm_builds(watched):
    _, situation = watched.told[0]
    before, costs = situation.config, situation.moving
    plants = HAS_PLANT[before] | (np.arange(len(HOSTS)) == MEX)
    after = int(np.flatnonzero((plants == HAS_PLANT).all(axis=1))[0])
    every = np.array([before]), np.array([after])
    plant = costs.plants(situation.table, ONLY, *every)[0, MEX] / costs.gain[situation.sector]
    plant *= costs.weights[int(situation.table.home[0] >= len(HOSTS)), before, after]
    asked = situation.weighed().cutoff[0, after]
    # Luck leaves it short of building by what a further quarter of the cost would make up for.
    noise = situation.settings.build_noise
    luck = np.full((1, N_CONFIGS + 1), -1e3)
    luck[0, after], luck[0, -1] = (asked - 0.25 * plant) / noise, 0
    lucky = replace(
        situation, luck=replace(DrawnLuck.none(1), strikes=np.ones(1, bool), building=luck)
    )
    levers = {lever.key: lever for lever in levers_of(lucky)}
    assert levers["investment_grant.USA"].now == 0
    lever = levers["investment_grant.MEX"]
    assert lever.now == RATE
    switch = nearest_switch(lucky, lever)
    assert switch.decision == after
    assert switch.value == pytest.approx(RATE + 0.25, abs=2e-3)
    at = decisions(lucky, lever, np.array([switch.value - 1e-3, switch.value]))
    assert list(at) == [before, after]
