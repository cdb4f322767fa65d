"""Owners' choice of plants in the running model: rest, attrition, threats, and what is expected."""

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy import stats

from abm.axes import HAS_PLANT, HOSTS, N_CONFIGS, N_FOOTLOOSE, N_HOMES, N_HOSTS, NO_PLANT
from abm.base_year.base_sales import base_quarter, usually_sold
from abm.base_year.resting import Resting, RestingMoves
from abm.core.choice.attrition import attrition
from abm.core.choice.clocks import Kind
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.long_run import stationary_distribution
from abm.location.deaths import struck
from abm.location.evenly import NUMBER
from abm.location.moving_costs import SETS, MovingCosts, Sunk, dying, may_die
from abm.location.payoffs import config_revenues, payoffs
from abm.location.valuation import plant_problem
from abm.scenario.scenario import Scenario
from abm.worlds.checkpoint import put_away, take_up
from agents import Firm
from experiments.scenarios.overrides import load_scenario
from tests.reference.plant_flows import expected_decisions, expected_flows
from tests.same_firms import at_rest, model_of

FIRMS = 1000
MEX, USA = HOSTS.index("MEX"), HOSTS.index("USA")
WITH_MEX = np.array(
    [
        int(np.flatnonzero(((plants | (np.arange(N_HOSTS) == MEX)) == HAS_PLANT).all(axis=1))[0])
        for plants in HAS_PLANT
    ]
)
"""Every set of plants with a Mexican one."""
STILL = (
    "firms.death_always=0",
    "firms.death_of_small=0",
    "firms.reviews_per_year=0",
)


@pytest.fixture(scope="module")
def rest():
    """The calibration year, and how its firms move if policy never changes."""
    model = at_rest(FIRMS)
    every = np.arange(len(model.firms))
    settings, calibration = model.scenario.firms, model.calibration
    speeds = model.scenario.economy.speeds
    moving = MovingCosts.of(model.economy, settings, speeds, Sunk.nothing())
    model._look_at(slice(0, 1))
    revenue = config_revenues(model.adapted_quarter(), model._expected_market(), every)
    payoff = payoffs(model.firms, calibration, settings, model.now, revenue, every)[..., 0]
    return model, moving, payoff, Resting.of(model.firms, moving, payoff, every)


def test_firms_that_neither_decide_nor_die_stand_where_they_did():
    model = model_of(load_scenario("blanket-25", STILL), 200)
    fixed = model_of(load_scenario("blanket-25", [*STILL, "firms.relocation=false"]), 200)
    before = model.firms.plants.copy()
    # Projects of the calibration year would still open.
    for one in (model, fixed):
        one.firms.target[:] = -1
        one.run_for(6)
    np.testing.assert_array_equal(model.firms.plants, before)
    np.testing.assert_array_equal(model.accounts.final.value, fixed.accounts.final.value)
    assert not model.moves.rows.size
    assert not model.expected_moves.opening.any()


def test_the_rest_point_takes_moves_to_cost_what_firms_then_weigh(rest):
    model, moving, _, resting = rest
    costs = Sunk(model.calibration.arriving, model.calibration.founding)
    charged = replace(moving, sunk=costs)
    for rows, sunk in zip(resting.rows, resting.sunk(costs), strict=True):
        assumed = moving.weighed(model.firms, rows) + sunk
        np.testing.assert_allclose(assumed, charged.weighed(model.firms, rows), rtol=1e-9)


def test_in_the_long_run_as_many_firms_stand_and_owners_make_about_what_they_do(rest):
    """But for few that own more abroad than what is modelled explains."""
    model, _, _, resting = rest
    table, economy = model.firms, model.economy
    sunk = Sunk(model.calibration.arriving, model.calibration.founding)
    standing, _, leaving, _ = resting.long_run(sunk)
    rows = np.concatenate(resting.rows)
    start, speeds = model.start, model.scenario.economy.speeds
    quarter = base_quarter(table, economy, start.base_policy, start.base_year)
    order = np.argsort(rows)
    # Plants that come and go are young a part of their lives, and sell less than they will.
    sold = np.empty((len(rows), *standing.shape[1:], N_HOSTS))
    sold[order] = usually_sold(quarter, start.base_year, rows[order], leaving[order], speeds)
    sales = np.einsum("nc,nch->nh", standing, sold) * (table.size * table.weight)[rows, None]
    output = economy.output[:N_HOSTS, :N_FOOTLOOSE].sum(axis=1) / 4
    np.testing.assert_allclose(sales.sum(axis=0), output, rtol=0.05)
    wanted = np.einsum("jho,hj->oh", economy.owners, economy.output[:N_HOSTS, :N_FOOTLOOSE]) / 4
    cell = table.home[rows]
    found = np.stack([np.bincount(cell, at, N_HOMES) for at in sales.T], axis=1)
    gap = np.abs(found - wanted) / output
    assert gap.max() < 0.05
    home, stand = table.home[rows], 1 - standing[:, NO_PLANT]
    for here in range(N_HOSTS):
        wanted = table.founded[table.home == here].sum()
        assert stand[home == here].sum() == pytest.approx(wanted, rel=0.01)


