"""Who sells what where: demand, and the plants that serve it.

Buyers have constant elasticity ``sigma`` over firms. A firm makes a continuum of
varieties, each in the plant that delivers it most cheaply; with Frechet
productivities of shape ``dispersion`` plant ``s`` makes the share
``x[s] / sum(x)`` of what the firm sells in a market, ``x`` being delivered cost
to the power ``-dispersion`` times how well the host reaches that market
(Tintelnot 2017). The firm's appeal there is ``size * sum(x)**exponent`` with
``exponent = (sigma - 1) / dispersion``, below one, so a further plant always
raises a firm's sales, but also takes sales from its other plants.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last, first_last, some_firms


def plant_pull(delivered_cost: Floats, suitability: Floats, dispersion: Floats | float) -> Floats:
    """How strongly a possible plant competes in each market, before market access.

    Parameters
    ----------
    delivered_cost : ndarray, shape (..., market)
        Unit cost delivered, duties and barriers included.
    suitability : ndarray, shape (...)
        How well the host suits the firm's varieties.
    dispersion : float or ndarray broadcasting to ``delivered_cost``
        Frechet shape of productivities across plants of one firm.

    Returns
    -------
    ndarray, shape (..., market)
    """
    # exp and log are vectorized in single precision everywhere, powers are not.
    pull = np.log(delivered_cost)
    pull *= np.asarray(-dispersion, pull.dtype)
    np.exp(pull, out=pull)
    pull *= suitability[..., None]
    return pull


def share_scale(total: Floats, exponent: float) -> Floats:
    """``total**(exponent - 1)``, kept finite where the total is 0, so that sales there are 0."""
    scale: Floats = np.maximum(total, np.finfo(total.dtype).tiny)
    if exponent == 0.5:
        np.sqrt(scale, out=scale)
        return np.reciprocal(scale, out=scale)
    scale **= exponent - 1
    return scale


def plant_appeal(
    pulls: Sequence[Floats],
    firms: Sequence[NDArray[np.integer]],
    access: Floats | Sequence[Floats],
    number: int,
    exponent: float,
) -> list[Floats]:
    """Appeal of the plants that stand to the buyers of each market.

    Parameters
    ----------
    pulls : sequence of ndarray, shape (plant, market)
        From `plant_pull`, for the plants of each host.
    firms : sequence of ndarray of int, shape (plant,)
        Whose plants they are, between 0 and ``number``; each at most once a host.
    access : ndarray, shape (host, use, market), or sequence of ndarray, shape (plant, use, market)
        How well a host, or a plant of each host, reaches a market, calibrated; 0 where it never
        sells.
    number : int
        Firms.
    exponent : float
        ``(sigma - 1) / dispersion``, between 0 and 1.

    Returns
    -------
    list of ndarray, shape (plant, use, market)
        One a host. Sales are proportional to it.
    """
    reaches = [pull[:, None, :] * there for pull, there in zip(pulls, access, strict=True)]
    total = firm_last((number, *reaches[0].shape[1:]), reaches[0].dtype, 0.0)
    innermost = first_last(total)
    for reach, whose in zip(reaches, firms, strict=True):
        innermost[..., whose] += first_last(reach)
    scale = share_scale(total, exponent)
    for reach, whose in zip(reaches, firms, strict=True):
        reach *= some_firms(scale, whose)
    return reaches


def config_revenue(
    reach: Floats,
    unit_revenue: Floats,
    configs: NDArray[np.bool_],
    exponent: float,
    always: tuple[Floats, Floats] | None = None,
) -> Floats:
    """What a firm of size one would earn with each set of plants.

    Parameters
    ----------
    reach : ndarray, shape (firm, host, use, market)
        Pull of every possible plant, from `plant_pull`, times access.
    unit_revenue : ndarray, shape (host, use, market) or (firm, host, use, market)
        Revenue at the border per unit of appeal.
    configs : ndarray of bool, shape (config, host)
        The sets of plants; there may be an empty one.
    exponent : float
        ``(sigma - 1) / dispersion``.
    always : tuple of ndarray, each of shape (firm, use, market), optional
        Reach of a plant that stands whatever the set, and its revenue per unit of appeal.

    Returns
    -------
    ndarray, shape (firm, config)
    """
    revenue = config_sales(reach, unit_revenue, configs, exponent, always)
    total: Floats = revenue.sum(axis=2)
    return total


def config_sales(
    reach: Floats,
    unit_revenue: Floats,
    configs: NDArray[np.bool_],
    exponent: float,
    always: tuple[Floats, Floats] | None = None,
) -> Floats:
    """What each plant of a firm of size one would earn with each set of plants.

    Parameters
    ----------
    reach, unit_revenue, configs, exponent, always
        As for `config_revenue`.

    Returns
    -------
    ndarray, shape (firm, config, host + 1)
        Last of all what the plant earns that stands whatever the set, 0 without one.
    """
    firms, hosts = reach.shape[:2]
    flat = reach.reshape(firms, hosts, -1)
    earning = (reach * unit_revenue).reshape(firms, hosts, -1)
    sales = np.zeros((firms, len(configs), hosts + 1), reach.dtype)
    for config, members in enumerate(configs):
        total = flat[:, members].sum(axis=1)
        if always is not None:
            total = total + always[0].reshape(firms, -1)
        scale = share_scale(total, exponent)
        sales[:, config, :hosts][:, members] = np.einsum("nhx,nx->nh", earning[:, members], scale)
        if always is not None:
            earned = always[0].reshape(firms, -1) * always[1].reshape(firms, -1)
            sales[:, config, hosts] = (earned * scale).sum(axis=1)
    return sales


def hat_shares(shares: Floats, relative_price: Floats, theta: Floats | float) -> Floats:
    """Expenditure shares after a price change: exact-hat algebra.

    Parameters
    ----------
    shares : ndarray, shape (..., source)
        Shares before.
    relative_price : ndarray, shape (..., source)
        New over old delivered price.
    theta : float or ndarray broadcasting to ``shares``
        Trade elasticity.

    Returns
    -------
    ndarray, shape (..., source)
        ``share * price**-theta``, normalised to the same total as before.
    """
    weighted = shares * relative_price**-theta
    total = weighted.sum(axis=-1, keepdims=True)
    before = shares.sum(axis=-1, keepdims=True)
    rescaled: Floats = weighted * np.divide(
        before, total, out=np.zeros_like(total), where=total > 0
    )
    return rescaled
