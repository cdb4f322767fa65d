"""What pages, docstrings and comments name in the code is there, and under that name."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from experiments.sweeps.workers import executors

ROOT = Path(__file__).parents[2]
PACKAGES = ("abm", "agents", "experiments", "nearshore", "viz")
NAMED = re.compile(rf"`~?((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`")
TEXTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")),
        *(path for package in PACKAGES for path in (ROOT / package).rglob("*.md")),
    ]
)
GROUPS = {executors.GROUP}
"""Of entry points that others may add to: dotted names that are no places."""

OF_EARLIER_VERSIONS = {ROOT / "CHANGELOG.md"}


def is_there(name: str) -> bool:
    """Whether a dotted name is a module, something that one holds, however deep, or a group."""
    if name in GROUPS:
        return True
    words = name.split(".")
    for length in range(len(words), 0, -1):
        try:
            found = import_module(".".join(words[:length]))
        except ModuleNotFoundError:
            continue
        for word in words[length:]:
            fields = getattr(found, "__annotations__", {}) | getattr(found, "model_fields", {})
            if not hasattr(found, word):
                return word in fields and word == words[-1]
            found = getattr(found, word)
        return True
    return False


def test_every_place_that_is_named_in_full_is_there():
    named = {
        (name, str(path.relative_to(ROOT)))
        for path in TEXTS
        if path not in OF_EARLIER_VERSIONS
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 100
    known = {name: is_there(name) for name, _ in named}
    assert sorted((name, where) for name, where in named if not known[name]) == []


@pytest.mark.parametrize("name", ["abm.inputs", "abm.axes.NOWHERE", "abm.state.state.state.State"])
def test_a_place_that_is_gone_is_found_out(name):
    assert not is_there(name)
