"""What households and other users of inputs have to spend in a quarter, and how it closes."""

from functools import cached_property

import numpy as np

from abm.axes import N_FOOTLOOSE, N_REGIONS
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.state.surface import Surface
from abm.trade.books.accounts import Accounts
from abm.trade.books.closing import Closing
from abm.trade.books.rest_of_economy import check_households, closing_of, paid_out
from abm.trade.inputs.labour import exchange_rates
from abm.trade.inputs.renewal import Supply
from abm.trade.sales.spending import (
    Income,
    base_consumption,
    consumers_spending,
    dearer_elsewhere,
    other_users_purchases,
    spending_elsewhere,
)


class Spending(Surface):
    """The part of a model that knows what users who are no modelled firms spend.

    Attributes
    ----------
    economy : Economy
    calibration : Calibration
    base_accounts : Accounts
    now : Policy
        Of the regimes that are possible, and last of all of that at contracts.
    outside : ndarray, shape (sector, source, market, regime)
        Duties where no origin can be claimed.
    on_top : ndarray, shape (input, source, market, regime)
        Buyers' price of inputs over basic value.
    other_supply : Supply
        Contracts of users of inputs that are no modelled firms.
    """

    economy: Economy
    calibration: Calibration
    base_accounts: Accounts
    now: Policy
    outside: Array
    on_top: Array
    other_supply: Supply

    @cached_property
    def base_consumption(self) -> Array:
        """What consumers of the calibration year spend on everything, shape (market,)."""
        return base_consumption(self.economy, self.calibration)

    def _rates(self) -> Array:
        """Real exchange rates of the quarter, shape (region,)."""
        return exchange_rates(self.conditions, self.now)[:, self.trade]

    def _income(self) -> Income:
        """What households have to spend under the closure chosen."""
        rates, transfer = self._rates(), np.zeros(N_REGIONS)
        if self.scenario.economy.households_pay and self.quarter > 1:
            transfer = paid_out(self.conditions.treasury, self.base_accounts, rates)
        demand = self.now.demand_shock[:N_FOOTLOOSE, :, self.trade]
        return Income(rates, transfer, demand)

    def _expenditure(self) -> Array:
        """Consumers' spending on modelled goods by sector and market."""
        return consumers_spending(self.calibration, self._income(), self.base_consumption)

    def _elsewhere(self, income: Income) -> Array:
        """What consumers buy of sectors that are fixed in place; duties come out of income."""
        dearer: Array | float = 1.0
        if self.scenario.economy.households_pay:
            barrier = self.now.barrier[..., self.trade]
            dearer = dearer_elsewhere(self.calibration, self.outside[..., self.trade], barrier)
        return spending_elsewhere(self.economy, income.index(self.base_consumption), dearer)

    def _others(self) -> Array:
        """Inputs that users who are not modelled firms buy, at basic prices."""
        on_top = self.on_top[..., self.trade]
        return other_users_purchases(
            self.calibration, self.other_supply.owed, on_top, self._rates()
        )

    def _close(self, accounts: Accounts, income: Income) -> Closing:
        """How the quarter closes beyond manufacturing."""
        if self.scenario.economy.households_pay:
            barrier = self.now.barrier[..., self.trade]
            check_households(accounts, barrier, income, self.base_consumption)
        absorbed = self.scenario.economy.closure != "partial"
        return closing_of(
            accounts, self.economy, self.calibration, income, self.base_consumption, absorbed
        )
