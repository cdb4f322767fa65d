"""What is made, shipped and bought in a quarter, given where the plants stand.

A firm's sales in a market are its share of what is spent there
(`abm.trade.sales.customers.Customers`), and its inputs, jobs, duties and claims are proportional to
them. So one pass over the firms adds up totals per unit of spending. The spending that clears
all markets, with plants buying from each other, then solves a small linear system.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from abm.axes import N_FOOTLOOSE, N_GOODS, N_HOMES, N_HOSTS, N_REGIONS, N_SECTORS
from abm.core.demand.claims import Claim
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.purchases import input_purchases, ruled_purchases
from abm.core.inputs.sourcing import InputTerms
from abm.economy.tables import Array
from abm.engine.blocks import sector_blocks
from abm.engine.parallel import in_parallel
from abm.trade.borders.this_quarter import Quarter
from abm.trade.flows.certificates import Filings
from abm.trade.inputs.base_cost import base_unit_cost
from abm.trade.inputs.input_prices import buyers
from abm.trade.sales.market_clearing import (
    FINAL,
    INTERMEDIATE,
    Plants,
    Sales,
    appeal,
    markups,
    standing_plants,
)

TALLIES = (
    "share",
    "border",
    "volume",
    "labour",
    "base_cost",
    "production_cost",
    "qualified",
    "compliant",
    "content",
    "wedge",
    "infeasible",
    "claimed",
    "dutiable",
    "claimed_dutiable",
    "false",
    "duty",
    "penalty",
    "paperwork",
    "value_added",
    "subsidy",
    "royalty",
    "rent",
)


OWNED = ("border", "labour", "rent")
"""Those that are added up by owner's home as well."""


class _OfSector:
    """Sums over plants of one sector; each array is as in `Tally`, without the sector."""

    def __init__(self, regimes: int) -> None:
        cell = (N_HOSTS, 2, N_REGIONS)
        self.sums = {name: np.zeros(cell) for name in TALLIES}
        self.purchases = np.zeros((N_GOODS, N_REGIONS, *cell))
        self.owned = {name: np.zeros((N_HOSTS, N_HOMES, *cell[1:])) for name in OWNED}
        self.filings = Filings.empty((), regimes)


@dataclass
class Tally:
    """Sums over plants per unit of spending.

    Attributes
    ----------
    sums : dict of ndarray, shape (sector, host, use, market)
        ``share`` of spending, or appeal to buyers if a unit of it earns one;
        ``border`` value; ``volume`` of output; ``labour`` in
        workers of average productivity; ``base_cost`` and ``production_cost`` of the
        volume in the calibration year and now; border value that is ``qualified``,
        made with a mix chosen to comply (``compliant``), ``claimed``, ``dutiable``,
        ``claimed_dutiable`` or ``false``; ``duty``, ``penalty``, ``paperwork``,
        ``value_added`` (labour and capital), and the ``subsidy`` and ``royalty`` on it; and
        the part of border value that is a ``rent`` of scarcity.
    purchases : ndarray, shape (sector, input, source, host, use, market)
        Inputs at purchasers' prices.
    owned : dict of ndarray, shape (sector, host, home, use, market)
        ``border``, ``labour`` and ``rent`` of ``sums`` by owner's home.
    filings : Filings
    """

    sums: dict[str, Array]
    purchases: Array
    owned: dict[str, Array]
    filings: Filings

    @classmethod
    def empty(cls, regimes: int) -> "Tally":
        """All sums at 0."""
        cell = (N_FOOTLOOSE, N_HOSTS, 2, N_REGIONS)
        return cls(
            {name: np.zeros(cell) for name in TALLIES},
            np.zeros((N_FOOTLOOSE, N_SECTORS, N_REGIONS, N_HOSTS, 2, N_REGIONS)),
            {name: np.zeros((N_FOOTLOOSE, N_HOSTS, N_HOMES, 2, N_REGIONS)) for name in OWNED},
            Filings.empty((N_FOOTLOOSE,), regimes),
        )

    def add(self, sector: int, part: _OfSector) -> None:
        """Add what some firms of a sector do."""
        for name, total in part.sums.items():
            self.sums[name][sector] += total
        self.purchases[sector, :N_GOODS] += part.purchases
        for name, by_owner in part.owned.items():
            self.owned[name][sector] += by_owner
        self.filings.add(sector, part.filings)


