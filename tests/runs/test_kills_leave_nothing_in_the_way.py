"""What a kill leaves in a folder that is being replaced stands in nobody's way, and is told of."""

import pytest

from abm.errors import CheckpointError, OutputError
from experiments.runs.continuing import read_manifest
from experiments.runs.on_disk.run_folders import check_destination, replaced_folder, write_json


@pytest.fixture
def folder(tmp_path):
    """The folder of a run, as far as its manifest goes."""
    with replaced_folder(tmp_path / "run") as place:
        manifest = {"program": "nearshore", "format": 2, "contents": ["manifest.json", "figures"]}
        write_json(place / "manifest.json", manifest)
    return tmp_path / "run"


def test_figures_that_were_being_drawn_at_a_kill_do_not_keep_a_run_from_being_replaced(folder):
    (folder / ".figures-0123abcd-new").mkdir()
    check_destination(folder)
    (folder / ".mine-0123abcd-new").mkdir()
    with pytest.raises(OutputError, match=r"holds \.mine-0123abcd-new, which"):
        check_destination(folder)


def test_a_folder_that_a_kill_left_without_its_name_is_told_of(folder):
    left = folder.with_name(".run-0123abcd-old")
    folder.rename(left)
    with pytest.raises(CheckpointError, match=f"what it held is in {left}: give that its name"):
        read_manifest(folder)
    left.rename(folder)
    assert read_manifest(folder)["program"] == "nearshore"
