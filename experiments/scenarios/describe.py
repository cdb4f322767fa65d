"""A scenario in full, as a TOML file that says what each value means and where it is from.

What it returns can be saved, changed and run.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from abm.config import files
from abm.config.keys import Path, dotted, flatten, keys_of
from abm.policy.timeline import TimelineEntry
from abm.scenario.scenario import Scenario
from experiments.scenarios.acts import timeline_lines
from experiments.scenarios.duties import duty_lines
from experiments.scenarios.overrides import Source, load_scenario, parse_overrides

HEAD = ("format", "name", "title", "question", "start", "quarters", "law")

MAY_BE_EMPTY = (
    "tariffs.special",
    "barriers",
    "services",
    "acts",
    "measures",
    "subsidies",
    "foreign_support",
    "threat",
    "negotiation",
)
"""Tables whose absence says something."""


def described(source: Source, overrides: Sequence[str] = (), without: Sequence[str] = ()) -> str:
    """Return a scenario, everything resolved, as TOML with comments.

    Parameters
    ----------
    source : str or path-like
        Name of a shipped scenario, or path of a file.
    overrides : sequence of str
        Each ``KEY=VALUE``.
    without : sequence of str
        Names of measures that are left out.

    Raises
    ------
    ScenarioError
        If there is no such scenario or key, or a value is not allowed.
    """
    scenario = load_scenario(source, overrides, without)
    overridden = {override.key for override in parse_overrides(overrides)}
    said_by = files.said_by(files.layers(source, keys_of(Scenario)))
    return _written(scenario, _Origins(scenario, said_by, overridden), overridden)


def described_scenario(scenario: Scenario) -> str:
    """Return a scenario that is in no file yet in the same form, every value as its own."""
    said_by = dict.fromkeys(flatten(scenario.model_dump(exclude_none=True)), scenario.name)
    return _written(scenario, _Origins(scenario, said_by, set()), set())


def _written(scenario: Scenario, origins: "_Origins", overridden: Collection[str]) -> str:
    parts = (
        _head(scenario),
        (f"# {line}" for line in timeline_lines(scenario)),
        _sections(scenario, origins),
        _sources(scenario, overridden),
        _timeline(scenario),
        (f"# {line}" for line in duty_lines(scenario)),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


class _Origins:
    """Where each value of a scenario is from."""

    def __init__(
        self, scenario: Scenario, said_by: Mapping[str, str], overridden: Collection[str]
    ) -> None:
        self._sources = scenario.sources
        self._said_by = said_by
        self._overridden = overridden

    def of(self, path: Path) -> str:
        """Return where the value at ``path`` is from, in a few words."""
        key = dotted(path)
        if key in self._overridden:
            return "the command line"
        if key not in self._said_by:
            return f"the default: {keys_of(Scenario).about(path, 'source')}"
        around = (dotted(path[:depth]) for depth in range(len(path), 0, -1))
        named = next((self._sources[key] for key in around if key in self._sources), None)
        return f"{self._said_by[key]}: {named or 'no source given'}"


def _head(scenario: Scenario) -> Iterator[str]:
    if scenario.question:
        yield f"# {' '.join(scenario.question.split())}"
    values = scenario.model_dump(include=set(HEAD))
    yield from (f"{key} = {toml(values[key])}" for key in HEAD if values[key] != "")


def _sections(scenario: Scenario, origins: _Origins) -> Iterator[str]:
    """Yield every key with a value, table by table, each under a line that explains it."""
    document = scenario.model_dump(
        exclude={*HEAD, "extends", "timeline", "sources"}, exclude_none=True
    )
    tables: dict[Path, list[str]] = {}
    for key, value in flatten(document).items():
        path = tuple(key.split("."))
        lines = [f"# {_about(path)} From {origins.of(path)}", f"{path[-1]} = {toml(value)}"]
        tables.setdefault(path[:-1], []).extend(lines)
    # A table stands before those inside it, else as declared.
    order = list(document)
    for table in sorted(tables, key=lambda path: (order.index(str(path[0])), len(path))):
        yield from ("", f"[{dotted(table)}]", *tables[table])
    yield ""
    for key in MAY_BE_EMPTY:
        if not any(dotted(path).startswith(key) for path in tables):
            yield f"# no [{key}]: {_about(tuple(key.split('.')))}"


def _about(path: Path) -> str:
    """Return meaning and unit of a key as a sentence or two."""
    meaning, unit = (keys_of(Scenario).about(path, what) for what in ("description", "unit"))
    sentence = meaning.splitlines()[0].rstrip(".") + "."
    return f"{sentence} Unit: {unit}." if unit not in ("", "1") else sentence


def _sources(scenario: Scenario, overridden: Collection[str]) -> Iterator[str]:
    sources = {key: text for key, text in scenario.sources.items() if key not in overridden}
    if sources:
        yield from ("", "[sources]")
        yield from (f"{toml(key)} = {toml(text)}" for key, text in sources.items())


def _timeline(scenario: Scenario) -> Iterator[str]:
    for entry in sorted(scenario.timeline, key=lambda entry: entry.date):
        yield from ("", "[[timeline]]", *_entry(entry))


def _entry(entry: TimelineEntry) -> Iterator[str]:
    for key, value in entry.model_dump(exclude={"set"}, exclude_defaults=True).items():
        yield f"{key} = {toml(value)}"
    yield "[timeline.set]"
    yield from (f"{toml(key)} = {toml(value)}" for key, value in entry.set.items())


def toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, str):
        # JSON's text is TOML's, but for one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else repr(value)
