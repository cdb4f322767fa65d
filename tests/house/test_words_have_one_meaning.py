"""The glossary: every word once, in order, and defined where it says; names that mean one thing."""

import ast
import re
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (?P<word>[a-z][^|]*?) \| (?P<meaning>[^|]+) \| `(?P<where>[\w.]+)` \|$", re.M
)
ROWS = [found for found in ROW.finditer(GLOSSARY) if found["word"] != "word"]

PACKAGES = ("abm", "agents", "experiments", "viz", "nearshore", "benchmarks")
CLASSES_OF_TWO_ROOMS = {
    "Column": "a declared column: of the table of firms, and of the tables of a run",
}
FILES_OF_SEVERAL_ROOMS = {
    "blocks": "the core cuts firms into blocks, the engine cuts them by sector",
    "command": "the command of its own room",
    "customers": "arrays in the core, the model's customers in trade",
    "doctor": "what nearshore doctor asks, of the packages and of the page",
    "duties": "worked out in trade, shown for a scenario",
    "licences": "prices in the core, a part of duties in trade, gone over in verify",
    "presence": "arrays in the core, the model's plants in trade",
    "search": "for parameters: the shipped ones, and a user's",
    "suppliers": "the network, and the chart of it",
    "tables": "observed ones of an economy, recorded ones of a run",
    "tariffs": "the instrument, and a user's rates written as one",
}
"""Names that several classes or files share, and why a reader is not misled."""

CLASSES = ("Economy", "Firms", "World", "Plan", "Lever")
CONSTANTS = (
    *("RULES", "PARTNERS", "FORMAT", "IMMOBILE", "BLOCK", "SETTLED", "COLUMNS", "PLANTS"),
    *("MOTOR", "VEHICLES"),
)
"""Names that once meant up to seven things."""

CONSTANTS_TO_BE_RENAMED = {
    "CONTENT",
    "FLOWS",
    "METALS",
    "TABLES",
}
"""Constants that other files import, of which there are several; nothing is added here."""


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
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for statement in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(statement, ast.ClassDef):
                    found[statement.name] += 1
                found.update(assigned(statement))
    return found


def assigned(statement: ast.stmt) -> list[str]:
    """Names to which a statement gives a value."""
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    elif isinstance(statement, ast.Assign):
        targets = statement.targets
    else:
        return []
    nodes = (node for target in targets for node in ast.walk(target))
    given = (node for node in nodes if isinstance(node, ast.Name))
    return [node.id for node in given if isinstance(node.ctx, ast.Store)]


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


def classes(root: Path = ROOT) -> dict[str, list[str]]:
    """Where each class is defined, by name."""
    found: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(str(path.relative_to(root)))
    return found


def files(root: Path = ROOT) -> dict[str, list[str]]:
    """Where there is a module of each name."""
    found: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            if not path.stem.startswith("__"):
                found[path.stem].append(str(path.relative_to(root)))
    return found


def imported_constants(root: Path = ROOT) -> dict[str, list[str]]:
    """Where each constant is defined that another file imports, by name.

    What is for its own file alone may have a short name that another file has too.
    """
    defined: dict[str, list[str]] = defaultdict(list)
    asked: set[tuple[str, str]] = set()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            where = path.relative_to(root).as_posix()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for name in {name for statement in tree.body for name in assigned(statement)}:
                defined[name].append(where)
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module:
                    module = f"{node.module.replace('.', '/')}.py"
                    asked.update((module, alias.name) for alias in node.names)
    return {
        name: places
        for name, places in defined.items()
        if name.isupper() and any((place, name) in asked for place in places)
    }


def shared(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in found.items() if len(places) > 1}


def test_no_two_classes_have_one_name_unless_it_says_why():
    assert shared(classes()).keys() ^ CLASSES_OF_TWO_ROOMS.keys() == set()


def test_no_two_files_have_one_name_unless_it_says_why():
    assert shared(files()).keys() ^ FILES_OF_SEVERAL_ROOMS.keys() == set()


def test_a_constant_that_others_import_means_one_thing():
    found = shared(imported_constants()).keys()
    assert found - CONSTANTS_TO_BE_RENAMED == set(), "two meanings; give one another name"
    assert CONSTANTS_TO_BE_RENAMED - found == set(), "means one thing now; take it off the list"


def test_constants_of_two_meanings_are_found(tmp_path):
    (tmp_path / "abm").mkdir()
    (tmp_path / "abm" / "one.py").write_text("SIZE = 1\nOWN = 2\n")
    (tmp_path / "abm" / "two.py").write_text("SIZE: int = 2\nOWN = 3\n")
    (tmp_path / "abm" / "three.py").write_text("from abm.one import SIZE\n")
    assert shared(imported_constants(tmp_path)) == {"SIZE": ["abm/one.py", "abm/two.py"]}


def test_names_that_are_shared_are_found(tmp_path):
    for name in ("abm/one.py", "viz/lab/one.py", "viz/two.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(
            f"class {'Same' if 'lab' not in name else 'Other'}:\n    pass\n"
        )
    assert shared(files(tmp_path)) == {"one": ["abm/one.py", "viz/lab/one.py"]}
    assert shared(classes(tmp_path)) == {"Same": ["abm/one.py", "viz/two.py"]}
