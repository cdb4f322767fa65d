"""No byte of a sweep or a checkpoint changes in silence: it is refused, or all is right."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import sweep_runs
from stores import carry_out, drawn_places, forged, look_before_resuming, read_bytes
from sweep_runs import write_sweep

import experiments.sweeps.work.sweep as sweeps
from abm import RelocationModel
from abm.errors import NearshoreError, StoreError
from experiments import results
from experiments.commands.main import main
from experiments.runs.on_disk.checkpoints import (
    ARRAYS,
    CHECKPOINT,
    FACTS,
    read_checkpoint,
    save_checkpoint,
)
from experiments.runs.on_disk.run_folders import manifest_problem, read_json, write_manifest
from experiments.sweeps.store.run_log import RunLog, damages_of
from experiments.sweeps.store.store import SweepStore
from tests.faults.spoilt import flips
from tests.in_this_process import runs_in_this_process
from tests.support.thorough import but_for

DRAWN = 300
"""Bytes of a file that is too long for all of them."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A finished sweep of two runs: its file, its folder and its results."""
    folder = tmp_path_factory.mktemp("tiny")
    file = write_sweep(folder, replications=1, costs=(0.1, 0.2))
    with runs_in_this_process():
        carry_out(file, folder / "out")
    return file, folder / "out", (folder / "out" / "results.parquet").read_bytes()


def the_file(out, kind):
    (found,) = out.glob(kind)
    return found


def answer(ask, *given):
    """What a function returns, or the line with which it refuses."""
    try:
        return ask(*given), ""
    except NearshoreError as error:
        return None, str(error)


def check_every(tiny, path, places):
    """Flip bytes of a file; each time read the folder, and look at it as a resume does.

    Returns
    -------
    int
        How often reading was refused.
    """
    file, out, right = tiny
    content, runs = path.read_bytes(), look_before_resuming(file, out)
    manifest = SweepStore.open(out).manifest
    lines = []
    try:
        for spoilt in flips(content, places, seed=path.suffix):
            path.write_bytes(spoilt)
            found, line = answer(read_bytes, out)
            assert line or (found == right and SweepStore.open(out).manifest == manifest)
            lines.append(line)
            found, line = answer(look_before_resuming, file, out)
            assert line or found == runs
            lines.append(line)
    finally:
        path.write_bytes(content)
    assert all("\n" not in line and len(line) < 600 for line in lines)
    return sum(map(bool, lines[::2]))


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["manifest.json", "*-points.json"])
def test_every_byte_of_what_says_what_a_sweep_is_is_proven(tiny, kind):
    path = the_file(tiny[1], kind)
    size = len(path.read_bytes())
    refused = check_every(tiny, path, range(size))
    if kind == "manifest.json":
        assert refused > 0.7 * size  # all but white space between its lines


@pytest.mark.thorough
def test_every_byte_of_the_log_is_proven(tiny):
    _, out, _ = tiny
    path = out / "log" / "main.jsonl"
    content = path.read_bytes()
    for spoilt in flips(content, range(len(content)), seed=1):
        path.write_bytes(spoilt)
        line = answer(SweepStore.open(out).history)[1]
        # What a resume names and leaves out.
        assert line.startswith(f"{damages_of(out)[0]}; 'nearshore sweep ... --resume'")
    path.write_bytes(content)


OTHERS = ["*-design.parquet", "scenarios/*.toml", "parts/*.parquet", "results.parquet"]


@pytest.mark.parametrize("kind", but_for(OTHERS[1:3], OTHERS))
def test_bytes_of_every_other_file_are_proven(tiny, kind):
    path = the_file(tiny[1], kind)
    refused = check_every(tiny, path, drawn_places(path.read_bytes(), DRAWN, seed=kind))
    if kind in ("*-design.parquet", "parts/*.parquet"):
        assert refused == DRAWN


