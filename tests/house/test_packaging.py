"""The container, the forms for reports and the paper hold together, as far as reading tells."""

import json
import re
import shlex
import tomllib

import pytest
import typer
import yaml

from experiments.commands.main import app
from tests.pages import ROOT

COMMANDS = typer.main.get_command(app).commands
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))
PAPER = (ROOT / "paper.md").read_text(encoding="utf-8")
HEAD, TEXT = PAPER.removeprefix("---\n").split("\n---\n", 1)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions():
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line.split(maxsplit=1) for line in lines]


def test_the_image_has_a_python_that_the_package_takes_and_the_pinned_packages():
    told = instructions()
    (image,) = [rest for word, rest in told if word == "FROM"]
    version = tuple(map(int, re.fullmatch(r"python:(\d+)\.(\d+)-slim", image).groups()))
    assert version >= tuple(map(int, project()["requires-python"].removeprefix(">=").split(".")))
    installs = [rest for word, rest in told if word == "RUN" and "pip install" in rest]
    assert installs == ["python -m pip install --constraint constraints.txt ."]


def test_the_image_runs_our_program_and_not_as_root():
    told = instructions()
    words = [word for word, _ in told]
    entry = json.loads(next(rest for word, rest in told if word == "ENTRYPOINT"))
    assert entry == [*project()["scripts"]]
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_what_the_image_leaves_out_is_nothing_that_it_installs():
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    needed = {"abm", "agents", "experiments", "nearshore", "viz", "scripts", "README.md", "LICENSE"}
    assert not needed & set(left_out)
    assert ".venv" in left_out


def test_commands_run_in_the_container_exist():
    page = (ROOT / "docs/how-to/containers.md").read_text(encoding="utf-8")
    runs = re.findall(r"^    docker run .*? nearshore (.+)$", page, re.MULTILINE)
    assert len(runs) == 2
    for words in map(shlex.split, runs):
        COMMANDS[words[0]].make_context(words[0], words[1:])


def test_the_development_container_is_set_up_by_make():
    told = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    program, target = told["postCreateCommand"].split()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert program == "make"
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    (port,) = told["forwardPorts"]
    assert port == next(p.default for p in COMMANDS["app"].params if p.name == "port")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_asks_for_something_and_names_what_there_is(form):
    told = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(told)
    names = [part["id"] for part in told["body"]]
    assert len(set(names)) == len(names)
    assert any(part.get("validations", {}).get("required") for part in told["body"])
    for path in re.findall(r"\b(?:docs|abm)/[\w/.-]+\.\w+", form.read_text(encoding="utf-8")):
        assert (ROOT / path).is_file(), path


def test_the_paper_has_what_journals_ask_for_and_invents_no_author():
    head = yaml.safe_load(HEAD)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert [author["name"] for author in head["authors"]] == [
        author["name"] for author in citation["authors"]
    ]
    assert head["title"].startswith(citation["title"])
    sections = re.findall(r"^# (.+)$", TEXT, re.MULTILINE)
    assert sections[0] == "Summary"
    assert {"Statement of need", "State of the field", "References"} <= set(sections)


def test_every_reference_of_the_paper_is_in_its_bibliography_and_the_other_way_round():
    entries = (ROOT / yaml.safe_load(HEAD)["bibliography"]).read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{([\w:-]+),", entries, re.MULTILINE))
    cited = set(re.findall(r"@([\w:-]+\w)", TEXT))
    assert cited == known
    assert len(known) > 5
