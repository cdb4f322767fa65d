"""One firm at the moment it decides: all that it knows and meets, and what it weighs.

A situation is cut out of a model after costs and claims are known and before plants
change. Nothing in it moves with what the firm does, as one firm is too small to move
markets: so the firm's problem can be solved anew, as it is or with something changed,
by the functions that the model itself uses.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS, N_HOSTS
from abm.core.choice.dated_beliefs import Calendar
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.location.moving_costs import MovingCosts
from abm.location.payoffs import config_revenues, payoffs
from abm.location.review import ValuedPlans
from abm.location.valuation import Weighing, choices, gates_of, weigh
from abm.policy.regimes import Policy
from abm.scenario.assumptions import FirmAssumptions
from abm.scenario.scenario import Scenario
from abm.trade.borders.crossing import Borders, claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.inputs.input_prices import outside_duty, price_inputs, solve_costs, value_added_cost
from abm.trade.sales.market_clearing import MarketState
from agents import FirmTable

ONLY = np.zeros(1, np.int64)
"""Row of the firm in its own table."""


@dataclass(frozen=True)
class Situation:
    """A firm and its surroundings in one quarter.

    Attributes
    ----------
    table : FirmTable
        One row; the arrays of costs, borders and values have that one firm too.
    economy : Economy
    calibration : Calibration
    settings : FirmAssumptions
    build_up : ndarray, shape (sector, config, config), or None
        Profit missed while sales of new plants build up, as in `MovingCosts`.
    presence : ndarray, shape (input, source, host)
        Pull of the plants that stand on buyers of inputs.
    policy : Policy
        The regimes that may follow today's, itself included.
    conditions : Conditions
        What the quarter inherited.
    costs : UnitCosts
    borders : Borders
        Under each regime once contracts have run out, as plans see them.
    costs_now : UnitCosts
    borders_now : Borders
        As it buys and claims this quarter, under its contracts: one regime, that in force.
    market : MarketState
        As the firm expects it under each regime.
    expected : Calendar
        How each belief type expects policy to change.
    values : ndarray, shape (firm, config, regime)
        Where to start solving from.
    regime : int
        The one in force.
    luck : ndarray, shape (config,)
        What the model does not know speaks for each set of plants; 0 where the firm does
        not review.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    settings: FirmAssumptions
    build_up: Array | None
    presence: Array
    policy: Policy
    conditions: Conditions
    costs: UnitCosts
    borders: Borders
    costs_now: UnitCosts
    borders_now: Borders
    market: MarketState
    expected: Calendar
    values: Array
    regime: int
    luck: Array

    @property
    def sector(self) -> int:
        """What it makes."""
        return int(self.table.sector[0])

    @property
    def config(self) -> int:
        """Where it produces."""
        return int(self.table.config[0])

    @property
    def moving(self) -> MovingCosts:
        """What moving costs, and who pays."""
        return self.moving_under(self.policy)

    def moving_under(self, policy: Policy) -> MovingCosts:
        """The same under another policy."""
        return MovingCosts.under(self.settings, policy, self.build_up)

    def payoff(self) -> Array:
        """Profit of every set of plants over the calibration year's, plus taste.

        Returns
        -------
        ndarray, shape (firm, config, regime)
            Share of base-year sales.
        """
        quarter = Quarter(
            self.table,
            self.economy,
            self.calibration,
            self.policy,
            self.costs,
            self.borders,
            outside_duty(self.economy, self.policy),
        )
        revenue = config_revenues(quarter, self.market, ONLY)
        return payoffs(self.table, self.calibration, self.policy, revenue, ONLY)

    def weighed(self, expected: Calendar | None = None) -> Weighing:
        """What every set of plants is worth to it.

        Parameters
        ----------
        expected : Calendar, optional
            Other expectations than its own.
        """
        foreseen = self.expected if expected is None else expected
        problem = choices(self.table, self.moving, self.payoff(), foreseen, ONLY)
        gates = gates_of(self.table, self.moving, ONLY)
        return weigh(problem, gates, foreseen, self.values, self.table.config, self.regime)

    def under(self, policy: Policy, regimes: NDArray[np.int64]) -> "Situation":
        """The same firm under other policies, with costs and claims found anew.

        Parameters
        ----------
        policy : Policy
            Any number of regimes.
        regimes : ndarray of int, shape (regime,)
            The regime here whose market and inherited conditions each of them has.

        Returns
        -------
        Situation
            Its beliefs, values and regime in force are left as they are.
        """
        conditions = self.conditions.during(regimes)
        terms = price_inputs(self.economy, self.calibration, conditions, policy, self.presence)
        value_added = value_added_cost(self.table, self.calibration, conditions, policy)
        costs = self.costs.during(regimes)
        solve_costs(self.table, self.calibration, terms, value_added, costs)
        market = {name: array[..., regimes] for name, array in vars(self.market).items()}
        return replace(
            self,
            policy=policy,
            conditions=conditions,
            costs=costs,
            borders=claim_origin(self.table, policy, costs),
            market=MarketState(**market),
        )


