"""Results as an RO-Crate: complete, with true hashes, and valid where a validator is at hand."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from datetime import datetime
from functools import partial

import pytest

from experiments.commands.main import main
from experiments.crate import CONFIGURATION, ENVIRONMENT, METADATA
from experiments.runs.runner import run_scenario
from tests.synthetic import FakeModel, FakeScenario

VALIDATOR = shutil.which(os.environ.get("ROC_VALIDATOR", "rocrate-validator"))
"""Of an environment of its own: it asks for an older rich than ours."""

FETCHED = os.environ.get("ROC_VALIDATOR_CACHE")
"""What the validator fetched before; with it, it asks nothing of the network."""

SWEEP = """
scenario = "status-quo"
firms = 100
quarters = 1
replications = 1
[factors]
"rules_of_origin.regional_value_content.cars" = [0.6, 0.9]
"""

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
def sweep(folder):
    out = folder.parent / "sweep"
    (folder.parent / "sweep.toml").write_text(SWEEP)
    asked = ["sweep", str(folder.parent / "sweep.toml"), "--out", str(out), "--quiet"]
    assert main(asked) == 0
    return out


def packed(folder):
    path = folder.parent / f"{folder.name}.zip"
    assert main(["export", str(folder), "--crate", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def crate(folder):
    return packed(folder)


@pytest.fixture(scope="module", params=["run", "comparison", "sweep"])
def any_crate(request, folder):
    if request.param == "sweep":
        return packed(request.getfixturevalue("sweep"))
    return packed(folder / "usmca" if request.param == "run" else folder)


@pytest.mark.thorough
def test_the_crate_holds_every_result_with_its_true_hash(any_crate):
    with zipfile.ZipFile(any_crate) as archive:
        names = set(archive.namelist())
        graph = {part["@id"]: part for part in json.loads(archive.read(METADATA))["@graph"]}
        told = {part["@id"] for part in graph["./"]["hasPart"]}
        assert told == names - {METADATA}
        for name in told:
            content = archive.read(name)
            assert graph[name]["sha256"] == hashlib.sha256(content).hexdigest()
            assert graph[name]["contentSize"] == str(len(content))
    folder = any_crate.with_suffix("")
    left_out = {"checkpoint", "locks"}
    results = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not left_out & set(path.relative_to(folder).parts)
    }
    added = {CONFIGURATION, ENVIRONMENT}
    assert told == results | added
    assert {part["@id"] for part in graph["#run"]["object"]} == added
    assert {part["@id"] for part in graph["#run"]["result"]} == results


def test_a_run_ends_when_its_last_file_was_written(folder):
    last = max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(packed(folder)) as archive:
        graph = {part["@id"]: part for part in json.loads(archive.read(METADATA))["@graph"]}
    ended = datetime.fromisoformat(graph["#run"]["endTime"]).timestamp()
    assert last - 1 < ended <= last
    assert graph["#run"]["actionStatus"].endswith("/CompletedActionStatus")


def test_the_crate_says_what_was_asked_for_and_with_what_packages(crate):
    with zipfile.ZipFile(crate) as archive:
        asked = json.loads(archive.read(CONFIGURATION))
        packages = archive.read(ENVIRONMENT).decode().splitlines()
    assert asked["run"]["scenario"]["name"] == "usmca"
    assert asked["reference"]["scenario"]["name"] == "status-quo"
    assert any(line.startswith("numpy==") for line in packages)


needs_validator = pytest.mark.skipif(
    not VALIDATOR,
    reason="no rocrate-validator on the path or in ROC_VALIDATOR; scripts/check-crate installs one",
)


def judged(crate, profile):
    asked = [VALIDATOR, "-y", "validate", "--profile-identifier", profile, "--no-paging"]
    if FETCHED:
        asked += ["--offline", "--cache-path", FETCHED]
    done = subprocess.run(
        [*asked, "--requirement-severity", "REQUIRED", str(crate)], capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    if not FETCHED and ("w3id.org" in said or "URLError" in said):
        pytest.skip("the validator asks w3id.org for the context, and there is no network")
    return done.returncode, said


@needs_validator
@pytest.mark.parametrize("profile", ["ro-crate-1.1", "process-run-crate-0.5"])
def test_the_crate_is_valid(any_crate, profile):
    code, said = judged(any_crate, profile)
    assert code == 0, said


@needs_validator
def test_the_validator_sees_what_is_missing(crate, tmp_path):
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path)
    described = tmp_path / METADATA
    text = described.read_text(encoding="utf-8")
    described.write_text(text.replace("datePublished", "dateHidden"), encoding="utf-8")
    code, said = judged(tmp_path, "ro-crate-1.1")
    assert (code, "FAILED" in said) == (1, True), said


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