def test_small_firms_seldom_go_abroad_and_owners_from_abroad_have_the_plants_observed(rest):
    """6,154 firms were registered as IMMEX in 2016, 82% of them in manufacturing."""
    model = rest[0]
    table = model.firms
    foreign = table.plants[:, MEX] & (table.home != MEX)
    assert 0.5 < table.weight[foreign].sum() / (0.82 * 6154) < 2
    local = table.home < N_HOSTS
    abroad = table.plants.sum(axis=1) > table.plants[np.arange(len(table)), table.home % N_HOSTS]
    large = table.relative_size > np.median(table.relative_size)
    shares = [
        np.average(abroad[some], weights=table.weight[some])
        for some in (local & ~large, local & large)
    ]
    assert shares[1] > 3 * shares[0]


def test_the_chance_of_arriving_rises_with_size_to_the_power_of_its_gradient(rest):
    model, moving, _, _ = rest
    table, every = model.firms, np.arange(len(model.firms))
    flat = replace(moving, settings=moving.settings.model_copy(update={"arriving_gradient": 0.0}))
    np.testing.assert_array_equal(
        flat.arriving_at(table, every), flat.sunk.arriving[table.sector, table.home]
    )
    odds = np.exp(-moving.arriving_at(table, every) / moving.settings.build_noise)
    gradient = moving.settings.arriving_gradient
    away = table.home == USA
    np.testing.assert_allclose(
        odds[away, MEX] / odds[away, MEX][0],
        (table.relative_size[away] / table.relative_size[away][0]) ** gradient,
        rtol=1e-6,
    )
    assert (odds[away, USA] == 1).all()


def test_long_run_shares_are_those_of_the_core_where_projects_take_no_time(rest):
    """The chain between projects is that of the core's decisions and deaths."""
    model, moving, payoff, resting = rest
    table = model.firms
    rows = resting.rows[0][::20]
    problem = plant_problem(
        table, moving, payoff[rows, :, None], np.ones((1, 1, 1)), rows, np.zeros(len(rows), int)
    )
    values = resting.moves[0].values[::20, :, None]
    decisions = expected_decisions(problem, values, 0.0, problem.location.review, 0)
    moves = RestingMoves.of(problem, moving.barred[table.sector[rows]])
    # The core lets a firm that builds nothing review at another time than it builds.
    together = moves.decisions(np.zeros((len(rows), N_CONFIGS, N_CONFIGS)))
    builds = np.broadcast_to(SETS.opens, together.shape)
    np.testing.assert_allclose(together[builds], decisions[builds], rtol=1e-9, atol=1e-14)
    at_once = RestingMoves(
        **{item.name: getattr(moves, item.name) for item in fields(moves)}
        | {
            "delays": np.where(moves.delays > 0, 1, 0),
            "after": {1: moves.left},
            "during": {1: np.broadcast_to(np.eye(N_CONFIGS), moves.left.shape)},
        }
    )
    standing = at_once.standing(together)
    flows = expected_flows(problem, together)
    # A quarter on the way is spent in the old set, and what was begun is kept.
    assert np.abs(standing - stationary_distribution(flows)).max() < 0.05
    left = np.moveaxis(attrition(problem.deaths, problem.home, SETS), -1, 0)
    np.testing.assert_allclose(left.sum(axis=2), 1)


def test_plants_are_struck_with_their_own_chance_and_evenly():
    model = at_rest(FIRMS)
    table, settings = model.firms, model.scenario.firms
    chance = dying(table, settings)[:, None] * may_die(table, table.plants)
    quarters = 400
    hits, owed = np.zeros(chance.shape), np.zeros((N_FOOTLOOSE, N_HOSTS, 2))
    for quarter in range(1, quarters + 1):
        now, owed = struck(table, settings, owed, quarter, model.draws)
        hits += now
        # As many of a sector at a host as are expected by now, up to one.
        assert np.abs(owed[..., NUMBER]).max() < 1
    odds = stats.binom(quarters, chance)
    assert np.minimum(odds.cdf(hits), odds.sf(hits - 1)).min() > 1e-7
    assert not hits[chance == 0].any()


def test_a_seat_is_spared_while_plants_abroad_stand():
    table = at_rest(FIRMS).firms
    local = table.home < N_HOSTS
    several = table.plants.sum(axis=1) > 1
    rows = np.flatnonzero(local & several & table.plants[np.arange(len(table)), table.home % 3])
    assert rows.size
    mortal = may_die(table, table.plants)
    assert not mortal[rows, table.home[rows]].any()
    assert (mortal[rows].sum(axis=1) == table.plants[rows].sum(axis=1) - 1).all()
    alone = table.plants.sum(axis=1) == 1
    np.testing.assert_array_equal(mortal[alone], table.plants[alone])


