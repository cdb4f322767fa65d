"""A disk that is full is a stop like any other, at whatever change of the folder it comes."""

import shutil

import pytest
import sweep_runs
from stores import bytes_of, carry_out, read_bytes
from sweep_runs import write_sweep

import experiments.sweeps.work.sweep as sweeps
from experiments.commands.main import main
from experiments.sweeps.store.run_log import RunLog, damages_of, read_history
from tests.faults.disk import FullDisk
from tests.in_this_process import in_this_process


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Sweeps of eight runs: one finished, one in shards that is half done and not merged."""
    folder = tmp_path_factory.mktemp("sweeps")
    file = write_sweep(folder, replications=2)
    with in_this_process():
        carry_out(file, folder / "finished")
        carry_out(file, folder / "half", shard=(1, 2), flush_seconds=0)
    return folder


@pytest.fixture
def here(monkeypatch):
    """Let commands carry out, in this process, runs that cost nothing."""

    def run(source, out, options):
        return real(source, out, options, run_one=sweep_runs.trivial)

    real = sweeps.run_sweep
    monkeypatch.setattr(sweeps, "run_sweep", run)
    with in_this_process():
        yield


SWEEP = ["sweep", "FILE", "--out", "OUT", "--quiet"]
COMMANDS = {
    "begin": ("", SWEEP),
    "resume": ("half", [*SWEEP, "--resume"]),
    "last shard": ("half", [*SWEEP, "--shard", "2/2"]),
    "extend": ("finished", [*SWEEP, "--extend", "replications=3"]),
    "repair": ("damaged", [*SWEEP, "--resume"]),
    "compact": ("half", ["results", "OUT", "--compact"]),
    "merge": ("half", ["merge", "OUT", "--out", "JOINED"]),
    "report": ("finished", ["report", "OUT"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_one_line_and_75_at_any_moment(folders, tmp_path, here, capsys, name):
    start, words = COMMANDS[name]
    right, file = bytes_of(folders / "finished"), folders / "small.toml"

    def after(refuses_from):
        """Carry out the command on a disk that is full from some moment on."""
        place = tmp_path / str(refuses_from)
        out = place / "out"
        if start:
            shutil.copytree(folders / ("half" if start == "half" else "finished"), out)
        if start == "damaged":
            (part,) = (out / "parts").iterdir()
            part.write_bytes(part.read_bytes()[:-1])
        given = {"FILE": file, "OUT": out, "JOINED": place / "joined"}
        with pytest.MonkeyPatch.context() as patch:
            disk = FullDisk(patch, refuses_from)
            code = main([str(given.get(word, word)) for word in words])
        return out, code, capsys.readouterr().err, disk.asked

    asked = after(10**6)[-1]
    assert asked > 1
    for moment in sorted({1, 2, asked, *range(3, asked, 4)}):
        out, code, said, _ = after(moment)
        assert code == 75, (moment, said)
        assert "No space left on device" in said
        again = carry_out(file, out, resume=(out / "manifest.json").exists())
        assert again.code == 0, (moment, again.notes)
        larger = name == "extend" and again.done == 12
        assert larger or (again.done == 8 and read_bytes(out) == right)


def test_a_line_that_the_disk_did_not_keep_is_not_told_twice(tmp_path, monkeypatch):
    for folder in ("log", "parts"):
        (tmp_path / folder).mkdir()
    log = RunLog(tmp_path, "main")
    with monkeypatch.context() as patch:
        FullDisk(patch, 1)
        with pytest.raises(OSError, match="No space left"):
            log.add("reused", folder="a", runs=1)
    log.add("reused", folder="a", runs=1)
    log.close()
    assert damages_of(tmp_path) == []
    assert (tmp_path / "log" / "main.jsonl").read_bytes().count(b"\n") == 1
    assert read_history(tmp_path).last != ""
