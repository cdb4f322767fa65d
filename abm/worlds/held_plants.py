"""Which firms of a held world choose their plants themselves, and what is then to be expected.

Firms that have no plant in North America and build one *enter*; those that stand and come to have
none, or intend to, *exit*; all else that a firm with plants does is a *move*: it adds a plant,
closes one of several, or holds an opportunity to build. Each of the three may be let go while
the others are held. A firm is in step with itself in the world followed as long as it has the same
plants, projects and opportunities there. Where it would do otherwise here, and what it would do
otherwise is let go, it goes its own way; until it happens to be in step again, it decides
everything itself. All others take their plants from the world followed.
"""

from collections.abc import Set
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import NO_PLANT
from abm.economy.tables import Array
from abm.location.expected_moves import ExpectedMoves
from abm.location.moving_costs import MovingCosts
from abm.location.outlays import Stages
from abm.location.relocation import Moves
from abm.trade.books.by_owner import by_owner
from agents import FirmTable

PLANT_CHOICES = ("entry", "exit", "moves")
"""What firms decide about their plants, each of which may be held."""

COLUMNS = (
    "config",
    "plants",
    "founded",
    "target",
    "project",
    "stage",
    "quarters_left",
    "project_luck",
    "opportunity",
    "opportunity_luck",
    "sunk",
    "grant",
    "moved_from_home",
)
"""Columns of the firm table that change when firms move."""


def out_of_step(mine: FirmTable, theirs: FirmTable) -> NDArray[np.bool_]:
    """Which firms have other plants, projects or opportunities in two worlds, shape (firm,)."""
    differs = np.zeros(len(mine), np.bool_)
    for name in COLUMNS:
        one, other = getattr(mine, name), getattr(theirs, name)
        differs |= (one != other).reshape(len(mine), -1).any(axis=1)
    return differs


def what_differs(
    mine: FirmTable, theirs: FirmTable, stood: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """Which firms out of step made each of `PLANT_CHOICES` otherwise, by choice, shape (firm,).

    Parameters
    ----------
    mine, theirs : FirmTable
        After the quarter's moves.
    stood : ndarray of bool, shape (firm,)
        Which firms had a plant before, in both worlds.
    """
    differs = out_of_step(mine, theirs)
    leaves = [(table.config == NO_PLANT) | (table.target == NO_PLANT) for table in (mine, theirs)]
    exits = differs & stood & (leaves[0] != leaves[1])
    return {"entry": differs & ~stood, "exit": exits, "moves": differs & stood & ~exits}


def follow(mine: FirmTable, theirs: FirmTable, rows: NDArray[np.bool_]) -> None:
    """Give some firms the plants, projects and opportunities that they have in another world."""
    for name in COLUMNS:
        getattr(mine, name)[rows] = getattr(theirs, name)[rows]


def without_plants(table: FirmTable, before: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Firms of sectors that lost their last plant at a host, shape (firm,).

    Parameters
    ----------
    table : FirmTable
    before : ndarray of bool, shape (firm, host)
        Where firms had plants.
    """
    stood, stand = (by_owner(table, plants).sum(axis=2) for plants in (before, table.plants))
    lost: NDArray[np.bool_] = ((stood > 0) & (stand == 0)).any(axis=1)[table.sector]
    return lost


def joined_moves(mine: Moves, theirs: Moves, own: NDArray[np.bool_], grants: Array) -> Moves:
    """Moves of firms that go their own way, and those of all others in the world followed.

    Parameters
    ----------
    mine, theirs : Moves
    own : ndarray of bool, shape (firm,)
    grants : ndarray, shape (sector, host)
        What treasuries paid in this world.
    """
    some, others = own[mine.rows], ~own[theirs.rows]
    both = {
        name: np.concatenate([getattr(mine, name)[some], getattr(theirs, name)[others]])
        for name in vars(mine)
        if name != "grants"
    }
    return Moves(**both, grants=grants)


def grants_paid(table: FirmTable, moving: MovingCosts) -> Array:
    """What treasuries pay towards stages that began in the quarter, shape (sector, host).

    Million USD.
    """
    begun = Stages.begun(table, moving)
    rows, sales = begun.rows, table.base_revenue[begun.rows] * table.weight[begun.rows]
    plants = moving.plants(table, rows, begun.config, begun.target)
    due = (sales * begun.share)[:, None] * plants * table.grant[rows]
    paid: Array = by_owner(table, due, rows).sum(axis=2)
    return paid


def expected_when_held(mine: ExpectedMoves, theirs: ExpectedMoves, held: Set[str]) -> ExpectedMoves:
    """Moves to be expected where some choices are those of the world followed.

    Entry is of those who found a plant, exit of those who close their last, and all else is of
    moves. What is to be expected of a held choice is what is so in the world followed.
    """
    found = theirs
    if "entry" not in held:
        found = replace(
            found,
            founding=mine.founding,
            entering=mine.entering,
            opening=found.opening + (mine.founding - theirs.founding),
        )
    if "exit" not in held:
        found = replace(
            found,
            ending=mine.ending,
            leaving=mine.leaving,
            dying=mine.dying,
            closing=found.closing + (mine.ending - theirs.ending),
        )
    if "moves" not in held:
        built = (mine.opening - mine.founding) - (theirs.opening - theirs.founding)
        shut = (mine.closing - mine.ending) - (theirs.closing - theirs.ending)
        found = replace(
            found,
            moving=mine.moving,
            opening=found.opening + built,
            closing=found.closing + shut,
        )
    part = _part_held(mine, theirs, held)
    return replace(found, investing=theirs.investing + part * (mine.investing - theirs.investing))


def _part_held(mine: ExpectedMoves, theirs: ExpectedMoves, held: Set[str]) -> Array:
    """Part of what is built otherwise that is let go, shape (sector, home, host)."""
    entered = mine.founding - theirs.founding
    moved = (mine.opening - theirs.opening) - entered
    free = ("entry" not in held) * np.abs(entered) + ("moves" not in held) * np.abs(moved)
    whole = np.abs(entered) + np.abs(moved)
    # Where as many plants are built, but others, their cost goes with moves.
    default = np.full(whole.shape, float("moves" not in held))
    part: Array = np.divide(free, whole, out=default, where=whole > 0)
    return part
