"""A change of policy on a date that firms are told is no lottery: they reckon with the date.

Its effect on plants decided on today is the greater the more of their life lies after the
date. A plant that opens after the date anyway meets the new policy from its first day, so
that the date no longer matters once it is as near as building takes; it is then as if policy
had changed already. Who takes today's policy to last does nothing until the date.
"""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from abm.axes import BELIEFS, CONFIGS, HAS_PLANT, HOSTS
from abm.core.choice.attrition import attrition
from abm.explain.decision import explanation
from abm.explain.one_firm import ONLY
from abm.location.moving_costs import SETS, quarterly_discount
from abm.location.review import believed
from abm.policy.regimes import compile_policy
from abm.policy.timeline import first_day
from abm.scenario.scenario import Scenario
from abm.worlds.checkpoint import put_away, take_up
from experiments.explain.watched import WatchedModel
from tests.same_firms import at_rest, model_of

FIRMS = 600
MEX = HOSTS.index("MEX")
START = date(2017, 1, 1)
WITH_MEX = np.array(
    [CONFIGS.index(tuple(h for h in HOSTS if h in config or h == "MEX")) for config in CONFIGS]
)
"""The set of plants that adds a Mexican one to each."""

DUTY = "tariffs.special.USA.MEX.all = 0.25"
SUBSIDY = "subsidies.MEX.all = 0.1"
TAX = (
    'threat.instrument = "border_tax", threat.rate = 0.35, threat.imposed = "always",'
    " threat.arrival_per_quarter = 1.0, threat.departure_per_quarter = 0.0"
)
"""Certain to come in the quarter after its date."""


def told(change, ahead, belief="forward", more=""):
    """A change that is announced in the first quarter, so many quarters ahead."""
    shares = "".join(f"{name} = {float(name == belief)}\n" for name in BELIEFS)
    return Scenario.from_toml(
        f'extends = "status-quo"\n[firms.beliefs]\n{shares}{more}'
        f"[[timeline]]\ndate = {first_day(1 + ahead, START)}\nannounced = {START}\n"
        f"title = 'told'\nset = {{ {change} }}\n"
    )


def first_decisions(scenario):
    """What firms without a Mexican plant make of one in the first quarter.

    Returns how likely each is to decide on one, what adding one is worth to it against
    staying, and how many real firms it is.
    """
    model = model_of(scenario, FIRMS)
    free = (model.firms.target < 0) & ~model.firms.plants[:, MEX]
    config = model.firms.config.copy()
    model.step()
    some = free[model.plans.rows]
    rows = model.plans.rows[some]
    worth = model.plans.weighed.worth[some]
    chance = model.plans.weighed.expected[some][:, HAS_PLANT[:, MEX]].sum(axis=1)
    each = np.arange(len(rows))
    gain = worth[each, WITH_MEX[config[rows]]] - worth[each, config[rows]]
    return chance, gain, model.firms.weight[rows]


def expected_openings(scenario):
    """Mexican plants expected to be decided on in the first quarter, real firms."""
    chance, _, weight = first_decisions(scenario)
    return float(weight @ chance)


AHEAD = (60, 30, 24, 20, 18, 16)
"""Dates later than what is decided on now can open, the nearest last; three beyond the horizon."""


@pytest.mark.thorough
def test_a_tax_on_new_plants_keeps_them_away_the_more_the_nearer_its_date():
    """It is on plants of US firms alone, so that it changes no rival's price."""
    never = expected_openings(told(TAX, 60, "myopic"))
    openings = [expected_openings(told(TAX, ahead)) for ahead in AHEAD]
    assert never > openings[0]
    assert all(farther > nearer for farther, nearer in pairwise(openings))
    # Whatever is decided on now opens after the tax has come.
    certain = expected_openings(told(TAX, 6))
    assert certain < openings[-1]
    assert expected_openings(told(TAX, 1)) == pytest.approx(certain, rel=1e-8)


