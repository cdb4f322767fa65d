"""Why a scenario cannot be: pydantic's findings as one line for the person who wrote it."""

from collections.abc import Mapping
from math import inf
from typing import Any

from pydantic import BaseModel, ValidationError

from abm.config.keys import Keys, Path, dotted, keys_of, shown
from abm.errors import ScenarioError

_FRACTIONS = (1, 5)
"""Upper limits of a share and of a rate, see abm.config.settings."""

_AT_MOST = 3
"""Findings told at once; a line with more is not read."""


def validated[Kind: BaseModel](model: type[Kind], document: Mapping[str, Any]) -> Kind:
    """Return what nested tables describe.

    Raises
    ------
    ScenarioError
        If a value cannot be: pydantic's findings in one line.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ScenarioError(complaint(error, model, document)) from None


def complaint(error: ValidationError, model: type[BaseModel], document: Mapping[str, Any]) -> str:
    """Return pydantic's findings as one line: key, value, what is allowed.

    Parameters
    ----------
    error : pydantic.ValidationError
        Raised when ``document`` was read into ``model``.
    model : type of pydantic.BaseModel
        The class that describes what is allowed.
    document : mapping
        What was read.
    """
    keys = keys_of(model)
    lines: dict[str, str] = {}
    for finding in error.errors(include_url=False):
        path = _known_part(keys, finding["loc"])
        missing = finding["type"] == "missing" and path == finding["loc"]
        reason = finding["msg"].removeprefix("Value error, ")
        if missing:
            reason = "is missing"
        elif finding["type"] != "value_error":
            reason = _must_be(keys, path, _look_up(document, path))
        lines.setdefault(dotted(path), _subject(path, document) + reason)
    told = list(lines.values())
    more = f"; and {len(told) - _AT_MOST} more" if len(told) > _AT_MOST else ""
    return "; ".join(told[:_AT_MOST]) + more


def allowed(schema: Mapping[str, Any]) -> str:
    """Return in words what values a schema takes: ``0 to 1``, ``'kept' or 'rebated'``."""
    if "anyOf" in schema:
        return " or ".join(
            allowed(choice) for choice in schema["anyOf"] if choice.get("type") != "null"
        )
    if "enum" in schema:
        return " or ".join(f"'{value}'" for value in schema["enum"])
    if "const" in schema:
        return shown(schema["const"])
    kind = schema.get("type")
    if kind == "integer":
        return f"a whole number, {_limits(schema)}".removesuffix(", ")
    if kind == "number":
        return _limits(schema) or "a number"
    if kind == "array":
        parts = schema.get("prefixItems", [])
        each = allowed(parts[0] if parts else schema.get("items", {}))
        return f"a list of {len(parts)}, each {each}" if parts else f"a list, each {each}"
    if kind == "string":
        if schema.get("format") == "date":
            return "a date such as 2018-07-01, from 1900 to 2199"
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        return "text" if most is None else f"text of {least} to {most} characters"
    if kind == "boolean":
        return "true or false"
    return "a table that says something" if "minProperties" in schema else "a table"


def _limits(schema: Mapping[str, Any]) -> str:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    parts = (
        (low, "at least {:g}"),
        (above, "above {:g}"),
        (high, "at most {:g}"),
        (below, "below {:g}"),
    )
    return " and ".join(words.format(limit) for limit, words in parts if limit is not None)


def _known_part(keys: Keys, location: tuple[int | str, ...]) -> Path:
    """Return the longest part of pydantic's location that a person could have written."""
    path: Path = ()
    for part in location:
        if keys.schema((*path, part)) is None:
            break
        path = (*path, part)
    return path


def _subject(path: Path, document: Mapping[str, Any]) -> str:
    """Return the words that name a key and its value; of a table, the reason names the parts."""
    value = _look_up(document, path)
    if value is None or isinstance(value, dict):
        return f"{dotted(path)}: ".removeprefix(": ")
    return f"{dotted(path)} = {shown(value)}: "


def _must_be(keys: Keys, path: Path, value: object) -> str:
    schema = keys.schema(path) or {}
    unit = keys.about(path, "unit")
    in_unit = f" ({unit})" if unit not in ("", "1") else ""
    return f"must be {allowed(schema)}{in_unit}{_hint(value, schema)}"


def _hint(value: object, schema: Mapping[str, Any]) -> str:
    """Return a question for someone who seems to have written a fraction in percent."""
    high: float = schema.get("maximum", inf)
    if schema.get("type") != "number" or schema.get("minimum") != 0 or high not in _FRACTIONS:
        return ""
    if isinstance(value, int | float) and high < value <= 100 * high:
        return f"; did you mean {value / 100:g}?"
    return ""


def _look_up(document: object, path: Path) -> object:
    """Return what a document holds at ``path``; None for nothing, which TOML cannot write."""
    for part in path:
        try:
            document = document[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return document
