"""Overrides: ``--set KEY=VALUE``, a scenario's values replaced for a whole run.

>>> tighter = ["rules_of_origin.regional_value_content.cars=85%"]
>>> load_scenario("usmca", tighter).rules_of_origin.regional_value_content.cars
0.85
"""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from abm.config import files
from abm.config.keys import flatten, keys_of, merge, nested, shown
from abm.config.settings import Share
from abm.errors import ScenarioError
from abm.scenario.firm_assumptions import Beliefs
from abm.scenario.scenario import Scenario

type Source = str | os.PathLike[str]

NOT_OVERRIDDEN = ("format", "name", "title", "question", "extends", "sources", "timeline")
"""Keys that say what a file is rather than what a run does."""

MOST_NAMED = 12
"""Keys of a table that are named to somebody who asked for all of it."""

BELIEFS_KEY = "firms.beliefs"

ROUNDING = 1e-12
"""Shares this close are the same: sums of three decimal fractions."""


@dataclass(frozen=True)
class Override:
    """One value for one dotted key."""

    key: str
    value: Any
    written: str


def load_scenario(
    source: Source, overrides: Sequence[str] = (), without: Sequence[str] = ()
) -> Scenario:
    """Return a scenario with overrides.

    An override holds for the whole run: no entry of the timeline changes its key.
    Shares of beliefs that are not overridden are scaled to fill the rest.

    Parameters
    ----------
    source : str or path-like
        Name of a shipped scenario, or path of a file.
    overrides : sequence of str
        Each ``KEY=VALUE``, the value written as in TOML; quotes around text may be left out.
    without : sequence of str
        Names of measures that are left out.

    Raises
    ------
    ScenarioError
        If there is no such scenario, key or measure, or a value is not allowed.
    """
    return _with(source, parse_overrides(overrides), without)


def without_effect(
    source: Source, overrides: Sequence[str], without: Sequence[str] = ()
) -> list[str]:
    """Return a line for each override that leaves the run as it is without it."""
    parsed = parse_overrides(overrides)
    full = _with(source, parsed, without)
    lines = []
    for override in parsed:
        try:
            rest = _with(source, [other for other in parsed if other is not override], without)
        except ScenarioError:
            continue  # the others cannot stand without it, so it does change something
        if full.same_model_as(rest):
            lines.append(f"changes nothing: {override.key} is already {override.written}")
    return lines


def same_as_extended(
    source: Source, overrides: Sequence[str] = (), without: Sequence[str] = ()
) -> str | None:
    """Return the name of the scenario that ``source`` extends, if both give the same run."""
    scenario = load_scenario(source, overrides, without)
    below = files.layers(source, keys_of(Scenario))[:-1]
    if not below:
        return None
    base = Scenario.from_document(files.merged(below))
    return base.name if scenario.same_model_as(base) else None


def parse_overrides(texts: Sequence[str]) -> list[Override]:
    """Return overrides as keys and values.

    Raises
    ------
    ScenarioError
        If one is not ``KEY=VALUE``, names no known key, or a key is given twice.
    """
    parsed: list[Override] = []
    for text in texts:
        key, equals, written = (part.strip() for part in text.partition("="))
        if not key or not equals or not written:
            raise ScenarioError(f"{shown(text)}: an override is written KEY=VALUE")
        check_key(key)
        if any(key == other.key for other in parsed):
            raise ScenarioError(f"{key}: is set twice")
        parsed.append(Override(key, _value(written), written))
    return parsed


def check_key(key: str) -> None:
    """Refuse a dotted key whose value cannot be set for a whole run.

    Raises
    ------
    ScenarioError
        If a scenario has no such key, it holds a table, or it says what a file is.
    """
    keys, path = keys_of(Scenario), tuple(key.split("."))
    if keys.schema(path) is None:
        raise ScenarioError(keys.no_such_key(path))
    if path[0] in NOT_OVERRIDDEN:
        raise ScenarioError(f"{key}: cannot be overridden; write a scenario file instead")
    names = keys.names(path)
    if names is not None:
        some = (
            f"{', '.join(names[:MOST_NAMED])} ..." if len(names) > MOST_NAMED else ", ".join(names)
        )
        raise ScenarioError(f"{key}: is a table; set one of its keys: {some}")


