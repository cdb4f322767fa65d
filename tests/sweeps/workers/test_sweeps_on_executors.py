"""Any executor, and a cluster behind a gateway, carries a sweep out; chunks adapt to its runs."""

import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
import sweep_runs
from stores import bytes_of, carry_out

from abm.errors import OutputError, ScenarioError
from experiments.sweeps.design.run_spec import Report, RunSpec
from experiments.sweeps.workers import cluster, executors, kept_workers
from experiments.sweeps.workers.backends import BackendLostError
from experiments.sweeps.workers.chunk import Limits
from experiments.sweeps.workers.portions import Portions

HERE = "test_sweeps_on_executors"


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
    assert bytes_of(tmp_path / "out") == bytes_of(finished_once / "out")


def test_processes_as_an_executor_give_the_same_bytes(finished_once, tmp_path):
    file, name = finished_once / "small.toml", "processes"
    found = carry_out(file, tmp_path / "out", executor=name, workers=2)
    assert found.code == 0
    assert bytes_of(tmp_path / "out") == bytes_of(finished_once / "out")


@pytest.fixture
def cluster_ends():
    """Close what `on_dask` starts: its threads would go on beside all later tests."""
    pytest.importorskip("distributed")
    started = import_module(HERE).STARTED  # an executor is made by this module under that name
    yield started
    for one in reversed(started):
        one.close()
    started.clear()


def test_the_executor_of_dask_gives_the_same_bytes(finished_once, tmp_path, cluster_ends):
    found = carry_out(finished_once / "small.toml", tmp_path / "out", executor=f"{HERE}:on_dask")
    assert found.code == 0
    assert len(cluster_ends) == 2
    assert bytes_of(tmp_path / "out") == bytes_of(finished_once / "out")


STARTED = []


def on_dask():
    from distributed import Client, LocalCluster

    # Port 0: where a second cluster of this machine has taken the usual one, Dask warns.
    local = LocalCluster(1, processes=False, dashboard_address=":0", protocol="tcp")
    client = Client(local, set_as_default=False)
    STARTED.extend([local, client])
    return client.get_executor()


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


def test_workers_that_may_start_no_process_say_so(monkeypatch):
    daemon = SimpleNamespace(daemon=True)
    monkeypatch.setattr(kept_workers.multiprocessing, "current_process", lambda: daemon)
    with pytest.raises(OutputError, match="are daemons, which may start no process"):
        kept_workers.carried_out([], {}, Limits(), sweep_runs.trivial, False)


def test_lost_executors_say_so():
    backend = executors.of_executor(
        cannot_be_made, 1, {"s": ""}, Limits(), sweep_runs.trivial, portable=False
    )
    with pytest.raises(BackendLostError):
        list(backend([spec(1, 1)]))
