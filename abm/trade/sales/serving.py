"""Customers of a quarter: who they are, what they pay, and what they would do at other prices."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS
from abm.core.demand.customers import (
    Edges,
    Shares,
    Speeds,
    follow,
    hand_on,
    of_every_firm,
    recall,
    shares_today,
    to_move,
)
from abm.core.demand.held_prices import price_index, tornqvist
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import Block, whole_sectors
from abm.engine.parallel import in_parallel
from abm.trade.borders.this_quarter import Quarter
from abm.trade.sales.customers import AT_HOME, Customers, Offers, make_offers
from abm.trade.sales.market_clearing import Plants
from agents import FirmTable


@dataclass(frozen=True)
class Served:
    """A quarter's customers, and what consumers make of it.

    Attributes
    ----------
    customers : Customers
    standing : dict of list of Plants
        The plants of every block of firms, one entry a region, by its first row.
    imports : ndarray, shape (sector, source, market)
        Share of spending on imports from outside North America, those from plants that
        modelled firms have at home abroad included.
    price_index : ndarray, shape (sector, market)
        What a unit of utility costs them, the calibration year being 1.
    price_change : ndarray, shape (sector, market)
        Tornqvist index of prices against the quarter before.
    to_move : ndarray, shape (sector, market)
        Part of spending that other plants and sellers would have if all chose anew.
    """

    customers: Customers
    standing: dict[int, list[Plants]]
    imports: Array
    price_index: Array
    price_change: Array
    to_move: Array

    def sales(self, block: Block) -> Iterable[tuple[Plants, Floats]]:
        """What a block of firms sells, as `abm.trade.sales.market_clearing.Sales`."""
        plants = self.standing[block.rows.start]
        for host, place in enumerate(plants[:N_HOSTS]):
            yield place, self.customers.sold(place, host)


@dataclass(frozen=True)
class _Clientele:
    """Consumers of some sectors before they choose.

    ``kept`` are the shares of sellers once customers of those that are gone were handed on;
    ``known`` the shares to which they would go back, None where nobody does.
    """

    sectors: slice
    rows: slice
    edges: Edges
    kept: Shares
    known: Shares | None

    def choose(self, appeal: Shares, win: float) -> tuple[Shares, Shares, Array]:
        """Shares of spending, those they would choose today, and the appeal of all."""
        today, competition = shares_today(appeal, self.edges)
        shares = follow(self.kept, today, win, self.edges)
        if self.known is not None:  # where nobody chooses anew nobody goes back either
            shares = recall(shares, today, self.known, self.edges)
        return shares, today, np.asarray(competition, np.float64)


@dataclass(frozen=True)
class Prospects:
    """Customers of a quarter before they have seen what scarce goods cost.

    Which of its plants serve a firm's customers, and from which plants users buy inputs,
    does not depend on it.

    Attributes
    ----------
    quarter : Quarter
    last, held : Customers
        Of the quarter before, and what shares follow from.
    win : float
        Part of consumers that choose anew.
    offers : Offers
    pool : ndarray of float32, shape (firm, host, market)
        As in `Customers`, of the quarter.
    standing : dict of list of Plants
        As in `Served`.
    pieces : list
        Consumers of every sector.
    """

    quarter: Quarter
    last: Customers
    held: Customers
    win: float
    offers: Offers
    pool: Floats
    standing: dict[int, list[Plants]]
    pieces: list[_Clientele]

    def shares(self, log_scarcity: Floats) -> Array:
        """Shares of spending that firms would have, shape (firm, market).

        Parameters
        ----------
        log_scarcity : ndarray, shape (firm, host)
            Logarithm of what scarcity adds to the prices of each plant, as a factor.
        """
        found = np.empty_like(self.held.firms)
        dearer = self._dearer(log_scarcity)
        for piece in self.pieces:
            appeal = self._appeal(piece, dearer)
            found[piece.rows] = piece.choose(appeal, self.win)[0].firm
        return found

    def shares_today(self) -> Array:
        """Shares of firms if all consumers chose anew and no plant was short of capacity."""
        found = np.empty_like(self.held.firms)
        for piece in self.pieces:
            today, _ = shares_today(self._appeal(piece, None), piece.edges)
            found[piece.rows] = today.firm
        return found

    def served(self, log_scarcity: Floats | None = None) -> Served:
        """Customers of the quarter.

        Parameters
        ----------
        log_scarcity : ndarray, shape (firm, host), optional
            As in `shares`; nothing without it.
        """
        held, offers, quarter = self.held, self.offers, self.quarter
        dearer = None if log_scarcity is None else self._dearer(log_scarcity)
        if dearer is not None:
            offers = replace(offers, log_price=offers.log_price.copy(order="K"))
            offers.log_price[:] += dearer
        new = Customers(
            np.empty_like(held.firms),
            np.empty_like(held.fringe),
            offers.split,
            self.pool,
            held.recent.copy(order="K"),
            held.recent_fringe.copy(),
            offers.log_price,
            offers.log_fringe_price,
        )
        imports = np.empty_like(held.fringe)
        served = Served(new, self.standing, imports, *np.empty((3, N_FOOTLOOSE, N_REGIONS)))

        def choose(piece: _Clientele) -> None:
            sectors, rows, edges = piece.sectors, piece.rows, piece.edges
            now, today, competition = piece.choose(self._appeal(piece, dearer), self.win)
            new.firms[rows], new.fringe[sectors] = now.firm, now.fringe
            imports[sectors] = new.fringe[sectors] + _from_homes(quarter.table, new, piece)
            if self.win > 0:
                new.remember(held, sectors, rows)
            before = Shares(self.last.firms[rows], self.last.fringe[sectors])
            change = offers.dearer(self.last, sectors, rows)
            base, sigma = (
                quarter.calibration.base_competition[sectors],
                quarter.economy.sigma[sectors],
            )
            served.price_index[sectors] = price_index(competition, base, now, today, sigma, edges)
            served.price_change[sectors] = tornqvist(before, now, change, edges)
            best_split = offers.best_split[rows]
            served.to_move[sectors] = to_move(now, today, offers.split[rows], best_split, edges)

        in_parallel(choose, self.pieces)
        return served

    def _dearer(self, log_scarcity: Floats) -> Floats:
        """What it adds to the logarithm of firms' prices, shape (firm, market).

        Of what consumers spend on a firm's goods each plant gets its part, whatever its price,
        so that a firm's price rises by the mean over its plants.
        """
        split = self.offers.split
        dearer = split[:, 0] * log_scarcity[:, [0]]
        for host in range(1, N_HOSTS):
            dearer += split[:, host] * log_scarcity[:, [host]]
        return dearer

    def _appeal(self, piece: _Clientele, dearer: Floats | None) -> Shares:
        """Appeal of all sellers of some sectors at what they charge."""
        firm = self.offers.appeal[piece.rows]
        if dearer is not None:
            elasticity = 1 - self.quarter.economy.sigma[piece.sectors]
            power = of_every_firm(elasticity[:, None], piece.edges)
            firm = firm * np.exp(power * dearer[piece.rows])
        return Shares(firm, self.offers.imports[piece.sectors])


def prospects(
    quarter: Quarter,
    last: Customers,
    speeds: Speeds,
    regime: int,
    start: Customers | None = None,
) -> Prospects:
    """What decides who buys from whom in a quarter, but for what scarce goods cost.

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
    Prospects
        Of arrays of its own.
    """
    held = last if start is None else start
    offers, standing = make_offers(quarter, last, held, speeds.shift, regime)
    pool = np.empty_like(held.pool)

    def of_piece(block: Block) -> _Clientele:
        sectors, rows, edges = block.sectors, block.rows, block.edges
        pool[rows] = _users(held.pool[rows], offers.inputs[rows], speeds.win, edges)
        shares = Shares(held.firms[rows], held.fringe[sectors])
        enters = offers.imports[sectors] > 0
        kept = hand_on(shares, offers.appeal[rows] > 0, edges, enters)
        known = held.known(sectors, rows) if speeds.win > 0 else None
        return _Clientele(sectors, rows, edges, kept, known)

    pieces = in_parallel(of_piece, whole_sectors(quarter.table))
    return Prospects(quarter, last, held, speeds.win, offers, pool, standing, pieces)


def serve(
    quarter: Quarter,
    last: Customers,
    speeds: Speeds,
    regime: int,
    start: Customers | None = None,
) -> Served:
    """Customers of a quarter in which no plant is short of capacity.

    Parameters and result are those of `prospects` and `Prospects.served`.
    """
    return prospects(quarter, last, speeds, regime, start).served()


def _from_homes(table: FirmTable, customers: Customers, piece: _Clientele) -> Array:
    """Share of spending that plants at home abroad get, shape (sector, source, market)."""
    sectors, rows = piece.sectors, piece.rows
    share = np.zeros((sectors.stop - sectors.start, N_REGIONS, N_REGIONS))
    abroad = rows.start + np.flatnonzero(table.home[rows] >= N_HOSTS)
    sold = customers.firms[abroad] * customers.split[abroad, AT_HOME]
    np.add.at(share, (table.sector[abroad] - sectors.start, table.home[abroad]), sold)
    return share


def _users(held: Floats, appeal: Floats, win: float, edges: Edges) -> Floats:
    """Shares of plants in what users of inputs spend at each host."""
    offered = Shares.without_fringe(appeal, edges)
    kept = hand_on(Shares.without_fringe(held, edges), appeal > 0, edges)
    return follow(kept, shares_today(offered, edges)[0], win, edges).firm
