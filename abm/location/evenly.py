"""Drawing as many events as are expected, quarter after quarter, though which ones is chance.

Chances of the firms of a group are laid end to end along a line, and whole numbers on it strike
those on whose parts they fall. What the line was longer than the whole numbers found on it is
owed: the next quarter's line begins there. So at any time as many firms of a group have been
struck as were expected to be, up to one, where independent draws would stray by the square root
of that number. Firms lie along the line by home and size, and the place where it starts is drawn
anew every quarter: each firm is struck with its own chance, and firms that are struck in one
quarter differ in home and size.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.moving_costs import OPENED
from abm.location.valuation import Choices, Luck, Weighing, weigh
from agents import FirmTable

Rows = NDArray[np.int64]

CLOSES = N_HOSTS
"""Group of firms that are likelier to close a plant than to open one; the others are by host."""

GROUPS = N_HOSTS + 1

CERTAIN = 1e-9
"""Chances nearer than this to 0 or 1 are not drawn."""

LEAST_LUCK = 1e-6
"""Smallest part of the scale of luck by which what was drawn beats everything else."""


@dataclass(frozen=True)
class Lined:
    """Who is struck along some lines.

    Attributes
    ----------
    drawn : ndarray of int
        Places of those struck among the firms given.
    part : ndarray
        Where on a firm's part of the line the whole number falls, from 0 to 1.
    expected : ndarray, shape (group,)
        Length of every line.
    number : ndarray of int, shape (group,)
        How many are struck of each group.
    """

    drawn: Rows
    part: Array
    expected: Array
    number: Rows


def by_size(table: FirmTable, rows: Rows) -> Rows:
    """Some firms in the order of home and size."""
    ordered: Rows = rows[np.lexsort((table.size[rows], table.home[rows]))]
    return ordered


def along_lines(group: NDArray[np.integer], chance: Array, begun: Array, turn: Array) -> Lined:
    """Who is struck, of groups each on a line of its own.

    Parameters
    ----------
    group : ndarray of int, shape (firm,)
    chance : ndarray, shape (firm,)
        Between 0 and 1.
    begun : ndarray, shape (group,)
        Where on the way to the next whole number each line begins.
    turn : ndarray, shape (group,)
        At which part of its length a line is cut open to begin, between 0 and 1.

    Returns
    -------
    Lined
    """
    drawn, parts = [np.empty(0, np.int64)], [np.empty(0)]
    number, expected = np.zeros(len(begun), np.int64), np.zeros(len(begun))
    for each in np.unique(group):
        rows = np.flatnonzero(group == each)
        ends = np.cumsum(chance[rows])
        expected[each] = length = float(ends[-1])
        whole = np.arange(1, np.floor(begun[each] + length) + 1) - begun[each]
        places = (np.clip(whole, 0, length) + turn[each] * length) % length if length else whole
        struck = np.minimum(np.searchsorted(ends, places, side="right"), len(rows) - 1)
        # A chance of 1 at the cut of the line may be met from both sides.
        struck, first = np.unique(struck, return_index=True)
        number[each] = len(struck)
        drawn.append(rows[struck])
        parts.append((ends[struck] - places[first]) / chance[rows[struck]])
    return Lined(np.concatenate(drawn), np.concatenate(parts), expected, number)


@dataclass(frozen=True)
class Drawn:
    """What firms decide, as many as are expected.

    Attributes
    ----------
    weighed : Weighing
    luck : Luck
        With which they decide that.
    owed : ndarray, shape (sector, group)
        Moves expected until now that were not drawn, by the host where one would open or
        `CLOSES`.
    """

    weighed: Weighing
    luck: Luck
    owed: Array


def draw_evenly(
    choices: Choices, weighed: Weighing, luck: Luck, owed: Array, quarter: int, draws: Draws
) -> Drawn:
    """Let as many firms move as are expected to.

    Luck drawn for each firm by itself says what it would decide. Where that is not what the
    lines say, luck is drawn again: to be just good enough for what they say, and beyond that as
    luck is, exponential.

    Parameters
    ----------
    choices : Choices
    weighed : Weighing
        With luck of each firm by itself.
    luck : Luck
    owed : ndarray, shape (sector, group)
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
    sector, group = table.sector[rows[open_]].astype(np.int64), _group(config, moves, open_)
    line = sector * GROUPS + group
    # The numbers drawn are the same for all hosts, so that identical countries fare alike.
    turn = np.repeat(draws.uniform("decisions", quarter, N_FOOTLOOSE), GROUPS)
    start = np.repeat(draws.uniform("first decisions", 0, N_FOOTLOOSE), GROUPS)
    found = along_lines(line, chance[open_], owed.ravel() + start, turn)
    wanted = weighed.choice.copy()
    wanted[open_] = config[open_]
    movers = open_[found.drawn]
    target = np.cumsum(moves[movers], axis=1) <= (found.part * chance[movers])[:, None]
    wanted[movers] = target.sum(axis=1).clip(max=N_CONFIGS - 1)
    off = np.flatnonzero(wanted != weighed.choice)
    if len(off):
        anew = _forced(choices, weighed, luck, off, wanted[off], quarter, draws)
        some = replace(choices, rows=rows[off], payoff=choices.payoff[off])
        weighed.put(off, weigh(some, weighed.later[off], anew))
        luck.building[off], luck.keeping[off] = anew.building, anew.keeping
    moved = np.zeros(len(line), np.bool_)
    moved[weighed.choice[open_] != config[open_]] = True
    number = np.bincount(line[moved], minlength=owed.size)
    return Drawn(weighed, luck, owed + (found.expected - number).reshape(owed.shape))


def _group(config: Rows, moves: Array, firms: Rows) -> Rows:
    """Where each firm is likeliest to open a plant, `CLOSES` if it rather closes one."""
    likeliest = moves[firms].argmax(axis=1)
    opened = OPENED[config[firms], likeliest]
    group: Rows = np.where(opened.any(axis=1), opened.argmax(axis=1), CLOSES)
    return group


def _forced(
    choices: Choices,
    weighed: Weighing,
    luck: Luck,
    firms: Rows,
    wanted: Rows,
    quarter: int,
    draws: Draws,
) -> Luck:
    """Luck with which some firms decide what is wanted of them."""
    settings, rows = choices.moving.settings, choices.rows[firms]
    config, each = choices.table.config[rows].astype(np.int64), np.arange(len(firms))
    shape = (len(firms), 2)
    beyond = LEAST_LUCK - np.log(draws.uniform("luck of what is drawn", quarter, shape, ids=rows))
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
