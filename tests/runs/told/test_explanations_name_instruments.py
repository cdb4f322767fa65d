"""Explanations say in words what a firm is given back, is credited with, and owes to whom."""

import json
from functools import cache

import numpy as np
import pytest

from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from experiments.commands.main import main
from experiments.explain import run_again
from experiments.runs.runner import run_scenario

FIRMS, SEED = 120, 3


@pytest.fixture(scope="module", autouse=True)
def explained_once():
    """What the command tells and what is looked at here come of one run made again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_again, "explain_firm", cache(run_again.explain_firm))
        yield


DUTY = {
    "authority": "test", "destination": "USA", "origins": ["MEX", "CAN"], "rates": {"all": 0.25},
    "effective": "2017-01-01",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    document = {
        "format": 1,
        "name": "with-instruments",
        "measures": {"duty-of-test": DUTY},
        "assembly_offset": {"share": {"USA": {"all": 0.0375}, "MEX": {"all": 0.0375}},
                            "against": ["all"]},
        "output_remission": {"USA": {"all": 1.0}},
        "plan_relief": {"USA": {"all": 0.5}},
    }  # fmt: skip
    scenario = Scenario.from_document(document).model_copy(update={"quarters": 2})
    out = tmp_path_factory.mktemp("run") / "out"
    run_scenario(
        scenario, firms=FIRMS, quarters=2, seed=SEED, out=out, quiet=True, draw=lambda *_, **__: []
    )  # fmt: skip
    return out


@pytest.fixture(scope="module")
def firms():
    model = RelocationModel("status-quo", firms=FIRMS, rng=SEED)
    return model.firms


def printed(folder, row, capsys):
    assert main(["explain", str(folder), "--firm", str(row), "--quarter", "2"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_what_is_remitted_is_told_with_its_part_of_profit(folder, firms, capsys):
    plants = firms.plants
    row = int(np.flatnonzero(plants[:, 0] & plants[:, 1])[0])
    told = run_again.explain_firm(folder, row, 2)
    here = next(p for p in told.explained.plans if p.plants == told.explained.who.plants)
    assert here.remission > 0
    said = printed(folder, row, capsys)
    assert f"it gets back {100 * here.remission:.2g}% of quarterly sales" in said
    assert f"(output remission), {here.remission / here.profit:.0%} of that profit" in said


def test_relief_while_building_is_told_where_it_is_there_to_be_had(folder, firms, capsys):
    plants = firms.plants
    for row in np.flatnonzero(plants[:, 1] & ~plants[:, 0])[:12]:
        told = run_again.explain_firm(folder, int(row), 2).explained
        best = next(p for p in told.plans if p.plants == told.waiting.best_other)
        said = printed(folder, int(row), capsys)
        assert ("(plan relief)" in said) == bool(best.relief)
        if best.relief:
            return
    pytest.fail("no firm looks at building in the USA")


@pytest.mark.thorough
def test_a_duty_kept_and_a_credit_have_their_names(folder, firms, capsys):
    plants = firms.plants
    row = int(np.flatnonzero(plants[:, 1] & ~plants[:, 0])[0])
    said = printed(folder, row, capsys)
    assert "Duty kept is that of duty-of-test 25.00%." in said
    told = run_again.explain_firm(folder, row, 2)
    assert told.levied["MEX to USA"] == {"duty-of-test": 0.25}
    assert told.levied["USA to MEX"] == {}
    assert main(["explain", str(folder), "--firm", str(row), "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert all("offset" in host for host in numbers["explained"]["hosts"])
    at_home = int(np.flatnonzero(plants[:, 0])[0])
    hosts = {host.host: host for host in run_again.explain_firm(folder, at_home, 2).explained.hosts}
    assert hosts["USA"].offset > 0
    assert "(assembly offset)" in printed(folder, at_home, capsys)
    assert hosts["CAN"].offset == 0


@pytest.mark.thorough
def test_the_credit_told_is_what_the_cost_is_lower_by(folder, firms):
    """At most the share of the value made, which is above cost by the margin."""
    row = int(np.flatnonzero(firms.plants[:, 0])[0])
    usa = next(h for h in run_again.explain_firm(folder, row, 2).explained.hosts if h.host == "USA")
    assert 0 < usa.offset < 0.0375 * 1.5
