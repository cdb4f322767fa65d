"""What labour costs under the rules on pay of every regime."""

import numpy as np

from abm.axes import N_FOOTLOOSE
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array
from abm.policy.regimes import Policy


def labour_cost_index(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Hourly labour cost against the calibration year: the market wage and what law adds.

    Bargaining adds its premium to the wage of the market; the floor then lifts
    sectors whose average pay would be lower. Pay does not vary within a sector and host.

    Parameters
    ----------
    calibration : Calibration
    conditions : Conditions
        Last quarter's, whose wage is that of the market.
    policy : Policy

    Returns
    -------
    ndarray, shape (sector, host, regime)
        All sectors, immobile ones included.
    """
    bargained = conditions.wage[:, None] * (1 + policy.union_premium)
    floor = policy.wage_floor / calibration.hourly_pay[..., None]
    index: Array = np.maximum(bargained, floor)
    return index


def value_added_index(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Labour and capital per unit of output at average productivity, before subsidies.

    Returns
    -------
    ndarray, shape (footloose sector, host, regime)
    """
    labour = calibration.labour_part[..., None]
    index = labour_cost_index(calibration, conditions, policy)[:N_FOOTLOOSE]
    cost: Array = calibration.value_added_cost[..., None] * (labour * index + 1 - labour)
    return cost
