"""Production subsidies: what a treasury pays towards labour and capital in its country."""

from abm.axes import FOOTLOOSE, HOSTS, SECTORS
from abm.config.settings import Host, ManufactureOrAll, MostlyShare
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import shares_by_place

Subsidies = dict[Host, dict[ManufactureOrAll, MostlyShare]]
"""Share of labour and capital cost paid by the host's treasury, by host and sector (or all)."""


def fill_subsidies(subsidies: Subsidies, regime: RegimeArrays) -> None:
    """Write the share paid by the treasury into ``regime``."""
    regime.subsidy[:] = shares_by_place(subsidies, HOSTS, SECTORS, FOOTLOOSE)
