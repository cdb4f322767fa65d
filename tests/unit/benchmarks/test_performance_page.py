"""What is made of measured rounds: ratios, table, goals, comparison, figure, page."""

import json

import pytest
from matplotlib.figure import Figure
from rich.console import Console

from benchmarks.page.compare import change, changes, print_comparison, summary
from benchmarks.page.compare import main as compare
from benchmarks.page.figure import scaling
from benchmarks.page.goals import GOALS
from benchmarks.page.performance_page import (
    BLOCKS,
    MEASURED_BLOCK,
    PAGE,
    PAGE_RESULTS,
    cells,
    in_order,
    notes,
    print_report,
    rewritten,
)
from benchmarks.page.performance_page import main as report
from benchmarks.page.recorded import BenchmarkError, Recording, Timing, read
from experiments.labels import NOTHING
from experiments.speed.machine import description

PHASES = {"solve_costs": 0.03, "claim_origin": 0.01}


def cost_step(firms, seconds):
    """A cost step whose naive model takes 400 and whose bound a quarter of its time."""
    rounds = [seconds * factor for factor in (1.0, 1.2, 0.9, 1.0, 1.1)]
    return Timing(
        "cost step",
        firms,
        rounds,
        [0.01] * 5,
        {"yardstick": [400 * second for second in rounds]},
        [second / 4 for second in rounds],
        {"binding": 0.02, "regimes": 4},
    )


@pytest.fixture
def results():
    rows = [
        cost_step(1_000, 0.002),
        cost_step(1_000_000, 1.5),
        Timing("free cost in Polars", 100_000, [1.2] * 5, [0.01] * 5, {"nearshore": [0.1] * 5}),
        Timing("cost step of the naive model", 250, [0.1] * 5, [0.01] * 5),
        Timing("cost step of the naive model", 1_000, [0.4] * 5, [0.01] * 5),
        Timing("whole step", 10_000, [0.1] * 5, [0.01] * 5, facts={"phases": PHASES}),
        Timing(
            "whole step",
            1_000_000,
            [11.0] * 5,
            [0.01] * 5,
            facts={"phases": PHASES, "peak_memory_bytes": 5_000_000_000},
        ),
    ]
    return Recording(rows, description(), "abc123", "2026-11-24T12:00:00")


@pytest.fixture
def saved(results, tmp_path):
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results.as_document()))
    return path


def test_ratios_are_medians_over_rounds_and_not_ratios_of_medians():
    row = Timing("x", 10, [1.0, 2.0, 4.0], [1.0] * 3, {"yardstick": [10.0, 10.0, 80.0]}, [1.0] * 3)
    assert row.times_faster_than("yardstick") == 10.0
    assert row.times_bound == 2.0
    assert row.firms_per_second == 5.0
    assert row.times_faster_than("another") is None


def test_a_row_of_the_table_holds_what_was_measured_and_a_dash_for_what_was_not(results):
    assert cells(results.row("cost step")) == (
        "cost step", "1,000,000", "1.5 s", "±5%", "666,667", "400", "4.0", NOTHING
    )  # fmt: skip
    assert cells(results.row("whole step"))[-3:] == (NOTHING, NOTHING, "5.00")


def test_rows_keep_the_order_of_what_they_measure_and_go_by_size(results):
    backwards = Recording([*results.rows[::-1], results.rows[0]], {}, None, "")
    names = [(row.what, row.firms) for row in in_order(backwards)]
    assert names[:2] == [("whole step", 10_000), ("whole step", 1_000_000)]
    assert names[-3:] == [("cost step", 1_000), ("cost step", 1_000), ("cost step", 1_000_000)]


def test_goals_say_what_is_met_what_is_not_and_what_was_not_measured(results):
    said = {goal.text: goal.cells(results)[2:] for goal in GOALS}
    assert said["Cost step, a million firms, four regimes"] == ("1.5 s", "yes")
    assert said["Cost step against the naive model"] == ("400 times", "yes")
    assert said["Free cost against Polars"] == ("12 times", "yes")
    assert said["Cost step against its bound"] == ("4 times", "yes")
    assert said["Whole step, a million firms"] == ("11 s", "no")
    assert said["Memory, a million firms"] == ("5 GB", "yes")
    assert said["Growth of time per firm, 10,000 to a million"] == ("10%", "yes")
    assert said["Set-up, a million firms"] == ("not measured", "")


def test_notes_tell_how_far_the_yardstick_may_be_scaled(results):
    told = " ".join(notes(results))
    assert "Polars takes 12 times as long" in told
    assert "takes 1.00 times as long a firm with 1,000 firms as with 250" in told
    assert "binds in 2.0%" in told