@pytest.mark.thorough
@pytest.mark.parametrize("change", [DUTY, SUBSIDY], ids=["a duty", "a subsidy"])
def test_a_change_for_all_weighs_the_more_the_nearer_until_new_plants_open_after_it(change):
    """Firm by firm, whichever sign it has: rivals are touched too."""
    quickest = at_rest(FIRMS).scenario.firms.closing_quarters
    _, never, _ = first_decisions(told(change, 60, "myopic"))
    at_opening, sooner, *early = (
        first_decisions(told(change, ahead))[1] - never for ahead in (quickest, 1, *AHEAD)
    )
    # But for the right to close plants meanwhile, which few are likely to use.
    largest = np.abs(at_opening).max()
    np.testing.assert_allclose(sooner, at_opening, rtol=1e-6, atol=1e-4 * largest)
    touched = np.abs(at_opening) > np.quantile(np.abs(at_opening), 0.75)
    parts = [gain[touched] / at_opening[touched] for gain in early]
    assert (parts[0] > 0).all()
    for farther, nearer in pairwise(parts):
        assert (nearer > farther).all()
    assert (parts[-1] < 1).all()


@pytest.mark.parametrize("ahead", [1, 14])
def test_firms_that_do_not_look_ahead_ignore_a_date(ahead):
    untold = first_decisions(at_rest(FIRMS).scenario)
    for found, same in zip(first_decisions(told(SUBSIDY, ahead, "myopic")), untold, strict=True):
        np.testing.assert_allclose(found, same, rtol=1e-6)


def test_what_is_expected_is_the_date_itself_as_it_comes_nearer():
    model = model_of(told(DUTY, 4), 100)
    for left in (4, 3, 2, 1):
        model.step()
        expected = model.expected
        assert expected.horizon == left
        assert (expected.near[: left - 1, 1:, 0, 0] == 1).all()
        assert (expected.near[left - 1, 1:, 0, 1] == 1).all()
        assert (expected.near[:, 0, 0, 0] == 1).all()
    model.step()
    assert model.regime == 0
    assert model.expected.horizon == 0
    # Once as plans see it, and once as trade under contract does.
    assert set(model.now.regimes) == {"2018-01-01"}


THREATENED = """
[threat]
instrument = "blanket"
rate = 0.1
announced = 2017-01-01
arrival_per_quarter = 0.1
"""


def test_that_a_date_has_come_is_no_evidence_and_that_a_threat_was_carried_out_is():
    policy = compile_policy(told(DUTY, 6, more=THREATENED))
    quarters = 4.0
    counts = np.zeros((4, 4))
    nothing = believed(policy, 7, counts, quarters)
    counts[0, 2] = 50
    assert (believed(policy, 7, counts, quarters).later == nothing.later).all()
    counts[0, 1] = 1
    adaptive, forward = believed(policy, 1, counts, quarters).near[0, 1:, 0, 1]
    assert forward == pytest.approx(0.1)
    assert adaptive == pytest.approx((quarters * 0.1 + 1) / (quarters + 1))


@pytest.mark.parametrize("belief", BELIEFS)
def test_a_threat_that_was_carried_out_and_is_withdrawn_is_not_expected_again(belief):
    withdrawn = f"{THREATENED}imposed = 2017-04-01\nwithdrawn = 2017-10-01\n"
    model = model_of(told(DUTY, 20, belief, withdrawn), 100)
    model.run_for(5)
    assert not model.in_force.threat_imposed
    assert model.in_force.state.regime_counts[0, 1] == 1
    assert (model.expected.later[:, 0, 1] == 0).all()


TALKS = """
[negotiation.outcomes.end]
per_quarter = 0.05
agreed = 2017-04-01
set = { competition.markup_scale = 0.9 }
[negotiation.outcomes.renewal]
per_quarter = 0.05
set = { competition.markup_scale = 0.95 }
"""


