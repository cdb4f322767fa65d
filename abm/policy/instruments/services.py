"""Barriers to services across borders (telecom, finance and others), as equivalent taxes.

They come on top of `abm.policy.instruments.barriers`, whose key ``all`` includes services.
"""

from typing import Annotated

from pydantic import AfterValidator

from abm.axes import GOODS, SECTORS
from abm.config.settings import RateChange, Region, RegionOrAll, ServiceOrAll
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import rates_by_cell, require_foreign

ServicesBarriers = Annotated[
    dict[Region, dict[RegionOrAll, dict[ServiceOrAll, RateChange]]],
    AfterValidator(require_foreign),
]
"""Change of the barrier since the calibration year, by destination, origin and service."""

SERVICES = SECTORS[len(GOODS) :]


def fill_services(services: ServicesBarriers, regime: RegimeArrays) -> None:
    """Compound barriers to services with those already in ``regime``."""
    rates = rates_by_cell(services, SERVICES)
    changed = rates != 0
    regime.barrier[changed] = (1 + regime.barrier[changed]) * (1 + rates[changed]) - 1
