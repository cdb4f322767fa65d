"""An instrument is added as CONTRIBUTING says, in a copy of the model, and works at once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

USE = """
from abm.policy import compile_policy
from abm.errors import ScenarioError
from abm.scenario import Scenario
from experiments.describe import described
from experiments.overrides import load_scenario

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


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The model with the instrument of CONTRIBUTING added."""
    root = tmp_path_factory.mktemp("copy")
    for package in ("abm", "agents", "experiments"):
        shutil.copytree(
            ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    section = CONTRIBUTING.split("## An instrument")[1].split("\n## ")[0]
    (file,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    name = re.search(r"`abm/policy/(\w+)\.py`: a frozen class", section)[1]
    (field,) = re.findall(r"`(\w+: \w+ = \w+\(\))`", section)
    (fill,) = re.findall(r"`(\(\"\w+\", \w+\),)`", section)
    (root / "abm" / "policy" / f"{name}.py").write_text(file, encoding="utf-8")
    regime = root / "abm" / "policy" / "regime.py"
    text = regime.read_text(encoding="utf-8")
    for anchor, line in (
        ("from abm.policy.reaction", f"from abm.policy.{name} import *\n"),
        ("    threat: Threat | None", f"    {field}\n"),
        ('    ("competition", fill_competition),', f"    {fill}\n"),
    ):
        assert text.count(anchor) == 1
        text = text.replace(anchor, line + anchor)
    regime.write_text(text, encoding="utf-8")
    return root


def test_the_instrument_of_contributing_is_known_everywhere_once_added(copied):
    run = subprocess.run(
        [sys.executable, "-c", USE], cwd=copied, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "port_fees.USB: no such key; did you mean 'USA'?\n"


def test_the_file_of_contributing_is_as_short_as_it_says():
    (file,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING.split("## A scenario")[0], re.DOTALL)
    code = [line for line in file.splitlines() if line.strip() and '"""' not in line]
    assert len(code) <= 10
