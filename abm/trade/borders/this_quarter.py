"""What a quarter works with: firms, constants, policy, costs and claims."""

from dataclasses import dataclass, replace

from abm.core.inputs.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.trade.borders.crossing import Borders
from abm.trade.borders.transition import Transition
from agents import FirmTable


@dataclass(frozen=True)
class Quarter:
    """Firms, constants and policy of a quarter, with the costs and claims of firms under it.

    Attributes
    ----------
    table : FirmTable
    economy : Economy
    calibration : Calibration
    policy : Policy
        Only the regimes that are computed this quarter.
    costs : UnitCosts
    borders : Borders
    outside : ndarray, shape (sector, source, market, regime)
        Duties where no origin can be claimed, from `abm.trade.inputs.input_prices.outside_duty`.
    transition : Transition, optional
        Plants that are on the way to complying under the last regime.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    policy: Policy
    costs: UnitCosts
    borders: Borders
    outside: Array
    transition: Transition | None = None

    def during(self, regimes: slice) -> "Quarter":
        """The same quarter for some regimes to which buyers have adapted, as views."""
        return replace(
            self,
            policy=self.policy.during(regimes),
            costs=self.costs.during(regimes),
            borders=self.borders.during(regimes),
            outside=self.outside[..., regimes],
            transition=None,
        )
