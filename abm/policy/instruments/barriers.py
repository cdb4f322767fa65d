"""Non-tariff barriers: standards, inspections and delays, as equivalent duties.

A negative rate removes part of the barrier that stood in the calibration year.
"""

from typing import Annotated

from pydantic import AfterValidator

from abm.axes import SECTORS
from abm.config.settings import RateChange, Region, RegionOrAll, SectorOrAll
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import rates_by_cell, require_foreign

Barriers = Annotated[
    dict[Region, dict[RegionOrAll, dict[SectorOrAll, RateChange]]], AfterValidator(require_foreign)
]
"""Change of barriers since the calibration year, by destination, origin and sector.

Services face such barriers too, so here ``all`` means all fourteen sectors.
"""


def fill_barriers(barriers: Barriers, regime: RegimeArrays) -> None:
    """Write ad valorem equivalents into ``regime``."""
    regime.barrier[:] = rates_by_cell(barriers, SECTORS)