@pytest.fixture(scope="module")
def stopped_run(tmp_path_factory):
    """A folder with the checkpoint of a real model after a quarter."""
    folder = tmp_path_factory.mktemp("run")
    model = RelocationModel("threat-35", firms=100, rng=1)
    model.run_for(1)
    save_checkpoint(model, folder)
    return folder


@pytest.mark.thorough
@pytest.mark.parametrize("name", [FACTS, ARRAYS])
def test_bytes_of_a_checkpoint_are_proven(stopped_run, name):
    right = read_checkpoint(stopped_run)
    path = stopped_run / CHECKPOINT / name
    content = path.read_bytes()
    refused = 0
    for spoilt in flips(content, drawn_places(content, DRAWN, seed=name), seed=name):
        path.write_bytes(spoilt)
        found, line = answer(read_checkpoint, stopped_run)
        assert line or found.facts == right.facts
        assert "\n" not in line
        refused += bool(line)
    path.write_bytes(content)
    assert refused > 0.5 * DRAWN
    assert name == FACTS or refused == DRAWN


def test_every_byte_of_the_manifest_of_a_run_is_proven(tmp_path):
    manifest = {"program": "nearshore", "format": 2, "firms": 100, "seed": 1, "scenario": {}}
    path = tmp_path / "manifest.json"
    write_manifest(tmp_path, manifest)
    right, content = read_json(tmp_path, path.name), path.read_bytes()
    assert manifest_problem(right) == ""
    for spoilt in flips(content, range(len(content)), seed=1):
        path.write_bytes(spoilt)
        found = read_json(tmp_path, path.name)
        assert found in ({}, right) or "is damaged" in manifest_problem(found)


CASES = [
    ("manifest.json", 0.1),
    ("manifest.json", 0.35),
    ("manifest.json", 0.6),
    ("manifest.json", 0.95),
    ("*-points.json", 0.5),
    ("*-design.parquet", 0.2),
    ("*-design.parquet", 0.9),
    ("scenarios/*.toml", 0.1),
    ("scenarios/*.toml", 0.5),
    ("log/main.jsonl", 0.02),
    ("log/main.jsonl", 0.3),
    ("log/main.jsonl", 0.6),
    ("log/main.jsonl", 0.99),
    ("log/main.jsonl", 1.0),
    ("parts/*.parquet", 0.0),
    ("parts/*.parquet", 0.4),
    ("parts/*.parquet", 0.8),
    ("results.parquet", 0.5),
    ("locks/all.lock", None),
    ("set-aside", None),
]


@pytest.fixture
def trivial_runs(monkeypatch):
    """Let the commands carry out runs that cost nothing."""

    def run(source, out, options):
        return real(source, out, options, run_one=sweep_runs.trivial)

    real = sweeps.run_sweep
    monkeypatch.setattr(sweeps, "run_sweep", run)


@pytest.mark.usefixtures("without_processes")
@pytest.mark.parametrize(("kind", "where"), CASES)
def test_a_changed_folder_is_refused_or_right_through_the_commands(
    tiny, tmp_path, trivial_runs, capsys, kind, where
):
    file, out, right = tiny
    folder = tmp_path / "out"
    shutil.copytree(out, folder)
    path = the_file(folder, kind)
    if where is None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        content = path.read_bytes()
        place = min(int(where * len(content)), len(content) - 1)
        path.write_bytes(next(flips(content, [place], seed=1)))

    def said(*words):
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        assert code in (0, 4)
        assert code == 0 or printed.err.count("\n") == 1
        return code, printed.out

    run = sorted(results(out)["run"])[0]
    export = tmp_path / "all.arrow"
    if said("results", folder, "--export", export)[0] == 0:
        assert pd.read_feather(export).equals(results(out))
    code, printed = said("status", folder)
    assert code == 4 or "2 of 2 done" in printed
    said("report", folder)
    said("explain", folder, run)
    if said("sweep", file, "--out", folder, "--resume", "--quiet")[0] == 0:
        assert read_bytes(folder) == right
        assert said("results", folder)[0] == 0
        assert said("sweep", file, "--out", folder, "--resume", "--quiet")[0] == 0


