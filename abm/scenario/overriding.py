"""A scenario's values replaced for a whole run, by dotted key.

Works on nested tables, as a file says them, so that what comes out is read and checked as a
file is; `abm.scenario.scenario.Scenario.load` does that.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from abm.config.keys import Keys, flatten, merge, nested
from abm.config.settings import Share
from abm.errors import ScenarioError

NOT_OVERRIDDEN = ("format", "name", "title", "question", "extends", "sources", "timeline")
"""Keys that say what a file is rather than what a run does."""

MOST_NAMED = 12
"""Keys of a table that are named to somebody who asked for all of it."""

BELIEFS_KEY = "firms.beliefs"

ROUNDING = 1e-12
"""Shares this close are the same: sums of three decimal fractions."""


def check_key(keys: Keys, key: str) -> None:
    """Refuse a dotted key whose value cannot be set for a whole run.

    Parameters
    ----------
    keys : Keys
        Those that a scenario knows.
    key : str

    Raises
    ------
    ScenarioError
        If a scenario has no such key, it holds a table, or it says what a file is.
    """
    path = tuple(key.split("."))
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


def with_values(
    document: Mapping[str, Any], beliefs: Mapping[str, float], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a scenario says with some values replaced for the whole run.

    No entry of the timeline changes their keys, and shares of beliefs that are not among
    them are scaled to fill the rest.

    Parameters
    ----------
    document : mapping
        All that the scenario's files say.
    beliefs : mapping of str to float
        Its shares of beliefs, defaults included.
    values : mapping of str to object
        By dotted key; each key has passed `check_key`.
    """
    changed = dict(document)
    for key, value in values.items():
        changed = merge(changed, nested(key, value))
    changed = merge(changed, nested(BELIEFS_KEY, _filled_beliefs(beliefs, values)))
    changed["timeline"] = of_keys(changed.get("timeline", []), lambda key: key not in values)
    return changed


def _filled_beliefs(before: Mapping[str, float], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shares of beliefs, those not overridden scaled to fill up to one."""
    given = {
        key.removeprefix(f"{BELIEFS_KEY}."): value
        for key, value in values.items()
        if key.startswith(f"{BELIEFS_KEY}.")
    }
    rest = {name: share for name, share in before.items() if name not in given}
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


def of_keys(
    timeline: Sequence[dict[str, Any]], stays: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """Return a timeline with some of its keys, without entries that then say nothing."""
    left = []
    for entry in timeline:
        kept = {key: value for key, value in flatten(entry["set"]).items() if stays(key)}
        if kept:
            left.append({**entry, "set": kept})
    return left
