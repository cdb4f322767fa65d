"""Who may import whom: the contract of pyproject.toml, and what it cannot say about the core."""

import ast
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
CORE = ROOT / "abm" / "core"
COMPILED = CORE / "compiled"
CORE_MAY_IMPORT = {"numpy", "scipy", *sys.stdlib_module_names}


def imported(tree: ast.Module) -> set[str]:
    """Full names of the modules a file imports; relative ones start with a dot."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def allowed_in_core(module: str) -> bool:
    return module.split(".")[0] in CORE_MAY_IMPORT or f"{module}.".startswith("abm.core.")


def test_every_floor_stands_on_those_below_it(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(cache_dir=None, no_logo=True) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("file", sorted(CORE.glob("**/*.py")), ids=lambda file: file.stem)
def test_the_core_imports_numpy_and_scipy_alone_but_for_what_is_compiled(file):
    modules = imported(ast.parse(file.read_text()))
    more = {"numba"} if file.parent == COMPILED else set()
    assert {module for module in modules if not allowed_in_core(module)} <= more
