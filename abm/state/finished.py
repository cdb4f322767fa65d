"""A quarter at its end: what the columns of a run are taken from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from abm.axes import N_FOOTLOOSE, N_HOSTS, NO_PLANT
from abm.economy.tables import Array, Economy
from abm.location.expected_moves import ExpectedMoves
from abm.location.moving_costs import CLOSED
from abm.location.relocation import Moves
from abm.state.plant_changes import PlantChanges
from abm.trade.books.accounts import Accounts
from abm.trade.books.by_owner import by_owner
from agents import FirmTable


@dataclass(frozen=True)
class Finished:
    """A quarter at its end: what columns are taken from.

    Attributes
    ----------
    economy : Economy
    firms : FirmTable
    accounts : Accounts
    wage : ndarray, shape (host,)
    moves : Moves, optional
    expected_moves : ExpectedMoves, optional
        None in the calibration year, both.
    """

    economy: Economy
    firms: FirmTable
    accounts: Accounts
    wage: Array
    moves: Moves | None
    expected_moves: ExpectedMoves | None = None

    def both_uses(self, name: str) -> Array:
        """One entry of the books of trade, shape (use, sector, source, market)."""
        return np.stack(
            [getattr(trade, name) for trade in (self.accounts.final, self.accounts.intermediate)]
        )

    @property
    def plants(self) -> Array:
        """Real plants that stand, shape (sector, host)."""
        standing: Array = self.owned_plants.sum(axis=2)
        return standing

    @cached_property
    def owned_plants(self) -> Array:
        """Real plants that stand by owner's home, shape (sector, host, home)."""
        return by_owner(self.firms, self.firms.weight[:, None] * self.firms.plants)

    @cached_property
    def announced(self) -> PlantChanges:
        """Decided on in the quarter."""
        return PlantChanges.drawn(self.firms, self.moves, "announced")

    @cached_property
    def completed(self) -> PlantChanges:
        """Carried out in the quarter."""
        return PlantChanges.drawn(self.firms, self.moves, "completed")

    @cached_property
    def cancelled(self) -> PlantChanges:
        """Given up in the quarter before it was carried out."""
        return PlantChanges.drawn(self.firms, self.moves, "cancelled")

    @cached_property
    def expected(self) -> PlantChanges:
        """What was to be expected of the quarter's decisions and deaths."""
        return PlantChanges.expected(self.expected_moves)

    @property
    def closed(self) -> Array:
        """Real plants that ceased to produce, shape (sector, host, home)."""
        ceased: Array = self.completed.closing + self.completed.dying
        return ceased

    @property
    def exited(self) -> Array:
        """Those that left their firm without any, shape (sector, host, home)."""
        if self.moves is None:
            return self.completed.exiting
        last = (self.moves.stage == "died") & (self.moves.to_config == NO_PLANT)
        rows = self.moves.rows[last]
        died = self.firms.weight[rows, None] * CLOSED[self.moves.from_config[last], NO_PLANT]
        exited: Array = self.completed.exiting + by_owner(self.firms, died, rows)
        return exited

    @property
    def lost(self) -> Array:
        """What had been spent on plants now given up, shape (sector, host)."""
        amount = np.zeros((N_FOOTLOOSE, N_HOSTS))
        if self.moves is not None:
            np.add.at(amount, self.firms.sector[self.moves.rows], self.moves.lost)
        return amount
