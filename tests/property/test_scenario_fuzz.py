"""Whatever a file or an override says, it gives a scenario or one line of complaint."""

import json
from contextlib import redirect_stderr
from datetime import date, datetime, time
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from abm.config.keys import dotted, keys_of
from abm.errors import ScenarioError
from abm.scenario.scenario import Scenario, shipped
from experiments.commands.main import main
from experiments.runs import runner
from experiments.scenarios.describe import described
from experiments.scenarios.overrides import load_scenario

KNOWN = sorted({dotted(path) for path in keys_of(Scenario).leaves()})
WORDS = sorted({part for key in KNOWN for part in key.split(".")} | {"set", "date", "all"})
TEXTS = {name: file.read_text(encoding="utf-8") for name, file in shipped().items()}

numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, 1, 75, -1, 10**400, float("nan"), float("inf")]),
)
scalars = st.one_of(
    numbers,
    st.booleans(),
    st.text(max_size=20),
    st.sampled_from(["25%", "drawn", "never", "usmca", "2018-01-01", "%", "blanket"]),
    st.dates(),
    st.datetimes(),
    st.times(),
)
names = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))
values = st.recursive(
    scalars,
    lambda deeper: st.one_of(
        st.lists(deeper, max_size=3), st.dictionaries(names, deeper, max_size=3)
    ),
    max_leaves=8,
)
keys = st.one_of(st.sampled_from(KNOWN), st.lists(names, min_size=1, max_size=5).map(".".join))


def quoted(text):
    # Half of a surrogate pair is no text in any file.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return hex(value) if isinstance(value, int) and value > 2**64 else repr(value)


def gives_a_scenario_or_one_line(read):
    try:
        scenario = read()
    except ScenarioError as error:
        line = str(error)
        assert line.isprintable(), line
        assert 0 < len(line) < 1500, line
    else:
        assert isinstance(scenario, Scenario)


@given(st.text())
@example("\0")
@example("a." * 300 + "a = 1")
@example("x = " + "[" * 5000)
@example("quarters = 1" + "0" * 5000)
@example("[[timeline]]\n" * 300)
def test_any_text_is_read_or_refused(text):
    gives_a_scenario_or_one_line(lambda: Scenario.from_toml(text))


@pytest.mark.thorough
@given(st.dictionaries(names, values, max_size=6))
def test_any_tables_are_read_or_refused(tables):
    text = "\n".join(f"{quoted(name)} = {toml(value)}" for name, value in tables.items())
    gives_a_scenario_or_one_line(lambda: Scenario.from_toml(text))


@given(keys, values)
def test_any_value_of_any_key_is_read_or_refused(key, value):
    path = ".".join(quoted(part) for part in key.split("."))
    gives_a_scenario_or_one_line(lambda: Scenario.from_toml(f"{path} = {toml(value)}"))


@given(st.lists(st.tuples(st.dates(), st.dictionaries(keys, values, max_size=3)), max_size=3))
def test_any_timeline_is_read_or_refused(entries):
    text = "\n".join(
        f"[[timeline]]\ndate = {day.isoformat()}\ntitle = 'news'\nset = {toml(changes)}"
        for day, changes in entries
    )
    gives_a_scenario_or_one_line(lambda: Scenario.from_toml(text))


@pytest.mark.thorough
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_a_damaged_file_is_read_or_refused(name, data):
    text = TEXTS[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = text[:start] + data.draw(st.text(max_size=10)) + text[end:]
    gives_a_scenario_or_one_line(lambda: Scenario.from_toml(damaged))


@given(st.binary())
@example(b"\xef\xbb\xbf")
@example(b"\xff")
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("fuzz") / "mine.toml"
    file.write_bytes(content)
    gives_a_scenario_or_one_line(lambda: Scenario.load(file))


@given(keys, st.one_of(values.map(toml), st.text(max_size=20)))
@example("quarters", "1\nformat = 2")
@example("quarters", "9" * 5000)
@example("threat.origins", "[" * 5000)
@example("firms.beliefs.forward", "nan")
def test_any_override_is_taken_or_refused(key, value):
    gives_a_scenario_or_one_line(lambda: load_scenario("usmca", [f"{key}={value}"]))


@given(st.text())
def test_any_name_is_found_or_refused(name):
    gives_a_scenario_or_one_line(lambda: Scenario.load(name))


@given(st.dictionaries(st.sampled_from(KNOWN), scalars, min_size=1, max_size=3))
def test_whatever_is_taken_can_be_shown_and_read_again(values):
    overrides = [f"{key}={toml(value)}" for key, value in values.items()]
    try:
        scenario = load_scenario("usmca", overrides)
    except ScenarioError:
        return
    again = Scenario.from_toml(described("usmca", overrides))
    # Shown stands alone, and does not give the source of a value that was overridden.
    told_apart = {"extends", "sources"}
    assert again.model_dump(exclude=told_apart) == scenario.model_dump(exclude=told_apart)


@pytest.mark.thorough
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_a_damaged_file_given_to_the_program_is_one_line_and_leaves_no_folder(
    tmp_path_factory, name, data
):
    text = TEXTS[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    damaged = text[:start] + data.draw(st.text(max_size=10)) + text[end:]
    place = tmp_path_factory.mktemp("fuzz")
    file, out, said = place / "mine.toml", place / "out", StringIO()
    file.write_bytes(damaged.encode("utf-8", "replace"))

    class ReachedError(Exception):
        """The file was taken and the run would begin."""

    def begin(*given, **options):
        raise ReachedError

    with pytest.MonkeyPatch.context() as patch, redirect_stderr(said):
        patch.setattr(runner, "run_scenario", begin)
        try:
            assert main(["run", str(file), "--out", str(out)]) == 2
        except ReachedError:
            pass
        else:
            assert said.getvalue().count("\n") == 1
    assert [path.name for path in place.iterdir()] == ["mine.toml"]
