"""Files on disk: whole or not at all, and never in the place of somebody else's."""

import json
import os
import re
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from abm.errors import OutputError
from experiments.outcomes.tables import TABLES, check_tables
from experiments.runs.on_disk.run_folders import (
    MANIFEST,
    PROGRAM,
    check_destination,
    replaced_folder,
    sealed,
    tell_of,
    write_json,
    write_manifest,
    write_table,
)
from tests.synthetic import empty, tables

DOCS = Path(__file__).parents[3] / "docs" / "outputs.md"


def an_earlier_run(folder: Path) -> Path:
    folder.mkdir()
    (folder / "old.txt").write_text("old")
    write_manifest(folder, {"program": PROGRAM, "contents": [MANIFEST, "old.txt", "figures"]})
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_table_comes_back_as_it_was_written(tmp_path):
    for name, table in tables(quarters=3).items():
        write_table(tmp_path / name, name, table)
        back = pq.read_table(tmp_path / name).to_pandas()
        assert list(back.columns) == list(TABLES[name])
        expected = table[list(TABLES[name])]
        if name != "events":
            pd.testing.assert_frame_equal(back, expected, check_dtype=False)


def test_bytes_depend_on_the_data_alone(tmp_path):
    table = tables(quarters=2)["outcomes"]
    relabelled = table.set_index(table.index + 7)[list(reversed(table.columns))]
    # The same numbers in another order of columns and memory, and with labels as categories.
    relabelled["sector"] = relabelled["sector"].astype("category")
    for path, one in (("one", table), ("two", relabelled)):
        write_table(tmp_path / path, "outcomes", one)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_table_without_rows_has_the_same_columns_and_types(tmp_path):
    for name in TABLES:
        write_table(tmp_path / "none", name, empty(name))
        write_table(tmp_path / "some", name, tables(quarters=20)[name])
        assert pq.read_schema(tmp_path / "none") == pq.read_schema(tmp_path / "some")
        assert pq.read_metadata(tmp_path / "none").num_rows == 0


def test_old_and_new_values_of_events_are_text_or_missing(tmp_path):
    events = tables(quarters=20)["events"].assign(old=[None])
    write_table(tmp_path / "events", "events", events)
    row = pq.read_table(tmp_path / "events").to_pylist()[0]
    assert (row["old"], row["new"], row["date"].isoformat()) == (None, "0.66", "2020-07-01")


def test_columns_carry_unit_and_meaning(tmp_path):
    write_table(tmp_path / "trade", "trade", tables(quarters=0)["trade"])
    metadata = pq.read_schema(tmp_path / "trade").field("duty_musd").metadata
    assert metadata[b"unit"] == b"million USD of 2017 a quarter"
    assert metadata[b"meaning"] == b"duties and fees paid on entry"


def test_every_column_is_documented_in_its_place():
    rows = re.findall(r"^\| `(\w+)` \| ([\w\[\]]+) \| (.*?) \| (.*) \|$", DOCS.read_text(), re.M)
    declared = [
        (column, str(entry.type), entry.unit, entry.meaning)
        for table in TABLES.values()
        for column, entry in table.items()
    ]
    documented = [(name, kind, unit.strip(), meaning) for name, kind, unit, meaning in rows]
    assert documented[: len(declared)] == declared


def test_tables_with_other_columns_are_refused():
    wrong = tables(quarters=0)
    wrong["moves"] = wrong["moves"].rename(columns={"firms": "agents"})
    with pytest.raises(OutputError, match=r"^moves: columns are .*agents.*; expected .*firms"):
        check_tables(wrong)
    with pytest.raises(OutputError, match=r"^tables are outcomes; expected outcomes, trade"):
        check_tables({"outcomes": wrong["outcomes"]})


def test_json_is_written_without_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "file", {"share": float("nan")})
    assert not (tmp_path / "file").exists()


def test_a_new_folder_appears_with_everything_in_it(tmp_path):
    with replaced_folder(tmp_path / "a" / "b") as folder:
        (folder / "file").write_text("new")
        assert not (tmp_path / "a" / "b").exists()
    assert (tmp_path / "a" / "b" / "file").read_text() == "new"
    assert names(tmp_path / "a") == ["b"]


