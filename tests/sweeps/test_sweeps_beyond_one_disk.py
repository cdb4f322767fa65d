"""Sweeps beyond one disk: folders joined, any executor, chunks that adapt, points from a file."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import fsspec
import pytest
import sweep_runs
from stores import flips
from sweep_runs import write_sweep

from abm.errors import OutputError, ScenarioError, StoreError
from experiments import results
from experiments.commands.main import main
from experiments.sweeps.answers.report import write_report
from experiments.sweeps.design.points import points
from experiments.sweeps.design.run_spec import Report, RunSpec
from experiments.sweeps.design.sweep_file import read_sweep
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.joining import join
from experiments.sweeps.work.sweep import Options, run_sweep
from experiments.sweeps.workers import cluster, executors
from experiments.sweeps.workers.backends import BackendLostError
from experiments.sweeps.workers.chunk import Limits
from experiments.sweeps.workers.portions import Portions

HERE = "test_sweeps_beyond_one_disk"


def carry_out(file, out, run_one=sweep_runs.trivial, **options):
    return run_sweep(file, out, Options(quiet=True, **options), run_one=run_one)


@pytest.fixture(scope="module")
def shards(tmp_path_factory, finished_once):
    """Three shards of the finished sweep, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("shards")
    for k in (1, 2, 3):
        carry_out(finished_once / "small.toml", folder / f"{k}", shard=(k, 3))
    return folder


@pytest.fixture
def memory():
    """An object store in memory, empty."""
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()


def whole(out):
    return (out / "results.parquet").read_bytes()


def placed(shards, to):
    """Copy shards with fsspec to a place, and return their names there."""
    for k in (1, 2, 3):
        system, root = fsspec.core.url_to_fs(f"{to}/{k}")
        for path in sorted((shards / f"{k}").rglob("*")):
            if path.is_file():
                target = f"{root}/{path.relative_to(shards / f'{k}').as_posix()}"
                system.makedirs(target.rpartition("/")[0], exist_ok=True)
                system.pipe_file(target, path.read_bytes())
    return [f"{to}/{k}" for k in (1, 2, 3)]


def test_shards_from_other_disks_give_the_bytes_of_one_sweep(shards, finished_once, tmp_path):
    joined = join([str(shards / f"{k}") for k in (1, 2, 3)], tmp_path / "out")
    assert (joined.done, joined.code) == (20, 0)
    assert whole(tmp_path / "out") == whole(finished_once / "out")
    assert "are as they were written" in verified(tmp_path / "out")


def verified(out):
    from experiments.sweeps.answers.export import verify_parts

    return verify_parts(SweepStore.open(out))


@pytest.mark.parametrize("kind", ["memory://bucket/shards", "file://{folder}/far"])
def test_shards_are_joined_from_an_object_store(shards, finished_once, tmp_path, memory, kind):
    there = placed(shards, kind.format(folder=tmp_path))
    assert join(there, tmp_path / "out").code == 0
    assert whole(tmp_path / "out") == whole(finished_once / "out")


def test_shards_may_be_joined_one_after_the_other_and_twice(shards, finished_once, tmp_path):
    out = tmp_path / "out"
    codes = [join([str(shards / k)], out).code for k in ("2", "1", "2", "3", "1")]
    assert codes == [75, 75, 75, 0, 0]
    assert whole(out) == whole(finished_once / "out")


def test_what_shards_left_undone_is_carried_out_where_they_were_joined(
    shards, finished_once, tmp_path
):
    join([str(shards / "1"), str(shards / "3")], tmp_path / "out")
    found = carry_out(finished_once / "small.toml", tmp_path / "out", resume=True)
    assert (found.done, found.code) == (20, 0)
    assert whole(tmp_path / "out") == whole(finished_once / "out")


