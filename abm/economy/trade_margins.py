"""What traders earn between the basic price of a good and its customs value.

Tables are at basic prices. What customs record, and duty falls on, is more: it holds the
margins of traders and hauliers of the exporting region. The tables have these margins too,
as other services that the exporting region sells to whoever buys the goods.

The ratio of customs records to tables is no good measure of them. Most of it is a mismatch of
sources: re-exports, goods sent for processing, and other industries. It is believed only as
far as the tables can bear it. The margin on what a region sells to another is at least 0
and at most what the tables book there as other services over what they book as goods. What a
user pays as margins is at most what it buys as other services.

Margins are then moved from the services to the goods they belong to. What each region
sells to another as services and margins together, and what each user pays for both, stay as in
the tables, so output and value added do not change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_GOODS, N_REGIONS, SECTORS
from abm.core.inputs.proportional_fitting import fitted

Array = NDArray[np.float64]

TRADERS = SECTORS.index("other_services")
"""The sector that trade and haulage belong to."""


@dataclass(frozen=True)
class Valued:
    """Flows at basic prices, and the value on which duty falls.

    Attributes
    ----------
    intermediate_use : ndarray, shape (source, input, using region, using sector)
    final_demand : ndarray, shape (source, sector, market)
        Other services without the margins on goods.
    customs_over_basic : ndarray, shape (sector, source, market)
        One plus the margin; 0 where no customs border is crossed.
    """

    intermediate_use: Array
    final_demand: Array
    customs_over_basic: Array


def valued(use: Array, final: Array, recorded: Array) -> Valued:
    """Return the flows of a table with the margins of traders on goods.

    Parameters
    ----------
    use : ndarray, shape (source, input, using region, using sector)
    final : ndarray, shape (source, sector, market)
        Million USD a year at basic prices, as published.
    recorded : ndarray, shape (sector, source, market)
        Customs records over basic values; 0 where no customs border is crossed.
    """
    by_user = np.concatenate([use, final[..., None]], axis=3)
    goods, services = by_user[:, :N_GOODS], by_user[:, TRADERS]
    margin = _borne(np.where(recorded > 0, recorded - 1, 0.0)[:N_GOODS], goods, services)
    earned = np.einsum("ksm,skmu->smu", margin, goods)
    left = _without(services, earned)
    use, final = use.copy(), final.copy()
    use[:, TRADERS], final[:, TRADERS] = left[..., :-1], left[..., -1]
    ratio = np.where(recorded > 0, 1.0, 0.0)
    ratio[:N_GOODS] *= 1 + margin
    return Valued(use, final, ratio)


def _borne(asked: Array, goods: Array, services: Array) -> Array:
    """Return margins as far as the tables bear them, shape (good, source, market).

    Parameters
    ----------
    asked : ndarray, shape (good, source, market)
    goods : ndarray, shape (source, good, market, user)
    services : ndarray, shape (source, market, user)
    """
    traded = goods.sum(axis=(1, 3))
    most = np.divide(services.sum(axis=2), traded, out=np.zeros_like(traded), where=traded > 0)
    margin = np.clip(asked, 0, most)
    paid, bill = np.einsum("ksm,skmu->mu", margin, goods), services.sum(axis=0)
    room = np.divide(bill, paid, out=np.ones_like(bill), where=paid > 0)
    borne: Array = margin * np.minimum(room.min(axis=1), 1)
    return borne


def _without(services: Array, earned: Array) -> Array:
    """Return services less margins, by source, market and user.

    A user's margins are seldom with the services that it is booked to buy from that source,
    as tables split imported services over users in proportion. So only the sums by pair of
    regions and by user are taken down, and the cells stay as close to the tables' as
    these sums allow.
    """
    left = np.empty_like(services)
    for market in range(N_REGIONS):
        booked, gone = services[:, market], earned[:, market]
        # Rounding may take a sum that is used up a little below 0.
        pairs = np.maximum(booked.sum(axis=1) - gone.sum(axis=1), 0)
        users = np.maximum(booked.sum(axis=0) - gone.sum(axis=0), 0)
        left[:, market] = fitted(booked, pairs, users)
    return left
