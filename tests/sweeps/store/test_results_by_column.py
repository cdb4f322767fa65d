"""Results read by column: what was checked is remembered, and nothing else is believed."""

import os

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sweep_runs import trivial, write_sweep

from abm.errors import ScenarioError, StoreError
from experiments import results
from experiments.sweeps.store import by_column, remembered
from experiments.sweeps.store.by_column import read_columns
from experiments.sweeps.store.reading import query
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work import sweep as sweeps
from experiments.sweeps.work.sweep import Options, run_sweep
from tests.faults.spoilt import flips

COST = "firms.build_cost"
MEAN = "SELECT avg(profit) AS p FROM results"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of its own, in which files of a moment ago are remembered, too."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NEARSHORE_CACHE", str(folder))
    monkeypatch.setattr(remembered, "QUIET_SECONDS", -1e9)
    return folder


@pytest.fixture
def hashed(monkeypatch):
    """Grows by one for each file whose whole content is hashed."""
    names = []
    before = by_column.file_digest

    def told(file, kind):
        names.append(kind)
        return before(file, kind)

    monkeypatch.setattr(by_column, "file_digest", told)
    return names


def part_of(out):
    return next((out / "parts").glob("*.parquet"))


def mean_profit(out):
    return query(SweepStore.open(out), MEAN)["p"][0]


def test_a_part_is_hashed_once_and_then_only_if_it_was_touched(finished, hashed):
    _, out = finished
    first = mean_profit(out)
    assert len(hashed) == 1
    assert mean_profit(out) == first
    assert results(out, columns=["profit"])["profit"].mean() == pytest.approx(first)
    assert len(hashed) == 1
    os.utime(part_of(out))
    assert mean_profit(out) == first
    assert len(hashed) == 2


def test_a_finished_sweep_that_was_checked_needs_neither_log_nor_design(finished, monkeypatch):
    _, out = finished
    first = mean_profit(out)
    for name in ("history", "design"):
        monkeypatch.setattr(SweepStore, name, lambda self: pytest.fail("was read"))
    assert mean_profit(out) == first


