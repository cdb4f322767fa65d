"""Who supplies whom: links from supplier to buyer, drawn from the table, rewired slowly.

Every firm buys each of its largest footloose inputs over a few links. A link first
draws the region it buys from by the input-output table's shares, then a supplier
there in proportion to size, so that a few large firms have most customers, as in
Bernard, Moxnes and Saito (2019), Production networks, geography and firm
performance. Suppliers in CHN or ROW are not modelled, so a link that draws one of these
regions stays empty until it is drawn again; it may then go to a host.

Every firm has a fixed number of slots for links, shape (firm, top, link). Random numbers
are keyed by firm and slot, so drawing one link again does not change any other.
"""

from dataclasses import dataclass, field

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOSTS
from abm.engine.draws import Draws

NOBODY = -1
"""Supplier, and host, of an empty slot."""

WEIGHT_STEPS = 2.0**20
"""Weights are multiples of its inverse, which float32 adds without rounding."""


@dataclass(frozen=True)
class Links:
    """The links in use as columns, one entry a link, ordered by buyer."""

    buyer: NDArray[np.int32]
    category: NDArray[np.int8]
    supplier: NDArray[np.int32]
    host: NDArray[np.int8]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class Rewiring:
    """What one quarter did to the links.

    ``broken`` links lost the plant that served them, ``swapped`` ones were drawn again by
    choice; ``rows`` are the buyers of either, rising and without repetition.
    """

    broken: int
    swapped: int
    rows: NDArray[np.int64]


class SupplierPools:
    """The firms of each sector with a plant in each host, to be drawn by size.

    A firm's mass is divided evenly over its plants. ``order`` lists the rows in the order
    of their keys, so that who is drawn does not depend on the row a firm stands in; the
    other arguments are as in ``SupplierNetwork``.
    """

    def __init__(
        self,
        sector: NDArray[np.integer],
        mass: NDArray[np.floating],
        plants: NDArray[np.bool_],
        order: NDArray[np.integer],
    ) -> None:
        self.sector = sector
        self.position = np.full(plants.shape, NOBODY, dtype=np.int32)
        self.pools: dict[tuple[int, int], tuple[NDArray[np.integer], NDArray[np.float64]]] = {}
        mass_per_plant = mass / np.maximum(plants.sum(axis=1), 1)
        for category in range(N_FOOTLOOSE):
            makers = order[sector[order] == category]
            for host in range(N_HOSTS):
                rows = makers[plants[makers, host]]
                running = np.append(0.0, np.cumsum(mass_per_plant[rows], dtype=np.float64))
                self.position[rows, host] = np.arange(rows.size)
                self.pools[category, host] = rows, running

    def draw(
        self,
        buyer: NDArray[np.integer],
        category: NDArray[np.integer],
        host: NDArray[np.integer],
        luck: NDArray[np.float64],
    ) -> NDArray[np.int32]:
        """Suppliers in proportion to mass, never the buyer itself.

        Parameters
        ----------
        buyer, category, host : ndarray of int, shape (link,)
            Who buys what from where; ``host`` is ``N_HOSTS`` for one of the others.
        luck : ndarray, shape (link,)
            Between 0 and 1: which supplier is drawn.

        Returns
        -------
        ndarray of int32, shape (link,)
            Rows of suppliers, ``NOBODY`` where the buyer finds none.
        """
        supplier = np.full(buyer.size, NOBODY, dtype=np.int32)
        cell = category * (N_HOSTS + 1) + host
        for (k, place), (rows, running) in self.pools.items():
            here = np.flatnonzero(cell == k * (N_HOSTS + 1) + place)
            if rows.size == 0 or here.size == 0:
                continue
            # The buyer's own mass is skipped in the running total, so nobody supplies itself
            # and the others keep their exact probabilities without a second draw.
            is_maker = self.sector[buyer[here]] == k
            own = np.where(is_maker, self.position[buyer[here], place], NOBODY)
            own_start = np.where(own == NOBODY, np.inf, running[own])
            own_mass = np.where(own == NOBODY, 0.0, running[own + 1] - running[own])
            target = luck[here] * (running[-1] - own_mass)
            target += own_mass * (target >= own_start)
            found = np.searchsorted(running[1:], target, side="right")
            supplier[here] = rows[np.minimum(found, rows.size - 1)]
        # Left over: a buyer alone in its pool, or a target rounded into the part skipped.
        supplier[supplier == buyer] = NOBODY
        return supplier


