"""Nothing is lost and nothing counted twice, whatever is killed, fills up or is spoilt."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress

import psutil
import pytest
import sweep_runs
from programs import start, wait_for_log
from stores import bytes_of, carry_out
from sweep_runs import write_sweep

from abm.errors import StoreError
from experiments import results
from experiments.sweeps.design.plan import make_plan
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.store.maker import maker
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.supervisor import StopRules
from experiments.sweeps.workers.chunk import Limits, Worker

KILLS = 12


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """A sweep of 200 runs that nothing disturbed."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    file = write_sweep(folder, replications=50)
    carry_out(file, folder / "out", workers=2)
    return folder / "out"


@pytest.mark.thorough
def test_the_main_process_killed_at_random_moments_costs_nothing(tmp_path, uninterrupted):
    file, out = write_sweep(tmp_path, replications=50), tmp_path / "out"
    luck, killed = random.Random(4), 0
    for session in range(KILLS):
        process = start(file, out, resume=killed > 0)
        wait_for_log(out, process)
        if session % 2:
            wait_for_log(out, process)  # the session's own line is the first
        time.sleep(luck.uniform(0, 0.3))
        if process.is_alive():
            process.kill()
            killed += (out / "manifest.json").exists()
        process.join()
    assert killed >= 5
    assert carry_out(file, out, workers=2, resume=True).code == 0
    assert bytes_of(out) == bytes_of(uninterrupted)
    assert Counter(results(out)["run"]).most_common(1)[0][1] == 1


def test_workers_killed_at_random_moments_cost_nothing(tmp_path, uninterrupted):
    file, out = write_sweep(tmp_path, replications=50), tmp_path / "out"
    process = start(file, out)
    luck, killed = random.Random(5), 0
    wait_for_log(out, process)
    while process.is_alive() and killed < KILLS:
        time.sleep(luck.uniform(0.02, 0.3))
        with suppress(psutil.NoSuchProcess):  # it may have come to its end meanwhile
            for worker in psutil.Process(process.pid).children()[:1]:
                worker.kill()
                killed += 1
    process.join()
    assert killed >= 5
    # A run that was hit twice by chance is set aside; it is not lost.
    assert process.exitcode in (0, 3)
    kinds = tuple({"killed"} if process.exitcode else ())
    assert carry_out(file, out, resume=True, retry_failed=kinds).code == 0
    assert bytes_of(out) == bytes_of(uninterrupted)


@pytest.mark.thorough
def test_workers_of_a_killed_program_end_too(tmp_path):
    file, out = write_sweep(tmp_path, replications=50), tmp_path / "out"
    process = start(file, out)
    wait_for_log(out, process)
    while not (workers := psutil.Process(process.pid).children()):
        time.sleep(0.01)
    process.kill()
    process.join()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []


@pytest.mark.thorough
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_a_request_to_stop_writes_what_is_finished(tmp_path, number, code):
    file, out = write_sweep(tmp_path, replications=50), tmp_path / "out"
    process = start(file, out, flush=0.3)
    wait_for_log(out, process)
    wait_for_log(out, process)  # the session's own line is the first
    os.kill(process.pid, number)
    process.join()
    assert process.exitcode == code
    done = len(results(out))
    assert 0 < done < 200
    resumed = carry_out(file, out, resume=True)
    assert (resumed.code, resumed.done) == (0, 200)


@pytest.mark.thorough
def test_any_number_of_workers_and_order_gives_the_same_bytes(tmp_path, uninterrupted):
    file = write_sweep(tmp_path, replications=50)
    for shard in (3, 1, 2):
        result = carry_out(file, tmp_path / "shards", shard=(shard, 3))
        assert result.code == 0
    assert bytes_of(tmp_path / "shards") == bytes_of(uninterrupted)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("run_one", "kind", "words"),
    [
        (sweep_runs.raises, "error", "ValueError: no plant costs"),
        (sweep_runs.hangs, "timeout", "took longer than 1"),
        (sweep_runs.takes_memory, "memory", "ran out of memory"),
        (sweep_runs.crashes, "killed", "ended by SIGSEGV"),
    ],
)
def test_a_run_that_fails_is_recorded_and_costs_no_other(tmp_path, run_one, kind, words):
    limits = Limits(
        seconds=1.0 if kind == "timeout" else None,
        memory=2**31 if kind == "memory" else None,
    )
    file, out = write_sweep(tmp_path, replications=2), tmp_path / "out"
    result = carry_out(file, out, run_one, limits=limits, workers=2)
    assert (result.code, result.done, result.failed) == (3, 6, 2)
    history = SweepStore.open(out).history()
    assert {record.kind for record in history.failed.values()} == {kind}
    assert all(words in record.message for record in history.failed.values())
    if kind in ("error", "memory"):
        assert all(run_one.__name__ in record.trace for record in history.failed.values())
    assert set(results(out)["firms.build_cost"]) == {0.1, 0.3, 0.4}


