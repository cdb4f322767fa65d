"""What a step records: tidy tables, one row a cell and quarter."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from abm.axes import CONFIG_LABELS, FOOTLOOSE
from abm.economy.tables import Array
from abm.engine.taken_apart import TakenApart
from abm.location.relocation import Moves
from abm.state.columns import (
    CONTENT,
    EVENTS,
    MOVES,
    OUTCOMES,
    OWNERS,
    TABLES,
    TRADE,
    Table,
)
from abm.state.finished import Finished

OF_ARRAYS = ("outcomes", "trade", "content", "owners")
"""Records that are arrays; moves and events are rows."""


@dataclass
class Records:
    """Everything recorded so far, one entry a quarter.

    Attributes
    ----------
    outcomes, trade, content, owners : list of dict
        Columns of the quarter as `abm.state.columns` declares them, as arrays in row order.
    moves : list of tuple
        Rows with the columns of `abm.state.columns.MOVES`.
    events : list of dict
        Rows with the columns of `abm.state.columns.EVENTS`.
    """

    outcomes: list[dict[str, Array]] = field(default_factory=list)
    trade: list[dict[str, Array]] = field(default_factory=list)
    content: list[dict[str, Array]] = field(default_factory=list)
    owners: list[dict[str, Array]] = field(default_factory=list)
    moves: list[tuple[object, ...]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)

    def add_quarter(self, quarter: int, finished: Finished) -> None:
        """Record one quarter."""
        for quarters, declared in (
            (self.outcomes, OUTCOMES),
            (self.trade, TRADE),
            (self.content, CONTENT),
            (self.owners, OWNERS),
        ):
            quarters.append({name: take(finished) for name, take in declared.sources.items()})
        if finished.moves is not None:
            self.moves.extend(_move_rows(finished, finished.moves, quarter))

    def take_apart(self, parts: TakenApart, name: str) -> None:
        """Take the records apart: quarters stacked a column, and rows."""
        for table in OF_ARRAYS:
            quarters = getattr(self, table)
            for column in quarters[0]:
                stacked = np.stack([part[column] for part in quarters])
                parts.arrays[f"{name}.{table}.{column}"] = stacked
        parts.numbers[f"{name}.moves"] = [list(row) for row in self.moves]
        parts.numbers[f"{name}.events"] = self.events

    @classmethod
    def put_together(cls, parts: TakenApart, name: str) -> "Records":
        """Put records together; the inverse of `take_apart`.

        Raises
        ------
        KeyError, ValueError
            If parts are missing, or columns of a table differ in length.
        """
        tables = {}
        for table in OF_ARRAYS:
            prefix = f"{name}.{table}."
            columns = {
                full.removeprefix(prefix): array
                for full, array in parts.arrays.items()
                if full.startswith(prefix)
            }
            lengths = {len(array) for array in columns.values()}
            if len(lengths) != 1:
                raise ValueError(f"columns of {table} differ in length")
            tables[table] = [
                {column: array[quarter] for column, array in columns.items()}
                for quarter in range(lengths.pop())
            ]
        moves = [tuple(row) for row in parts.numbers[f"{name}.moves"]]
        return cls(**tables, moves=moves, events=list(parts.numbers[f"{name}.events"]))

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables by name, with the unit of each column in ``attrs["units"]``; labels have none."""
        frames = {
            "outcomes": _tidy(self.outcomes, OUTCOMES),
            "trade": _tidy(self.trade, TRADE),
            "moves": _moves_frame(self.moves),
            "content": _tidy(self.content, CONTENT),
            "owners": _tidy(self.owners, OWNERS),
            "events": pd.DataFrame(self.events, columns=list(EVENTS.columns)),
        }
        for name, frame in frames.items():
            columns = TABLES[name].columns
            frame.attrs["units"] = {label: columns[label].unit for label in frame.columns}
        return frames


def _move_rows(finished: Finished, moves: Moves, quarter: int) -> list[tuple[object, ...]]:
    """One row a sector, pair of sets of plants and stage: sums over the firms that moved so."""
    amounts = [take(finished).tolist() for take in MOVES.sources.values()]
    found: dict[tuple[object, ...], list[float]] = {}
    who: dict[tuple[object, ...], list[str]] = {}
    for place, (row, origin, target, stage) in enumerate(
        zip(moves.rows, moves.from_config, moves.to_config, moves.stage, strict=True)
    ):
        sector = FOOTLOOSE[finished.firms.sector[row]]
        key = (quarter, sector, CONFIG_LABELS[origin], CONFIG_LABELS[target], str(stage))
        entry = found.setdefault(key, [0] * len(amounts))
        who.setdefault(key, []).append(str(row))
        for n, amount in enumerate(amounts):
            entry[n] += amount[place]
    return [(*key, *sums, " ".join(who[key])) for key, sums in sorted(found.items())]


def _moves_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(MOVES.columns))
    types = {name: MOVES.columns[name].type for name in MOVES.sources}
    return frame.astype({"quarter": "int64", **types})


def _tidy(quarters: list[dict[str, Array]], declared: Table) -> pd.DataFrame:
    """Rows for every quarter and cell, cells in the order of the table's axes."""
    shape = tuple(len(labels) for labels in declared.axes.values())
    cells = int(np.prod(shape))
    columns: dict[str, object] = {
        "quarter": np.repeat(np.arange(len(quarters)), cells),
    }
    for axis, (name, labels) in enumerate(declared.axes.items()):
        codes = np.indices(shape)[axis].ravel()
        columns[name] = np.tile(np.array(labels, dtype=object)[codes], len(quarters))
    for name in quarters[0] if quarters else ():
        columns[name] = np.concatenate([np.asarray(entry[name]).ravel() for entry in quarters])
    return pd.DataFrame(columns)
