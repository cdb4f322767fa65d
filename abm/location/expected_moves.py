"""What firms are expected to decide in a quarter, beside what they are drawn to decide.

Whose clock strikes is given, since clocks are spread evenly, and so is what firms hold; luck with
new opportunities and at reviews is averaged over. So expected values carry little of the noise
that decisions of few modelled firms have, and differ between scenarios where policy makes them.
"""

from dataclasses import dataclass

import numpy as np

from abm.axes import HAS_PLANT, N_FOOTLOOSE, N_HOMES, NO_PLANT, QUARTERS_A_YEAR
from abm.economy.tables import Array
from abm.location.moving_costs import CLOSED, OPENED, dying, may_die
from abm.location.review import ValuedPlans
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable


@dataclass(frozen=True)
class ExpectedMoves:
    """Decisions and deaths expected in a quarter, in numbers of real firms and plants.

    All are decisions: plants open once they are built, and close when their models have gone.

    Attributes
    ----------
    opening, closing : ndarray, shape (sector, home, host)
        New plants decided on, and plants that it is decided to close.
    dying : ndarray, shape (sector, home, host)
        Plants that die whatever their owners would like.
    founding, moving : ndarray, shape (sector, home, host)
        Those of ``opening`` that are built by a firm without a plant here, and by one which
        closes another plant for it.
    ending : ndarray, shape (sector, home, host)
        Those of ``closing`` that leave their firm without a plant here.
    investing : ndarray, shape (sector, home, host)
        What the new plants decided on will cost to build, million USD.
    entering, leaving : ndarray, shape (sector, home)
        Firms without a plant here that decide to have one; firms that decide to have none.
    """

    opening: Array
    closing: Array
    dying: Array
    founding: Array
    moving: Array
    ending: Array
    investing: Array
    entering: Array
    leaving: Array


def expected_moves(
    table: FirmTable, settings: FirmAssumptions, plans: ValuedPlans
) -> ExpectedMoves:
    """Decisions and deaths that are expected, as of before firms move.

    Parameters
    ----------
    table : FirmTable
    settings : FirmAssumptions
    plans : ValuedPlans

    Returns
    -------
    ExpectedMoves
    """
    rows, weight = plans.rows, table.weight[plans.rows]
    config = table.config[rows].astype(np.int64)
    chance = weight[:, None] * plans.weighed.expected
    opened, closed = OPENED[config], CLOSED[config]  # (firm, config to, host)
    new = chance[..., None] * opened
    swaps = closed.any(axis=2)[..., None]
    a_plant = QUARTERS_A_YEAR * settings.build_cost * table.base_revenue[rows, None, None]
    chances = dying(table, settings) if settings.relocation else np.zeros(len(table))
    mortal = (table.weight * chances)[:, None] * may_die(table, table.plants)
    none = ~HAS_PLANT.any(axis=1)[config]
    enters = (chance.sum(axis=1) - chance[:, NO_PLANT]) * none
    leaves = chance[:, NO_PLANT] * ~none
    return ExpectedMoves(
        opening=_by_owner(table, rows, new.sum(axis=1)),
        closing=_by_owner(table, rows, np.einsum("nc,nch->nh", chance, closed)),
        dying=_by_owner(table, np.arange(len(table)), mortal),
        founding=_by_owner(table, rows, new.sum(axis=1) * none[:, None]),
        moving=_by_owner(table, rows, (new * swaps).sum(axis=1)),
        ending=_by_owner(table, rows, leaves[:, None] * closed[:, NO_PLANT]),
        investing=_by_owner(
            table, rows, (new * a_plant * table.base_plant_sales[rows]).sum(axis=1)
        ),
        entering=_by_owner(table, rows, enters[:, None])[..., 0],
        leaving=_by_owner(table, rows, leaves[:, None])[..., 0],
    )


def _by_owner(table: FirmTable, rows: np.ndarray, amount: Array) -> Array:
    """Sums by sector and home of amounts of some firms, shape (sector, home, ...)."""
    cell = table.sector[rows].astype(np.int64) * N_HOMES + table.home[rows]
    sums = [np.bincount(cell, column, N_FOOTLOOSE * N_HOMES) for column in amount.T]
    return np.stack(sums, axis=1).reshape(N_FOOTLOOSE, N_HOMES, len(sums))
