"""A lower duty in exchange for an investment plan.

Who builds a plant at a host owes only a part of the measures on what its own plants in other
members deliver there, from the decision until the plant opens, and up to the quantity of the plan.
With ``D`` the duty owed a quarter beyond the ordinary one, ``M`` the goods and ``Y`` what the new
plant is to make,

    relief = plan_relief * D * min(1, Y / M)

It is given back quarter by quarter, so that it is worth more the longer building takes, and lost to
a maker that gives the project up (`abm.location.relief_while_building`).
"""

from abm.axes import FOOTLOOSE, HOSTS, SECTORS
from abm.config.settings import Host, ManufactureOrAll, Share
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import shares_by_place

PlanRelief = dict[Host, dict[ManufactureOrAll, Share]]
"""Part of measures not owed while a maker builds, by host and sector (or all)."""


def fill_plan_relief(relief: PlanRelief, regime: RegimeArrays) -> None:
    """Write the part that is not owed into ``regime``."""
    regime.plan_relief[:] = shares_by_place(relief, HOSTS, SECTORS, FOOTLOOSE)