def test_failures_come_along_and_a_result_elsewhere_counts_for_more(tmp_path):
    file = write_sweep(tmp_path, replications=2)
    carry_out(file, tmp_path / "bad", sweep_runs.raises)
    first = join([str(tmp_path / "bad")], tmp_path / "out")
    assert (first.done, first.failed, first.code) == (6, 2, 3)
    carry_out(file, tmp_path / "good")
    again = join([str(tmp_path / "bad"), str(tmp_path / "good")], tmp_path / "out")
    assert (again.done, again.failed, again.code) == (8, 0, 0)


def test_how_long_runs_took_and_who_made_them_comes_along(shards, tmp_path):
    join([str(shards / f"{k}") for k in (1, 2, 3)], tmp_path / "out")
    history = SweepStore.open(tmp_path / "out").history()
    assert set(history.seconds) == history.done
    assert history.makers == SweepStore.open(shards / "1").history().makers


def test_a_folder_of_another_sweep_is_refused_before_anything_is_written(shards, tmp_path):
    file = write_sweep(tmp_path, replications=4)
    carry_out(file, tmp_path / "other")
    with pytest.raises(OutputError, match=r"another sweep .* differ in replications"):
        join([str(shards / "1"), str(tmp_path / "other")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["manifest.json", "log/*.jsonl", "parts/*.parquet", "*design*"])
def test_a_damaged_shard_is_named_wherever_it_is(shards, tmp_path, memory, name):
    there = placed(shards, "memory://bucket")
    (damaged,) = memory.glob(f"/bucket/2/{name}")
    content = memory.cat_file(damaged)
    memory.pipe_file(damaged, next(flips(content, [len(content) // 2], 1)))
    with pytest.raises(StoreError, match=r"memory://bucket/2: .*damaged"):
        join(there, tmp_path / "out")
    # What was taken before it stays whole, and the rest can be joined to it.
    placed(shards, "memory://bucket")
    assert join(there, tmp_path / "out").code == 0


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nowhere", "holds no sweep"),
        ("memory://bucket/nothing", "holds no sweep"),
        ("s9://bucket/x", "Protocol not known"),
    ],
)
def test_a_place_without_a_sweep_is_one_line(tmp_path, capsys, place, said):
    assert main(["merge", place, "--out", str(tmp_path / "out")]) in (2, 4)
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert said in told[0]
    assert not (tmp_path / "out").exists()


def test_a_shard_copies_itself_and_goes_on_from_its_copy(finished_once, tmp_path, memory):
    file, place = finished_once / "small.toml", "memory://bucket/mine"
    carry_out(file, tmp_path / "a", shard=(1, 2), copy_to=place)
    join([place], tmp_path / "b")
    found = carry_out(file, tmp_path / "b", shard=(1, 2), copy_to=place)
    assert (found.done, found.code) == (10, 0)
    assert join([place], tmp_path / "c").done == 10


def test_a_copy_that_cannot_be_made_costs_no_result(finished_once, tmp_path):
    (tmp_path / "file").touch()
    found = carry_out(
        finished_once / "small.toml", tmp_path / "out", copy_to=f"file://{tmp_path}/file/below"
    )
    assert (found.done, found.code) == (20, 75)
    assert any("cannot be written" in note for note in found.notes)


def threads(max_workers=1):
    return ThreadPoolExecutor(max_workers)


def inside_this_process():
    """An executor that knows nothing of workers, as some of batch systems do."""
    return ThreadPoolExecutor(1)


@pytest.mark.parametrize("name", ["threads", "inside_this_process"])
def test_an_executor_gives_the_same_bytes(finished_once, tmp_path, name):
    file = finished_once / "small.toml"
    found = carry_out(file, tmp_path / "out", executor=f"{HERE}:{name}", workers=2)
    assert (found.done, found.code) == (20, 0)
    assert whole(tmp_path / "out") == whole(finished_once / "out")


def test_processes_as_an_executor_give_the_same_bytes(finished_once, tmp_path):
    file, name = finished_once / "small.toml", "processes"
    found = carry_out(file, tmp_path / "out", executor=name, workers=2)
    assert found.code == 0
    assert whole(tmp_path / "out") == whole(finished_once / "out")


def test_the_executor_of_dask_gives_the_same_bytes(finished_once, tmp_path):
    pytest.importorskip("distributed")
    found = carry_out(finished_once / "small.toml", tmp_path / "out", executor=f"{HERE}:on_dask")
    assert found.code == 0
    assert whole(tmp_path / "out") == whole(finished_once / "out")


def on_dask():
    from distributed import Client, LocalCluster

    local = LocalCluster(1, processes=False, dashboard_address=None, protocol="tcp")
    return Client(local, set_as_default=False).get_executor()


class Losing:
    """An executor whose chunks go wrong as told, the first so many times."""

    def __init__(self, error, times):
        self.left, self.error = times, error
        self.real = ThreadPoolExecutor(1)

    def submit(self, function, *arguments):
        if self.left:
            self.left -= 1
            return self.real.submit(self.fail)
        return self.real.submit(function, *arguments)

    def fail(self):
        raise self.error

    def shutdown(self, wait=True):
        self.real.shutdown(wait)


def loses_twice():
    return Losing(ConnectionError("gone"), 2)


def loses_always():
    return Losing(ConnectionError("gone"), 1000)


def breaks():
    return Losing(BrokenProcessPool("all dead"), 1)


@pytest.mark.parametrize(
    ("name", "code", "done"), [("loses_twice", 0, 20), ("loses_always", 3, 0), ("breaks", 75, 0)]
)
def test_chunks_that_an_executor_loses_are_tried_again_or_told(
    finished_once, tmp_path, name, code, done
):
    file = finished_once / "small.toml"
    found = carry_out(file, tmp_path / "out", executor=f"{HERE}:{name}")
    assert (found.code, found.done) == (code, done)
    if code == 75:
        assert any("lost its workers (all dead)" in note for note in found.notes)


@pytest.mark.parametrize("name", ["nope", "os:nope", "no_such_module:x", "os:name", "a b:c", ""])
def test_an_executor_that_is_none_is_one_line(finished_once, tmp_path, name):
    with pytest.raises(OutputError, match="--executor"):
        carry_out(finished_once / "small.toml", tmp_path / "out", executor=name)
    assert not (tmp_path / "out").exists()


def cannot_be_made():
    raise ConnectionRefusedError("nobody listens")


def test_an_executor_that_cannot_be_made_leaves_a_sweep_to_go_on_with(finished_once, tmp_path):
    file, out = finished_once / "small.toml", tmp_path / "out"
    found = carry_out(file, out, executor=f"{HERE}:cannot_be_made")
    assert found.code == 75
    assert any("cannot be made (ConnectionRefusedError" in note for note in found.notes)
    assert carry_out(file, out, resume=True).code == 0


def test_executors_that_are_shipped_are_there():
    for name in ("processes", "dask"):
        assert executors.factory_of(name) is getattr(executors, name)


def test_another_package_offers_an_executor_by_an_entry_point(monkeypatch):
    offered = EntryPoint("theirs", f"{HERE}:threads", executors.GROUP)
    monkeypatch.setattr(executors, "entry_points", lambda group: [offered])
    assert executors.factory_of("theirs").__name__ == "threads"
    with pytest.raises(OutputError, match="is none of dask, processes, theirs, nor"):
        executors.factory_of("nobodys")


def spec(number, replication):
    return RunSpec(f"{number}", "s", (), replication, 1, 10, 1)


def handed_out(seconds, runs=1000, workers=4, replications=20):
    """Sizes of chunks if every run takes so long."""
    each = runs // replications
    portions = Portions([spec(n, n // each) for n in range(runs)])
    sizes, seen = [], []
    while chunk := portions.next(workers):
        sizes.append(len(chunk))
        seen += [one.run for one in chunk]
        portions.note(Report(chunk[0].run, {"y": 1.0}, seconds=seconds))
    assert seen == [f"{n}" for n in range(runs)]
    return sizes


def test_chunks_of_short_runs_are_large_and_those_of_long_runs_small():
    assert max(handed_out(0.001)) >= 100
    assert max(handed_out(60.0)) <= 2
    assert 3 <= max(handed_out(1.0)) <= 5


def test_chunks_begin_and_end_small():
    sizes = handed_out(0.001)
    assert sizes[0] <= 2
    assert sizes[-1] <= 2


def test_a_chunk_holds_whole_replications_where_it_can():
    portions = Portions([spec(n, n // 10) for n in range(1000)])
    first = portions.next(1)
    portions.note(Report(first[0].run, {"y": 1.0}, seconds=5 / 25))
    portions.next(1)  # the rest of the first replication, and one more
    third = portions.next(1)
    assert {sum(one.replication == r for one in third) for r in {o.replication for o in third}} == {
        10
    }


def test_threads_that_take_chunks_at_once_take_each_run_once():
    portions = Portions([spec(n, 1) for n in range(5000)])
    taken, lock = [], threading.Lock()

    def take():
        while chunk := portions.next(8):
            portions.note(Report(chunk[0].run, {"y": 1.0}, seconds=0.01))
            with lock:
                taken.extend(one.run for one in chunk)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(take)
    assert sorted(map(int, taken)) == list(range(5000))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("gateway://host:8786/my-cluster", None),
        ("wss://host:443", None),
        ("ws://host:80", 2),
        ("gateway://host:8786", 2),
        ("gateway://host:8786/a/b", 2),
    ],
)
def test_addresses_of_gateways_are_allowed_and_plain_ones_elsewhere_are_not(address, code):
    from experiments.commands.sweeps import _check_address

    if code is None:
        _check_address(address, insecure=False)
    else:
        with pytest.raises(ScenarioError, match="--dask"):
            _check_address(address, insecure=False)


def test_a_cluster_behind_a_gateway_is_asked_for_by_name(monkeypatch):
    import sys

    asked = []

    class Gateway:
        def __init__(self, proxy_address):
            asked.append(proxy_address)

        def connect(self, name):
            asked.append(name)
            return SimpleNamespace(get_client=lambda set_as_default: "a client")

    monkeypatch.setitem(sys.modules, "dask_gateway", SimpleNamespace(Gateway=Gateway))
    assert cluster.client_of("gateway://host:8786/mine", 1.0) == "a client"
    assert asked == ["gateway://host:8786", "mine"]


def test_a_gateway_without_its_package_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "dask_gateway", None)
    with pytest.raises(OutputError, match="pip install dask-gateway"):
        cluster.check_scheduler("gateway://host:8786/mine")


CSV = """firms.build_cost,economy.relation,firms.relocation
0.1,0.5,true
0.2,0.25,false
0.3,1,TRUE
"""


def imported(folder, csv=CSV, more=""):
    (folder / "points.csv").write_text(csv)
    file = folder / "s.toml"
    head = 'scenario = "status-quo"\nfirms = 10\nquarters = 1\nreplications = 2\n'
    file.write_text(f'{head}design = "points.csv"\n{more}')
    return file


def test_points_of_a_file_are_run_as_they_stand_there(tmp_path):
    file, out = imported(tmp_path), tmp_path / "out"
    sweep, beside = read_sweep(file)
    assert [list(point.values()) for point in points(sweep, beside)] == [
        [0.1, 0.5, True],
        [0.2, 0.25, False],
        [0.3, 1, True],
    ]
    assert carry_out(file, out).done == 6
    found = results(out)
    assert list(found["firms.build_cost"]) == [0.1, 0.1, 0.2, 0.2, 0.3, 0.3]
    assert "too few" in write_report(SweepStore.open(out)).read_text()


def test_an_imported_sweep_is_resumed_and_extended_without_its_file(tmp_path):
    file, out = imported(tmp_path), tmp_path / "out"
    carry_out(file, out)
    assert carry_out(file, out, resume=True).done == 6
    assert carry_out(file, out, extend=("replications=3",)).done == 9
    with pytest.raises(ScenarioError, match="what can be extended is replications"):
        carry_out(file, out, extend=("n=9",))
    (tmp_path / "points.csv").write_text(CSV.replace("0.3", "0.4"))
    with pytest.raises(OutputError, match=r"another (design|replications)"):
        carry_out(file, out, resume=True)


def test_an_imported_sweep_of_many_points_says_what_matters(tmp_path):
    import numpy as np

    x = np.random.default_rng(1).random((80, 2)) * 0.9 + 0.05
    rows = "\n".join(f"{a},{b}" for a, b in x)
    file = imported(tmp_path, f"firms.build_cost,economy.relation\n{rows}\n")
    carry_out(file, tmp_path / "out")
    text = write_report(SweepStore.open(tmp_path / "out")).read_text()
    assert "Delta and PAWN" in text
    assert "(a factor made up)" in text


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        ("", "first line must name the factors"),
        ("firms.build_cost\n", "has no point"),
        ("firms.build_cost,\n1,2\n", "must name the factors"),
        ("firms.build_cost,firms.build_cost\n1,2\n", "twice"),
        ("firms.build_cost\n1,2\n", "line 2: has 2 values for 1 factors"),
        ("firms.build_cost,economy.relation\n1,\n", "line 2, economy.relation: has no value"),
        ("firms.build_cost\nnan\n", "is not finite"),
        ("firms.build_cost\ninf\n", "is not finite"),
        ('firms.build_cost\n"1\n', "is no CSV"),
        ("firms.nonsense\n1\n", "no such key"),
        ("firms.build_cost\nmany\n", "firms.build_cost"),
        ("firms.stage_quarters\n[1;2]\n", "is no list"),
    ],
)
def test_a_file_that_is_no_design_is_one_line(tmp_path, capsys, csv, said):
    file = imported(tmp_path, csv)
    assert main(["sweep", str(file), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert said in told[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["../points.csv", "/etc/passwd", "points.toml", "missing.csv", "", "a\\u0000.csv"]
)
def test_a_design_lies_beside_its_sweep_or_is_refused(tmp_path, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    file = imported(inner)
    (tmp_path / "points.csv").write_text(CSV)
    file.write_text(file.read_text().replace('"points.csv"', f'"{name}"'))
    with pytest.raises(ScenarioError, match="design = "):
        read_sweep(file)


def test_a_design_that_is_a_link_out_of_its_folder_is_refused(tmp_path):
    file = imported(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "points.csv").rename(elsewhere / "points.csv")
    (tmp_path / "points.csv").symlink_to(elsewhere / "points.csv")
    with pytest.raises(ScenarioError, match="no such file beside"):
        read_sweep(file)


def test_factors_and_a_file_of_points_do_not_go_together(tmp_path):
    file = imported(tmp_path, more='[factors]\n"firms.closure_cost" = [0.1]\n')
    with pytest.raises(ScenarioError, match=r"leave .factors. out"):
        read_sweep(file)


def test_lost_executors_say_so():
    backend = executors.of_executor(
        cannot_be_made, 1, {"s": ""}, Limits(), sweep_runs.trivial, portable=False
    )
    with pytest.raises(BackendLostError):
        list(backend([spec(1, 1)]))


def test_a_manifest_of_an_imported_design_stays_small(tmp_path):
    file, out = imported(tmp_path), tmp_path / "out"
    carry_out(file, out)
    told = json.loads((out / "manifest.json").read_text())["sweep"]
    assert told["factors"] == dict.fromkeys(CSV.splitlines()[0].split(","), "imported")
    assert told["design"]["n"] == 3