def test_the_printed_report_has_every_row_and_every_goal(results):
    console = Console(width=160)
    with console.capture() as captured:
        print_report(results, console)
    printed = captured.get()
    assert all(row.what in printed for row in results)
    assert all(goal.text in printed for goal in GOALS)


def test_results_are_read_back_as_they_were_saved(results, saved):
    assert read([saved]) == results
    assert read([saved.parent]) == results


def test_of_two_runs_the_later_one_counts_where_both_measured_the_same(results, saved, tmp_path):
    newer = Recording([cost_step(1_000, 0.001)], {}, "def", "2026-11-25T12:00:00")
    path = tmp_path / "newer.json"
    path.write_text(json.dumps(newer.as_document()))
    both = read([saved, path])
    assert len(both.rows) == len(results.rows)
    assert both.row("cost step", 1_000).median == pytest.approx(0.001)
    assert both.when == newer.when


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "no such file"), ("", "cannot be read as JSON"), ("{}", "holds no benchmarks")],
)
def test_a_file_that_is_something_else_is_named(tmp_path, content, complaint, capsys):
    path = tmp_path / "some.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BenchmarkError, match=complaint):
        read([path])
    assert report([str(path)]) == compare([str(path), str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_the_report_writes_results_and_pictures_as_one_folder(saved, tmp_path, capsys):
    out = tmp_path / "run"
    assert report([str(saved), "--out", str(out)]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert {path.name for path in out.iterdir()} == set(manifest["contents"])
    assert {"results.json", "scaling.png", "scaling.svg"} <= set(manifest["contents"])
    assert read([out]) == read([saved])
    assert report([str(saved), "--out", str(out)]) == 0  # a later run may replace it


def rounds(times, machine=0.01):
    return Timing("x", 10, list(times), [machine] * len(times))


STEADY = (1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0)


def test_what_takes_half_as_long_again_is_slower_and_the_reverse_faster():
    slow = tuple(1.5 * time for time in STEADY)
    assert change(rounds(STEADY), rounds(slow)).verdict == "slower"
    assert change(rounds(slow), rounds(STEADY)).verdict == "faster"
    assert change(rounds(STEADY), rounds(slow)).ratio == pytest.approx(1.5)


def test_the_same_code_on_a_machine_at_half_its_speed_has_not_changed():
    slow = tuple(2 * time for time in STEADY)
    found = change(rounds(STEADY, machine=0.01), rounds(slow, machine=0.02))
    assert (found.verdict, found.ratio) == ("", pytest.approx(1.0))


def test_rounds_that_scatter_as_widely_as_they_differ_say_nothing():
    found = change(rounds((1.0, 2.0, 0.5, 1.5, 0.8)), rounds((1.3, 0.6, 2.4, 1.0, 1.9)))
    assert found.low < 1 < found.high
    assert found.verdict == ""


def test_a_steady_change_of_two_percent_is_not_told_from_that_between_runs():
    found = change(rounds(STEADY), rounds(tuple(1.02 * time for time in STEADY)))
    assert found.ratio > 1
    assert found.verdict == ""


def test_only_what_both_runs_measured_at_one_size_is_compared(results):
    fewer = Recording(results.rows[:2], results.machine, None, "2026-11-25T12:00:00")
    assert [one.after.firms for one in changes(results, fewer)] == [1_000, 1_000_000]
    assert summary(changes(results, Recording([], {}, None, ""))).startswith("The two runs have")
    console = Console(width=160)
    with console.capture() as captured:
        print_comparison(results, fewer, console)
    assert "Of 2: 0 slower, 0 faster" in captured.get()


def test_the_figure_says_what_was_found_and_draws_the_bound_and_what_is_scaled(results):
    figure = scaling(results)
    assert isinstance(figure, Figure)
    assert "400 times faster" in figure.get_label()
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    labels = [text.get_text() for text in axes.texts]
    assert any(label.startswith("bound") for label in labels)
    assert any("naive model, scaled" in label for label in labels)
    styles = {line.get_linestyle() for line in axes.lines}
    assert {"--", ":"} <= styles


def test_the_figure_without_a_cost_step_is_a_sentence():
    figure = scaling(Recording([], {}, None, ""))
    assert any("not measured" in text.get_text() for text in figure.axes[0].texts)


def test_the_page_shows_every_block_and_is_what_its_results_make_of_it():
    page = PAGE.read_text(encoding="utf-8")
    assert {found["name"] for found in MEASURED_BLOCK.finditer(page)} == set(BLOCKS)
    # What brings it up to date:
    # python -m benchmarks.page.performance_page docs/performance.json --page
    assert rewritten(page, read([PAGE_RESULTS])) == page
