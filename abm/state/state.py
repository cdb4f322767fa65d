"""What a run carries from one quarter to the next, and nothing else.

All else that a model holds follows from its scenario, its seed and the constants of
the calibration year, or is worked out anew in every quarter. So a run can be put
away here and taken up elsewhere.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.contracts import Contracts
from abm.core.inputs.sourcing import UnitCosts
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array
from abm.governments.in_force import PolicyState
from abm.state.records import Records
from abm.trade.books.accounts import Accounts
from abm.trade.inputs.suppliers import SupplierNetwork
from abm.trade.sales.customers import Customers
from agents import FirmTable


@dataclass
class State:
    """Firms, their links, and what the last quarter left to the next.

    Attributes
    ----------
    firms : FirmTable
    network : SupplierNetwork
    year : deque of Accounts
        Those of the last four quarters, the latest last.
    conditions : Conditions
        Of every regime, as if buyers had adapted to it; last of all of the regime in force
        as they meet it under their contracts.
    every_cost : UnitCosts
        Of the same; the next search for wedges starts from them.
    plan_values : ndarray, shape (firm, config, regime)
        The next valuation of plans starts from them.
    contracts : Contracts
        Of footloose sectors, shape (sector, input, source, host).
    other_contracts : Contracts
        Of users that are not modelled firms, shape (input, source, market).
    log_wedge_held : ndarray of float32, shape (firm, host)
        Log wedge on parts that do not originate under which firms signed the contracts of
        what they make to comply.
    policy : PolicyState
        What is known, threatened, agreed and decided.
    adapted_spending, last_price : ndarray, shape (input, source, market)
        Purchasers' value of inputs if all contracts were signed anew, and delivered price.
    spending : ndarray, shape (sector, host, use, market)
        What consumers spend on a sector's goods, whatever the host, and users of inputs on
        those of each host, at basic prices.
    customers : Customers
        Who gets how much of it.
    capacity : ndarray, shape (firm, host)
        Units of output a quarter that plants can make at the prices of the calibration year's
        supply; 0 where none stood.
    jobs : ndarray, shape (firm, host)
        Persons engaged in plants; 0 where none stood.
    scarcity : ndarray, shape (firm, host)
        What output beyond or below it added to the prices of plants, as a factor.
    relative_use : ndarray, shape (sector, input, source, host)
        What firms bought a unit of output over what the average buyer under contract did; of
        footloose inputs from hosts.
    moves_owed : ndarray, shape (sector, group, 2)
        Moves expected until now that were not drawn, by the host where a plant would open and
        last those that open none; and the quarterly sales that they move, million USD.
    deaths_owed : ndarray, shape (sector, host, 2)
        The same of deaths of plants.
    licences : ndarray, shape (line, source, market, regime)
        What licences under quotas are worth, ad valorem, under the regimes of ``conditions``.
    base_imports : ndarray, shape (line, source, market)
        Of the calibration year, of which quotas are shares.
    quarter : int
        The last one finished.
    records : Records
    """

    firms: FirmTable
    network: SupplierNetwork
    year: deque[Accounts]
    conditions: Conditions
    every_cost: UnitCosts
    plan_values: Array
    contracts: Contracts
    other_contracts: Contracts
    log_wedge_held: NDArray[np.float32]
    policy: PolicyState
    adapted_spending: Array
    last_price: Array
    spending: Array
    customers: Customers
    capacity: Array
    jobs: Array
    scarcity: Array
    relative_use: Array
    moves_owed: Array
    deaths_owed: Array
    licences: Array
    base_imports: Array
    quarter: int = 0
    records: Records = field(default_factory=Records)

    def change_regimes(self, origin: NDArray[np.int64]) -> None:
        """Take up another list of regimes, each beginning as a former one.

        Parameters
        ----------
        origin : ndarray of int, shape (regime,)
            Former regime that each begins as.
        """
        and_trade = np.append(origin, self.plan_values.shape[-1])
        self.plan_values = self.plan_values[..., origin]
        self.every_cost = self.every_cost.during(and_trade)
        self.conditions = self.conditions.during(and_trade)
        self.licences = self.licences[..., and_trade]


class HasState(Protocol):
    """A model whose state can be put away."""

    state: State


class Carried:
    """An attribute of the model that is carried from quarter to quarter: part of its state."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, model: HasState | None, owner: type) -> Any:
        return self if model is None else getattr(model.state, self.name)

    def __set__(self, model: HasState, value: Any) -> None:
        setattr(model.state, self.name, value)
