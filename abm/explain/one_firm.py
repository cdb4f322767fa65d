"""One firm at the moment it decides: all that it knows and meets, and what it weighs.

A situation is cut out of a model after costs and claims are known and before plants
change. Nothing in it moves with what the firm does, as one firm is too small to move
markets: so the firm's problem can be solved anew, as it is or with something changed,
by the functions that the model itself uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS
from abm.core.choice.dated_beliefs import Calendar
from abm.core.inputs.contracts import Contracts
from abm.core.inputs.sourcing import InputTerms, UnitCosts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.location.may_do import DrawnLuck
from abm.location.moving_costs import MovingCosts, profit_per_sale
from abm.location.payoffs import config_revenues, payoffs
from abm.location.relief_while_building import relief_of_building
from abm.location.remissions import in_profits, with_remissions
from abm.location.review import ValuedPlans
from abm.location.valuation import Choices, Weighing, weigh
from abm.policy.arrays import Border
from abm.policy.regimes import Policy
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.trade.borders.border_costs import BorderCosts, border_terms, solve_at_borders
from abm.trade.borders.crossing import Borders, claim_origin
from abm.trade.borders.this_quarter import Quarter
from abm.trade.inputs.input_prices import outside_duty, price_inputs, solve_costs, value_added_cost
from abm.trade.inputs.offsets import credits
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
    costs_of_moving : MovingCosts
        Without policy.
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
    own_now : mapping
        As it buys and claims this quarter, under its contracts: one regime, that in force;
        by border costs where rules are not the agreement's.
    market : MarketState
        As the firm expects it under each regime.
    expected : Calendar
        How each belief type expects policy to change.
    values : ndarray, shape (firm, config, regime)
        Where to start solving from.
    regime : int
        The one in force.
    luck : DrawnLuck or None
        What chance brings the firm; None where it decides nothing in the quarter.
    offset : ndarray, shape (sector, host)
        Credit against duties on inputs for a unit made, in the calibration year's cost, as in
        force.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    costs_of_moving: MovingCosts
    presence: Array
    policy: Policy
    conditions: Conditions
    costs: UnitCosts
    borders: Borders
    costs_now: UnitCosts
    borders_now: Borders
    own_now: Mapping[Border, BorderCosts]
    market: MarketState
    expected: Calendar
    values: Array
    regime: int
    luck: DrawnLuck | None
    offset: Array

    @property
    def settings(self) -> FirmAssumptions:
        """What is assumed of firms."""
        return self.costs_of_moving.settings

    @property
    def unit(self) -> float:
        """A quarter's profit on base-year sales as a share of these."""
        return float(self.costs_of_moving.gain[self.sector])

    @property
    def sector(self) -> int:
        """What it makes."""
        return int(self.table.sector[0])

    @property
    def line(self) -> int:
        """The product line of it."""
        return int(self.table.line[0])

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
        return self.costs_of_moving.under(policy)

    def assuming(self, **settings: float) -> "Situation":
        """The same firm under other settings of firms, as it decides on plants."""
        moving = self.costs_of_moving
        other = moving.settings.model_copy(update=settings)
        gain = profit_per_sale(self.calibration.margin, other)
        return replace(self, costs_of_moving=replace(moving, settings=other, gain=gain))

    @property
    def quarter(self) -> Quarter:
        """What it would meet wherever it had plants."""
        return Quarter(
            self.table,
            self.economy,
            self.calibration,
            self.policy,
            self.costs,
            self.borders,
            outside_duty(self.economy, self.policy),
        )

    def revenue(self) -> Array:
        """What it would sell with every set of plants, as `config_revenues` has it."""
        return config_revenues(self.quarter, self.market, ONLY)

    def payoff(self, revenue: Array | None = None) -> Array:
        """What every set of plants earns over having none, fixed costs paid.

        Returns
        -------
        ndarray, shape (firm, config, regime)
            Quarters of profit.
        """
        sold = self.revenue() if revenue is None else revenue
        own = payoffs(self.table, self.calibration, self.settings, self.policy, sold, ONLY)
        return with_remissions(own, self.quarter, self.market, self.settings, ONLY)

    def remissions(self) -> Array:
        """What of the payoff is duty given back, shape (firm, config, regime)."""
        return in_profits(self.quarter, self.market, self.settings, ONLY)

    def relief(self) -> Array | None:
        """What it would get back a quarter while it builds, as `relief_of_building` has it."""
        return relief_of_building(self.quarter, self.market, self.settings, ONLY)

    def choices(self, expected: Calendar | None = None) -> Choices:
        """The choice that it faces; ``expected`` where it is to expect something else."""
        foreseen = self.expected if expected is None else expected
        now = foreseen, ONLY, self.regime, self.relief()
        return Choices(self.table, self.moving, self.payoff(), *now)

    def weighed(self, expected: Calendar | None = None) -> Weighing:
        """What it weighs and decides.

        Parameters
        ----------
        expected : Calendar, optional
            Other expectations than its own.
        """
        luck = DrawnLuck.none(1) if self.luck is None else self.luck
        return weigh(self.choices(expected), self.values, luck)

    def costs_towards(self, border: Border) -> UnitCosts:
        """What it costs to make now by the rules of a border, arrays of shape (firm, regime)."""
        own = self.own_now.get(border)
        only = slice(0, 1)
        return self.costs_now.at(border[0], only) if own is None else own.costs.at(0, only)

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

        def terms_under(one: Policy) -> list[InputTerms]:
            return price_inputs(self.economy, self.calibration, conditions, one, self.presence)

        value_added = value_added_cost(self.table, self.calibration, conditions, policy)
        costs = self.costs.during(regimes)
        solve_costs(self.table, terms_under(policy), value_added, costs)
        at_borders = border_terms(policy, terms_under)
        own = solve_at_borders(self.table, policy, at_borders, value_added, costs)
        market = {name: array[..., regimes] for name, array in vars(self.market).items()}
        return replace(
            self,
            policy=policy,
            conditions=conditions,
            costs=costs,
            borders=claim_origin(self.table, policy, costs, own=own),
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
    contracts: Contracts
    expected: Calendar
    plan_values: Array
    moving: MovingCosts
    plans: ValuedPlans

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
    lucks : DrawnLuck
        What chance brings them.
    """

    quarter: int
    everyone: Situation
    reviewing: NDArray[np.int64]
    lucks: DrawnLuck

    def luck(self, row: int) -> DrawnLuck | None:
        """What chance brings a firm; None where it decides nothing."""
        place = np.flatnonzero(self.reviewing == row)
        return self.lucks.take(place) if len(place) else None

    def situation(self, row: int) -> Situation:
        """The situation of one firm."""
        all_firms = self.everyone
        return replace(
            all_firms,
            table=_rows(all_firms.table, [row]),
            costs=_costs_of(all_firms.costs, row),
            borders=_borders_of(all_firms.borders, row),
            costs_now=_costs_of(all_firms.costs_now, row),
            borders_now=_borders_of(all_firms.borders_now, row),
            own_now={
                border: replace(own, costs=_costs_of(own.costs, row))
                for border, own in all_firms.own_now.items()
            },
            values=all_firms.values[[row]],
            luck=self.luck(row),
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
    conditions = model.conditions.during(model.live)
    given = adapted.policy, model.calibration, conditions, model.contracts
    credited = credits(*given)[..., model.regime]
    everyone = Situation(
        _rows(model.firms, slice(None)),
        model.economy,
        model.calibration,
        replace(model.moving, grant=None),
        model.presence[:, :, :N_HOSTS],
        adapted.policy,
        conditions,
        _copies(adapted.costs),
        adapted.borders,
        _copies(trade.costs),
        trade.borders,
        {border: replace(own, costs=_copies(own.costs)) for border, own in trade.own.items()},
        market,
        model.expected,
        model.plan_values[..., model.live].copy(order="K"),
        model.regime,
        None,
        credited,
    )
    return Moment(model.quarter, everyone, model.plans.rows, model.plans.luck)


def _costs_of(costs: UnitCosts, row: int) -> UnitCosts:
    return UnitCosts(*(array[[row]] for array in vars(costs).values()))


def _borders_of(borders: Borders, row: int) -> Borders:
    return Borders(*(array[[row]] for array in vars(borders).values()))


def _copies(costs: UnitCosts) -> UnitCosts:
    return UnitCosts(*(array.copy(order="K") for array in vars(costs).values()))


def _rows(table: FirmTable, rows: slice | list[int]) -> FirmTable:
    """A table of some firms, as copies."""
    return FirmTable(**{name: getattr(table, name)[rows].copy() for name in table.columns()})
