"""One folder holds one sweep: others are refused, and a larger one keeps what is there."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import sweep_runs
from programs import start, wait_for_log
from stores import bytes_of, carry_out
from sweep_runs import write_sweep

from abm.errors import OutputError, StoreError
from experiments import results
from experiments.sweeps.store.maker import maker
from experiments.sweeps.store.run_log import as_line
from experiments.sweeps.store.store import SweepStore


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(OutputError, match=r"closed.*cannot be written|nothing can be written"):
        carry_out(write_sweep(tmp_path), closed / "out")


def test_a_folder_below_a_file_is_refused(tmp_path):
    file = write_sweep(tmp_path)
    with pytest.raises(OutputError, match="nothing can be written in"):
        carry_out(file, file / "out")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 1}, "is of format 1, this version reads 2; nothing was touched"),
        ({"format": 3}, "is of format 3, this version reads 2; nothing was touched"),
        ({"program": "another"}, "is not the manifest of a sweep"),
        ({"kind": "run"}, "is not the manifest of a sweep"),
    ],
)
def test_a_manifest_of_another_kind_is_left_alone(finished, change, words):
    file, out = finished
    path = out / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for resume in (True, False):
        with pytest.raises(StoreError, match=words):
            carry_out(file, out, resume=resume)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_log_of_a_newer_format_is_refused(finished):
    file, out = finished
    line = as_line({"n": 1, "event": "part", "format": 99, "time": ""})
    (out / "log" / "other.jsonl").write_bytes(line)
    with pytest.raises(StoreError, match="format 99, newer than this version reads"):
        carry_out(file, out, resume=True)


def test_a_log_can_name_no_file_outside_the_folder(finished):
    _, out = finished
    told = {"n": 1, "event": "part", "format": 2, "time": "", "part": "parts/../../secret.parquet"}
    told |= {"sha256": "0" * 64, "runs": [], "seconds": [], "hosts": [], "maker": maker()}
    (out / "log" / "other.jsonl").write_bytes(as_line(told))
    with pytest.raises(StoreError, match=r'log/other\.jsonl: is wrong at "part"'):
        results(out)


@pytest.mark.thorough
def test_a_second_sweep_in_one_folder_is_refused(tmp_path):
    file, out = write_sweep(tmp_path, replications=250), tmp_path / "out"
    first = start(file, out)
    wait_for_log(out, first)
    with pytest.raises(StoreError, match=f"in use by process {first.pid} on"):
        carry_out(file, out, resume=True)
    with pytest.raises(StoreError, match=f"in use by process {first.pid} on"):
        carry_out(file, out, shard=(1, 2))
    first.kill()
    first.join()
    assert carry_out(file, out, resume=True).code == 0  # a killed program holds no lock


def test_a_folder_with_something_else_is_refused(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"holds thesis.tex; name a new or empty folder"):
        carry_out(write_sweep(tmp_path), out)
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]


def test_a_finished_sweep_is_not_begun_again_by_mistake(finished):
    file, out = finished
    with pytest.raises(OutputError, match="holds a sweep; --resume goes on with it"):
        carry_out(file, out)


def test_another_sweep_is_not_mixed_in(finished, tmp_path):
    _, out = finished
    other = write_sweep(tmp_path, costs=(0.1, 0.9))
    with pytest.raises(OutputError, match="holds a sweep with another factors"):
        carry_out(other, out, resume=True)


@pytest.mark.thorough
def test_more_replications_and_points_keep_the_runs_that_are_there(finished, tmp_path):
    file, out = finished
    before = results(out).set_index("run")
    grown = carry_out(file, out, extend=("replications=7", '"firms.build_cost"=[0.1]')[:1])
    assert (grown.done, grown.code) == (28, 0)
    costs = "firms.build_cost=[0.1, 0.15, 0.2, 0.3, 0.4]"
    assert carry_out(file, out, extend=(costs,)).done == 35
    after = results(out).set_index("run")
    kept = after.loc[before.index]
    columns = ["seed", "replication", "profit", "share"]
    assert kept[columns].equals(before[columns])
    at_once = write_sweep(tmp_path, replications=7, costs=(0.1, 0.15, 0.2, 0.3, 0.4))
    carry_out(at_once, tmp_path / "at-once")
    assert bytes_of(out) == bytes_of(tmp_path / "at-once")


def test_an_extension_that_drops_runs_is_refused(finished):
    file, out = finished
    before = bytes_of(out)
    with pytest.raises(Exception, match="would leave out 10 runs"):
        carry_out(file, out, extend=("firms.build_cost=[0.1, 0.2]",))
    assert bytes_of(out) == before


def test_results_of_another_sweep_are_taken_where_runs_are_the_same(finished, tmp_path):
    _, old = finished
    file = write_sweep(tmp_path, replications=5, costs=(0.3, 0.4, 0.5))
    new = tmp_path / "new"
    # Only the five new runs are carried out: the others would fail here.
    result = carry_out(file, new, sweep_runs.trivial, reuse=(old,))
    assert result.notes[0] == f"10 results taken from {old}."
    shared = results(old).set_index("run").loc[lambda table: table["firms.build_cost"] >= 0.3]
    columns = ["profit", "share", "seed"]
    assert results(new).set_index("run").loc[shared.index, columns].equals(shared[columns])


@pytest.mark.thorough
def test_results_can_be_read_while_the_sweep_runs(tmp_path):
    file, out = write_sweep(tmp_path, replications=50), tmp_path / "out"
    process = start(file, out)
    seen = []
    wait_for_log(out, process)
    while process.is_alive():
        seen.append(len(SweepStore.open(out).history().done))
        time.sleep(0.05)
    process.join()
    assert seen == sorted(seen)
    assert any(0 < count < 200 for count in seen)
    assert len(results(out)) == 200


def test_a_sweep_in_a_folder_with_spaces_and_other_letters_is_the_same(tmp_path, finished):
    folder = tmp_path / "à la carte ' \" $(x)"
    folder.mkdir()
    file = Path(shutil.copy(finished[0], folder))
    carry_out(file, folder / "öut")
    assert bytes_of(folder / "öut") == bytes_of(finished[1])
