"""Drawing as many events as are expected, quarter after quarter, though which ones is chance.

Chances of the firms of a group are laid end to end along a line, and whole numbers on it strike
those on whose parts they fall. What the line was longer than the whole numbers found on it is
owed: the next quarter's line begins there. So at any time as many firms of a group have been
struck as were expected to be, up to one, where independent draws would stray by the square root
of that number. Firms lie along the line by home and size, and the place where it starts is drawn
anew every quarter: each firm is struck with its own chance, and firms that are struck in one
quarter differ in home and size.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.may_do import DrawnLuck
from abm.location.moving_costs import CLOSED, OPENED
from abm.location.valuation import Choices, Weighing, decide_again
from agents import FirmTable

Rows = NDArray[np.int64]

CLOSES = N_HOSTS
"""Group of firms that are likelier to close a plant than to open one; the others are by host."""

MOVE_GROUPS = N_HOSTS + 1

CERTAIN = 1e-9
"""Chances nearer than this to 0 or 1 are not drawn."""

LEAST_LUCK = 1e-6
"""Smallest part of the scale of luck by which what was drawn beats everything else."""


NUMBER, AMOUNT = range(2)
"""What is owed: events, and what these move in million USD of quarterly sales."""

PLACES_TO_CUT = 16
"""Places at which the lines of first projects may be cut open; the one that balances sales best is.

