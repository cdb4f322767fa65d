"""The runner: what is run, what a stop leaves, and what stands in the folder afterwards."""

import json
import os
import signal
import subprocess
import sys
import threading
from functools import partial
from importlib.metadata import EntryPoint
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from abm.errors import OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from experiments.brief.effects import differs_nowhere
from experiments.commands.printed import print_result, summary_table
from experiments.outcomes.summary import summary
from experiments.outcomes.tables import DERIVED_TABLES, TABLES, RunFrames, check_tables
from experiments.runs import runner
from experiments.runs.on_disk import provenance
from experiments.runs.progress import RunProgress
from experiments.runs.runner import default_folder, find_figures, relocation_model, run_scenario
from tests.support.thorough import but_for
from tests.synthetic import FakeModel, FakeScenario, tables

USMCA, STATUS_QUO = FakeScenario(), FakeScenario("status-quo", tilt=0.0)
RUN_FILES = ["manifest.json", "summary.json", *(f"{n}.parquet" for n in TABLES | DERIVED_TABLES)]


def drawn(run: RunFrames, reference: RunFrames | None, folder: Path) -> list[Path]:
    """Stand-in for the figures: one file that names what it was given."""
    path = folder / "picture.svg"
    path.write_text(f"{run.name} against {reference.name if reference else 'nothing'}")
    return [path]


def model(scenario, firms, seed, **options):
    return FakeModel(scenario, **options)


def save(model, folder):
    (folder / "checkpoint").mkdir()
    (folder / "checkpoint" / "quarter").write_text(str(model.quarter))


run_fake = partial(
    run_scenario,
    firms=100,
    quarters=3,
    seed=1,
    quiet=True,
    draw=drawn,
    model_factory=model,
    save=save,
)


def one_model_that(on_quarter):
    """Models of which the one under the status quo does something."""

    def make(scenario, firms, seed):
        return FakeModel(scenario, on_quarter if scenario is STATUS_QUO else {})

    return make


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_single_run_writes_all_files_in_the_folder_itself(tmp_path):
    result = run_fake(USMCA, out=tmp_path / "run")
    assert files(tmp_path / "run") == sorted([*RUN_FILES, "figures/picture.svg"])
    assert result.out == tmp_path / "run"
    assert result.figures == [tmp_path / "run" / "figures" / "picture.svg"]
    assert not result.interrupted
    assert result.notes == []
    outcomes = pd.read_parquet(tmp_path / "run" / "outcomes.parquet")
    assert outcomes["quarter"].unique().tolist() == [0, 1, 2, 3]


def test_two_runs_lie_side_by_side_with_a_comparison_above(tmp_path):
    run_fake(USMCA, against=STATUS_QUO, quarters=20, out=tmp_path / "both")
    each = [f"{name}/{file}" for name in ("usmca", "status-quo") for file in RUN_FILES]
    above = ["manifest.json", "summary.json", "figures/picture.svg"]
    assert files(tmp_path / "both") == sorted([*each, *above])
    assert (tmp_path / "both/figures/picture.svg").read_text() == "usmca against status-quo"
    compared = json.loads((tmp_path / "both/summary.json").read_text())
    alone = json.loads((tmp_path / "both/usmca/summary.json").read_text())
    jobs = compared["manufacturing_employment"]["MEX"]
    assert jobs.pop("difference") < 0
    assert jobs == alone["manufacturing_employment"]["MEX"]


def test_a_scenario_against_one_of_its_own_name_gets_a_folder_of_its_own(tmp_path):
    result = run_fake(USMCA, against=USMCA, out=tmp_path / "both")
    assert {path.name for path in (tmp_path / "both").iterdir()} >= {"usmca", "usmca-reference"}
    assert differs_nowhere(result)


@pytest.mark.thorough
def test_no_name_of_a_scenario_escapes_the_folder_or_takes_the_place_of_a_file(tmp_path):
    odd = [FakeScenario(name) for name in ("../../etc", "figures", "a b/c", "...", "x" * 200)]
    for number, scenario in enumerate(odd):
        run_fake(scenario, against=STATUS_QUO, out=tmp_path / "runs" / str(number))
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    found = {path.parent.name for path in tmp_path.rglob("outcomes.parquet")}
    assert found == {"etc", "figures-run", "a-b-c", "scenario", "x" * 60, "status-quo"}


