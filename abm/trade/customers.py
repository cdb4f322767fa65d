"""Who buys from whom: customers of firms, of importers and of plants, from quarter to quarter.

Consumers are a brand's, the firm's and not a plant's; users of inputs buy from plants.
Both choose anew now and then (`abm.core.demand.customers`), so that what a firm sells in
a quarter follows what it would sell, had everybody just chosen, with a lag. Its plants
take each other's place at a speed of their own. What no plant serves any more is handed
on at once, whatever the cause: a firm's customers in a market go to the others there, a
plant's part of its firm's customers to its sisters, the users of its inputs to the host's
other plants. Nothing is told of openings and closings, they are seen from where plants
stand that can reach a market.

Consumers see the price at which they are served, that of the plants which in fact serve them:
a plant opened behind a tariff wall wins customers as it takes over sales, not before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.customers import (
    Edges,
    Shares,
    Speeds,
    follow,
    follow_split,
    hand_on,
    hand_to_sisters,
    recall,
    shares_today,
    split_today,
)
from abm.core.demand.held_prices import price_index, price_of_split, tornqvist
from abm.core.demand.markets import plant_appeal
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import sector_blocks, sector_rows
from abm.engine.parallel import in_parallel
from abm.trade.market_clearing import (
    FINAL,
    INTERMEDIATE,
    REACH_EXPONENT,
    Plants,
    fringe_prices,
    mass_of,
    plant_dispersion,
    standing_plants,
)
from abm.trade.this_quarter import Quarter

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
            np.zeros((firms, N_REGIONS)),
            np.zeros((N_FOOTLOOSE, N_REGIONS, N_REGIONS)),
            np.zeros((firms, AT_HOME + 1, N_REGIONS), np.float32),
            np.zeros((firms, N_HOSTS, N_REGIONS), np.float32),
            np.zeros((firms, REMEMBERED, N_REGIONS), np.float32),
            np.zeros((N_FOOTLOOSE, REMEMBERED, N_REGIONS, N_REGIONS)),
            np.zeros((firms, N_REGIONS), np.float32),
            np.zeros((N_FOOTLOOSE, N_REGIONS, N_REGIONS)),
        )

    def known(self, sector: int, rows: slice) -> Shares:
        """The largest share that each seller of a sector had while buyers remember."""
        return Shares(self.recent[rows].max(axis=1), self.recent_fringe[[sector]].max(axis=1))

    def remember(self, held: Self, sector: int, rows: slice) -> None:
        """Write one sector's shares of a quarter behind those of the quarters before."""
        self.recent[rows, :-1] = held.recent[rows, 1:]
        self.recent[rows, -1] = self.firms[rows]
        self.recent_fringe[sector, :-1] = held.recent_fringe[sector, 1:]
        self.recent_fringe[sector, -1] = self.fringe[sector]

    def sold(self, plants: Plants, host: int) -> Floats:
        """Share of spending that plants at a host get, shape (plant, use, market)."""
        firms = plants.firm
        share = np.empty((len(firms), 2, N_REGIONS), np.float32)
        share[:, FINAL] = self.firms[firms] * self.split[firms, host]
        share[:, INTERMEDIATE] = self.pool[firms, host]
        return share


@dataclass(frozen=True)
class Served:
    """A quarter's customers, and what consumers make of it.

    Attributes
    ----------
    customers : Customers
    standing : dict of list of Plants
        The plants of every block of firms, one entry a region, by sector and first row.
    imports : ndarray, shape (sector, source, market)
        Share of spending on imports from outside North America, those from plants that
        modelled firms have at home abroad included.
    price_index : ndarray, shape (sector, market)
        What a unit of utility costs them, the calibration year being 1.
    price_change : ndarray, shape (sector, market)
        Tornqvist index of prices against the quarter before.
    to_move : ndarray, shape (sector, market)
        Part of spending that would go to another seller if all chose anew.
    """

    customers: Customers
    standing: dict[tuple[int, int], list[Plants]]
    imports: Array
    price_index: Array
    price_change: Array
    to_move: Array

    def sales(self, sector: int, rows: slice) -> Iterable[tuple[Plants, Floats]]:
        """What a block of firms of one sector sells, as `abm.trade.deliveries.Sales`."""
        plants = self.standing[sector, rows.start]
        for host, place in enumerate(plants[:N_HOSTS]):
            yield place, self.customers.sold(place, host)