def test_quarters_changed_in_a_manifest_are_refused(finished, capsys):
    file, out = finished
    manifest = out / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"status-quo": 1', '"status-quo": 2'))
    assert text != manifest.read_text()
    assert main(["sweep", str(file), "--out", str(out), "--resume"]) == 4
    assert "manifest.json: is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("changes", [{"quarters": {"status-quo": 2}}, "firms", "set"])
def test_a_run_that_is_not_what_its_identity_says_is_not_carried_out(tmp_path, changes):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    carry_out(file, out, sweep_runs.raises_first)  # makes the folder; three runs fail
    sweep = SweepStore.open(out).manifest["sweep"]
    if changes == "firms":
        changes = {"sweep": sweep | {"firms": 11}}
    elif changes == "set":
        changes = {"sweep": sweep | {"set": {"economy.relation": 0.4}}}
    forged(out, **changes)
    result = carry_out(file, out, resume=True)
    assert (result.code, result.done) == (4, 0)
    assert "is not what firms, quarters, seed, economy and scenario amount to" in result.notes[0]
    assert results(out).empty


def test_a_repair_is_final(finished):
    file, out = finished
    right = read_bytes(out)
    (part,) = (out / "parts").iterdir()
    part.write_bytes(next(flips(part.read_bytes(), [100], seed=1)))
    with pytest.raises(StoreError, match="is damaged"):
        results(out)
    first = carry_out(file, out, resume=True)
    assert (first.code, first.done) == (0, 20)
    assert f"parts/{part.name}: is damaged" in first.notes[0]
    assert read_bytes(out) == right
    assert carry_out(file, out, resume=True).notes == []
    assert [path.name for path in (out / "set-aside").iterdir()] == [part.name]


def test_half_a_line_is_no_damage_and_a_whole_one_without_its_end_counts(tmp_path):
    (tmp_path / "log").mkdir()
    log = RunLog(tmp_path, "main")
    log.add("reused", folder="a", runs=1)
    log.add("reused", folder="b", runs=2)
    log.close()
    (tmp_path / "ends" / "main.json").unlink()  # a program that was killed notes no end
    path = tmp_path / "log" / "main.jsonl"
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    for cut in range(first + 1, len(content)):
        path.write_bytes(content[:cut])
        assert damages_of(tmp_path) == []
        RunLog(tmp_path, "main").close()
        left = path.read_bytes()
        assert left == (content[:first] if cut < len(content) - 1 else content)


def test_a_copy_that_was_saved_over_is_told_from_damage(finished, capsys):
    _, out = finished
    pd.read_parquet(out / "results.parquet").assign(mine=1).to_parquet(out / "results.parquet")
    assert main(["results", str(out), "--verify"]) == 0
    whole, copy = capsys.readouterr().out.splitlines()
    assert whole == "1 parts, the design, scenarios and logs are as they were written"
    assert copy.startswith("results.parquet: was changed since it was written; it is a copy")
    (part,) = (out / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-1])
    assert main(["results", str(out), "--verify"]) == 4
    assert "parts/merged-" in capsys.readouterr().err


def test_saving_over_the_results_loses_nothing(finished):
    file, out = finished
    right, shown = read_bytes(out), out / "results.parquet"
    assert os.stat(shown).st_nlink == 1
    mine = pd.read_parquet(shown).assign(mine=1)
    mine.to_parquet(shown)
    saved = shown.read_bytes()
    assert read_bytes(out) == right
    # Every run would fail, so none is carried out again.
    again = carry_out(file, out, sweep_runs.raises_first, resume=True)
    assert (again.code, again.done) == (0, 20)
    assert "results.parquet: is not as it was written, and is left as it is" in again.notes[0]
    assert shown.read_bytes() == saved
    grown = carry_out(file, out, extend=("replications=6",))
    assert (grown.code, grown.done, shown.read_bytes()) == (0, 24, saved)
    shown.rename(out / "results-mine.parquet")
    assert carry_out(file, out, resume=True).code == 0
    assert shown.read_bytes() == read_bytes(out)
    assert (out / "results-mine.parquet").read_bytes() == saved


