"""Customers choose their sellers anew: shares of spending that follow prices, or lag behind them.

Were every buyer to choose anew today, seller ``i`` with appeal ``A[i] = b[i] * p[i]**(1 - sigma)``
would have the share ``t[i] = A[i] / C`` of spending, ``C`` being the sum of all appeal. In a
quarter a part ``win`` of buyers does choose anew, so that shares, in value, are

    s' = (1 - win) * s + win * t

for firms and for importers without firms alike, and sum to one. Buyers go back at once to
a seller that they left and still remember, as users of inputs do
(`abm.core.inputs.contracts`): to win one takes time if ``win < 1``, to regain one none. What
leaves the market hands its customers on to all others in proportion; what enters it
starts without any. Sellers are firms where final goods are sold, since a brand's
customers are the firm's and not a plant's, and plants where a host's producers share what
is spent on its inputs. Which of its plants serves a firm's customers follows prices in
the same way, at a speed of its own.

Rows are firms in the order of their sectors; ``edges`` has shape (sector + 1,), the firms of a
sector being rows ``edges[sector]`` to ``edges[sector + 1]``. After its first axis, firm or
sector, an array has the axes of what is divided up, here called the pool: the market for final
goods, host and market for inputs.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats
from abm.core.layout import first_last, last_first

Edges = NDArray[np.integer]
Speed = float | Floats


class Speeds(NamedTuple):
    """Parts of what is sold that are decided anew in a quarter, between 0 and 1.

    Attributes
    ----------
    win : float
        Of buyers, who choose their sellers.
    shift : float
        Of a firm's sales, for which it chooses the plant.
    """

    win: float
    shift: float


@dataclass(frozen=True)
class Shares:
    """Who has how much of every pool.

    Attributes
    ----------
    firm : ndarray, shape (firm, ...)
        Of each firm, or of its plant at the host of the pool.
    fringe : ndarray, shape (sector, source, ...)
        Of sellers that are not modelled as firms; no sources where there are none.
    """

    firm: Floats
    fringe: Floats

    @classmethod
    def without_fringe(cls, firm: Floats, edges: Edges) -> "Shares":
        """Shares of pools in which firms alone sell."""
        return cls(firm, np.zeros((len(edges) - 1, 0, *firm.shape[1:])))

    def total(self, edges: Edges) -> Floats:
        """Sum over all sellers, shape (sector, ...)."""
        total: Floats = sum_by_sector(self.firm, edges) + self.fringe.sum(axis=1)
        return total

    def times(self, factor: Floats, edges: Edges) -> "Shares":
        """Everybody's part times a factor of shape (sector, ...)."""
        return Shares(
            self.firm * of_every_firm(factor, edges).astype(self.firm.dtype),
            self.fringe * factor[:, None],
        )


def sum_by_sector(values: Floats, edges: Edges) -> NDArray[np.float64]:
    """Sum over the firms of each sector, in double precision.

    Parameters
    ----------
    values : ndarray, shape (firm, ...)
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    ndarray, shape (sector, ...)
        0 for a sector without firms.
    """
    has_firms = edges[1:] > edges[:-1]
    if has_firms.all():
        return np.add.reduceat(values, edges[:-1], axis=0, dtype=np.float64)
    # A sector without firms would be given the first firm of the next one.
    sums, filled = np.zeros((len(edges) - 1, *values.shape[1:])), np.flatnonzero(has_firms)
    if filled.size:
        sums[filled] = np.add.reduceat(values, edges[filled], axis=0, dtype=np.float64)
    return sums


def of_every_firm(by_sector: Floats, edges: Edges) -> Floats:
    """What belongs to a sector for each of its firms; a single sector's as it is.

    Returns
    -------
    ndarray, shape (firm, ...) or (1, ...)
        Broadcasts to what belongs to firms.
    """
    if len(by_sector) == 1:
        return by_sector
    # Repeated along the innermost axis in memory, which is far faster, and stays there.
    return last_first(first_last(by_sector).repeat(edges[1:] - edges[:-1], axis=-1))


def shares_today(appeal: Shares, edges: Edges) -> tuple[Shares, Floats]:
    """Shares if every buyer chose anew.

    Parameters
    ----------
    appeal : Shares
        Everybody's appeal to buyers, not negative.
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    shares : Shares
        Sum to one in every pool in which somebody sells, to nothing elsewhere.
    competition : ndarray, shape (sector, ...)
        The appeal of all.
    """
    competition = appeal.total(edges)
    return appeal.times(inverse_of(competition), edges), competition


def inverse_of(total: Floats) -> Floats:
    """One over a total; 0 where there is none."""
    inverse: Floats = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return inverse


def hand_on(
    held: Shares,
    sells: NDArray[np.bool_],
    edges: Edges,
    enters: NDArray[np.bool_] | None = None,
) -> Shares:
    """Customers of those who sell no longer go to all others in proportion.

    Parameters
    ----------
    held : Shares
    sells : ndarray of bool, shape (firm, ...)
        Whether a firm still has a plant that can serve the pool.
    edges : ndarray of int, shape (sector + 1,)
    enters : ndarray of bool, shape (sector, source, ...), optional
        Whether what no modelled firm makes may still be sold; it may without it.

    Returns
    -------
    Shares
        With the sums of ``held``, except that a pool that everybody has left is empty. A pool
        that nobody leaves is as it was, to the last bit.
    """
    left = sum_by_sector(np.where(sells, 0, held.firm), edges)
    fringe = held.fringe
    if enters is not None and (fringe[~enters] > 0).any():
        left = left + np.where(enters, 0, fringe).sum(axis=1)
        fringe = np.where(enters, fringe, 0)
    if not left.any():
        return held
    kept = Shares(np.where(sells, held.firm, 0), fringe)
    factor = np.where(left > 0, 1 + left * inverse_of(kept.total(edges)), 1.0)
    return kept.times(factor, edges)


