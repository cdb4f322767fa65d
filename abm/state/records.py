"""What a step records: tidy tables, one row a cell and quarter."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from abm.axes import FOOTLOOSE, HAS_PLANT, HOSTS, N_FOOTLOOSE, N_HOSTS, REGIONS, SECTORS, USES
from abm.economy.tables import Array, Economy
from abm.location.relocation import MOVE_COLUMNS, Moves
from abm.trade.accounts import Accounts
from agents import FirmTable

EVENT_COLUMNS = ("quarter", "date", "actor", "instrument", "old", "new", "reason")

PROJECT_COLUMNS = (
    "opened",
    "closed",
    "announced",
    "cancelled",
    "announced_musd",
    "completed_musd",
    "cancelled_musd",
    "lost_musd",
)
"""Columns of outcomes on plants that come and go."""


@dataclass
class Records:
    """Everything recorded so far, one entry a quarter.

    Attributes
    ----------
    outcomes, trade, content : list of dict
        Columns of the quarter, as arrays in row order.
    moves : list of tuple
        Rows as `abm.location.relocation.MOVE_COLUMNS`.
    events : list of dict
        Rows with the keys of `EVENT_COLUMNS`.
    """

    outcomes: list[dict[str, Array]] = field(default_factory=list)
    trade: list[dict[str, Array]] = field(default_factory=list)
    content: list[dict[str, Array]] = field(default_factory=list)
    moves: list[tuple[object, ...]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)

    def add_quarter(
        self,
        quarter: int,
        economy: Economy,
        table: FirmTable,
        accounts: Accounts,
        wage: Array,
        moves: Moves | None,
    ) -> None:
        """Record one quarter."""
        projects = _projects(table, moves)
        plants = _by_cell(table, table.plants * table.weight[:, None])
        sector_host = (N_FOOTLOOSE, N_HOSTS)
        self.outcomes.append(
            {
                "output_musd": accounts.sales,
                "value_added_musd": accounts.value_added,
                "subsidies_musd": accounts.subsidies,
                "royalties_musd": accounts.royalties,
                "employment": accounts.employment,
                "wage_index": np.broadcast_to(wage, sector_host),
                "price_index": accounts.price_index[:, :N_HOSTS],
                "price_tornqvist": accounts.price_tornqvist[:, :N_HOSTS],
                "customers_to_move": accounts.customers_to_move[:, :N_HOSTS],
                "consumption_musd": accounts.consumption[:, :N_HOSTS],
                "plants": plants,
                **projects,
            }
        )
        self.content.append(
            {
                "regional_value_content": accounts.content,
                "comply_share": accounts.true_claims,
                "wedge": accounts.wedge,
                "infeasible_share": accounts.infeasible,
                "eligible_share": accounts.eligible,
            }
        )
        trades = (accounts.final, accounts.intermediate)
        scale = economy.customs_over_basic
        self.trade.append(
            {
                "value_musd": np.stack([trade.value for trade in trades]),
                "customs_value_musd": np.stack([trade.value * scale for trade in trades]),
                "dutiable_musd": np.stack([trade.dutiable for trade in trades]),
                "claimed_musd": np.stack([trade.claimed for trade in trades]),
                "claimed_dutiable_musd": np.stack([trade.claimed_dutiable for trade in trades]),
                "false_claim_musd": np.stack([trade.false for trade in trades]),
                "duty_musd": np.stack([trade.duty for trade in trades]),
                "penalty_musd": np.stack([trade.penalty for trade in trades]),
            }
        )
        if moves is not None:
            self.moves.extend(moves.records(table, quarter))

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables by name: outcomes, trade, moves, content, events."""
        return {
            "outcomes": _tidy(self.outcomes, (("sector", FOOTLOOSE), ("region", HOSTS))),
            "trade": _tidy(
                self.trade,
                (
                    ("use", USES),
                    ("sector", SECTORS),
                    ("origin", REGIONS),
                    ("destination", REGIONS),
                ),
            ),
            "moves": _moves_frame(self.moves),
            "content": _tidy(self.content, (("sector", FOOTLOOSE), ("host", HOSTS))),
            "events": pd.DataFrame(self.events, columns=list(EVENT_COLUMNS)),
        }


def _moves_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(MOVE_COLUMNS))
    return frame.astype({"quarter": "int64", "firms": "int64", "weight": "float64"})


def _tidy(
    quarters: list[dict[str, Array]], axes: tuple[tuple[str, tuple[str, ...]], ...]
) -> pd.DataFrame:
    """Rows for every quarter and cell, cells in the order of ``axes``."""
    shape = tuple(len(labels) for _, labels in axes)
    cells = int(np.prod(shape))
    columns: dict[str, object] = {
        "quarter": np.repeat(np.arange(len(quarters)), cells),
    }
    for axis, (name, labels) in enumerate(axes):
        codes = np.indices(shape)[axis].ravel()
        columns[name] = np.tile(np.array(labels, dtype=object)[codes], len(quarters))
    for name in quarters[0] if quarters else ():
        columns[name] = np.concatenate([np.asarray(entry[name]).ravel() for entry in quarters])
    return pd.DataFrame(columns)


def _by_cell(table: FirmTable, amount: Array) -> Array:
    """Sum of amounts over firms, shape (sector, host)."""
    return np.stack(
        [
            np.bincount(table.sector, amount[:, host], minlength=N_FOOTLOOSE)
            for host in range(N_HOSTS)
        ],
        axis=1,
    )


STAGES = {"announced": "announced", "opened": "completed", "cancelled": "cancelled"}
"""Columns that count new plants, and the stage of the moves that they count."""


def _projects(table: FirmTable, moves: Moves | None) -> dict[str, Array]:
    """Plants opened, closed, announced and cancelled, and what they cost, by sector and host."""
    found = {name: np.zeros((N_FOOTLOOSE, N_HOSTS)) for name in PROJECT_COLUMNS}
    if moves is None:
        return found
    sector, weight = table.sector[moves.rows], table.weight[moves.rows, None]
    before, after = HAS_PLANT[moves.from_config], HAS_PLANT[moves.to_config]
    for name, stage in STAGES.items():
        some = moves.stage == stage
        np.add.at(found[name], sector[some], (weight * (after & ~before))[some])
        np.add.at(found[f"{stage}_musd"], sector[some], moves.cost[some])
    done = moves.stage == "completed"
    np.add.at(found["closed"], sector[done], (weight * (before & ~after))[done])
    np.add.at(found["lost_musd"], sector, moves.lost)
    return found
