"""Certificates of origin of a quarter, under which inputs are delivered in the next."""

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.economy.last_quarter import Certificates
from abm.economy.tables import Array
from abm.trade.flows.deliveries import Tally
from abm.trade.sales.market_clearing import INTERMEDIATE


def new_certificates(tally: Tally, outside: Array, last: Certificates) -> Certificates:
    """Certificates of the quarter, for the next one.

    Parameters
    ----------
    tally : Tally
    outside : ndarray, shape (sector, source, market, regime)
        Duty on trade in which nothing can be claimed.
    last : Certificates
        Kept where nothing was delivered.

    Returns
    -------
    Certificates
    """
    fresh = Certificates.unclaimed(outside)
    arrays = {}
    delivered = tally.filed["weight"] > 0
    members = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS))
    across = ~np.eye(N_HOSTS, N_REGIONS, dtype=bool)
    across[:, N_HOSTS:] = False
    for name in ("duty", "claimed", "dutiable", "claimed_dutiable", "false"):
        array = getattr(fresh, name).copy()
        share = tally.filed[name] / np.where(delivered, tally.filed["weight"], 1)
        kept = np.where(delivered, share, getattr(last, name)[members])
        array[members] = np.where(across[None, :, :, None], kept, array[members])
        arrays[name] = array
    return Certificates(**arrays)


def qualified_share(tally: Tally, spending: Array | None, last: Array) -> Array:
    """Share of deliveries that originate, shape (material, host, regime).

    Goods of immobile sectors always do.

    Parameters
    ----------
    tally : Tally
    spending : ndarray, shape (sector, host, use, market), optional
        What the tally is per unit of; by default one everywhere.
    last : ndarray, shape (material, host, regime)
        Kept where nothing was delivered.
    """
    share = last.copy()
    weight = np.ones_like(tally.sold) if spending is None else spending[:, :, INTERMEDIATE]
    sold = (tally.sold * weight).sum(axis=2)[..., None]
    originating = np.einsum("jhmr,jhm->jhr", tally.originating, weight)
    share[:N_FOOTLOOSE] = np.where(
        sold > 0, originating / np.where(sold > 0, sold, 1), last[:N_FOOTLOOSE]
    )
    return np.clip(share, 0, 1)