def serve(
    quarter: Quarter,
    last: Customers,
    speeds: Speeds,
    regime: int,
    start: Customers | None = None,
) -> Served:
    """Customers of a quarter, at its prices and with its plants.

    Parameters
    ----------
    quarter : Quarter
    last : Customers
        Of the quarter before.
    speeds : Speeds
    regime : int
        The one in force.
    start : Customers, optional
        What shares and splits follow from, if not from those of the quarter before.

    Returns
    -------
    Served
        Of arrays of its own.
    """
    held = last if start is None else start
    offers, standing = _offers(quarter, last, held, speeds.shift, regime)
    new = Customers(
        np.empty_like(held.firms),
        np.empty_like(held.fringe),
        offers.split,
        np.empty_like(held.pool),
        held.recent.copy(),
        held.recent_fringe.copy(),
        offers.log_price,
        offers.log_fringe_price,
    )
    imports = np.empty_like(held.fringe)
    served = Served(new, standing, imports, *np.empty((3, N_FOOTLOOSE, N_REGIONS)))
    spans = sector_rows(quarter.table)

    def choose(sector: int) -> None:
        rows = spans[sector]
        edges = np.array([0, rows.stop - rows.start])
        new.pool[rows] = _users(held.pool[rows], offers.inputs[rows], speeds.win, edges)
        now, today, competition = _consumers(
            _of_sector(held.firms, held.fringe, sector, rows),
            _of_sector(offers.appeal, offers.imports, sector, rows),
            speeds.win,
            edges,
            held.known(sector, rows),
        )
        new.firms[rows], new.fringe[sector] = now.firm, now.fringe[0]
        imports[sector] = new.fringe[sector] + _from_homes(quarter.table.home, new, rows)
        if speeds.win > 0:
            new.remember(held, sector, rows)
        before = _of_sector(last.firms, last.fringe, sector, rows)
        dearer = offers.dearer(last, sector, rows)
        base = quarter.calibration.base_competition[[sector]]
        sigma = quarter.economy.sigma[[sector]]
        served.price_index[sector] = price_index(competition, base, now, today, sigma, edges)[0]
        served.price_change[sector] = tornqvist(before, now, dearer, edges)[0]
        gap = Shares(np.abs(now.firm - today.firm), np.abs(now.fringe - today.fringe))
        served.to_move[sector] = gap.total(edges)[0] / 2

    in_parallel(choose, range(N_FOOTLOOSE))
    return served


def _from_homes(home: NDArray[np.integer], customers: Customers, rows: slice) -> Array:
    """Share of spending that plants at home abroad get, shape (source, market)."""
    share = np.zeros((N_REGIONS, N_REGIONS))
    abroad = rows.start + np.flatnonzero(home[rows] >= N_HOSTS)
    sold = customers.firms[abroad] * customers.split[abroad, AT_HOME]
    np.add.at(share, home[abroad], sold)
    return share


@dataclass(frozen=True)
class _Offers:
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
        As in `Customers`.
    """

    appeal: Array
    imports: Array
    inputs: Floats
    split: Floats
    log_price: Floats
    log_fringe_price: Array

    def dearer(self, last: Customers, sector: int, rows: slice) -> Shares:
        """Everybody's price over that of the quarter before."""
        before = _of_sector(last.log_price, last.log_fringe_price, sector, rows)
        now = _of_sector(self.log_price, self.log_fringe_price, sector, rows)
        firm = now.firm.astype(np.float64) - before.firm
        return Shares(np.exp(firm), np.exp(now.fringe - before.fringe))