def test_a_changed_part_is_refused_also_where_size_and_time_are_put_back(finished):
    _, out = finished
    mean_profit(out)
    part = part_of(out)
    about, content = part.stat(), part.read_bytes()
    part.chmod(0o644)
    with part.open("r+b") as file:
        file.write(next(flips(content, [len(content) // 2], 1)))
    os.utime(part, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert part.stat().st_size == about.st_size
    with pytest.raises(StoreError, match="is damaged"):
        mean_profit(out)
    with pytest.raises(StoreError, match="is damaged"):
        results(out, columns=["profit"])


def test_what_rots_beneath_its_stamp_is_found_by_the_checksum_of_its_page(finished, monkeypatch):
    _, out = finished
    mean_profit(out)
    part, real = part_of(out), remembered.stamp_inside
    kept = real(out, f"parts/{part.name}")
    at = pq.ParquetFile(part).metadata.row_group(0)
    column = next(
        at.column(n) for n in range(at.num_columns) if at.column(n).path_in_schema == "profit"
    )
    # The last bytes of the column's only data page: past its header and its dictionary.
    place = column.data_page_offset + column.total_compressed_size
    place -= 1 + (column.data_page_offset - (column.dictionary_page_offset or place))
    content = part.read_bytes()
    part.write_bytes(next(flips(content, [max(place, column.data_page_offset + 60)], 1)))

    def as_before(folder, name):
        return kept if name.endswith(part.name) else real(folder, name)

    monkeypatch.setattr(by_column, "stamp_inside", as_before)
    with pytest.raises(StoreError, match="is damaged"):
        mean_profit(out)
    with pytest.raises(StoreError, match="is damaged"):
        results(out, columns=["profit"])


def test_a_file_of_a_moment_ago_is_not_remembered(finished, hashed, monkeypatch):
    monkeypatch.setattr(remembered, "QUIET_SECONDS", 10.0)
    _, out = finished
    mean_profit(out), mean_profit(out)
    assert len(hashed) == 2


@pytest.mark.parametrize("said", ["", "{", "[]", '{"format": 1, "facts": {}, "seal": "x"}', "null"])
def test_a_memory_that_is_damaged_is_none(finished, hashed, cache, said):
    _, out = finished
    first = mean_profit(out)
    (memory,) = cache.iterdir()
    memory.write_text(said)
    assert mean_profit(out) == first
    assert len(hashed) == 2


def test_a_memory_that_cannot_be_kept_is_no_loss(finished, monkeypatch, tmp_path):
    _, out = finished
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEARSHORE_CACHE", str(tmp_path / "file" / "below"))
    assert np.isfinite(mean_profit(out))
    monkeypatch.setenv("NEARSHORE_CACHE", "")
    assert np.isfinite(mean_profit(out))


def test_a_folder_that_was_exchanged_is_not_taken_for_the_one_before(finished, tmp_path):
    file, out = finished
    first = mean_profit(out)
    out.rename(tmp_path / "old")
    file.write_text(file.read_text().replace("replications = 5", "replications = 3"))
    run_sweep(file, out, Options(quiet=True), run_one=trivial)
    assert mean_profit(out) != first


def test_a_sweep_that_grew_is_read_anew(finished):
    file, out = finished
    assert query(SweepStore.open(out), "SELECT count(*) AS n FROM results")["n"][0] == 20
    more = Options(quiet=True, extend=("replications=6",))
    assert run_sweep(file, out, more, run_one=trivial).code == 0
    assert query(SweepStore.open(out), "SELECT count(*) AS n FROM results")["n"][0] == 24
    assert len(results(out, columns=["run"])) == 24


def test_columns_are_those_asked_for_in_that_order(finished):
    _, out = finished
    whole = results(out)
    found = results(out, columns=["share", "point", COST])
    pd.testing.assert_frame_equal(found, whole[["share", "point", COST]])
    cube = results(out, "array", columns=["profit"])
    assert list(cube.data_vars) == ["profit"]
    assert cube["profit"].shape == (1, 4, 5)


def test_a_column_that_is_not_there_is_named_with_the_nearest(finished):
    with pytest.raises(ScenarioError, match=r"proft.: no such column .* nearest are profit"):
        results(finished[1], columns=["proft"])


@pytest.mark.parametrize("finished_part", [True, False])
def test_an_unmerged_sweep_is_read_by_column_too(tmp_path, monkeypatch, finished_part):
    """Parts as they came, of which one is read twice: another sweep's results were taken."""
    file, out = write_sweep(tmp_path), tmp_path / "out"
    monkeypatch.setattr(sweeps, "merge", lambda *arguments: [])
    run_sweep(file, out, Options(quiet=True, flush_seconds=0), run_one=trivial)
    whole = results(out)
    assert len(whole) == 20
    if not finished_part:
        store = SweepStore.open(out)
        recorder = sweeps.Recorder(store, "again")
        spec = store.specs()[0]
        recorder.take(
            sweeps_report(spec.run, trivial(spec, "regional_value_content"), store.history())
        )
        recorder.flush()
        recorder.close()
        assert read_columns(out, lambda found: found.repeated)
    pd.testing.assert_frame_equal(results(out, columns=list(whole)), whole)
    counted = query(SweepStore.open(out), "SELECT count(*) AS n, sum(profit) AS s FROM results")
    assert counted["n"][0] == 20
    assert counted["s"][0] == pytest.approx(whole["profit"].sum())


def sweeps_report(run, outcomes, history):
    from experiments.sweeps.design.run_spec import Report

    return Report(run, outcomes, maker=dict(history.makers[0]))


def test_a_query_sees_no_variable_of_the_program(finished):
    with pytest.raises(ScenarioError, match="found"):
        query(SweepStore.open(finished[1]), "SELECT * FROM found")
    with pytest.raises(ScenarioError, match="tables"):
        query(SweepStore.open(finished[1]), "SELECT * FROM tables")


def test_a_query_cannot_write_into_a_part(finished):
    _, out = finished
    before = part_of(out).read_bytes()
    with pytest.raises(ScenarioError):
        query(SweepStore.open(out), f"COPY (SELECT 1) TO '{part_of(out)}' (FORMAT parquet)")
    assert part_of(out).read_bytes() == before
