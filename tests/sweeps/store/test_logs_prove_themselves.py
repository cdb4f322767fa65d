"""No line of a run log, and no log, is lost in silence; what others put there is left alone."""

import os
import shutil
from pathlib import Path

import pytest
from stores import carry_out, read_bytes
from sweep_runs import write_sweep

import experiments.sweeps.work.sweep as sweeps
from abm.errors import StoreError
from experiments import results
from experiments.commands.main import main
from experiments.sweeps.store.log_ends import noted_ends
from experiments.sweeps.store.run_log import RunLog, as_line
from tests.faults.spoilt import flips

pytestmark = pytest.mark.usefixtures("without_processes")


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


@pytest.fixture(scope="module")
def in_shards_once(tmp_path_factory):
    """A finished sweep whose runs two shards carried out, and the log of a merge beside theirs."""
    folder = tmp_path_factory.mktemp("shards")
    file, out = write_sweep(folder), folder / "out"
    carry_out(file, out, shard=(1, 2))
    result = carry_out(file, out, shard=(2, 2))
    assert result.notes == []
    return file, out


@pytest.fixture
def in_shards(in_shards_once, tmp_path):
    """A copy of that sweep."""
    file, out = in_shards_once
    return shutil.copy(file, tmp_path), Path(shutil.copytree(out, tmp_path / "out"))


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


@pytest.mark.parametrize("taken", [1, 2])
def test_lines_taken_from_the_end_of_the_only_log_are_missed(finished, taken):
    file, out = finished
    right, log = read_bytes(out), out / "log" / "main.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-taken]))
    said = f"log/main.jsonl: ends before line {len(lines) - taken + 1}, though it had gone on"
    with pytest.raises(StoreError, match=f"^{said}; "):
        results(out)
    again = carry_out(file, out, resume=True)
    assert (again.code, again.notes[0].startswith(f"{said}; it counts for nothing")) == (0, True)
    assert read_bytes(out) == right
    assert carry_out(file, out, resume=True).notes == []


def test_the_end_of_another_s_log_is_missed_and_told_once(in_shards):
    file, out = in_shards
    right, log = read_bytes(out), out / "log" / "shard-1-of-2.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(StoreError, match=r"^log/shard-1-of-2\.jsonl: ends before line"):
        results(out)
    assert len(carry_out(file, out, resume=True).notes) == 1
    assert read_bytes(out) == right
    # The shard goes on after what it lost, and that is no new damage.
    assert carry_out(file, out, resume=True, shard=(1, 2)).code == 0
    assert read_bytes(out) == right
    # What is lost of it from then on is.
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(StoreError, match=r"^log/shard-1-of-2\.jsonl: ends before line"):
        results(out)


def test_logs_and_parts_that_went_together_are_missed(finished):
    file, out = finished
    right = read_bytes(out)
    for folder in ("log", "parts"):
        shutil.rmtree(out / folder)
        (out / folder).mkdir()
    with pytest.raises(StoreError, match=r"^log/main\.jsonl: is missing"):
        results(out)
    again = carry_out(file, out, resume=True)
    assert again.notes[0].startswith("log/main.jsonl: is missing")
    assert (again.code, read_bytes(out)) == (0, right)
    assert carry_out(file, out, resume=True).notes == []


def test_what_a_killed_program_wrote_after_the_last_note_is_no_damage(finished):
    _, out = finished
    note, log = out / "ends" / "main.json", out / "log" / "main.jsonl"
    right, earlier = read_bytes(out), note.read_bytes()
    added = RunLog(out, "main")
    added.add("reused", folder="a", runs=1)
    added.close()
    note.write_bytes(earlier)
    assert read_bytes(out) == right
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    assert read_bytes(out) == right


@pytest.mark.parametrize("spoilt", [b"", b"{}", b"[1]", b'{"log": "main.jsonl", "last": 1}'])
def test_a_note_that_is_not_as_it_was_written_is_named_and_left(finished, spoilt, capsys):
    file, out = finished
    right, note = read_bytes(out), out / "ends" / "main.json"
    note.write_bytes(spoilt)
    (out / "ends" / "mine.txt").write_text("mine")
    assert read_bytes(out) == right
    assert main(["results", str(out), "--verify"]) == 4
    assert "ends/main.json: is not as it was written" in capsys.readouterr().err
    assert carry_out(file, out, extend=("replications=6",)).notes == [
        f"ends/{name}: does not tell the end of a log, and is left alone"
        for name in ("main.json", "mine.txt")
    ]
    assert (note.read_bytes(), len(results(out))) == (spoilt, 24)
    note.unlink()
    (out / "ends" / "mine.txt").unlink()
    assert carry_out(file, out, resume=True).code == 0
    assert (note.exists(), main(["results", str(out), "--verify"])) == (True, 0)


def test_bytes_of_a_note_are_proven(finished):
    """One that was changed tells nothing; it never tells something else."""
    _, out = finished
    note = out / "ends" / "main.json"
    right, content = noted_ends(out), note.read_bytes()
    assert right["main.jsonl"] > 0
    for spoilt in flips(content, range(len(content)), seed=1):
        note.write_bytes(spoilt)
        assert noted_ends(out) in ({}, right)


def test_what_a_kill_left_on_its_way_goes_when_the_sweep_goes_on(finished):
    file, out = finished
    left = [
        out / ".report.html.0123456789abcdef.new",
        out / "parts" / ".main-0009-0123456789ab.parquet.0123456789abcdef.new",
        out / "log" / ".main.jsonl.0123456789abcdef.new",
        out / "ends" / ".main.json.0123456789abcdef.new",
        out / "locks" / ".all.holder.0123456789abcdef.new",
    ]
    for words in (["sweep", file, "--out", out, "--resume"], ["results", out, "--compact"]):
        for path in left:
            path.write_bytes(b"half")
        assert main([str(word) for word in words]) == 0
        assert [path.name for path in left if path.exists()] == []


def test_a_shard_takes_away_what_its_own_killed_program_left(in_shards):
    file, out = in_shards
    mine, other = (
        out / "parts" / f".shard-{k}-of-2-0001-0123456789ab.parquet.0123456789abcdef.new"
        for k in (1, 2)
    )
    for path in (mine, other):
        path.write_bytes(b"half")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps, "compact", lambda store: ([], []))
        assert carry_out(file, out, resume=True, shard=(1, 2)).code == 0
    assert (mine.exists(), other.exists()) == (False, True)
