"""Everything that the plants of one quarter meet."""

from dataclasses import dataclass

from abm.borders import Borders
from abm.conditions import Calibration
from abm.core.sourcing import UnitCosts
from abm.economy import Array, Economy
from abm.policy.compiled import Policy
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
        Duties where no origin can be claimed, from `abm.inputs.outside_duty`.
    """

    table: FirmTable
    economy: Economy
    calibration: Calibration
    policy: Policy
    costs: UnitCosts
    borders: Borders
    outside: Array