def test_files_and_folders_of_others_are_left_alone_and_named(finished):
    file, out = finished
    strange = [out / "parts" / "notes.txt", out / "parts" / "main-0099.parquet"]
    for path in strange:
        path.write_bytes(b"PAR1 of someone else")
    (out / "parts" / "old" / "deep").mkdir(parents=True)
    notes = out / "log" / "my_notes.jsonl"
    notes.write_text("neither a line of a log\nnor torn")
    mine = [out / "my-design.parquet", out / "my-points.json", out / "results-2020.parquet"]
    for path in mine:
        path.write_text("mine")
    grown = carry_out(file, out, extend=("replications=6",))
    assert (grown.code, grown.done) == (0, 24)
    named = {note.split(":")[0] for note in grown.notes}
    assert named == {
        "parts/notes.txt",
        "parts/main-0099.parquet",
        "parts/old",
        "log/my_notes.jsonl",
    }
    assert all(path.exists() for path in [*strange, *mine, notes, out / "parts" / "old" / "deep"])
    assert carry_out(file, out, extend=("replications=7",)).code == 0


@pytest.mark.parametrize(
    "name", ["my-points.json", "scenarios/mine.toml", "parts/a.parquet", "log/a.jsonl"]
)
def test_a_folder_with_files_of_others_is_refused(tmp_path, name):
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    with pytest.raises(NearshoreError, match=f"holds {Path(name).parts[0]}"):
        carry_out(write_sweep(tmp_path), tmp_path / "out")
    assert path.read_text() == "mine"


def test_a_report_that_somebody_changed_is_not_written_over(finished, capsys):
    _, out = finished
    assert main(["report", str(out)]) == 0
    assert main(["report", str(out)]) == 0
    path = out / "report.html"
    path.write_text(path.read_text().replace("Where this is from", "My notes"))
    assert main(["report", str(out)]) == 2
    assert "was changed since it was written" in capsys.readouterr().err
    assert "My notes" in path.read_text()


def test_results_are_read_while_they_are_merged(tmp_path, monkeypatch):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    with monkeypatch.context() as unmerged:
        unmerged.setattr(sweeps, "merge", lambda *arguments: [])
        carry_out(file, out, flush_seconds=0)
    assert len(list((out / "parts").iterdir())) > 1
    from experiments.sweeps.store import by_column as columns

    before, once = columns.check_part, []

    def merged_meanwhile(folder, part, memory):
        if not once:
            once.append(part)
            sweeps.compact(SweepStore.open(out))
        return before(folder, part, memory)

    monkeypatch.setattr(columns, "check_part", merged_meanwhile)
    assert len(results(out)) == 20
    assert once
    assert len(list((out / "parts").iterdir())) == 1


COUNTING = """
import os, sys
from pathlib import Path
import pyarrow.parquet
from experiments.sweeps.store.parts import read_part
from experiments.sweeps.store.store import SweepStore
store = SweepStore.open(Path(sys.argv[1]))
before = len(os.listdir("/proc/self/task"))
store.design()
for part in store.history().parts.values():
    read_part(store.folder, part)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted by Linux")
def test_reading_leaves_no_thread_that_could_abort_the_program_at_its_end(
    finished, program_environment
):
    words = [sys.executable, "-c", COUNTING, str(finished[1])]
    said = subprocess.run(words, env=program_environment, capture_output=True, text=True)
    assert said.stdout == "0\n"
