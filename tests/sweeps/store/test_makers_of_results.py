"""Every result says which install and processor made it, and one rule says what may be mixed."""

import json
from types import SimpleNamespace

import pytest
import sweep_runs
from stores import carry_out
from sweep_runs import write_sweep

from abm.errors import StoreError
from experiments.commands.main import main
from experiments.runs import processes
from experiments.runs.on_disk.provenance import git_revision
from experiments.sweeps.design.run_spec import Report
from experiments.sweeps.store.maker import Makers, maker, maker_of_elsewhere, maker_of_workers
from experiments.sweeps.store.reading import makers_table, query
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.supervisor import StopRules, work
from experiments.sweeps.work.sweep_progress import SweepProgress
from experiments.sweeps.workers import chunk

HERE = maker_of_workers(portable=False)
OTHER_VERSION = HERE | {"versions": HERE["versions"] | {"nearshore": "0.0.1"}}


@pytest.fixture(scope="module")
def portable(tmp_path_factory):
    """A finished portable sweep of two runs: its file and its folder."""
    folder = tmp_path_factory.mktemp("portable")
    file = write_sweep(folder, replications=1, costs=(0.1, 0.2))
    carry_out(file, folder / "out", portable=True)
    return file, folder / "out"


def test_workers_are_what_was_expected_of_them(portable, finished_once):
    for folder, flag in ((portable[1], True), (finished_once / "out", False)):
        (found,) = SweepStore.open(folder).history().makers
        assert found == maker_of_workers(portable=flag)
        assert found["portable"] is flag
        assert found["git_revision"] == git_revision()
        assert found["kernels"]
    baseline = SweepStore.open(portable[1]).history().makers[0]["cpu_features"]
    assert set(baseline) <= set(maker()["cpu_features"])


def test_a_maker_of_one_kind_goes_with_itself_without_a_word():
    makers = Makers([HERE])
    makers.admit(dict(HERE), "here")
    makers.admit(maker_of_elsewhere(portable=False), "there")
    assert makers.notes == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"git_revision": "0" * 40}, "another revision of the program"),
        ({"versions": HERE["versions"] | {"numpy": "1.0"}}, "other versions of packages"),
        ({"cpu_features": ["X86_V2"]}, "a processor with other instruction sets"),
        ({"kernels": ["openblas 0.1 Zen"]}, "other kernels of linear algebra"),
        ({"plants_valued_by": "numba"}, "other code that values plants"),
        ({"machine": "arm64"}, "a machine of another kind"),
    ],
)
def test_what_may_move_the_last_bits_is_told_once(change, words):
    makers = Makers([HERE])
    for _ in range(2):
        makers.admit(HERE | change, "node 7")
    assert makers.notes == [
        f"node 7: has {words}; 'nearshore results DIR --makers' tells them apart"
    ]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (HERE | {"portable": True}, "another setting of --portable"),
        (OTHER_VERSION, "another version of nearshore"),
    ],
)
def test_what_would_break_a_promise_is_refused(other, words):
    with pytest.raises(StoreError, match=f"node 7: has {words}"):
        Makers([HERE]).admit(other, "node 7")
    with pytest.raises(StoreError, match=f"node 7: has {words}"):
        Makers([other]).admit(maker_of_elsewhere(portable=False), "node 7")


def test_portable_results_are_not_gone_on_with_otherwise(portable):
    file, out = portable
    with pytest.raises(StoreError, match="this session: has another setting of --portable"):
        carry_out(file, out, extend=("replications=2",))
    assert len(SweepStore.open(out).specs()) == 2


def test_portable_results_are_not_reused_otherwise(portable, tmp_path, finished):
    file, other = portable
    with pytest.raises(StoreError, match=r"--reuse .*: has another setting of --portable"):
        carry_out(file, tmp_path / "new", reuse=(other,))
    assert not (tmp_path / "new").exists()
    with pytest.raises(StoreError, match=r"--reuse .*: has another setting of --portable"):
        carry_out(finished[0], finished[1], extend=("replications=6",), reuse=(other,))


