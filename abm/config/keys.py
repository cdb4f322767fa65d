"""Dotted keys: what may be said where, and what to tell someone who says something else.

All of it is read off the JSON schema of a :class:`~abm.config.settings.Settings` class, so
an instrument that is added to :mod:`abm.policy.regime` is known here at once.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from abm.axes import REGIONS

type Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]{1,80}")
_LONGEST_KEY = 160
_LONGEST_VALUE = 60

_OTHER_WORDS = {"importer": "destination", "market": "destination", "origin": "origins"}
"""What people write for a key, where it is nowhere near the word."""


def dotted(path: Path) -> str:
    """Return a path as a file would write it: ``timeline[0].date``, odd names in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." + (part if _BARE.fullmatch(part) else shown(part))
    return _cut(text.removeprefix("."), _LONGEST_KEY)


def shown(value: object) -> str:
    """Return a value as it may stand in a one-line message."""
    if isinstance(value, bool | str | list | tuple | dict):
        text = json.dumps(value, default=str)
    else:
        # Python refuses to print whole numbers of more than 4300 digits.
        huge = isinstance(value, int) and abs(value) >= 10**_LONGEST_VALUE
        text = "a huge number" if huge else str(value)
    return _cut(text, _LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of nested tables by dotted key."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{rest}": deeper for rest, deeper in flatten(value).items()})
        else:
            flat[name] = value
    return flat


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield each dotted key whose value is another, with the old value, if any, and the new.

    What is gone is not told.
    """
    for name, value in after.items():
        old = before.get(name)
        if isinstance(value, Mapping):
            if old != value:  # most tables are the same as they were, and need not be opened
                deeper = differences(old if isinstance(old, Mapping) else {}, value)
                yield from ((f"{name}.{rest}", *values) for rest, *values in deeper)
        elif old != value:
            yield name, None if isinstance(old, Mapping) else old, value


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested tables with the values of ``changes`` in place of those of ``base``."""
    merged = dict(base)
    for name, value in changes.items():
        old = merged.get(name)
        both_tables = isinstance(value, Mapping) and isinstance(old, Mapping)
        merged[name] = merge(old, value) if both_tables else value  # type: ignore[arg-type]
    return merged


