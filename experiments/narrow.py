"""Tables that drop columns where a terminal is too narrow, so that no number is ever cut."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Column, Table

UNBOUNDED = 10_000
"""Characters in a line that hold any table as it is."""


class WholeNumbers(Table):
    """A table whose cells of numbers are shown whole, or not at all.

    Parameters
    ----------
    drops : sequence of str
        Heads of columns that may be left out, the first ones first. A line below the table
        names those that are.
    **options
        As `rich.table.Table` takes them.
    """

    def __init__(self, *, drops: Sequence[str] = (), **options: Any) -> None:
        super().__init__(**options)
        self.drops = tuple(drops)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table as wide as it may be, its text wrapped and its numbers whole."""
        left_out: list[str] = []
        may_go = [column for head in self.drops for column in self.columns if column.header == head]
        shown = self._of(self.columns, console, left_out)
        while may_go and console.measure(shown, options=_wide(options)).minimum > options.max_width:
            gone = may_go.pop(0)
            left_out.append(" ".join(str(gone.header).replace("-\n", "").split()))
            kept = [column for column in shown.columns if column.header != gone.header]
            may_go = [column for column in may_go if column.header != gone.header]
            shown = self._of(kept, console, left_out)
        yield from Table.__rich_console__(shown, console, options)

    def _of(self, columns: Sequence[Column], console: Console, left_out: Sequence[str]) -> Table:
        """The same table of some columns, of which those of numbers have all the room they ask."""
        some = copy(self)
        some.columns = [
            replace(column, _index=place, min_width=_widest(console, column))
            for place, column in enumerate(columns)
        ]
        if left_out:
            said = f"Left out, since the terminal is narrow: {', '.join(left_out)}."
            some.caption = f"{self.caption} {said}" if self.caption else said
            some.caption_justify = "left"
        return some


def _wide(options: ConsoleOptions) -> ConsoleOptions:
    return options.update(max_width=UNBOUNDED)


def _widest(console: Console, column: Column) -> int | None:
    """Characters in the longest line of a column of numbers; None of a column of text."""
    if column.justify != "right":
        return column.min_width
    cells = [column.header, *column.cells]
    wide = _wide(console.options)
    return max(Measurement.get(console, wide, cell).maximum for cell in cells)
