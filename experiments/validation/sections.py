"""A part of the report below the table of findings: some text and a table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """Plain text and a table of text.

    Attributes
    ----------
    title : str
    paragraphs : tuple of str
    columns : tuple of str
        Heads; the first column is words, the others numbers.
    rows : sequence of tuple of str
    """

    title: str
    paragraphs: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
