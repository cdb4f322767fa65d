"""Comparisons with several seeds: what they leave, however they are run, stopped and gone on."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape

from abm.errors import OutputError, ScenarioError
from abm.scenario.scenario import Scenario
from experiments.brief.movers import movers
from experiments.brief.sentences import sentences
from experiments.commands.main import main
from experiments.outcomes.over_seeds import measured
from experiments.outcomes.tables import DERIVED_TABLES, TABLES
from experiments.runs import other_seeds
from experiments.runs.continuing import resume
from experiments.runs.finished_run import read_result
from experiments.runs.on_disk.run_folders import what_would_be_lost
from experiments.runs.paired_seeds import OneSeed, PairedRuns, SeedAnswer, run_seed, usual_seeds
from experiments.runs.runner import run_scenario

FIRMS, QUARTERS, SEED = 100, 3, 5

RUN_FILES = [f"{name}.parquet" for name in (*TABLES, *DERIVED_TABLES)] + ["summary.json"]


def pair():
    short = {"quarters": QUARTERS}
    names = ("threat-35", "status-quo")
    return [Scenario.load(name).model_copy(update=short) for name in names]


def compare(out, **options):
    run, reference = pair()
    return run_scenario(
        run, against=reference, firms=FIRMS, quarters=QUARTERS, seed=SEED, out=out, quiet=True,
        draw=lambda *given, **more: [], **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A comparison of three seeds, in two processes."""
    out = tmp_path_factory.mktemp("whole") / "run"
    return compare(out, seeds=3, workers=2)


def bytes_of(out):
    files = [out / "summary.json", out / "seeds.parquet"]
    files += [out / name / file for name in ("threat-35", "status-quo") for file in RUN_FILES]
    return {file.relative_to(out).as_posix(): file.read_bytes() for file in files}


@cache
def seed_run_here(seed):
    """What a seed says, worked out once for all tests."""
    run, reference = pair()
    names = ("threat-35", "status-quo")
    return run_seed(OneSeed(PairedRuns(run, reference, names, FIRMS, QUARTERS), seed))


def run_here(comparison, seeds, *, workers, finished, enough):
    """In the place of processes: one seed after the other, until it is enough."""
    for seed in seeds:
        if enough():
            return
        finished(seed_run_here(seed))


