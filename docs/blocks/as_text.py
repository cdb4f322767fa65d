"""How values of the code are written in tables of the documentation."""

import inspect
from typing import Any


def code(text: object) -> str:
    """Text as code, or nothing where there is none."""
    return f"`{text}`" if text != "" else ""


def first_line(documented: Any) -> str:
    """What a docstring says first."""
    return (inspect.getdoc(documented) or "").splitlines()[0]


def plain(value: object) -> str:
    """A default as a scenario file writes it; nothing where none is given."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(part) for part in value) + "]"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def standing(source: str, value: object) -> str:
    """How far a value can be trusted, from what its source says of itself."""
    if "assumption" in source or "assumed" in source:
        return "assumption"
    if "memory" in source or "unverified" in source:
        return "unverified"
    if "by definition" in source:
        return "definition"
    return "none set" if value in (None, 0.0, {}) and value is not False else "read"


def range_of(schema: dict[str, Any]) -> str:
    """Limits of a number, as the schema states them."""
    number = next((part for part in schema.get("anyOf", [schema]) if "maximum" in part), schema)
    if "minimum" not in number and "exclusiveMinimum" not in number:
        return ""
    low = number.get("minimum", number.get("exclusiveMinimum"))
    high = number.get("maximum", number.get("exclusiveMaximum"))
    left = "[" if "minimum" in number else "("
    right = "]" if "maximum" in number else ")"
    return f"{left}{low:g}, {high:g}{right}"
