"""Folders of one sweep on several disks and in object stores are joined to the bytes of one."""

import fsspec
import pytest
import sweep_runs
from stores import bytes_of, carry_out
from sweep_runs import write_sweep

from abm.errors import OutputError, StoreError
from experiments.commands.main import main
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.joining import join
from tests.faults.spoilt import flips


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


@pytest.mark.thorough
def test_shards_from_other_disks_give_the_bytes_of_one_sweep(shards, finished_once, tmp_path):
    joined = join([str(shards / f"{k}") for k in (1, 2, 3)], tmp_path / "out")
    assert (joined.done, joined.code) == (20, 0)
    assert bytes_of(tmp_path / "out") == bytes_of(finished_once / "out")
    assert "are as they were written" in verified(tmp_path / "out")


def verified(out):
    from experiments.sweeps.answers.export import verify_parts

    return verify_parts(SweepStore.open(out))


@pytest.mark.parametrize("kind", ["memory://bucket/shards", "file://{folder}/far"])
def test_shards_are_joined_from_an_object_store(shards, finished_once, tmp_path, memory, kind):
    there = placed(shards, kind.format(folder=tmp_path))
    assert join(there, tmp_path / "out").code == 0
    assert bytes_of(tmp_path / "out") == bytes_of(finished_once / "out")


def test_shards_may_be_joined_one_after_the_other_and_twice(shards, finished_once, tmp_path):
    out = tmp_path / "out"
    codes = [join([str(shards / k)], out).code for k in ("2", "1", "2", "3", "1")]
    assert codes == [75, 75, 75, 0, 0]
    assert bytes_of(out) == bytes_of(finished_once / "out")


def test_what_shards_left_undone_is_carried_out_where_they_were_joined(
    shards, finished_once, tmp_path
):
    join([str(shards / "1"), str(shards / "3")], tmp_path / "out")
    found = carry_out(finished_once / "small.toml", tmp_path / "out", resume=True)
    assert (found.done, found.code) == (20, 0)
    assert bytes_of(tmp_path / "out") == bytes_of(finished_once / "out")


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
