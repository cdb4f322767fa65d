"""An offset for assembly at home: part of the duties on parts is credited to those who assemble.

Who makes goods at a host is credited with the duties that it paid on certain inputs, up to a
share of the value of what it makes there:

    credit = min(share * value made there, duties on those inputs beyond those of 2017)

3.75% of the value of a car is a duty of 25% on parts of 15% of its value. The duty is paid by
whoever buys the part, and sources compete at prices that include it: the credit is for the whole,
not for a part more or less (`abm.trade.inputs.offsets`).
"""

from typing import Annotated

from abm.axes import FOOTLOOSE, HOSTS, SECTORS
from abm.config.settings import AsTuple, GoodOrAll, Host, ManufactureOrAll, Settings, Share, setting
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import shares_by_place


class AssemblyOffset(Settings):
    """Who is credited, with how much at most, and against which duties."""

    share: dict[Host, dict[ManufactureOrAll, Share]] = setting(
        {},
        unit="share of the value of what is made",
        meaning="duties on inputs that are credited at most, by host and sector (or all)",
        source="none before the import adjustment offset of April 2025",
    )
    against: Annotated[tuple[GoodOrAll, ...], AsTuple] = setting(
        ("vehicle_parts",),
        unit="",
        meaning="inputs whose duties are credited",
        source="the offset of 2025 is against duties on vehicle parts",
    )


def fill_assembly_offset(offset: AssemblyOffset, regime: RegimeArrays) -> None:
    """Write shares and inputs into ``regime``."""
    regime.offset_share[:] = shares_by_place(offset.share, HOSTS, SECTORS, FOOTLOOSE)
    for row, sector in enumerate(SECTORS):
        regime.offset_against[row] = "all" in offset.against or sector in offset.against
