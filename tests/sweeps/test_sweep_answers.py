"""What a sweep says: means, differences, indices, queries, reports, exports."""

import re

import numpy as np
import pandas as pd
import pytest
import sweep_runs
from SALib.test_functions import Ishigami
from scipy import stats
from sweep_runs import write_sweep

from abm.errors import OutputError, ScenarioError, StoreError
from experiments import results
from experiments.sweeps.answers.answers import (
    cell_means,
    complete_means,
    indices,
    interval,
    noise_share,
    paired_differences,
)
from experiments.sweeps.answers.export import export_frame, text_of
from experiments.sweeps.answers.report import write_report
from experiments.sweeps.design.points import points
from experiments.sweeps.design.sweep_file import SweepFile
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


def ishigami(n):
    """The Ishigami function over its own range, as a sweep would have it."""
    keys = ["firms.build_cost", "economy.relation", "firms.closure_cost"]
    document = {
        "scenario": "status-quo",
        "replications": 1,
        "factors": {key: {"uniform": [0.0, 1.0]} for key in keys},
        "design": {"kind": "sobol", "n": n},
    }
    sweep = SweepFile.from_document(document)
    made = np.array([list(point.values()) for point in points(sweep)])
    values = Ishigami.evaluate((2 * made - 1) * np.pi)
    frame = pd.DataFrame({"point": np.arange(1, len(made) + 1), "y": values})
    return sweep, frame.assign(scenario="s", replication=1)


def test_sobol_indices_are_those_of_the_ishigami_function():
    sweep, frame = ishigami(1024)
    found = indices(frame, sweep, "y", len(frame)).set_index("factor").loc[list(sweep.factors)]
    # Exact: Saltelli et al. (2008), Global Sensitivity Analysis, p. 196, with a = 7, b = 0.1.
    np.testing.assert_allclose(found["first"], [0.3139, 0.4424, 0.0], atol=0.05)
    np.testing.assert_allclose(found["total"], [0.5576, 0.4424, 0.2437], atol=0.05)
    assert (found["total_low"] < found["total"]).all()


def test_a_factor_without_effect_has_no_index():
    sweep, frame = ishigami(256)
    first = [point["firms.build_cost"] for point in points(sweep)]
    found = indices(frame.assign(y=first), sweep, "y", len(frame)).set_index("factor")
    np.testing.assert_allclose(found["total"], [1, 0, 0], atol=0.02)


@pytest.mark.parametrize("spoil", [np.nan, np.inf, None])
def test_indices_are_refused_when_a_run_is_missing_or_not_finite(spoil):
    sweep, frame = ishigami(64)
    spoilt = frame.drop(index=3) if spoil is None else frame.replace({"y": {frame["y"][3]: spoil}})
    with pytest.raises(StoreError, match=r"no indices.* at 1 of 320 points \(4\)"):
        indices(spoilt, sweep, "y", len(frame))


def test_indices_of_a_constant_are_refused():
    sweep, frame = ishigami(64)
    with pytest.raises(StoreError, match="is the same everywhere"):
        indices(frame.assign(y=1.0), sweep, "y", len(frame))


def test_morris_screens_out_what_does_not_matter():
    sweep, _ = ishigami(64)
    document = sweep.model_dump(mode="json") | {"design": {"kind": "morris", "n": 20}}
    morris = SweepFile.from_document(document)
    made = pd.DataFrame(points(morris))
    y = 3 * made["firms.build_cost"] + made["economy.relation"]
    frame = pd.DataFrame({"point": range(1, len(made) + 1), "y": y, "replication": 1})
    found = indices(frame, morris, "y", len(made))
    np.testing.assert_allclose(found["mu_star"], [3, 1, 0], atol=1e-9)
    assert found["factor"][0] == "firms.build_cost"


def test_the_share_of_luck_is_told():
    luck = np.random.default_rng(1)
    frame = pd.DataFrame({"point": np.repeat(np.arange(200), 10), "y": luck.normal(size=2000)})
    assert noise_share(frame, "y") == pytest.approx(1, abs=0.15)
    assert noise_share(frame.assign(y=frame["point"] + 0.01 * frame["y"]), "y") < 1e-4


def test_means_over_replications_need_all_of_them():
    frame = pd.DataFrame({"point": [1, 1, 2], "y": [1.0, 3.0, 5.0]})
    with pytest.raises(StoreError, match=r"1 of 2 points \(2\)"):
        complete_means(frame, "y", 2, replications=2)
    assert complete_means(frame[:2], "y", 1, 2).tolist() == [2.0]


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
    query(sweep, "DROP TABLE results")
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
    # One seed in seven has no share, so that outcome has no indices.
    assert "share: no indices, since runs are missing or not finite" in text


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
