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
    cleared[:, :, INTERMEDIATE] = 0
    here = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS))
    regardless = input_flows(tally, cleared, other_purchases, on_top)[here]
    needed = _purchases_by_pools(tally) / _by_buyer(on_top[*here, :N_HOSTS])[..., None]
    offered = tally.sums["share"][:, :, INTERMEDIATE]
    sells, pools = offered > 0, spending[:, :, INTERMEDIATE]
    for _ in range(500):
        flows, before = regardless.copy(), pools
        bought = needed @ pools.transpose(1, 0, 2).reshape(N_HOSTS, -1, 1)
        flows[..., :N_HOSTS] += bought.reshape(N_HOSTS, N_FOOTLOOSE, N_HOSTS).transpose(1, 2, 0)
        pools = np.divide(flows, offered, out=np.zeros_like(flows), where=sells)
        change = np.abs(pools - before).max(initial=0)
        if change <= tolerance * np.abs(pools).max(initial=1e-300):
            cleared[:, :, INTERMEDIATE] = pools
            return cleared
    raise ModelError("trade_and_account: sales of inputs did not settle in 500 rounds")


def _purchases_by_pools(tally: Tally) -> Array:
    """What plants at each host buy of modelled firms a unit of spending on their own inputs.

    Returns
    -------
    ndarray, shape (host, input * source, sector * market)
        At purchasers' prices.
    """
    bought = tally.purchases[:, :N_FOOTLOOSE, :N_HOSTS, :, INTERMEDIATE]
    return bought.transpose(3, 1, 2, 0, 4).reshape(N_HOSTS, N_FOOTLOOSE * N_HOSTS, -1)


def _by_buyer(pairs: Array) -> Array:
    """Something by input, source and buyer's host, shape (host, input * source)."""
    return pairs.transpose(2, 0, 1).reshape(N_HOSTS, -1)


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
