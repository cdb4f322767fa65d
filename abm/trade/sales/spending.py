"""What is spent on inputs by users that are not modelled firms, and by consumers."""

from dataclasses import dataclass

import numpy as np

from abm.axes import N_FOOTLOOSE
from abm.core.demand.markets import hat_shares
from abm.core.inputs.content_rules import Floats
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy


def other_users_purchases(
    calibration: Calibration, paid: Array, on_top: Array, exchange: Array
) -> Array:
    """Inputs bought by immobile sectors and by industry abroad, which spend a fixed amount.

    It is fixed in the money of their country.

    Parameters
    ----------
    calibration : Calibration
    paid : ndarray, shape (input, source, market)
        What they pay to each source, to any scale.
    on_top : ndarray, same shape
        What buyers pay over the basic price, as a factor.
    exchange : ndarray, shape (market,)
        Real exchange rates against the calibration year.

    Returns
    -------
    ndarray, shape (input, source, market)
        At basic prices.
    """
    total = calibration.other_use * calibration.base_on_top
    whole = paid.sum(axis=1, keepdims=True)
    share = np.divide(paid, whole, out=np.zeros_like(paid), where=whole > 0)
    basic: Array = total.sum(axis=1, keepdims=True) * share / on_top
    basic *= exchange
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


@dataclass(frozen=True)
class Income:
    """What households of every region have to spend in a quarter.

    Attributes
    ----------
    exchange : ndarray, shape (region,)
        Real exchange rate, calibration year = 1: what they earn is in their country's money.
    transfer : ndarray, shape (region,)
        What their treasury pays out to them, million USD; below zero where they pay for it.
    demand : ndarray, shape (footloose sector, region)
        What a shock makes of spending on a sector's goods, calibration year = 1.
    """

    exchange: Array
    transfer: Array
    demand: Array

    def index(self, consumption: Array) -> Array:
        """Income in USD against the calibration year, shape (region,).

        Parameters
        ----------
        consumption : ndarray, shape (region,)
            From `base_consumption`.
        """
        gain = np.divide(
            self.transfer, consumption, out=np.zeros_like(consumption), where=consumption > 0
        )
        index: Array = self.exchange + gain
        return index


def base_consumption(economy: Economy, calibration: Calibration) -> Array:
    """What consumers of the calibration year spend on everything a quarter, duties included.

    Returns
    -------
    ndarray, shape (market,)
    """
    fixed = slice(N_FOOTLOOSE, None)
    value = np.moveaxis(economy.final_demand[:, fixed], 0, 1) / 4
    on_top = (1 + economy.trade_margin[fixed]) * (1 + calibration.outside_duty[fixed])
    total: Array = calibration.expenditure.sum(axis=0) + (value * on_top).sum(axis=(0, 1))
    return total


def consumers_spending(calibration: Calibration, income: Income, consumption: Array) -> Array:
    """Return what consumers spend on the goods of modelled sectors.

    Parameters
    ----------
    calibration : Calibration
    income : Income
    consumption : ndarray, shape (market,)
        From `base_consumption`.

    Returns
    -------
    ndarray, shape (sector, market)
        Each sector gets its share of the calibration year, and what a shock makes of it.
    """
    spending: Array = calibration.expenditure * income.index(consumption)
    spending *= income.demand
    return spending


def spending_elsewhere(economy: Economy, income: Array, dearer: Array | float = 1.0) -> Array:
    """Return what consumers buy of what is fixed in place, which keeps its part of spending.

    Parameters
    ----------
    economy : Economy
    income : ndarray, shape (market,)
        Against the calibration year.
    dearer : ndarray, shape (fixed sector, source, market)
        What duties and barriers add to prices against the calibration year, a factor, where that
        comes out of the same money; 1 where consumers pay for it beside.

    Returns
    -------
    ndarray, shape (fixed sector, source, market)
        Basic value a quarter.
    """
    value = np.moveaxis(economy.final_demand[:, N_FOOTLOOSE:], 0, 1) / 4
    bought: Array = value * (income / dearer)
    return bought


def dearer_elsewhere(calibration: Calibration, outside: Array, barrier: Array) -> Array:
    """Return what policy adds to prices of what is fixed in place, against the calibration year.

    Parameters
    ----------
    calibration : Calibration
    outside, barrier : ndarray, shape (sector, source, market)
        Duties and barriers of today, ad valorem.

    Returns
    -------
    ndarray, shape (fixed sector, source, market)
        A factor.
    """
    fixed = slice(N_FOOTLOOSE, None)
    paid = (1 + outside[fixed]) * (1 + barrier[fixed])
    dearer: Array = paid / (1 + calibration.outside_duty[fixed])
    return dearer
