"""What labour costs under the rules on pay of every regime."""

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array
from abm.policy.regimes import Policy


def labour_cost_index(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Hourly labour cost against the calibration year, in the money of the host.

    It is the wage of the market and what law adds: bargaining adds its premium, the floor then
    lifts sectors whose average pay would be lower. Pay does not vary within a sector and host.

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
    market = conditions.wage[:, None] * policy.wage_shock
    bargained = market * (1 + policy.union_premium)
    floor = policy.wage_floor / calibration.hourly_pay[..., None]
    index: Array = np.maximum(bargained, floor)
    return index


def value_added_index(calibration: Calibration, conditions: Conditions, policy: Policy) -> Array:
    """Labour and capital per unit of output at average productivity, before subsidies, in USD.

    Returns
    -------
    ndarray, shape (footloose sector, host, regime)
    """
    labour = calibration.labour_part[..., None]
    index = labour_cost_index(calibration, conditions, policy)[:N_FOOTLOOSE]
    cost: Array = calibration.value_added_cost[..., None] * (labour * index + 1 - labour)
    cost *= exchange_rates(conditions, policy)[:N_HOSTS]
    return cost


def exchange_rates(conditions: Conditions, policy: Policy) -> Array:
    """Real exchange rates, and what shocks make of them, against the calibration year.

    Returns
    -------
    ndarray, shape (region, regime)
    """
    rates: Array = conditions.exchange[:, None] * policy.exchange_shock
    return rates
