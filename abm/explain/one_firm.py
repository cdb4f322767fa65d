"""One firm at the moment it decides: all that it knows and meets, and what it weighs.

A situation is cut out of a model after costs and claims are known and before plants
change. Nothing in it moves with what the firm does, as one firm is too small to move
markets: so the firm's problem can be solved anew, as it is or with something changed,
by the functions that the model itself uses.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS
from abm.core.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.location.payoffs import config_revenues, payoffs
from abm.location.valuation import Weighing, weigh
from abm.policy.regimes import Policy
from abm.scenario.scenario import FirmAssumptions
from abm.trade.borders import Borders, claim_origin
from abm.trade.input_prices import outside_duty, price_inputs, solve_costs, value_added_cost
from abm.trade.market_clearing import MarketState
from abm.trade.this_quarter import Quarter
from agents import FirmTable

if TYPE_CHECKING:
    from abm.model import RelocationModel

ONLY = np.zeros(1, np.int64)
"""Row of the firm in its own table."""


@dataclass(frozen=True)
class Situation:
    """A firm and its surroundings in one quarter.

    Attributes
    ----------
    table : FirmTable
        One row.
    economy : Economy
    calibration : Calibration
    settings : FirmAssumptions
    agglomeration : float
    policy : Policy
        The regimes that may follow today's, itself included.
    conditions : Conditions
        What the quarter inherited.
    costs : UnitCosts
    borders : Borders
        Of the one firm.
    market : MarketState
        As the firm expects it under each regime.
    transitions : ndarray, shape (belief, regime, regime)
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
    agglomeration: float
    policy: Policy
    conditions: Conditions
    costs: UnitCosts
    borders: Borders
    market: MarketState
    transitions: Array
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

    def weighed(self, transitions: Array | None = None) -> Weighing:
        """What every set of plants is worth to it.

        Parameters
        ----------
        transitions : ndarray, shape (belief, regime, regime), optional
            Other expectations than its own.
        """
        expected = self.transitions if transitions is None else transitions
        return weigh(
            self.table, self.settings, self.payoff(), expected, self.values, ONLY, self.regime
        )

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
        terms = price_inputs(self.economy, self.calibration, conditions, policy, self.agglomeration)
        value_added = value_added_cost(self.table, self.calibration, conditions, policy)
        costs = self.costs.during(regimes)
        solve_costs(self.table, self.calibration, terms, value_added, costs)
        market = {name: array[..., regimes] for name, array in vars(self.market).items()}
        return replace(
            self,
            policy=policy,
            conditions=conditions,
            costs=costs,
            borders=claim_origin(self.table, self.economy, policy, costs),
            market=MarketState(**market),
        )


def situation_of(
    model: "RelocationModel", row: int, market: MarketState, luck: Array | None = None
) -> Situation:
    """The situation of a firm of a model whose plants have not changed yet this quarter.

    Parameters
    ----------
    model : RelocationModel
        Between its phases ``claim_origin`` and ``relocate``.
    row : int
    market : MarketState
        As firms expect it, from the model.
    luck : ndarray, shape (config,), optional
        Of the firm's review, where it reviews.

    Returns
    -------
    Situation
        Copies, which the model does not change later.
    """
    table = model.firms
    return Situation(
        FirmTable(**{name: getattr(table, name)[[row]] for name in table.columns()}),
        model.economy,
        model.calibration,
        model.scenario.firms,
        model.scenario.economy.agglomeration,
        model.now,
        model.conditions.during(model.live),
        UnitCosts(*(array[[row]] for array in vars(model.costs).values())),
        Borders(**{name: array[[row]] for name, array in vars(model.borders).items()}),
        market,
        model.transitions,
        model.plan_values[[row]][..., model.live],
        model.regime,
        np.zeros(N_CONFIGS) if luck is None else luck.copy(),
    )
