"""Which firms review, what they believe about policy, and how they value sets of plants.

Words such as config, plan, project and gate are defined in ``docs/glossary.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import BELIEFS, N_CONFIGS
from abm.core.choice.beliefs import adaptive_transitions, myopic_transitions
from abm.core.choice.dated_beliefs import Calendar, calendar
from abm.core.opportunities.building import Held
from abm.core.opportunities.waiting import lasting
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.location.evenly import draw_evenly
from abm.location.may_do import DrawnLuck
from abm.location.moving_costs import quarterly_review
from abm.location.valuation import Choices, Weighing, weigh
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable

TOLD = np.array([belief != "myopic" for belief in BELIEFS])
"""Which belief types reckon with dates that are announced."""


def reviewing(table: FirmTable, settings: FirmAssumptions, quarter: int) -> NDArray[np.int64]:
    """Rows of firms that decide something this quarter; empty where relocation is switched off.

    A firm decides when its clock strikes, in every quarter while it holds an opportunity, and
    when a stage of its project ends. A project in its first stage is looked at when the clock
    strikes as well.
    """
    if not settings.relocation:
        return np.empty(0, np.int64)
    building = table.target >= 0
    at_gate = building & (table.quarters_left <= 1)
    strikes = _strikes(table, settings, quarter) & (~building | (table.stage == 0))
    return np.flatnonzero(strikes | at_gate | (table.opportunity >= 0))


def _strikes(table: FirmTable, settings: FirmAssumptions, quarter: int) -> NDArray[np.bool_]:
    """Whose clock strikes: for as many firms each quarter, since the clocks are spread evenly."""
    rate = quarterly_review(settings)
    now = np.floor(table.review_offset + quarter * rate)
    strikes: NDArray[np.bool_] = now > np.floor(table.review_offset + (quarter - 1) * rate)
    return strikes


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
    """What the firms that decide this quarter weigh, and what they decide.

    Attributes
    ----------
    rows : ndarray of int, shape (firm,)
        Those whose clock strikes, who hold an opportunity, or whose project ends a stage.
    weighed : Weighing
    luck : DrawnLuck
    goes_on : ndarray of bool, shape (firm,)
        For firms with a project: whether it continues.
    owed : ndarray, shape (sector, group, 2)
        Moves expected until now that were not drawn, of `abm.location.evenly`.
    """

    rows: NDArray[np.int64]
    weighed: Weighing
    luck: DrawnLuck
    goes_on: NDArray[np.bool_]
    owed: Array


def value_plans(
    choices: Choices, values: Array, owed: Array, quarter: int, draws: Draws
) -> ValuedPlans:
    """Value sets of plants, opportunities and projects for the firms that decide; and decide.

    Parameters
    ----------
    choices : Choices
    values : ndarray, shape (all firms, config, regime)
        Starting points of the solver; rows of the firms that decide are overwritten with the
        solution for the time after all dates.
    owed : ndarray, shape (sector, group, 2)
        Moves expected before this quarter that were not drawn.
    quarter : int
    draws : Draws

    Returns
    -------
    ValuedPlans
    """
    table, rows = choices.table, choices.rows
    luck = _luck(table, choices.moving.settings, rows, quarter, draws)
    weighed = weigh(choices, values[rows], luck)
    values[rows] = weighed.later
    drawn = draw_evenly(choices, weighed, luck, owed, quarter, draws)
    weighed = drawn.weighed
    # The luck that spoke for the project when it was begun counts again, since the reasons for
    # it that the model does not know have not gone away.
    goes_on = weighed.going_on + table.project_luck[rows] >= weighed.cancelling
    return ValuedPlans(rows, weighed, drawn.luck, goes_on, drawn.owed)


def _luck(
    table: FirmTable,
    settings: FirmAssumptions,
    rows: NDArray[np.int64],
    quarter: int,
    draws: Draws,
) -> DrawnLuck:
    firms = len(rows)
    free = table.target[rows] < 0
    passes = draws.uniform("opportunity passes", quarter, firms, ids=rows)
    held = Held(table.opportunity[rows].astype(np.int64), table.opportunity_luck[rows])
    return DrawnLuck(
        strikes=free & _strikes(table, settings, quarter)[rows],
        held=held.only(free & (passes < lasting(settings.opportunity_quarters))),
        building=draws.gumbel("opportunity", quarter, (firms, N_CONFIGS + 1), ids=rows),
        keeping=draws.gumbel("review", quarter, (firms, N_CONFIGS), ids=rows),
    )
