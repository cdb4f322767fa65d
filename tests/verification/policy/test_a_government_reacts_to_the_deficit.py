"""The hazard of a threat follows the deficit, and firms see it."""

import numpy as np
import pandas as pd
import pytest

from abm.governments.react import hazard_scale
from abm.policy import compile_policy
from abm.policy.instruments.reaction import Reaction
from abm.trade.books.indicators import us_goods_deficit
from experiments.outcomes.quantities import us_goods_balance
from experiments.outcomes.summary import summary
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

FIRMS = 200
THREAT = ("threat.instrument=blanket", "threat.rate=0.25", "threat.arrival_per_quarter=0.1")
REACTS = (*THREAT, "reaction.elasticity=4")


def run(*overrides, quarters=4):
    model = model_of(load_scenario("threat-35", list(overrides)), FIRMS)
    model.run_for(quarters)
    return model


def test_the_scale_is_one_at_the_target_rises_with_the_deficit_and_ends_with_it():
    reaction = Reaction(elasticity=3.0, deficit_target=1.0)
    scales = [hazard_scale(reaction, deficit, 50.0) for deficit in (-10, 0, 25, 50, 75)]
    assert scales == [0, 0, 0.125, 1, 3.375]
    assert hazard_scale(Reaction(), 75.0, 50.0) == 1
    assert hazard_scale(reaction, 75.0, -1.0) == 1
    half = Reaction(elasticity=1.0, deficit_target=0.5)
    assert hazard_scale(half, 50.0, 50.0) == 2


def test_firms_who_look_ahead_expect_the_hazard_as_it_now_stands():
    policy = compile_policy(load_scenario("threat-35", list(THREAT)))
    for hazard, expected in ((0, 0), (1, 0.1), (3, 0.3), (100, 1)):
        chain = policy.chains_within(1, hazard)[0]
        assert chain[0, 1] == pytest.approx(expected)
        np.testing.assert_allclose(chain.sum(axis=1), 1)


def test_a_drawn_threat_comes_when_the_draw_is_below_the_scaled_hazard():
    policy = compile_policy(load_scenario("threat-35", [*THREAT, "threat.imposed=drawn"]))
    drawn = [policy.threat_imposed(1, False, 0.15, hazard) for hazard in (1, 1.4, 1.6)]
    assert drawn == [False, False, True]


def test_the_deficit_is_that_of_the_summary():
    model = run(quarters=1)
    balance = us_goods_balance(model.frames()["trade"])
    for partner in ("MEX", "CAN", "CHN"):
        deficit = us_goods_deficit(model.accounts, model.economy, (partner,))
        assert deficit == pytest.approx(-balance.loc[1, partner], rel=1e-12)


def test_a_deficit_that_grows_raises_the_hazard_and_one_that_shrinks_lowers_it():
    wider = run(*REACTS, "barriers.USA.MEX.all=-0.05")
    narrower = run(*REACTS, "barriers.USA.MEX.all=0.05")
    assert narrower.in_force.state.hazard < 1 < wider.in_force.state.hazard
    assert wider.expected.later[-1, 0, 1] > narrower.expected.later[-1, 0, 1]
    events = [e for e in wider.events if e["instrument"] == "threat.arrival_per_quarter"]
    assert events
    assert all(float(e["new"]) > float(e["old"]) for e in events)
    assert {e["actor"] for e in events} == {"USA"}


def test_without_reaction_the_deficit_moves_nothing():
    plain, told = run(*THREAT), run(*THREAT, "reaction.deficit_target=0.5")
    assert told.in_force.state.hazard == 1
    for name, frame in plain.frames().items():
        pd.testing.assert_frame_equal(frame, told.frames()[name], check_exact=True)


@pytest.fixture(scope="module")
def target():
    """A threat of 25% that always comes, against none, over two years."""
    alone = (*THREAT, "economy.closure=partial")  # else what duties bring in is income
    told = (*alone, "threat.imposed=always", "reaction.elasticity=4")
    return summary(run(*told, quarters=8).frames(), run(*alone, quarters=8).frames())


def test_the_summary_tells_whether_the_deficit_closes_and_what_it_costs(target):
    deficit = target["us_deficit_index"]["MEX"]
    assert deficit["start"] == 1
    assert deficit["end"] < 1  # it closes,
    assert deficit["difference"] < 0
    assert target["consumer_prices"]["USA"]["difference"] > 0  # buyers pay,
    assert target["real_income"]["USA"]["difference"] < 0
    assert target["duty_revenue"]["USA"]["difference"] > 0  # and the treasury collects
    balance = target["us_goods_balance"]["MEX"]
    assert deficit["end"] == pytest.approx(balance["end"] / balance["start"], rel=1e-12)


def test_duties_that_are_rebated_are_income():
    terms = (*THREAT, "threat.imposed=always")
    kept, rebated = (
        summary(run(*terms, f"economy.closure={closure}", quarters=4).frames())
        for closure in ("labour", "full")
    )
    # In its first year buyers still pay most of the duty, and rebated it is theirs again.
    assert kept["real_income"]["USA"]["end"] < 1
    assert kept["real_income"]["USA"]["end"] < rebated["real_income"]["USA"]["end"]
