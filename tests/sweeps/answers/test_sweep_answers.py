"""What a sweep says: means, differences, indices, queries, reports, exports."""

import re

import numpy as np
import pandas as pd
import pytest
import sweep_runs
from scipy import stats
from sweep_runs import write_sweep

from abm.errors import OutputError, ScenarioError
from experiments import results
from experiments.outcomes.intervals import interval
from experiments.sweeps.answers.answers import cell_means, paired_differences
from experiments.sweeps.answers.export import export_frame, text_of
from experiments.sweeps.answers.report import write_report
from experiments.sweeps.store.reading import explain_sweep_run, query, status
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.sweep import Options, run_sweep

REFERENCE = """
[reference]
"firms.build_cost" = 0.1
"""
COST = "firms.build_cost"


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    file = write_sweep(folder, replications=20, more=REFERENCE)
    run_sweep(file, folder / "out", Options(quiet=True), run_one=sweep_runs.trivial)
    return SweepStore.open(folder / "out")


@pytest.fixture(scope="module")
def with_failures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("failures")
    more = '[design]\nkind = "sobol"\nn = 4\n'
    text = write_sweep(folder, more=more).read_text()
    file = folder / "s.toml"
    ranges = '{uniform = [0.1, 0.4]}\n"economy.relation" = {uniform = [0.0, 1.0]}'
    file.write_text(text.replace("[0.1, 0.2, 0.3, 0.4]", ranges))
    run_sweep(file, folder / "out", Options(quiet=True), run_one=sweep_runs.trivial)
    return SweepStore.open(folder / "out")


def test_the_frame_has_a_row_a_run_and_says_which(sweep):
    frame = results(sweep.folder)
    assert list(frame)[:6] == ["scenario", "point", "replication", "seed", COST, "run"]
    assert list(frame)[6:] == ["profit", "profit.change", "share"]
    assert len(frame) == frame["run"].nunique() == 80
    assert frame["share"].isna().equals(frame["seed"] % 7 == 0)


def test_the_interval_of_a_mean_is_students():
    numbers = np.array([1.0, 2.0, 4.0, 7.0])
    found = interval(numbers)
    theirs = stats.ttest_1samp(numbers, 0).confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], [theirs.low, theirs.high])


def test_one_number_has_no_interval():
    assert np.isnan(interval(np.array([1.0])).low)


def test_differences_are_paired_by_replication_and_tell_what_that_saves(sweep):
    found = paired_differences(results(sweep.folder), "profit", [COST], {COST: 0.1})
    assert list(found[COST]) == [0.2, 0.3, 0.4]
    # Luck is the same in every cell, so a paired difference has none left.
    np.testing.assert_allclose(found["mean"], [0.3, 0.8, 1.5])
    assert (found["high"] - found["low"]).max() < 1e-12
    assert found["variance_kept"].max() < 1e-12
    means = cell_means(results(sweep.folder), "profit", [COST])
    assert (means["high"] - means["low"]).min() > 0.5


def test_a_factor_that_the_reference_leaves_out_is_held_equal():
    frame = pd.DataFrame(
        [
            {"scenario": "s", "point": p, "replication": r, "a": a, "b": b, "y": 10 * a + b * a}
            for p, (a, b) in enumerate([(0, 1), (0, 2), (1, 1), (1, 2)], start=1)
            for r in (1, 2)
        ]
    )
    found = paired_differences(frame, "y", ["a", "b"], {"a": 0})
    assert dict(zip(found["b"], found["mean"], strict=True)) == {1: 11.0, 2: 12.0}