def _offers(
    quarter: Quarter, last: Customers, held: Customers, shift: float, regime: int
) -> tuple[_Offers, dict[tuple[int, int], list[Plants]]]:
    """Offers of all firms at the plants that stand, and of importers; and those plants."""
    sigma = quarter.economy.sigma[:N_FOOTLOOSE]
    prices = fringe_prices(quarter.policy, quarter.calibration, quarter.outside)[..., regime]
    offers = _Offers(
        np.empty(last.firms.shape),
        quarter.calibration.fringe * prices ** (1 - sigma[:, None, None]),
        np.zeros_like(held.pool),
        np.empty_like(held.split),
        last.log_price.copy(),
        np.log(prices),
    )

    def offer(block: tuple[int, slice]) -> list[Plants]:
        sector, rows = block
        dispersion = plant_dispersion(sigma[sector])
        plants = standing_plants(quarter, sector, rows, regime)
        access = quarter.calibration.access[sector].astype(np.float32)
        reach = _reach(plants, access[:, FINAL], rows)
        offers.split[rows], dearer = _split(held.split[rows], reach, shift, dispersion)
        total = reach.sum(axis=1)
        appeal = mass_of(quarter, rows) * np.sqrt(total, dtype=np.float64)
        offers.appeal[rows] = appeal * dearer ** (1 - sigma[sector])
        sells = total > 0
        price = np.log(dearer) - np.log(np.where(sells, total, 1)) / dispersion
        offers.log_price[rows][sells] = price[sells]
        _add_inputs(offers.inputs, plants[:N_HOSTS], access[:N_HOSTS, [INTERMEDIATE]], rows)
        return plants

    every = sector_blocks(quarter.table)
    standing = zip(every, in_parallel(offer, every), strict=True)
    return offers, {(sector, rows.start): plants for (sector, rows), plants in standing}


def _reach(plants: list[Plants], access: Floats, rows: slice) -> Floats:
    """Pull of plants times access, 0 where there is none, shape (firm, plant, market)."""
    reach = np.zeros((rows.stop - rows.start, AT_HOME + 1, N_REGIONS), np.float32)
    for region, place in enumerate(plants):
        reach[place.firm - rows.start, min(region, AT_HOME)] = place.pull * access[region]
    return reach


def _split(held: Floats, reach: Floats, shift: float, dispersion: float) -> tuple[Floats, Array]:
    """Which plants serve a firm's customers, and how much dearer than the best ones would.

    Returns
    -------
    split : ndarray of float32, shape (firm, plant, market)
    dearer : ndarray, shape (firm, market)
    """
    # A firm's only plant serves whom it can reach: nothing is left to follow.
    split = (reach > 0).astype(np.float32)
    dearer = np.ones((len(reach), reach.shape[2]))
    several = np.flatnonzero(split.any(axis=2).sum(axis=1) > 1)
    if several.size:
        today = split_today(reach[several])
        moved = follow_split(hand_to_sisters(held[several], today), today, shift)
        split[several] = moved
        dearer[several] = price_of_split(moved, today, dispersion)
    return split, dearer


def _add_inputs(inputs: Floats, plants: list[Plants], access: Floats, rows: slice) -> None:
    """Write the appeal of plants to users of inputs where they stand."""
    found = plant_appeal(
        [place.pull for place in plants],
        [place.firm - rows.start for place in plants],
        access,
        rows.stop - rows.start,
        REACH_EXPONENT,
    )
    for host, (appeal, place) in enumerate(zip(found, plants, strict=True)):
        inputs[place.firm, host] = appeal[:, 0] * place.mass


def _of_sector(firm: Floats, fringe: Array, sector: int, rows: slice) -> Shares:
    """One sector's part of two arrays, of firms and of importers."""
    return Shares(firm[rows], fringe[[sector]])


def _users(held: Floats, appeal: Floats, win: float, edges: Edges) -> Floats:
    """Shares of plants in what users of inputs spend at each host."""
    offered = Shares.without_fringe(appeal, edges)
    kept = hand_on(Shares.without_fringe(held, edges), appeal > 0, edges)
    return follow(kept, shares_today(offered, edges)[0], win, edges).firm


def _consumers(
    held: Shares, appeal: Shares, win: float, edges: Edges, known: Shares
) -> tuple[Shares, Shares, Array]:
    """Shares of consumers' spending, those they would choose today, and the appeal of all."""
    today, competition = shares_today(appeal, edges)
    kept = hand_on(held, appeal.firm > 0, edges)
    shares = follow(kept, today, win, edges)
    if win > 0:  # where nobody chooses anew nobody goes back either
        shares = recall(shares, today, known, edges)
    return shares, today, np.asarray(competition, np.float64)
