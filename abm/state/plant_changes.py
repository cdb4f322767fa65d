"""Plants decided on, opened and closed in a quarter: drawn, and as was to be expected.

New plants are of three sorts: those of firms that had none here (they enter), those that a firm
adds to what it keeps (it expands), and those for which it closes another (it moves). Of plants that
close, some leave their firm with none (it exits). Expected are decisions, since what is built was
decided earlier: so decisions drawn and decisions expected stand beside each other.
"""

from dataclasses import dataclass, fields

import numpy as np

from abm.axes import HAS_PLANT, N_FOOTLOOSE, N_HOMES, N_HOSTS
from abm.economy.tables import Array
from abm.location.expected_moves import ExpectedMoves
from abm.location.moving_costs import CLOSED, OPENED
from abm.location.relocation import Moves
from abm.trade.books.by_owner import by_owner
from agents import FirmTable


@dataclass(frozen=True)
class PlantChanges:
    """Numbers of real plants, each of shape (sector, host, home).

    Attributes
    ----------
    new, entering, expanding, moving : ndarray
        Plants that are added, of which the three sorts are parts.
    closing, exiting : ndarray
        Plants that are given up; those that leave their firm with none.
    dying : ndarray
        Plants that die whatever their owners would like; no part of ``closing``.
    cost : ndarray
        What the plants added cost to build, million USD.
    """

    new: Array
    entering: Array
    expanding: Array
    moving: Array
    closing: Array
    exiting: Array
    dying: Array
    cost: Array

    @classmethod
    def none(cls) -> "PlantChanges":
        """Nothing changes."""
        nothing = np.zeros((N_FOOTLOOSE, N_HOSTS, N_HOMES))
        return cls(**{item.name: nothing for item in fields(cls)})

    @classmethod
    def drawn(cls, table: FirmTable, moves: Moves | None, stage: str) -> "PlantChanges":
        """Those of a quarter's moves of one stage; deaths are counted with every stage."""
        if moves is None:
            return cls.none()
        some = moves.stage == stage
        rows, before, after = moves.rows[some], moves.from_config[some], moves.to_config[some]
        weight = table.weight[rows, None]
        opened, closed = OPENED[before, after], CLOSED[before, after]
        stood = HAS_PLANT[before].any(axis=1, keepdims=True)
        swaps = closed.any(axis=1, keepdims=True)
        ends = ~HAS_PLANT[after].any(axis=1, keepdims=True)
        dead = moves.stage == "died"
        lost = table.weight[moves.rows[dead], None]
        lost = lost * CLOSED[moves.from_config[dead], moves.to_config[dead]]

        def sums(amount: Array) -> Array:
            return by_owner(table, amount, rows)

        return cls(
            new=sums(weight * opened),
            entering=sums(weight * (opened & ~stood)),
            expanding=sums(weight * (opened & stood & ~swaps)),
            moving=sums(weight * (opened & swaps)),
            closing=sums(weight * closed),
            exiting=sums(weight * (closed & ends)),
            dying=by_owner(table, lost, moves.rows[dead]),
            cost=sums(moves.cost[some]),
        )

    @classmethod
    def expected(cls, moves: ExpectedMoves | None) -> "PlantChanges":
        """Decisions and deaths that were to be expected."""
        if moves is None:
            return cls.none()
        by_home = PlantChanges(
            new=moves.opening,
            entering=moves.founding,
            expanding=moves.opening - moves.founding - moves.moving,
            moving=moves.moving,
            closing=moves.closing,
            exiting=moves.ending,
            dying=moves.dying,
            cost=moves.investing,
        )
        return cls(**{name: found.swapaxes(1, 2) for name, found in vars(by_home).items()})
