"""Quotas tied to the output of the same maker: duties on own imports, remitted for making here.

Who makes goods at a host may bring goods of the same sector from its own plants in other members
free of measures, up to a part of the value of what it makes there. With ``M`` what it brings,
``D`` the duty owed on that beyond the ordinary one, and ``Y`` what its plant there makes,

    remission = D * min(1, per_output * Y / M)

So it depends on the set of plants that a maker holds: without a plant at the host, or without one
abroad that serves it, there is none (`abm.location.remissions`).
"""

from typing import Annotated

from pydantic import Field

from abm.axes import FOOTLOOSE, HOSTS, SECTORS
from abm.config.settings import Host, ManufactureOrAll
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import shares_by_place

PerOutput = Annotated[float, Field(ge=0, le=10)]

OutputRemission = dict[Host, dict[ManufactureOrAll, PerOutput]]
"""Value free of measures per value made at the host, by host and sector (or all)."""


def fill_output_remission(remission: OutputRemission, regime: RegimeArrays) -> None:
    """Write what is free per value made into ``regime``."""
    regime.output_remission[:] = shares_by_place(remission, HOSTS, SECTORS, FOOTLOOSE)
