"""No line of a run log, and no log, is lost in silence; what others put there is left alone."""

import os
from pathlib import Path

import pytest
from stores import carry_out, read_bytes
from sweep_runs import write_sweep

import experiments.sweeps.work.sweep as sweeps
from abm.errors import StoreError
from experiments import results
from experiments.commands.main import main
from experiments.sweeps.store.run_log import as_line


def test_a_damaged_line_of_the_log_is_named_and_counts_for_nothing(finished):
    file, out = finished
    right, log = read_bytes(out), out / "log" / "main.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    named = next(n for n, line in enumerate(lines, start=1) if b'"merged"' in line)
    log.write_bytes(b"".join(lines).replace(b'"merged"', b'"merker"'))
    with pytest.raises(StoreError, match=f"log/main.jsonl: line {named} is damaged"):
        results(out)
    again = carry_out(file, out, resume=True)
    assert again.notes[0].startswith(f"log/main.jsonl: line {named} is damaged; it counts for")
    assert (again.code, read_bytes(out)) == (0, right)
    assert carry_out(file, out, resume=True).notes == []


def test_a_line_taken_out_of_the_log_is_missed(finished):
    file, out = finished
    right, log = read_bytes(out), out / "log" / "main.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:1] + lines[2:]))
    with pytest.raises(StoreError, match="line 2 does not follow the one before it"):
        results(out)
    assert carry_out(file, out, resume=True).code == 0
    assert read_bytes(out) == right


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
@pytest.mark.parametrize("name", ["notes.jsonl", "shard-1-of-2.jsonl", "merge.jsonl"])
def test_what_is_no_file_but_has_the_name_of_a_log_is_left_alone_and_named(finished, make, name):
    file, out = finished
    right = read_bytes(out)
    make(out / "log" / name)
    assert read_bytes(out) == right
    grown = carry_out(file, out, extend=("replications=6",))
    assert (grown.code, grown.done) == (0, 24)
    assert grown.notes == [f"log/{name}: is no log of this sweep; left alone"]
    assert not (out / "log" / name).is_file()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_stands_where_a_log_must_be_written_is_to_be_moved_away(finished, make, capsys):
    file, out = finished
    log = out / "log" / "main.jsonl"
    kept = log.read_bytes()
    log.unlink()
    make(log)
    assert main(["status", str(out)]) == 4
    assert "log/main.jsonl: is missing, though it was written to" in capsys.readouterr().err
    assert main(["sweep", str(file), "--out", str(out), "--resume"]) == 4
    said = capsys.readouterr().err
    assert said.endswith("log/main.jsonl: is no file, and this program's log; move it away\n")
    log.rmdir() if log.is_dir() else log.unlink()
    log.write_bytes(kept)
    assert len(results(out)) == 20


@pytest.fixture
def in_shards(tmp_path):
    """A finished sweep whose runs two shards carried out, and the log of a merge beside theirs."""
    file, out = write_sweep(tmp_path), tmp_path / "out"
    carry_out(file, out, shard=(1, 2))
    result = carry_out(file, out, shard=(2, 2))
    assert result.notes == []
    return file, out


@pytest.mark.parametrize("gone", [Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("name", ["shard-1-of-2.jsonl", "shard-2-of-2.jsonl"])
def test_a_log_that_is_gone_is_missed_by_the_others(in_shards, name, gone):
    file, out = in_shards
    right = read_bytes(out)
    gone(out / "log" / name)
    with pytest.raises(StoreError, match=f"^log/{name}: is missing, though it was written to; "):
        results(out)
    again = carry_out(file, out, resume=True)
    assert again.notes[0].startswith(f"log/{name}: is missing")
    assert (again.code, again.done) == (0, 20)
    assert read_bytes(out) == right
    assert carry_out(file, out, resume=True).notes == []


@pytest.mark.parametrize("merged", [True, False])
def test_the_only_log_is_missed_while_a_part_is_left(tmp_path, monkeypatch, merged):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    with monkeypatch.context() as stopping:
        if not merged:
            stopping.setattr(sweeps, "merge", lambda *arguments: [])
        carry_out(file, out)
    right = read_bytes(out)
    (out / "log" / "main.jsonl").unlink()
    with pytest.raises(StoreError, match=r"^log/main\.jsonl: is missing"):
        results(out)
    assert len(carry_out(file, out, resume=True).notes) == 1
    assert read_bytes(out) == right


def test_a_line_says_the_same_in_any_order_of_clocks(finished):
    _, out = finished
    right, log = read_bytes(out), out / "log" / "main.jsonl"
    from experiments.sweeps.store.run_log import _scanned

    records = _scanned("main.jsonl", log.read_bytes()).records
    for time in ("1999-01-01", "2999-01-01"):
        moved = [r | {"time": time} if r["event"] == "merged" else r for r in records]
        log.write_bytes(b"".join(as_line(record) for record in moved))
        assert read_bytes(out) == right