Not those of every quarter: firms whose sales happen to balance would be struck again and again,
up to six times as often as their own chance says.
"""


@dataclass(frozen=True)
class Lined:
    """Who is struck along some lines.

    Attributes
    ----------
    drawn : ndarray of int
        Places of those struck among the firms given.
    part : ndarray
        Where on a firm's part of the line the whole number falls, from 0 to 1.
    expected : ndarray, shape (group, 2)
        How many are expected to be, and what these move.
    """

    drawn: Rows
    part: Array
    expected: Array


def by_size(table: FirmTable, rows: Rows) -> Rows:
    """Some firms in the order of home and size."""
    ordered: Rows = rows[np.lexsort((table.size[rows], table.home[rows]))]
    return ordered


@dataclass(frozen=True)
class _Line:
    """Firms of a group along its line.

    Attributes
    ----------
    ends : ndarray, shape (firm,)
        Where each firm's part of the line ends.
    chance, amount : ndarray, shape (firm,)
    """

    ends: Array
    chance: Array
    amount: Array

    def cut(self, begun: float, turn: float) -> tuple[Rows, Array]:
        """Firms struck, and where on their parts, if the line is cut open at a turn."""
        length = float(self.ends[-1])
        if begun + length < 1:
            return np.empty(0, np.int64), np.empty(0)
        whole = np.arange(1, np.floor(begun + length) + 1) - begun
        places = (np.clip(whole, 0, length) + turn * length) % length
        struck = np.minimum(np.searchsorted(self.ends, places, side="right"), len(self.ends) - 1)
        # A chance of 1 at the cut of the line may be met from both sides.
        struck, first = np.unique(struck, return_index=True)
        return struck, (self.ends[struck] - places[first]) / self.chance[struck]


def along_lines(
    group: NDArray[np.integer], chance: Array, amount: Array, owed: Array, cuts: Array
) -> Lined:
    """Who is struck, of groups each on a line of its own.

    Parameters
    ----------
    group : ndarray of int, shape (firm,)
    chance : ndarray, shape (firm,)
        Above 0 and up to 1.
    amount : ndarray, shape (firm,)
        What is moved if the firm is struck.
    owed : ndarray, shape (group, 2)
        What was expected before and not drawn.
    cuts : ndarray, shape (group, option, 2)
        Where on the way to the next whole number a line may begin if nothing is owed, and at
        which part of its length it is cut open, both between 0 and 1. Of all options that one is
        taken after which least is owed of what is moved.

    Returns
    -------
    Lined
    """
    drawn, parts = [np.empty(0, np.int64)], [np.empty(0)]
    expected = np.zeros(owed.shape)
    for each in np.unique(group):
        rows = np.flatnonzero(group == each)
        line = _Line(np.cumsum(chance[rows]), chance[rows], amount[rows])
        expected[each] = line.ends[-1], line.chance @ line.amount
        due = owed[each, AMOUNT] + expected[each, AMOUNT]
        found = [line.cut(owed[each, NUMBER] + begun, turn) for begun, turn in cuts[each]]
        best = np.argmin([abs(due - line.amount[struck].sum()) for struck, _ in found])
        struck, part = found[best]
        drawn.append(rows[struck])
        parts.append(part)
    return Lined(np.concatenate(drawn), np.concatenate(parts), expected)


def cuts_of(draws: Draws, purpose: str, quarter: int, groups: int, turns: int = 1) -> Array:
    """Where lines may begin and be cut open in a quarter, shape (sector * group, option, 2).

    The numbers drawn are the same for all groups of a sector, so that identical countries fare
    alike.
    """
    begun = draws.uniform(f"first {purpose}", 0, N_FOOTLOOSE)[:, None]
    turn = draws.uniform(purpose, quarter, N_FOOTLOOSE)[:, None] + np.arange(turns) / turns
    cuts = np.stack(np.broadcast_arrays(begun, turn % 1.0), axis=-1)
    return np.repeat(cuts, groups, axis=0)


@dataclass(frozen=True)
class Drawn:
    """What firms decide, as many as are expected.

    Attributes
    ----------
    weighed : Weighing
    luck : DrawnLuck
        With which they decide that.
    owed : ndarray, shape (sector, group, 2)
        Moves expected until now that were not drawn, by the host where one would open or
        `CLOSES`.
    """

    weighed: Weighing
    luck: DrawnLuck
    owed: Array


def draw_evenly(
    choices: Choices, weighed: Weighing, luck: DrawnLuck, owed: Array, quarter: int, draws: Draws
) -> Drawn:
    """Let as many firms move as are expected to.

    DrawnLuck drawn for each firm by itself says what it would decide. Where that is not what the
    lines say, luck is drawn again: to be just good enough for what they say, and beyond that as
    luck is, exponential.

    Parameters
    ----------
    choices : Choices
    weighed : Weighing
        With luck of each firm by itself.
    luck : DrawnLuck
    owed : ndarray, shape (sector, group, 2)
        From before.
    quarter : int
    draws : Draws

    Returns
    -------
    Drawn
    """
    table, rows = choices.table, choices.rows
    config = table.config[rows].astype(np.int64)
    moves = np.where(np.arange(N_CONFIGS) == config[:, None], 0.0, weighed.expected)
    chance = moves.sum(axis=1)
    open_ = np.flatnonzero((chance > CERTAIN) & (chance < 1 - CERTAIN))
    open_ = open_[np.lexsort((table.size[rows[open_]], table.home[rows[open_]]))]
    group = group_of(config[open_], moves[open_])
    line = table.sector[rows[open_]].astype(np.int64) * MOVE_GROUPS + group
    amount = amount_of(table, rows[open_], moves[open_], group)
    before, cuts = owed.reshape(-1, 2), cuts_of(draws, "decisions", quarter, MOVE_GROUPS)
    found = along_lines(line, chance[open_], amount, before, cuts)
    wanted = weighed.choice.copy()
    wanted[open_] = config[open_]
    movers = open_[found.drawn]
    wanted[movers] = target_of(moves[movers], found.part)
    off = np.flatnonzero(wanted != weighed.choice)
    if len(off):
        shape, to = (len(off), 2), wanted[off].astype(np.int64)
        chance = draws.uniform("luck of what is drawn", quarter, shape, ids=rows[off])
        anew = _forced(choices, weighed, luck, off, to, LEAST_LUCK - np.log(chance))
        decide_again(choices, weighed, off, anew)
        luck.building[off], luck.keeping[off] = anew.building, anew.keeping
    moved = weighed.choice[open_] != config[open_]
    made = [np.bincount(line[moved], of[moved], len(before)) for of in (np.ones(len(line)), amount)]
    still = before + found.expected - np.stack(made, axis=1)
    return Drawn(weighed, luck, still.reshape(owed.shape))


def group_of(config: Rows, moves: Array) -> Rows:
    """Where each firm is likeliest to open a plant, `CLOSES` if it rather closes one.

    Parameters
    ----------
    config : ndarray of int, shape (firm,)
        Where firms stand.
    moves : ndarray, shape (firm, config)
        Chances of going to each set.

    Returns
    -------
    ndarray of int, shape (firm,)
    """
    opened = OPENED[config, moves.argmax(axis=1)]
    group: Rows = np.where(opened.any(axis=1), opened.argmax(axis=1), CLOSES)
    return group


def amount_of(table: FirmTable, rows: Rows, moves: Array, group: Rows) -> Array:
    """Quarterly base-year sales of plants that firms open at a host, or close, on average.

    Parameters
    ----------
    table : FirmTable
    rows : ndarray of int, shape (firm,)
    moves : ndarray, shape (firm, config)
        Chances of going to each set.
    group : ndarray of int, shape (firm,)
        From `group_of`.

    Returns
    -------
    ndarray, shape (firm,)
        Million USD of all real firms that each stands for.
    """
    config, each = table.config[rows].astype(np.int64), np.arange(len(rows))
    share = table.base_plant_sales[rows].astype(np.float64)
    host = np.minimum(group, N_HOSTS - 1)
    opened = share[each, :, host] * OPENED[config, :, host]
    closed = (share[each, config][:, None] * CLOSED[config]).sum(axis=2)
    moved = np.where((group == CLOSES)[:, None], closed, opened)
    part = (moves * moved).sum(axis=1) / moves.sum(axis=1)
    amount: Array = table.base_revenue[rows] * table.weight[rows] * part
    return amount


def target_of(moves: Array, part: Array) -> Rows:
    """The set at a part of the way along the chances of all sets, shape (firm,)."""
    along = np.cumsum(moves, axis=1)
    passed = along <= (part * along[:, -1])[:, None]
    # Where the way ends on a set that cannot be reached rounding must not choose it.
    last = moves.shape[1] - 1 - (moves[:, ::-1] > 0).argmax(axis=1)
    target: Rows = np.minimum(passed.sum(axis=1), last)
    return target


def _forced(
    choices: Choices,
    weighed: Weighing,
    luck: DrawnLuck,
    firms: Rows,
    wanted: Rows,
    beyond: Array,
) -> DrawnLuck:
    """Luck with which some firms decide what is wanted of them.

    ``beyond``, of shape (firm, 2), is what it is over what just does it, building and keeping.
    """
    settings, rows = choices.moving.settings, choices.rows[firms]
    config, each = choices.table.config[rows].astype(np.int64), np.arange(len(firms))
    anew = luck.take(firms)
    builds = OPENED[config, wanted].any(axis=1)
    building, going_on = anew.building[:, :-1], anew.building[:, -1:]
    asked = weighed.cutoff[firms] / max(settings.build_noise, LEAST_LUCK)
    # Nobody builds but who is to: luck with other sets is not enough for them.
    enough = np.where(np.isfinite(asked), going_on + asked, np.inf)
    np.minimum(building, enough - LEAST_LUCK, out=building)
    some = each[builds]
    building[some, wanted[some]] = enough[some, wanted[some]] + beyond[some, 0]
    # The set kept at a review is that with the best worth, luck included.
    noise = max(settings.keep_noise, LEAST_LUCK)
    worth = weighed.worth[firms] / noise
    kept = np.where(OPENED[config].any(axis=2), -np.inf, worth + anew.keeping)
    kept[each, wanted] = -np.inf
    best = kept.max(axis=1)
    some = each[~builds & np.isfinite(best)]
    to = wanted[some]
    lifted = best[some] - worth[some, to] + beyond[some, 1]
    anew.keeping[some, to] = np.maximum(anew.keeping[some, to], lifted)
    return anew
