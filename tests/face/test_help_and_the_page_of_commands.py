"""Help groups the commands and shows how each is used; one page tells of JSON and exit codes."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import typer

from abm.scenario.scenario import shipped
from experiments import exit_codes
from experiments.commands.in_help import COMMANDS
from experiments.commands.main import app, main
from experiments.commands.options import shipped_names
from tests.pages import ROOT

TREE = typer.main.get_command(app)
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `?(nearshore [^`|]+|\d+)`? \| (.+) \|$", re.MULTILINE)


def every_command(group=TREE, before="nearshore"):
    """Names as typed and what they are, those of groups included."""
    for name, command in group.commands.items():
        yield f"{before} {name}", command
        if hasattr(command, "commands"):
            yield from every_command(command, f"{before} {name}")


def understood(words, group=TREE):
    """Read a command without carrying it out."""
    command = group.commands[words[0]]
    rest = words[1:]
    if hasattr(command, "commands") and rest and rest[0] in command.commands:
        understood(rest, command)
    else:
        command.make_context(words[0], rest)


def test_every_command_has_a_group_and_they_stand_in_order():
    grouped = [name for group in COMMANDS.values() for name in group]
    assert sorted(grouped) == sorted(TREE.commands)
    listed = [name for name in TREE.commands if not hasattr(TREE.commands[name], "commands")]
    assert listed == [name for name in grouped if name in listed]


@pytest.mark.parametrize("name", dict(every_command()))
def test_the_help_of_a_command_ends_with_examples_that_can_be_carried_out(name):
    command = dict(every_command())[name]
    examples = [line for line in command.epilog.splitlines() if line.startswith("nearshore ")]
    assert examples
    for example in examples:
        assert f"{example} ".startswith(f"{name} ")
        understood(shlex.split(example)[1:])


def test_the_help_shows_groups_and_examples(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    places = [printed.index(group) for group in COMMANDS]
    assert places == sorted(places)
    assert main(["status", "--help"]) == 0
    assert "nearshore status results/threshold --watch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["fork"], "nearshore fork"),
        (["law", "diff"], "nearshore law diff"),
        (["law", "lst"], "nearshore law"),
        (["status", "x", "--jsn"], "nearshore status"),
        (["run"], "nearshore run"),
        (["jump"], "nearshore"),
    ],
)
def test_an_error_points_to_the_help_of_its_command(words, asked, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"; see '{asked} --help'\n")
    assert said.count("\n") == 1


def test_the_page_names_every_command_that_prints_json_and_no_other():
    with_json = {
        name
        for name, command in every_command()
        if any("--json" in parameter.opts for parameter in command.params)
    }
    told = {
        " ".join(re.findall(r"[a-z]+", name)) for name, _ in ROW.findall(PAGE) if name[0] == "n"
    }
    assert told == with_json
    assert len(told) > 5


def test_the_page_tells_every_exit_code_and_no_other():
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}
    assert {int(code) for code, _ in ROW.findall(PAGE) if code.isdigit()} == codes


def test_scenarios_are_listed_as_json(capsys):
    assert main(["scenarios", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told] == list(shipped())
    assert all(one["question"].endswith("?") for one in told)


def completed(*words):
    """What a shell is offered for a line that ends with the last of some words."""
    asked = {
        "_NEARSHORE_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(["nearshore", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nearshore"],
        cwd=ROOT, env={**os.environ, **asked}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    return done.stdout.split()


def test_a_shell_completes_commands_options_and_scenarios():
    assert completed("sta") == ["status"]
    assert completed("run", "usm") == ["usmca", "usmca-by-line", "usmca-content"]
    assert completed("run", "usmca", "--aga") == ["--against"]
    assert completed("run", "usmca", "--against", "status") == ["status-quo"]


def test_the_names_that_are_completed_are_the_scenarios_shipped():
    assert shipped_names() == sorted(shipped())
