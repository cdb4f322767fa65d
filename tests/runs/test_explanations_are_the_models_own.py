"""Explanations: what is told of a firm is what the model itself used in that quarter."""

import json
from dataclasses import replace

import numpy as np
import pytest

from abm.axes import CONFIG_LABELS, CONFIGS, HOSTS
from abm.core.opportunities.building import Held
from abm.errors import OutputError, ScenarioError
from abm.explain.decision import explanation
from abm.explain.switching_points import CANCELS, decisions, levers_of, nearest_switch
from abm.location.may_do import DrawnLuck
from abm.location.valuation import weigh
from experiments.commands.main import main
from experiments.explain.in_words import introduction, verdict, why_claim
from experiments.explain.run_again import explain_firm, read_manifest
from experiments.explain.watched import WatchedModel
from experiments.runs.continuing import fork
from experiments.runs.on_disk.run_folders import sealed
from experiments.runs.runner import run_scenario
from experiments.scenarios.overrides import load_scenario

FIRMS = 100
QUARTERS = 4

RESTLESS = (
    "firms.reviews_per_year=4",
    "firms.build_cost=0.02",
    "firms.stage_quarters=[1, 1, 1]",
    "firms.opportunity_quarters=20",
)
THREAT = ("threat.instrument=blanket", "threat.rate=0.5", "threat.origins=['MEX']")


class Watched(WatchedModel):
    """Looks at some of the firms that decide, and keeps what the model made of them."""

    def value_plans(self):
        super().value_plans()
        rows = self.plans.rows
        self.before = self.firms.target[rows].copy(), self.firms.config[rows].copy()

    @property
    def told(self):
        rows = self.moment.reviewing
        return [
            (place, int(rows[place]), self.moment.situation(int(rows[place])))
            for place in range(0, len(rows), 7)
        ]


@pytest.fixture(scope="module")
def model():
    """A model in which firms decide under a threat, some of them in the midst of building."""
    scenario = load_scenario("threat-35", [*RESTLESS, *THREAT])
    watched = Watched(scenario, firms=FIRMS, rng=4)
    for _ in range(QUARTERS):
        watched.step()
    return watched


@pytest.mark.thorough
def test_worth_and_choice_are_those_that_the_model_used(model):
    plans = model.plans
    built = stayed = 0
    for place, row, situation in model.told:
        told = explanation(situation, row, model.quarter, levers=())
        worth = {plan.plants: plan.worth / situation.unit for plan in told.plans}
        used = dict(zip(CONFIG_LABELS, plans.weighed.worth[place], strict=True))
        # Revenues are in single precision, and summed in another order for a firm alone.
        assert worth == pytest.approx(used, rel=1e-5, abs=1e-5)
        target, config = (before[place] for before in model.before)
        if target >= 0:
            built += 1
            assert told.decision == ("goes on" if plans.goes_on[place] else "cancels")
        else:
            stayed += 1
            assert told.decision == CONFIG_LABELS[int(plans.weighed.choice[place])]
        held = int(plans.weighed.held[place])
        assert (told.opportunity is None) == (held < 0)
        if told.opportunity is not None:
            assert told.opportunity.plants == CONFIG_LABELS[held]
            assert told.opportunity.worth > 0
            assert told.opportunity.luck < told.opportunity.asked
        assert told.who.plants == CONFIG_LABELS[config]
        assert sum(plan.probability for plan in told.plans) == pytest.approx(1, abs=1e-9)
    assert built
    assert stayed


@pytest.mark.thorough
def test_firms_decide_as_often_as_the_probabilities_say(model):
    copies = 20_000

    def chances(situation):
        situation.table.opportunity[0] = -1
        told = explanation(replace(situation, luck=None), 0, model.quarter, levers=())
        return {plan.plants: plan.probability for plan in told.plans}

    free = [each for _, _, each in model.told if each.table.target[0] < 0]
    # The one of them that is least sure of what it will do.
    situation = min(free, key=lambda each: max(chances(each).values()))
    chance = chances(situation)
    every = np.zeros(copies, np.int64)
    draw = np.random.default_rng(1).gumbel
    choices = replace(
        situation.choices(), rows=every, payoff=np.repeat(situation.payoff(), copies, axis=0)
    )
    luck = DrawnLuck(
        np.ones(copies, bool),
        Held.none(copies),
        draw(size=(copies, len(CONFIGS) + 1)),
        draw(size=(copies, len(CONFIGS))),
    )
    decided = weigh(choices, situation.values[every], luck).choice
    drawn = np.bincount(decided, minlength=len(CONFIGS)) / copies
    # Four standard errors of a share.
    expected = [chance[label] for label in CONFIG_LABELS]
    assert drawn == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(copies))
    assert max(expected) < 0.999


