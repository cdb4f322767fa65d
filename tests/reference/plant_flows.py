"""Where firms are expected to go from every set of plants, decisions and deaths together."""

import numpy as np

from abm.core.choice.attrition import attrition
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.plant_values import moves_from
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.building import Building, Held, expected_moves
from abm.core.opportunities.waiting import Waiting


def expected_decisions(
    problem: PlantProblem, values: Floats, stay: float, hazard: float, regime: int
) -> Floats:
    """Probability that firms without an opportunity decide a quarter on each set, from every set.

    Parameters
    ----------
    problem : PlantProblem
        Of no more firms than the answer has room for.
    values : ndarray, shape (firm, config, regime)
        From `abm.core.choice.plant_values.keeping_values`.
    stay : float
        From `abm.core.opportunities.waiting.lasting`.
    hazard : float
        Probability per quarter of coming upon an opportunity.
    regime : int
        The one in force.

    Returns
    -------
    ndarray, shape (firm, config from, config to)
        Sums to one over ``config to``.
    """
    location = problem.location
    firms, configs, _ = values.shape
    decisions = np.empty((firms, configs, configs))
    steady = Calendar.steady(location.transitions)
    for standing in range(configs):
        config = np.full(firms, standing)
        moves = moves_from(problem, values, config)
        remains = moves.remains(config, location.review)
        waiting = Waiting(steady, location.belief, location.discount, stay, remains)
        building = Building.weighed(moves.gain, waiting, regime, location.noise)
        decisions[:, standing] = expected_moves(
            building.expected(Held.none(firms), hazard),
            moves.keeping[..., regime],
            location.review,
            config,
        )
    return decisions


def expected_flows(problem: PlantProblem, decisions: Floats) -> Floats:
    """Probability of standing in each set a quarter later, if decisions are carried out at once.

    At rest, under one regime for ever, nobody holds an opportunity, and
    `abm.core.choice.long_run.stationary_distribution` of these flows says where firms are. That
    building takes time changes how long a firm is on its way, not where it is going.

    Parameters
    ----------
    problem : PlantProblem
    decisions : ndarray, shape (firm, config from, config to)
        From `expected_decisions`.

    Returns
    -------
    ndarray, shape (firm, config from, config to)
        Sums to one over ``config to``.
    """
    if problem.deaths is None or problem.home is None:
        return decisions
    left = attrition(problem.deaths, problem.home, problem.sets)
    flows: Floats = decisions @ np.moveaxis(left, -1, 0)
    return flows
