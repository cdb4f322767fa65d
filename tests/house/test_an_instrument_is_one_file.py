"""An instrument, and a rule, are added as CONTRIBUTING says, in a copy of the model, and work."""

import re

import pytest

from tests.copied_house import add_instrument, copied_house, insert, said, section, shown

USE = """
from abm.policy import compile_policy
from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario
from experiments.scenarios.describe import described
from experiments.scenarios.overrides import load_scenario

plain = compile_policy(load_scenario("usmca", []), quarters=0).barrier
assert not plain.any()
fees = compile_policy(load_scenario("usmca", ["port_fees.USA=2%"]), quarters=0).barrier[..., 0]
assert (fees[0].T[0] == [0, 0, 0, 0.02, 0.02]).all(), fees[0]
assert (fees > 0).sum() == 22, "eleven goods from two regions"
assert "fee on overseas goods" in described("status-quo", ["port_fees.USA=0.02"])
entry = "[[timeline]]\\ndate = 2018-01-01\\ntitle = 'fee'\\nset = { port_fees.USA = 0.02 }"
dated = compile_policy(Scenario.from_toml(entry))
assert [event["instrument"] for event in dated.events] == ["port_fees.USA"]
try:
    load_scenario("usmca", ["port_fees.USB=2%"])
except ScenarioError as error:
    print(error)
"""


ACT = """
from abm import RelocationModel
from agents import Government
from experiments.scenarios.overrides import load_scenario

model = RelocationModel(load_scenario("status-quo", ["job_support.floor=1"]), firms=100)
model.calibration.base_jobs[0] *= 1.01
model.run_for(2)
(usa, *others) = model.agents_by_type[Government]
(act,) = usa.acts
assert not any(government.acts for government in others)
assert (act["quarter"], act["date"], act["actor"]) == (1, "2017-01-01", "USA"), act
assert (act["instrument"], act["old"], act["new"]) == ("subsidies.USA.all", "none", "0.05"), act
assert model.accounts.subsidies[:, 0].all(), "firms see it in the same quarter"
print(act["reason"])
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The model with the instrument and the rule of CONTRIBUTING added."""
    root = copied_house(tmp_path_factory.mktemp("copy"), "abm", "agents", "experiments")
    add_instrument(root, "An instrument")
    (rule_module,) = add_instrument(root, "A rule of government")
    (rule,) = re.findall(r"`(\w+),` in `RULES`", section("A rule of government"))
    insert(
        root / "abm" / "governments" / "rules.py",
        ("from abm.governments.react ", f"from {rule_module} import *\n"),
        ("    react,", f"    {rule},\n"),
    )
    return root


def test_the_instrument_of_contributing_is_known_everywhere_once_added(copied):
    assert said(USE, copied) == "port_fees.USB: no such key; did you mean 'USA'?\n"


@pytest.mark.thorough
def test_the_rule_of_contributing_acts_and_its_act_is_an_event(copied):
    assert said(ACT, copied) == "in force: jobs are below their floor\n"


@pytest.mark.parametrize("heading", ["An instrument", "A rule of government"])
def test_the_files_of_contributing_are_as_short_as_it_says(heading):
    for code in shown(heading):
        lines = [line for line in code.splitlines() if line.strip() and '"""' not in line]
        assert 2 < len(lines) <= 10
