"""Investment grants: what a treasury pays towards building plants in its country."""

from abm.axes import FOOTLOOSE, HOSTS, SECTORS
from abm.config.settings import Host, ManufactureOrAll, MostlyShare
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import shares_by_place

InvestmentGrant = dict[Host, dict[ManufactureOrAll, MostlyShare]]
"""Share of build cost paid by the host's treasury, by host and sector (or all)."""


def fill_investment_grant(grants: InvestmentGrant, regime: RegimeArrays) -> None:
    """Write the share paid by the treasury into ``regime``."""
    regime.investment_grant[:] = shares_by_place(grants, HOSTS, SECTORS, FOOTLOOSE)