def test_after_an_agreement_a_date_is_still_expected():
    model = model_of(told(DUTY, 6, more=TALKS), 100)
    model.run_for(3)
    assert model.in_force.agreed == "end"
    assert model.expected.horizon == 4
    now, then = (model.now.regimes.index(name) for name in ("start, end", "2018-07-01, end"))
    assert model.regime == now
    assert (model.expected.near[-1, 1:, now, then] == 1).all()
    model.run_for(4)
    assert model.now.regimes[model.regime] == "2018-07-01, end"


def test_a_run_put_away_on_each_day_of_the_wait_goes_on_to_the_same_bytes():
    plain, again = (model_of(told(SUBSIDY, 4), 100) for _ in range(2))
    for _ in range(6):
        plain.step()
        again.step()
        again = take_up(put_away(again))
    np.testing.assert_array_equal(plain.plan_values, again.plan_values)
    np.testing.assert_array_equal(plain.firms.target, again.firms.target)
    np.testing.assert_array_equal(plain.accounts.sales, again.accounts.sales)


@pytest.fixture(scope="module")
def watched():
    """A model whose firms review every quarter, some of them building, before a date."""
    restless = {
        "reviews_per_year": 4.0,
        "build_cost": 0.02,
        "stage_quarters": (1, 1, 1),
    }
    scenario = told(SUBSIDY, 8)
    firms = scenario.firms.model_copy(update=restless)
    model = WatchedModel(scenario.model_copy(update={"firms": firms}), firms=100, rng=4)
    model.run_for(3)
    return model


@pytest.mark.thorough
def test_explanations_before_a_date_are_the_models_own(watched):
    plans, gates = watched.plans, 0
    for place, row in enumerate(plans.rows[:40].tolist()):
        situation = watched.moment.situation(row)
        found = explanation(situation, row, watched.quarter, levers=())
        used = plans.weighed.worth[place].max()
        best = max(plan.worth for plan in found.plans) / situation.unit
        # Revenues are in single precision, and summed in another order for a firm alone.
        assert best == pytest.approx(used, rel=1e-6)
        assert sum(plan.probability for plan in found.plans) == pytest.approx(1, abs=1e-12)
        if found.gate is not None:
            gates += 1
            assert found.decision == ("goes on" if plans.goes_on[place] else "cancels")
    assert gates


def test_never_closing_is_worth_todays_profit_up_to_the_date_and_tomorrows_after(watched):
    beta = quarterly_discount(watched.scenario.firms)
    left = watched.expected.horizon
    assert left == 6
    row = int(watched.plans.rows[watched.firms.plants[watched.plans.rows].any(axis=1)][0])
    situation = watched.moment.situation(row)
    problem = situation.choices().problem(ONLY)
    profit = problem.location.profit[0]
    shrinks = attrition(problem.deaths, problem.home, SETS)[..., 0]
    later = np.linalg.solve(np.eye(len(profit)) - beta * shrinks, profit[:, 1])
    for _ in range(left):
        later = profit[:, 0] + beta * shrinks @ later
    found = explanation(situation, row, watched.quarter, levers=())
    here = situation.weighed().today[0, situation.config]
    stays = here - found.waiting.right_to_move / situation.unit
    assert stays == pytest.approx(later[situation.config], rel=1e-7)
    assert abs(found.waiting.option_value) > 1e-6
    myopic = replace(situation.table, belief=np.zeros(1, np.int8))
    unaware = replace(situation, table=myopic)
    found = explanation(unaware, row, watched.quarter, levers=())
    assert found.waiting.option_value == pytest.approx(0, abs=1e-7)
    alone = unaware.weighed().today[0, situation.config]
    alone -= found.waiting.right_to_move / situation.unit
    for_ever = np.linalg.solve(np.eye(len(profit)) - beta * shrinks, profit[:, 0])
    assert alone == pytest.approx(for_ever[situation.config], rel=1e-7)
