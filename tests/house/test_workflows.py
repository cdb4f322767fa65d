"""The Snakefile and the manifest of Kubernetes in the how-to are what they say."""

import re
import shlex
import shutil
import subprocess

import pytest
import typer
import yaml

from experiments.commands.main import app
from tests.pages import ROOT, blocks

PAGE = ROOT / "docs/how-to/sweep-without-a-shared-disk.md"
COMMANDS = typer.main.get_command(app).commands


def block(kind):
    (found,) = [block.text for block in blocks(PAGE) if block.kind == kind]
    return found


@pytest.fixture
def job():
    return yaml.safe_load(block("yaml"))


def commands_in(text):
    """Words of every command of ours, with numbers in the place of what is filled in."""
    text = re.sub(r'\{[\w.]+\}|"?\$STORE/\$k"?|\$k\b|\$\([^)]*\)', "1", text)
    for line in re.findall(r"nearshore [^\"\n]+(?:\"[^\"\n]*\"[^\"\n]*)*", text):
        yield shlex.split(line.strip().rstrip('"'))


@pytest.mark.parametrize("kind", ["snakemake", "yaml"])
def test_every_command_in_a_workflow_can_be_said(kind):
    text = block(kind) if kind == "snakemake" else yaml.safe_load(block(kind))
    if kind == "yaml":
        text = text["spec"]["template"]["spec"]["containers"][0]["args"][0]
    found = list(commands_in(text))
    assert {words[1] for words in found} == {"sweep", "merge"}
    for words in found:
        COMMANDS[words[1]].make_context(words[1], words[2:])


def test_the_job_holds_to_the_schema_of_kubernetes(job):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(job, version, strict=True)
    job["spec"]["completionMod"] = job["spec"].pop("completionMode")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, version, strict=True)


def test_every_pod_of_the_job_is_a_shard_and_no_shard_is_left_out(job):
    spec = job["spec"]
    assert spec["completionMode"] == "Indexed"
    (container,) = spec["template"]["spec"]["containers"]
    (words,) = [words for words in commands_in(container["args"][0]) if words[1] == "sweep"]
    assert words[words.index("--shard") + 1] == f"1/{spec['completions']}"
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in spec["template"]["spec"]["volumes"]}


@pytest.mark.skipif(shutil.which("snakemake") is None, reason="Snakemake is not installed")
def test_snakemake_plans_every_shard_and_one_merge(tmp_path):
    (tmp_path / "Snakefile").write_text(block("snakemake"))
    done = subprocess.run(
        ["snakemake", "--dry-run", "--cores", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout + done.stderr
    assert re.search(r"^shard\s+4$", told, re.MULTILINE)
    assert re.search(r"^join\s+1$", told, re.MULTILINE)
