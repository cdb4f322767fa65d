"""What books say in a few figures: the US balance, claims, content, prices and jobs.

The books may be those of one quarter or of many: every function takes arrays with any
axes in front, so that the model's own accounts and the tables of a finished run go
through the same definitions. Flows have shape (..., use, sector, source, market), what
plants do has shape (..., sector, host). NaN stands for a share of nothing.

Sums are compensated (Kahan's method) in the order of the tables' rows. So they are the
same to the last bit whether they are taken from accounts or from tables read back, and
whatever the arrays' layout in memory.
"""

from collections.abc import Sequence

import numpy as np

from abm.axes import N_FOOTLOOSE, N_GOODS, N_HOSTS, REGIONS, USA
from abm.economy.tables import Array, Economy
from abm.trade.books.accounts import Accounts

PARTNER_ROWS = slice(1, N_HOSTS)
"""The members that the United States trades with: Mexico and Canada."""


def both_uses(accounts: Accounts, name: str) -> Array:
    """One kind of flow of a quarter, such as ``claimed``, shape (use, sector, source, market)."""
    return np.stack([getattr(trade, name) for trade in (accounts.final, accounts.intermediate)])


def customs_values(accounts: Accounts, economy: Economy) -> Array:
    """Flows of a quarter as customs record them, shape (use, sector, source, market)."""
    value: Array = both_uses(accounts, "value") * economy.customs_over_basic
    return value


def us_balance(flows: Array) -> Array:
    """What the United States sells less what it buys.

    Parameters
    ----------
    flows : ndarray, shape (..., use, sector, source, market)
        Of the sectors that count.

    Returns
    -------
    ndarray, shape (..., region)
        By the region that it trades with; 0 with itself.
    """
    balance: Array = _over_uses_and_sectors(flows[..., USA, :]) - _over_uses_and_sectors(
        flows[..., USA]
    )
    return balance


def us_goods_balance(accounts: Accounts, economy: Economy) -> Array:
    """The US balance in goods of a quarter at customs values, million USD, shape (region,)."""
    return us_balance(customs_values(accounts, economy)[:, :N_GOODS])


def us_goods_deficit(accounts: Accounts, economy: Economy, partners: Sequence[str]) -> float:
    """US goods imports from some regions less exports to them, million USD of a quarter.

    Below zero for a surplus.
    """
    others = [REGIONS.index(partner) for partner in partners]
    return -float(us_goods_balance(accounts, economy)[others].sum())


def us_imports_from_partners(flows: Array) -> Array:
    """What enters the United States from the other members.

    Parameters
    ----------
    flows : ndarray, shape (..., use, sector, source, market)

    Returns
    -------
    ndarray, shape (..., 3)
        From both of them, from Mexico and from Canada.
    """
    return _with_sum(_over_uses_and_sectors(flows[..., PARTNER_ROWS, USA]))


def us_claim_shares(part: Array, whole: Array) -> Array:
    """Share of US imports from the other members, such as the claimed of the dutiable.

    Parameters
    ----------
    part, whole : ndarray, shape (..., use, sector, source, market)

    Returns
    -------
    ndarray, shape (..., 3)
        From both of them, from Mexico and from Canada.
    """
    return share(us_imports_from_partners(part), us_imports_from_partners(whole))


def mean_content(content: Array, output: Array) -> Array:
    """Regional value content, weighted by output.

    Parameters
    ----------
    content : ndarray, shape (..., sector, host)
        NaN where none is known.
    output : ndarray, same shape

    Returns
    -------
    ndarray, shape (..., 1 + host)
        Share of net cost at all hosts together, then at each.
    """
    known = np.isfinite(content)
    weight = np.where(known, output, 0.0)
    of_net_cost = np.where(known, content, 0.0) * weight
    return share(*(_with_sum(summed(part, -2)) for part in (of_net_cost, weight)))


def still_to_move(part: Array, amount: Array) -> Array:
    """What would be bought elsewhere if all chose anew, of all sectors together.

    Parameters
    ----------
    part : ndarray, shape (..., sector, host)
        Share of purchases.
    amount : ndarray, same shape
        Purchases.

    Returns
    -------
    ndarray, shape (..., host)
        Share of purchases.
    """
    return share(summed(part * amount, -2), summed(amount, -2))


def consumers_basket(value: Array, margin: Array, duty: Array) -> Array:
    """What consumers of the members spend on footloose goods of any origin.

    Parameters
    ----------
    value, margin, duty : ndarray, shape (..., sector, source, market)
        Of final use: at basic prices, what traders earn, and duties.

    Returns
    -------
    ndarray, shape (..., sector, host)
    """
    spending = value + margin + duty
    return summed(spending[..., :N_FOOTLOOSE, :, :N_HOSTS], -2)


def consumer_prices(price_index: Array, basket: Array) -> Array:
    """Price of a basket against the calibration year.

    Parameters
    ----------
    price_index : ndarray, shape (..., sector, host)
    basket : ndarray, shape (sector, host)
        From `consumers_basket`, of the calibration year.

    Returns
    -------
    ndarray, shape (..., host)
    """
    # Sectors side by side in memory: numpy's sum depends on the layout in its last bit.
    weights = np.ascontiguousarray(basket.T)
    prices = np.ascontiguousarray(np.swapaxes(price_index, -1, -2))
    index: Array = (prices * weights).sum(axis=-1) / weights.sum(axis=-1)
    return index


def by_host(amounts: Array) -> Array:
    """Amounts such as jobs or output of all sectors, shape (..., sector, host) to (..., host)."""
    return summed(amounts, -2)


def share(part: Array, whole: Array) -> Array:
    """A part of a whole; NaN where there is none."""
    found: Array = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
    return found


def summed(values: Array, axis: int) -> Array:
    """Compensated sum along an axis, in its order."""
    total = lost = np.zeros(np.delete(values.shape, axis))
    for value in np.moveaxis(values, axis, 0):
        added = value - lost
        grown = total + added
        lost = (grown - total) - added
        total = grown
    return total


def _over_uses_and_sectors(flows: Array) -> Array:
    """Sum over the two axes in front of the last, shape (..., use, sector, region)."""
    return summed(flows.reshape(*flows.shape[:-3], -1, flows.shape[-1]), -2)


def _with_sum(parts: Array) -> Array:
    """Parts along the last axis, their sum in front."""
    return np.concatenate([parts.sum(axis=-1, keepdims=True), parts], axis=-1)


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
    now, before = (
        sum(us_goods_deficit(quarter, economy, partners) for quarter in quarters)
        for quarters in (year, [base] * len(year))
    )
    return now, before
