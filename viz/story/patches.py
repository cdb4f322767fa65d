"""What turns one document into a similar one; documents are what JSON can say.

From quarter to quarter, and from the light theme to the dark one, most of a picture stays.
So a story holds the first picture and what changes in those that follow.
"""

from typing import Any

type Document = Any
"""None, a truth value, a number, a text, or lists and dicts of documents."""

type Patch = Any
"""
None where nothing changes; a list of one document that takes the place of the old one; or a dict
of what changes within: patches by key or place in ``in``, with the keys that go in ``out`` (of
a dict), or the new length in ``long`` (of a list).
"""


def patch(old: Document, new: Document) -> Patch:
    """What turns the old document into the new one."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = {key: patch(old[key], new[key]) if key in old else [new[key]] for key in new}
        inside = {key: one for key, one in found.items() if one is not None}
        out = [key for key in old if key not in new]
        return {"in": inside, "out": out} if inside or out else None
    if isinstance(old, list) and isinstance(new, list):
        both = min(len(old), len(new))
        found = {n: patch(old[n], new[n]) for n in range(both)}
        found |= {n: [new[n]] for n in range(both, len(new))}
        inside = {str(n): one for n, one in found.items() if one is not None}
        return {"in": inside, "long": len(new)} if inside or len(new) != len(old) else None
    return None if type(old) is type(new) and old == new else [new]


def patched(old: Document, change: Patch) -> Document:
    """The new document, as the page of a story makes it again."""
    if change is None:
        return old
    if isinstance(change, list):
        return change[0]
    if isinstance(old, list):
        now: Any = [*old[: change["long"]], *[None] * (change["long"] - len(old))]
        for place, one in change["in"].items():
            n = int(place)
            now[n] = patched(old[n] if n < len(old) else None, one)
        return now
    now = {key: value for key, value in old.items() if key not in change["out"]}
    for key, one in change["in"].items():
        now[key] = patched(old.get(key), one)
    return now