@pytest.mark.thorough
def test_the_bytes_do_not_depend_on_the_processes(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(other_seeds, "run_seeds", run_here)
    alone = compare(tmp_path / "run", seeds=3)
    assert bytes_of(alone.out) == bytes_of(whole.out)


@pytest.mark.thorough
def test_the_first_seeds_runs_are_those_of_a_single_comparison(whole, tmp_path):
    single = compare(tmp_path / "run")
    for name in ("threat-35", "status-quo"):
        for file in RUN_FILES:
            one, other = ((out / name / file).read_bytes() for out in (whole.out, single.out))
            assert one == other, file
    assert not (single.out / "seeds.parquet").exists()
    assert "seeds" not in json.loads((single.out / "manifest.json").read_text())


def test_each_seed_is_the_comparison_that_would_be_run_with_it(whole):
    run, reference = pair()
    alone = run_scenario(
        run, against=reference, firms=FIRMS, quarters=QUARTERS, seed=SEED + 2, out=None, quiet=True
    )
    table = pd.read_parquet(whole.out / "seeds.parquet")
    for one in (alone.run, alone.reference):
        expected = measured(SEED + 2, one.name, one.tables)
        found = table[(table["seed"] == SEED + 2) & (table["scenario"] == one.name)]
        np.testing.assert_array_equal(found["value"], expected["value"])
        assert list(found["indicator"]) == list(expected["indicator"])


def test_a_threat_is_told_from_luck_by_what_is_expected(whole):
    found = whole.seeds.difference("plants_decided.expected.opening.MEX")
    assert found.n == 3
    assert found.mean < 0


def test_the_folder_is_as_it_was_left_and_is_read_back(whole):
    assert what_would_be_lost(whole.out) == ""
    again = read_result(whole.out)
    assert again.summary == whole.summary
    pd.testing.assert_frame_equal(again.seeds.table, whole.seeds.table, check_dtype=False)
    assert again.seeds.difference("output.MEX") == whole.seeds.difference("output.MEX")
    assert not (whole.out / "seeds").exists()
    assert json.loads((whole.out / "manifest.json").read_text())["seeds"] == [5, 6, 7]


def stopped_after_one(comparison, seeds, *, workers, finished, enough):
    finished(seed_run_here(seeds[0]))
    raise KeyboardInterrupt


def killed_after_one(comparison, seeds, *, workers, finished, enough):
    finished(seed_run_here(seeds[0]))
    raise SystemExit


def counted(asked):
    def run(comparison, seeds, *, workers, finished, enough):
        asked.extend(seeds)
        run_here(comparison, seeds, workers=workers, finished=finished, enough=enough)

    return run


@pytest.mark.thorough
@pytest.mark.usefixtures("no_figures")
def test_a_stop_keeps_the_seeds_that_ended_and_the_rest_is_run_later(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(other_seeds, "run_seeds", stopped_after_one)
    first = compare(tmp_path / "run", seeds=3)
    assert first.interrupted
    assert first.seeds.seeds == (5, 6)
    assert any("Stopped after 2 of 3 seeds" in note for note in first.notes)
    asked = []
    monkeypatch.setattr(other_seeds, "run_seeds", counted(asked))
    second = resume(tmp_path / "run", quiet=True)
    assert asked == [7]
    assert not second.interrupted
    assert bytes_of(second.out) == bytes_of(whole.out)


@pytest.mark.usefixtures("no_figures")
def test_a_kill_loses_no_seed_that_ended(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(other_seeds, "run_seeds", killed_after_one)
    with pytest.raises(SystemExit):
        compare(tmp_path / "run", seeds=3)
    assert what_would_be_lost(tmp_path / "run") == ""
    assert (tmp_path / "run" / "seeds" / "seed-6.parquet").exists()
    asked = []
    monkeypatch.setattr(other_seeds, "run_seeds", counted(asked))
    second = resume(tmp_path / "run", quiet=True)
    assert asked == [7]
    assert bytes_of(second.out) == bytes_of(whole.out)


def test_a_seed_that_was_changed_is_not_taken_for_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(other_seeds, "run_seeds", killed_after_one)
    with pytest.raises(SystemExit):
        compare(tmp_path / "run", seeds=3)
    (tmp_path / "run" / "seeds" / "seed-6.parquet").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"seed-6\.parquet was changed"):
        resume(tmp_path / "run", quiet=True)


def test_a_seed_that_fails_is_left_out_and_named(tmp_path, monkeypatch):
    def fails(comparison, seeds, *, workers, finished, enough):
        finished(SeedAnswer(seeds[0], failure=f"seed {seeds[0]}: cannot be calibrated"))
        run_here(comparison, seeds[1:], workers=workers, finished=finished, enough=enough)

    monkeypatch.setattr(other_seeds, "run_seeds", fails)
    result = compare(None, seeds=3)
    assert result.seeds.seeds == (5, 7)
    assert result.notes == ["Left out: seed 6: cannot be calibrated."]
    assert not result.interrupted


def test_a_failing_seed_says_why():
    run, reference = pair()
    nowhere = run.model_copy(update={"economy": run.economy.model_copy(update={"table": "no"})})
    asked = PairedRuns(nowhere, reference, ("a", "b"), FIRMS, QUARTERS)
    assert run_seed(OneSeed(asked, 3)).failure.startswith("seed 3: ")


def test_seeds_that_cannot_be_are_refused_before_anything_runs(tmp_path):
    run, reference = pair()
    for seeds, against, said in ((0, reference, "must be at least 1"), (4, None, "--against")):
        with pytest.raises(ScenarioError, match=said):
            run_scenario(
                run, against=against, firms=FIRMS, quarters=QUARTERS, seed=1, out=tmp_path / "x",
                seeds=seeds,
            )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_usual_number_of_seeds_falls_with_size():
    assert [usual_seeds(firms, 40) for firms in (100, 2_500, 3_000, 10_000, 10**6)] == [
        8, 8, 6, 5, 5,
    ]  # fmt: skip


def test_a_brief_is_written_of_the_folder_and_says_the_same_on_the_screen(whole, tmp_path, capsys):
    assert main(["brief", str(whole.out), "-o", str(tmp_path / "brief.html")]) == 0
    said = capsys.readouterr().out
    page = (tmp_path / "brief.html").read_text(encoding="utf-8")
    for sentence in sentences(whole):
        assert sentence in said
        assert str(escape(sentence)) in page
    assert "<svg" in page
    assert what_would_be_lost(whole.out) == ""


def test_explain_without_a_firm_offers_the_movers(whole, capsys):
    reference = whole.out / "status-quo"
    assert main(["explain", str(reference)]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = movers(whole.reference, None)[0]
    assert lines[0].startswith(f"nearshore explain {reference} --firm {first.firm} --quarter ")
    assert main(["explain", str(reference), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["firm"] == first.firm


def test_moves_name_as_many_firms_as_they_count(whole):
    moves = whole.run.tables["moves"]
    assert len(moves)
    assert (moves["firm_ids"].str.split().str.len() == moves["firms"]).all()
