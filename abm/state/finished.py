"""A quarter at its end: what the columns of a run are taken from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_FOOTLOOSE, N_HOMES, N_HOSTS
from abm.economy.tables import Array, Economy
from abm.location.relocation import Moves
from abm.trade.books.accounts import Accounts
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
        None in the calibration year.
    """

    economy: Economy
    firms: FirmTable
    accounts: Accounts
    wage: Array
    moves: Moves | None

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
        firms = self.firms
        cell = firms.sector.astype(np.int64) * N_HOMES + firms.home
        standing = [
            np.bincount(cell, firms.weight * here, minlength=N_FOOTLOOSE * N_HOMES)
            for here in firms.plants.T
        ]
        return np.stack(standing).reshape(N_HOSTS, N_FOOTLOOSE, N_HOMES).swapaxes(0, 1)

    @cached_property
    def new_plants(self) -> dict[str, tuple[Array, Array]]:
        """Real plants that moves add and what they cost, by stage, each of shape (sector, host)."""
        found = {}
        for stage in ("announced", "completed", "cancelled"):
            number, cost = self._nothing(), self._nothing()
            if self.moves is not None:
                some = self.moves.stage == stage
                np.add.at(number, self._sectors[some], self._real_plants(opened=True)[some])
                np.add.at(cost, self._sectors[some], self.moves.cost[some])
            found[stage] = (number, cost)
        return found

    @property
    def closed(self) -> Array:
        """Real plants that ceased to produce, shape (sector, host)."""
        number = self._nothing()
        if self.moves is not None:
            done = np.isin(self.moves.stage, ("completed", "died"))
            np.add.at(number, self._sectors[done], self._real_plants(opened=False)[done])
        return number

    @property
    def lost(self) -> Array:
        """What had been spent on plants now given up, shape (sector, host)."""
        amount = self._nothing()
        if self.moves is not None:
            np.add.at(amount, self._sectors, self.moves.lost)
        return amount

    def _nothing(self) -> Array:
        return np.zeros((N_FOOTLOOSE, N_HOSTS))

    @property
    def _sectors(self) -> NDArray[np.int8]:
        assert self.moves is not None
        return self.firms.sector[self.moves.rows]

    def _real_plants(self, opened: bool) -> Array:
        """Where each move opens, or closes, how many real plants, shape (move, host)."""
        assert self.moves is not None
        before, after = HAS_PLANT[self.moves.from_config], HAS_PLANT[self.moves.to_config]
        changed = after & ~before if opened else before & ~after
        plants: Array = self.firms.weight[self.moves.rows, None] * changed
        return plants