def test_the_manifest_says_what_ran(tmp_path):
    run_fake(USMCA, firms=77, seed=0, out=tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    expected = {
        "format": 2,
        "firms": 77,
        "seed": 0,
        "quarters": 3,
        "quarters_asked": 3,
        "interrupted": False,
        "calibration_checksum": "0" * 64,
        "scenario": {"name": "usmca", "tilt": 0.1, "start": "2017-01-01"},
    }
    assert {key: manifest[key] for key in expected} == expected
    assert manifest["versions"]["pandas"] == pd.__version__
    assert manifest["wall_seconds"] >= 0
    assert manifest["cpu_features"]
    assert manifest["started"].endswith("+00:00")


def test_two_runs_alike_write_the_same_bytes_but_for_the_manifest(tmp_path):
    for name in ("one", "two"):
        run_fake(USMCA, out=tmp_path / name)
    for file in RUN_FILES[1:]:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_second_run_replaces_the_first_as_a_whole(tmp_path):
    run_fake(USMCA, against=STATUS_QUO, out=tmp_path / "run")
    run_fake(USMCA, out=tmp_path / "run")
    assert files(tmp_path / "run") == sorted([*RUN_FILES, "figures/picture.svg"])
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_foreign_folder_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(OutputError, match=r"holds thesis\.tex"):
        run_fake(USMCA, out=tmp_path, model_factory=None)
    assert files(tmp_path) == ["thesis.tex"]


def test_what_was_put_in_the_folder_during_the_run_is_not_lost(tmp_path):
    out = tmp_path / "run"

    def write_notes() -> None:
        out.mkdir()
        (out / "notes.md").write_text("mine")

    with pytest.raises(OutputError, match=r"holds notes\.md"):
        run_fake(USMCA, out=out, model_factory=partial(model, on_quarter={2: write_notes}))
    assert files(out) == ["notes.md"]


IN_THE_FOLDER = """
summary.json usmca/outcomes.parquet status-quo/manifest.json usmca/checkpoint/quarter
figures/picture.svg figures/mine.png
"""


@pytest.mark.parametrize("name", but_for(["summary.json"], IN_THE_FOLDER.split()))
def test_what_somebody_saved_over_in_the_folder_is_not_replaced(tmp_path, name):
    out = tmp_path / "run"
    again = partial(run_fake, USMCA, out=out, against=STATUS_QUO, checkpoint_every=2)
    again()
    again()  # as it was left, it is replaced
    (out / name).write_bytes(b"mine")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match=f"{name}.*; name a new or empty folder$"):
        again()
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_pictures_put_there_while_figures_were_drawn_are_not_lost(tmp_path):
    out = tmp_path / "run"

    def draw(run, reference, folder):
        (out / "figures").mkdir()
        (out / "figures" / "picture.svg").write_text("mine")
        return drawn(run, reference, folder)

    with pytest.raises(OutputError, match=r"holds figures/picture\.svg, which no earlier run"):
        run_fake(USMCA, out=out, draw=draw)
    assert (out / "figures" / "picture.svg").read_text() == "mine"
    assert (out / "outcomes.parquet").exists()


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run_fake(USMCA, out=None)
    assert result.out is None
    assert result.run.quarters == 3
    assert files(tmp_path) == []


def test_a_run_of_no_quarter_is_refused():
    with pytest.raises(ScenarioError, match="quarters: 0; must be at least 1"):
        run_fake(USMCA, quarters=0, out=None)


def test_wrong_tables_are_refused_before_the_first_step(tmp_path):
    class Wrong(FakeModel):
        def frames(self):
            return {"outcomes": super().frames()["outcomes"]}

        def step(self):
            raise AssertionError("stepped")

    with pytest.raises(OutputError, match="tables are outcomes"):
        run_fake(USMCA, out=tmp_path / "run", model_factory=lambda *given: Wrong(given[0]))