def test_as_many_decide_as_are_expected_to():
    """Up to one of each sector and kind; independent draws would stray by the root of many."""
    model = model_of(load_scenario("status-quo"), FIRMS)
    drawn = expected = decided = 0.0
    for _ in range(16):
        config = model.firms.config.astype(int)
        model.step()
        weighed, before = model.plans.weighed, config[model.plans.rows]
        moves = weighed.expected * ~np.eye(N_CONFIGS, dtype=bool)[before]
        expected += moves.sum()
        decided += (weighed.choice != before).sum()
        drawn += (model.moves.stage == "announced").sum()
        assert np.abs(model.moves_owed[..., NUMBER]).max() < 2
    assert drawn == decided > 50
    owed = model.moves_owed[..., NUMBER].sum()
    assert expected - decided == pytest.approx(owed, abs=1e-6 * expected)


def test_what_is_drawn_evenly_is_what_its_luck_decides():
    """So explanations find the decision again from luck alone."""
    model = model_of(load_scenario("status-quo"), FIRMS)
    differ = 0
    for _ in range(4):
        config = model.firms.config.astype(int)
        model.step()
        weighed, before = model.plans.weighed, config[model.plans.rows]
        moved = weighed.choice != before
        builds = moved & SETS.opens[before, weighed.choice]
        each = np.flatnonzero(builds)
        cutoff = weighed.cutoff[each, weighed.choice[each]]
        assert (weighed.luck[each] >= cutoff).all()
        differ += len(each)
    assert differ > 10


def test_an_opportunity_worth_waiting_for_is_held_and_carried_by_a_checkpoint():
    scenario = Scenario.from_toml(
        'extends = "status-quo"\n[firms]\nopportunity_quarters = 400\nreviews_per_year = 0\n'
        "death_always = 0\ndeath_of_small = 0\n"
        "[firms.beliefs]\nforward = 1.0\nmyopic = 0.0\nadaptive = 0.0\n"
        "[[timeline]]\ndate = 2018-07-01\nannounced = 2017-01-01\ntitle = 'a grant to come'\n"
        "set = { 'investment_grant.MEX.all' = 0.9 }\n"
    )
    model = model_of(scenario, 200)
    table = model.firms
    table.target[:] = -1
    table.opportunity[:] = np.where(table.plants[:, MEX], -1, WITH_MEX[table.config])
    table.opportunity_luck[:] = -1e3  # of no use to anybody
    model.step()
    assert (table.opportunity < 0).all()
    # What each would ask for before the grant, and half of what the grant is worth to it.
    table.opportunity[:] = np.where(table.plants[:, MEX], -1, WITH_MEX[table.config])
    model.value_plans()
    rows, weighed = model.plans.rows, model.plans.weighed
    each = np.arange(len(rows))
    there, here = WITH_MEX[table.config[rows]], table.config[rows]
    asked = weighed.cutoff[each, there]
    gain = weighed.worth[each, there] - weighed.today[each, here]
    waits = asked + gain > 0.1
    assert waits.any()
    table.opportunity[:] = -1
    table.opportunity[rows[waits]] = there[waits]
    table.opportunity_luck[rows[waits]] = (asked - (asked + gain) / 2)[waits]
    again = take_up(put_away(model))
    for one in (model, again):
        one.run_for(2)
    held = table.opportunity >= 0
    assert held[rows[waits]].mean() > 0.8
    assert not (table.target[held] >= 0).any()
    doing = model.agents_by_type[Firm][int(np.flatnonzero(held)[0])].doing
    assert doing.startswith("holds an opportunity to build for")
    for column in ("opportunity", "opportunity_luck", "project", "project_luck", "config"):
        ours, theirs = (getattr(one.firms, column) for one in (model, again))
        np.testing.assert_array_equal(ours, theirs)


def test_firms_that_do_not_stand_found_and_close_and_a_project_keeps_its_clock():
    model = model_of(load_scenario("status-quo"), FIRMS)
    entered = left = died = 0
    for _ in range(8):
        before = model.firms.config.copy()
        model.step()
        table, moves = model.firms, model.moves
        entered += ((before == NO_PLANT) & (table.config != NO_PLANT)).sum()
        left += ((before != NO_PLANT) & (table.config == NO_PLANT)).sum()
        died += (moves.stage == "died").sum()
        at_work = table.target >= 0
        assert (table.project[at_work] > Kind.NONE).all()
        assert not table.project[~at_work].any()
        assert (table.quarters_left[at_work] >= 1).all()
        assert (table.opportunity[at_work] < 0).all()
        makes = model.economy.makes
        standing = np.array([table.plants[table.sector == j].any(axis=0) for j in range(10)])
        np.testing.assert_array_equal(standing, makes)
    assert min(entered, left, died) > 0
    assert isinstance(model.expected, Calendar)
