"""What closes the economy: who works, who pays for treasuries, and what currencies are worth.

Money is USD at the exchange rates of 2017, which is to say that goods of China and the rest of the
world keep their prices. A country's real exchange rate is what its labour, and all that is
fixed in place there, cost against them. ``docs/closure.md`` derives which way each part pushes.
"""

from dataclasses import dataclass, replace

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, N_REGIONS, REGIONS
from abm.economy.constants import Calibration
from abm.economy.last_quarter import Conditions
from abm.economy.tables import Array, Economy
from abm.trade.books.accounts import Accounts, must_match, ratio
from abm.trade.books.closing import Closing
from abm.trade.sales.spending import Income


@dataclass(frozen=True)
class Responses:
    """How the rest of a country's economy responds to its manufacturing.

    Attributes
    ----------
    wage_slope : ndarray, shape (host,)
        Rise of wages with manufacturing jobs, an elasticity.
    exchange_speed : float
        Rise of a real exchange rate in a quarter with the gap of its balance.
    """

    wage_slope: Array
    exchange_speed: float


def balance_over_spending(accounts: Accounts) -> Array:
    """A region's exports less its imports, all goods and services, over what its people spend.

    Returns
    -------
    ndarray, shape (region,)
        At customs values; spending holds duties.
    """
    exports, imports = _trade(accounts)
    return ratio(exports - imports, _spent(accounts))


def balance_gap(accounts: Accounts, base: Accounts) -> Array:
    """How far balances of trade are above their share of spending in the calibration year.

    Returns
    -------
    ndarray, shape (region,)
        Over the mean of exports and imports in the calibration year, as a share of spending.
    """
    exports, imports = _trade(base)
    open_to_trade = ratio((exports + imports) / 2, _spent(base))
    return ratio(balance_over_spending(accounts) - balance_over_spending(base), open_to_trade)


def exchange_after(exchange: Array, gap: Array, speed: float) -> Array:
    """Real exchange rates once they have moved by a quarter; those outside North America stay.

    Parameters
    ----------
    exchange, gap : ndarray, shape (region,)
    speed : float
    """
    if speed == 0:
        return exchange
    moved = exchange.copy()
    moved[:N_HOSTS] *= np.exp(speed * gap[:N_HOSTS])
    return moved


def wage_after(demand: Array, slope: Array) -> Array:
    """Wages against the calibration year at which as many people work in manufacturing.

    Parameters
    ----------
    demand : ndarray, shape (host,)
        Manufacturing jobs against the calibration year.
    slope : ndarray, shape (host,)
        Rise of wages with them; the elasticity of supply is its inverse.
    """
    wage: Array = demand**slope
    return wage


def conditions_after(
    accounts: Accounts,
    conditions: Conditions,
    calibration: Calibration,
    base: Accounts,
    responses: Responses,
) -> Conditions:
    """What the next quarter takes as given of wages, prices, the treasury and exchange rates.

    Parameters
    ----------
    accounts : Accounts
        Of the quarter that ends.
    conditions : Conditions
        What it started from, with its own claims and contents.
    calibration : Calibration
    base : Accounts
        Of the calibration year.
    responses : Responses

    Returns
    -------
    Conditions
    """
    demand = accounts.employment.sum(axis=0) / calibration.base_jobs
    supply_price = conditions.supply_price.copy()
    supply_price[:N_FOOTLOOSE, :N_HOSTS] = accounts.mean_cost
    speed = responses.exchange_speed
    gap = balance_gap(accounts, base) if speed else np.zeros(N_REGIONS)
    return replace(
        conditions,
        wage=wage_after(demand, responses.wage_slope),
        supply_price=supply_price,
        treasury=accounts.treasury,
        exchange=exchange_after(conditions.exchange, gap, speed),
    )


def paid_out(treasury: Array, base: Accounts, exchange: Array) -> Array:
    """What treasuries pay out to households: what they collected last quarter beyond 2017.

    Below zero where households pay for what treasuries spend.

    Parameters
    ----------
    treasury : ndarray, shape (region,)
        Duties and fines of the last quarter less subsidies and grants, million USD.
    base : Accounts
        Of the calibration year.
    exchange : ndarray, shape (region,)

    Returns
    -------
    ndarray, shape (region,)
        Million USD.
    """
    # What a treasury spent in 2017 it spends still, in the money of its country.
    gain: Array = treasury - exchange * base.treasury
    return gain


def closing_of(
    accounts: Accounts,
    economy: Economy,
    calibration: Calibration,
    income: Income,
    consumption: Array,
    absorbed: bool,
) -> Closing:
    """What households had in a quarter, and who works outside manufacturing.

    Parameters
    ----------
    accounts : Accounts
    economy : Economy
    calibration : Calibration
    income : Income
    consumption : ndarray, shape (market,)
        From `abm.trade.sales.spending.base_consumption`.
    absorbed : bool
        Whether services take in those whom manufacturing lets go, and let go those it takes in.
    """
    elsewhere = np.ones(N_HOSTS)
    if absorbed:
        others = economy.employment[:, N_FOOTLOOSE:].sum(axis=1)
        gone = accounts.employment.sum(axis=0) - calibration.base_jobs
        elsewhere = 1 - ratio(gone, others)
    index = income.index(consumption) / income.exchange
    return Closing(income.exchange, income.transfer, index, elsewhere)


def check_households(
    accounts: Accounts, barrier: Array, income: Income, consumption: Array
) -> None:
    """Raise `abm.errors.IdentityError` unless households spend what they have.

    What they spend is in the books of trade: on goods of modelled sectors, and on what is fixed in
    place, duties included. What they have is the income of 2017 in their country's money, and
    what the treasury pays out or takes. Of what a shock does to demand, the money is kept.

    Parameters
    ----------
    accounts : Accounts
    barrier : ndarray, shape (sector, source, market)
        Ad valorem.
    income : Income
    consumption : ndarray, shape (market,)
        From `abm.trade.sales.spending.base_consumption`.
    """
    fixed = accounts.final.paid(barrier)[N_FOOTLOOSE:].sum(axis=(0, 1))
    spent = (accounts.consumption / income.demand).sum(axis=0) + fixed
    has = consumption * income.index(consumption)
    must_match("what households have and spend", spent[None], has[None], ("all",), REGIONS)


def _trade(accounts: Accounts) -> tuple[Array, Array]:
    """Exports and imports at customs values, shape (region,)."""
    both = (accounts.final, accounts.intermediate)
    flows = sum((use.value + use.trade_margin).sum(axis=0) for use in both)
    across = np.where(np.eye(N_REGIONS, dtype=bool), 0.0, flows)
    return across.sum(axis=1), across.sum(axis=0)


def _spent(accounts: Accounts) -> Array:
    """What consumers spend on everything, shape (market,)."""
    final = accounts.final
    spent: Array = (final.value + final.trade_margin + final.duty).sum(axis=(0, 1))
    return spent
