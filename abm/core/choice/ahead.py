"""What firms look ahead to where they stand, whether or not they know of a date."""

from dataclasses import dataclass

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.dated_plants import dated_moves
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import MoveValues, moves_from
from abm.core.inputs.content_rules import Floats


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