def test_an_earlier_run_is_replaced_as_a_whole(tmp_path):
    earlier = an_earlier_run(tmp_path / "run")
    check_destination(earlier)
    with replaced_folder(earlier) as folder:
        (folder / "new.txt").write_text("new")
    assert names(earlier) == ["new.txt"]
    assert names(tmp_path) == ["run"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_a_failure_leaves_the_earlier_run_as_it_was(tmp_path, failure):
    earlier = an_earlier_run(tmp_path / "run")

    def fail_halfway() -> None:
        with replaced_folder(earlier) as folder:
            (folder / "half.txt").write_text("half")
            raise failure

    with pytest.raises(failure):
        fail_halfway()
    assert names(earlier) == [MANIFEST, "old.txt"]
    assert names(tmp_path) == ["run"]


def test_a_failure_to_put_the_new_folder_in_place_restores_the_old_one(tmp_path, monkeypatch):
    earlier = an_earlier_run(tmp_path / "run")
    rename = Path.rename

    def refuse_new(path, target):
        if path.name.endswith("-new"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with (
        pytest.raises(OutputError, match=r"run: cannot be written \(No space left on device\)"),
        replaced_folder(earlier) as folder,
    ):
        (folder / "new.txt").write_text("new")
    assert names(earlier) == [MANIFEST, "old.txt"]
    assert names(tmp_path) == ["run"]


def test_a_full_disk_is_one_line(tmp_path):
    with (
        pytest.raises(OutputError, match="run: cannot be written"),
        replaced_folder(tmp_path / "run"),
    ):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("precious")
    with pytest.raises(
        OutputError, match=r"thesis: holds chapter\.tex, which no earlier run wrote"
    ):
        check_destination(tmp_path / "thesis")


@pytest.mark.parametrize("manifest", ["{}", "[]", "not json", '{"program": "other"}'])
def test_another_program_s_manifest_does_not_make_a_folder_ours(tmp_path, manifest):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / MANIFEST).write_text(manifest)
    with pytest.raises(OutputError, match=r"holds manifest\.json"):
        check_destination(tmp_path / "site")


def test_a_run_s_folder_is_refused_once_something_was_added(tmp_path):
    earlier = an_earlier_run(tmp_path / "run")
    (earlier / "notes.md").write_text("my notes")
    with pytest.raises(OutputError, match=r"holds notes\.md"):
        check_destination(earlier)


OF_A_COMPARISON = (
    "usmca/manifest.json",
    "usmca/trade.parquet",
    "usmca/checkpoint/arrays.npz",
    "rival/figures/jobs.svg",
    "checkpoint/renewal/checkpoint/checkpoint.json",
    "figures/jobs.png",
)


def a_comparison(folder):
    """What a comparison that was stopped leaves, channels included."""
    for below in ("usmca/checkpoint", "rival/figures", "checkpoint/renewal/checkpoint", "figures"):
        (folder / below).mkdir(parents=True)
    contents = [MANIFEST, "checkpoint", "figures", "usmca", "rival"]
    for name in OF_A_COMPARISON:
        (folder / name).write_bytes(b"ours")
    told = {"program": PROGRAM, "contents": contents, "run": "usmca", "reference": "rival"}
    write_manifest(folder, told)
    return folder


@pytest.mark.parametrize("name", OF_A_COMPARISON)
def test_what_was_saved_over_in_a_run_s_folder_is_not_replaced(tmp_path, name):
    earlier = a_comparison(tmp_path / "run")
    check_destination(earlier)
    (earlier / name).write_bytes(b"mine")
    with pytest.raises(OutputError, match=f"run: {name} was changed since a run wrote it; name a"):
        check_destination(earlier)


def test_a_manifest_that_somebody_added_a_note_to_is_not_replaced(tmp_path):
    earlier = an_earlier_run(tmp_path / "run")
    told = json.loads((earlier / MANIFEST).read_text())
    (earlier / MANIFEST).write_text(json.dumps({**told, "note": "mine"}))
    with pytest.raises(OutputError, match=r"run: manifest\.json was changed since a run wrote it"):
        check_destination(earlier)


def test_a_folder_whose_files_have_no_checksums_is_not_replaced(tmp_path):
    earlier = an_earlier_run(tmp_path / "run")
    told = json.loads((earlier / MANIFEST).read_text())
    told.pop("files")
    (earlier / MANIFEST).write_text(json.dumps(sealed(told)))
    with pytest.raises(OutputError, match=r"run: manifest\.json has no checksums of its files"):
        check_destination(earlier)


def test_what_a_kill_left_in_a_run_s_folder_is_nobody_s(tmp_path):
    """One that came while figures were drawn, or put where they belong."""
    earlier = an_earlier_run(tmp_path / "run")
    (earlier / ".figures-0123456789abcdef-new").mkdir()
    (earlier / ".figures-0123456789abcdef-new" / "jobs.png").write_text("half")
    (earlier / ".manifest.json.0123456789abcdef.new").write_text("half")
    check_destination(earlier)


def test_a_run_s_folder_may_have_lost_files(tmp_path):
    earlier = a_comparison(tmp_path / "run")
    (earlier / "figures" / "jobs.png").unlink()
    check_destination(earlier)


def test_a_picture_put_where_figures_are_about_to_be_is_not_replaced(tmp_path):
    earlier = an_earlier_run(tmp_path / "run")
    (tmp_path / "drawn").mkdir()
    (tmp_path / "drawn" / "jobs.png").write_text("drawn")
    tell_of(earlier, "figures", tmp_path / "drawn")
    check_destination(earlier)  # as a kill before they are in their place leaves it
    (earlier / "figures").mkdir()
    (earlier / "figures" / "jobs.png").write_text("mine")
    with pytest.raises(OutputError, match=r"figures/jobs\.png was changed since"):
        check_destination(earlier)


@pytest.mark.parametrize(
    "name",
    [
        "figures/notes.md",
        "figures/mine.png",
        "figures/mine/jobs.png",
        "usmca/trade.csv",
        "usmca/checkpoint/notes.txt",
        "checkpoint/renewal/notes.txt",
        "rival/figures/thesis.tex",
    ],
)
def test_a_run_s_folder_is_refused_once_something_was_added_in_a_folder_of_it(tmp_path, name):
    earlier = a_comparison(tmp_path / "run")
    check_destination(earlier)
    (earlier / name).parent.mkdir(exist_ok=True)
    (earlier / name).write_text("mine")
    with pytest.raises(OutputError, match=f"holds {name}, which no earlier run wrote"):
        check_destination(earlier)


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path.parent)])
@pytest.mark.parametrize("name", ["figures", "usmca", "checkpoint"])
def test_what_stands_in_the_place_of_a_folder_of_a_run_is_not_replaced(tmp_path, name, make):
    earlier = a_comparison(tmp_path / "run")
    (earlier / name).rename(tmp_path / "elsewhere")
    make(earlier / name)
    with pytest.raises(OutputError, match=f"holds {name}, which no earlier run wrote"):
        check_destination(earlier)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path.parent)])
def test_a_folder_whose_manifest_is_no_file_is_refused_without_waiting(tmp_path, make):
    make(tmp_path / MANIFEST)
    with pytest.raises(OutputError, match=r"holds manifest\.json"):
        check_destination(tmp_path)


def test_new_and_empty_folders_are_welcome(tmp_path):
    check_destination(tmp_path / "new" / "deep")
    (tmp_path / "empty").mkdir()
    check_destination(tmp_path / "empty")
    assert names(tmp_path) == ["empty"]


def test_a_file_and_the_current_folder_are_refused(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file: is a file; name a folder"):
        check_destination(tmp_path / "file")
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    with pytest.raises(OutputError, match="holds the current folder"):
        check_destination(tmp_path / "here")


def test_a_place_where_nothing_can_be_written_is_refused_at_once(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"nothing can be written in .*file"):
        check_destination(tmp_path / "file" / "run")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match=f"nothing can be written in {tmp_path}"):
        check_destination(tmp_path / "run")


def test_json_is_read_back_in_order(tmp_path):
    write_json(tmp_path / "file", {"b": 1, "a": {"Querétaro": None}})
    text = (tmp_path / "file").read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert "Querétaro" in text
    assert list(json.loads(text)) == ["b", "a"]
