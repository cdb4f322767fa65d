"""Contracts with suppliers in one quarter: who signs anew, what is paid, what comes next."""

from dataclasses import dataclass

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, REGIONS, SECTORS
from abm.core.inputs.contracts import (
    Contracts,
    ContractWeights,
    Signing,
    contract_weights,
    next_contracts,
    out_of_place,
    renewed,
    signing_today,
)
from abm.economy.tables import Array
from abm.errors import ModelError


@dataclass(frozen=True)
class Supply:
    """Contracts in force in a quarter, at its prices.

    All arrays keep the order (..., input, source, place), the place being a host or a market.

    Attributes
    ----------
    contracts : Contracts
    today : Signing
        What whoever signs this quarter would choose.
    price : ndarray
        Delivered price against the calibration year.
    theta : ndarray, shape (input,)
    """

    contracts: Contracts
    today: Signing
    price: Array
    theta: Array

    @property
    def weights(self) -> ContractWeights:
        """Weights at which firms with tastes of their own buy."""
        return contract_weights(self.contracts, self.price, self.theta)

    @property
    def owed(self) -> Array:
        """What the average buyer pays to each source, category by category."""
        owed: Array = self.contracts.ordered * self.price
        return owed

    def to_move(self, bill: Array) -> Array:
        """Part of what is bought that would be with other sources if all was signed today.

        Parameters
        ----------
        bill : ndarray, shape (..., input, place)
            What each category cost in the calibration year.

        Returns
        -------
        ndarray, shape (..., place)
            0 where nothing is bought.
        """
        spent = bill * self.owed.sum(axis=-2)
        late = (spent * out_of_place(self.contracts, self.today)).sum(axis=-2)
        total = spent.sum(axis=-2)
        part: Array = np.divide(late, total, out=np.zeros_like(total), where=total > 0)
        return part

    def adapted(self, bought: Array) -> Array:
        """What users would buy if all their contracts were signed this quarter.

        Parameters
        ----------
        bought : ndarray, shape (..., input, source, place)
            Purchasers' value under the contracts in force.

        Returns
        -------
        ndarray, same shape
            Of the same sum over sources: each source gains or loses as it does with the
            average buyer.
        """
        paid = _shares(self.owed)
        share = self.today.share
        total = bought.sum(axis=-2, keepdims=True)
        moved = bought * np.divide(share, paid, out=np.zeros_like(share), where=paid > 0)
        moved += np.where(paid > 0, 0.0, total * share)
        return _shares(moved) * total


def _shares(amount: Array) -> Array:
    """Parts of each source in the sum over sources; 0 where that is 0."""
    total = np.broadcast_to(amount.sum(axis=-2, keepdims=True), amount.shape)
    shares: Array = np.divide(amount, total, out=np.zeros_like(amount), where=total > 0)
    return shares


# why: what decides who signs anew and with whom, each from another place
def renewed_supply(
    contracts: Contracts,
    weights: Array,
    base: Array,
    price: Array,
    theta: Array,
    renewals: tuple[float, float],
    ended: Array | None = None,
) -> Supply:
    """Contracts of a quarter after some of the last one's have been signed anew.

    Parameters
    ----------
    contracts : Contracts
        Of the quarter before.
    weights, base : ndarray, shape (..., input, source, place)
        From `abm.trade.inputs.input_prices.sourcing_weights` for the regime in force, and those
        of the calibration year.
    price : ndarray, shape (input, source, place)
    theta : ndarray, shape (input,)
    renewals : tuple of float
        Part that ends in any quarter, and how it rises with what signing anew saves.
    ended : ndarray, shape (input, source, place), optional
        Part of contracts that cannot go on and are signed anew before any other; none without it.

    Returns
    -------
    Supply

    Raises
    ------
    ModelError
        If an input that is used has no source left.
    """
    _check_sources(weights, base)
    today = signing_today(weights, base, price, theta)
    if ended is not None:
        contracts = renewed(contracts, today, np.broadcast_to(ended, contracts.part.shape))
    return Supply(next_contracts(contracts, today, *renewals), today, price, theta)


def _check_sources(weights: Array, base: Array) -> None:
    lost = np.argwhere((base.sum(axis=-2) > 0) & ~(weights.sum(axis=-2) > 0))
    if not len(lost):
        return
    *sector, good, place = map(int, lost[0])
    buyer = (
        f"{FOOTLOOSE[sector[0]]} in {HOSTS[place]}"
        if sector
        else f"users that are not modelled firms in {REGIONS[place]}"
    )
    raise ModelError(f"renew_contracts: no source of {SECTORS[good]} is left for {buyer}")
