"""Contracts with suppliers: buyers change their sources only as contracts run out.

A contract fixes which source makes a part and how many of it, not what it costs. Of the
contracts of a category a part ``h``, the hazard, runs out in a quarter and is signed
anew, at today's prices (staggered re-sourcing, Arkolakis, Eaton and Kortum 2012, after
Calvo 1983). Let ``W`` be the sourcing weights of the average firm today and ``theta`` the
Frechet shape of part prices. Whatever is signed today goes to source ``s`` with chance
``share[s] = W[s] / sum W``, and since the price of a part is distributed alike whichever
source won it, costs ``c = (sum W / sum W_base)**(-1/theta)`` of the base year's everywhere.

Cohorts of contracts need not be told apart. Three sums over them are enough:

* ``part``, the part of contracts that is with a source;
* ``signed``, what these contracts cost when they were signed;
* ``ordered``, how much they ordered, in units that cost 1 in the base year.

Each shrinks by the hazard and grows by what is signed, so that the average firm pays
``sum ordered * price`` exactly. Two things are added to the plain model:

* **Haste.** ``h = renewal * gain**slope`` with ``gain`` what is paid over what signing
  everything today would cost. It is one number a category, 1 at rest and 1 once all have
  adapted: hazards by source would drive shares past where they end. Contracts with a
  source that sells no longer end at once.
* **Recall.** Buyers go back at once to a source they know, as far as today's share of it
  and the largest part it had in the last two years allow.

A firm with tastes ``affinity`` of its own buys in proportion to ``affinity * weights`` at
``dearer`` times what was signed, with `contract_weights`. That is exact without tastes, and
an approximation with them, since the firm's own cohorts are not those of the average.

All arrays keep the order ``(..., input, source, place)``: a sector may stand before the
input, and the place is a host or a market.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

SOURCE = -2
"""Axis of the sources."""

REMEMBERED = 8
"""Quarters for which buyers know a source they once bought from (assumption: two years)."""


@dataclass(frozen=True)
class Contracts:
    """Contracts in force at the end of a quarter, those of the average firm.

    Attributes
    ----------
    part : ndarray, shape (..., input, source, place)
        Part of the contracts of a category with each source; sums to 1 over sources, or
        to 0 where the category is not used.
    signed : ndarray, same shape
        Their cost when signed, in units of what the category cost in the base year.
    ordered : ndarray, same shape
        Their quantity: their cost at base-year prices.
    recent : ndarray, shape (quarter, ..., input, source, place)
        ``part`` at the end of each of the last `REMEMBERED` quarters, the latest last.
    """

    part: Floats
    signed: Floats
    ordered: Floats
    recent: Floats

    @classmethod
    def at_rest(cls, share: Floats) -> "Contracts":
        """Contracts of a world that has always been as in the base year.

        Parameters
        ----------
        share : ndarray, shape (..., input, source, place)
            Shares of the base year; they sum to 1 over sources, or to 0.
        """
        recent = np.repeat(share[None], REMEMBERED, axis=0)
        return cls(share.copy(), share.copy(), share.copy(), recent)

    def with_inputs(self, others: NDArray[np.bool_], contracts: "Contracts") -> "Contracts":
        """The same, but for some inputs those of other contracts.

        Parameters
        ----------
        others : ndarray of bool, shape (input,)
        contracts : Contracts
        """
        theirs = others[:, None, None]
        return Contracts(
            *(np.where(theirs, getattr(contracts, name), mine) for name, mine in vars(self).items())
        )

    @property
    def known(self) -> Floats:
        """Largest part of each source in the last quarters: what buyers know how to buy there."""
        largest: Floats = self.recent.max(axis=0)
        return largest


@dataclass(frozen=True)
class Signing:
    """What signing a contract means today, to the average firm.

    Attributes
    ----------
    share : ndarray, shape (..., input, source, place)
        Chance that a source gets it; sums to 1, or to 0 where the category is not used.
    cost : ndarray, shape (..., input, place)
        What a category costs when all of it is signed today, base year = 1.
    price : ndarray, shape (..., input, source, place)
        Delivered price against the base year; 1 where a source sells nothing.
    """

    share: Floats
    cost: Floats
    price: Floats

    @property
    def sells(self) -> NDArray[np.bool_]:
        """Whether a source can be had at all, shape (..., input, source, place)."""
        sells: NDArray[np.bool_] = self.share > 0
        return sells


@dataclass(frozen=True)
class ContractWeights:
    """Sourcing weights under contract, for firms with tastes of their own.

    Attributes
    ----------
    weights : ndarray, shape (..., input, source, place)
        Appeal of a source in the contracts in force; with all contracts signed today, the
        weights of today over their base-year sum.
    dearer : ndarray, same shape
        What contracts with a source cost now over what they cost when signed; 1 where there
        are none.
    """

    weights: Floats
    dearer: Floats


def _by_source(of_category: Floats) -> Floats:
    """A value of categories, shape (..., input, place), against arrays that have sources."""
    return np.expand_dims(of_category, SOURCE)


def _divided(amount: Floats, by: Floats, where_none: float) -> Floats:
    """Quotient, and another value where the divisor is 0."""
    whole = np.broadcast_to(by, amount.shape)
    quotient: Floats = np.divide(
        amount, whole, out=np.full(amount.shape, where_none), where=whole > 0
    )
    return quotient


def signing_today(weights: Floats, base_weights: Floats, price: Floats, theta: Floats) -> Signing:
    """Shares, cost and prices of contracts that are signed at today's weights.

    Parameters
    ----------
    weights : ndarray, shape (..., input, source, place)
        Sourcing weights of the average firm today, 0 where a source has no plant or may
        not deliver.
    base_weights : ndarray, same shape
        The same of the base year; all 0 where a category is not used.
    price : ndarray, broadcasting to the same shape
        Delivered price against the base year, duties included; infinite where banned.
    theta : ndarray, shape (input,)
        Frechet shape of part prices.

    Returns
    -------
    Signing

    Raises
    ------
    ValueError
        If a category that is used has no source left; the text names its indices.
    """
    total, base = weights.sum(axis=SOURCE), base_weights.sum(axis=SOURCE)
    lost = (base > 0) & ~(total > 0)
    if lost.any():
        place = tuple(int(index) for index in np.argwhere(lost)[0])
        raise ValueError(f"no source sells the category at {place}")
    used = base > 0
    share = _divided(weights, _by_source(np.where(used, total, 0.0)), 0.0)
    relative = np.where(used, _divided(total, base, 1.0), 1.0)
    cost = relative ** (-1 / theta[:, None])
    return Signing(share, cost, np.where(share > 0, price, 1.0))


def _owed(contracts: Contracts, price: Floats) -> Floats:
    """What is paid to each source; nothing is owed to one that is banned and has no orders."""
    owed: Floats = contracts.ordered * np.where(contracts.ordered > 0, price, 1.0)
    return owed


def paid(contracts: Contracts, price: Floats) -> Floats:
    """What the average firm pays for a category, base year = 1, shape (..., input, place).

    Parameters
    ----------
    contracts : Contracts
    price : ndarray, shape (..., input, source, place)
        Delivered price against the base year, finite wherever anything is ordered.
    """
    cost: Floats = _owed(contracts, price).sum(axis=SOURCE)
    return cost


def gain_of_signing(contracts: Contracts, today: Signing) -> Floats:
    """What is paid over what signing everything today would cost, at least 1.

    Of contracts with sources that still sell; 1 where there are none.

    Returns
    -------
    ndarray, shape (..., input, place)
    """
    spent = (today.sells * contracts.ordered * today.price).sum(axis=SOURCE)
    running = (today.sells * contracts.part).sum(axis=SOURCE)
    gain: Floats = np.maximum(_divided(spent, running * today.cost, 1.0), 1.0)
    return gain


def renewal_hazard(contracts: Contracts, today: Signing, renewal: float, slope: float) -> Floats:
    """Part of the contracts with each source that ends this quarter.

    Parameters
    ----------
    contracts : Contracts
        Of last quarter.
    today : Signing
    renewal : float
        Part that ends in any quarter, above 0 and at most 1.
    slope : float
        Elasticity of the hazard to what signing anew would save, at least 0.

    Returns
    -------
    ndarray, shape (..., input, source, place)
    """
    gain = gain_of_signing(contracts, today)
    hazard = np.minimum(1.0, renewal * gain**slope)
    return np.where(today.sells, _by_source(hazard), 1.0)


def renewed(contracts: Contracts, today: Signing, hazard: Floats) -> Contracts:
    """Contracts after some of them have ended and were signed anew.

    Parameters
    ----------
    contracts : Contracts
    today : Signing
    hazard : ndarray, shape (..., input, source, place)
        Part of contracts that ends.

    Returns
    -------
    Contracts
        With the memory of before.
    """
    ending = _by_source((hazard * contracts.part).sum(axis=SOURCE))
    new = ending * today.share
    stays = 1 - hazard
    return _with_signed(contracts, stays, new, today)


def recalled(contracts: Contracts, today: Signing) -> Contracts:
    """Contracts after buyers have gone back to sources that they know.

    What comes back is signed today. It is taken from sources that have more than today's
    share, in proportion to the excess.

    Parameters
    ----------
    contracts : Contracts
        After renewal.
    today : Signing

    Returns
    -------
    Contracts
        With the memory of before.
    """
    back = np.maximum(np.minimum(today.share, contracts.known) - contracts.part, 0.0)
    excess = np.maximum(contracts.part - today.share, 0.0)
    # Parts and shares have the same sum, so the excess is at least what comes back.
    given_up = _by_source(_divided(back.sum(axis=SOURCE), excess.sum(axis=SOURCE), 0.0))
    stays = 1 - _divided(excess * given_up, contracts.part, 0.0)
    return _with_signed(contracts, stays, back, today)


def _with_signed(contracts: Contracts, stays: Floats, new: Floats, today: Signing) -> Contracts:
    """Contracts of which a part stays and to which new ones are added, signed today."""
    cost = new * _by_source(today.cost)
    return Contracts(
        stays * contracts.part + new,
        stays * contracts.signed + cost,
        stays * contracts.ordered + cost / today.price,
        contracts.recent,
    )


def next_contracts(contracts: Contracts, today: Signing, renewal: float, slope: float) -> Contracts:
    """Contracts of a quarter from those of the one before.

    Parameters
    ----------
    contracts : Contracts
    today : Signing
    renewal, slope : float
        As in `renewal_hazard`; with a renewal of 1 all contracts are today's.

    Returns
    -------
    Contracts
        Their memory ends with this quarter.

    Examples
    --------
    Two equal sources, one of which has doubled its price; half of the contracts end:

    >>> price, theta = np.array([[[2.0], [1.0]]]), np.array([1.0])
    >>> base = np.full((1, 2, 1), 0.5)
    >>> today = signing_today(base / price, base, price, theta)
    >>> after = renewed(Contracts.at_rest(base), today, np.full((1, 2, 1), 0.5))
    >>> float(paid(after, price)[0, 0].round(4))
    1.4167
    """
    hazard = renewal_hazard(contracts, today, renewal, slope)
    after = recalled(renewed(contracts, today, hazard), today)
    recent = np.concatenate([contracts.recent[1:], after.part[None]])
    return Contracts(after.part, after.signed, after.ordered, recent)


def contract_weights(contracts: Contracts, price: Floats, theta: Floats) -> ContractWeights:
    """Weights at which firms with tastes of their own buy under contract.

    Parameters
    ----------
    contracts : Contracts
    price : ndarray, shape (..., input, source, place)
        Delivered price against the base year, finite wherever anything is ordered.
    theta : ndarray, shape (input,)

    Returns
    -------
    ContractWeights
    """
    signed = contracts.signed.sum(axis=SOURCE)
    scale = np.where(signed > 0, signed, 1.0) ** -theta[:, None]
    weights = _divided(contracts.signed, _by_source(signed), 0.0) * _by_source(scale)
    return ContractWeights(weights, _divided(_owed(contracts, price), contracts.signed, 1.0))


def out_of_place(contracts: Contracts, today: Signing) -> Floats:
    """Part of contracts that would be with another source if all were signed today.

    Returns
    -------
    ndarray, shape (..., input, place)
        Between 0, once all have adapted, and 1.
    """
    moved: Floats = np.maximum(contracts.part - today.share, 0.0).sum(axis=SOURCE)
    return moved
