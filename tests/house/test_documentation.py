"""The documentation: examples run, links lead somewhere, and what is generated is current."""

import dataclasses
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest

from abm.core.choice import foresight, location, plant_values
from abm.core.demand import claims
from abm.core.inputs import content_rules, contracts, further_rules, origin_rules, sourcing
from abm.core.opportunities import building, waiting
from abm.economy import last_quarter as conditions
from abm.economy import tables as economy
from abm.location import moving_costs
from abm.policy import regimes as compiled
from abm.scenario import assumptions
from abm.state import state
from abm.trade.books import accounts
from abm.trade.borders import crossing as borders
from abm.trade.sales import customers, spending
from abm.trade.sales import market_clearing as sales
from agents import firm_table
from docs.blocks.model import PACKAGES, ROOT
from docs.diagrams import DIAGRAMS
from docs.generate import BLOCKS, GENERATED, pages, rewritten
from docs.printed import ANSWER, QUESTION, TOLD
from experiments.outcomes.summary import entries, summary
from experiments.runs.channels import CHANNEL_NAMES
from experiments.scenarios.overrides import load_scenario, without_effect
from tests.synthetic import tables

PAGES = {str(path.relative_to(ROOT)): path for path in pages()}
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"^(?: {4}|- `)(nearshore run [^`#\n]+)", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"^\|[^|]*\| `(\w+)\.(\w+)` \| ([^|]*) \|", re.MULTILINE)

WITH_NAMES = (
    accounts,
    assumptions,
    borders,
    building,
    claims,
    compiled,
    conditions,
    content_rules,
    contracts,
    customers,
    economy,
    firm_table,
    foresight,
    further_rules,
    location,
    moving_costs,
    origin_rules,
    plant_values,
    sales,
    sourcing,
    spending,
    state,
    waiting,
)
"""Modules whose classes the notation names."""


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))


