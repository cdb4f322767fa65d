"""Overrides: ``--set KEY=VALUE``, a scenario's values replaced for a whole run.

>>> tighter = ["rules_of_origin.regional_value_content.cars=85%"]
>>> load_scenario("usmca", tighter).rules_of_origin.regional_value_content.cars
0.85
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abm.config import files
from abm.config.keys import keys_of, shown
from abm.errors import ScenarioError
from abm.scenario.overriding import check_key, of_keys
from abm.scenario.scenario import Scenario

type Source = str | os.PathLike[str]


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
    if not parsed:
        return []
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
    below = files.layers(source, keys_of(Scenario))[:-1]
    if not below:
        return None
    scenario = load_scenario(source, overrides, without)
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
        check_key(keys_of(Scenario), key)
        if any(key == other.key for other in parsed):
            raise ScenarioError(f"{key}: is set twice")
        parsed.append(Override(key, _value(written), written))
    return parsed


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
    return scenario.overridden(document, {override.key: override.value for override in overrides})


def without_measures(
    document: Mapping[str, Any], scenario: Scenario, names: Sequence[str]
) -> dict[str, Any]:
    """Return what a scenario says without some of its measures and acts.

    Raises
    ------
    ScenarioError
        If it has no such measure or act.
    """
    acts = [name for name, standing in scenario.acts.items() if standing is not False]
    known = [*acts, *scenario.measures]
    for name in names:
        if name not in known:
            there = f"there are {', '.join(known)}" if known else "it has none"
            raise ScenarioError(
                f"--without {shown(name)}: {scenario.name} has no such measure or act; {there}"
            )
    gone = set(names)

    def stays(key: str) -> bool:
        table, _, rest = key.partition(".")
        return table not in ("acts", "measures") or rest.partition(".")[0] not in gone

    kept = {
        name: _displacing_less(measure, gone)
        for name, measure in document.get("measures", {}).items()
        if name not in gone
    }
    left = {name: scenario.acts[name] for name in acts if name not in gone}
    timeline = of_keys(document.get("timeline", []), stays)
    sources = {key: text for key, text in document.get("sources", {}).items() if stays(key)}
    changed = {**document, "acts": left, "measures": kept, "timeline": timeline}
    return changed | ({"sources": sources} if "sources" in document else {})


def _displacing_less(measure: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """Return a measure that displaces none of those gone; with none left it adds."""
    left = [name for name in measure.get("instead_of", []) if name not in gone]
    if "instead_of" not in measure or left == list(measure["instead_of"]):
        return dict(measure)
    if left:
        return {**measure, "instead_of": left}
    return {k: v for k, v in measure.items() if k != "instead_of"} | {"relation": "adds"}
