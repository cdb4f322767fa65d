"""Who sells what where: demand, and the plants that serve it.

Buyers have constant elasticity ``sigma`` over firms. A firm makes a continuum of
varieties, each in the plant that delivers it most cheaply; with Frechet
productivities of shape ``dispersion`` plant ``s`` makes the share
``x[s] / sum(x)`` of what the firm sells in a market, ``x`` being delivered cost
to the power ``-dispersion`` times how well the host reaches that market
(Tintelnot 2017). The firm's appeal there is ``size * sum(x)**exponent`` with
``exponent = (sigma - 1) / dispersion``, below one, so a further plant always
helps and partly replaces the others.
"""

import numpy as np
from numpy.typing import NDArray

from abm.core.content_rules import Floats


def plant_reach(delivered_cost: Floats, access: Floats, dispersion: float) -> Floats:
    """How strongly each possible plant competes for each market.

    Parameters
    ----------
    delivered_cost : ndarray, shape (firm, host, market)
        Unit cost delivered, duties and barriers included.
    access : ndarray, shape (host, use, market)
        How well a host reaches a market, calibrated; 0 where it never sells.
    dispersion : float
        Frechet shape of productivities across plants of one firm.

    Returns
    -------
    ndarray, shape (firm, host, use, market)
    """
    reach: Floats = (delivered_cost ** np.float32(-dispersion))[:, :, None, :] * access
    return reach


def plant_appeal(reach: Floats, plants: NDArray[np.bool_], size: Floats, exponent: float) -> Floats:
    """Appeal of each plant's goods to the buyers of each market.

    Parameters
    ----------
    reach : ndarray, shape (firm, host, use, market)
        From `plant_reach`.
    plants : ndarray of bool, shape (firm, host)
        Where the firm produces.
    size : ndarray, shape (firm,)
        Demand shifter of the firm times the number of real firms it stands for.
    exponent : float
        ``(sigma - 1) / dispersion``, between 0 and 1.

    Returns
    -------
    ndarray, shape (firm, host, use, market)
        Sales are proportional to it; 0 where there is no plant.
    """
    active = np.where(plants[:, :, None, None], reach, 0)
    total = active.sum(axis=1, keepdims=True)
    # A firm whose plants reach a market in no way sells nothing there.
    scale = np.maximum(total, np.finfo(total.dtype).tiny) ** (exponent - 1)
    appeal: Floats = active * scale * size[:, None, None, None]
    return appeal


def config_revenue(
    reach: Floats, unit_revenue: Floats, configs: NDArray[np.bool_], exponent: float
) -> Floats:
    """What a firm of size one would earn with each set of plants.

    Parameters
    ----------
    reach : ndarray, shape (firm, host, use, market)
        From `plant_reach`.
    unit_revenue : ndarray, shape (host, use, market) or (firm, host, use, market)
        Revenue at the border per unit of appeal.
    configs : ndarray of bool, shape (config, host)
        The sets of plants.
    exponent : float
        ``(sigma - 1) / dispersion``.

    Returns
    -------
    ndarray, shape (firm, config)
    """
    firms, hosts = reach.shape[:2]
    flat = reach.reshape(firms, hosts, -1)
    earning = (reach * unit_revenue).reshape(firms, hosts, -1)
    revenue = np.empty((firms, len(configs)), reach.dtype)
    for config, members in enumerate(configs):
        total = flat[:, members].sum(axis=1)
        scale = np.maximum(total, np.finfo(total.dtype).tiny) ** (exponent - 1)
        revenue[:, config] = (earning[:, members].sum(axis=1) * scale).sum(axis=1)
    return revenue


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
