"""Which firms review, what they believe about policy, and how they value sets of plants.

Words such as config, plan, project and gate are defined in ``docs/glossary.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import BELIEFS, N_CONFIGS
from abm.core.choice.beliefs import adaptive_transitions, myopic_transitions
from abm.core.choice.dated_beliefs import Calendar, calendar
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.moving_costs import MovingCosts, quarterly_review
from abm.location.valuation import choices, gates_of, weigh
from abm.policy.regimes import Policy
from abm.scenario.assumptions import FirmAssumptions
from agents import FirmTable

TOLD = np.array([belief != "myopic" for belief in BELIEFS])
"""Which belief types reckon with dates that are announced."""


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


def believed(
    policy: Policy, quarter: int, counts: Array, prior_quarters: float, hazard: float = 1.0
) -> Calendar:
    """How each belief type expects policy to change.

    Who looks ahead and who learns is told the dates on which segments of policy begin, and
    believes them; only what has no date is a matter of chance, and of evidence. A change that
    cannot come any more, since a threat is withdrawn say, is not expected though it was seen.

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

    Returns
    -------
    Calendar
    """
    announced = policy.chains_within(quarter, hazard)
    segments, states, _ = announced.shape
    seen = counts.reshape(segments, states, segments, states)
    within = [
        (
            myopic_transitions(states),
            adaptive_transitions(chain, prior_quarters, seen[n, :, n] * (chain > 0)),
            chain,
        )
        for n, chain in enumerate(announced)
    ]
    return calendar(np.array(within), policy.known_starts(quarter), TOLD, quarter)


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
    expected: Calendar,
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
    expected : Calendar
        How each belief type expects policy to change.
    values : ndarray, shape (all firms, config, regime)
        Starting points of the solver; rows ``rows`` are overwritten with the solution for the
        time after all dates.
    rows : ndarray of int, shape (firm,)
    regime, quarter : int
    draws : Draws

    Returns
    -------
    ValuedPlans
    """
    problem = choices(table, moving, payoff, expected, rows)
    gates = gates_of(table, moving, rows)
    weighed = weigh(problem, gates, expected, values[rows], table.config[rows], regime)
    values[rows] = weighed.later
    noise = draws.gumbel("review", quarter, (len(rows), N_CONFIGS), ids=rows)
    taste = moving.settings.choice_noise * noise
    goes_on = np.zeros(len(rows), np.bool_)
    # The taste shock that favoured the project when it was chosen counts again, since
    # the reasons for it that the model does not know have not gone away.
    favour = table.project_taste[rows[gates.places]]
    goes_on[gates.places] = weighed.going_on + favour >= weighed.cancelling
    return ValuedPlans(rows, weighed.worth + taste, taste, goes_on)