class Decided(Protocol):
    """What a model has once its firms have valued their plans, and before they move."""

    firms: FirmTable
    economy: Economy
    calibration: Calibration
    quarter: int
    live: slice | NDArray[np.int64]
    regime: int
    trade: int
    presence: Array
    conditions: Conditions
    expected: Calendar
    plan_values: Array
    moving: MovingCosts
    plans: ValuedPlans

    @property
    def scenario(self) -> Scenario:
        """The scenario that runs."""

    def this_quarter(self) -> Quarter:
        """What the plants of this quarter meet, under contract last of all."""

    def adapted_quarter(self) -> Quarter:
        """The same under each regime once all buyers had adapted to it."""


@dataclass(frozen=True)
class Moment:
    """All firms of a model at the moment of a quarter at which they decide.

    Attributes
    ----------
    quarter : int
    everyone : Situation
        That of all firms, a row each; its luck is nobody's.
    reviewing : ndarray of int, shape (review,)
        Rows of the firms that decide in the quarter.
    taste : ndarray, shape (review, config)
        The luck of their reviews.
    """

    quarter: int
    everyone: Situation
    reviewing: NDArray[np.int64]
    taste: Array

    def luck(self, row: int) -> Array | None:
        """The luck of a firm's review, shape (config,); None where it does not review."""
        place = np.flatnonzero(self.reviewing == row)
        return self.taste[place[0]] if len(place) else None

    def situation(self, row: int) -> Situation:
        """The situation of one firm."""
        all_firms, luck = self.everyone, self.luck(row)
        return replace(
            all_firms,
            table=_rows(all_firms.table, [row]),
            costs=_costs_of(all_firms.costs, row),
            borders=_borders_of(all_firms.borders, row),
            costs_now=_costs_of(all_firms.costs_now, row),
            borders_now=_borders_of(all_firms.borders_now, row),
            values=all_firms.values[[row]],
            luck=all_firms.luck if luck is None else luck,
        )


def moment_of(model: Decided, market: MarketState) -> Moment:
    """The moment at which the firms of a model decide.

    Parameters
    ----------
    model : Decided
        Between its phases ``value_plans`` and ``relocate``.
    market : MarketState
        As firms expect it, from the model.

    Returns
    -------
    Moment
        Copies of all that the model changes later.
    """
    adapted = model.adapted_quarter()
    trade = model.this_quarter().during(slice(model.trade, model.trade + 1))
    everyone = Situation(
        _rows(model.firms, slice(None)),
        model.economy,
        model.calibration,
        model.scenario.firms,
        model.moving.build_up,
        model.presence[:, :, :N_HOSTS],
        adapted.policy,
        model.conditions.during(model.live),
        _copies(adapted.costs),
        adapted.borders,
        _copies(trade.costs),
        trade.borders,
        market,
        model.expected,
        model.plan_values[..., model.live].copy(order="K"),
        model.regime,
        np.zeros(N_CONFIGS),
    )
    return Moment(model.quarter, everyone, model.plans.rows, model.plans.taste)


def _costs_of(costs: UnitCosts, row: int) -> UnitCosts:
    return UnitCosts(*(array[[row]] for array in vars(costs).values()))


def _borders_of(borders: Borders, row: int) -> Borders:
    return Borders(*(array[[row]] for array in vars(borders).values()))


def _copies(costs: UnitCosts) -> UnitCosts:
    return UnitCosts(*(array.copy(order="K") for array in vars(costs).values()))


def _rows(table: FirmTable, rows: slice | list[int]) -> FirmTable:
    """A table of some firms, as copies."""
    return FirmTable(**{name: getattr(table, name)[rows].copy() for name in table.columns()})
