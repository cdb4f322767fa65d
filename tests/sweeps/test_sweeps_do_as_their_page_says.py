"""Promises of ``docs/sweeps.md`` that no other room of tests holds."""

import json
import time

import pytest
from stores import carry_out, read_bytes
from sweep_runs import write_sweep

from abm.config.files import LARGEST
from abm.scenario.scenario import Scenario
from experiments import results
from experiments.commands.main import main
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.workers import base_years


def test_a_status_that_is_watched_is_asked_again_until_nothing_is_left(
    tmp_path, monkeypatch, capsys
):
    file, out = write_sweep(tmp_path, replications=2), tmp_path / "out"
    carry_out(file, out, shard=(1, 2))
    asked, sleep = [], time.sleep

    def finish(seconds):
        asked.append(seconds)
        monkeypatch.setattr(time, "sleep", sleep)
        carry_out(file, out, shard=(2, 2))

    monkeypatch.setattr(time, "sleep", finish)
    assert main(["status", str(out), "--watch", "--json"]) == 0
    left = [json.loads(line)["pending"] for line in capsys.readouterr().out.splitlines()]
    assert (left[0] > 0, left[-1], asked) == (True, 0, [5])


def test_a_sweep_file_that_is_too_large_is_one_line(tmp_path, capsys):
    file = tmp_path / "large.toml"
    file.write_text(f"{write_sweep(tmp_path).read_text()}# {'x' * LARGEST}\n")
    assert main(["sweep", str(file), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "is larger than a sweep may be (1 MB)" in said
    assert not (tmp_path / "out").exists()


def test_a_sweep_is_read_right_while_it_is_made_larger(finished, monkeypatch):
    """Its design is replaced between the reading of the manifest and that of the design."""
    file, out = finished
    right, read, grown = read_bytes(out), SweepStore._read, []

    def late(store, name, checksum):
        if not grown:
            grown.append(name)
            monkeypatch.setattr(SweepStore, "_read", read)
            assert carry_out(file, out, extend=("replications=6",)).code == 0
        return read(store, name, checksum)

    monkeypatch.setattr(SweepStore, "_read", late)
    found = read_bytes(out)
    assert (len(grown), found != right, found == read_bytes(out)) == (1, True, True)
    assert len(results(out)) == 24


@pytest.mark.thorough
def test_two_last_shards_at_once_leave_what_a_merge_makes_good(tmp_path, finished_once, capsys):
    file, out = write_sweep(tmp_path), tmp_path / "out"
    carry_out(file, out, shard=(1, 2))
    with SweepStore.open(out).locked("shard-1-of-2"):  # the other is still at its end
        told = carry_out(file, out, shard=(2, 2))
    assert told.notes == ["Another shard is at work; 'nearshore results DIR --compact' merges all."]
    assert (told.code, (out / "results.parquet").exists()) == (0, False)
    assert main(["results", str(out), "--compact"]) == 0
    right = (finished_once / "out" / "results.parquet").read_bytes()
    assert (out / "results.parquet").read_bytes() == right


@pytest.mark.parametrize(("firms", "kept"), [(4_000, 2), (6_000, 1), (20_000, 1)])
def test_a_process_keeps_base_years_of_so_many_firms_and_no_more(monkeypatch, firms, kept):
    made = []

    def model(scenario, firms, rng):
        made.append(rng)
        return (firms, rng)

    monkeypatch.setattr(base_years, "RelocationModel", model)
    monkeypatch.setattr(base_years, "_base_years", {})
    scenario = Scenario.load("status-quo")
    for seed in (1, 2, 3, 3):
        found = base_years.base_year(scenario.firms, scenario.economy, firms, seed)
        assert found == (firms, seed)
    assert (made, len(base_years._base_years)) == ([1, 2, 3], kept)
