"""Verification mode works a run out a second time by plain means, and changes none of its bytes."""

import os
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import abm.model
import abm.trade_phases
from abm.core.demand.claims import Claim
from abm.errors import CalibrationError, ScenarioError, VerificationError
from abm.scenario.scenario import Scenario
from abm.state.records import Records
from abm.verify.mode import ASKED, verifying
from abm.worlds.checkpoint import put_away
from abm.worlds.twin import twin
from experiments.commands.main import main
from experiments.runs.runner import run_scenario
from experiments.scenarios.overrides import load_scenario
from tests.same_firms import at_rest, model_of
from tests.support.thorough import but_for

FIRMS, SEED = 100, 2


@pytest.fixture
def model():
    donor = at_rest(FIRMS, SEED)
    return twin(donor, donor.scenario)


@pytest.mark.parametrize(
    "scenario", but_for(["usmca", "threat-35"], ["usmca", "threat-35", "review-2026-lapse"])
)
def test_a_run_that_is_verified_has_the_same_bytes(scenario):
    once, again = (model_of(scenario, FIRMS, SEED) for _ in range(2))
    once.run_for(3)
    with verifying():
        again.run_for(3)
    one, other = put_away(once), put_away(again)
    assert one.facts == other.facts
    assert all(np.array_equal(one.arrays[name], other.arrays[name]) for name in one.arrays)


def dearer_at_one_host(table, terms, value_added, costs):
    costs.free_cost[:, 1] *= 1 + 1e-4


def cheaper_to_comply(table, terms, value_added, costs):
    costs.compliant_cost[costs.compliant_cost > costs.free_cost] *= 1.001


def everybody_pays(table, policy, costs, held, own, borders):
    borders.claim[:, 1, 0] = Claim.PAYS


def waived_and_paid(table, policy, costs, held, own, borders):
    borders.cost[:, 1, 0] *= 1.001


def after(function, fault):
    def faulty(*given):
        result = function(*given)
        fault(*given, *([] if result is None else [result]))
        return result

    return faulty


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("solve_costs", dearer_at_one_host, "unit cost of firm"),
        ("solve_costs", cheaper_to_comply, "cost of meeting the content rule of firm"),
        ("claim_origin", everybody_pays, "claim of firm"),
        ("claim_origin", waived_and_paid, "cost at the border of firm"),
    ],
)
def test_a_fault_in_a_phase_stops_a_verified_run(model, monkeypatch, name, fault, words):
    faulty = after(getattr(abm.trade_phases, name), fault)
    monkeypatch.setattr(abm.trade_phases, name, faulty)
    with verifying(), pytest.raises(VerificationError, match=words) as raised:
        model.run_for(4)
    assert raised.value.phase == name


@pytest.fixture
def wrong_values(monkeypatch):
    """Plans whose values solve nothing, which no identity of the accounts would notice."""
    real = abm.model.value_plans

    def value_plans(*given):
        plans = real(*given)
        plans.weighed.later[:, 2] += 1e-3
        return plans

    with monkeypatch.context() as patch:
        patch.setattr(abm.model, "value_plans", value_plans)
        yield patch


def test_a_value_of_plants_that_solves_nothing_stops_a_verified_run(model, wrong_values):
    with verifying(), pytest.raises(VerificationError, match="value of set of plants"):
        model.run_for(4)


def test_a_table_that_does_not_add_up_stops_a_verified_run(model, monkeypatch):
    real = Records.add_quarter

    def add_quarter(records, *given):
        real(records, *given)
        records.trade[-1]["duty_musd"] = records.trade[-1]["duty_musd"] * 1.001

    monkeypatch.setattr(Records, "add_quarter", add_quarter)
    with verifying(), pytest.raises(VerificationError, match="duties and fines paid in"):
        model.step()


def test_a_run_that_differs_leaves_a_file_that_runs_it_again(tmp_path, wrong_values, capsys):
    def run():
        return run_scenario(
            Scenario.load("usmca"), firms=FIRMS, quarters=4, seed=SEED, out=tmp_path / "run",
            quiet=True,
        )  # fmt: skip

    file = tmp_path / "run-failure.json"
    with verifying():
        with pytest.raises(VerificationError, match="NEARSHORE_VERIFY=1 nearshore replay"):
            run()
        assert main(["replay", str(file)]) != 0
        assert "worked out by plain means" in capsys.readouterr().err
        wrong_values.undo()
        assert main(["replay", str(file)]) == 0


@pytest.mark.parametrize("asked", ["1", None])
def test_verification_is_off_unless_the_environment_asks_for_it(asked):
    code = "import abm.model, abm.engine.phase; print(len(abm.engine.phase.ALSO_CHECKED))"
    environment = {name: value for name, value in os.environ.items() if name != ASKED}
    environment |= {} if asked is None else {ASKED: asked}
    words = [sys.executable, "-c", code]
    said = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout == f"{int(asked == '1')}\n"


def bounded(schema, definitions, path=()):
    """Every number of a scenario that has a least and a most, by dotted key."""
    schema = definitions.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if "allOf" in schema:
        schema = definitions[schema["allOf"][0]["$ref"].rpartition("/")[2]]
    for name, part in schema.get("properties", {}).items():
        yield from bounded(part, definitions, (*path, name))
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if schema.get("type") == "number" and None not in (low, high):
        yield ".".join(path), low, high


SCHEMA = Scenario.model_json_schema()
RANGES = {
    key: (low, high)
    for key, low, high in bounded(SCHEMA, SCHEMA["$defs"])
    if key.split(".")[0] not in ("economy", "firms")  # which would be calibrated anew
}


def test_there_are_numbers_to_draw():
    assert len(RANGES) > 40


@st.composite
def scenarios(draw):
    """A shipped scenario with some of its numbers drawn from all that they may be."""
    keys = draw(st.lists(st.sampled_from(sorted(RANGES)), min_size=1, max_size=4, unique=True))
    values = {key: draw(st.floats(*RANGES[key], allow_subnormal=False)) for key in keys}
    name = draw(st.sampled_from(["status-quo", "usmca", "threat-35"]))
    return name, [f"{key}={value!r}" for key, value in values.items()]


@settings(max_examples=8)
@given(scenarios())
def test_worlds_drawn_from_the_schema_are_the_same_by_plain_means(drawn):
    name, overrides = drawn
    with verifying(), suppress(ScenarioError, CalibrationError):  # what cannot be is refused
        model_of(load_scenario(name, overrides), FIRMS, SEED).run_for(2)
