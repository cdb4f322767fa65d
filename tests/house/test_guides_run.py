"""Every command and block of code of the tutorial, the how-tos and the notebook runs."""

import json
import re
import shlex
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from experiments import runner
from experiments.cli import main

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
BLOCK = re.compile(
    r"^(?:<!-- sketch: (?P<why>.+?) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
HERE_DOCUMENT = re.compile(r"^cat > (\S+) <<'END'\n(.*?)^END$\n?", re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    """A folder of its own to work in; no picture stays open.

    The figures of a run have tests of their own and take longer than the run.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runner, "find_figures", lambda: lambda *given, **more: [])
    yield tmp_path
    plt.close("all")


def carry_out(text):
    """Do what a shell would: write files from here documents, run our commands."""
    for name, content in HERE_DOCUMENT.findall(text):
        Path(name).write_text(content, encoding="utf-8")
    for line in HERE_DOCUMENT.sub("", text).splitlines():
        program, *arguments = shlex.split(line)
        assert program == "nearshore", f"{line}: no command of ours, so mark the block as a sketch"
        assert main(arguments) == 0, line


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_runs_from_top_to_bottom(page):
    names = {"__name__": "guide"}
    done = 0
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        kind, text = block["kind"], block["text"]
        if block["why"]:
            continue
        assert kind in ("sh", "python"), f"{page.name}: a block of {kind} is not run, nor a sketch"
        if kind == "sh":
            carry_out(text)
        else:
            exec(compile(text, page.name, "exec"), names)
        done += 1
    assert done > 0
    if page.stem == "tutorial":
        assert Path("parts-duty.pdf").read_bytes().startswith(b"%PDF")
        assert Path("parts-duty.zip").stat().st_size > 10_000


def test_a_sketch_has_a_reason_and_stands_before_a_block():
    for page in GUIDES:
        text = page.read_text(encoding="utf-8")
        found = [block["why"] for block in BLOCK.finditer(text) if block["why"]]
        assert len(found) == text.count("<!-- sketch")
        assert all(len(why) > 10 for why in found)


def test_the_notebook_runs_from_top_to_bottom(desk):
    content = json.loads((DOCS / "tutorial.ipynb").read_text(encoding="utf-8"))
    nbformat.validate(content)
    names = {"__name__": "notebook"}
    for cell in content["cells"]:
        assert not cell.get("outputs")
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert (desk / "threat.png").exists()