def test_a_query_reads_results_design_and_runs(sweep):
    found = query(
        sweep, f'SELECT "{COST}" AS cost, avg(profit) AS p FROM results GROUP BY 1 ORDER BY 1'
    )
    frame = results(sweep.folder).groupby(COST)["profit"].mean()
    np.testing.assert_allclose(found["p"], frame)
    assert query(sweep, "SELECT count(*) AS n FROM runs WHERE state = 'done'")["n"][0] == 80
    assert query(sweep, "SELECT count(*) AS n FROM design")["n"][0] == 80
    assert text_of(query(sweep, "SELECT 1 AS n WHERE 1 = 0")) == "no rows"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "COPY results TO '{out}'",
        "ATTACH '{out}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELEC",
    ],
)
def test_a_query_touches_no_file(sweep, tmp_path, sql):
    with pytest.raises(ScenarioError, match="--sql: "):
        query(sweep, sql.format(out=tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


def test_a_query_that_drops_a_table_harms_nothing(sweep):
    with pytest.raises(ScenarioError, match="is of type View"):
        query(sweep, "DROP TABLE results")
    query(sweep, "DROP VIEW results")
    assert len(results(sweep.folder)) == 80


def test_the_status_counts_every_run(sweep):
    found = status(sweep)
    assert (found.runs, found.done, found.failed, found.pending) == (80, 80, 0, 0)


def test_explaining_a_run_prints_its_command(sweep):
    spec = sweep.specs()[3]
    words = explain_sweep_run(sweep.folder, spec.run[:12]).splitlines()[0].split()
    assert words[:2] == ["nearshore", "run"]
    assert words[words.index("--seed") + 1] == str(spec.seed)
    assert f"{COST}={dict(spec.values)[COST]}" in words
    with pytest.raises(ScenarioError, match="no run of this sweep"):
        explain_sweep_run(sweep.folder, "zz")


def test_the_report_needs_no_network_and_says_where_it_is_from(sweep):
    text = write_report(sweep).read_text()
    assert not re.search(r"""(src|href)=["'](?!#)""", text.replace('href="#', ""))
    assert "url(http" not in text
    for said in ("80 of 80 runs done", "variance kept", sweep.manifest["sha256"]["design.parquet"]):
        assert said in text
    assert text.count("<svg") == 2


def test_labels_with_html_are_shown_as_they_are(tmp_path):
    hostile = "<script>alert('x')</script>'; DROP TABLE results; --"
    file = write_sweep(tmp_path, replications=2)
    file.write_text(f'title = "{hostile}"\nquestion = "{hostile}"\n' + file.read_text())
    run_sweep(file, tmp_path / "out", Options(quiet=True), run_one=sweep_runs.raises)
    store = SweepStore.open(tmp_path / "out")
    text = write_report(store).read_text()
    assert "<script" not in text
    assert "<b>0.2" not in text
    assert "no plant costs &lt;b&gt;0.2" in text
    assert "Not all runs are in." in text


def test_the_report_gives_indices_or_says_why_not(with_failures):
    text = write_report(with_failures).read_text()
    assert "What matters: status-quo" in text
    # One seed in seven has no share, and what is left of so small a design says nothing.
    assert "share: no indices from the points that are there" in text


def test_exports_hold_every_result(sweep, tmp_path):
    frame = results(sweep.folder)
    export_frame(frame, tmp_path / "r.csv", sweep.sweep)
    assert len(pd.read_csv(tmp_path / "r.csv")) == 80
    export_frame(frame, tmp_path / "r.arrow", sweep.sweep)
    assert pd.read_feather(tmp_path / "r.arrow").equals(frame)
    cube = results(sweep.folder, "array")
    assert cube.profit.dims == ("scenario", "point", "replication")
    assert cube.profit.sum().item() == pytest.approx(frame["profit"].sum())
    with pytest.raises(OutputError, match=r"ends neither in"):
        export_frame(frame, tmp_path / "r.xlsx", sweep.sweep)


def test_a_spreadsheet_runs_no_label(tmp_path, sweep):
    frame = pd.DataFrame({"scenario": ["=1+1", "fine"], "y": [-1.0, 2.0]})
    export_frame(frame, tmp_path / "r.csv", sweep.sweep)
    assert (tmp_path / "r.csv").read_text().splitlines()[1:] == ["'=1+1,-1.0", "fine,2.0"]
