"""What plants and opportunities are worth to a firm that knows on which date policy will change.

Up to the horizon of a `abm.core.choice.dated_beliefs.Calendar` transitions differ from quarter to
quarter, so values follow backwards from those after it, each by one step of the equation of
`abm.core.choice.plant_values` with the transitions then expected. With payoffs as they are today
and ``L`` quarters until a move is completed,

    Q[k](c, c', r) = sum_{t<L} (what is left of c after t quarters earns, in expectation)
                     - F(c, c', r) + (what the move then leads to is worth, V[k + L]),

and what is gained by building, ``Q[k](c, c') - V[k](c)``, is known for every quarter up to the
horizon, which is all that `abm.core.opportunities.waiting` asks for.
"""

from dataclasses import dataclass

import numpy as np

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import Foresight, PlantProblem, WorthOfMoves, discounted_moves
from abm.core.choice.location import best_of_choices, firms_last
from abm.core.choice.plant_values import MoveValues
from abm.core.choice.sets import Indices
from abm.core.inputs.content_rules import Floats


@dataclass(frozen=True)
class DatedMoves:
    """What some firms may do where they stand, in every quarter up to the horizon.

    Attributes
    ----------
    path : ndarray, shape (quarter ahead, firm, config, regime)
        Values of sets, this quarter first, the horizon last.
    moves : tuple of MoveValues
        By quarter ahead, the horizon last.
    """

    path: Floats
    moves: tuple[MoveValues, ...]

    @property
    def gain(self) -> Floats:
        """As `abm.core.opportunities.waiting.cutoffs` asks for it, by quarter ahead.

        Shape (quarter ahead, firm, config to, regime).
        """
        return np.array([moves.gain for moves in self.moves])

    def remains(self, config: Indices, review: float) -> Floats:
        """As `abm.core.opportunities.waiting` asks for it, (quarter ahead, firm, regime)."""
        return np.array([moves.remains(config, review) for moves in self.moves])


def dated_moves(
    problem: PlantProblem, expected: Calendar, later: Floats, config: Indices, regime: int
) -> DatedMoves:
    """What firms that know of dates may do in the sets where they stand.

    Parameters
    ----------
    problem : PlantProblem
        Its ``transitions`` are not used. Of no more firms than the answer has room for: an
        array of ``path`` for each quarter, set and regime.
    expected : Calendar
        Its beliefs are those that ``problem.location.belief`` counts.
    later : ndarray, shape (firm, config, regime)
        From `abm.core.choice.plant_values.keeping_values` under ``expected.later``.
    config : ndarray of int, shape (firm,)
        Where each firm stands.
    regime : int
        The one in force.

    Returns
    -------
    DatedMoves
        Of no meaning under regimes that nobody thinks possible in a quarter.
    """
    firms, configs, regimes = later.shape
    quarters = expected.horizon + 1
    path = np.empty((quarters, firms, configs, regimes))
    path[-1] = later
    worth = np.empty((quarters, firms, configs, regimes))
    stands = np.ones(firms)
    powers = _powers(problem, expected, regime)
    delays = len(np.unique(problem.location.build_delay))
    entries = quarters * delays * configs * regimes
    for rows, foresight in problem.outlooks(entries, powers, config):
        backwards = _Backwards(foresight, problem.location.review, problem.keep_noise)
        values = firms_last(path[:, rows].swapaxes(0, 1))
        worth[:, rows] = np.moveaxis(backwards.solve(values, config[rows]), -1, 1)
        path[:, rows] = np.moveaxis(values, -1, 1)
        stands[rows] = foresight.decay.stands[config[rows], np.arange(len(rows))]
    each = tuple(
        MoveValues.weighed(problem, here, now[np.arange(firms), config], config, stands)
        for here, now in zip(worth, path, strict=True)
    )
    return DatedMoves(path, each)


def _powers(problem: PlantProblem, expected: Calendar, regime: int) -> Floats:
    """Discounted transitions as seen from every quarter up to the horizon.

    Shape (quarter, quarters ahead, belief, regime, regime); 0 from regimes that nobody thinks
    possible in the quarter, so that no time is spent on them.
    """
    location = problem.location
    longest = max(1, int(location.build_delay.max()))
    powers = np.array(
        [
            discounted_moves(expected, location.discount, start, longest)
            for start in range(expected.horizon + 1)
        ]
    )
    for seen, possible in zip(powers, expected.possible(regime)[: expected.horizon], strict=False):
        impossible = np.setdiff1d(np.arange(seen.shape[-1]), possible)
        seen[..., impossible, :] = 0.0
    return powers


@dataclass(frozen=True, eq=False)
class _Backwards:
    """A block of firms from the horizon to today.

    Attributes
    ----------
    foresight : Foresight
        As seen from every quarter up to the horizon.
    review, keep_noise : float
    """

    foresight: Foresight
    review: float
    keep_noise: float

    def solve(self, values: Floats, config: Indices) -> Floats:
        """Fill values before the horizon; the worth of moves from where firms stand.

        ``values`` has shape (quarter ahead, config, regime, firm), as the answer has with the
        set that a move leads to. ``config`` is rising.
        """
        foresight, horizon = self.foresight, len(values) - 1
        prospects = WorthOfMoves(foresight, foresight.delay)
        layers = foresight.sets.layers
        closings = {layer: foresight.sets.closings(layer) for layer in layers}
        closes = prospects.moves(tuple(move for moves in closings.values() for move in moves))
        reached = np.empty((len(values), len(prospects.delays), *values.shape[1:]))
        for ahead in range(horizon, -1, -1):
            standing = foresight.decay.expected(values[min(ahead + 1, horizon)])
            opening = [values[min(ahead + delay, horizon)] for delay in prospects.delays[1:]]
            reached[ahead] = prospects.reached(foresight.powers[ahead], standing, opening)
            if ahead < horizon:
                stays = foresight.profit + reached[ahead, 0]
                closed = closes.worth(reached[ahead], ahead)
                begin = 0
                for layer, moves in closings.items():
                    worth = closed[begin : begin + len(moves)]
                    values[ahead, list(layer)] = self._value(stays[list(layer)], worth)
                    begin += len(moves)
        return prospects.worth_to(config, reached)

    def _value(self, stays: Floats, closed: Floats) -> Floats:
        """Value of sets of a layer before the quarter's review, shape (set, regime, firm).

        ``closed``, of shape (closing, regime, firm), is the worth of closings as
        `abm.core.choice.sets.Sets.closings` has them.
        """
        worths = np.concatenate([closed.reshape(-1, *stays.shape), stays[None]])
        best, _ = best_of_choices(worths, self.keep_noise)
        value: Floats = self.review * best + (1 - self.review) * stays
        return value
