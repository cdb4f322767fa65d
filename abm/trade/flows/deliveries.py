"""What is made, shipped and bought in a quarter, given where the plants stand.

A firm's sales in a market are its share of what is spent there
(`abm.trade.sales.customers.Customers`), and its inputs, jobs, duties and claims are proportional to
them. So one pass over the firms adds up totals per unit of spending. The spending that clears
all markets, with plants buying from each other, then solves a small linear system.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_GOODS, N_HOMES, N_HOSTS, N_REGIONS, N_SECTORS
from abm.core.demand.claims import Claim
from abm.core.demand.youth import YoungSales
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.sourcing import InputTerms
from abm.core.layout import some_firms
from abm.core.segments import products_by_segment
from abm.economy.tables import Array
from abm.engine.blocks import Block, firm_blocks
from abm.engine.parallel import in_parallel
from abm.trade.borders.crossing import OTHER_MEMBERS, Filed
from abm.trade.borders.this_quarter import Quarter
from abm.trade.flows.certificates import Filings
from abm.trade.flows.plants_at_work import PlantsAtWork, by_outlet, purchases
from abm.trade.inputs.base_cost import base_unit_cost
from abm.trade.sales.market_clearing import (
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


class _OfBlock:
    """Sums over the plants of a block; each array is as in `Tally`, for the block's sectors.

    ``sums`` has all tallies along an axis in front.
    """

    def __init__(self, sectors: int, regimes: int) -> None:
        cell = (sectors, N_HOSTS, 2, N_REGIONS)
        self.sums = np.zeros((len(TALLIES), *cell))
        self.purchases = np.zeros((sectors, N_GOODS, N_REGIONS, *cell[1:]))
        self.owned = {name: np.zeros((*cell[:2], N_HOMES, *cell[2:])) for name in OWNED}
        self.filings = Filings.empty(sectors, regimes)


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
            Filings.empty(N_FOOTLOOSE, regimes),
        )

    def add(self, sectors: slice, part: _OfBlock) -> None:
        """Add what some firms of some sectors do."""
        for name, total in zip(TALLIES, part.sums, strict=True):
            self.sums[name][sectors] += total
        self.purchases[sectors, :N_GOODS] += part.purchases
        for name, by_owner in part.owned.items():
            self.owned[name][sectors] += by_owner
        self.filings.add(sectors, part.filings)


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
    regimes, markup = len(quarter.policy.regimes), markups(quarter, regime).astype(np.float32)

    def of_block(block: Block) -> _OfBlock:
        part = _OfBlock(len(block.edges) - 1, regimes)
        for host, (plants, sold) in enumerate(sales(block)):
            if len(plants.firm):
                borne = value_added[plants.firm, host, regime]
                dearer = None if scarcity is None else scarcity[plants.firm, host]
                work = PlantsAtWork(quarter, plants, sold, borne, plants.at.of_each(markup), dearer)
                part.filings.file(quarter, plants.at, sold, host)
                _tally_plants(part, work, terms, host, regime)
        return part

    tally = Tally.empty(regimes)
    every = firm_blocks(quarter.table)
    for block, part in zip(every, in_parallel(of_block, every), strict=True):
        tally.add(block.sectors, part)
    _buy_services(tally, terms, regime)
    return tally


def sales_by_appeal(quarter: Quarter, regime: int, young: YoungSales | None = None) -> Sales:
    """Sales from hosts where a unit of appeal earns one, times what young plants sell of theirs.

    All buyers have chosen anew if that is not given.
    """

    def sales(block: Block) -> Iterable[tuple[Plants, Floats]]:
        plants = standing_plants(quarter, block, regime)
        sold = appeal(plants, quarter.calibration.access, block)
        if young is not None:
            for host, place in enumerate(plants[:N_HOSTS]):
                sold[host] *= young.at(place.firm, host)
        return zip(plants[:N_HOSTS], sold[:N_HOSTS], strict=True)

    return sales


def _buy_services(tally: Tally, terms: list[InputTerms], regime: int) -> None:
    """Services are bought in proportion to output."""
    for sector, of in enumerate(terms):
        assert of.services_by_source is not None
        tally.purchases[sector, N_GOODS:] = np.einsum(
            "ksh,hum->kshum", of.services_by_source[..., regime], tally.sums["volume"][sector]
        )


def _tally_plants(
    part: _OfBlock, work: PlantsAtWork, terms: list[InputTerms], host: int, regime: int
) -> None:
    """Add sales, costs, claims and purchases of the plants of one block at one host."""
    quarter, at = work.quarter, work.plants.at
    costs, table, firms = quarter.costs, quarter.table, at.rows
    meets = costs.meets_rule[firms, host, regime]
    of_home = (table.home[firms] == np.arange(N_HOMES)[:, None]).astype(np.float32)
    labour = 1 / table.productivity[firms, host]
    value_added = split_value_added(
        work.borne,
        at.of_each(quarter.policy.subsidy[:, host, regime]),
        quarter.policy.royalty[host, regime] * (table.home[firms] != host),
    )
    _add(part, work, host, {"share": 1}, work.sold)
    _add(
        part,
        work,
        host,
        {
            "border": 1,
            "qualified": table.can_qualify[firms, host] * meets,
            "content": costs.free_content[firms, host, regime],
            "infeasible": ~costs.feasible[firms, host, regime],
            "rent": work.rent,
        },
        work.border,
    )
    _add(
        part,
        work,
        host,
        {
            "volume": 1,
            "labour": labour,
            **value_added,
            "base_cost": base_unit_cost(table, quarter.calibration, firms, host),
            "production_cost": costs.free_cost[firms, host, regime],
        },
        work.volume,
    )
    _add_owned(part, work, host, {"border": of_home, "rent": of_home * work.rent}, work.border)
    _add_owned(part, work, host, {"labour": of_home * labour}, work.volume)
    compliant = _tally_crossings(part, work, host, regime)
    bought = purchases(work, terms, host, regime, compliant)
    part.purchases[:, :, :, host] += bought.reshape(*bought.shape[:3], 2, N_REGIONS)


def _tally_crossings(part: _OfBlock, work: PlantsAtWork, host: int, regime: int) -> Floats:
    """Add what plants at one host claim and pay at the borders of the other members.

    Returns
    -------
    ndarray, shape (plant, use, market)
        Units of output that are made to comply and would not qualify otherwise.
    """
    quarter, firms, others = work.quarter, work.plants.firm, OTHER_MEMBERS[host]
    costs, borders = quarter.costs, quarter.borders
    shipments = (borders.claim, borders.rest, borders.value_share, borders.duty, borders.penalty)
    claim, rest, share, duty, fined = (
        some_firms(array[:, host, others, regime], firms) for array in shipments
    )
    free_cost = costs.free_cost[firms, host, None, regime]
    compliant_cost, free_content, compliant_content, log_wedge = (
        _towards_others(quarter, name, firms, host, regime)
        for name in ("compliant_cost", "free_content", "compliant_content", "log_wedge")
    )
    meets = some_firms(borders.meets_rule[:, host, others, regime], firms)
    agreed = costs.meets_rule[firms, host, None, regime]  # added up for all markets already
    can = quarter.table.can_qualify[firms, host, None]
    filed = Filed.under(claim, rest, share)
    complies = claim == Claim.COMPLIES
    constrained = complies & ~meets
    # Of units, and of value at the border.
    adapted, adapted_value = can * constrained, filed.complies * constrained
    dutiable = some_firms(quarter.table.product_duty[:, host, others], firms) > 0
    made = np.where(constrained, compliant_cost, free_cost)
    unit_cost = can * made + (1 - can) * free_cost
    penalty = free_cost * fined
    proof = np.where(complies, work.plants.border_cost[:, others] - unit_cost - penalty, 0)
    _add_at_borders(
        part,
        work,
        host,
        {
            "qualified": adapted_value + can * (meets.astype(np.float32) - agreed),
            "content": adapted_value * (compliant_content - free_content),
            "compliant": adapted_value,
            "wedge": adapted_value * np.exp(log_wedge),
            "claimed": filed.claimed,
            "dutiable": dutiable,
            "claimed_dutiable": filed.claimed * dutiable,
            "false": filed.falsely,
            "duty": duty,
        },
        work.border,
    )
    costs_there = {"production_cost": unit_cost - free_cost, "penalty": penalty, "paperwork": proof}
    _add_at_borders(part, work, host, costs_there, work.volume)
    compliant = np.zeros_like(work.volume)
    compliant[:, :, others] = work.volume[:, :, others] * adapted[:, None]
    return compliant


def _towards_others(
    quarter: Quarter, name: str, firms: NDArray[np.integer], host: int, regime: int
) -> Floats:
    """An array of costs by the rules of the other members' borders.

    Returns
    -------
    ndarray, shape (plant, partner), or (plant, 1) if all have the same
    """
    groups = quarter.alike(host, regime)
    partners = sorted(chain(*groups)) if len(groups) > 1 else groups[0][:1]
    each = [getattr(quarter.towards(host, one, regime), name)[firms] for one in partners]
    found: Floats = np.stack(each, axis=1)
    return found


def split_value_added(
    borne: np.ndarray, subsidy: np.ndarray, royalty: np.ndarray
) -> dict[str, np.ndarray]:
    """Split what firms bear into labour and capital, the treasury's subsidy, and royalties.

    Parameters
    ----------
    borne : ndarray, shape (firm,)
        Labour and capital cost per unit, less the subsidy, plus the royalty.
    subsidy : ndarray, shape (firm,) or (1,)
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