def test_costs_and_claims_are_those_that_the_model_used(model):
    for _, row, situation in model.told:
        told = explanation(situation, row, model.quarter, levers=())
        for host, cost in zip(HOSTS, told.hosts, strict=True):
            assert cost.unit_cost == model.unit_cost_of(row, host)
            assert cost.content == model.content_of(row, host)
        for crossing in told.borders:
            claim = model.claim_of(row, crossing.host, crossing.market)
            assert crossing.claim == claim
            meets = told.hosts[HOSTS.index(crossing.host)].meets_rule
            pays, lies = {"pays": crossing.pays}, {"claims falsely": crossing.claims_falsely}
            # What originates needs no lie; of the rest nothing is claimed truly.
            ways = pays | {"complies": crossing.complies} | ({} if meets else lies)
            parts = [(claim, ways), (crossing.rest, pays | lies)]
            for chosen, costs in parts if crossing.can_qualify < 1 else parts[:1]:
                assert costs[chosen] == min(cost for cost in costs.values() if cost is not None)
            assert why_claim(crossing).startswith("From")


def test_a_firm_that_takes_today_to_last_gets_nothing_from_doubt(model):
    row, situation = next((row, one) for _, row, one in model.told if one.table.plants.any())
    for belief in range(3):
        table = replace(situation.table, belief=np.array([belief], np.int8))
        told = explanation(replace(situation, table=table), row, model.quarter, levers=())
        doubts = abs(told.waiting.doubt), abs(told.waiting.option_value)
        assert told.waiting.right_to_move > -1e-9  # nobody has to use it
        if told.who.belief == "myopic":
            assert doubts == pytest.approx((0, 0), abs=1e-7)
        else:
            assert max(doubts) > 1e-6


@pytest.mark.thorough
def test_at_the_value_found_the_firm_decides_otherwise_and_just_before_it_does_not(model):
    found = 0
    for _, _, situation in model.told[:8]:
        for lever in levers_of(situation):
            switch = nearest_switch(situation, lever)
            if switch.value is None:
                continue
            found += 1
            near = switch.value - 1e-3 * (switch.value - lever.now)
            today, before, at = decisions(
                situation, lever, np.array([lever.now, near, switch.value])
            )
            assert at == switch.decision != today == before
            assert switch.decision == CANCELS or 0 <= switch.decision < len(CONFIGS)
    assert found > 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a comparison."""
    out = tmp_path_factory.mktemp("explain") / "run"
    run_scenario(
        load_scenario("usmca", RESTLESS),
        firms=FIRMS,
        quarters=3,
        seed=1,
        out=out,
        against=load_scenario("status-quo", RESTLESS),
        quiet=True,
        draw=lambda run, reference, folder: [],
    )
    return out


def test_a_firm_of_a_finished_run_is_told_in_words_and_numbers(folder, capsys):
    told = explain_firm(folder, 7)
    assert told.reviews[-1] == told.explained.quarter
    words = " ".join([*introduction(told), *verdict(told.explained)])
    assert told.explained.who.plants in words
    assert "Option value" in words
    assert main(["explain", str(folder), "--firm", "7", "--quarter", "2", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["explained"]["quarter"] == 2
    assert main(["explain", str(folder / "status-quo"), "--firm", "7"]) == 0
    assert "Firm 7 of status-quo" in capsys.readouterr().out


@pytest.mark.thorough
def test_a_firm_of_a_fork_is_told_with_its_past(folder, tmp_path):
    future = load_scenario("blanket-25", RESTLESS)
    fork(folder / "usmca", future, at=2, quarters=3, out=tmp_path / "fork", quiet=True)
    told = explain_firm(tmp_path / "fork", 7, quarter=3)
    before = explain_firm(folder / "usmca", 7, quarter=3)
    assert told.scenario == "blanket-25"
    assert told.explained.hosts != before.explained.hosts
    assert told.reviews[:2] == before.reviews[:2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--firm", "1000"], "firms 0 to"),
        (["--firm", "1", "--quarter", "4"], "quarters 1 to 3"),
        (["abc"], "is the folder of a run"),
    ],
)
def test_what_cannot_be_explained_says_why(folder, arguments, said, capsys):
    assert main(["explain", str(folder), *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1


def test_a_run_of_another_version_or_that_comes_out_otherwise_is_refused(folder, tmp_path):
    def altered(name, **changes):
        copy = tmp_path / name
        copy.mkdir()
        for file in (folder / "usmca").iterdir():
            if file.is_file():
                (copy / file.name).write_bytes(file.read_bytes())
        manifest = json.loads((copy / "manifest.json").read_text()) | changes
        (copy / "manifest.json").write_text(json.dumps(sealed(manifest)))
        return copy

    with pytest.raises(OutputError, match=r"made by nearshore 0\.0\.1"):
        read_manifest(altered("old", versions={"nearshore": "0.0.1"}))
    with pytest.raises(OutputError, match="comes out otherwise now"):
        explain_firm(altered("other", seed=2), 3)
    with pytest.raises(OutputError, match="is no folder of a run"):
        explain_firm(tmp_path, 3)
    with pytest.raises(ScenarioError, match="firms 0 to"):
        explain_firm(folder, -1)