@pytest.mark.thorough
def test_a_run_that_kills_its_process_once_is_run_again(tmp_path, marks):
    file = write_sweep(tmp_path, replications=2)
    result = carry_out(file, tmp_path / "out", sweep_runs.crashes_once)
    assert (result.code, result.done, result.failed) == (0, 8, 0)
    assert len(list(marks.iterdir())) == 2


def test_a_process_killed_between_two_runs_costs_nothing(tmp_path, monkeypatch):
    from experiments.sweeps.workers import chunk

    monkeypatch.setattr(chunk, "START_SECONDS", 4.0)
    plan = make_plan(*read_sweep(write_sweep(tmp_path)))
    specs, (text,) = list(plan.specs())[:2], plan.scenarios.values()
    worker = Worker(Limits())
    try:
        assert worker.carry_out(sweep_runs.trivial, specs[0], text).kind == "done"
        (process,) = psutil.Process().children()[-1:]
        process.kill()
        process.wait()
        reports = [worker.carry_out(sweep_runs.trivial, spec, text) for spec in specs * 2]
        assert [report.kind for report in reports] == ["done"] * 4
    finally:
        worker.stop()


@pytest.mark.thorough
@pytest.mark.parametrize(("seconds", "processes"), [(0.0, 3), (60.0, 1)])
def test_a_worker_starts_afresh_after_many_runs_that_took_some_time(tmp_path, seconds, processes):
    limits = Limits(runs_a_process=8, seconds_a_process=seconds)
    result = carry_out(write_sweep(tmp_path), tmp_path / "out", sweep_runs.process, limits=limits)
    assert result.done == 20
    assert results(tmp_path / "out")["profit"].nunique() == processes


@pytest.mark.thorough
def test_failed_runs_wait_until_a_retry_is_asked_for(tmp_path, marks, uninterrupted):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    run_one = sweep_runs.raises_unless_mended
    assert carry_out(file, out, run_one).code == 3
    (marks / "mended").touch()
    assert carry_out(file, out, run_one, resume=True).failed == 5
    assert carry_out(file, out, run_one, resume=True, retry_failed=("timeout",)).failed == 5
    mended = carry_out(file, out, run_one, resume=True, retry_failed=("error",))
    assert (mended.code, mended.done) == (0, 20)


def test_three_first_runs_that_fail_alike_stop_the_sweep(tmp_path):
    file = write_sweep(tmp_path)
    result = carry_out(file, tmp_path / "out", sweep_runs.raises_first)
    assert (result.code, result.failed, result.left) == (3, 3, 17)
    assert result.notes == ["Stopped: the first 3 runs failed alike: ZeroDivisionError: always."]
    rules = StopRules(keep_going=True)
    result = carry_out(file, tmp_path / "out", sweep_runs.raises_first, resume=True, rules=rules)
    assert (result.failed, result.left) == (20, 0)


@pytest.mark.parametrize(
    ("rules", "failed"), [(StopRules(fail_fast=True), 1), (StopRules(most_failures=2), 3)]
)
def test_failures_stop_a_sweep_where_asked(tmp_path, rules, failed):
    result = carry_out(write_sweep(tmp_path), tmp_path / "out", sweep_runs.raises, rules=rules)
    assert (result.code, result.failed) == (3, failed)
    assert result.left > 0


def test_outcomes_that_are_no_numbers_fail_the_run(tmp_path):
    rules = StopRules(fail_fast=True)
    result = carry_out(
        write_sweep(tmp_path), tmp_path / "out", sweep_runs.not_a_number, rules=rules
    )
    (record,) = SweepStore.open(result.folder).history().failed.values()
    assert record.message == "TypeError: profit = 'many': must be a number or None"


