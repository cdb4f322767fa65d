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
from itertools import pairwise

import numpy as np

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import Foresight, PlantProblem, WorthOfMoves, discounted_moves
from abm.core.choice.location import best_of_choices, firms_last
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import MoveValues, moves_from
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
    for rows, foresight in problem.outlooks(quarters * configs * regimes, powers, config):
        backwards = _Backwards(foresight, problem.location.review, problem.keep_noise)
        values = firms_last(path[:, rows].swapaxes(0, 1))
        worth[:, rows] = backwards.solve(values, config[rows]).transpose(1, 3, 0, 2)
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
    longest = max(1, int(problem.delays.max()))
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

        ``values`` has shape (quarter ahead, config, regime, firm), the answer (config to, quarter
        ahead, regime, firm). ``config`` is rising.
        """
        foresight, horizon = self.foresight, len(values) - 1
        prospects = WorthOfMoves(foresight, foresight.delay)
        keeping = [foresight.sets.keeping(layer) for layer in foresight.sets.layers]
        keeps = prospects.moves(tuple(move for moves in keeping for move in moves))
        ends = np.cumsum([0, *map(len, keeping)]).tolist()
        reached = np.empty((len(prospects.delays), *values.swapaxes(0, 1).shape))
        for ahead in range(horizon, -1, -1):
            standing = foresight.decay.expected(values[min(ahead + 1, horizon)])
            opening = [values[min(ahead + delay, horizon)] for delay in prospects.delays[1:]]
            now = prospects.reached(foresight.powers[ahead], standing, opening)
            reached[:, :, ahead] = now
            if ahead < horizon:
                worth = keeps.seen_from(ahead).worth(now)
                for layer, (start, end) in zip(foresight.sets.layers, pairwise(ends), strict=True):
                    by_part = worth[start:end].reshape(-1, len(layer), *worth.shape[1:])
                    values[ahead, list(layer)] = self._value(by_part)
        return prospects.worth_to(config, reached)

    def _value(self, worth: Floats) -> Floats:
        """Value of sets before the quarter's review, shape (set, regime, firm).

        ``worth``, of shape (part, set, regime, firm), is that of keeping parts, all of it last.
        """
        best, _ = best_of_choices(worth, self.keep_noise)
        value: Floats = self.review * best + (1 - self.review) * worth[-1]
        return value


@dataclass(frozen=True)
class Ahead:
    """What some firms look ahead to.

    Attributes
    ----------
    expected : Calendar
    path : ndarray, shape (quarter ahead, firm, config, regime)
        Values of sets, the horizon last.
    today : MoveValues
    gain : ndarray
    remains : ndarray
        As `abm.core.opportunities.waiting` asks for them.
    """

    expected: Calendar
    path: Floats
    today: MoveValues
    gain: Floats
    remains: Floats


def look_ahead(
    problem: PlantProblem, expected: Calendar, later: Floats, config: Indices, regime: int
) -> Ahead:
    """What some firms look ahead to.

    Parameters
    ----------
    problem : PlantProblem
        Of no more firms than the answer has room for.
    expected : Calendar
        Its beliefs are those that ``problem.location.belief`` counts. Without a horizon all
        quarters are alike.
    later : ndarray, shape (firm, config, regime)
        From `abm.core.choice.plant_values.keeping_values` under ``expected.later``.
    config : ndarray of int, shape (firm,)
        Where each firm stands.
    regime : int
        The one in force.

    Returns
    -------
    Ahead
        Of no meaning under regimes that nobody thinks possible in a quarter.
    """
    review = problem.location.review
    if expected.horizon:
        found = dated_moves(problem, expected, later, config, regime)
        remains = found.remains(config, review)
        return Ahead(expected, found.path, found.moves[0], found.gain, remains)
    moves = moves_from(problem, later, config)
    return Ahead(expected, later[None], moves, moves.gain, moves.remains(config, review))
