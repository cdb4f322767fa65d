"""Whole runs in which one border has rules of origin of its own."""

import numpy as np
import pandas as pd
import pytest

import abm.trade_phases
from abm.axes import FOOTLOOSE, HOSTS
from abm.core.demand.claims import Claim
from abm.errors import VerificationError
from abm.explain.decision import explanation
from abm.explain.switching_points import levers_of
from abm.verify.mode import verifying
from abm.worlds.checkpoint import put_away, take_up
from experiments.explain.in_words import why_claim
from experiments.explain.watched import WatchedModel
from experiments.outcomes.summary import entries
from experiments.runs.channels import CHANNEL_NAMES, channel_worlds
from experiments.runs.runner import run_scenario
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import model_of

USA, MEX, CAN = range(3)
FIRMS, QUARTERS = 150, 4
PARTS = FOOTLOOSE.index("vehicle_parts")
NORTH = "rules_of_origin.by_partner.USA.MEX."
DUTIES = ("tariffs.special.USA.all.all=0.1", "tariffs.special.CAN.all.all=0.1")
STRICT = {
    f"{NORTH}regional_value_content.vehicle_parts": 0.85,
    f"{NORTH}country_content.USA.vehicle_parts": 0.4,
    "rules_of_origin.by_partner.CAN.USA.regional_value_content.all": 0.8,
    "rules_of_origin.by_partner.USA.CAN.cumulation.MEX": 0.0,
}
PROTOCOL = tuple(f"{key}={value}" for key, value in STRICT.items())


def scenario(*overrides, name="status-quo"):
    return load_scenario(name, [*DUTIES, *overrides])


def assert_same(one, other):
    for name, table in one.frames().items():
        pd.testing.assert_frame_equal(other.frames()[name], table, check_exact=True)


def not_ready(model, partner):
    """Makers of parts in Mexico that would comply at a border and cannot yet."""
    late = model.transition.moving[:, MEX, partner] & (model.firms.sector == PARTS)
    return late & ~model.this_quarter().towards(MEX, partner, model.trade).feasible


def test_a_border_that_repeats_the_agreement_changes_no_byte_of_a_run():
    agreed = load_scenario("status-quo").rules_of_origin.regional_value_content
    same = [f"{NORTH}regional_value_content.{one}={getattr(agreed, one)}" for one in FOOTLOOSE]
    runs = [model_of(scenario(*overrides), FIRMS) for overrides in ((), same)]
    for model in runs:
        model.run_for(QUARTERS)
        assert not model.border_costs
    assert_same(*runs)


@pytest.mark.thorough
def test_plants_get_ready_for_the_border_that_changed_and_go_on_complying_at_the_other():
    model = model_of(scenario(), 400)
    model.run_for(2)
    before = model.borders.claim[:, MEX, CAN, model.trade].copy()
    held = model.log_wedge_held[:, MEX].copy()
    model.pull_levers({key: value for key, value in STRICT.items() if key.startswith(NORTH)})
    model.step()
    first = not_ready(model, USA)
    assert first.sum() > 5
    assert not not_ready(model, CAN).any()
    assert (model.borders.claim[first, MEX, CAN, model.trade] == before[first]).all()
    asked = model.border_costs[MEX, USA].at(model.trade).log_wedge
    assert (asked[first] > held[first]).all()
    waiting = []
    for _ in range(16):
        model.step()
        waiting.append(int(not_ready(model, USA).sum()))
    assert waiting[-1] == 0
    done = first & (model.borders.claim[:, MEX, USA, model.trade] == Claim.COMPLIES)
    assert done.sum() > 5
    # What they hold now is what the stricter border asks, not what the other does.
    asked = model.border_costs[MEX, USA].at(model.trade).log_wedge
    np.testing.assert_allclose(model.log_wedge_held[done, MEX], asked[done], rtol=0.02)
    assert (asked[done] > model.costs.log_wedge[done, MEX, model.trade] + 0.05).all()


