"""What every set of plants is worth to a firm that reviews, before its random taste."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import blocks
from abm.core.choice.dated_beliefs import Calendar, dated_projects, dated_values
from abm.core.choice.location import LocationProblem, choice_values, solve_values
from abm.core.choice.projects import Projects, continue_or_cancel
from abm.core.inputs.content_rules import Floats
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
class Gates:
    """Projects whose stage ends, and that are gone on with or cancelled.

    Attributes
    ----------
    places : ndarray of int, shape (project,)
        Of the firms that are building among those that decide, rising.
    projects : Projects
    """

    places: NDArray[np.int64]
    projects: Projects

    def of(self, firms: NDArray[np.int64]) -> tuple["Gates", NDArray[np.int64]]:
        """Those of some firms, rising, with places among them; and which of these they are."""
        which = np.flatnonzero(np.isin(self.places, firms))
        places = np.searchsorted(firms, self.places[which])
        return Gates(places, self.projects.take(which)), which


@dataclass(frozen=True)
class Weighing:
    """The location choice of some firms and its solution, before random taste.

    Attributes
    ----------
    problem : LocationProblem
        With the transitions that are expected after all dates.
    later : ndarray, shape (firm, config, regime)
        What sets of plants will be worth then.
    today : ndarray, shape (firm, config)
        What they are worth now, in the regime in force.
    worth : ndarray, shape (firm, config)
        Present value of choosing each set of plants now, share of quarterly sales.
    going_on, cancelling : ndarray, shape (project,)
        What going on with each project at its gate is worth, and cancelling it.
    """

    problem: LocationProblem
    later: Array
    today: Array
    worth: Array
    going_on: Array
    cancelling: Array


def choices(
    table: FirmTable,
    moving: MovingCosts,
    payoff: Array,
    expected: Calendar,
    rows: NDArray[np.int64],
) -> LocationProblem:
    """The choice that some firms face, as it will be after all dates.

    Parameters
    ----------
    table : FirmTable
    moving : MovingCosts
        Under the regimes of ``payoff``.
    payoff : ndarray, shape (firm, config, regime)
    expected : Calendar
    rows : ndarray of int, shape (firm,)

    Returns
    -------
    LocationProblem
    """
    belief = table.belief[rows].astype(np.int64)
    return location_problem(moving, payoff, expected.later, belief, table.sector[rows])


def weigh(
    problem: LocationProblem,
    gates: Gates,
    expected: Calendar,
    start: Array,
    config: NDArray[np.integer],
    regime: int,
) -> Weighing:
    """What every set of plants is worth to some firms, and every project at its gate.

    Firms that know of a date value what comes before it quarter by quarter, from the date
    backwards; for the others all quarters are alike.

    Parameters
    ----------
    problem : LocationProblem
        From `choices`.
    gates : Gates
    expected : Calendar
        How each belief type expects policy to change.
    start : ndarray, shape (firm, config, regime)
        Values to start from.
    config : ndarray of int, shape (firm,)
        Where each firm produces.
    regime : int
        The one in force.

    Returns
    -------
    Weighing
    """
    projects = len(gates.places)
    later = np.empty_like(start)
    today, worth = np.empty(start.shape[:2]), np.empty(start.shape[:2])
    going_on, cancelling = np.empty(projects), np.empty(projects)

    def solve(piece: tuple[_Valuation, NDArray[np.int64]]) -> None:
        value, firms = piece
        part, (own, which) = problem.take(firms), gates.of(firms)
        later[firms], _ = solve_values(part, start=start[firms], tolerance=VALUE_TOLERANCE)
        found = value(part, own, expected, later[firms], config[firms], regime)
        today[firms], worth[firms], going_on[which], cancelling[which] = found

    knows_date = expected.dated()[problem.belief]
    kinds = ((_by_date, np.flatnonzero(knows_date)), (_for_ever, np.flatnonzero(~knows_date)))
    pieces = [
        (value, firms[some])
        for value, firms in kinds
        for some in blocks(len(firms), FIRMS_AT_A_TIME)
    ]
    in_parallel(solve, pieces)
    return Weighing(problem, later, today, worth, going_on, cancelling)


type _Valuation = Callable[
    [LocationProblem, Gates, Calendar, Floats, NDArray[np.integer], int],
    tuple[Floats, Floats, Floats, Floats],
]
"""Values of today, worth of choices, of going on and of cancelling, from values of later."""


def _by_date(
    problem: LocationProblem,
    gates: Gates,
    expected: Calendar,
    later: Floats,
    config: NDArray[np.integer],
    regime: int,
) -> tuple[Floats, Floats, Floats, Floats]:
    """A `_Valuation` of firms that know of dates."""
    found = dated_values(problem, expected, later, regime)
    building, projects = problem.take(gates.places), gates.projects
    values = found.take(gates.places)
    going_on, cancelling, _ = dated_projects(building, expected, values, projects, regime)
    worth = found.worth[np.arange(len(config)), config]
    return found.path[0][..., regime], worth, going_on, cancelling


def _for_ever(
    problem: LocationProblem,
    gates: Gates,
    expected: Calendar,
    later: Floats,
    config: NDArray[np.integer],
    regime: int,
) -> tuple[Floats, Floats, Floats, Floats]:
    """A `_Valuation` of firms to whom all quarters are alike."""
    worth = choice_values(problem, later, config=config, regime=regime)
    building, projects = problem.take(gates.places), gates.projects
    going_on, cancelling, _ = continue_or_cancel(building, later[gates.places], projects, regime)
    return later[..., regime], worth, going_on, cancelling


def gates_of(table: FirmTable, moving: MovingCosts, rows: NDArray[np.int64]) -> Gates:
    """Projects at gates of those of some firms that are building, ``rows`` rising."""
    places = np.flatnonzero(table.target[rows] >= 0)
    return Gates(places, projects_at_gates(table, moving, rows[places]))


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
