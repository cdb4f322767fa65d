"""The US goods deficit, to which governments react."""

from collections.abc import Sequence

from abm.axes import N_GOODS, REGIONS
from abm.economy.tables import Economy
from abm.trade.accounts import Accounts

USA = REGIONS.index("USA")


def us_goods_deficit(accounts: Accounts, economy: Economy, partners: Sequence[str]) -> float:
    """US goods imports less exports at customs values, million USD of a quarter.

    Parameters
    ----------
    accounts : Accounts
    economy : Economy
    partners : sequence of str
        Regions it is counted with.

    Returns
    -------
    float
        Below zero for a surplus.
    """
    value = accounts.final.value + accounts.intermediate.value
    customs = (value * economy.customs_over_basic)[:N_GOODS]
    others = [REGIONS.index(partner) for partner in partners]
    return float(customs[:, others, USA].sum() - customs[:, USA, others].sum())


def us_goods_deficits(
    economy: Economy, year: Sequence[Accounts], base: Accounts, partners: Sequence[str]
) -> tuple[float, float]:
    """Return the US goods deficit of a year, and that of as many quarters of the base year.

    Parameters
    ----------
    economy : Economy
    year : sequence of Accounts
        Quarters of the year.
    base : Accounts
        A quarter of the calibration year.
    partners : sequence of str
        Regions it is counted with.
    """
    then = [base] * len(year)
    now, before = (
        sum(us_goods_deficit(quarter, economy, partners) for quarter in quarters)
        for quarters in (year, then)
    )
    return now, before