@dataclass
class SupplierNetwork:
    """Every firm's suppliers; ``top`` counts its largest inputs, ``link`` its links in each.

    Parameters
    ----------
    sector : ndarray of int8, shape (firm,)
        Index of a footloose sector.
    mass : ndarray of float64, shape (firm,)
        Size times the number of real firms stood for; may be assigned into as firms grow.
    category : ndarray of int8, shape (firm, top)
        The inputs that have links, different ones along a row.
    cost_share : ndarray of float32, shape (firm, top)
        Share of that input in the buyer's cost when the network was built.
    weight : ndarray of float32, shape (firm, top, link)
        Share of the buyer's purchases of that input, summing to one over ``link``.
    ids : ndarray of int, shape (firm,), optional
        What the random numbers are keyed by; the rows themselves if left out.
    supplier : ndarray of int32, shape (firm, top, link)
        Row of the supplier, ``NOBODY`` for purchases from CHN and ROW.
    host : ndarray of int8, shape (firm, top, link)
        Where the supplier serves from, ``NOBODY`` for purchases from CHN and ROW.
    """

    sector: NDArray[np.int8]
    mass: NDArray[np.float64]
    category: NDArray[np.int8]
    cost_share: NDArray[np.float32]
    weight: NDArray[np.float32]
    ids: NDArray[np.integer] | None = None
    supplier: NDArray[np.int32] = field(init=False)
    host: NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        self.supplier = np.full(self.weight.shape, NOBODY, dtype=np.int32)
        self.host = np.full(self.weight.shape, NOBODY, dtype=np.int8)

    # why: what buyers and sellers are drawn by, and the three sizes of the network
    @classmethod
    def build(
        cls,
        sector: NDArray[np.integer],
        plants: NDArray[np.bool_],
        mass: NDArray[np.floating],
        shares: NDArray[np.floating],
        bom: NDArray[np.floating],
        draws: Draws,
        *,
        links_per_category: int = 2,
        top_categories: int = 3,
        ids: NDArray[np.integer] | None = None,
    ) -> "SupplierNetwork":
        """The network of the calibration year.

        Parameters
        ----------
        sector, mass, ids
            As in the class.
        plants : ndarray of bool, shape (firm, host)
            Where each firm produces; a firm buys as the average of its plants does.
        shares : ndarray, shape (sector, input, source, host)
            Probability that an input used by a sector at a host comes from a source.
        bom : ndarray, shape (sector, input, host)
            Share of an input in the unit cost of a sector at a host.
        draws : Draws
            Random numbers, used in quarter 0.
        links_per_category : int
            Links in each input, at least one.
        top_categories : int
            How many of a firm's footloose inputs have links, the largest first.
        """
        config = _config_code(plants)
        cost = _mean_over_plants(bom[:N_FOOTLOOSE, :N_FOOTLOOSE])
        largest = np.argsort(-cost, axis=-1, kind="stable")[..., :top_categories]
        category = largest.astype(np.int8)[config, sector]
        cuts = draws.uniform(
            "supplier weight", 0, (*category.shape, links_per_category - 1), ids=ids
        )
        cuts = np.rint(np.sort(cuts, axis=-1) * WEIGHT_STEPS) / WEIGHT_STEPS
        network = cls(
            sector=sector.astype(np.int8),
            mass=mass.astype(np.float64),
            category=category,
            cost_share=np.take_along_axis(cost, largest, -1).astype(np.float32)[config, sector],
            # Cuts at uniform random points, so every division of purchases is equally likely.
            weight=np.diff(cuts.astype(np.float32), prepend=np.float32(0), append=np.float32(1)),
            ids=ids,
        )
        network._redraw(np.arange(network.weight.size), 0, draws, shares, plants)
        return network

    def links(
        self, plants: NDArray[np.bool_], rows: NDArray[np.integer] | None = None
    ) -> NDArray[np.float32]:
        """Share of each input that comes over links, by host.

        Parameters
        ----------
        plants : ndarray of bool, shape (firm, host)
            Where firms produce now; a link whose supplier is gone counts nothing.
        rows : ndarray of int, shape (buyer,), optional
            The buyers asked for, all of them if left out.

        Returns
        -------
        ndarray of float32, shape (buyer, footloose input, host)
            Between 0 and 1; below one in total by what comes from CHN and ROW.
        """
        chosen = slice(None) if rows is None else rows
        host = self.host[chosen]
        served = _is_served(self.supplier[chosen], host, plants)
        weight = np.where(served, self.weight[chosen], np.float32(0))
        share = np.zeros((host.shape[0], N_FOOTLOOSE, N_HOSTS), dtype=np.float32)
        flat = share.reshape(-1)
        row = np.arange(host.shape[0])[:, None]
        first = (row * N_FOOTLOOSE + self.category[chosen]) * N_HOSTS
        for link in range(host.shape[2]):
            # The inputs of a firm are all different, so no cell is indexed twice in one sum.
            flat[first + np.maximum(host[..., link], 0)] += weight[..., link]
        return share

    def rewire(
        self,
        quarter: int,
        draws: Draws,
        shares: NDArray[np.floating],
        plants: NDArray[np.bool_],
        share_per_quarter: float,
    ) -> Rewiring:
        """Replace the links whose plant is gone, and let some buyers draw one link again.

        Parameters
        ----------
        quarter : int
            From 1; keys the random numbers.
        draws : Draws
            Random numbers.
        shares : ndarray, shape (sector, input, source, host)
            This quarter's sourcing shares: a region that became cheaper has more.
        plants : ndarray of bool, shape (firm, host)
            Where firms produce now.
        share_per_quarter : float
            Share of buyers that draw one of their slots again, empty ones included.
        """
        n_firms = self.sector.size
        lost = (self.supplier != NOBODY) & ~_is_served(self.supplier, self.host, plants)
        again = lost.reshape(n_firms, -1).copy()
        slots_per_firm = again.shape[1]
        luck = draws.uniform("supplier swap", quarter, (n_firms, 2), ids=self.ids)
        swaps = np.flatnonzero(luck[:, 0] < share_per_quarter)
        again[swaps, (luck[swaps, 1] * slots_per_firm).astype(np.intp)] = True
        slots = np.flatnonzero(again)
        if slots.size:
            self._redraw(slots, quarter, draws, shares, plants)
        broken = int(np.count_nonzero(lost))
        return Rewiring(broken, slots.size - broken, np.unique(slots // slots_per_firm))

    def _redraw(
        self,
        slots: NDArray[np.integer],
        quarter: int,
        draws: Draws,
        shares: NDArray[np.floating],
        plants: NDArray[np.bool_],
    ) -> None:
        """Give the slots, counted along all axes, a new region and a new supplier there."""
        n_firms, n_top, n_links = self.weight.shape
        shape = (n_firms, n_top * n_links)
        buyer = slots // shape[1]
        category = self.category.reshape(-1)[slots // n_links]
        up_to_host = _mean_over_plants(shares[:N_FOOTLOOSE, :N_FOOTLOOSE, :N_HOSTS]).cumsum(axis=-1)
        cell = (_config_code(plants)[buyer], self.sector[buyer], category)
        luck = draws.uniform("supplier region", quarter, shape, ids=self.ids).reshape(-1)[slots]
        host = np.zeros(slots.size, dtype=np.int8)  # ends as N_HOSTS where none is drawn
        for place in range(N_HOSTS):
            host += luck > up_to_host[..., place][cell]
        luck = draws.uniform("supplier", quarter, shape, ids=self.ids).reshape(-1)[slots]
        order = np.arange(n_firms) if self.ids is None else np.argsort(self.ids, kind="stable")
        pools = SupplierPools(self.sector, self.mass, plants, order)
        supplier = pools.draw(buyer, category, host, luck)
        self.supplier.reshape(-1)[slots] = supplier
        self.host.reshape(-1)[slots] = np.where(supplier == NOBODY, NOBODY, host)

    def edges(self) -> Links:
        """The links in use, without the empty slots."""
        buyer, top, link = np.nonzero(self.supplier != NOBODY)
        return Links(
            buyer=buyer.astype(np.int32),
            category=self.category[buyer, top],
            supplier=self.supplier[buyer, top, link],
            host=self.host[buyer, top, link],
            weight=self.weight[buyer, top, link],
        )

    def to_networkx(
        self, rows: NDArray[np.integer] | None = None, largest: int = 200
    ) -> nx.DiGraph:
        """The links among some firms, supplier -> buyer, to draw or to analyse.

        Parameters
        ----------
        rows : ndarray of int, optional
            The firms to show; those with most mass if left out.
        largest : int
            How many firms to show if ``rows`` is left out.

        Returns
        -------
        networkx.DiGraph
            Nodes are rows with ``sector`` and ``mass``; edges have ``category``, ``weight``
            (share of the buyer's purchases of it) and ``hosts``, written like ``USA+MEX``.
        """
        if rows is None:
            rows = np.argsort(-self.mass, kind="stable")[:largest]
        graph = nx.DiGraph()
        for row in rows.tolist():
            graph.add_node(row, sector=FOOTLOOSE[self.sector[row]], mass=float(self.mass[row]))
        shown = np.zeros(self.sector.size, dtype=bool)
        shown[rows] = True
        edges = self.edges()
        inside = shown[edges.buyer] & shown[edges.supplier]
        columns = (edges.supplier, edges.buyer, edges.category, edges.host, edges.weight)
        for supplier, buyer, category, host, weight in zip(
            *(column[inside].tolist() for column in columns), strict=True
        ):
            known = graph.get_edge_data(supplier, buyer, {"weight": 0.0, "hosts": ""})
            hosts = {*known["hosts"].split("+"), HOSTS[host]}
            graph.add_edge(
                supplier,
                buyer,
                category=FOOTLOOSE[category],
                weight=known["weight"] + weight,
                hosts="+".join(name for name in HOSTS if name in hosts),
            )
        return graph


def _config_code(plants: NDArray[np.bool_]) -> NDArray[np.int8]:
    """The set of hosts with a plant as a number, shape (firm,): 1 USA, 2 MEX, 4 CAN, added."""
    bits = (1 << np.arange(N_HOSTS)).astype(np.int8)
    code: NDArray[np.int8] = np.matmul(plants, bits, dtype=np.int8)
    return code


def _mean_over_plants(by_host: NDArray[np.floating]) -> NDArray[np.floating]:
    """Mean of the last axis over the plants of each config code, which comes first.

    All zero for code 0, a firm without plants: it buys nothing over links.
    """
    in_config = (np.arange(2**N_HOSTS)[:, None] >> np.arange(N_HOSTS)) & 1
    weight = in_config / np.maximum(in_config.sum(axis=1, keepdims=True), 1)
    mean: NDArray[np.floating] = np.einsum("ch,...h->c...", weight, by_host)
    return mean


def _is_served(
    supplier: NDArray[np.integer], host: NDArray[np.integer], plants: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether a slot has a supplier with a plant in its host; empty slots have none."""
    # An empty slot indexes with NOBODY, -1, which is valid; the first condition discards it.
    served: NDArray[np.bool_] = (supplier != NOBODY) & plants[supplier, host]
    return served
