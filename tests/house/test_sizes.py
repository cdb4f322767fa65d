"""How large a function, a file and a folder may be, in all packages.

A function has at most 60 lines besides its docstring, and 6 arguments besides ``self``; one
that has more says why in a comment ``# why: ...`` right above it. A file has at most 450
lines, tests and benchmarks included, and a folder about a dozen modules, unless each is one
of a kind.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("nearshore", "abm", "agents", "experiments", "viz")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).glob("**/*.py"))

MOST_LINES = 60
MOST_ARGUMENTS = 6
LONGEST_FILE = 450
FULLEST_FOLDER = 13
"""Modules, those aside that stand for the folder itself."""

OF_THE_FOLDER = ("__init__.py", "conftest.py")

ONE_OF_A_KIND = {
    "abm/policy/instruments": "one file an instrument",
    "experiments/validation/findings": "one file a published finding",
}

TO_BE_SPLIT = {
    "abm/trade/books/settlement.py settle",
    "abm/trade/borders/crossing.py delivery",
}
"""Larger than they should be, and known to be; nothing is added here."""


def too_large(text):
    """Names of the functions of a file that are too large and do not say why."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_too_large(node):
            first = min(part.lineno for part in (node, *node.decorator_list))
            above = lines[first - 2].strip() if first > 1 else ""
            if not (above.startswith("# why: ") and len(above) > 20):
                yield node.name


def is_too_large(function):
    head = function.body[0]
    told = ast.get_docstring(function, clean=False) is not None
    docstring = head.end_lineno - head.lineno + 1 if told else 0
    length = function.end_lineno - function.lineno + 1 - docstring
    said = function.args
    named = [*said.posonlyargs, *said.args, *said.kwonlyargs, said.vararg, said.kwarg]
    arguments = [one for one in named if one is not None and one.arg not in ("self", "cls")]
    return length > MOST_LINES or len(arguments) > MOST_ARGUMENTS


def test_files_of_tests_and_benchmarks_are_short():
    files = [file for folder in ("tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert len(files) > 100
    assert [str(file) for file, count in lines.items() if count > LONGEST_FILE] == []


def test_files_and_functions_are_small_or_say_why():
    found = set()
    for file in FILES:
        name, text = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        found |= {f"{name} {function}" for function in too_large(text)}
        if len(text.splitlines()) > LONGEST_FILE:
            found.add(name)
    assert found - TO_BE_SPLIT == set(), "too large; split it, or say why right above it"
    assert TO_BE_SPLIT - found == set(), "small enough now; take it off the list"


def crowded(root, folders):
    """Folders below some that hold more modules than a reader takes in at a glance."""
    below = [path for name in folders for path in ((root / name), *(root / name).rglob("*"))]
    return {
        path.relative_to(root).as_posix()
        for path in below
        if sum(module.name not in OF_THE_FOLDER for module in path.glob("*.py")) > FULLEST_FOLDER
    }


def test_folders_hold_about_a_dozen_modules():
    assert crowded(ROOT, (*PACKAGES, "tests", "benchmarks")) <= ONE_OF_A_KIND.keys()


def test_a_crowded_folder_is_found(tmp_path):
    (tmp_path / "abm" / "rooms").mkdir(parents=True)
    for number in range(FULLEST_FOLDER):
        (tmp_path / "abm" / "rooms" / f"m{number}.py").touch()
    (tmp_path / "abm" / "rooms" / "__init__.py").touch()
    assert crowded(tmp_path, ["abm"]) == set()
    (tmp_path / "abm" / "rooms" / "more.py").touch()
    assert crowded(tmp_path, ["abm"]) == {"abm/rooms"}


MANY = "def f(a, b, c, d, e, f, g):\n    pass\n"


@pytest.mark.parametrize(
    "text",
    [
        MANY,
        "# why: no\n" + MANY,
        "class A:\n    def f(self, a, b, c, *, d, e, f, **g):\n        pass\n",
        "def f():\n" + "    pass\n" * 60,
    ],
)
def test_what_is_too_large_is_found(text):
    assert list(too_large(text)) == ["f"]


@pytest.mark.parametrize(
    "text",
    [
        "# why: each is an option of the command\n@cache\n" + MANY,
        "class A:\n    def f(self, a, b, c, d, e, f):\n        pass\n",
        'def f():\n    """Line.\n' + "\n" * 80 + '    """\n',
        "def f():\n" + "    pass\n" * 59,
    ],
)
def test_what_is_small_or_says_why_is_left_alone(text):
    assert list(too_large(text)) == []
