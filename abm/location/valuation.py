"""What every set of plants is worth to a firm that reviews, before its random taste."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import blocks
from abm.core.location import LocationProblem, Projects, choice_values, solve_values
from abm.economy.tables import Array
from abm.engine.parallel import in_parallel
from abm.location.moving_costs import MovingCosts, location_problem
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable

VALUE_TOLERANCE = 1e-8
"""Residual to which firms solve for the value of plants."""

FIRMS_AT_A_TIME = 2048
"""Firms that a thread values at once."""


@dataclass(frozen=True)
class Weighing:
    """The location choice of some firms and its solution, before random taste.

    Attributes
    ----------
    problem : LocationProblem
    values : ndarray, shape (firm, config, regime)
        Its solution.
    worth : ndarray, shape (firm, config)
        Present value of choosing each set of plants now, share of quarterly sales.
    """

    problem: LocationProblem
    values: Array
    worth: Array


def weigh(
    table: FirmTable,
    moving: MovingCosts,
    payoff: Array,
    transitions: Array,
    start: Array,
    rows: NDArray[np.int64],
    regime: int,
) -> Weighing:
    """What every set of plants is worth to some firms.

    Parameters
    ----------
    table : FirmTable
    moving : MovingCosts
        Under the regimes of ``payoff``.
    payoff : ndarray, shape (firm, config, regime)
    transitions : ndarray, shape (belief, regime, regime)
    start : ndarray, shape (firm, config, regime)
        Values to start from.
    rows : ndarray of int, shape (firm,)
    regime : int

    Returns
    -------
    Weighing
    """
    belief = table.belief[rows].astype(np.int64)
    problem = location_problem(moving, payoff, transitions, belief, table.sector[rows])
    values, worth = np.empty_like(start), np.empty(start.shape[:2])
    config = table.config[rows]

    def solve(some: slice) -> None:
        part = problem.take(some)
        values[some], _ = solve_values(part, start=start[some], tolerance=VALUE_TOLERANCE)
        worth[some] = choice_values(part, values[some], config=config[some], regime=regime)

    in_parallel(solve, blocks(len(rows), FIRMS_AT_A_TIME))
    return Weighing(problem, values, worth)


def projects_at_gates(table: FirmTable, moving: MovingCosts, rows: NDArray[np.int64]) -> Projects:
    """Projects of some firms as they stand when the stage under way ends.

    Parameters
    ----------
    table : FirmTable
    moving : MovingCosts
    rows : ndarray of int, shape (firm,)
        All of them building.

    Returns
    -------
    Projects
    """
    stage = table.stage[rows] + 1
    config, target = table.config[rows], table.target[rows]
    left = _quarters_after(moving.settings)[stage]
    to_pay = moving.still_to_pay[stage] * moving.borne(table.grant[rows], config, target)
    return Projects(
        config=config,
        target=target,
        quarters_left=left,
        remaining_cost=to_pay + moving.missed(table.sector[rows], config, target, left),
        cancellation_cost=np.zeros(len(stage)),
    )


def _quarters_after(settings: FirmAssumptions) -> NDArray[np.int64]:
    """Quarters from the start of each stage to opening; 0 after the last."""
    remaining = np.cumsum(settings.stage_quarters[::-1])[::-1]
    return np.append(remaining, 0)