def tally_plants(
    quarter: Quarter,
    terms: list[InputTerms],
    value_added: np.ndarray,
    regime: int,
    sales: Sales,
    scarcity: Floats | None = None,
) -> Tally:
    """Add up all plants that stand, per unit of spending, under one regime.

    Parameters
    ----------
    quarter : Quarter
    terms : list of InputTerms
        One a footloose sector, from `abm.trade.inputs.input_prices.price_inputs`.
    value_added : ndarray, shape (firm, host, regime)
        Labour and capital per unit of output, as the firm bears them.
    regime : int
        The one in force.
    sales : callable
        Such as `sales_by_appeal`.
    scarcity : ndarray, shape (firm, host), optional
        What scarcity adds to the prices of plants, as a factor; nothing without it.

    Returns
    -------
    Tally
    """
    regimes, markup = len(quarter.policy.regimes), markups(quarter, regime)

    def of_block(block: tuple[int, slice]) -> _OfSector:
        sector, rows = block
        part = _OfSector(regimes)
        for host, (plants, sold) in enumerate(sales(sector, rows)):
            if len(plants.firm):
                borne = value_added[plants.firm, host, regime]
                dearer = None if scarcity is None else scarcity[plants.firm, host]
                work = _Work(quarter, plants, sold, borne, float(markup[sector]), dearer)
                part.filings.file(quarter, plants.firm, sold, host)
                _tally_plants(part, work, terms[sector], sector, host, regime)
        return part

    tally = Tally.empty(regimes)
    every = sector_blocks(quarter.table)
    for (sector, _), part in zip(every, in_parallel(of_block, every), strict=True):
        tally.add(sector, part)
    _buy_services(tally, terms, regime)
    return tally


def sales_by_appeal(quarter: Quarter, regime: int, built: Floats | None = None) -> Sales:
    """Sales from hosts where a unit of appeal earns one, times how far sales have built up.

    That has shape (firm, host + 1, use), the hosts first; all buyers have chosen if not given.
    """

    def sales(sector: int, rows: slice) -> Iterable[tuple[Plants, Floats]]:
        plants = standing_plants(quarter, sector, rows, regime)
        sold = appeal(plants, quarter.calibration.access[sector], rows)
        if built is not None:
            for host, place in enumerate(plants[:N_HOSTS]):
                sold[host] *= built[place.firm, host, :, None]
        return zip(plants[:N_HOSTS], sold[:N_HOSTS], strict=True)

    return sales


def _buy_services(tally: Tally, terms: list[InputTerms], regime: int) -> None:
    """Services are bought in proportion to output."""
    for sector, of in enumerate(terms):
        assert of.services_by_source is not None
        tally.purchases[sector, N_GOODS:] = np.einsum(
            "ksh,hum->kshum", of.services_by_source[..., regime], tally.sums["volume"][sector]
        )


@dataclass(frozen=True)
class _Work:
    """What the plants of a block at one host sell, by use and market.

    ``sold`` has shape (plant, use, market), buyers' payment per unit of spending, users of
    inputs spending what their orders would cost without scarcity; ``borne`` has shape
    (plant,), labour and capital per unit of output, and so has ``dearer``, what scarcity adds
    to prices, as a factor.
    """

    quarter: Quarter
    plants: Plants
    sold: Floats
    borne: Floats
    markup: float
    dearer: Floats | None = None

    @cached_property
    def scarcity(self) -> Floats:
        """``dearer`` as a factor on border values, shape (plant, 1, 1)."""
        factor = np.ones(len(self.sold)) if self.dearer is None else self.dearer
        return factor.astype(np.float32)[:, None, None]

    @property
    def rent(self) -> Floats:
        """Part of border value that scarcity adds, shape (plant,)."""
        part: Floats = 1 - 1 / self.scarcity[:, 0, 0]
        return part

    @cached_property
    def border(self) -> Floats:
        """Border value of what is sold."""
        border = self.sold.copy()
        border[:, FINAL] /= self.plants.mark_on
        if self.dearer is not None:
            border[:, INTERMEDIATE] *= self.scarcity[:, 0]
        return border

    @cached_property
    def volume(self) -> Floats:
        """Units of output, shape (plant, use, market)."""
        volume: Floats = self.border / (self.plants.border_cost * np.float32(self.markup))[:, None]
        if self.dearer is not None:
            volume /= self.scarcity
        return volume


