"""Flows of inputs between plants: what clears with their purchases, and who ships it where."""

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.economy.tables import Array
from abm.errors import ModelError
from abm.trade.flows.deliveries import Tally
from abm.trade.sales.market_clearing import INTERMEDIATE


def clear_with_purchases(
    tally: Tally,
    spending: Array,
    other_purchases: Array,
    on_top: Array,
    tolerance: float = 1e-13,
) -> Array:
    """Spending at which plants sell as many inputs as others buy from them.

    Parameters
    ----------
    tally : Tally
    spending : ndarray, shape (sector, host, use, market)
        That of consumers, which is kept, and a first guess of that on inputs.
    other_purchases : ndarray, shape (input, source, market)
        Inputs bought by all other users at basic prices.
    on_top : ndarray, shape (input, source, market)
        What buyers pay over the basic price, as a factor.
    tolerance : float
        Relative change at which the iteration stops.

    Returns
    -------
    ndarray, shape (sector, host, use, market)
    """
    cleared = spending.copy()
    offered = tally.sums["share"][:, :, INTERMEDIATE]
    sells = offered > 0
    for _ in range(500):
        flows = input_flows(tally, cleared, other_purchases, on_top)[:N_FOOTLOOSE, :N_HOSTS]
        pools = np.divide(flows, offered, out=np.zeros_like(flows), where=sells)
        change = np.abs(pools - cleared[:, :, INTERMEDIATE]).max(initial=0)
        cleared[:, :, INTERMEDIATE] = pools
        if change <= tolerance * np.abs(pools).max(initial=1e-300):
            return cleared
    raise ModelError("trade_and_account: sales of inputs did not settle in 500 rounds")


def input_flows(tally: Tally, spending: Array, other_purchases: Array, on_top: Array) -> Array:
    """Purchases of inputs at basic prices by all users.

    Parameters
    ----------
    tally : Tally
    spending : ndarray, shape (sector, host, use, market)
        What the tally is per unit of.
    other_purchases, on_top : ndarray, shape (input, source, market)

    Returns
    -------
    ndarray, shape (input, source, market)
    """
    flows = other_purchases.copy()
    bought = np.einsum("jkshum,jhum->ksh", tally.purchases, spending)
    flows[:, :, :N_HOSTS] += bought / on_top[:, :, :N_HOSTS]
    return flows
