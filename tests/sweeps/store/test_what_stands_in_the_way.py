"""What is no file or folder of a sweep, where one of its own is to be, is refused or left alone."""

import json
import os
from hashlib import sha256
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import carry_out, forged, read_bytes
from sweep_runs import write_sweep

from abm.errors import StoreError
from experiments import results
from experiments.commands.main import main
from experiments.runs.on_disk.run_folders import write_whole
from experiments.sweeps.store.parts import joined
from experiments.sweeps.store.run_log import RunLog
from experiments.sweeps.store.store import FOLDERS
from tests.in_this_process import in_this_process

MINE = "of somebody else"


@pytest.fixture(autouse=True)
def here():
    """Carry out runs in this process: what is tried here is the folder."""
    with in_this_process():
        yield


def a_file(path):
    path.write_text(MINE)


def a_folder(path):
    path.mkdir()
    (path / "mine").write_text(MINE)


def a_pipe(path):
    os.mkfifo(path)


def a_link(path):
    path.symlink_to(path.parent)


def refused(words, capsys):
    """The one line with which a command refuses a damaged folder."""
    code, said = main([str(word) for word in words]), capsys.readouterr().err
    assert (code, said.count("\n")) == (4, 1)
    return said


@pytest.mark.parametrize("make", [a_file, a_pipe, a_link])
@pytest.mark.parametrize("name", FOLDERS)
def test_what_stands_in_the_place_of_a_folder_is_refused_in_one_line(finished, capsys, name, make):
    file, out = finished
    (out / name).rename(out / "elsewhere")
    make(out / name)
    resume = ["sweep", file, "--out", out, "--resume"]
    for words in (["results", out], ["results", out, "--compact"], ["status", out], resume):
        assert f"{out / name}: is " in refused(words, capsys)
    (out / name).unlink()
    (out / "elsewhere").rename(out / name)
    assert len(results(out)) == 20


@pytest.mark.parametrize("make", [a_folder, a_pipe, a_link])
@pytest.mark.parametrize("name", ["all.lock", "all.holder"])
def test_what_stands_in_the_place_of_a_lock_is_refused_in_one_line(finished, capsys, name, make):
    _, out = finished
    path = out / "locks" / name
    path.unlink()
    make(path)
    said = refused(["results", out, "--compact"], capsys)
    assert f"{path}: is no lock of this sweep; move it away" in said


def test_no_lock_empties_a_file_of_somebody_else(finished, capsys):
    file, out = finished
    mine = out / "locks" / "mine.lock"
    a_file(mine)
    assert carry_out(file, out, resume=True).code == 0
    assert mine.read_text() == MINE
    a_file(out / "locks" / "all.lock")
    refused(["results", out, "--compact"], capsys)
    assert (out / "locks" / "all.lock").read_text() == MINE


@pytest.mark.parametrize("make", [a_folder, a_pipe, a_link])
def test_what_stands_in_the_place_of_a_part_is_left_alone_and_its_runs_are_done_again(
    finished, make
):
    file, out = finished
    right = read_bytes(out)
    (part,) = (out / "parts").iterdir()
    part.unlink()
    make(part)
    kind = part.lstat().st_mode
    again = carry_out(file, out, resume=True)
    assert (again.code, again.done) == (0, 20)
    assert f"parts/{part.name}: cannot be read" in again.notes[0]
    assert again.notes[0].endswith("left alone, 20 runs are run again")
    assert read_bytes(out) == right
    assert part.lstat().st_mode == kind
    assert list((out / "set-aside").iterdir()) == []
    if make is a_folder:
        assert (part / "mine").read_text() == MINE


def test_a_copy_that_shares_its_files_with_a_sweep_stays_as_it_was(finished, tmp_path):
    file, out = finished
    kept = {}
    for number, path in enumerate(path for path in out.rglob("*") if path.is_file()):
        os.link(path, tmp_path / f"kept-{number}")
        kept[number] = path.read_bytes()
    assert carry_out(file, out, extend=("replications=6",)).code == 0
    assert {number: (tmp_path / f"kept-{number}").read_bytes() for number in kept} == kept
    assert len(results(out)) == 24


@pytest.mark.parametrize("make", [a_file, a_folder, a_pipe])
def test_no_name_of_a_file_on_its_way_is_one_that_somebody_else_has(finished, make):
    file, out = finished
    (part,) = (out / "parts").iterdir()
    mine = [
        path.with_name(f".{path.name}.new") for path in (part, out / "results.parquet", out / "x")
    ]
    for path in mine:
        make(path)
    kinds = [path.lstat().st_mode for path in mine]
    (out / "results.parquet").unlink()
    assert carry_out(file, out, extend=("replications=6",)).code == 0
    write_whole(out / "x", b"more")
    assert [path.lstat().st_mode for path in mine] == kinds
    assert make is not a_file or {path.read_text() for path in mine} == {MINE}


def test_a_design_written_by_another_program_is_read_as_ours(finished):
    """With texts and numbers of another kind, as pandas writes them."""
    file, out = finished
    manifest = json.loads((out / "manifest.json").read_text())
    design = pq.read_table(out / manifest["files"]["design.parquet"])
    kinds = {pa.string(): pa.large_string(), pa.int32(): pa.int64()}
    other = pa.schema([(field.name, kinds.get(field.type, field.type)) for field in design.schema])
    content = BytesIO()
    pq.write_table(design.cast(other), content)
    mark = sha256(content.getvalue()).hexdigest()
    name = f"{mark[:12]}-design.parquet"
    (out / name).write_bytes(content.getvalue())
    forged(
        out,
        files=manifest["files"] | {"design.parquet": name},
        sha256=manifest["sha256"] | {"design.parquet": mark},
    )
    right = (out / "results.parquet").read_bytes()
    assert read_bytes(out) == right
    assert carry_out(file, out, extend=("replications=6",)).code == 0


def test_parts_that_do_not_go_together_are_one_line():
    run, numbers = pa.array(["a"]), pa.array([1.0])
    tables = [pa.table({"run": run, "x": column}) for column in (numbers, run)]
    with pytest.raises(StoreError, match=r"^parts do not go together") as refusal:
        joined(tables)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("left", [b"[0.1, 0.2]", b'{"check":"'])
def test_a_log_without_a_whole_line_is_missed_while_a_part_is_left(finished, left):
    file, out = finished
    right = read_bytes(out)
    (out / "log" / "main.jsonl").write_bytes(left)
    with pytest.raises(StoreError, match=r"^log/main\.jsonl: is missing, though it was written"):
        results(out)
    assert len(carry_out(file, out, resume=True).notes) == 1
    assert read_bytes(out) == right


def test_a_log_that_a_kill_left_before_its_first_line_was_whole_is_not_missed(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "shard-1-of-2.jsonl").write_bytes(b'{"check":"')
    log = RunLog(tmp_path, "main")
    log.add("reused", folder="a", runs=1)
    log.close()
    assert b"shard" not in (tmp_path / "log" / "main.jsonl").read_bytes()


def test_a_sweep_is_begun_beside_what_a_kill_left_of_an_attempt(tmp_path):
    out = tmp_path / "out"
    (out / "scenarios").mkdir(parents=True)
    (out / ".manifest.json.0123456789abcdef.new").write_bytes(b"{")
    assert carry_out(write_sweep(tmp_path, replications=1), out).code == 0
