"""A copy of the house, to which things are added as CONTRIBUTING says."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text under a heading of CONTRIBUTING."""
    return CONTRIBUTING.split(f"## {heading}\n")[1].split("\n## ")[0]


def shown(heading: str) -> list[str]:
    """The pieces of Python shown there, without the indentation of a list."""
    found = re.findall(r"^ *```python\n(.*?)```", section(heading), re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(code) for code in found]


def copied_house(root: Path, *folders: str) -> Path:
    """The folders of the house under another root."""
    for folder in folders:
        ignored = shutil.ignore_patterns("__pycache__", "*.svg", "*.png")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    return root


def insert(file: Path, *lines: tuple[str, str]) -> None:
    """Put lines before what they are to stand before, which the file says once."""
    text = file.read_text(encoding="utf-8")
    for anchor, line in lines:
        assert text.count(anchor) == 1, anchor
        text = text.replace(anchor, line + anchor)
    file.write_text(text, encoding="utf-8")


def add_instrument(root: Path, heading: str) -> list[str]:
    """Add the instrument of a section, and return the modules of other files shown with it."""
    names = re.findall(r"`(abm/\w+/(?:\w+/)?\w+\.py)`:(?:\n| a frozen)", section(heading))
    for name, code in zip(names, shown(heading), strict=True):
        (root / name).write_text(code, encoding="utf-8")
    module, *others = [name.removesuffix(".py").replace("/", ".") for name in names]
    regime = root / "abm" / "policy" / "regime.py"
    (field,) = re.findall(r"`(\w+: \w+ = \w+\(\))`", section(heading))
    insert(
        regime,
        ("from abm.policy.instruments.reaction", f"from {module} import *\n"),
        ("    threat: Threat | None", f"    {field}\n"),
    )
    for fill in re.findall(r"`(\(\"\w+\", \w+\),)`", section(heading)):
        insert(regime, ('    ("competition", fill_competition),', f"    {fill}\n"))
    return others


def said(script: str, folder: Path) -> str:
    """What a script prints that runs in a folder, whose packages it imports."""
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
