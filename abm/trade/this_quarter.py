"""Everything that the plants of one quarter meet."""

from dataclasses import dataclass, replace

from abm.core.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.trade.borders import Borders
from agents import FirmTable


@dataclass(frozen=True)
class Quarter:
    """Firms, constants, policy, and what firms found best under it.

    Attributes
    ----------
    table : FirmTable
    economy : Economy
    calibration : Calibration
    policy : Policy
        The regimes that are looked at.
    costs : UnitCosts
    borders : Borders
    outside : ndarray, shape (sector, source, market, regime)
        Duties where no origin can be claimed, from `abm.trade.input_prices.outside_duty`.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    policy: Policy
    costs: UnitCosts
    borders: Borders
    outside: Array

    def during(self, regimes: slice) -> "Quarter":
        """The same quarter for some of the regimes, as views."""
        return replace(
            self,
            policy=self.policy.during(regimes),
            costs=self.costs.during(regimes),
            borders=self.borders.during(regimes),
            outside=self.outside[..., regimes],
        )