def anchor(heading: str) -> str:
    """The name that a heading gets in a rendered page."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return words.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return {anchor(found) for found in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@pytest.mark.parametrize("command", INDENTED.findall(README))
def test_a_command_of_the_readme_is_understood_and_changes_something(command):
    words = shlex.split(command)
    scenario = words[2]
    overrides = [after for word, after in pairwise(words) if word == "--set"]
    load_scenario(scenario, overrides)
    assert without_effect(scenario, overrides) == []


def test_the_readme_begins_with_the_two_commands_that_the_makefile_has():
    first = README.split("\n## ")[0]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"^ {4}make (\w+)", first, re.MULTILINE)
    assert named == ["run", "test"]
    assert set(named) <= targets


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_project_lead_somewhere(name):
    page = PAGES[name]
    broken = []
    for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_generated_blocks_are_as_the_code_has_them(name):
    text = PAGES[name].read_text(encoding="utf-8")
    # Were it not, `python docs/generate.py` brings it up to date.
    assert rewritten(text) == text


def test_the_map_of_the_house_has_every_folder_of_code_and_a_line_that_says_what_for():
    told = dict(re.findall(r"^\| `([\w/]+)` \| (.+) \|$", BLOCKS["house"](), re.M))
    holding = {
        str(path.parent.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).glob("**/*.py")
    }
    assert set(told) == holding
    assert len(set(told.values())) == len(told)


def test_the_diagrams_are_as_their_program_draws_them():
    # Were they not, `python docs/diagrams.py` brings them up to date.
    for name, draw in DIAGRAMS.items():
        assert (ROOT / f"docs/figures/{name}.svg").read_text(encoding="utf-8") == draw(), name


def test_the_model_in_plain_words_has_no_equation_and_takes_ten_minutes():
    text = PAGES["docs/plain-words.md"].read_text(encoding="utf-8")
    assert not re.search(r"^ {4}\S|^```|`", text, re.MULTILINE)
    assert 800 < len(text.split()) < 2000
    assert len(re.findall(r"^!\[", text, re.MULTILINE)) == 2


def test_the_readme_shows_a_picture_and_an_answer_before_it_is_installed():
    first = README.split("\n## ")[0]
    question = QUESTION.findall(first)
    answer = ANSWER.search(first)[0]
    assert len(question) == 1
    assert first.index(question[0]) < first.index("<!-- measured: answer -->") < first.index("![")
    assert first.index("![") < first.index("make run")
    assert len(re.findall(r"^> [A-Z].*\.$", answer, re.MULTILINE)) == TOLD


def test_every_block_that_can_be_generated_is_shown():
    shown = {
        found["name"]
        for page in PAGES.values()
        for found in GENERATED.finditer(page.read_text(encoding="utf-8"))
    }
    assert shown == set(BLOCKS)


def test_the_model_is_described_under_the_seven_headings_of_the_protocol():
    numbered = re.findall(r"^## (\d) (.*)$", PAGES["docs/odd.md"].read_text(), re.MULTILINE)
    assert numbered == [
        ("1", "Purpose and patterns"),
        ("2", "Entities, state variables and scales"),
        ("3", "Process overview and scheduling"),
        ("4", "Design concepts"),
        ("5", "Initialization"),
        ("6", "Input data"),
        ("7", "Submodels"),
    ]


def declared(owner: str) -> set[str]:
    """Fields and properties of a class that the notation names."""
    (cls,) = {vars(module)[owner] for module in WITH_NAMES if owner in vars(module)}
    fields = {field.name for field in dataclasses.fields(cls)}
    return fields | {name for name, value in vars(cls).items() if isinstance(value, property)}


def test_every_name_of_the_notation_exists():
    found = NAMED.findall(PAGES["docs/notation.md"].read_text())
    assert found
    unknown = [f"{owner}.{name}" for owner, name, _ in found if name not in declared(owner)]
    assert unknown == []


def test_axes_of_firm_columns_are_those_of_the_table():
    letters = {
        "i": "firm",
        "k": "material",
        "s": "source",
        "l": "host",
        "c": "config",
        "partner": "partner",
    }
    columns = firm_table.FirmTable.columns()
    for owner, name, axes in NAMED.findall(PAGES["docs/notation.md"].read_text()):
        if owner == "FirmTable":
            assert tuple(letters[letter] for letter in axes.split(", ")) == columns[name].axes, name


def test_every_headline_of_the_summary_is_documented():
    outputs = PAGES["docs/outputs.md"].read_text()
    made_up = tables(quarters=4)
    for path, _ in entries(summary(made_up, made_up)):
        assert f"`{path[0]}`" in outputs or f"`{path[0]}.{path[1]}`" in outputs, path


def test_channels_are_shown_in_two_orders_whose_parts_sum_to_the_same():
    shown = PAGES["docs/explaining.md"].read_text(encoding="utf-8")
    table = shown.split("<!-- measured: orders -->")[1].split("<!-- end -->")[0]
    rows = re.findall(
        r"^\| ([\w ]+) \| (\S+) \| (\S+) \| (\S+) \|$",
        table.replace("\N{MINUS SIGN}", "-"),
        re.M,
    )
    parts = {name: tuple(map(float, numbers)) for name, *numbers in rows}
    whole = parts.pop("all")
    assert list(parts) == [name.replace("_", " ") for name in CHANNEL_NAMES]
    for order in range(3):  # each part, and the whole, is rounded to a tenth
        gap = sum(part[order] for part in parts.values()) - whole[order]
        assert abs(gap) < 0.05 * (len(parts) + 1)
    assert len(set(whole)) == 1


def test_every_page_of_the_documentation_is_in_its_index():
    index = PAGES["docs/index.md"]
    linked = {
        (index.parent / link).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))
    }
    documented = {path for path in PAGES.values() if path.parent != ROOT and path != index}
    assert documented <= linked
