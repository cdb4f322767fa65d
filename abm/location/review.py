"""Which firms review, what they believe about policy, and how they value sets of plants.

Words such as config, plan, project and gate are defined in ``docs/glossary.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS
from abm.core.beliefs import adaptive_transitions, myopic_transitions
from abm.core.location import continue_or_cancel
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.moving_costs import MovingCosts, quarterly_review
from abm.location.valuation import projects_at_gates, weigh
from abm.policy.regimes import Policy
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable


def reviewing(table: FirmTable, settings: FirmAssumptions, quarter: int) -> NDArray[np.int64]:
    """Rows of firms whose review is due this quarter or whose project ends a stage in it.

    Empty where relocation is switched off.
    """
    if not settings.relocation:
        return np.empty(0, np.int64)
    rate = quarterly_review(settings)
    now = np.floor(table.review_offset + quarter * rate)
    before = np.floor(table.review_offset + (quarter - 1) * rate)
    at_gate = (table.target >= 0) & (table.quarters_left <= 1)
    due = (now > before) & (table.target < 0)
    return np.flatnonzero(due | at_gate)


def believed_transitions(
    policy: Policy, quarter: int, counts: Array, prior_quarters: float, hazard: float = 1.0
) -> Array:
    """How each belief type expects policy to change, shape (belief, regime, regime).

    Parameters
    ----------
    policy : Policy
    quarter : int
        The current one; only what is announced by then is known.
    counts : ndarray, shape (regime, regime)
        Changes seen so far.
    prior_quarters : float
        Weight of the announced chain in adaptive beliefs.
    hazard : float
        Factor on the arrival of the threat, as governments now stand.
    """
    announced = policy.forward_transitions(quarter, hazard)
    return np.stack(
        [
            myopic_transitions(len(announced)),
            adaptive_transitions(announced, prior_quarters, counts),
            announced,
        ]
    )


@dataclass(frozen=True)
class ValuedPlans:
    """How the firms that review this quarter value every set of plants.

    Attributes
    ----------
    rows : ndarray of int, shape (firm,)
    worth : ndarray, shape (firm, config)
        Present value of choosing each set of plants now, share of quarterly sales.
    taste : ndarray, shape (firm, config)
        The part of ``worth`` that is this review's random taste shock.
    goes_on : ndarray of bool, shape (firm,)
        For firms that are building: whether the project continues.
    """

    rows: NDArray[np.int64]
    worth: Array
    taste: Array
    goes_on: NDArray[np.bool_]


def value_plans(
    table: FirmTable,
    moving: MovingCosts,
    payoff: Array,
    transitions: Array,
    values: Array,
    rows: NDArray[np.int64],
    regime: int,
    quarter: int,
    draws: Draws,
) -> ValuedPlans:
    """Value every set of plants for the firms that review, random taste included.

    Parameters
    ----------
    table : FirmTable
    moving : MovingCosts
    payoff : ndarray, shape (firm, config, regime)
    transitions : ndarray, shape (belief, regime, regime)
    values : ndarray, shape (all firms, config, regime)
        Starting points of the solver; rows ``rows`` are overwritten with the solution.
    rows : ndarray of int, shape (firm,)
    regime, quarter : int
    draws : Draws

    Returns
    -------
    ValuedPlans
    """
    weighed = weigh(table, moving, payoff, transitions, values[rows], rows, regime)
    values[rows] = weighed.values
    noise = draws.gumbel("review", quarter, (len(rows), N_CONFIGS), ids=rows)
    taste = moving.settings.choice_noise * noise
    building = table.target[rows] >= 0
    goes_on = np.zeros(len(rows), np.bool_)
    if building.any():
        some = rows[building]
        on, off, _ = continue_or_cancel(
            weighed.problem.take(building),
            weighed.values[building],
            projects_at_gates(table, moving, some),
            regime,
        )
        # The taste shock that favoured the project when it was chosen counts again, since
        # the reasons for it that the model does not know have not gone away.
        goes_on[building] = on + table.project_taste[some] >= off
    return ValuedPlans(rows, weighed.worth + taste, taste, goes_on)
