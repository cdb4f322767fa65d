"""Plants short of capacity: prices that clear within the quarter (`abm.core.demand.capacity`).

What scarcity adds to a plant's prices, ``u``, its customers see at once: of consumers the part
that chooses anew turns away, the others get less for what they spend. Users of inputs have
ordered quantities and pay more for them. What plants order from each other rises and falls
with what they make: as much a unit of output as the contracts of the quarter say. How far
firms differ in this from the average buyer is taken from last quarter, since what each of them
buys is only known once all is added up. So the prices of all plants are found on arrays over
plants and markets alone, and once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.core.demand.capacity import Cleared, SupplyCurve, clear, impact_elasticity
from abm.core.demand.customers import of_every_firm, sum_by_sector
from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last, some_firms
from abm.economy.tables import Array
from abm.engine.blocks import sector_edges
from abm.errors import ModelError
from abm.trade.sales.market_clearing import Plants, markups
from abm.trade.sales.serving import Prospects

TOLERANCE = 1e-6
"""Of the logarithm of ``u``: what is sold and made is in single precision."""

PRICES_SETTLED = 1e-3
"""Largest gap that is left to plants whose customers come and go at once."""


FROM_HERE = (slice(0, N_FOOTLOOSE), slice(0, N_HOSTS))
"""Of inputs and sources: those that modelled firms make, and where."""


@dataclass(frozen=True)
class Budget:
    """What buyers spend in a quarter, and what plants order.

    Attributes
    ----------
    consumers : ndarray, shape (sector, market)
    others : ndarray, shape (sector, host, market)
        On inputs from each host by users other than modelled firms, at basic prices.
    input_use : ndarray, shape (sector, input, source, host)
        What firms at a host order from each host a unit of their output, at basic prices.
    """

    consumers: Array
    others: Array
    input_use: Array


@dataclass(frozen=True)
class _Orders:
    """Orders of inputs that go with what consumers buy.

    Attributes
    ----------
    input_use, others : ndarray
        As in `Budget`.
    a_unit : ndarray, shape (sector, host, market)
        Units of output that a unit of spending on a host's inputs buys.
    multiplier : ndarray, shape (sector * host, sector * host)
        Output of all plants a unit of output for others than modelled firms.
    """

    input_use: Array
    others: Array
    a_unit: Array
    multiplier: Array

    @classmethod
    def of(cls, budget: Budget, a_unit: Array) -> "_Orders":
        use = budget.input_use * a_unit[None, :, :, :N_HOSTS]
        by_pair = use.transpose(1, 2, 0, 3).reshape(a_unit[..., 0].size, -1)
        multiplier = np.linalg.inv(np.eye(len(by_pair)) - by_pair)
        if multiplier.min() < 0:
            # Under duties of several hundred per cent plants' orders may cost more than what they
            # make: no output meets them, and orders on orders are left out of the forecast.
            multiplier = np.eye(len(by_pair)) + by_pair
        return cls(budget.input_use, budget.others, a_unit, multiplier)

    def placed(self, for_consumers: Array) -> Array:
        """Spending on inputs from each host, shape (sector, host, market).

        Parameters
        ----------
        for_consumers : ndarray, shape (sector, host)
            Output that consumers buy.
        """
        first = for_consumers + (self.a_unit * self.others).sum(axis=2)
        output = (self.multiplier @ first.ravel()).reshape(first.shape)
        spent = self.others.copy()
        spent[..., :N_HOSTS] += np.einsum("jksh,jh->ksh", self.input_use, output)
        return spent


@dataclass(frozen=True)
class PlantsDemand:
    """Output demanded of every plant, by what scarcity adds to the prices of all.

    Attributes
    ----------
    prospects : Prospects
    consumers : ndarray of float32, shape (firm, host, market)
        Units of output that a firm's share of consumers' spending buys.
    users : ndarray of float32, shape (firm, host, market)
        Units of output that a unit of spending on a host's inputs buys.
    orders : _Orders
    opening : list of tuple
        Of plants without capacity: rows, host, and the two arrays as they would be after
        the build-up, each of shape (plant, market).
    """

    prospects: Prospects
    consumers: Floats
    users: Floats
    orders: _Orders
    opening: list[tuple[NDArray[np.integer], int, Floats, Floats]]

    @classmethod
    def of(
        cls, prospects: Prospects, budget: Budget, opens: NDArray[np.bool_], regime: int
    ) -> "PlantsDemand":
        """Gather what decides demand.

        Parameters
        ----------
        prospects : Prospects
        budget : Budget
        opens : ndarray of bool, shape (firm, host)
            Plants without capacity.
        regime : int
            The one in force.
        """
        shape = prospects.pool.shape
        consumers, users = (firm_last(shape, np.float32, 0.0) for _ in range(2))
        opening = []
        split, best = prospects.offers.split, prospects.offers.best_split
        best_pool = _best_pool(prospects) if opens.any() else prospects.pool
        markup = markups(prospects.quarter, regime)[:, None]
        for host, place in _at_hosts(prospects):
            a_unit = 1 / (place.border_cost * place.at.of_each(markup))
            of_share = place.at.of_each(budget.consumers) * a_unit / place.mark_on
            firm = place.firm
            consumers[firm, host] = some_firms(split[:, host], firm) * of_share
            users[firm, host] = some_firms(prospects.pool[:, host], firm) * a_unit
            new = np.flatnonzero(opens[firm, host])
            if len(new):
                some = firm[new]
                of_new = best[some, host] * of_share[new], best_pool[some, host] * a_unit[new]
                opening.append((some, host, *of_new))
        orders = _Orders.of(budget, _by_sector(users, prospects))
        return cls(prospects, consumers, users, orders, opening)

    def parts(self, log_scarcity: Floats) -> tuple[Floats, Floats]:
        """Output for consumers and for users of inputs, each of shape (firm, host)."""
        share = self.prospects.shares(log_scarcity)
        sold = np.einsum("fhm,fm->fh", self.consumers, share) * np.exp(-log_scarcity)
        spent = self.orders.placed(_by_sector(sold, self.prospects))
        of_firm = of_every_firm(spent, _edges(self.prospects))
        ordered = np.einsum("fhm,fhm->fh", self.users, of_firm)
        return sold, ordered

    def output(self, u: Floats) -> Array:
        """Output demanded of every plant, shape (firm, host)."""
        at_will = (u == 1).all()
        sold, ordered = self.at_will if at_will else self.parts(np.log(u))
        total: Array = sold + ordered
        return total

    @cached_property
    def at_will(self) -> tuple[Floats, Floats]:
        """`parts` if no plant was short of capacity."""
        hosts = self.consumers.shape[:2]
        return self.parts(firm_last(hosts, np.float64, 0.0))

    def cleared_at(self, u: Floats) -> Cleared:
        """Output at given prices, and what would be if no plant was short of capacity."""
        return Cleared(u, self.output(u), self.output(np.ones_like(u)), np.zeros_like(u))

    def after_build_up(self, capacity: Floats) -> Array:
        """Output that plants without capacity will want once they have all their customers.

        Parameters
        ----------
        capacity : ndarray, shape (firm, host)

        Returns
        -------
        ndarray, shape (firm, host)
            0 for plants that have capacity.
        """
        found: Array = np.zeros_like(capacity, np.float64)
        if not self.opening:
            return found
        sector = self.prospects.quarter.table.sector
        today = self.prospects.shares_today()
        spent = self.orders.placed(_by_sector(self.at_will[0], self.prospects))
        for firms, host, consumers, users in self.opening:
            for_users = (users * spent[sector[firms], host]).sum(axis=1)
            found[firms, host] = (consumers * today[firms]).sum(axis=1) + for_users
        return found


def clear_plants(demand: PlantsDemand, capacity: Floats, supply: SupplyCurve) -> Cleared:
    """What scarcity adds to the prices of plants, what they make, and what they would.

    Parameters
    ----------
    demand : PlantsDemand
    capacity : ndarray, shape (firm, host)
        Units of output a quarter.
    supply : SupplyCurve

    Returns
    -------
    Cleared

    Raises
    ------
    ModelError
        If prices do not settle.
    """
    prospects = demand.prospects
    elasticity = np.zeros_like(capacity)
    if supply.slope > 0:
        sold, ordered = demand.at_will
        total = sold + ordered
        to_consumers = np.divide(sold, total, out=np.zeros_like(total), where=total > 0)
        sigma = prospects.quarter.economy.sigma[:N_FOOTLOOSE]
        of_sale = impact_elasticity(prospects.win, sigma)
        elasticity = of_sale[prospects.quarter.table.sector][:, None] * to_consumers
    cleared = clear(supply, capacity, demand.output, elasticity, TOLERANCE)
    if (cleared.gap > PRICES_SETTLED).any():
        open_ = (cleared.gap > PRICES_SETTLED).sum()
        raise ModelError(f"serve_customers: prices of {open_} plants did not settle")
    return cleared


def _at_hosts(prospects: Prospects) -> Iterator[tuple[int, Plants]]:
    """Host and plants there of every block of firms."""
    for plants in prospects.standing.values():
        yield from enumerate(plants[:N_HOSTS])


def ordered_a_unit(relative_use: Array, owed: Array, on_top: Array) -> Array:
    """What firms order a unit of output under the contracts of a quarter, as in `Budget`.

    Parameters
    ----------
    relative_use : ndarray, shape (sector, input, source, host)
        From `use_against_contracts`.
    owed : ndarray, shape (sector, input, source, host)
        What the average buyer pays to each source.
    on_top : ndarray, shape (input, source, market)
        Buyers' price over basic price.
    """
    ordered: Array = relative_use * owed[:, *FROM_HERE] / on_top[*FROM_HERE, :N_HOSTS]
    return ordered


def use_against_contracts(bought: Array, volume: Array, owed: Array) -> Array:
    """What firms buy a unit of output, over what the average buyer pays.

    Contracts change from quarter to quarter, and with them what the average buyer pays; how far
    firms differ from the average changes with who they are.

    Parameters
    ----------
    bought : ndarray, shape (sector, input, source, host)
        Inputs at purchasers' prices.
    volume : ndarray, shape (sector, host)
        Output.
    owed : ndarray, shape (sector, input, source, host)
        As in `ordered_a_unit`.

    Returns
    -------
    ndarray, shape (sector, input, source, host)
        Of footloose inputs from hosts; 0 where nothing is owed or made.
    """
    average = owed[:, *FROM_HERE] * volume[:, None, None]
    use: Array = np.divide(
        bought[:, *FROM_HERE], average, out=np.zeros_like(average), where=average > 0
    )
    return use


def _edges(prospects: Prospects) -> NDArray[np.int64]:
    return sector_edges(prospects.quarter.table)


def _by_sector(values: Floats, prospects: Prospects) -> Array:
    return sum_by_sector(values, _edges(prospects))


def _best_pool(prospects: Prospects) -> Floats:
    """Shares of plants in what users spend on each host's inputs if all chose anew."""
    edges = _edges(prospects)
    total = sum_by_sector(prospects.offers.inputs, edges)
    inverse = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    best: Floats = prospects.offers.inputs * of_every_firm(inverse, edges)
    return best
