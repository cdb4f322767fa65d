"""Foreign subsidies and state-owned rivals: how far they lower the price of foreign goods.

Firms of China and of the rest of the world are not modelled. Support by their states
lowers their costs, and with them the prices of all their goods.
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
