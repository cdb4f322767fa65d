"""Every command and block of code of every page runs, or says out of sight why it cannot."""

import doctest
import json
import math
import re
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
import typer

from abm.scenario.scenario import Scenario
from experiments import results
from experiments.commands.main import app, main
from experiments.estimation.target_file import read_target_file
from experiments.sweeps.design import sweep_file
from experiments.sweeps.design.sweep_file import read_sweep, shipped_sweeps
from experiments.validation.audit.claim_file import ClaimFile
from tests.in_this_process import in_this_process
from tests.pages import EQUATIONS, HERE_DOCUMENT, PAGES, ROOT, blocks, commands_in_prose
from tests.published_tables import write_oecd
from tests.support.thorough import but_for

PROGRAM = typer.main.get_command(app)
COMMANDS = PROGRAM.commands

OF_THE_PROGRAM = {"--help", *(name for one in PROGRAM.params for name in one.opts)}
"""Options that stand before any command."""

SMALL = {"--firms": (200, 150), "--quarters": (7, 5), "--workers": (1, 1), "--seeds": (2, 2)}
"""Commands are carried out as written, but what is above the first is set to the second."""

LENGTHS = ("--firms", "--quarters")
"""What is given where a page leaves it to the default."""

ELSEWHERE = {
    "docs/findings.md": {
        ".venv/bin/python docs/findings.py": "takes long; its parts have tests of the theory"
    },
    "docs/what-moved.md": {
        ".venv/bin/python docs/what_moved.py": "takes long; its parts have tests of their own"
    },
}
"""Lines that are not carried out, of pages that are written by a program."""

FIRST_READ = (
    "README.md",
    "docs/plain-words.md",
    "docs/how-to/use-it-with-mesa.md",
)
"""Pages whose commands the usual tests carry out; every page's are by the thorough ones."""

EXAMPLE_TABLE = "ICIO2021_2018.csv"

HEADING = re.compile(r"^\s*[^\W\d][^\d]*(?:\s{2,}[^\W\d][^\d]*){2,}$")
"""The head of a printed table: three columns or more, and no figure."""


@pytest.fixture(scope="module", autouse=True)
def here():
    with in_this_process():
        yield


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch, start_method_kept):
    """A folder of its own to work in, with small versions of what is shipped."""
    monkeypatch.chdir(tmp_path)
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    small = {}
    for name, path in shipped_sweeps().items():
        small[name] = shipped / path.name
        small[name].write_text(smaller_sweep(path.read_text(encoding="utf-8")), encoding="utf-8")
    monkeypatch.setattr(sweep_file, "shipped_sweeps", lambda: small)
    yield tmp_path
    plt.close("all")


def smaller_sweep(text):
    """A sweep of few short runs of few firms, and of two values of a list."""
    for key, most in (("firms", 100), ("quarters", 1), ("replications", 2), ("n", 2)):
        text = re.sub(
            rf"^{key} = (\d+)$",
            lambda found, key=key, most=most: f"{key} = {min(int(found[1]), most)}",
            text,
            flags=re.MULTILINE,
        )
    document = tomllib.loads(text)
    for key, values in document.get("factors", {}).items():
        if isinstance(values, list):
            held = document.get("reference", {}).get(key, values[0])
            two = [held, next(value for value in reversed(values) if value != held)]
            line = rf"^\"{re.escape(key)}\" = \[.*\]$"
            text = re.sub(line, f'"{key}" = {two}', text, flags=re.MULTILINE)
    return text


def smaller(words):
    """A command of no more firms, quarters and workers than is `SMALL`."""
    command = COMMANDS[words[1]]
    words = [words[0], *(capped(*pair) for pair in pairwise(words))]
    known = {name for parameter in command.params for name in parameter.opts}
    for option in LENGTHS:
        if option in known and option not in words and "--resume" not in words:
            words += [option, str(SMALL[option][1])]
    several = "--against" in words or command.name == "validate"
    if several and "--seeds" in known and "--seeds" not in words:
        words += ["--seeds", str(SMALL["--seeds"][1])]
    return words


def capped(option, value):
    most, instead = SMALL.get(option, (math.inf, None))
    return value if instead is None or int(value) <= most else str(instead)


def carried_out(words):
    """Do what a shell would with one command of ours."""
    if words[0] == "make":
        for line in recipe(words[1:]):
            carried_out(line.split())
        return
    program, *arguments = words
    assert program.removeprefix(".venv/bin/") == "nearshore", f"{words}: mark it as a sketch"
    if "RUN" in arguments:  # the name of a run, which depends on the version
        arguments[arguments.index("RUN")] = results(arguments[1])["run"].iloc[0]
    assert main(smaller([program, *arguments])[1:]) == 0, words


