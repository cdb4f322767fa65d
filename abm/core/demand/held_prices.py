"""What things cost consumers whose shares of spending are not those they would choose today.

A unit of utility costs, at whatever shares ``s`` are held,

    P = (sum_i b[i]**(1/sigma) * (s[i] / p[i])**((sigma-1)/sigma))**(-sigma/(sigma-1))
      = C**(1/(1-sigma)) * (sum_i t[i]**(1/sigma) * s[i]**((sigma-1)/sigma))**(-sigma/(sigma-1)),

``b`` being tastes, ``p`` prices, ``t`` the shares that buyers would choose today and
``C`` the sum of appeal ``b * p**(1 - sigma)`` (`abm.core.demand.customers`): the index of
constant elasticity times what it costs that buyers have not all chosen anew. That factor
is 1 where ``s = t`` and above 1 elsewhere, by Hoelder's inequality. It depends on the
shares of one quarter alone. So unlike a chain of indices ``P`` is back where it was once
prices and shares are, and does not drift as firms come and go.
"""

import numpy as np

from abm.core.demand.customers import Edges, Shares, Speed, inverse_of, of_every_firm, sum_by_sector
from abm.core.inputs.content_rules import Floats


def overlap(held: Floats, today: Floats, elasticity: Speed) -> Floats:
    """Utility that a seller's part of spending gives, against all spending well placed.

    Parameters
    ----------
    held, today : ndarray
        Shares of spending, as they are and as they would be if all chose anew.
    elasticity : float or ndarray broadcasting to them
        Of substitution, above 1.

    Returns
    -------
    ndarray
        ``today**(1/elasticity) * held**(1 - 1/elasticity)``; nothing where either is nothing.
    """
    both = (held > 0) & (today > 0)
    inverse = 1 / np.asarray(elasticity, np.float64)
    logs = inverse * np.log(np.where(both, today, 1))
    logs += (1 - inverse) * np.log(np.where(both, held, 1))
    return np.where(both, np.exp(logs), 0)


def cost_of_holding(overlaps: Floats, elasticity: Speed) -> Floats:
    """How much dearer a unit of utility is at held shares than if all chose anew.

    Parameters
    ----------
    overlaps : ndarray
        From `overlap`, summed over all sellers.
    elasticity : float or ndarray broadcasting to it

    Returns
    -------
    ndarray
        A factor, at least 1 to rounding; 1 where nobody sells.
    """
    sigma = np.asarray(elasticity, np.float64)
    factor: Floats = np.where(overlaps > 0, overlaps, 1.0) ** (-sigma / (sigma - 1))
    return factor


def price_of_split(split: Floats, today: Floats, dispersion: Speed) -> Floats:
    """What a firm's customers pay for being served by last quarter's plants.

    Parameters
    ----------
    split, today : ndarray, shape (firm, host, market)
        As after `follow_split`, and from `split_today`.
    dispersion : float or ndarray, shape (firm,)
        Frechet shape of productivities over the plants of a firm. Its plants share sales as
        goods with an elasticity of substitution of one more would.

    Returns
    -------
    ndarray, shape (firm, market)
        Price against that if sales were assigned anew, at least 1 to rounding; 1 for a firm
        with a single plant, and where it does not sell.
    """
    elasticity = 1 + np.asarray(dispersion, np.float64).reshape(-1, 1, 1)
    return cost_of_holding(overlap(split, today, elasticity).sum(axis=1), elasticity[:, 0])


def price_index(
    competition: Floats,
    base: Floats,
    held: Shares,
    today: Shares,
    sigma: Floats,
    edges: Edges,
) -> Floats:
    """What a unit of utility costs consumers at held shares, the base year being 1.

    Parameters
    ----------
    competition : ndarray, shape (sector, market)
        Appeal of all, from `shares_today`.
    base : ndarray, shape (sector, market)
        The same in the base year; 0 where the sector has no market.
    held, today : Shares
        Pools are markets. Everybody who has customers must have appeal, as after `hand_on`.
    sigma : ndarray, shape (sector,)
        Elasticity of substitution, above 1.
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    ndarray, shape (sector, market)
        1 where there is no market.
    """
    elasticity = sigma[:, None]
    used = sum_by_sector(overlap(held.firm, today.firm, of_every_firm(elasticity, edges)), edges)
    used += overlap(held.fringe, today.fringe, elasticity[:, None]).sum(axis=1)
    known = (base > 0) & (competition > 0)
    relative = np.divide(competition, base, out=np.ones_like(competition), where=known)
    index: Floats = relative ** (1 / (1 - elasticity)) * cost_of_holding(used, elasticity)
    return np.where(known, index, 1.0)


def tornqvist(before: Shares, after: Shares, price_ratio: Shares, edges: Edges) -> Floats:
    """Change of prices as a statistical office would measure it.

    Parameters
    ----------
    before, after : Shares
        Of spending in two quarters; pools are markets.
    price_ratio : Shares
        Everybody's price in the second quarter over that in the first, above 0. What it is for
        goods that are not sold in both does not matter.
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    ndarray, shape (sector, market)
        Tornqvist index of the second quarter against the first over the goods sold in both; 1
        where there are none. It does not see what entry and exit are worth to buyers, and a
        chain of such indices drifts where spending follows prices late.
    """
    firm = (before.firm > 0) & (after.firm > 0)
    fringe = (before.fringe > 0) & (after.fringe > 0)
    of_firm = np.log(np.where(firm, price_ratio.firm, 1))
    of_fringe = np.log(np.where(fringe, price_ratio.fringe, 1))
    change = np.zeros((len(edges) - 1, *before.firm.shape[1:]))
    for one in (before, after):
        kept = Shares(np.where(firm, one.firm, 0), np.where(fringe, one.fringe, 0))
        weights = kept.times(inverse_of(kept.total(edges)), edges)
        moved = Shares(weights.firm * of_firm, weights.fringe * of_fringe)
        change += moved.total(edges) / 2
    index: Floats = np.exp(change)
    return index
