"""Certificates of origin of a quarter, under which inputs are delivered in the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.claims import Claim
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.sourcing import some_firms
from abm.economy.last_quarter import Certificates
from abm.economy.tables import Array
from abm.engine.blocks import sector_blocks
from abm.engine.parallel import in_parallel
from abm.trade.borders.crossing import Filed
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.market_clearing import INTERMEDIATE, Sales

FILED = ("weight", "duty", "claimed", "dutiable", "claimed_dutiable", "false")


@dataclass
class Filings:
    """What plants claim for the inputs that they ship, per unit of spending.

    Attributes
    ----------
    filed : dict of ndarray, shape (sector, host, market, regime)
        Sums from which next quarter's certificates are averaged.
    originating : ndarray, shape (sector, host, market, regime)
        Deliveries of inputs that count as originating.
    sold : ndarray, shape (sector, host, market)
        All deliveries of inputs.
    """

    filed: dict[str, Array]
    originating: Array
    sold: Array

    @classmethod
    def empty(cls, sectors: tuple[int, ...], regimes: int) -> "Filings":
        """All sums at 0, for as many sectors or, if none is given, a single one."""
        flows = (*sectors, N_HOSTS, N_REGIONS)
        return cls(
            {name: np.zeros((*flows, regimes)) for name in FILED},
            np.zeros((*flows, regimes)),
            np.zeros(flows),
        )

    def add(self, sector: int, part: "Filings") -> None:
        """Add what some firms of a sector file."""
        for name, total in part.filed.items():
            self.filed[name][sector] += total
        self.originating[sector] += part.originating
        self.sold[sector] += part.sold

    def file(self, quarter: Quarter, firms: NDArray[np.integer], sales: Floats, host: int) -> None:
        """Add what the plants of some firms of a single sector at a host file.

        Parameters
        ----------
        quarter : Quarter
        firms : ndarray of int, shape (plant,)
            Rows of the firm table.
        sales : ndarray, shape (plant, use, market)
            Buyers' payment per unit of spending.
        host : int
        """
        borders = quarter.borders
        sold = sales[:, INTERMEDIATE].astype(np.float64)
        can = quarter.table.can_qualify[firms, host, None]
        qualifies = some_firms(borders.meets_rule[:, host], firms)
        filed = self.filed
        for partner in range(N_HOSTS):
            claim, rest, share = (
                some_firms(array[:, host, partner], firms)
                for array in (borders.claim, borders.rest, borders.value_share)
            )
            qualifies |= claim == Claim.COMPLIES
            if partner == host:
                continue
            cell, weight = (host, partner), sold[:, partner]
            claims = Filed.under(claim, rest, share)
            at_stake = weight * (quarter.table.product_duty[firms, host, partner] > 0)
            filed["weight"][cell] += weight.sum()
            filed["duty"][cell] += weight @ some_firms(borders.duty[:, host, partner], firms)
            filed["claimed"][cell] += weight @ claims.claimed
            filed["dutiable"][cell] += at_stake.sum()
            filed["claimed_dutiable"][cell] += at_stake @ claims.claimed
            filed["false"][cell] += weight @ claims.falsely
        self.originating[host] += sold.T @ (can * qualifies)
        self.sold[host] += sold.sum(axis=0)


def file_claims(quarter: Quarter, sales: Sales) -> Filings:
    """Only what plants claim for inputs, of all that they do."""
    regimes = len(quarter.policy.regimes)

    def of_block(block: tuple[int, slice]) -> Filings:
        part = Filings.empty((), regimes)
        for host, (plants, sold) in enumerate(sales(*block)):
            part.file(quarter, plants.firm, sold, host)
        return part

    total = Filings.empty((N_FOOTLOOSE,), regimes)
    every = sector_blocks(quarter.table)
    for (sector, _), part in zip(every, in_parallel(of_block, every), strict=True):
        total.add(sector, part)
    return total


def new_certificates(filings: Filings, outside: Array, last: Certificates) -> Certificates:
    """Certificates of the quarter, for the next one.

    Parameters
    ----------
    filings : Filings
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
    delivered = filings.filed["weight"] > 0
    members = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS))
    across = ~np.eye(N_HOSTS, N_REGIONS, dtype=bool)
    across[:, N_HOSTS:] = False
    for name in ("duty", "claimed", "dutiable", "claimed_dutiable", "false"):
        array = getattr(fresh, name).copy()
        share = filings.filed[name] / np.where(delivered, filings.filed["weight"], 1)
        kept = np.where(delivered, share, getattr(last, name)[members])
        array[members] = np.where(across[None, :, :, None], kept, array[members])
        arrays[name] = array
    return Certificates(**arrays)


def qualified_share(filings: Filings, spending: Array | None, last: Array) -> Array:
    """Share of deliveries that originate, shape (material, host, regime).

    Goods of immobile sectors always do.

    Parameters
    ----------
    filings : Filings
    spending : ndarray, shape (sector, host, use, market), optional
        What the filings are per unit of; by default one everywhere.
    last : ndarray, shape (material, host, regime)
        Kept where nothing was delivered.
    """
    share = last.copy()
    weight = np.ones_like(filings.sold) if spending is None else spending[:, :, INTERMEDIATE]
    sold = (filings.sold * weight).sum(axis=2)[..., None]
    originating = np.einsum("jhmr,jhm->jhr", filings.originating, weight)
    share[:N_FOOTLOOSE] = np.where(
        sold > 0, originating / np.where(sold > 0, sold, 1), last[:N_FOOTLOOSE]
    )
    return np.clip(share, 0, 1)
