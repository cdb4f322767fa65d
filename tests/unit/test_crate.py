"""Results as an RO-Crate: complete, with true hashes, and valid where a validator is at hand."""

import hashlib
import json
import shutil
import subprocess
import zipfile
from functools import partial

import pytest

from experiments.cli import main
from experiments.crate import CONFIGURATION, ENVIRONMENT, METADATA
from experiments.runner import run_scenario
from tests.synthetic import FakeModel, FakeScenario

run_fake = partial(
    run_scenario,
    firms=100,
    quarters=3,
    seed=1,
    quiet=True,
    draw=lambda *given, **more: [],
    model_factory=lambda scenario, firms, seed: FakeModel(scenario),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A comparison, with a checkpoint left in one of its runs."""
    out = tmp_path_factory.mktemp("runs") / "both"
    run_fake(FakeScenario(), against=FakeScenario("status-quo", tilt=0.0), out=out)
    (out / "usmca" / "checkpoint").mkdir()
    (out / "usmca" / "checkpoint" / "arrays.npz").write_bytes(b"")
    return out


@pytest.fixture(scope="module")
def crate(folder):
    path = folder.parent / "out.zip"
    assert main(["export", str(folder), "--crate", str(path)]) == 0
    return path


def test_the_crate_holds_every_result_with_its_true_hash(folder, crate):
    with zipfile.ZipFile(crate) as archive:
        names = set(archive.namelist())
        graph = {part["@id"]: part for part in json.loads(archive.read(METADATA))["@graph"]}
        told = {part["@id"] for part in graph["./"]["hasPart"]}
        assert told == names - {METADATA}
        for name in told:
            content = archive.read(name)
            assert graph[name]["sha256"] == hashlib.sha256(content).hexdigest()
            assert graph[name]["contentSize"] == str(len(content))
    tables = {f"usmca/{path.name}" for path in (folder / "usmca").glob("*.parquet")}
    assert tables <= names
    assert not any("checkpoint" in name for name in names)
    assert {part["@id"] for part in graph["#run"]["object"]} == {CONFIGURATION, ENVIRONMENT}
    assert {part["@id"] for part in graph["#run"]["result"]} == told - {
        CONFIGURATION,
        ENVIRONMENT,
    }


def test_the_crate_says_what_was_asked_for_and_with_what_packages(crate):
    with zipfile.ZipFile(crate) as archive:
        asked = json.loads(archive.read(CONFIGURATION))
        packages = archive.read(ENVIRONMENT).decode().splitlines()
    assert asked["run"]["scenario"]["name"] == "usmca"
    assert asked["reference"]["scenario"]["name"] == "status-quo"
    assert any(line.startswith("numpy==") for line in packages)


@pytest.mark.skipif(not shutil.which("rocrate-validator"), reason="roc-validator not installed")
@pytest.mark.parametrize("profile", ["ro-crate-1.1", "process-run-crate-0.5"])
def test_the_crate_is_valid(crate, profile):
    asked = ["rocrate-validator", "-y", "validate", "--profile-identifier", profile]
    options = ["--no-paging", "--requirement-severity", "REQUIRED"]
    done = subprocess.run([*asked, *options, str(crate)], capture_output=True, text=True)
    if "w3id.org" in done.stdout + done.stderr or "URLError" in done.stdout + done.stderr:
        pytest.skip("the validator asks w3id.org for the context, and there is no network")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [("nowhere", "out.zip", "holds no run"), ("both", "both/out.zip", "is to go into it")],
)
def test_what_cannot_be_exported_is_one_line(folder, capsys, source, target, said):
    parent = folder.parent
    assert main(["export", str(parent / source), "--crate", str(parent / target)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert not (parent / "both" / "out.zip").exists()