def nested(key: str, value: Any) -> dict[str, Any]:
    """Return the table that holds ``value`` at a dotted key."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


class Keys:
    """The keys a class of settings knows.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The class that a document is to be read into.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        self._root = model.model_json_schema()
        self._definitions: dict[str, Any] = self._root.get("$defs", {})

    def schema(self, path: Path) -> dict[str, Any] | None:
        """Return the schema of what stands at ``path``, or None where nothing may stand."""
        schema = self._resolve(self._root)
        for part in path:
            found = self._child(schema, part)
            if found is None:
                return None
            schema = found
        return schema

    def names(self, path: Path) -> list[str] | None:
        """Return the names a table at ``path`` may hold; None if it is no table of fixed names."""
        schema = self.schema(path)
        return None if schema is None else _names(schema)

    def about(self, path: Path, what: str) -> str:
        """Return the ``unit`` or the like of a key, or of the closest table that tells one."""
        for depth in range(len(path), 0, -1):
            told = (self.schema(path[:depth]) or {}).get(what)
            if told is not None:
                return str(told)
        return ""

    def unknown(self, document: Mapping[str, Any]) -> Iterator[Path]:
        """Yield the path of every key in ``document`` that is not known."""
        yield from self._unknown(document, self._resolve(self._root), ())

    def no_such_key(self, path: Path) -> str:
        """Return the line that tells someone that ``path`` does not exist."""
        for depth, part in enumerate(path):
            if isinstance(part, int):
                continue
            names = self.names(path[:depth])
            if names is None and self.schema(path[: depth + 1]) is not None:
                continue  # any name will do here
            if names is None:
                value = dotted(path[:depth])
                return f"{dotted(path)}: no such key; {value} is a value, not a table"
            replaced = (self.schema(path[:depth]) or {}).get("replaced", {}).get(part)
            if replaced is not None:
                return f"{dotted(path)}: no such key any more; see {replaced}"
            if part not in names:
                return f"{dotted(path)}: no such key" + self._did_you_mean(path, depth, names)
        return f"{dotted(path)}: no such key"

    def leaves(self) -> Iterator[Path]:
        """Yield the path of every key with a value, as far as names are fixed."""
        yield from self._leaves(())

    def _did_you_mean(self, path: Path, depth: int, names: list[str]) -> str:
        wrong = str(path[depth])
        # A region where only others may stand is no slip of the pen, however alike two codes are.
        if wrong not in REGIONS:
            near = difflib.get_close_matches(wrong, names, n=1)
            other = _OTHER_WORDS.get(wrong)
            found = other if other in names else near[0] if near else self._elsewhere(path)
            if found is not None:
                return f"; did you mean '{found}'?"
        lines = "; for codes of products see nearshore tariffs" if wrong.isdigit() else ""
        return f"; {dotted(path[:depth]) or 'a scenario'} knows {', '.join(names)}{lines}"

    def _elsewhere(self, path: Path) -> str | None:
        """Return the key that a misplaced name belongs to; None where there are several."""
        by_name: dict[str, list[Path]] = {}
        for leaf in self.leaves():
            by_name.setdefault(str(leaf[-1]), []).append(leaf)
        near = difflib.get_close_matches(str(path[-1]), by_name, n=1, cutoff=0.8)
        found = by_name[near[0]] if near else []
        related = [leaf for leaf in found if leaf[0] == path[0]]
        if not related and len(found) == 1:
            related = found
        return dotted(related[0]) if related and related[0] != path else None

    def _unknown(
        self, document: Mapping[str, Any], schema: dict[str, Any], path: Path
    ) -> Iterator[Path]:
        for name, value in document.items():
            child = self._child(schema, name)
            if child is None:
                yield (*path, name)
            elif isinstance(value, Mapping):
                # Names may be free while those inside are not, such as rates of any measure.
                if _names(child) is not None or isinstance(child.get("additionalProperties"), dict):
                    yield from self._unknown(value, child, (*path, name))
            elif isinstance(value, list) and "items" in child:
                items = self._resolve(child["items"])
                for position, item in enumerate(value):
                    if isinstance(item, Mapping) and _names(items) is not None:
                        yield from self._unknown(item, items, (*path, name, position))

    def _leaves(self, path: Path) -> Iterator[Path]:
        names = self.names(path)
        if names is None:
            yield path
        else:
            for name in names:
                yield from self._leaves((*path, name))

    def _child(self, schema: dict[str, Any], part: str | int) -> dict[str, Any] | None:
        if isinstance(part, int):
            return self._resolve(schema["items"]) if "items" in schema else None
        if part in schema.get("properties", {}):
            return self._resolve(schema["properties"][part])
        names = schema.get("propertyNames", {}).get("enum")
        deeper = schema.get("additionalProperties")
        if isinstance(deeper, dict) and (names is None or part in names):
            return self._resolve(deeper)
        # A table of any names, such as what an agreement sets, may hold tables like itself.
        return {"additionalProperties": True} if deeper is True else None

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow a reference, and see through "or nothing"."""
        if "anyOf" in schema:
            choices = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
            if len(choices) == 1:
                # What stands beside anyOf, such as unit and meaning, holds for the choice.
                rest = {name: value for name, value in schema.items() if name != "anyOf"}
                return self._resolve(choices[0]) | rest
        if "$ref" in schema:
            definition = self._definitions[schema["$ref"].removeprefix("#/$defs/")]
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            return {**definition, **rest}
        return schema


def _names(schema: dict[str, Any]) -> list[str] | None:
    if "properties" in schema:
        return list(schema["properties"])
    names = schema.get("propertyNames", {}).get("enum")
    return None if names is None else list(names)


@cache
def keys_of(model: type[BaseModel]) -> Keys:
    """Return the keys that ``model`` knows."""
    return Keys(model)