def recipe(arguments):
    """What make would do, were its environment there."""
    asked = ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/ready"]
    asked += ["--old-file=.venv/benchmarks", *arguments]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"make {arguments}: {done.stderr}"
    return done.stdout.splitlines()


def understood(words):
    """Read a command without doing it; what cannot be is an error."""
    if words[0] == "make":
        recipe(words[1:])
    elif words[0].removeprefix(".venv/bin/") == "nearshore" and words[1] not in OF_THE_PROGRAM:
        COMMANDS[words[1]].make_context(words[1], words[2:])


def run_python(text, page, names):
    if not text.startswith(">>>"):
        exec(compile(text, page, "exec"), names)
        return
    said = []
    test = doctest.DocTestParser().get_doctest(text, names, page, page, 0)
    doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)


def run_shell(block, skipped):
    for name, content in HERE_DOCUMENT.findall(block.text):
        Path(name).write_text(content, encoding="utf-8")
    for line, words in block.commands():
        (understood if line in skipped else carried_out)(words)


def load_toml(block):
    """Read what a block of TOML is: claims, a fit, a sweep, or a part of a scenario."""
    if "[[claims]]" in block.text:
        Path(block.file).write_text(block.text, encoding="utf-8")
        ClaimFile.read(Path(block.file))
    elif "[[targets]]" in block.text or "[factors]" in block.text:
        path = Path(block.file)
        path.write_text(block.text, encoding="utf-8")
        (read_target_file if "[[targets]]" in block.text else read_sweep)(path)
    else:
        Scenario.from_toml(f'extends = "status-quo"\n{block.text}')


def headings(text):
    return {" ".join(line.split()) for line in text.splitlines() if HEADING.match(line)}


def width_of(name):
    """Characters in the widest line of what a page shows; 80 at least, as in a terminal."""
    shown = [block.text for block in blocks(PAGES[name]) if block.kind == "text"]
    return max([80, *(len(line) for text in shown for line in text.splitlines())])


@pytest.mark.parametrize("name", but_for(FIRST_READ, PAGES))
def test_a_page_runs_from_top_to_bottom(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width_of(name)))
    if any(EXAMPLE_TABLE in block.text for block in blocks(PAGES[name])):
        write_oecd(Path(EXAMPLE_TABLE))
    names = {"__name__": "__main__"}
    printed = ""
    for block in blocks(PAGES[name]):
        skipped = block.sketches | ELSEWHERE.get(name, {})
        if block.sketch:
            if block.kind == "sh":
                for _, words in block.commands():
                    understood(words)
        elif block.kind == "sh":
            run_shell(block, skipped)
        elif block.kind == "python":
            run_python(block.text, name, names)
        elif block.kind == "toml":
            load_toml(block)
        elif block.kind == "text":
            printed += capsys.readouterr().out
            shown = headings(block.text)
            assert shown, f"{name}:{block.line}: says nothing that is printed"
            assert shown <= headings(printed)
        else:
            assert block.kind == EQUATIONS, f"{name}:{block.line}: neither run nor a sketch"
    if name == "docs/tutorial.md":
        assert Path("parts-duty.pdf").read_bytes().startswith(b"%PDF")
        assert Path("parts-duty.zip").stat().st_size > 10_000


@pytest.mark.parametrize("name", PAGES)
def test_a_command_named_in_a_sentence_exists(name):
    for words in commands_in_prose(PAGES[name]):
        if words[0] == "make":
            recipe(words[1:2])
            continue
        if words[1] in OF_THE_PROGRAM or words[1:] == ["COMMAND", "--help"]:
            continue
        command = COMMANDS[words[1]]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words if word.startswith("-")} <= known, words


@pytest.mark.parametrize("name", PAGES)
def test_what_is_not_run_has_a_reason_and_stands_in_its_block(name):
    for block in blocks(PAGES[name]):
        lines = {line for line, _ in block.commands()} if block.sketches else set()
        assert set(block.sketches) <= lines
        reasons = [*block.sketches.values(), *([block.sketch] if block.sketch else [])]
        assert all(len(reason) > 10 for reason in reasons)


def test_notebooks_are_kept_without_outputs():
    # The site carries them out and shows what they print and draw.
    for path in (ROOT / "docs").glob("**/*.ipynb"):
        content = json.loads(path.read_text(encoding="utf-8"))
        nbformat.validate(content)
        assert not any(cell.get("outputs") for cell in content["cells"]), path