@pytest.mark.thorough
def test_a_run_put_away_and_taken_up_is_the_same():
    plain, again = (model_of(scenario(*PROTOCOL), FIRMS) for _ in range(2))
    for _ in range(QUARTERS):
        plain.step()
        again.step()
        again = take_up(put_away(again))
    assert_same(plain, again)


def test_a_run_that_is_verified_has_the_same_bytes():
    once, again = (model_of(scenario(*PROTOCOL), FIRMS) for _ in range(2))
    once.run_for(3)
    with verifying():
        again.run_for(3)
    assert_same(once, again)


@pytest.mark.parametrize(
    ("array", "said"),
    [("compliant_cost", "cost of meeting the content rule"), ("free_cost", "unit cost of firm")],
)
def test_a_fault_at_one_border_stops_a_verified_run(monkeypatch, array, said):
    real = abm.trade_phases.solve_at_borders

    def faulty(*given):
        found = real(*given)
        for own in found.values():
            values = getattr(own.costs, array)
            values[values > own.costs.free_cost.min()] *= 1.001
        return found

    monkeypatch.setattr(abm.trade_phases, "solve_at_borders", faulty)
    model = model_of(scenario(f"{NORTH}regional_value_content.all=0.9"), FIRMS)
    with verifying(), pytest.raises(VerificationError, match=f"{said}.*by the rules of USA"):
        model.run_for(3)


@pytest.mark.thorough
def test_a_world_that_holds_responses_under_the_same_rules_is_the_world_it_follows():
    policy = scenario(*PROTOCOL)
    followed = model_of(policy, FIRMS)
    worlds = channel_worlds(policy, followed)
    for _ in range(3):
        for model in (followed, *worlds.values()):
            model.step()
    for world in worlds.values():
        assert_same(followed, world)


@pytest.mark.thorough
def test_what_rules_at_one_border_do_is_split_into_channels(tmp_path):
    result = run_scenario(
        scenario(*PROTOCOL),
        firms=FIRMS,
        quarters=3,
        seed=5,
        out=None,
        against=scenario(),
        channels=True,
        quiet=True,
    )
    for path, entry in dict(entries(result.summary)).items():
        parts = entry["channels"]
        assert list(parts) == list(CHANNEL_NAMES)
        sizes = (entry["start"] or 0.0, entry["end"], *parts.values(), 1e-9)
        near = 2e-14 * max(abs(size) for size in sizes)
        assert sum(parts.values()) == pytest.approx(entry["difference"], rel=0, abs=near), path
    jobs = dict(entries(result.summary))["manufacturing_employment", "USA"]["channels"]
    assert jobs["compliance"] != 0


def test_explanations_know_the_rules_of_each_border():
    restless = ("firms.reviews_per_year=4", "firms.opportunity_quarters=20")
    model = WatchedModel(scenario(*restless, *PROTOCOL), firms=100, rng=4)
    for _ in range(2):
        model.step()
    own = 0
    for row in model.moment.reviewing[::5].tolist():
        situation = model.moment.situation(row)
        told = explanation(situation, row, model.quarter, levers=())
        for crossing in told.borders:
            border = HOSTS.index(crossing.host), HOSTS.index(crossing.market)
            assert crossing.claim == model.claim_of(row, crossing.host, crossing.market)
            assert crossing.own_rules == (border in model.border_costs)
            ways = {"pays": crossing.pays, "complies": crossing.complies}
            if not model.borders.meets_rule[row, *border, model.trade]:
                ways["claims falsely"] = crossing.claims_falsely
            assert ways[crossing.claim] == min(cost for cost in ways.values() if cost is not None)
            own += crossing.own_rules
            said = f"{crossing.content_asked:.1%} content and rules of its own hold"
            assert (said in why_claim(crossing)) == crossing.own_rules
        if situation.sector == PARTS:
            keys = {lever.key: lever.now for lever in levers_of(situation)}
            assert keys[f"{NORTH}regional_value_content"] == 0.85
            again = situation.under(situation.policy, np.arange(len(situation.policy.regimes)))
            np.testing.assert_allclose(again.borders.cost, situation.borders.cost, rtol=1e-5)
    assert own > 10
