"""Instruments, arrays of policy and rules are added as CONTRIBUTING says, in a copy, and work."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

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

ARRAY = """
import numpy as np
from abm.policy import compile_policy
from abm.policy.arrays import RegimeArrays
from docs.generate import policy_arrays
from experiments.scenarios.overrides import load_scenario

def compiled(*overrides):
    return compile_policy(load_scenario("usmca", list(overrides)), quarters=40)

plain, charged = compiled(), compiled("port_fees.USA=2%")
assert RegimeArrays.neutral().port_fee.shape == (5,)
assert plain.port_fee.shape == (5, len(plain.regimes)) and not plain.port_fee.any()
assert (charged.port_fee == np.array([0.02, 0, 0, 0, 0])[:, None]).all()
assert charged.during(slice(1, 3)).port_fee.shape == (5, 2)
assert not charged.port_fee.flags.writeable and not charged.same_as(plain)
print(next(line for line in policy_arrays().splitlines() if "port_fee" in line))
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


def section(heading):
    return CONTRIBUTING.split(f"## {heading}")[1].split("\n## ")[0]


def add_files(root, heading):
    """Write the files of a section, and return their modules in the order they are shown."""
    names = re.findall(r"`(abm/\w+/(?:\w+/)?\w+\.py)`:(?:\n| a frozen)", section(heading))
    codes = re.findall(r"```python\n(.*?)```", section(heading), re.DOTALL)
    for name, code in zip(names, codes, strict=True):
        (root / name).write_text(code, encoding="utf-8")
    return [name.removesuffix(".py").replace("/", ".") for name in names]


def insert(file, *lines):
    """Put lines before what they are to stand before."""
    text = file.read_text(encoding="utf-8")
    for anchor, line in lines:
        assert text.count(anchor) == 1
        text = text.replace(anchor, line + anchor)
    file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def copied_with_an_array(copied, tmp_path_factory):
    """A copy in which that instrument writes the array of CONTRIBUTING instead of another."""
    root = tmp_path_factory.mktemp("with_array") / "copy"
    shutil.copytree(copied, root)
    shutil.copytree(ROOT / "docs", root / "docs", ignore=shutil.ignore_patterns("*.svg", "*.png"))
    array, written = (
        textwrap.dedent(code)
        for code in re.findall(r"```python\n(.*?)```", section("An array of policy"), re.DOTALL)
    )
    insert(
        root / "abm" / "policy" / "arrays.py",
        ("    @staticmethod", textwrap.indent(array, "    ") + "\n"),
    )
    fees = root / "abm" / "policy" / "instruments" / "port_fees.py"
    code = fees.read_text(encoding="utf-8")
    fees.write_text(re.sub(r"regime\.barrier.*\n", lambda _: written, code), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The model with the instrument and the rule of CONTRIBUTING added."""
    root = tmp_path_factory.mktemp("copy")
    for package in ("abm", "agents", "experiments"):
        shutil.copytree(
            ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    (fees,) = add_files(root, "An instrument")
    settings, rule_module = add_files(root, "A rule of government")
    for heading, module in (("An instrument", fees), ("A rule of government", settings)):
        (field,) = re.findall(r"`(\w+: \w+ = \w+\(\))`", section(heading))
        insert(
            root / "abm" / "policy" / "regime.py",
            ("from abm.policy.instruments.reaction", f"from {module} import *\n"),
            ("    threat: Threat | None", f"    {field}\n"),
        )
    (fill,) = re.findall(r"`(\(\"\w+\", \w+\),)`", section("An instrument"))
    last = '    ("competition", fill_competition),'
    insert(root / "abm" / "policy" / "regime.py", (last, f"    {fill}\n"))
    (rule,) = re.findall(r"`(\w+),` in `RULES`", section("A rule of government"))
    insert(
        root / "abm" / "governments" / "rules.py",
        ("from abm.governments.react ", f"from {rule_module} import *\n"),
        ("    react,", f"    {rule},\n"),
    )
    return root


def said(script, folder):
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_instrument_of_contributing_is_known_everywhere_once_added(copied):
    assert said(USE, copied) == "port_fees.USB: no such key; did you mean 'USA'?\n"


def test_the_array_of_contributing_is_there_under_every_regime_once_declared(copied_with_an_array):
    assert said(ARRAY, copied_with_an_array) == (
        "| `Policy.port_fee` | market, regime | ad valorem | 0 "
        "| fee on goods that arrive from overseas |\n"
    )


def test_the_rule_of_contributing_acts_and_its_act_is_an_event(copied):
    assert said(ACT, copied) == "in force: jobs are below their floor\n"


@pytest.mark.parametrize("heading", ["An instrument", "A rule of government"])
def test_the_files_of_contributing_are_as_short_as_it_says(heading):
    for code in re.findall(r"```python\n(.*?)```", section(heading), re.DOTALL):
        lines = [line for line in code.splitlines() if line.strip() and '"""' not in line]
        assert 2 < len(lines) <= 10