def follow(held: Shares, today: Shares, win: Speed, edges: Edges) -> Shares:
    """Shares after a quarter in which some buyers chose anew.

    Parameters
    ----------
    held : Shares
        Last quarter's, after `hand_on`.
    today : Shares
        From `shares_today`.
    win : float or ndarray, shape (sector,)
        Part of buyers that chooses anew in a quarter, between 0 and 1; 1 gives ``today``.
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    Shares
        Of the precision of ``held``. In a pool without customers all choose anew.
    """
    sectors = len(edges) - 1
    pools = held.firm.ndim - 1
    part = np.broadcast_to(np.asarray(win, np.float64), sectors).reshape(-1, *[1] * pools)
    empty = held.total(edges) == 0
    if empty.any():
        part = np.where(empty, 1.0, part)
    of_firm = of_every_firm(part, edges)
    firm = (1 - of_firm) * held.firm + of_firm * today.firm
    part = part[:, None]
    return Shares(
        firm.astype(held.firm.dtype, copy=False), (1 - part) * held.fringe + part * today.fringe
    )


def recall(shares: Shares, today: Shares, known: Shares, edges: Edges) -> Shares:
    """Shares after buyers went back to sellers they remember and would choose today.

    Parameters
    ----------
    shares : Shares
        After `follow`.
    today : Shares
        From `shares_today`.
    known : Shares
        The largest share that each seller had while buyers remember.
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    Shares
        With the sums of ``shares``. What comes back is taken from sellers that have more than
        today's share, in proportion to the excess. Where nobody comes back the pool is as it
        was, to the last bit.
    """
    pairs = (
        (shares.firm, today.firm, known.firm),
        (shares.fringe, today.fringe, known.fringe),
    )
    back = Shares(*(np.maximum(np.minimum(t, k) - s, 0.0) for s, t, k in pairs))
    excess = Shares(*(np.maximum(s - t, 0.0) for s, t, _ in pairs))
    # Shares and today's shares have the same sums, so the excess is at least what comes back.
    given_up = excess.times(back.total(edges) * inverse_of(excess.total(edges)), edges)
    return Shares(
        shares.firm - given_up.firm + back.firm, shares.fringe - given_up.fringe + back.fringe
    )


def split_today(reach: Floats) -> Floats:
    """Part of a firm's sales in a market that each plant would make if all was assigned anew.

    Parameters
    ----------
    reach : ndarray, shape (firm, host, market)
        Pull of each plant times access; 0 where there is no plant, or it cannot serve the market.

    Returns
    -------
    ndarray, shape (firm, host, market)
        Sums to one over hosts, or to nothing where the firm does not sell.
    """
    total = reach.sum(axis=1, keepdims=True)
    split: Floats = np.divide(reach, total, out=np.zeros_like(reach), where=total > 0)
    return split


def hand_to_sisters(split: Floats, today: Floats) -> Floats:
    """The parts of plants that closed go to the firm's other plants in proportion.

    Parameters
    ----------
    split : ndarray, shape (firm, host, market)
        Last quarter's.
    today : ndarray, shape (firm, host, market)
        From `split_today`; above 0 where a plant serves the market.

    Returns
    -------
    ndarray, shape (firm, host, market)
        Sums to one where the firm sells. Where no plant closed it is as it was, to the last
        bit; where none of the former plants is left, plants serve as they would today. So a new
        sister begins with nothing, and a firm's only plant has all at once.
    """
    serves = today > 0
    kept = np.where(serves, split, 0)
    part = kept.sum(axis=1, keepdims=True)
    new = np.where(part > 0, kept * inverse_of(part), today)
    changed = ((split > 0) & ~serves).any(axis=1, keepdims=True) | (part == 0)
    return np.where(changed, new, split).astype(split.dtype, copy=False)


def to_move(
    shares: Shares, today: Shares, split: Floats, best_split: Floats, edges: Edges
) -> NDArray[np.float64]:
    """Part of what is spent that other plants and sellers would have, were all to choose anew.

    Parameters
    ----------
    shares, today : Shares
        Of firms in a market, as they are and from `shares_today`.
    split, best_split : ndarray, shape (firm, plant, market)
        Which plants serve them, as they do and from `split_today`.
    edges : ndarray of int, shape (sector + 1,)

    Returns
    -------
    ndarray, shape (sector, market)
        Half the sum of all differences, since what one wins another loses: between 0 and 1.
    """
    firm = np.zeros_like(shares.firm)
    for plant in range(split.shape[1]):
        firm += np.abs(shares.firm * split[:, plant] - today.firm * best_split[:, plant])
    half: NDArray[np.float64] = Shares(firm, np.abs(shares.fringe - today.fringe)).total(edges) / 2
    return half


def follow_split(split: Floats, today: Floats, shift: Speed) -> Floats:
    """Split after a quarter in which some of every firm's sales were assigned anew.

    Parameters
    ----------
    split : ndarray, shape (firm, host, market)
        Last quarter's, after `hand_to_sisters`.
    today : ndarray, shape (firm, host, market)
        From `split_today`.
    shift : float or ndarray, shape (firm,)
        Part of sales that is assigned anew in a quarter, between 0 and 1; 1 gives ``today``.

    Returns
    -------
    ndarray, shape (firm, host, market)
        Of the precision of ``split``.
    """
    part = np.asarray(shift, np.float64).reshape(-1, 1, 1)
    moved: Floats = ((1 - part) * split + part * today).astype(split.dtype, copy=False)
    return moved
