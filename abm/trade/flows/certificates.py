"""Certificates of origin of a quarter, under which inputs are delivered in the next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.claims import Claim
from abm.core.demand.customers import sum_by_sector
from abm.core.inputs.content_rules import Floats
from abm.core.layout import some_firms
from abm.core.segments import products_by_segment
from abm.economy.last_quarter import Certificates
from abm.economy.tables import Array
from abm.engine.blocks import Block, SomeFirms, firm_blocks
from abm.engine.parallel import in_parallel
from abm.trade.borders.crossing import OTHER_MEMBERS, Filed
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
    def empty(cls, sectors: int, regimes: int) -> "Filings":
        """All sums at 0."""
        flows = (sectors, N_HOSTS, N_REGIONS)
        return cls(
            {name: np.zeros((*flows, regimes)) for name in FILED},
            np.zeros((*flows, regimes)),
            np.zeros(flows),
        )

    def add(self, sectors: slice, part: "Filings") -> None:
        """Add what some firms of some sectors file."""
        for name, total in part.filed.items():
            self.filed[name][sectors] += total
        self.originating[sectors] += part.originating
        self.sold[sectors] += part.sold

    def file(self, quarter: Quarter, firms: SomeFirms, sales: Floats, host: int) -> None:
        """Add what the plants of firms of these sectors at a host file.

        Parameters
        ----------
        quarter : Quarter
        firms : SomeFirms
        sales : ndarray, shape (plant, use, market)
            Buyers' payment per unit of spending.
        host : int
        """
        borders, rows, others = quarter.borders, firms.rows, OTHER_MEMBERS[host]
        sold = sales[:, INTERMEDIATE].astype(np.float64)
        claim, rest, share, duty = (
            some_firms(array[:, host, others], rows)
            for array in (borders.claim, borders.rest, borders.value_share, borders.duty)
        )
        claims, weight = Filed.under(claim, rest, share), sold[:, others]
        stakes = some_firms(quarter.table.product_duty[:, host, others], rows) > 0
        at_stake = weight * stakes
        sums = {"weight": weight[..., None], "dutiable": at_stake[..., None]}
        for name, amount, part in (
            ("duty", weight, duty),
            ("claimed", weight, claims.claimed),
            ("claimed_dutiable", at_stake, claims.claimed),
            ("false", weight, claims.falsely),
        ):
            sums[name] = amount[..., None] * part
        for name, amount in sums.items():
            self.filed[name][:, host, others] += sum_by_sector(amount, firms.edges)
        for markets, qualifies in _originate(quarter, rows, host, claim == Claim.COMPLIES):
            counts = some_firms(quarter.table.can_qualify[:, host, None], rows) * qualifies
            self.originating[:, host, markets] += products_by_segment(
                sold[:, markets].T, counts, firms.edges
            )
        self.sold[:, host] += sum_by_sector(sold, firms.edges)


def _originate(
    quarter: Quarter, rows: NDArray[np.integer], host: int, complies: NDArray[np.bool_]
) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Whether plants' goods originate for their buyers, by groups of markets.

    They do where the free mix meets the rule, or where they comply with it at some border. At
    home and outside the rule is the agreement's, and complying anywhere will do.

    Parameters
    ----------
    quarter : Quarter
    rows : ndarray of int, shape (plant,)
    host : int
    complies : ndarray of bool, shape (plant, partner, regime)

    Yields
    ------
    tuple of slice and ndarray of bool, shape (plant, regime)
        Of each market once.
    """
    anywhere = complies.any(axis=1)
    agreed = some_firms(quarter.costs.meets_rule[:, host], rows) | anywhere
    own = quarter.own_rules(host)
    if not own.any():
        yield slice(None), agreed
        return
    members = range(N_HOSTS)[OTHER_MEMBERS[host]]
    for market in range(N_REGIONS):
        qualify = agreed
        if market in members:
            alike = np.stack([(own[one] | own[market]) <= (one == market) for one in members])
            meets = some_firms(quarter.borders.meets_rule[:, host, market], rows)
            qualify = meets | (complies & alike).any(axis=1)
        yield slice(market, market + 1), qualify


def file_claims(quarter: Quarter, sales: Sales) -> Filings:
    """Only what plants claim for inputs, of all that they do."""
    regimes = len(quarter.policy.regimes)

    def of_block(block: Block) -> Filings:
        part = Filings.empty(len(block.edges) - 1, regimes)
        for host, (plants, sold) in enumerate(sales(block)):
            part.file(quarter, plants.at, sold, host)
        return part

    total = Filings.empty(N_FOOTLOOSE, regimes)
    every = firm_blocks(quarter.table)
    for block, part in zip(every, in_parallel(of_block, every), strict=True):
        total.add(block.sectors, part)
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
