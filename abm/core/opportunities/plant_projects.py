"""What finishing a project is worth, and giving it up, while plants may die.

Until a project is completed the plants that serve may die, and it leads to what is then left of
those to be kept and the new ones. Without attrition this is
`abm.core.choice.projects.continue_or_cancel`, or under dates
`abm.core.choice.dated_beliefs.dated_projects`.
"""

import numpy as np

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import Foresight, PlantProblem, discounted_moves, spans
from abm.core.choice.projects import Projects
from abm.core.inputs.content_rules import Floats


def going_on_or_back(
    problem: PlantProblem, expected: Calendar, path: Floats, projects: Projects, regime: int
) -> tuple[Floats, Floats]:
    """Value of going on with projects, and of cancelling them.

    Parameters
    ----------
    problem : PlantProblem
        Of the firms that are building, in the order of ``projects``.
    expected : Calendar
    path : ndarray, shape (quarter ahead, firm, config, regime)
        Of the same firms, of `abm.core.choice.dated_plants.dated_moves`; without a horizon the
        values of `abm.core.choice.plant_values.keeping_values` alone.
    projects : Projects
    regime : int
        The one in force.

    Returns
    -------
    going_on, cancelling : ndarray of float64, shape (firm,)
        Present values in the units of ``profit``. Going on is valued as if the project were then
        completed; luck with it is left out.
    """
    longest = max(1, int(projects.quarters_left.max(initial=0)))
    powers = discounted_moves(expected, problem.location.discount, 0, longest)
    going_on = -projects.remaining_cost.astype(np.float64)
    for rows, foresight in problem.outlooks(None, powers, projects.config):
        some = projects.take(rows)
        opening = np.minimum(some.quarters_left, expected.horizon)
        then = path[opening, rows]
        going_on[rows] += _completed(foresight, then, some, regime)
    firms = np.arange(len(going_on))
    cancelling = path[0, firms, projects.config, regime] - projects.cancellation_cost
    return going_on, cancelling


def _completed(foresight: Foresight, then: Floats, projects: Projects, regime: int) -> Floats:
    """What a block's projects earn and lead to, the firms in the order of their sets.

    ``then`` has shape (firm, config, regime): values of the quarter in which each is completed.
    """
    worth = np.empty(len(then))
    for config, span in spans(projects.config):
        some = projects.take(span)
        left, each = some.quarters_left, np.arange(len(some.config))
        longest = int(left.max())
        incomes = foresight.incomes(config, longest, span)
        earned = np.zeros((longest + 1, len(each)))
        moves = foresight.powers[:longest, regime]
        np.cumsum(np.einsum("ts,tsn->tn", moves, incomes), axis=0, out=earned[1:])
        worth[span] = earned[left, each]
        chances = foresight.decay.path(config, longest, span)
        for part, chance in zip(
            foresight.decay.parts.left[config], chances[left, :, each].T, strict=True
        ):
            reached = foresight.sets.becomes[config, some.target, part]
            value = (foresight.powers[left, regime] * then[span][each, reached]).sum(axis=1)
            worth[span] += chance * value
    return worth