def test_ctrl_c_finishes_the_quarter_in_hand_and_keeps_it(tmp_path):
    result = run_fake(
        USMCA,
        against=STATUS_QUO,
        out=tmp_path / "run",
        model_factory=one_model_that({2: interrupt}),
    )
    assert result.interrupted
    (note,) = result.notes
    assert note.startswith("Stopped after quarter 2 of 3: what is finished is kept; go on with: ")
    for name in ("usmca", "status-quo"):
        outcomes = pd.read_parquet(tmp_path / "run" / name / "outcomes.parquet")
        assert outcomes["quarter"].max() == 2
        manifest = json.loads((tmp_path / "run" / name / "manifest.json").read_text())
        assert (manifest["interrupted"], manifest["quarters"]) == (True, 2)
        assert (tmp_path / "run" / name / "checkpoint" / "quarter").read_text() == "2"


def test_a_second_ctrl_c_stops_at_once_and_keeps_what_both_runs_finished(tmp_path):
    def interrupt_twice() -> None:
        interrupt()
        interrupt()

    stopped = one_model_that({2: interrupt_twice})
    both = run_fake(USMCA, against=STATUS_QUO, out=tmp_path / "run", model_factory=stopped)
    assert both.notes == ["Stopped after quarter 1 of 3: what is finished is kept."]
    assert not list((tmp_path / "run").rglob("checkpoint"))
    assert both.interrupted
    assert (both.run.quarters, both.reference.quarters) == (1, 1)


def test_ctrl_c_in_the_last_quarter_interrupts_nothing():
    result = run_fake(USMCA, out=None, model_factory=partial(model, on_quarter={3: interrupt}))
    assert not result.interrupted


def test_a_stop_before_the_first_quarter_is_finished_leaves_the_last_results_alone(tmp_path):
    run_fake(USMCA, out=tmp_path / "run")
    before = (tmp_path / "run" / "manifest.json").read_bytes()

    def stop() -> None:
        raise KeyboardInterrupt

    stopped = partial(model, on_quarter={1: stop})
    result = run_fake(USMCA, out=tmp_path / "run", model_factory=stopped)
    assert (result.interrupted, result.out) == (True, None)
    assert result.notes == ["Stopped after quarter 0 of 3: nothing is written."]
    assert (tmp_path / "run" / "manifest.json").read_bytes() == before


def test_ctrl_c_is_what_it_was_after_a_run():
    before = signal.getsignal(signal.SIGINT)
    run_fake(USMCA, out=None)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_run_in_another_thread_leaves_signals_alone():
    results = []
    thread = threading.Thread(target=lambda: results.append(run_fake(USMCA, out=None)))
    thread.start()
    thread.join()
    assert results[0].run.quarters == 3


def test_seconds_by_phase_are_those_of_both_runs_and_only_on_request():
    both = run_fake(USMCA, against=STATUS_QUO, out=None, profile=True)
    assert both.phase_seconds["record"] == pytest.approx(2 * 0.3 * 3)
    assert run_fake(USMCA, out=None).phase_seconds == {}


def test_a_failing_picture_does_not_cost_the_tables(tmp_path):
    def fail(*given):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_fake(USMCA, out=tmp_path / "run", draw=fail)
    assert files(tmp_path / "run") == sorted(RUN_FILES)


def test_without_installed_figures_a_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "entry_points", lambda group: ())
    result = run_fake(USMCA, out=tmp_path / "run", draw=None)
    assert files(tmp_path / "run") == sorted(RUN_FILES)
    assert len(result.notes) == 1
    assert result.notes[0].startswith("No figures: nothing installed offers nearshore.figures")


def test_a_missing_drawing_library_is_a_line_too(tmp_path, monkeypatch):
    entry = EntryPoint("all", "no_such_library:draw", "nearshore.figures")
    monkeypatch.setattr(runner, "entry_points", lambda group: (entry,))
    result = run_fake(USMCA, out=tmp_path / "run", draw=None)
    assert result.notes == ["No figures: No module named 'no_such_library'."]


def test_installed_figures_are_found_by_their_entry_point(monkeypatch):
    entry = EntryPoint("all", "tests.unit.test_runner:drawn", "nearshore.figures")
    monkeypatch.setattr(EntryPoint, "load", lambda self: drawn)
    monkeypatch.setattr(runner, "entry_points", lambda group: (entry,))
    assert find_figures() is drawn


