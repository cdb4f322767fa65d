"""What a kill leaves half-written goes with the next program that writes there; nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.runs.on_disk import leftovers
from experiments.runs.on_disk.leftovers import mend_folder, remove_left_files
from experiments.runs.on_disk.run_folders import check_destination, replaced_folder, write_whole

KILLED_IN_A_FILE = """
import os, sys
from pathlib import Path
from experiments.runs.on_disk import run_folders
run_folders.os.replace = lambda *paths: os.kill(os.getpid(), 9)
run_folders.write_whole(Path(sys.argv[1]), b"half")
"""

KILLED_IN_A_FOLDER = """
import os, sys
from pathlib import Path
from experiments.runs.on_disk.run_folders import replaced_folder
rename, renamed = Path.rename, []
def kill_at(path, target):
    renamed.append(path)
    if len(renamed) == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    return rename(path, target)
Path.rename = kill_at
with replaced_folder(Path(sys.argv[1])) as folder:
    (folder / "file").write_text("new")
"""


def killed(program: str, *arguments: object) -> None:
    done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.thorough
def test_a_file_that_a_kill_left_goes_with_the_next_of_its_name(tmp_path):
    for name in ("a.json", "a.json", "b.json"):
        killed(KILLED_IN_A_FILE, tmp_path / name)
    # The second of a.json has taken the first away.
    assert [name.split(".")[1] for name in names(tmp_path)] == ["a", "b"]
    write_whole(tmp_path / "a.json", b"whole")
    assert [name for name in names(tmp_path) if "b.json" not in name] == ["a.json"]
    remove_left_files(tmp_path)
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("kill_at", [1, 2])
@pytest.mark.parametrize("again", ["write", "mend"])
def test_a_folder_that_a_kill_left_goes_and_the_earlier_one_is_back(tmp_path, kill_at, again):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").write_text("old")
    killed(KILLED_IN_A_FOLDER, tmp_path / "run", kill_at)
    assert (tmp_path / "run").exists() == (kill_at == 1)
    assert len(names(tmp_path)) == 2
    if again == "write":
        with replaced_folder(tmp_path / "run") as folder:
            assert (tmp_path / "run" / "file").read_text() == "old"
            (folder / "file").write_text("new")
    else:
        mend_folder(tmp_path / "run")
        assert (tmp_path / "run" / "file").read_text() == "old"
    assert names(tmp_path) == ["run"]


def test_a_folder_that_a_kill_left_moved_aside_is_gone_on_with(tmp_path):
    (tmp_path / "run").mkdir()
    killed(KILLED_IN_A_FOLDER, tmp_path / "run", 2)
    assert not (tmp_path / "run").exists()
    check_destination(tmp_path / "run")
    assert names(tmp_path) == ["run"]


def test_what_is_being_written_is_no_leftover(tmp_path, monkeypatch):
    held = []
    replace = os.replace

    def look(new, path):
        remove_left_files(tmp_path)
        held.append(Path(new).read_bytes())
        replace(new, path)

    monkeypatch.setattr("experiments.runs.on_disk.run_folders.os.replace", look)
    write_whole(tmp_path / "a", b"whole")
    assert held == [b"whole"]
    with replaced_folder(tmp_path / "run") as folder:
        (folder / "file").write_text("new")
        mend_folder(tmp_path / "run")
        assert (folder / "file").read_text() == "new"
    assert names(tmp_path) == ["a", "run"]


def test_what_is_taken_away_before_it_was_held_is_made_again(tmp_path, monkeypatch):
    hold, taken = leftovers._hold, []

    def late(path, *, wait):
        if wait and not taken:
            taken.append(path)
            found = hold(path, wait=wait)
            path.unlink()
            return found
        return hold(path, wait=wait)

    monkeypatch.setattr(leftovers, "_hold", late)
    write_whole(tmp_path / "a", b"whole")
    assert (len(taken), (tmp_path / "a").read_bytes()) == (1, b"whole")


def test_where_there_are_no_locks_nothing_is_taken_for_left_over(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "fcntl", None)
    left = tmp_path / ".a.0123456789abcdef.new"
    left.write_bytes(b"in use, for all that anyone knows")
    write_whole(tmp_path / "a", b"whole")
    with replaced_folder(tmp_path / "run") as folder:
        (folder / "file").write_text("new")
    assert names(tmp_path) == [left.name, "a", "run"]


@pytest.mark.parametrize("name", [".a.new", ".a.0123.new", "a.0123456789abcdef.new", ".b"])
def test_files_of_other_names_are_left_alone(tmp_path, name):
    (tmp_path / name).write_text("mine")
    remove_left_files(tmp_path)
    write_whole(tmp_path / "a", b"whole")
    assert (tmp_path / name).read_text() == "mine"
