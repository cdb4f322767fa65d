"""A quarter's books: trade, duties, jobs, and the identities that must hold.

All flows are million USD a quarter. Trade arrays have shape (sector, source,
market) and are at basic prices. Duties fall on customs values, which are above these by
what traders of the exporting region earn.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from abm.axes import (
    FOOTLOOSE,
    HOSTS,
    N_FOOTLOOSE,
    N_HOMES,
    N_HOSTS,
    N_REGIONS,
    N_SECTORS,
    REGIONS,
    SECTORS,
)
from abm.economy.constants import Calibration
from abm.economy.tables import Array, Economy
from abm.errors import IdentityError
from abm.trade.books.closing import Closing
from abm.trade.books.investment import Outlays
from abm.trade.books.job_flows import JobFlows
from abm.trade.sales.market_clearing import FINAL, INTERMEDIATE
from abm.trade.sales.serving import Served
from abm.trade.sales.spending import spending_elsewhere

ROUNDING = 2e-5
"""Largest relative gap in an account.

Costs are in single precision, with a relative rounding error of 6e-8 per operation,
and content rules are solved to 2e-6 of net cost; sums over firms are in double precision.
"""


@dataclass(frozen=True)
class Shipments:
    """Trade in one use.

    Attributes
    ----------
    value, trade_margin, duty, claimed, dutiable, claimed_dutiable, false, penalty : ndarray
        Shape (sector, source, market). ``trade_margin`` is what traders of the exporting
        region earn, ``duty`` and ``penalty`` are paid to the treasury of the market, the others
        are values at basic prices.
    """

    value: Array
    trade_margin: Array
    duty: Array
    claimed: Array
    dutiable: Array
    claimed_dutiable: Array
    false: Array
    penalty: Array

    def paid(self, barrier: Array) -> Array:
        """What buyers pay: to makers, traders and the treasury, and what barriers waste.

        Parameters
        ----------
        barrier : ndarray, shape (sector, source, market)
            Ad valorem.
        """
        total: Array = (self.value + self.trade_margin + self.duty) * (1 + barrier)
        return total


REMITTED = 1e-5
"""Rounding, in single precision, of what firms owe against the sum over them."""


@dataclass(frozen=True)
class Consumers:
    """What consumers spend, and what they get for it.

    Attributes
    ----------
    spending : ndarray, shape (sector, market)
    on_imports : ndarray, shape (sector, source, market)
        The part that is spent on imports from outside North America.
    price_index, price_tornqvist, to_move : ndarray, shape (sector, market)
        As in `Accounts`.
    elsewhere : ndarray, shape (fixed sector, source, market)
        Basic value of what they buy of sectors that are fixed in place.
    """

    spending: Array
    on_imports: Array
    price_index: Array
    price_tornqvist: Array
    to_move: Array
    elsewhere: Array

    @classmethod
    def of_base_year(cls, economy: Economy, calibration: Calibration) -> "Consumers":
        """Those of the calibration year, when all are where they would choose to be."""
        spending = calibration.expenditure
        index, none = np.ones_like(spending), np.zeros_like(spending)
        elsewhere = spending_elsewhere(economy, np.ones(N_REGIONS))
        return cls(spending, calibration.imports, index, index, none, elsewhere)

    @classmethod
    def served(
        cls, spending: Array, elsewhere: Array, served: Served, before: "Accounts"
    ) -> "Consumers":
        """Consumers of a quarter, from what they spend and whose customers they are."""
        return cls(
            spending,
            served.imports * spending[:, None],
            served.price_index,
            before.price_tornqvist * served.price_change,
            served.to_move,
            elsewhere,
        )


@dataclass(frozen=True)
class Accounts:
    """Everything a quarter produced.

    Attributes
    ----------
    final, intermediate : Shipments
    sales, purchases, labour_and_capital, paperwork, penalties, profit : ndarray
        Shape (sector, host), modelled firms.
    subsidies, royalties : ndarray, shape (sector, host)
        What the host's treasury pays towards labour and capital, and what firms from
        elsewhere pay for know-how.
    grants : ndarray, shape (sector, host)
        What the host's treasury pays towards plants being built. Building is no part of the
        other accounts, so that here its treasury's part alone is booked.
    remissions : ndarray, shape (sector, host)
        Duties on their own imports that the host's treasury gives back to owners of plants there,
        for what these make, and to those who build there. No part of ``profit``.
    employment, volume, mean_cost : ndarray, shape (sector, host)
        Persons, output volume, unit cost against the calibration year (1 where nothing
        is made).
    content, true_claims, wedge, infeasible, eligible : ndarray, shape (sector, host)
        Mean regional value content; share of deliveries to other members truly
        claimed; mean wedge of output made to comply (1 if none); share of output that
        cannot comply; share whose content meets the rule.
    price_index, price_tornqvist, consumption, sales_to_move : ndarray
        Shape (sector, market), of consumers: what a unit of utility from a sector's goods
        costs against the calibration year; a chain of Tornqvist indices of the prices they
        were charged; what they spend, whatever its origin; the part of it that would go to
        other sellers if all chose anew.
    input_spending : ndarray, shape (input, source, market)
        Purchasers' value of inputs, all users.
    owned_output, owned_jobs : ndarray, shape (sector, host, home)
        ``sales`` and ``employment`` by owner's home.
    contracts_to_move : ndarray, shape (sector, host)
        Part of what plants buy that would be with other sources if all was signed anew.
    rents, rents_paid : ndarray, shape (sector, host)
        What scarcity adds to sales, a part of them that is neither cost nor ``profit``; and
        what it adds to what plants pay for inputs, a part of ``purchases`` that is borne by
        ``profit``, since prices are set on costs without it.
    owned_rents : ndarray, shape (sector, host, home)
        ``rents`` by owner's home.
    capacity : ndarray, shape (sector, host)
        Of plants that stand, in units of ``volume``.
    overhead : ndarray, shape (sector, host, home)
        Fixed costs of plants by owner's home: wages of staff that do not depend on output, paid out
        of what is left of sales, so that ``profit`` is without them and value added is the same.
    licences_abroad : ndarray, shape (use, sector, source, market)
        The part of duties that licences under quotas are worth to treasuries of the countries of
        origin, and that those of the markets do not get.
    investment : Outlays
    job_flows : JobFlows
        Against the quarter before; nothing in the calibration year.
    closing : Closing
    """

    final: Shipments
    intermediate: Shipments
    sales: Array
    purchases: Array
    labour_and_capital: Array
    paperwork: Array
    penalties: Array
    profit: Array
    subsidies: Array
    royalties: Array
    employment: Array
    volume: Array
    mean_cost: Array
    content: Array
    true_claims: Array
    wedge: Array
    infeasible: Array
    eligible: Array
    price_index: Array
    price_tornqvist: Array
    consumption: Array
    sales_to_move: Array
    input_spending: Array
    owned_output: Array
    owned_jobs: Array
    grants: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS)))
    remissions: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS)))
    contracts_to_move: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS)))
    rents: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS)))
    rents_paid: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS)))
    owned_rents: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS, N_HOMES)))
    capacity: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS)))
    overhead: Array = field(default_factory=lambda: np.zeros((N_FOOTLOOSE, N_HOSTS, N_HOMES)))
    licences_abroad: Array = field(
        default_factory=lambda: np.zeros((2, N_SECTORS, N_REGIONS, N_REGIONS))
    )
    investment: Outlays = field(default_factory=Outlays)
    job_flows: JobFlows = field(default_factory=JobFlows)
    closing: Closing = field(default_factory=Closing)

    @property
    def operating_surplus(self) -> Array:
        """What owners keep: profit and rents, overhead paid, shape (sector, host)."""
        kept: Array = self.profit + self.rents
        return kept

    @property
    def own_prices(self) -> Array:
        """Consumer prices in the money of the market, shape (sector, market)."""
        prices: Array = self.price_index / self.closing.exchange
        return prices

    def with_overhead(self, overhead: Array) -> "Accounts":
        """The same books with overhead, shape (sector, host, home), paid out of profit."""
        before = self.profit + self.overhead.sum(axis=2)
        return replace(self, overhead=overhead, profit=before - overhead.sum(axis=2))

    @property
    def value_added(self) -> Array:
        """Sales less inputs and the duties on them, shape (sector, host)."""
        return self.sales - self.purchases

    @property
    def utilisation(self) -> Array:
        """Output over capacity, shape (sector, host); 1 where there is no capacity."""
        has = self.capacity > 0
        used: Array = np.divide(
            self.volume, self.capacity, out=np.ones_like(self.volume), where=has
        )
        return used

    @property
    def duty_revenue(self) -> Array:
        """Duty and penalties collected, less licences that others hold, shape (market,)."""
        collected: Array = sum(
            (
                trade.duty.sum(axis=(0, 1)) + trade.penalty.sum(axis=(0, 1))
                for trade in (self.final, self.intermediate)
            ),
            np.zeros(N_REGIONS),
        )
        collected -= self.licences_abroad.sum(axis=(0, 1, 2))
        return collected

    @property
    def trade_margins(self) -> Array:
        """What traders of each region earned on what it exported, shape (source,)."""
        earned: Array = sum(
            (trade.trade_margin.sum(axis=(0, 2)) for trade in (self.final, self.intermediate)),
            np.zeros(N_REGIONS),
        )
        return earned

    @property
    def treasury(self) -> Array:
        """Duty, penalties and licences less subsidies, grants and remissions, shape (market,)."""
        balance = self.duty_revenue + self.licences_abroad.sum(axis=(0, 1, 3))
        paid = (self.subsidies, self.grants, self.remissions)
        balance[:N_HOSTS] -= sum(part.sum(axis=0) for part in paid)
        return balance


def ratio(part: Array, whole: Array) -> Array:
    """Part over whole, 0 where there is no whole."""
    share: Array = np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
    return share


def check_identities(accounts: Accounts, paid: Array, consumers: Consumers) -> None:
    """Raise `IdentityError` unless every account balances to rounding.

    Inputs shipped equal inputs received in each market; costs plus profit equal sales; fines
    paid are fines received; and what consumers spend equals what sellers and treasuries receive,
    so that the shares of all sellers sum to one.

    Parameters
    ----------
    accounts : Accounts
    paid : ndarray, shape (sector, host, use, market)
        By buyers to firms.
    consumers : Consumers
    """
    if not (accounts.grants >= 0).all():
        raise IdentityError("trade_and_account: a grant is negative or not a number")
    shipped = paid[:, :, INTERMEDIATE]
    must_match(
        "inputs shipped and received",
        shipped,
        accounts.intermediate.value[:N_FOOTLOOSE, :N_HOSTS],
        FOOTLOOSE,
        HOSTS,
    )
    outlay = (
        accounts.purchases
        + accounts.labour_and_capital
        + accounts.paperwork
        + accounts.penalties
        + accounts.profit
        + accounts.overhead.sum(axis=2)
        + accounts.rents
        + accounts.royalties
        - accounts.subsidies
    )
    must_match("cost plus profit plus rents and sales", outlay, accounts.sales, FOOTLOOSE, HOSTS)
    received = paid[:, :, FINAL].sum(axis=1) + consumers.on_imports.sum(axis=1)
    must_match(
        "spending and receipts of consumers", accounts.consumption, received, FOOTLOOSE, REGIONS
    )
    fines = (accounts.final.penalty + accounts.intermediate.penalty).sum(axis=2)
    received = fines[:N_FOOTLOOSE, :N_HOSTS]
    must_match("fines paid and received", accounts.penalties, received, FOOTLOOSE, HOSTS)
    for what, of_owners, all_of_it in (
        ("rents and owners' rents", accounts.owned_rents, accounts.rents),
        ("output and owners' output", accounts.owned_output, accounts.sales),
        ("jobs and owners' jobs", accounts.owned_jobs, accounts.employment),
    ):
        must_match(what, of_owners.sum(axis=2), all_of_it, FOOTLOOSE, HOSTS)
    jobs = accounts.employment.sum()
    if not np.isfinite(jobs) or (accounts.employment < 0).any():
        raise IdentityError("trade_and_account: employment is negative or not a number")


def check_duties(accounts: Accounts, paid: Array, barrier: Array) -> None:
    """Raise `IdentityError` unless duty revenue is what buyers paid, to rounding.

    What buyers pay is known from their own books: purchases of plants and other users, and
    the spending of consumers. Less what barriers waste it must be the value of goods, what
    traders earn and the duty that treasuries collect.

    Parameters
    ----------
    accounts : Accounts
    paid : ndarray, shape (input, source, market)
        By users of inputs to each source.
    barrier : ndarray, same shape
        Ad valorem.
    """
    received = accounts.intermediate.paid(barrier)
    must_match("what users of inputs paid and what was received", paid, received, SECTORS, REGIONS)
    received = accounts.final.paid(barrier)[:N_FOOTLOOSE].sum(axis=1)
    must_match(
        "what consumers paid and what was received",
        accounts.consumption,
        received,
        FOOTLOOSE,
        REGIONS,
    )


def must_match(
    what: str, one: Array, other: Array, rows: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    """Raise `IdentityError` unless two accounts, shape (row, ...), are the same to `ROUNDING`."""
    scale = np.maximum(np.abs(one), np.abs(other)).reshape(len(rows), -1).max(axis=1)
    gap = np.abs(one - other).reshape(len(rows), -1).max(axis=1) / np.maximum(scale, 1e-9)
    if (gap <= ROUNDING).all():
        return
    worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
    raise IdentityError(
        f"trade_and_account: {what} differ by {gap[worst]:.1e} for {rows[worst]} "
        f"(of {', '.join(columns)})"
    )


def check_remissions(accounts: Accounts) -> None:
    """Raise `IdentityError` where more is remitted than makers' goods were charged."""
    owed = accounts.final.duty[:N_FOOTLOOSE, :N_HOSTS, :N_HOSTS].sum(axis=1)
    back = accounts.remissions
    if not ((back >= 0) & (back <= owed * (1 + REMITTED) + 1e-9)).all():
        raise IdentityError("trade_and_account: more duty is remitted than was owed")
