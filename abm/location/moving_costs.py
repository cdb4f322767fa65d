"""What moving costs under every regime, who pays and how long it takes.

Money of the choice of plants is in *quarters of profit*: what a firm earns in a quarter on its
base-year sales, ``mu`` times these, with ``mu`` the gain per sale of its sector. So scales of
luck are the same for all firms.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_FOOTLOOSE, N_HOMES, N_HOSTS, QUARTERS_A_YEAR
from abm.core.choice.attrition import quarterly_deaths
from abm.core.choice.clocks import Clock, Clocks, Kind, kinds
from abm.core.choice.plant_costs import gain_per_sale, moving_costs
from abm.core.choice.sets import Sets
from abm.core.demand.build_up import BuildUp
from abm.core.demand.customers import Speeds
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from agents import FirmTable

SETS = Sets(HAS_PLANT)
"""The sets of plants that firms may have."""

OPENED = ~HAS_PLANT[:, None] & HAS_PLANT[None]
"""Where going from one set of plants to another adds a plant, shape (config, config, host)."""

CLOSED = HAS_PLANT[:, None] & ~HAS_PLANT[None]
"""Where it gives one up."""

KINDS_OF_MOVES = np.stack([kinds(SETS, founds=True), kinds(SETS)])
"""What each move is, of firms at home in North America and abroad; (2, config, config)."""

Rows = NDArray[np.int64]


def from_abroad(home: NDArray[np.integer]) -> Rows:
    """1 for firms at home outside North America, 0 for the others."""
    abroad: Rows = (home >= N_HOSTS).astype(np.int64)
    return abroad


def quarterly_discount(settings: FirmAssumptions) -> float:
    """Weight of the next quarter."""
    return float(settings.discount_per_year**0.25)


def quarterly_review(settings: FirmAssumptions) -> float:
    """Probability per quarter of reconsidering where to produce."""
    return min(1.0, settings.reviews_per_year / 4)


def profit_per_sale(margin: Array, settings: FirmAssumptions) -> Array:
    """``mu``, what plants that stand earn per unit of sales, by sector."""
    gain: Array = gain_per_sale(margin, settings.build_cost, quarterly_discount(settings)).astype(
        np.float64
    )
    return gain


MIDDLE_SIZE = 30.0
"""Size of a firm over the smallest of its home for which sunk costs of arriving are told."""


class Sunk(NamedTuple):
    """Sunk costs of arriving that make the calibration year a rest point, quarters of profit.

    Attributes
    ----------
    arriving : ndarray, shape (sector, home, host)
        Of a plant abroad of a firm of `MIDDLE_SIZE`, beside building it; 0 at home.
    founding : ndarray, shape (sector, home)
        Of a firm at home in North America that had no plant.
    """

    arriving: Array
    founding: Array

    @classmethod
    def nothing(cls) -> "Sunk":
        """No such costs."""
        return cls(np.zeros((N_FOOTLOOSE, N_HOMES, N_HOSTS)), np.zeros((N_FOOTLOOSE, N_HOMES)))


def sales_missed(economy: Economy, settings: FirmAssumptions, speeds: Speeds) -> Array:
    """Quarters of a new plant's sales that firms expect to miss while these build up.

    Nobody pays them: they are an expectation that firms weigh.

    Returns
    -------
    ndarray, shape (origin, sector, config, config)
        Present value at opening, of firms at home in North America and abroad.
    """
    if speeds == (1, 1):
        return np.zeros((2, N_FOOTLOOSE, N_CONFIGS, N_CONFIGS))
    final = economy.final_demand[:N_HOSTS, :N_FOOTLOOSE].sum(axis=(0, 2))
    inputs = economy.intermediate_use[:N_HOSTS, :N_FOOTLOOSE].sum(axis=(0, 2, 3))
    build_up = BuildUp(speeds.win, speeds.shift, quarterly_discount(settings))
    return np.stack(
        [build_up.quarters(HAS_PLANT, final / (final + inputs), abroad) for abroad in (False, True)]
    )


@dataclass(frozen=True)
class MovingCosts:
    """What it costs to go from one set of plants to another, and who pays.

    Costs are paid stage by stage. A treasury pays its part of every stage of building, at the
    rate of the regime under which the project was decided on: later changes of policy touch
    later projects alone.

    Attributes
    ----------
    settings : FirmAssumptions
    gain : ndarray, shape (sector,)
        Profit per unit of sales.
    makes : ndarray of bool, shape (sector, host)
        Where a sector may have plants.
    missed : ndarray, shape (origin, sector, config, config)
        From `sales_missed`.
    sunk : Sunk
    grant : ndarray, shape (sector, host, regime), optional
        Part of build cost that the host's treasury pays to projects decided on under each
        regime; None where no treasury pays anything under any, so that costs are the same
        under all.
    """

    settings: FirmAssumptions
    gain: Array
    makes: NDArray[np.bool_]
    missed: Array
    sunk: Sunk
    grant: Array | None = None

    @classmethod
    def of(
        cls, economy: Economy, settings: FirmAssumptions, speeds: Speeds, sunk: Sunk
    ) -> "MovingCosts":
        """Costs without any policy, as in the calibration year."""
        gain = profit_per_sale(economy.margin, settings)
        missed = sales_missed(economy, settings, speeds)
        return cls(settings, gain, economy.makes, missed, sunk)

    def under(self, policy: Policy) -> "MovingCosts":
        """The costs of moving under the regimes of a policy."""
        grant = policy.investment_grant[:N_FOOTLOOSE]
        return MovingCosts(
            self.settings,
            self.gain,
            self.makes,
            self.missed,
            self.sunk,
            grant if grant.any() else None,
        )

    @cached_property
    def clocks(self) -> Clocks:
        """How long moves of each kind take, and when they are paid."""
        settings = self.settings
        return Clocks(
            new_plant=Clock(settings.stage_quarters, settings.stage_cost_shares),
            standing_plant=Clock((settings.transfer_quarters,), (1.0,)),
            closing=Clock((settings.closing_quarters,), (1.0,)),
            founding=Clock((settings.founding_quarters,), (1.0,)),
        )

    @cached_property
    def delays(self) -> NDArray[np.int64]:
        """Quarters until a decided set of plants serves, shape (origin, config, config)."""
        return np.stack([self.clocks.delays(SETS, founds) for founds in (True, False)])

    @cached_property
    def weights(self) -> Array:
        """Present value of each move's cost as of the decision, (origin, config, config)."""
        discount = quarterly_discount(self.settings)
        return np.stack([self.clocks.weights(SETS, discount, founds) for founds in (True, False)])

    @cached_property
    def stages(self) -> NDArray[np.int64]:
        """How many stages a project of each `Kind` has."""
        return np.array([len(self.clocks.of(kind).quarters) for kind in Kind])

    @cached_property
    def stage_quarters(self) -> NDArray[np.int64]:
        """Length of every stage of projects of each `Kind`, shape (kind, stage)."""
        return _padded([self.clocks.of(kind).quarters for kind in Kind]).astype(np.int64)

    @cached_property
    def stage_costs(self) -> Array:
        """Part of a project's cost that each stage sinks as it begins, shape (kind, stage)."""
        return _padded([self.clocks.of(kind).cost_shares for kind in Kind])

    @cached_property
    def barred(self) -> NDArray[np.bool_]:
        """Moves to places where a sector makes nothing, shape (sector, config, config)."""
        nowhere = (HAS_PLANT[None] & ~self.makes[:, None]).any(axis=2)
        barred: NDArray[np.bool_] = nowhere[:, None] & ~np.eye(N_CONFIGS, dtype=bool)
        return barred

    def still_to_pay(self, kind: NDArray[np.integer], stage: NDArray[np.integer]) -> Array:
        """Present value, on entering a stage, of all stages still to pay, share of the cost."""
        discount = quarterly_discount(self.settings)
        paid = np.zeros(len(kind))
        for each in Kind:
            some = kind == each
            paid[some] = self.clocks.of(each).still_to_pay(discount)[stage[some]]
        return paid

    def quarters_after(self, kind: NDArray[np.integer], stage: NDArray[np.integer]) -> Rows:
        """Quarters from the start of a stage to the end of the move; 0 after the last."""
        left = np.zeros(len(kind), np.int64)
        for each in Kind:
            some = kind == each
            ends = np.append(np.cumsum(self.clocks.of(each).quarters[::-1], dtype=int)[::-1], 0)
            left[some] = ends[stage[some]]
        return left

    def plants(
        self,
        table: FirmTable,
        rows: Rows,
        config: NDArray[np.integer],
        target: NDArray[np.integer],
    ) -> Array:
        """Build cost of every plant that some moves add, whoever pays, shape (move, host).

        A plant costs ``build_cost`` of the yearly sales that it would have in the base year.
        Share of the firm's quarterly base-year sales.
        """
        share = table.base_plant_sales[rows, target].astype(np.float64)
        cost: Array = QUARTERS_A_YEAR * self.settings.build_cost * OPENED[config, target] * share
        return cost

    def total(
        self,
        table: FirmTable,
        rows: Rows,
        config: NDArray[np.integer],
        target: NDArray[np.integer],
    ) -> Array:
        """What some moves cost in building and closing, whoever pays, before discounting.

        Share of the firm's quarterly base-year sales; beside building, closing a plant costs
        ``closure_cost`` of the yearly sales given up.
        """
        shut = table.base_plant_sales[rows, config] * CLOSED[config, target]
        built = self.plants(table, rows, config, target).sum(axis=1)
        cost: Array = built + QUARTERS_A_YEAR * self.settings.closure_cost * shut.sum(axis=1)
        return cost

    def arriving_at(self, table: FirmTable, rows: Rows) -> Array:
        """Sunk cost of arriving at every host, quarters of profit, shape (firm, host); 0 at home.

        It takes a larger part of a small firm's profit: so much that, where few go abroad, the
        chance of it rises with size to the power of ``arriving_gradient``.
        """
        settings, home = self.settings, table.home[rows]
        smaller = np.log(MIDDLE_SIZE / table.relative_size[rows].astype(np.float64))
        of_small = settings.arriving_gradient * settings.build_noise * smaller
        abroad = home[:, None] != np.arange(N_HOSTS)
        cost: Array = self.sunk.arriving[table.sector[rows], home] + abroad * of_small[:, None]
        return cost

    def arriving(
        self,
        table: FirmTable,
        rows: Rows,
        config: NDArray[np.integer],
        target: NDArray[np.integer],
        kind: NDArray[np.integer],
    ) -> Array:
        """Sunk cost of arriving and founding of some moves, quarters of profit, shape (move,)."""
        arrived = (OPENED[config, target] * self.arriving_at(table, rows)).sum(axis=1)
        founding = self.sunk.founding[table.sector[rows], table.home[rows]]
        cost: Array = arrived + founding * (kind == Kind.FOUNDING)
        return cost

    def borne(
        self,
        table: FirmTable,
        rows: Rows,
        config: NDArray[np.integer],
        target: NDArray[np.integer],
        kind: NDArray[np.integer],
    ) -> Array:
        """What projects cost firms that are paid their grants, before discounting.

        Quarters of profit, shape (move,).
        """
        paid = (self.plants(table, rows, config, target) * table.grant[rows]).sum(axis=1)
        cost = (self.total(table, rows, config, target) - paid) / self.gain[table.sector[rows]]
        borne: Array = cost + self.arriving(table, rows, config, target, kind)
        return borne

    def weighed(self, table: FirmTable, rows: Rows) -> Array:
        """Present value of what every move costs firms that decide on it now.

        Returns
        -------
        ndarray, shape (firm, config, config) or, with grants, (firm, config, config, regime)
            Quarters of profit, infinite where a move is barred. The regime is the one that the
            firm decides under.
        """
        settings, sector, home = self.settings, table.sector[rows], table.home[rows]
        origin = from_abroad(home)
        share = table.base_plant_sales[rows] / self.gain[sector, None, None]
        costs = moving_costs(
            SETS,
            share,
            (settings.build_cost, settings.closure_cost),
            self.arriving_at(table, rows),
            self.sunk.founding[sector, home],
        )
        weights = self.weights[origin]
        costs = weights * costs + self.build_up(table, rows)
        if self.grant is not None:
            paid = np.einsum("cdh,ndh,nhr->ncdr", OPENED, share, self.grant[sector])
            paid *= QUARTERS_A_YEAR * settings.build_cost
            costs = costs[..., None] - weights[..., None] * paid
        costs[self.barred[sector]] = np.inf
        return costs

    def build_up(self, table: FirmTable, rows: Rows) -> Array:
        """Profit missed while sales of new plants build up, as of the decision.

        Returns
        -------
        ndarray, shape (firm, config, config)
            Quarters of profit.
        """
        origin = from_abroad(table.home[rows])
        new = np.einsum("cdh,ndh->ncd", OPENED, table.base_plant_sales[rows], dtype=np.float64)
        later = quarterly_discount(self.settings) ** self.delays[origin]
        missed: Array = later * self.missed[origin, table.sector[rows]] * new
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


def _padded(lists: list[tuple[float, ...]] | list[tuple[int, ...]]) -> Array:
    """Lists of different lengths as rows, filled up with 0."""
    rows = np.zeros((len(lists), max(map(len, lists))))
    for row, numbers in zip(rows, lists, strict=True):
        row[: len(numbers)] = numbers
    return rows


def dying(table: FirmTable, settings: FirmAssumptions) -> Array:
    """Probability that a plant of each firm dies in a quarter unless it is spared."""
    deaths: Array = quarterly_deaths(
        table.relative_size,
        settings.death_always,
        settings.death_of_small,
        settings.death_gradient,
    ).astype(np.float64)
    return deaths


def may_die(table: FirmTable, plants: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which plants that stand may die: not that at home while sisters stand, (firm, host)."""
    at_home = table.home[:, None] == np.arange(N_HOSTS)
    sisters = plants.sum(axis=1, keepdims=True) > 1
    may: NDArray[np.bool_] = plants & ~(at_home & sisters)
    return may
