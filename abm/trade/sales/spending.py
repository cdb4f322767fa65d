"""What is spent on inputs by users that are not modelled firms, and by consumers."""

import numpy as np

from abm.core.demand.markets import hat_shares
from abm.core.inputs.content_rules import Floats
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy


def other_users_purchases(calibration: Calibration, paid: Array, on_top: Array) -> Array:
    """Inputs bought by immobile sectors and by industry abroad, which spend a fixed amount.

    Parameters
    ----------
    calibration : Calibration
    paid : ndarray, shape (input, source, market)
        What they pay to each source, to any scale.
    on_top : ndarray, same shape
        What buyers pay over the basic price, as a factor.

    Returns
    -------
    ndarray, shape (input, source, market)
        At basic prices.
    """
    total = calibration.other_use * calibration.base_on_top
    whole = paid.sum(axis=1, keepdims=True)
    share = np.divide(paid, whole, out=np.zeros_like(paid), where=whole > 0)
    basic: Array = total.sum(axis=1, keepdims=True) * share / on_top
    return basic


def repriced_spending(economy: Economy, spending: Array, relative: Array) -> Floats:
    """Return spending on inputs once prices have changed, its total over sources unchanged.

    Parameters
    ----------
    economy : Economy
    spending : ndarray, shape (input, source, market)
        At purchasers' prices, before the change.
    relative : ndarray, shape (input, source, market, regime)
        Delivered price against the one before.

    Returns
    -------
    ndarray, shape (input, source, market, regime)
    """
    split = hat_shares(
        np.moveaxis(np.broadcast_to(spending[..., None], relative.shape), 1, -1),
        np.moveaxis(relative, 1, -1),
        economy.theta[:, None, None, None],
    )
    repriced: Floats = np.moveaxis(split, -1, 1)
    return repriced


def consumers_spending(economy: Economy, calibration: Calibration, gain: Array) -> Array:
    """Return what consumers spend if the treasury pays its gain out to them.

    Parameters
    ----------
    economy : Economy
    calibration : Calibration
    gain : ndarray, shape (market,)
        Paid out in the quarter, million USD.

    Returns
    -------
    ndarray, shape (sector, market)
        Each sector gets its share of the calibration year.
    """
    if not gain.any():
        return calibration.expenditure
    paid = np.moveaxis(economy.final_demand, 0, 1) * (1 + economy.trade_margin)
    consumption = paid.sum(axis=(0, 1)) / 4
    spending: Array = calibration.expenditure * (1 + gain / consumption)
    return spending
