"""What plants earn, cost to run, and cost to move, in shares of a firm's quarterly base sales.

The gain from a sale is its margin and, for plants that stand, the interest on what was sunk in
them, since capital is not charged again in unit cost. Running a plant costs a fixed amount that
is concave in its sales; starting one costs what is built, and a sunk cost of arriving in its
country; founding a firm costs on top.
"""

import numpy as np

from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.sets import Sets
from abm.core.inputs.content_rules import Floats

QUARTERS = 4
"""Of a year's sales, in which build and closure cost are given."""

PART_AT_HOME = 0.5
"""Fixed cost of a plant in the owner's own country over that abroad."""

FALL_IN_SIZE = 0.12
"""Power of a firm's size with which the fixed cost of its plants falls as a share of sales."""

RISE_IN_SALES = 0.5
"""Power of a plant's part of the firm's base sales with which its fixed cost rises."""


def gain_per_sale(margin: Floats, build_cost: float, discount: float) -> Floats:
    """Profit per unit of sales of plants that stand, ``margin + (1 - discount) * 4 * build_cost``.

    Parameters
    ----------
    margin : ndarray
        Profit after the cost of capital, share of sales.
    build_cost : float
        Of a plant, in years of its sales.
    discount : float
        Weight of the next quarter.

    Returns
    -------
    ndarray
        Of the shape of ``margin``.
    """
    gain: Floats = margin + (1 - discount) * QUARTERS * build_cost
    return gain


def fixed_costs(scale: float, gain: Floats, size: Floats, share: Floats, home: Indices) -> Floats:
    """Fixed cost of running each plant that a firm may have.

    Parameters
    ----------
    scale : float
        Cost of a plant abroad with all base sales of a firm of size 1, in profits on these.
    gain : ndarray, shape (firm,)
        From `gain_per_sale`.
    size : ndarray, shape (firm,)
        Of the firm before its country's factor, above 0.
    share : ndarray, shape (firm, config, host) or (firm, host)
        Each plant's part of the firm's base sales; 0 where there is none.
    home : ndarray of int, shape (firm,)
        Host of the owner's country; any other number for owners from elsewhere.

    Returns
    -------
    ndarray, of the shape of ``share``
        Per quarter.
    """
    per_firm = (len(share), *[1] * (share.ndim - 1))
    part = np.where(home[:, None] == np.arange(share.shape[-1]), PART_AT_HOME, 1.0)
    part = part.reshape(len(part), *[1] * (share.ndim - 2), share.shape[-1])
    level = scale * gain * size**-FALL_IN_SIZE
    costs: Floats = level.reshape(per_firm) * part * share**RISE_IN_SALES
    return costs


def flow_profit(gain: Floats, sales: Floats, without: Floats, fixed: Floats) -> Floats:
    """What each set of plants earns a quarter over having none.

    Parameters
    ----------
    gain : ndarray, shape (firm,) or (firm, regime)
        From `gain_per_sale`, with the markup that is allowed under each regime.
    sales : ndarray, shape (firm, config, regime)
    without : ndarray, shape (firm, regime)
        Sales with the empty set: of the home plant of an owner from outside, 0 for others.
    fixed : ndarray, shape (firm, config)
        Fixed costs of all plants of a set.

    Returns
    -------
    ndarray, shape (firm, config, regime)
        0 for the empty set, whose sales are ``without`` and that has no plant to run.
    """
    per_sale = gain[:, None, None] if gain.ndim == 1 else gain[:, None]
    profit: Floats = per_sale * (sales - without[:, None]) - fixed[..., None]
    return profit


def moving_costs(
    sets: Sets,
    share: Floats,
    rates: tuple[float, float],
    arriving: Floats,
    founding: Floats,
) -> Floats:
    """Sunk cost of every move.

    Parameters
    ----------
    sets : Sets
    share : ndarray, shape (..., config, host)
        Each plant's part of base sales in every set, such as by firm, or by sector and home.
    rates : tuple of float
        What building costs, and closing, in years of the sales of a plant.
    arriving : ndarray, shape (..., host)
        On top, for every plant opened at a host.
    founding : ndarray, shape (...)
        On top, for a firm that had no plant.

    Returns
    -------
    ndarray, shape (..., config from, config to)
        0 for staying.
    """
    build, closure = (QUARTERS * rate for rate in rates)
    has = sets.has_plant
    opened, closed = ~has[:, None] & has[None], has[:, None] & ~has[None]
    built = np.einsum("cdh,...dh->...cd", opened, build * share + arriving[..., None, :])
    shut = np.einsum("cdh,...ch->...cd", closed, closure * share)
    from_nothing = (sets.size == 0)[:, None] & (sets.size > 0)
    costs: Floats = built + shut + founding[..., None, None] * from_nothing
    return costs
