"""Projects that are under way in the calibration year, and the luck that they were begun with."""

from typing import NamedTuple

import numpy as np
from scipy.special import log_expit

from abm.axes import HAS_PLANT
from abm.core.choice.parts_of_sets import Indices
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.evenly import (
    MOVE_GROUPS,
    PLACES_TO_CUT,
    along_lines,
    amount_of,
    by_size,
    cuts_of,
    group_of,
    target_of,
)
from abm.location.moving_costs import KINDS_OF_MOVES, MovingCosts, from_abroad
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable

ALMOST = 1 - 1e-9
"""Of the way to a whole number: the next one is reached whatever is expected."""


class AtRest(NamedTuple):
    """Where every firm is in the long run.

    Attributes
    ----------
    standing : ndarray, shape (firm, config)
    values : ndarray, shape (firm, config)
        Of sets of plants, quarters of profit.
    projects : ndarray, shape (firm, config to)
        Share of time at work on each, of the time that the firm stands where it does.
    leaving : ndarray, shape (firm, host)
        Probability per quarter that a plant closes or dies.
    needed : ndarray, shape (firm, config to)
        Luck that it took to begin each of the projects, quarters of profit.
    """

    standing: Array
    values: Array
    projects: Array
    leaving: Array
    needed: Array


def begin_projects(table: FirmTable, moving: MovingCosts, rest: AtRest, draws: Draws) -> None:
    """Begin the projects that are under way in the calibration year, drawn evenly like plants.

    Parameters
    ----------
    table : FirmTable
        With plants; its projects are filled in.
    moving : MovingCosts
    rest : AtRest
    draws : Draws
    """
    projects = rest.projects
    age, beyond = (
        draws.uniform(purpose, 0, len(table))
        for purpose in ("first project's age", "luck of first projects")
    )
    any_ = np.minimum(projects.sum(axis=1), 1.0)
    order = by_size(table, np.flatnonzero(any_ > 0))
    group = group_of(table.config[order].astype(np.int64), projects[order])
    lines = table.sector[order].astype(np.int64) * MOVE_GROUPS + group
    amount = amount_of(table, order, projects[order], group)
    # As many as are expected, rounded down or up, whichever gives the sales that are expected.
    cuts = cuts_of(draws, "projects", 0, MOVE_GROUPS, PLACES_TO_CUT)
    either = [np.stack(np.broadcast_arrays(start, cuts[..., 1]), axis=-1) for start in (0, ALMOST)]
    nothing = np.zeros((len(cuts), 2))
    found = along_lines(lines, any_[order], amount, nothing, np.concatenate(either, axis=1))
    table.target[:] = -1
    rows, target = order[found.drawn], target_of(projects[order[found.drawn]], found.part)
    kind = KINDS_OF_MOVES[from_abroad(table.home[rows]), table.config[rows], target]
    rows, target, kind = rows[kind > 0], target[kind > 0], kind[kind > 0]
    lead = np.array([moving.clocks.of(each).delay for each in range(len(moving.stages))])[kind]
    elapsed = (age[rows] * lead).astype(np.int64)
    ends = np.cumsum(moving.stage_quarters, axis=1)[kind]
    stage = (ends <= elapsed[:, None]).sum(axis=1)
    each = np.arange(len(rows))
    table.target[rows] = target
    table.project[rows] = kind
    table.stage[rows] = stage
    table.quarters_left[rows] = ends[each, stage] - elapsed
    paid = np.cumsum(moving.stage_costs, axis=1)[kind, stage]
    table.sunk[rows] = paid * moving.total(table, rows, table.config[rows], target)
    table.project_luck[rows] = _luck_of_begun(
        moving.settings, table.config[rows], target, rest.needed[rows, target], beyond[rows]
    )


def _luck_of_begun(
    settings: FirmAssumptions, config: Indices, target: Indices, needed: Array, part: Array
) -> Array:
    """Luck of projects that were begun, which was at least what that took: shape (project,).

    Luck with one move over going on is logistic, with the scale of opportunities where a plant
    is added and with that of reviews where none is. ``part`` says which of the luck beyond
    ``needed`` it was, uniform between 0 and 1.
    """
    opens = (HAS_PLANT[target] & ~HAS_PLANT[config]).any(axis=1)
    noise = np.where(opens, settings.build_noise, settings.keep_noise)
    noise = np.maximum(noise, np.finfo(np.float32).tiny)  # no luck is the limit of little
    chance = np.log(part) + log_expit(-needed / noise)  # log of that of more luck still
    luck: Array = noise * (np.log(-np.expm1(chance)) - chance)
    return luck