type Factors = dict[str, NDArray[Any] | int]
"""What an amount is weighed with before it is added up, by the sum that it belongs to."""


def _add(part: _OfBlock, work: PlantsAtWork, host: int, factors: Factors, amount: Floats) -> None:
    """Add ``sum over plants of factor * amount`` for several factors, shape (plant,), at once.

    The amount has shape (plant, use, market).
    """
    matrix = np.empty((len(factors), len(amount)), np.float32)
    for row, factor in zip(matrix, factors.values(), strict=True):
        row[:] = factor
    # Products in single precision; blocks are added up in double.
    totals = products_by_segment(matrix, by_outlet(amount), work.plants.at.edges)
    for name, total in zip(factors, totals.swapaxes(0, 1), strict=True):
        part.sums[TALLIES.index(name), :, host] += total.reshape(-1, *amount.shape[1:])


def _add_owned(
    part: _OfBlock, work: PlantsAtWork, host: int, factors: dict[str, Floats], amount: Floats
) -> None:
    """As `_add`, by owner's home: factors have shape (home, plant)."""
    matrix = np.concatenate(list(factors.values()))
    totals = products_by_segment(matrix, by_outlet(amount), work.plants.at.edges)
    by_name = totals.reshape(len(totals), len(factors), N_HOMES, *amount.shape[1:])
    for name, total in zip(factors, by_name.swapaxes(0, 1), strict=True):
        part.owned[name][:, host] += total


def _add_at_borders(
    part: _OfBlock, work: PlantsAtWork, host: int, factors: dict[str, NDArray[Any]], amount: Floats
) -> None:
    """As `_add`, at the borders of the other members: factors have shape (plant, partner)."""
    others = OTHER_MEMBERS[host]
    there = amount[:, :, others].transpose(2, 0, 1)
    matrix = np.empty((len(there), len(factors), len(amount)), np.float32)
    for row, factor in enumerate(factors.values()):
        matrix[:, row] = factor.T
    totals = products_by_segment(matrix, there, work.plants.at.edges)
    for name, total in zip(factors, totals.transpose(2, 0, 1, 3), strict=True):
        part.sums[TALLIES.index(name), :, host, :, others] += total.swapaxes(1, 2)