def test_a_full_disk_stops_the_sweep_and_loses_nothing(
    tmp_path, uninterrupted, program_environment
):
    file, out = write_sweep(tmp_path, replications=50), tmp_path / "out"
    carry_out(file, out, sweep_runs.raises_first)  # makes the folder; three runs fail
    # No file may grow beyond this: the log does, after some results.
    room = (out / "log" / "main.jsonl").stat().st_size + 3000
    full = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, -1));"
    code = full + "import sweep_runs; sweep_runs.main()"
    words = [sys.executable, "-c", code, str(file), str(out), "slow", "0.01", "quiet", "resume"]
    done = subprocess.run(
        words, env=program_environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 75, done.stderr
    assert "disk is full" in done.stdout
    assert "--resume" in done.stdout
    resumed = carry_out(file, out, resume=True, retry_failed=("error",))
    assert (resumed.code, resumed.done) == (0, 200)
    assert bytes_of(out) == bytes_of(uninterrupted)


def test_a_disk_without_room_for_a_result_keeps_it_until_there_is(finished, monkeypatch):
    _, out = finished
    store = SweepStore.open(out)
    recorder = Recorder(store, "extra", flush_seconds=0)
    recorder.close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = sorted(path.name for path in (out / "parts").iterdir())
    recorder = Recorder(store, "extra", flush_seconds=1e9)
    from experiments.sweeps.design.run_spec import Report

    recorder.take(Report("0" * 20, {"profit": 1.0}, maker=maker()))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            recorder.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(path.name for path in (out / "parts").iterdir()) == before
    recorder.flush()
    recorder.close()
    assert "0" * 20 in store.history().done


def cut(content):
    return content[:-20]


def flip(content):
    spoilt = bytearray(content)
    spoilt[random.Random(len(content)).randrange(len(spoilt))] ^= 1
    return bytes(spoilt)


@pytest.mark.parametrize("spoil", [cut, flip, lambda content: b"", lambda content: None])
def test_a_spoilt_part_is_named_set_aside_and_run_again(finished, spoil):
    file, out = finished
    good = bytes_of(out)
    (part,) = (out / "parts").iterdir()
    content = spoil(part.read_bytes())
    (out / "results.parquet").unlink()
    part.unlink()
    if content is not None:
        part.write_bytes(content)
    with pytest.raises(StoreError, match=part.name):
        results(out)
    again = carry_out(file, out, resume=True)
    assert part.name in again.notes[0]
    assert "20 runs are run again" in again.notes[0]
    assert bytes_of(out) == good
    if content is not None:
        assert [path.name for path in (out / "set-aside").iterdir()] == [part.name]


def test_no_flipped_bit_of_a_part_goes_unseen(finished):
    _, out = finished
    (part,) = (out / "parts").iterdir()
    content, luck = part.read_bytes(), random.Random(1)
    for _ in range(200):
        spoilt = bytearray(content)
        spoilt[luck.randrange(len(spoilt))] ^= 1 << luck.randrange(8)
        part.unlink()
        part.write_bytes(spoilt)
        with pytest.raises(StoreError, match="is damaged"):
            results(out)


def test_a_part_that_no_log_names_is_not_read(finished):
    file, out = finished
    before = results(out)
    (part,) = (out / "parts").iterdir()
    shutil.copy(part, out / "parts" / "main-0099.parquet")
    (out / "parts" / "foreign-0001.parquet").write_bytes(b"PAR1 of someone else")
    assert results(out).equals(before)
    assert carry_out(file, out, resume=True).code == 0
    assert results(out).equals(before)


def test_a_line_cut_short_counts_for_nothing(finished):
    file, out = finished
    log = out / "log" / "main.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    merged = next(line for line in lines if b'"merged"' in line)
    log.write_bytes(b"".join(line for line in lines if line is not merged) + merged[:90])
    # Neither the parts nor what they were merged into count now.
    with pytest.raises(StoreError):
        results(out)
    good = bytes_of(out)
    assert carry_out(file, out, resume=True).done == 20
    assert bytes_of(out) == good


def test_a_killed_merge_is_made_up_for(tmp_path, monkeypatch):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    with monkeypatch.context() as broken:
        broken.setattr("experiments.sweeps.work.sweep.merge", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            carry_out(file, out)
    assert len(results(out)) == 20
    assert carry_out(file, out, resume=True).done == 20
    assert (out / "results.parquet").exists()
