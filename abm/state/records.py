"""What a step records: tidy tables, one row a cell and quarter."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from abm.axes import CONFIG_LABELS, FOOTLOOSE
from abm.economy.tables import Array
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