def test_shards_obey_the_same_rule(portable, tmp_path):
    file, other = portable
    out = tmp_path / "new"
    assert carry_out(file, out, shard=(1, 2), portable=True, reuse=(other,)).code == 0
    with pytest.raises(StoreError, match="this session: has another setting of --portable"):
        carry_out(file, out, shard=(2, 2))


def test_a_worker_with_another_install_ends_the_sweep(tmp_path, finished_once):
    store = SweepStore.open(finished_once / "out")
    run = next(iter(store.history().done))
    reports = [
        Report(run, {"profit": 1.0}, host="near", maker=HERE),
        Report(run, {"profit": 2.0}, host="node 7", maker=OTHER_VERSION),
    ]

    def backend(specs):
        yield from reports

    out = tmp_path / "out"
    (out / "log").mkdir(parents=True)
    (out / "parts").mkdir()
    fresh = SweepStore(out, store.manifest)
    recorder = Recorder(fresh, "main")
    progress = SweepProgress(2, 0, 0, out, quiet=True)
    ending = work(store.specs()[:2], backend, recorder, progress, StopRules())
    recorder.close()
    assert ending.code == 4
    assert ending.note.startswith("node 7: has another version of nearshore")
    # What came before is kept, and nothing of the other.
    assert [part.makers for part in fresh.history().parts.values()] == [(HERE,)]


def test_parts_are_grouped_by_maker_and_a_merged_one_knows_each_runs(tmp_path, finished):
    file, _ = finished
    other_maker = HERE | {"git_revision": "0" * 40}
    out = tmp_path / "new"
    carry_out(file, out, sweep_runs.raises_first)
    store = SweepStore.open(out)
    recorder = Recorder(store, "main")
    runs = [spec.run for spec in store.specs()]
    for n, run in enumerate(runs):
        made_by = other_maker if n < 5 else HERE
        recorder.take(Report(run, {"profit": float(n)}, maker=made_by))
    recorder.flush()
    recorder.close()
    history = store.history()
    assert [len(part.makers) for part in history.parts.values()] == [1, 1]
    (note,) = recorder.makers.notes
    assert "has another revision of the program" in note
    assert carry_out(file, out, resume=True).code == 0
    history = SweepStore.open(out).history()
    (merged,) = history.parts.values()
    assert merged.name.startswith("parts/merged-")
    of_other = {run for run, n in history.maker_of().items() if history.makers[n] == other_maker}
    assert of_other == set(runs[:5])
    assert sorted(makers_table(history)["runs"].to_pylist()) == [5, 15]


def test_results_show_makers_on_request(portable, capsys):
    _, out = portable
    assert main(["results", str(out), "--makers"]) == 0
    printed = capsys.readouterr().out
    for said in ("nearshore  0.1.0", "portable  True", maker()["kernels"][0], "runs  2"):
        assert said in printed
    found = query(
        SweepStore.open(out),
        "SELECT portable, count(*) AS n FROM runs JOIN makers USING (maker) GROUP BY 1",
    )
    assert found.to_dict("records") == [{"portable": True, "n": 2}]


def test_a_worker_of_a_cluster_forgets_that_it_was_portable(monkeypatch):
    from experiments.sweeps.workers import kept_workers

    nobody = SimpleNamespace(stop=lambda: None)
    monkeypatch.setattr(kept_workers, "Worker", lambda limits: nobody)
    monkeypatch.setattr(kept_workers, "run_chunk", lambda *given: [])
    monkeypatch.setattr(kept_workers, "_kept", {})
    for name in processes.settings_of_workers(portable=True):
        monkeypatch.setenv(name, "")
    import os

    for portable in (True, False):
        kept_workers.carried_out([], {}, chunk.Limits(), sweep_runs.trivial, portable)
        assert os.environ["NEARSHORE_PORTABLE"] == str(int(portable))
        assert ("NPY_DISABLE_CPU_FEATURES" in os.environ) is portable


def test_the_manifest_and_every_session_say_what_was_expected(portable):
    _, out = portable
    manifest = json.loads((out / "manifest.json").read_text())
    (session,) = SweepStore.open(out).history().sessions
    expected = maker_of_workers(portable=True)
    assert session.maker.model_dump() == expected
    assert {key: manifest[key] for key in expected} == expected
