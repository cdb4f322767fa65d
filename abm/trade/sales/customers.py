"""Who buys from whom: customers of firms, of importers and of plants, from quarter to quarter.

Consumers are a brand's, the firm's and not a plant's; users of inputs buy from plants.
A part of both chooses anew in a quarter, all where ``win`` is 1 (`abm.core.demand.customers`);
with less, what a firm sells follows what it would sell, had everybody just chosen, with a lag.
Its plants take each other's place at a speed of their own. What no plant serves any more is handed
on at once, whatever the cause: a firm's customers in a market go to the others there, a
plant's part of its firm's customers to its sisters, the users of its inputs to the host's
other plants. Nothing is told of openings and closings, they are seen from where plants
stand that can reach a market.

Consumers see the price at which they are served, that of the plants which in fact serve them:
a plant opened behind a tariff wall wins customers as it takes over sales, not before.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.customers import (
    Shares,
    Speeds,
    follow_split,
    hand_to_sisters,
    split_today,
)
from abm.core.demand.held_prices import price_of_split
from abm.core.demand.markets import plant_appeal
from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last, first_last, some_firms
from abm.economy.tables import Array
from abm.engine.blocks import Block, firm_blocks
from abm.engine.parallel import in_parallel
from abm.trade.borders.this_quarter import Quarter
from abm.trade.entry import open_to_sectors
from abm.trade.sales.market_clearing import (
    FINAL,
    INTERMEDIATE,
    REACH_EXPONENT,
    Plants,
    fringe_prices,
    mass_of,
    plant_dispersion,
    standing_plants,
)

AT_ONCE = Speeds(win=1.0, shift=1.0)
"""Everybody chooses anew, as in the long run."""

AT_HOME = N_HOSTS
"""Place of the plant at home abroad among those that serve a firm's customers."""

REMEMBERED = 8
"""Quarters for which buyers remember a seller that they left, as users of inputs do."""

HELD = Speeds(win=0.0, shift=0.0)
"""Nobody chooses anew; what closed is handed on all the same."""


@dataclass(frozen=True)
class Customers:
    """Who has how much of what is spent, in value, and the prices they were charged.

    The firm is the innermost axis in memory.

    Attributes
    ----------
    firms : ndarray, shape (firm, market)
        Share of what consumers spend on the firm's sector.
    fringe : ndarray, shape (sector, source, market)
        The same of imports that no modelled firm makes.
    split : ndarray of float32, shape (firm, plant, market)
        Part of the firm's sales to consumers that each of its plants makes: those at hosts,
        and last that at home abroad, which firms of North America do not have.
    pool : ndarray of float32, shape (firm, host, market)
        Share of what users of inputs spend on the sector's plants at a host.
    recent : ndarray of float32, shape (firm, quarter, market)
        ``firms`` of the quarters that buyers remember, the latest last.
    recent_fringe : ndarray, shape (sector, quarter, source, market)
        ``fringe`` of the same quarters.
    log_price : ndarray of float32, shape (firm, market)
        Of what consumers were charged, up to the firm's taste; kept where it stops selling.
    log_fringe_price : ndarray, shape (sector, source, market)
        The calibration year's is 0.
    """

    firms: Array
    fringe: Array
    split: Floats
    pool: Floats
    recent: Floats
    recent_fringe: Array
    log_price: Floats
    log_fringe_price: Array

    @classmethod
    def nobodys(cls, firms: int) -> Self:
        """Before anybody has chosen."""
        return cls(
            firm_last((firms, N_REGIONS), np.float64, 0.0),
            np.zeros((N_FOOTLOOSE, N_REGIONS, N_REGIONS)),
            firm_last((firms, AT_HOME + 1, N_REGIONS), np.float32, 0.0),
            firm_last((firms, N_HOSTS, N_REGIONS), np.float32, 0.0),
            firm_last((firms, REMEMBERED, N_REGIONS), np.float32, 0.0),
            np.zeros((N_FOOTLOOSE, REMEMBERED, N_REGIONS, N_REGIONS)),
            firm_last((firms, N_REGIONS), np.float32, 0.0),
            np.zeros((N_FOOTLOOSE, N_REGIONS, N_REGIONS)),
        )

    def known(self, sectors: slice, rows: slice) -> Shares:
        """The largest share that each seller of some sectors had while buyers remember."""
        return Shares(self.recent[rows].max(axis=1), self.recent_fringe[sectors].max(axis=1))

    def remember(self, held: Self, sectors: slice, rows: slice) -> None:
        """Write some sectors' shares of a quarter behind those of the quarters before."""
        self.recent[rows, :-1] = held.recent[rows, 1:]
        self.recent[rows, -1] = self.firms[rows]
        self.recent_fringe[sectors, :-1] = held.recent_fringe[sectors, 1:]
        self.recent_fringe[sectors, -1] = self.fringe[sectors]

    def sold(self, plants: Plants, host: int) -> Floats:
        """Share of spending that plants at a host get, shape (plant, use, market)."""
        firms = plants.firm
        share = firm_last((len(firms), 2, N_REGIONS), np.float32, np.nan)
        share[:, FINAL] = some_firms(self.firms, firms) * some_firms(self.split[:, host], firms)
        share[:, INTERMEDIATE] = some_firms(self.pool[:, host], firms)
        return share


