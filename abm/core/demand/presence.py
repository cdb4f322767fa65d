"""Regions as sources of inputs: production of inputs goes where the plants go.

How much of an input a region offers is the appeal of the plants that stand there to buyers
of inputs, against the base year. Costs have no part in it: they reach buyers through
delivered prices, and would count twice. So the appeal is taken at base-year costs, which
leaves what plants alone decide: how many stand, how large they are, how productive, and
which other plants their firms have. If all costs of a region rise by the same factor, this
is the appeal at today's costs times that factor to the power ``sigma - 1``.

Were all weights just multiplied by it, a world with more plants would buy more cheaply for
the mere number of varieties, and one whose plants were spread anew would change its prices.
So weights are divided by their mean presence: moving plants moves purchases and nothing else.
"""

import numpy as np
from numpy.typing import NDArray

from abm.core.demand.customers import Edges, of_every_firm
from abm.core.demand.markets import plant_pull, share_scale
from abm.core.inputs.content_rules import Floats
from abm.core.segments import products_by_segment

SOURCE = -2
"""Axis of the sources in weights."""


# why: pure function of arrays: whatever it rests on is an argument
def standing_appeal(
    plants: NDArray[np.bool_],
    base_cost: Floats,
    suitability: Floats,
    mass: Floats,
    access: Floats,
    dispersion: Floats,
    exponent: float,
    edges: Edges,
) -> Floats:
    """Appeal of the plants of some firms to buyers of inputs, at base-year costs.

    Parameters
    ----------
    plants : ndarray of bool, shape (firm, host)
        Where each firm has a plant.
    base_cost : ndarray, shape (firm, host)
        Unit cost of the firm there in the base year.
    suitability : ndarray, shape (firm, host)
        How well the host suits the firm's varieties.
    mass : ndarray, shape (firm, market)
        Size of the firm, times the real firms it stands for, times its home appeal.
    access : ndarray, shape (sector, host, market)
        How well a host reaches users of inputs in a market.
    dispersion : ndarray, shape (firm,) or (1,)
    exponent : float
        As in `abm.core.demand.markets.plant_pull` and `abm.core.demand.markets.plant_appeal`.
    edges : ndarray of int, shape (sector + 1,)
        Where the firms of each sector begin, and the last ones end.

    Returns
    -------
    ndarray of float64, shape (sector, host, market)
    """
    pull = plant_pull(base_cost[..., None], suitability, dispersion[:, None, None])[..., 0]
    pull *= plants
    reached = of_every_firm(access, edges)
    total = pull[:, 0, None] * reached[:, 0]
    for host in range(1, pull.shape[1]):
        total += pull[:, host, None] * reached[:, host]
    # A firm that reaches a market from nowhere has no appeal there.
    per_reach = mass * np.where(total > 0, share_scale(total, exponent), 0)
    sums = products_by_segment(pull.T.astype(np.float64), per_reach.astype(np.float64), edges)
    appeal: Floats = access * sums
    return appeal


def presence(appeal: Floats, base_appeal: Floats) -> Floats:
    """Presence of hosts as sources against the base year.

    Parameters
    ----------
    appeal, base_appeal : ndarray, shape (sector, host, market)
        From `standing_appeal`, now and in the base year.

    Returns
    -------
    ndarray, same shape
        0 where no plant stands any more; 1 where none stood in the base year, from where
        nothing is bought.
    """
    against_base: Floats = np.divide(
        appeal, base_appeal, out=np.ones_like(appeal), where=base_appeal > 0
    )
    return against_base


def present_weights(competitiveness: Floats, presence: Floats) -> Floats:
    """Sourcing weights at base-year prices, for the plants that stand now.

    Parameters
    ----------
    competitiveness : ndarray, shape (..., source, place)
        Weights of the base year.
    presence : ndarray, broadcasting to the same shape
        Of each source, to buyers in that place.

    Returns
    -------
    ndarray, shape (..., source, place)
        Of the same sum over sources as in the base year, and all 0 if no source is left.
    """
    weighted = competitiveness * presence
    total = weighted.sum(axis=SOURCE, keepdims=True)
    base = competitiveness.sum(axis=SOURCE, keepdims=True)
    scale = np.divide(base, total, out=np.zeros_like(total), where=total > 0)
    weights: Floats = weighted * scale
    return weights