def _tally_plants(
    part: _OfSector, work: _Work, terms: InputTerms, sector: int, host: int, regime: int
) -> None:
    """Add sales, costs, claims and purchases of the plants of one block at one host."""
    quarter, firms = work.quarter, work.plants.firm
    costs, borders = quarter.costs, quarter.borders
    border, volume = work.border, work.volume
    free_cost = costs.free_cost[firms, host, regime]
    free_content = costs.free_content[firms, host, regime]
    meets = borders.meets_rule[firms, host, regime]
    can = quarter.table.can_qualify[firms, host]
    one = np.ones(len(firms), np.float32)
    value_added = split_value_added(
        work.borne,
        quarter.policy.subsidy[sector, host, regime],
        quarter.policy.royalty[host, regime] * (quarter.table.home[firms] != host),
    )
    _add(part, host, {"share": one}, work.sold)
    _add(
        part,
        host,
        {
            "border": one,
            "qualified": can * meets,
            "content": free_content,
            "infeasible": ~costs.feasible[firms, host, regime],
            "rent": work.rent,
        },
        border,
    )
    _add(
        part,
        host,
        {
            "volume": one,
            "labour": 1 / quarter.table.productivity[firms, host],
            **value_added,
            "base_cost": base_unit_cost(quarter.table, quarter.calibration, firms, host),
            "production_cost": free_cost,
        },
        volume,
    )
    _tally_owners(part, work, host)
    missing = costs.compliant_content[firms, host, regime] - free_content
    wedge = np.exp(costs.log_wedge[firms, host, regime])
    compliant_cost = costs.compliant_cost[firms, host, regime]
    compliant_volume = np.zeros_like(volume)
    for partner in range(N_HOSTS):
        if partner == host:
            continue
        at = (firms, host, partner, regime)
        filed = borders.filed(at)
        complies = borders.claim[at] == Claim.COMPLIES
        constrained = complies & ~meets
        # Of units, and of value at the border.
        adapted, adapted_value = can * constrained, filed.complies * constrained
        dutiable = quarter.table.product_duty[firms, host, partner] > 0
        made = np.where(constrained, compliant_cost, free_cost)
        unit_cost = can * made + (1 - can) * free_cost
        penalty = free_cost * borders.penalty[at]
        proof = np.where(complies, work.plants.border_cost[:, partner] - unit_cost - penalty, 0)
        _add(
            part,
            host,
            {
                "qualified": adapted_value,
                "content": adapted_value * missing,
                "compliant": adapted_value,
                "wedge": adapted_value * wedge,
                "claimed": filed.claimed,
                "dutiable": dutiable,
                "claimed_dutiable": filed.claimed * dutiable,
                "false": filed.falsely,
                "duty": borders.duty[at],
            },
            border[:, :, partner],
            partner,
        )
        _add(
            part,
            host,
            {
                "production_cost": unit_cost - free_cost,
                "penalty": penalty,
                "paperwork": proof,
            },
            volume[:, :, partner],
            partner,
        )
        compliant_volume[:, :, partner] = volume[:, :, partner] * adapted[:, None]
    bought = _purchases(work, terms.at(host, regime), host, regime, compliant_volume)
    part.purchases[:, :, host] += bought.reshape(*bought.shape[:2], 2, N_REGIONS)


