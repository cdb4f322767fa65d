"""What a quarter works with: firms, constants, policy, costs and claims."""

from dataclasses import dataclass

from abm.core.sourcing import UnitCosts
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.policy.regimes import Policy
from abm.trade.borders import Borders
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
        Duties where no origin can be claimed, from `abm.trade.input_prices.outside_duty`.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    policy: Policy
    costs: UnitCosts
    borders: Borders
    outside: Array
