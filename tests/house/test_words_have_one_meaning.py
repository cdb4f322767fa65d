"""The glossary: every word once, in order, and defined where it says; names that mean one thing."""

import ast
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<word>[a-z][^|]*?) \| (?P<meaning>[^|]+) \| `(?P<where>[\w.]+)` \|$", re.M
)
ROWS = [found for found in ROW.finditer(GLOSSARY) if found["word"] != "word"]

CLASSES = ("Economy", "Firms", "World", "Plan", "Lever")
CONSTANTS = ("RULES", "PARTNERS", "FORMAT", "IMMOBILE")
"""Names that once meant up to seven things."""


def is_defined(name: str) -> bool:
    """Whether a dotted name is a module, or something that one defines."""
    try:
        import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return hasattr(import_module(module), attribute)
    return True


def defined_names() -> Counter[str]:
    """How often each class and constant is defined at the head of a module."""
    found: Counter[str] = Counter()
    for package in ("abm", "agents", "experiments", "viz", "benchmarks"):
        for path in (ROOT / package).rglob("*.py"):
            for statement in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(statement, ast.ClassDef):
                    found[statement.name] += 1
                elif isinstance(statement, ast.Assign):
                    found.update(
                        node.id
                        for target in statement.targets
                        for node in ast.walk(target)
                        if isinstance(node, ast.Name)
                    )
                elif isinstance(statement, ast.AnnAssign) and isinstance(
                    statement.target, ast.Name
                ):
                    found[statement.target.id] += 1
    return found


def test_every_row_of_the_glossary_is_read():
    rows = [line for line in GLOSSARY.splitlines() if line.startswith("| ")]
    heads_and_rules = 2 * 2
    assert len(ROWS) == len(rows) - heads_and_rules > 80


def test_every_word_is_there_once_and_in_the_order_of_the_alphabet():
    for part in GLOSSARY.split("\n## ")[1:]:
        words = [found["word"] for found in ROW.finditer(part) if found["word"] != "word"]
        assert words == sorted(words)
    assert len({found["word"] for found in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda found: found["word"])
def test_a_word_is_defined_where_the_glossary_says(row):
    assert is_defined(row["where"])


def test_a_name_that_once_meant_several_things_is_defined_once_at_most():
    defined = defined_names()
    assert {name: defined[name] for name in (*CLASSES, *CONSTANTS) if defined[name] > 1} == {}