def _tally_owners(part: _OfSector, work: _Work, host: int) -> None:
    """Add sales and labour of the plants of one block at one host by owner's home."""
    table, firms = work.quarter.table, work.plants.firm
    of_home = (table.home[firms] == np.arange(N_HOMES)[:, None]).astype(np.float32)
    labour = of_home / table.productivity[firms, host]
    for name, factor, amount in (
        ("border", of_home, work.border),
        ("labour", labour, work.volume),
        ("rent", of_home * work.rent, work.border),
    ):
        total = factor @ amount.reshape(len(firms), -1)
        part.owned[name][host] += total.astype(np.float64).reshape(N_HOMES, *amount.shape[1:])


def _purchases(
    work: _Work, here: InputTerms, host: int, regime: int, compliant_volume: Floats
) -> Floats:
    """Inputs of the plants of one block at one host, shape (input, source, outlet).

    A plant on the way to complying buys a part of what it needs for that under contracts
    that run on, and a part as it signs now; it then counts as two buyers.
    """
    quarter, firms = work.quarter, work.plants.firm
    free = (work.volume - compliant_volume).reshape(len(firms), -1)
    compliant = compliant_volume.reshape(len(firms), -1)
    of_rules = here.further is not None
    # What stands for the mix that complies: its wedge, or a factor on its multipliers.
    mix = (
        np.ones(len(firms), np.float32)
        if of_rules
        else quarter.costs.log_wedge[firms, host, regime]
    )
    borne = work.borne
    transition = quarter.transition
    if transition is not None and transition.moving[firms, host].any():
        late = np.flatnonzero(transition.moving[firms, host])
        signed_now = transition.part * compliant[late]
        compliant[late] -= signed_now
        mix[late] = transition.held[firms[late], host]
        mix = np.append(mix, transition.signed[firms[late], host])
        free = np.concatenate([free, np.zeros_like(signed_now)])
        compliant = np.concatenate([compliant, signed_now])
        firms, borne = np.append(firms, firms[late]), np.append(borne, borne[late])
    plants = buyers(quarter.table, firms).at(host)
    if not of_rules:
        return input_purchases(plants, here, mix, free, compliant)
    multipliers = quarter.costs.multipliers[firms, :, host, regime] * mix[:, None]
    way = quarter.costs.way[firms, host, regime]
    return ruled_purchases(plants, here, borne, multipliers, free, compliant, way)


def split_value_added(
    borne: np.ndarray, subsidy: float, royalty: np.ndarray
) -> dict[str, np.ndarray]:
    """Split what firms bear into labour and capital, the treasury's subsidy, and royalties.

    Parameters
    ----------
    borne : ndarray, shape (firm,)
        Labour and capital cost per unit, less the subsidy, plus the royalty.
    subsidy : float
        Share of labour and capital cost.
    royalty : ndarray, shape (firm,)
        Share of labour and capital cost.

    Returns
    -------
    dict of ndarray, shape (firm,)
        By name in `TALLIES`, per unit of output.
    """
    gross = borne / (1 - subsidy + royalty).astype(np.float32)
    return {"value_added": gross, "subsidy": subsidy * gross, "royalty": royalty * gross}


def _add(
    part: _OfSector,
    host: int,
    factors: dict[str, np.ndarray],
    amount: np.ndarray,
    market: int | None = None,
) -> None:
    """Add ``sum over plants of factor * amount`` for several factors at once.

    Parameters
    ----------
    part : _OfSector
    host : int
    factors : dict of ndarray, shape (plant,)
        By the sum they belong to.
    amount : ndarray, shape (plant, use, market) or (plant, use) for one market
    market : int, optional
        The one market ``amount`` is for.
    """
    matrix = np.empty((len(factors), len(amount)), np.float32)
    for row, factor in zip(matrix, factors.values(), strict=True):
        row[:] = factor
    # One matrix product in single precision per block; blocks are added up in double.
    totals = (matrix @ amount.reshape(len(amount), -1)).astype(np.float64)
    place = host if market is None else (host, slice(None), market)
    for name, total in zip(factors, totals, strict=True):
        part.sums[name][place] += total.reshape(amount.shape[1:])
