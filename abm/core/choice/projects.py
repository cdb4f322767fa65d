"""Projects under way: what finishing them is worth, and whether firms go on or cancel at a gate."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from abm.core.choice.location import Indices, LocationProblem, best_of_choices, discounted_powers
from abm.core.inputs.content_rules import Floats


@dataclass(frozen=True)
class Projects:
    """Plants decided on and not yet open, one row per firm that is building.

    Attributes
    ----------
    config, target : ndarray of int, shape (firm,)
        Configuration that produces until the project opens, and the one after.
    quarters_left : ndarray of int, shape (firm,)
        Quarters until the target opens.
    remaining_cost : ndarray, shape (firm,)
        Present value of what is still to be paid when going on.
    cancellation_cost : ndarray, shape (firm,)
        What stopping now costs, beyond what is already sunk.
    """

    config: Indices
    target: Indices
    quarters_left: Indices
    remaining_cost: Floats
    cancellation_cost: Floats

    def take(self, projects: Indices | slice) -> Self:
        """Some of them."""
        return replace(self, **{name: array[projects] for name, array in vars(self).items()})


def continue_or_cancel(
    problem: LocationProblem, values: Floats, projects: Projects, regime: int
) -> tuple[Floats, Floats, Floats]:
    """Value of continuing a project, value of cancelling it, and the chance of continuing.

    Parameters
    ----------
    problem : LocationProblem
        Of the firms that are building, in the order of ``projects``.
    values : ndarray, shape (firm, config, regime)
        As `solve_values` gives them.
    projects : Projects
    regime : int
        The regime in force.

    Returns
    -------
    going_on, cancelling, probability : ndarray of float64, shape (firm,)
        Two present values in the units of ``profit``, and the probability of going on.

    Notes
    -----
    Continuing is valued as if the project were then completed: the option to cancel it
    at a later stage is left out.
    """
    firms = np.arange(len(values))
    powers, sums = discounted_powers(
        problem.transitions, problem.discount, int(projects.quarters_left.max(initial=0))
    )
    when = (projects.quarters_left, problem.belief, regime)
    meanwhile = (sums[when] * problem.profit[firms, projects.config]).sum(axis=1)
    afterwards = (powers[when] * values[firms, projects.target]).sum(axis=1)
    going_on = meanwhile + afterwards - projects.remaining_cost
    cancelling = values[firms, projects.config, regime] - projects.cancellation_cost
    _, probabilities = best_of_choices(np.stack([going_on, cancelling]), problem.noise)
    return going_on, cancelling, probabilities[0]