@dataclass(frozen=True)
class Offers:
    """What everybody offers in a quarter.

    Attributes
    ----------
    appeal : ndarray, shape (firm, market)
        Of firms to consumers, at the plants that serve them.
    imports : ndarray, shape (sector, source, market)
        Appeal of imports from regions without firms.
    inputs : ndarray of float32, shape (firm, host, market)
        Appeal of plants to users of inputs; 0 where there is none.
    split, log_price, log_fringe_price : ndarray
        As in `Customers`, while no plant is short of capacity.
    best_split : ndarray of float32, shape (firm, plant, market)
        The same if firms chose anew which plants serve their customers.
    """

    appeal: Array
    imports: Array
    inputs: Floats
    split: Floats
    best_split: Floats
    log_price: Floats
    log_fringe_price: Array

    def dearer(self, last: Customers, sectors: slice, rows: slice) -> Shares:
        """Everybody's price over that of the quarter before."""
        firm = self.log_price[rows].astype(np.float64) - last.log_price[rows]
        fringe = self.log_fringe_price[sectors] - last.log_fringe_price[sectors]
        return Shares(np.exp(firm), np.exp(fringe))


def make_offers(
    quarter: Quarter, last: Customers, held: Customers, shift: float, regime: int
) -> tuple[Offers, dict[int, list[Plants]]]:
    """Offers of all firms at the plants that stand, and of importers.

    And those plants, of every block of firms by its first row.
    """
    sigma = quarter.economy.sigma[:N_FOOTLOOSE]
    prices = fringe_prices(quarter.policy, quarter.calibration, quarter.outside)[..., regime]
    imports = quarter.calibration.fringe * prices ** (1 - sigma[:, None, None])
    let_in = open_to_sectors(quarter.policy)
    if let_in is not None:
        imports = imports * let_in[:N_FOOTLOOSE, ..., regime]
    offers = Offers(
        np.empty_like(last.firms),
        imports,
        np.zeros_like(held.pool),
        np.empty_like(held.split),
        np.empty_like(held.split),
        last.log_price.copy(order="K"),
        np.log(prices),
    )

    access = quarter.calibration.access.astype(np.float32)

    def offer(block: Block) -> list[Plants]:
        rows = block.rows
        dispersion = np.broadcast_to(block.of_each(plant_dispersion(sigma)), len(block))
        plants = standing_plants(quarter, block, regime)
        reach = reach_of(plants, access[:, :, FINAL], block)
        split = _split(held.split[rows], reach, shift, dispersion)
        offers.split[rows], offers.best_split[rows], several, dearer = split
        total = reach.sum(axis=1)
        sells = total > 0
        appeal = mass_of(quarter.table, quarter.calibration, rows) * np.sqrt(
            total, dtype=np.float64
        )
        log_price = 0 - np.log(np.where(sells, total, 1)) / dispersion[:, None]
        power = np.broadcast_to(block.of_each(1 - sigma), len(block))
        appeal[several] *= dearer ** power[several, None]
        log_price[several] += np.log(dearer)
        offers.appeal[rows] = appeal
        np.copyto(offers.log_price[rows], log_price, where=sells, casting="same_kind")
        _add_inputs(offers.inputs, plants[:N_HOSTS], access[:, :, [INTERMEDIATE]], block)
        return plants

    every = firm_blocks(quarter.table)
    standing = zip(every, in_parallel(offer, every), strict=True)
    return offers, {block.rows.start: plants for block, plants in standing}


def reach_of(plants: list[Plants], access: Floats, block: Block) -> Floats:
    """Pull of plants times access, 0 where there is none, shape (firm, plant, market)."""
    reach = firm_last((len(block), AT_HOME + 1, N_REGIONS), np.float32, 0.0)
    innermost = first_last(reach)
    for region, place in enumerate(plants):
        pull = place.pull * place.at.of_each(access[:, region])
        innermost[min(region, AT_HOME)][:, place.firm - block.rows.start] = pull.T
    return reach


def _split(
    held: Floats, reach: Floats, shift: float, dispersion: Array
) -> tuple[Floats, Floats, NDArray[np.int64], Array]:
    """Which plants serve a firm's customers, and how much dearer than the best ones would.

    Returns
    -------
    split, best_split : ndarray of float32, shape (firm, plant, market)
        As they do, and as they would if all was assigned anew.
    several : ndarray of int, shape (brand,)
        Firms with more than one plant. A firm's only plant serves whom it can reach, as
        cheaply as can be: nothing is left to follow.
    dearer : ndarray, shape (brand, market)
        Of these firms.
    """
    split = (reach > 0).astype(np.float32)
    several = np.flatnonzero(split.any(axis=2).sum(axis=1) > 1)
    today = split_today(some_firms(reach, several))
    moved = follow_split(hand_to_sisters(some_firms(held, several), today), today, shift)
    best = split.copy(order="K")
    split[several], best[several] = moved, today
    dearer: Array = price_of_split(moved, today, dispersion[several]).astype(np.float64, copy=False)
    return split, best, several, dearer


def _add_inputs(inputs: Floats, plants: list[Plants], access: Floats, block: Block) -> None:
    """Write the appeal of plants to users of inputs where they stand."""
    found = plant_appeal(
        [place.pull for place in plants],
        [place.firm - block.rows.start for place in plants],
        [place.at.of_each(access[:, host]) for host, place in enumerate(plants)],
        len(block),
        REACH_EXPONENT,
    )
    innermost = first_last(inputs)
    for host, (appeal, place) in enumerate(zip(found, plants, strict=True)):
        innermost[host][:, place.firm] = (appeal[:, 0] * place.mass).T