def test_the_default_folder_names_scenario_reference_and_seed():
    assert default_folder(USMCA, None, 0) == Path("results/usmca-seed0")
    both = default_folder(USMCA, STATUS_QUO, 7)
    assert both == Path("results/usmca-against-status-quo-seed7")


@pytest.mark.thorough
def test_running_imports_nothing_that_draws():
    code = (
        "import sys, experiments.runs.runner; "
        "print([name for name in ('matplotlib', 'viz') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.strip() == "[]"


def test_without_a_terminal_progress_is_a_few_plain_lines():
    text = StringIO()
    with RunProgress("usmca", 40, console=Console(file=text, width=200)) as progress:
        progress.begin()
        for quarter in range(1, 41):
            progress.reach(quarter)
    lines = text.getvalue().splitlines()
    assert lines[0] == "usmca: setting up"
    assert len(lines) == 11
    assert lines[-1] == "usmca: quarter 40 of 40, 0:00 left"


def test_on_a_terminal_progress_is_a_bar_with_the_quarter():
    text = StringIO()
    console = Console(file=text, width=120, force_terminal=True)
    with RunProgress("usmca", 40, console=console) as progress:
        progress.begin()
        progress.reach(8)
        progress.stopping()
    assert "quarter 8 of 40" in text.getvalue()
    assert "stopping after this quarter" in text.getvalue()


def test_quiet_progress_says_nothing():
    text = StringIO()
    with RunProgress("usmca", 2, quiet=True, console=Console(file=text)) as progress:
        progress.begin()
        progress.reach(2)
    assert text.getvalue() == ""


def printed(result, **options) -> str:
    text = StringIO()
    print_result(result, Console(file=text, width=100), **options)
    return text.getvalue()


def test_the_printed_table_has_a_row_for_every_headline(tmp_path):
    result = run_fake(USMCA, against=STATUS_QUO, quarters=20, out=tmp_path / "run", profile=True)
    text = printed(result)
    for line in ("Opened in the US", "Mexico, cars", "Time by phase", "status-quo"):
        assert line in text
    assert f"Written: {tmp_path / 'run'}, 1 pictures in its figures folder" in text
    assert "nan" not in text.lower()
    assert summary_table(result).row_count > 30


def test_a_run_that_differs_nowhere_says_so():
    same = run_fake(USMCA, against=FakeScenario("twin"), out=None)
    assert "usmca does not differ from twin by the end of September 2017" in printed(same)
    other = run_fake(USMCA, against=STATUS_QUO, quarters=20, out=None)
    assert "does not differ" not in printed(other)


def test_quiet_prints_where_the_files_are_and_what_went_wrong(tmp_path):
    stopped = partial(model, on_quarter={2: interrupt})
    result = run_fake(USMCA, out=tmp_path / "run", model_factory=stopped)
    assert printed(result, quiet=True).splitlines() == [
        "Stopped after quarter 2 of 3: what is finished is kept; go on with: "
        f"nearshore run --resume {tmp_path / 'run'}",
        f"Written: {tmp_path / 'run'}, 1 pictures in its figures folder",
    ]


def test_the_git_revision_is_that_of_the_source_or_null(tmp_path, monkeypatch):
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    assert provenance.git_revision(tmp_path) is None
    git("init", "--quiet")
    assert provenance.git_revision(tmp_path) is None
    (tmp_path / "file").write_text("1")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    revision = provenance.git_revision(tmp_path)
    assert len(revision) == 40
    (tmp_path / "file").write_text("2")
    assert provenance.git_revision(tmp_path) == f"{revision}-modified"
    (tmp_path / "installed").mkdir()
    assert provenance.git_revision(tmp_path / "installed") is None
    monkeypatch.setenv("PATH", "")
    assert provenance.git_revision(tmp_path) is None


def test_the_real_model_records_the_documented_tables():
    real = relocation_model(Scenario.load("usmca"), firms=1000, seed=1)
    real.step()
    check_tables(real.frames())
    assert real.frames()["outcomes"]["quarter"].max() == 1
    assert all(seconds >= 0 for seconds in real.phase_seconds.values())
    assert len(real.calibration_checksum) == 64


def test_the_summary_of_a_result_is_that_of_its_tables():
    assert run_fake(USMCA, out=None).summary == summary(tables(quarters=3))
