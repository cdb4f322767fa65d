"""Who pays for what is built, and where it is built: the account of investment.

Owners pay, at home; what they pay is received where the plant stands. It is no demand for the
goods of the quarter: what consumers buy holds the capital goods of the calibration year.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, N_FOOTLOOSE, N_HOMES, N_HOSTS
from abm.core.demand.capacity import Investment
from abm.core.demand.customers import sum_by_sector
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.engine.blocks import sector_edges
from abm.errors import IdentityError
from abm.trade.books.by_owner import by_owner
from agents import FirmTable

ROUNDING = 1e-9
"""Largest relative gap; all sums are in double precision."""


def _nothing(*homes: int) -> Array:
    return np.zeros((N_FOOTLOOSE, N_HOSTS, *homes))


@dataclass(frozen=True)
class Outlays:
    """What was invested in a quarter, million USD.

    Attributes
    ----------
    new, expansion, replacement : ndarray, shape (sector, host, home)
        Paid by owners from each home for new plants, for what standing plants add to their
        capacity, and in place of what wore out.
    received : ndarray, shape (sector, host)
        By those who build, where they build.
    arriving, founding, closing : ndarray, shape (sector, host, home)
        Paid by owners from each home, stage by stage, for plants abroad beside building them, for
        firms that had no plant, and for plants given up. ``arriving`` may be below 0.
    services : ndarray, shape (sector, host)
        Received for these three by those who provide what it takes, where the plant is.
    """

    new: Array = field(default_factory=lambda: _nothing(N_HOMES))
    expansion: Array = field(default_factory=lambda: _nothing(N_HOMES))
    replacement: Array = field(default_factory=lambda: _nothing(N_HOMES))
    received: Array = field(default_factory=_nothing)
    arriving: Array = field(default_factory=lambda: _nothing(N_HOMES))
    founding: Array = field(default_factory=lambda: _nothing(N_HOMES))
    closing: Array = field(default_factory=lambda: _nothing(N_HOMES))
    services: Array = field(default_factory=_nothing)

    @property
    def paid(self) -> Array:
        """By owners from each home, shape (sector, host, home)."""
        total: Array = self.new + self.expansion + self.replacement
        return total

    @property
    def sunk(self) -> Array:
        """By owners from each home beside what is built, shape (sector, host, home)."""
        total: Array = self.arriving + self.founding + self.closing
        return total

    def with_moves(
        self, arriving: Array, founding: Array, closing: Array, services: Array
    ) -> "Outlays":
        """The same, and what moves cost beside building.

        Raises
        ------
        IdentityError
            If owners do not pay what others receive.
        """
        outlays = replace(
            self, arriving=arriving, founding=founding, closing=closing, services=services
        )
        check_investment(outlays)
        return outlays


def book_investment(
    table: FirmTable, built: Investment, price: Floats, build_cost: float
) -> Outlays:
    """The account of a quarter's investment.

    Parameters
    ----------
    table : FirmTable
    built : Investment
        In units of output.
    price : ndarray, shape (firm, host)
        Of a unit of output, million USD.
    build_cost : float
        Of a plant, in years of its sales.

    Returns
    -------
    Outlays

    Raises
    ------
    IdentityError
        If owners do not pay what builders receive.
    """
    paid = built.paid(price, build_cost)
    kinds = {
        name: by_owner(table, getattr(paid, name)) for name in ("new", "expansion", "replacement")
    }
    total = paid.new + paid.expansion + paid.replacement
    outlays = Outlays(**kinds, received=sum_by_sector(total, sector_edges(table)))
    check_investment(outlays)
    return outlays


def check_investment(outlays: Outlays) -> None:
    """Raise `IdentityError` unless owners pay what those who build, and serve, receive."""
    for what, paid, received in (
        ("investment", outlays.paid, outlays.received),
        ("costs of moves", outlays.sunk, outlays.services),
    ):
        gap = np.abs(paid.sum(axis=2) - received)
        scale = np.maximum(np.abs(paid).sum(axis=2), 1e-9)
        if not (gap <= ROUNDING * scale).all():
            sector, host = np.unravel_index(np.argmax(gap / scale), gap.shape)
            raise IdentityError(
                f"build_capacity: {what} paid and received differ by {gap[sector, host]:.1e} "
                f"million USD for {FOOTLOOSE[sector]} in {HOSTS[host]}"
            )
