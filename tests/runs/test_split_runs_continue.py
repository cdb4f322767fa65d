"""Runs that are split into channels go on, and what cannot be continued is one line."""

import json
import os
import shutil
import signal

import pandas as pd
import pytest

from abm.errors import CheckpointError
from experiments.commands.main import main
from experiments.runs.finished_run import read_manifest
from experiments.runs.on_disk.checkpoints import ARRAYS, CHECKPOINT, read_checkpoint, restored
from experiments.runs.on_disk.run_folders import write_manifest
from experiments.scenarios.overrides import load_scenario
from tests.kept_runs import bytes_of, changed, cut, run

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("no_figures")]

SPLIT = {
    "channels": True,
    "against": load_scenario("status-quo"),
    "overrides": [
        "tariffs.special.USA.MEX.all=2.0",
        "tariffs.special_waived_for_originating=false",
    ],
}


SPLIT_FILES = ["summary.json", "channels.parquet"]


@pytest.fixture(scope="module")
def whole_split(tmp_path_factory, donor):
    """A run split into channels that nobody stopped."""
    out = tmp_path_factory.mktemp("whole split") / "run"
    assert not run(out, donor, **SPLIT).interrupted
    assert not (out / CHECKPOINT).exists()
    parts = pd.read_parquet(out / "channels.parquet").groupby("channel")["part"]
    largest = parts.agg(lambda part: part.abs().max())
    assert (largest > 0).all()
    return out


@pytest.fixture(scope="module")
def stopped_split(tmp_path_factory, donor):
    """The same, asked to terminate in quarter 3 of 6, with what it kept every 2 quarters."""
    out, seen = tmp_path_factory.mktemp("stopped split") / "run", []

    def terminate(quarter):
        place = out / CHECKPOINT / "moves"
        seen.append(read_checkpoint(place).facts["quarter"] if place.exists() else None)
        if quarter == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    result = run(out, donor, terminate, checkpoint_every=2, **SPLIT)
    assert "go on with: nearshore run --resume" in result.notes[0]
    assert seen == [None, None, 2]  # at the end of quarters 1 to 3
    return out


def same_split(one, other):
    assert bytes_of(one, SPLIT_FILES) == bytes_of(other, SPLIT_FILES)
    for name in ("threat-35", "status-quo"):
        assert bytes_of(one / name) == bytes_of(other / name)


def test_a_stopped_run_split_into_channels_goes_on_to_the_same_bytes(
    stopped_split, whole_split, tmp_path
):
    again = tmp_path / "again"
    shutil.copytree(stopped_split, again)
    assert main(["run", "--resume", str(again), "--quiet"]) == 0
    same_split(again, whole_split)
    assert not (again / CHECKPOINT).exists()
    assert json.loads((again / "manifest.json").read_bytes())["resumed_from"] == [3]


def test_a_run_split_into_channels_goes_on_again_and_again(stopped_split, whole_split, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(stopped_split, again)
    for quarters in (5, 6):
        given = ["--resume", str(again), "--quarters", str(quarters), "--checkpoint-every", "9"]
        assert main(["run", *given, "--quiet"]) == 0
        assert read_checkpoint(again / CHECKPOINT / "duty_paid").facts["quarter"] == quarters
    for place in [folder for folder in again.rglob(CHECKPOINT) if folder.is_dir()]:
        shutil.rmtree(place, ignore_errors=True)
    same_split(again, whole_split)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda place: shutil.rmtree(place / "compliance"), "holds no checkpoint"),
        (lambda place: cut(ARRAYS)(place / "compliance" / CHECKPOINT), "arrays.npz is damaged"),
        (
            lambda place: changed(quarter=2)(place / "compliance" / CHECKPOINT),
            "is not of the moment of the world that it follows",
        ),
        (lambda place: changed(held=None)(place / "compliance" / CHECKPOINT), "is incomplete"),
    ],
)
def test_a_world_of_a_channel_that_cannot_go_on_is_one_line(
    stopped_split, tmp_path, capsys, damage, said
):
    folder = tmp_path / "run"
    shutil.copytree(stopped_split, folder)
    damage(folder / CHECKPOINT)
    write_manifest(folder, read_manifest(folder))  # as it would be had the run left this
    before = sorted(folder.rglob("*"))
    assert main(["run", "--resume", str(folder), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert sorted(folder.rglob("*")) == before


def test_a_world_that_follows_another_is_not_taken_up_alone(stopped_split):
    with pytest.raises(CheckpointError, match="is of a world that follows another one"):
        restored(stopped_split / CHECKPOINT / "compliance")