def _value(written: str) -> Any:
    """Return a value as TOML reads it, or as text where it is not TOML."""
    try:
        read = tomllib.loads(f"value = {written}")
    except (ValueError, RecursionError):
        return written
    return read["value"] if set(read) == {"value"} else written


def _with(source: Source, overrides: Sequence[Override], without: Sequence[str] = ()) -> Scenario:
    document = files.read(source, keys_of(Scenario))
    scenario = Scenario.from_document(document)  # the file's own faults come first
    if without:
        document = without_measures(document, scenario, without)
        scenario = Scenario.from_document(document)
    if not overrides:
        return scenario
    return overridden(document, scenario, {o.key: o.value for o in overrides})


def without_measures(
    document: Mapping[str, Any], scenario: Scenario, names: Sequence[str]
) -> dict[str, Any]:
    """Return what a scenario says without some of its measures.

    Raises
    ------
    ScenarioError
        If it has no such measure.
    """
    known = scenario.measures
    for name in names:
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "it has none"
            raise ScenarioError(
                f"--without {shown(name)}: {scenario.name} has no such measure; {there}"
            )
    gone = set(names)

    def stays(key: str) -> bool:
        table, _, rest = key.partition(".")
        return table != "measures" or rest.partition(".")[0] not in gone

    kept = {
        name: _displacing_less(measure, gone)
        for name, measure in document["measures"].items()
        if name not in gone
    }
    timeline = _of_keys(document.get("timeline", []), stays)
    sources = {key: text for key, text in document.get("sources", {}).items() if stays(key)}
    changed = {**document, "measures": kept, "timeline": timeline}
    return changed | ({"sources": sources} if "sources" in document else {})


def _displacing_less(measure: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """Return a measure that displaces none of those gone; with none left it adds."""
    left = [name for name in measure.get("instead_of", []) if name not in gone]
    if "instead_of" not in measure or left == list(measure["instead_of"]):
        return dict(measure)
    if left:
        return {**measure, "instead_of": left}
    return {k: v for k, v in measure.items() if k != "instead_of"} | {"relation": "adds"}


def overridden(
    document: Mapping[str, Any], scenario: Scenario, values: Mapping[str, Any]
) -> Scenario:
    """Return a scenario with some values replaced for the whole run.

    Parameters
    ----------
    document : mapping
        All that the scenario's files say.
    scenario : Scenario
        The same, read.
    values : mapping of str to object
        By dotted key; each key has passed `check_key`.

    Raises
    ------
    ScenarioError
        If a value is not allowed.
    """
    changed = dict(document)
    for key, value in values.items():
        changed = merge(changed, nested(key, value))
    changed = merge(changed, nested(BELIEFS_KEY, _filled_beliefs(scenario.firms.beliefs, values)))
    changed["timeline"] = _of_keys(changed.get("timeline", []), lambda key: key not in values)
    return Scenario.from_document(changed)


def _filled_beliefs(before: Beliefs, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shares of beliefs, those not overridden scaled to fill up to one."""
    given = {
        key.removeprefix(f"{BELIEFS_KEY}."): value
        for key, value in values.items()
        if key.startswith(f"{BELIEFS_KEY}.")
    }
    rest = {name: share for name, share in before.model_dump().items() if name not in given}
    try:
        # Read as a scenario would: a percentage counts, what is no share is told later.
        left = 1.0 - sum(TypeAdapter(Share).validate_python(value) for value in given.values())
    except ValidationError:
        return given
    total = sum(rest.values())
    if not given or left < 0 or abs(left - total) < ROUNDING:
        return rest | given
    filled = {
        name: left * share / total if total > 0 else left / len(rest)
        for name, share in rest.items()
    }
    return filled | given


def _of_keys(
    timeline: Sequence[dict[str, Any]], stays: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """Return a timeline with some of its keys, without entries that then say nothing."""
    left = []
    for entry in timeline:
        kept = {key: value for key, value in flatten(entry["set"]).items() if stays(key)}
        if kept:
            left.append({**entry, "set": kept})
    return left
