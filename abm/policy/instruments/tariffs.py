"""Special duties: what is levied on top of the most-favoured-nation rate.

They stand for blanket duties, duties on one sector (Section 232) and retaliation. The
most-favoured-nation rate itself depends on the tariff line of a firm's product.
"""

from typing import Annotated

from pydantic import AfterValidator

from abm.axes import GOODS
from abm.config.settings import GoodOrAll, Rate, Region, RegionOrAll, Settings, setting
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import rates_by_cell, require_foreign

SpecialDuties = Annotated[
    dict[Region, dict[RegionOrAll, dict[GoodOrAll, Rate]]], AfterValidator(require_foreign)
]


class Tariffs(Settings):
    """Duties on top of the most-favoured-nation rate."""

    special: SpecialDuties = setting(
        {},
        unit="ad valorem",
        meaning="special duty by destination, origin (or all) and good (or all)",
        source="none stood in 2017",
    )
    special_waived_for_originating: bool = setting(
        True,
        unit="",
        meaning="whether goods claimed as originating are spared special duties",
        source="the duties on Mexico and Canada since 7 March 2025",
    )


def fill_tariffs(tariffs: Tariffs, regime: RegimeArrays) -> None:
    """Write special duties into ``regime``."""
    regime.special_duty[:] = rates_by_cell(tariffs.special, GOODS)
    regime.special_waived[:] = tariffs.special_waived_for_originating
