"""State-owned rivals and foreign subsidies: how far they lower the price of foreign goods.

Firms of China and of the rest of the world are not modelled one by one. What their
states do for them is an advantage in cost, and so in the price of all they sell.
"""

from abm.axes import GOODS, HOSTS, REGIONS, SECTORS
from abm.config.settings import GoodOrAll, MostlyShare, Outsider
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import shares_by_place

ForeignSupport = dict[Outsider, dict[GoodOrAll, MostlyShare]]
"""Share taken off the price of goods, by origin outside the agreement and good (or all)."""


def fill_foreign_support(support: ForeignSupport, regime: RegimeArrays) -> None:
    """Write the advantage in cost into ``regime``."""
    outsiders = REGIONS[len(HOSTS) :]
    regime.foreign_advantage[:, len(HOSTS) :] = shares_by_place(support, outsiders, SECTORS, GOODS)
