"""A sweep's folder from somebody hostile: nothing outside it is read, all is told in one line."""

import json
import os
import sys

import pytest
import sweep_runs
from stores import forged, told

import experiments.sweeps.work.sweep as sweeps
from abm import data
from experiments.commands.main import main
from experiments.runs.on_disk.provenance import versions
from experiments.runs.on_disk.run_folders import sealed, write_json
from experiments.sweeps.store.maker import maker
from experiments.sweeps.store.run_log import as_line
from experiments.sweeps.store.store import SweepStore

SECRET = "the secret of another folder"

watched = {"folder": None, "opened": []}


def note_what_is_opened(event, given):
    """Remember files of the folder that is watched, and of links to it."""
    if (
        event == "open"
        and watched["folder"] is not None
        and isinstance(given[0], str | os.PathLike)
    ):
        path = os.path.realpath(os.fspath(given[0]))
        if path.startswith(f"{watched['folder']}{os.sep}"):
            watched["opened"].append(path)


sys.addaudithook(note_what_is_opened)  # for good, so it does nothing unless a folder is watched


@pytest.fixture
def outside(tmp_path):
    """A folder beside that of the sweep, whose files nobody may open."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("secret.toml", "secret.parquet", "main.jsonl", "all.lock", "all.holder"):
        (folder / name).write_text(SECRET)
    watched.update(folder=str(folder), opened=[])
    yield folder
    watched["folder"] = None


@pytest.fixture(autouse=True)
def trivial_runs(monkeypatch):
    def run(source, out, options):
        return real(source, out, options, run_one=sweep_runs.trivial)

    real = sweeps.run_sweep
    monkeypatch.setattr(sweeps, "run_sweep", run)


def first_run(out):
    return SweepStore.open(out).design()["run"][0].as_py()


def commands(file, out, run):
    yield ["status", str(out)]
    yield ["results", str(out)]
    yield ["results", str(out), "--verify"]
    yield ["results", str(out), "--makers"]
    yield ["report", str(out)]
    yield ["explain", str(out), run]
    yield ["sweep", str(file), "--out", str(out), "--resume", "--quiet"]


def test_the_hook_sees_what_is_opened(outside):
    (outside.parent / "link").symlink_to(outside / "secret.toml")
    (outside.parent / "link").read_text()
    assert watched["opened"] == [str(outside / "secret.toml")]


def scenario_elsewhere(out, outside):
    stored = json.loads((out / "manifest.json").read_text())["scenarios"]
    forged(
        out, scenarios={name: s | {"file": "../outside/secret.toml"} for name, s in stored.items()}
    )


def design_elsewhere(out, outside):
    files = json.loads((out / "manifest.json").read_text())["files"]
    forged(out, files=files | {"points.json": "../outside/secret.toml"})


def part_elsewhere(name):
    def change(out, outside):
        line = {"n": 1, "event": "part", "format": 2, "time": "", "part": name, "hosts": []}
        line |= {"sha256": "0" * 64, "runs": [], "seconds": [], "maker": maker()}
        (out / "log" / "other.jsonl").write_bytes(as_line(line))

    return change


def linked(name, to):
    def change(out, outside):
        (path,) = out.glob(name)
        path.rename(out.parent / "moved")
        path.symlink_to(outside / to if to else outside)

    return change


def no_scenario(out, outside):
    forged(out, scenarios={}, quarters={})


def a_pipe(out, outside):
    (path,) = (out / "scenarios").iterdir()
    path.unlink()
    os.mkfifo(path)


HOSTILE = {
    "scenario elsewhere": scenario_elsewhere,
    "design elsewhere": design_elsewhere,
    "part above": part_elsewhere("../outside/secret.parquet"),
    "part by a way round": part_elsewhere("parts/../../outside/secret.parquet"),
    "part by its full path": part_elsewhere("/etc/passwd"),
    "no scenario": no_scenario,
    "linked manifest": linked("manifest.json", "secret.toml"),
    "linked points": linked("*-points.json", "secret.toml"),
    "linked scenario": linked("scenarios/*.toml", "secret.toml"),
    "linked log": linked("log/main.jsonl", "main.jsonl"),
    "linked part": linked("parts/*.parquet", "secret.parquet"),
    "linked results": linked("results.parquet", "secret.parquet"),
    "linked lock": linked("locks/all.lock", "all.lock"),
    "linked holder": linked("locks/all.holder", "all.holder"),
    "linked folder of parts": linked("parts", ""),
    "linked folder of logs": linked("log", ""),
    "linked folder of locks": linked("locks", ""),
    "pipe": a_pipe,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_command_reads_anything_outside_the_folder(finished, outside, capsys, kind):
    file, out = finished
    run = first_run(out)
    HOSTILE[kind](out, outside)
    before = {path: path.read_text() for path in outside.iterdir()}
    watched["opened"].clear()
    for words in commands(file, out, run):
        code = main(words)
        printed = capsys.readouterr()
        assert code in (0, 4), words
        assert SECRET not in printed.out + printed.err
        assert code == 0 or printed.err.count("\n") == 1
    assert watched["opened"] == []
    for path in out.rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert SECRET.encode() not in path.read_bytes()
    assert {path: path.read_text() for path in outside.iterdir()} == before


RUN = {
    "program": "nearshore",
    "format": 2,
    "versions": versions(),
    "firms": 100,
    "seed": 1,
    "quarters": 1,
    "scenario": {"name": "status-quo"},
    "calibration_checksum": data.checksum(),
}
COMPARISON = {key: RUN[key] for key in ("program", "format", "versions", "firms", "quarters")}

RUNS = {
    "run above": COMPARISON | {"run": "../outside"},
    "run by its full path": COMPARISON | {"run": "/etc"},
    "run as a number": COMPARISON | {"run": 1},
    "run by a link": COMPARISON | {"run": "linked"},
    "tables by a link": RUN,
    "firms as text": RUN | {"firms": "100"},
    "quarters as truth": RUN | {"quarters": True},
    "seed below zero": RUN | {"seed": -1},
    "scenario as text": RUN | {"scenario": "../outside/secret"},
    "scenario that extends": RUN | {"scenario": {"extends": "../outside/secret"}},
    "past without end": RUN | {"forked_from": {"quarter": 1, "scenario": {}, "forked_from": 1}},
    "versions as text": RUN | {"versions": "0.1.0"},
}


@pytest.mark.parametrize("kind", RUNS)
def test_explaining_a_run_reads_nothing_outside_its_folder(tmp_path, outside, capsys, kind):
    folder = tmp_path / "run"
    folder.mkdir()
    write_json(outside / "manifest.json", RUN)
    (folder / "linked").symlink_to(outside)
    (folder / "outcomes.parquet").symlink_to(outside / "secret.parquet")
    write_json(folder / "manifest.json", RUNS[kind])
    watched["opened"].clear()
    for words in (["explain", str(folder), "--firm", "1"], ["run", "--resume", str(folder)]):
        assert main(words) == 2
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert SECRET not in printed.out + printed.err
    assert watched["opened"] == []


LINES = {
    "no object": b"[]\n",
    "no text": b"\xff\xfe\n",
    "nested for ever": b"[" * 100_000 + b"\n",
    "unknown event": told(event="party"),
    "event of another type": told(event=["failed"]),
    "further key": told(more=1),
    "seconds as text": told(seconds="1.0"),
    "seconds that are no number": told(seconds=None),
    "run as a number": told(run=1),
    "run with a tag": told(run="<b>"),
    "format as text": told(format="2"),
    "time as a number": told(time=1),
    "number as text": told(n="1"),
    "truth as number": told(n=True),
    "message as a list": told(message=[]),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_of_a_log_that_says_what_no_line_says_is_one_line(finished, capsys, kind):
    _, out = finished
    (out / "log" / "other.jsonl").write_bytes(LINES[kind])
    for words in (["status", str(out)], ["results", str(out)], ["report", str(out)]):
        assert main(words) == 4
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "log/other.jsonl: " in error
        assert len(error) < 500


MANIFESTS = {
    "list": [],
    "number": 1,
    "sweep as text": {"sweep": "all"},
    "sweep of an unknown key": {"sweep": {"scenario": "status-quo", "buy": 1}},
    "asked for nothing": {"asked": {}},
    "quarters as a list": {"quarters": [1]},
    "quarters of none": {"quarters": {}},
    "quarters below one": {"quarters": {"status-quo": 0}},
    "files as text": {"files": "all"},
    "no files": {"files": {}},
    "checksum as a number": {"sha256": {"design.parquet": 1, "points.json": 2}},
    "scenarios as a list": {"scenarios": ["status-quo"]},
    "versions as text": {"versions": "all"},
    "features as text": {"cpu_features": "all"},
    "portable as a number": {"portable": 1},
    "further key": {"more": 1},
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_manifest_of_another_type_or_key_is_one_line(finished, capsys, kind):
    file, out = finished
    run, path = first_run(out), out / "manifest.json"
    change = MANIFESTS[kind]
    if isinstance(change, dict):
        path.write_text(json.dumps(sealed(json.loads(path.read_text()) | change)))
    else:
        path.write_text(json.dumps(change))
    for words in commands(file, out, run):
        assert main(words) == 4, words
        assert capsys.readouterr().err.count("\n") == 1


def test_what_a_stranger_wrote_tells_a_terminal_nothing(finished, capsys):
    _, out = finished
    run = first_run(out)
    parts = list((out / "log").glob("main.jsonl"))
    parts[0].unlink()
    (out / "ends" / "main.json").unlink()
    line = told(run=run, message="\x1b[2J gone", trace="\x1b]0;title\x07")
    (out / "log" / "other.jsonl").write_bytes(line)
    assert main(["explain", str(out), run]) == 0
    printed = capsys.readouterr().out
    assert "?[2J gone" in printed
    assert "\x1b" not in printed


def test_a_status_and_an_answer_tell_a_terminal_nothing(finished, capsys):
    _, out = finished
    written = json.loads((out / "manifest.json").read_text())["sweep"]
    forged(out, sweep=written | {"name": "\x1b[2J gone"})
    query = "SELECT chr(27) || '[2J gone' AS said"
    for words in (["status", str(out)], ["results", str(out), "--sql", query]):
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert "?[2J gone" in printed
        assert "\x1b" not in printed


def test_factors_that_are_not_those_of_the_design_are_one_line(finished, capsys):
    _, out = finished
    written = json.loads((out / "manifest.json").read_text())["sweep"]
    forged(out, sweep=written | {"factors": {"firms.closure_cost": [0.1, 0.2, 0.3, 0.4]}})
    for words in (["results", str(out)], ["report", str(out)], ["results", str(out), "--verify"]):
        assert main(words) == 4
        assert "other factors than the manifest" in capsys.readouterr().err


@pytest.mark.parametrize("sql", ["", "  ", "\n", ";", "-- nothing", "/**/"])
def test_a_query_of_nothing_is_one_line(finished, capsys, sql):
    code = main(["results", str(finished[1]), "--sql", sql])
    printed = capsys.readouterr()
    assert code == 2
    assert printed.err.startswith("nearshore: --sql: ")
    assert printed.err.count("\n") == 1
