"""What moving costs under every regime, who pays and how long it takes; the choice firms face."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_FOOTLOOSE, N_HOSTS
from abm.core.choice.location import LocationProblem
from abm.core.demand.build_up import BuildUp
from abm.core.demand.customers import Speeds
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.scenario.assumptions import FirmAssumptions

RULED_OUT = -1e6
"""Taste for a set of plants that a sector cannot have, share of base-year sales.

A move to such a set also costs this much. The amount exceeds anything that costs,
duties and luck can add up to, so no firm ever chooses the set.
"""

OPENED = ~HAS_PLANT[:, None] & HAS_PLANT[None]
"""Where going from one set of plants to another adds a plant, shape (config, config, host)."""

CLOSED = HAS_PLANT[:, None] & ~HAS_PLANT[None]
"""Where it gives one up."""

SIZE = HAS_PLANT.sum(axis=1)
"""Plants of every set."""


def quarterly_discount(settings: FirmAssumptions) -> float:
    """Weight of the next quarter."""
    return float(settings.discount_per_year**0.25)


def quarterly_review(settings: FirmAssumptions) -> float:
    """Probability per quarter of reconsidering where to produce."""
    return min(1.0, settings.reviews_per_year / 4)


def build_up_costs(economy: Economy, settings: FirmAssumptions, speeds: Speeds) -> Array | None:
    """Profit that firms expect to miss while the sales of new plants build up.

    Parameters
    ----------
    economy : Economy
    settings : FirmAssumptions
    speeds : Speeds
        Of customers, and of a firm's assignment of its sales to its plants.

    Returns
    -------
    ndarray, shape (sector, config, config), or None
        Present value at opening, share of a quarter's sales; None where sales do not take
        time. Nobody pays it: it is an expectation that firms weigh.
    """
    if speeds == (1, 1):
        return None
    final = economy.final_demand[:N_HOSTS, :N_FOOTLOOSE].sum(axis=(0, 2))
    inputs = economy.intermediate_use[:N_HOSTS, :N_FOOTLOOSE].sum(axis=(0, 2, 3))
    build_up = BuildUp(speeds.win, speeds.shift, quarterly_discount(settings))
    costs = build_up.costs(HAS_PLANT, economy.margin, final / (final + inputs))
    return costs.astype(np.float64)


@dataclass(frozen=True)
class MovingCosts:
    """What it costs to go from one set of plants to another, and who pays.

    All costs are shares of a quarter's sales in the base year. Building is paid stage by
    stage. A treasury pays its part of every stage, at the rate of the regime under which
    the project was decided on: later changes of policy touch later projects alone.

    Attributes
    ----------
    settings : FirmAssumptions
    grant : ndarray, shape (sector, host, regime), optional
        Part of build cost that the host's treasury pays to projects decided on under each
        regime; None where no treasury pays anything under any, so that costs are the same
        under all.
    build_up : ndarray, shape (sector, config, config), optional
        From `build_up_costs`: weighed by firms beside what is paid.
    """

    settings: FirmAssumptions
    grant: Array | None = None
    build_up: Array | None = None

    @classmethod
    def under(
        cls, settings: FirmAssumptions, policy: Policy, build_up: Array | None = None
    ) -> Self:
        """The costs of moving under the regimes of a policy."""
        grant = policy.investment_grant[:N_FOOTLOOSE]
        return cls(settings, grant if grant.any() else None, build_up)

    @cached_property
    def delays(self) -> NDArray[np.int64]:
        """Quarters until a decided set of plants serves, 0 where none is added.

        Shape (config, config).
        """
        opens = OPENED.any(axis=2)
        delays: NDArray[np.int64] = np.where(opens, self.settings.build_quarters, 0)
        return delays

    @cached_property
    def still_to_pay(self) -> Array:
        """Present value, on entering each stage of a project, of all stages still to pay.

        Stages are paid as they begin. The last entry, after the last stage, is 0.

        Returns
        -------
        ndarray, shape (stage + 1,)
            Share of the undiscounted cost of the project.
        """
        discount = quarterly_discount(self.settings)
        remaining = [0.0]
        for share, quarters in zip(
            reversed(self.settings.stage_cost_shares),
            reversed(self.settings.stage_quarters),
            strict=True,
        ):
            remaining.append(share + discount**quarters * remaining[-1])
        return np.array(remaining[::-1])

    @cached_property
    def plants(self) -> Array:
        """Build cost of every plant that a move adds, whoever pays.

        A plant costs ``build_cost`` of the yearly sales it takes over, with sales split
        evenly over a set. Shape (config, config, host).
        """
        cost: Array = 4 * self.settings.build_cost * OPENED / SIZE[None, :, None]
        return cost

    @cached_property
    def total(self) -> Array:
        """Cost of every move before discounting, whoever pays, shape (config, config).

        Beside building, closing a plant costs ``closure_cost`` of the yearly sales given up.
        """
        opened, closed = OPENED.sum(axis=2), CLOSED.sum(axis=2)
        build, closure = self.settings.build_cost, self.settings.closure_cost
        cost: Array = 4 * (build * opened / SIZE[None] + closure * closed / SIZE[:, None])
        return cost

    def borne(
        self,
        grants: NDArray[np.floating],
        config: NDArray[np.integer],
        target: NDArray[np.integer],
    ) -> Array:
        """What some moves cost firms that are paid grants, before discounting.

        Parameters
        ----------
        grants : ndarray, shape (move, host)
            Part of build cost that each host's treasury pays.
        config, target : ndarray of int, shape (move,)

        Returns
        -------
        ndarray, shape (move,)
        """
        paid = (self.plants[config, target] * grants).sum(axis=1)
        cost: Array = self.total[config, target] - paid
        return cost

    def weighed(self, sector: NDArray[np.integer] | None, firms: int) -> Array:
        """Present value of what every move costs firms that decide on it now.

        Parameters
        ----------
        sector : ndarray of int, shape (firm,), optional
            Not asked for where no treasury pays and sales do not take time.
        firms : int

        Returns
        -------
        ndarray, shape (firm, config, config) or, with grants, (firm, config, config, regime)
            The regime is the one that the firm decides under.
        """
        first = self.still_to_pay[0]
        if self.grant is None:
            costs = np.where(self.delays > 0, self.total * first, self.total)
            same: Array = np.broadcast_to(costs, (firms, N_CONFIGS, N_CONFIGS))
            return same if self.build_up is None else same + self._missed(sector)
        assert sector is not None
        paid = np.einsum("cdh,jhr->jcdr", self.plants, self.grant)
        costs = self.total[None, ..., None] - paid
        by_sector = np.where(self.delays[..., None] > 0, costs * first, costs)
        each: Array = by_sector[sector]
        return each if self.build_up is None else each + self._missed(sector)[..., None]

    def _missed(self, sector: NDArray[np.integer] | None) -> Array:
        """Sales missed after opening, as of the decision, shape (firm, config, config)."""
        assert sector is not None
        assert self.build_up is not None
        sectors, each = np.arange(len(self.build_up)), np.arange(N_CONFIGS)
        by_sector = self.missed(sectors[:, None, None], each[:, None], each, self.delays)
        missed: Array = by_sector[sector]
        return missed

    def missed(
        self,
        sector: NDArray[np.integer],
        config: NDArray[np.integer],
        target: NDArray[np.integer],
        quarters: NDArray[np.integer],
    ) -> Array:
        """Profit missed while sales of new plants build up, some quarters before they open.

        Parameters
        ----------
        sector, config, target, quarters : ndarray of int
            Broadcasting to each other.

        Returns
        -------
        ndarray
            Share of a quarter's sales.
        """
        if self.build_up is None:
            return np.zeros(np.broadcast_shapes(*map(np.shape, (sector, config, target))))
        weight = quarterly_discount(self.settings) ** quarters
        missed: Array = weight * self.build_up[sector, config, target]
        return missed

    def granted(
        self,
        sector: NDArray[np.integer],
        config: NDArray[np.integer],
        target: NDArray[np.integer],
        regime: int,
    ) -> Array:
        """Grants that moves decided on under a regime are promised.

        Parameters
        ----------
        sector, config, target : ndarray of int, shape (move,)
        regime : int

        Returns
        -------
        ndarray, shape (move, host)
            Part of the cost of each new plant; 0 where none is built.
        """
        opened = OPENED[config, target]
        if self.grant is None:
            return np.zeros(opened.shape)
        rates: Array = opened * self.grant[sector, :, regime]
        return rates


def location_problem(
    moving: MovingCosts,
    payoff: Array,
    transitions: Floats,
    belief: NDArray[np.integer],
    sector: NDArray[np.integer] | None = None,
) -> LocationProblem:
    """The choice some firms face.

    Parameters
    ----------
    moving : MovingCosts
    payoff : ndarray, shape (firm, config, regime)
        Share of base-year sales; near `RULED_OUT` for sets that a firm cannot have.
    transitions : ndarray, shape (belief, regime, regime)
    belief : ndarray of int, shape (firm,)
    sector : ndarray of int, shape (firm,), optional
        Not asked for where no treasury pays for plants and sales do not take time.

    Returns
    -------
    LocationProblem
    """
    settings = moving.settings
    move_cost = moving.weighed(sector, len(payoff))
    ruled_out = is_ruled_out(payoff[..., 0])
    if ruled_out.any():
        # The ban is a move cost, not a payoff: a payoff of -1e6 a quarter would leave the
        # linear systems too few digits for the payoffs of all other sets.
        barred = ruled_out[:, None] & ~np.eye(N_CONFIGS, dtype=bool)
        if moving.grant is not None:
            barred = barred[..., None]
        move_cost = move_cost - RULED_OUT * barred
        payoff = np.where(ruled_out[..., None], 0, payoff)
    return LocationProblem(
        profit=payoff,
        move_cost=move_cost,
        build_delay=moving.delays,
        transitions=transitions,
        belief=belief,
        discount=quarterly_discount(settings),
        review=quarterly_review(settings),
        noise=settings.choice_noise,
    )


def is_ruled_out(payoff: Array) -> NDArray[np.bool_]:
    """Which sets of plants a firm cannot have, shape (firm, config)."""
    ruled_out: NDArray[np.bool_] = payoff < RULED_OUT / 2
    return ruled_out
