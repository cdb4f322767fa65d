"""What plants are worth to a firm that knows on which date policy will change.

A law that enters into force on a date is no lottery: up to the date the chance of its coming
is 0, on the date it is 1. Under a chain with the hazard that gives the same mean stay a firm
would expect as much waiting on the last day as on the first, and twice too long on average.

So transitions ``P[k]`` from ``k`` quarters ahead to ``k + 1`` differ from quarter to
quarter until a horizon ``H``, from which on they are ``P[H]`` for ever. Values ``V[H]``
are those of `abm.core.choice.location.solve_values` under ``P[H]``; those before follow
backwards, each by one step of the Bellman equation. With payoffs as they are today, and a
delay of ``L`` quarters between decision and opening,

    Q[k](c, c', r) = sum_{t<L} beta^t (P[k] ... P[k+t-1] profit[c])(r) - F(c, c')
                     + beta^L (P[k] ... P[k+L-1] V[k+L][c'])(r)
    Q[k](c, c', r) = profit[c', r] - F(c, c') + beta (P[k] V[k+1][c'])(r)       where L = 0
    V[k](c, r) = review * noise * log sum_c' exp(Q[k](c, c', r) / noise)
                 + (1 - review) * Q[k](c, c, r).

A date beyond the horizon comes, as seen from the horizon, with a hazard: with what is then left
to it as the mean stay. As time goes on the date enters the horizon without a jump, since one
quarter is left to it then and its hazard is 1.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import blocks
from abm.core.choice.location import (
    BLOCK_ENTRIES,
    Indices,
    LocationProblem,
    best_of_choices,
    firms_last,
)
from abm.core.choice.projects import Projects
from abm.core.inputs.content_rules import Floats

LATEST_DATE = 20
"""Quarters up to which a date is looked at as a date."""


@dataclass(frozen=True)
class Calendar:
    """Transitions between regimes as they are expected, quarter by quarter.

    Attributes
    ----------
    near : ndarray, shape (quarter ahead, belief, regime, regime)
        From each coming quarter to the next, today's first; none without a date.
    later : ndarray, shape (belief, regime, regime)
        The same for ever after.
    """

    near: Floats
    later: Floats

    @classmethod
    def steady(cls, transitions: Floats) -> "Calendar":
        """The same transitions in every quarter, shape (belief, regime, regime)."""
        return cls(np.empty((0, *transitions.shape)), transitions)

    @property
    def horizon(self) -> int:
        """Quarters until transitions are the same for ever."""
        return len(self.near)

    def at(self, ahead: int) -> Floats:
        """Transitions from the quarter so far ahead to the next, shape (belief, ...)."""
        found: Floats = self.near[ahead] if ahead < self.horizon else self.later
        return found

    def during(self, regimes: slice | Indices) -> "Calendar":
        """The same for some regimes, from which no other can be reached."""
        return Calendar(
            self.near[..., regimes, :][..., regimes], self.later[..., regimes, :][..., regimes]
        )

    def dated(self) -> NDArray[np.bool_]:
        """Which beliefs have a date at all, shape (belief,)."""
        dated: NDArray[np.bool_] = (self.near != self.later).any(axis=(0, 2, 3))
        return dated

    def possible(self, regime: int) -> list[Indices]:
        """Regimes that somebody thinks possible in each quarter before the horizon."""
        found = [np.array([regime])]
        for moves in self.near[:-1]:
            found.append(np.flatnonzero(moves[:, found[-1]].any(axis=(0, 1))))
        return found


def calendar(
    within: Floats,
    starts: Indices,
    told: NDArray[np.bool_],
    quarter: int,
    longest: int = LATEST_DATE,
) -> Calendar:
    """Transitions expected by those who know when each segment of policy begins.

    Parameters
    ----------
    within : ndarray, shape (segment, belief, state, state)
        Transitions between the states of policy that a segment may be in, as each belief has
        them.
    starts : ndarray of int, shape (known segment,)
        Quarter in which each begins, rising, of the segments in force or known to be coming;
        those after them are not expected.
    told : ndarray of bool, shape (belief,)
        Who knows of the dates; to the others a segment lasts for ever.
    quarter : int
        Now, not before the first segment begins.
    longest : int
        Largest horizon, 0 for hazards alone.

    Returns
    -------
    Calendar
        Regimes are ``segment * states + state``. On the date on which a segment begins policy
        goes over to it, in the state that the transitions of the former segment lead to.
    """
    count, beliefs, states = within.shape[:3]
    horizon = int(np.clip(starts[-1] - quarter, 0, longest))

    def moves(leaving: Floats) -> Floats:
        """Transitions with a chance of leaving each segment for the next, none by default."""
        chain = np.zeros((beliefs, count, states, count, states))
        for segment, chance in enumerate([*leaving, *[0.0] * (count - len(leaving))]):
            believed = np.where(told, chance, 0.0)[:, None, None]
            chain[:, segment, :, segment] = (1 - believed) * within[segment]
            if chance > 0:
                chain[:, segment, :, segment + 1] = believed * within[segment]
        return chain.reshape(beliefs, count * states, count * states)

    near = [moves((starts[1:] == quarter + 1 + ahead) * 1.0) for ahead in range(horizon)]
    # Seen from the horizon: of the segment under way only so much is left.
    left = starts[1:] - np.maximum(starts[:-1], quarter + horizon)
    later = moves(np.where(left > 0, 1 / np.maximum(left, 1), 0.0))
    return Calendar(np.array(near).reshape(horizon, *later.shape), later)


def _look_ahead(
    expected: Calendar, discount: float, delays: Indices, start: int
) -> tuple[Floats, Floats]:
    """Discounted transitions over some delays, rising, as seen from some quarter ahead.

    Returns two arrays of shape (belief, delay, regime, regime): transitions to the quarter in
    which plants open, and the sum of those to the quarters before.
    """
    beliefs, regimes, _ = expected.later.shape
    power = np.broadcast_to(np.eye(regimes), expected.later.shape)
    total = np.zeros(expected.later.shape)
    powers, sums = (np.empty((beliefs, len(delays), regimes, regimes)) for _ in range(2))
    for place, (begin, end) in enumerate(pairwise([0, *delays.tolist()])):
        for quarter in range(begin, end):
            total = total + power
            power = np.matmul(power, discount * expected.at(start + quarter))
        powers[:, place], sums[:, place] = power, total
    return powers, sums


@dataclass(frozen=True)
class DatedValues:
    """What configurations are worth in the coming quarters, under regimes then possible.

    Attributes
    ----------
    path : ndarray, shape (quarter ahead, firm, config, regime)
        Values of today first, of the horizon last; 0 under regimes that nobody thinks possible
        in that quarter.
    worth : ndarray, shape (firm, config from, config to)
        What each choice is worth today, move cost paid and taste left out.
    """

    path: Floats
    worth: Floats

    def take(self, firms: Indices) -> "DatedValues":
        """The same for some firms."""
        return DatedValues(self.path[:, firms], self.worth[firms])


def dated_values(
    problem: LocationProblem, expected: Calendar, later: Floats, regime: int
) -> DatedValues:
    """Values of today, from those at the horizon backwards.

    Parameters
    ----------
    problem : LocationProblem
        Its ``transitions`` are not used.
    expected : Calendar
        Its beliefs are those that ``problem.belief`` counts.
    later : ndarray, shape (firm, config, regime)
        Values under ``expected.later``, from `abm.core.choice.location.solve_values`.
    regime : int
        The one in force.

    Returns
    -------
    DatedValues
        Without a horizon the values are ``later``, and choices are worth what they are under
        ``expected.later``.
    """
    firms, configs, regimes = problem.profit.shape
    path = np.zeros((expected.horizon + 1, firms, configs, regimes))
    path[-1] = later
    worth = np.empty((firms, configs, configs))
    possible = expected.possible(regime)
    for rows in blocks(firms, max(1, BLOCK_ENTRIES // (configs**2 * regimes))):
        block = _Block.of(problem.take(rows), expected)
        values = np.ascontiguousarray(np.moveaxis(path[:, rows], 1, -1))
        for ahead in range(expected.horizon - 1, -1, -1):
            live = possible[ahead]
            worths = block.worths(values, ahead, live)
            best, _ = best_of_choices(worths, problem.noise)
            staying = np.einsum("ccrn->crn", worths)
            values[ahead][:, live] = problem.review * best + (1 - problem.review) * staying
        if not expected.horizon:
            worths = block.worths(values, 0, np.array([regime]))
        path[:, rows] = np.moveaxis(values, -1, 1)
        worth[rows] = worths[:, :, 0].transpose(2, 1, 0)
    return DatedValues(path, worth)


@dataclass(frozen=True)
class _Block:
    """Some firms' choices, as arrays whose last axis is the firm.

    Attributes
    ----------
    profit : ndarray, shape (config, regime, firm)
    cost : ndarray, shape (config to, config from, regime or 1, firm)
        By the regime in which a choice is made; one entry stands for all.
    belief : ndarray of int, shape (firm,)
    builds : ndarray of bool, shape (config to, config from, 1, 1)
        Whether the move adds a plant.
    delays : ndarray of int, shape (delay,)
        Quarters to which choices look, rising.
    which : ndarray of int, shape (config to, config from)
        Which of them each choice looks to.
    discount : float
    expected : Calendar
    """

    profit: Floats
    cost: Floats
    belief: Indices
    builds: NDArray[np.bool_]
    delays: Indices
    which: Indices
    discount: float
    expected: Calendar

    @classmethod
    def of(cls, problem: LocationProblem, expected: Calendar) -> "_Block":
        """The choices of a batch of firms."""
        delay = problem.build_delay.T
        # Without delay the new plants stand next quarter, as with a delay of one.
        delays, which = np.unique(np.maximum(delay, 1), return_inverse=True)
        return cls(
            profit=firms_last(problem.profit),
            cost=problem.cost_by_regime.transpose(2, 1, 3, 0),
            belief=problem.belief,
            builds=(delay > 0)[:, :, None, None],
            delays=delays,
            which=which.reshape(delay.shape),
            discount=problem.discount,
            expected=expected,
        )

    def worths(self, values: Floats, ahead: int, live: Indices) -> Floats:
        """What choices are worth so many quarters ahead.

        Parameters
        ----------
        values : ndarray, shape (quarter ahead, config, regime, firm)
            Known for all quarters after ``ahead``.
        ahead : int
        live : ndarray of int, shape (live regime,)
            Regimes possible then.

        Returns
        -------
        ndarray, shape (config to, config from, live regime, firm)
        """
        to = np.arange(len(self.profit))
        powers, sums = (
            firms_last(moves[:, :, live]).take(self.belief, axis=-1)
            for moves in _look_ahead(self.expected, self.discount, self.delays, ahead)
        )
        opening = np.minimum(ahead + self.delays, self.expected.horizon)
        reached = np.stack(
            [
                (power * values[when][:, None]).sum(axis=2)
                for power, when in zip(powers, opening, strict=True)
            ]
        )
        meanwhile = (sums[:, None] * self.profit[:, None]).sum(axis=3)
        earned = np.where(self.builds, meanwhile[self.which, to], self.profit[:, None, live])
        cost = self.cost if self.cost.shape[2] == 1 else self.cost[:, :, live]
        worths: Floats = earned - cost + reached[self.which, to[:, None]]
        return worths


def dated_projects(
    problem: LocationProblem,
    expected: Calendar,
    values: DatedValues,
    projects: Projects,
    regime: int,
) -> tuple[Floats, Floats, Floats]:
    """What going on with a project and cancelling it are worth, when dates are known.

    Parameters
    ----------
    problem : LocationProblem
        Of the firms that are building, in the order of ``projects``.
    expected : Calendar
    values : DatedValues
        Of the same firms, from `dated_values`.
    projects : Projects
    regime : int
        The regime in force.

    Returns
    -------
    going_on, cancelling, probability : ndarray of float64, shape (firm,)
        As `abm.core.choice.projects.continue_or_cancel` has them.
    """
    firms = np.arange(len(problem.belief))
    quarters, which = np.unique(projects.quarters_left, return_inverse=True)
    powers, sums = _look_ahead(expected, problem.discount, quarters, 0)
    when = (problem.belief, which, regime)
    opening = np.minimum(projects.quarters_left, expected.horizon)
    meanwhile = (sums[when] * problem.profit[firms, projects.config]).sum(axis=1)
    afterwards = (powers[when] * values.path[opening, firms, projects.target]).sum(axis=1)
    going_on = meanwhile + afterwards - projects.remaining_cost
    cancelling = values.path[0, firms, projects.config, regime] - projects.cancellation_cost
    _, probabilities = best_of_choices(np.stack([going_on, cancelling]), problem.noise)
    return going_on, cancelling, probabilities[0]
