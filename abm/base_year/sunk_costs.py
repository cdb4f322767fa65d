"""Sunk costs of arriving and founding at which firms are where they stood in 2017 in the long run.

One cost for each sector, owner's home and host, and one of founding for each sector and home, are
found by secants, each by itself: how many firms of a home build at a host depends little on what
it costs those of other homes. Costs of arriving make plants abroad sell what they sold; costs of
founding let as many firms stand as stood. What these sell at home needs no cost of its own, as
firms start where they are in the long run.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOMES, N_HOSTS, NO_PLANT
from abm.base_year.resting import Resting, cells_of
from abm.economy.tables import Array
from abm.location.moving_costs import Sunk

LEAST_SUNK, MOST_SUNK = -2.0, 20.0
"""Between what sunk costs are looked for, in scales of luck with opportunities.

Below zero a host draws more owners than what is modelled explains. Few who own much abroad, as
models with few firms may have them, would need still less.
"""

LONGEST_STEP = 1.0
"""Of a round of the search, in scales of luck."""

ROUNDS = 60

WORTH_TAKING = 0.6
"""Part of firms below which those that are still looked at are taken from the others."""

FIRST_GUESS = 5.0, 2.5
"""Sunk costs of arriving and founding from which the search starts, in scales of luck."""

PRECISION = 1e-3
"""Relative gap to what is wanted at which the search ends unless it is told otherwise."""


@dataclass(frozen=True)
class Wanted:
    """Where firms should be in the long run.

    Attributes
    ----------
    sales : ndarray, shape (sector, home, host)
        What plants of firms of a home make at each host, million USD a quarter; 0 is left alone.
    standing : ndarray, shape (sector, home)
        Part of firms that stands, which follows from what founding one costs; 1 where none is
        founded.
    made : ndarray, shape (firm, config, host)
        What a firm's plants make on average in the time that it has a set of them, million USD a
        quarter; of firms from which costs are found.
    """

    sales: Array
    standing: Array
    made: Array


def matched_sunk(
    resting: Resting, wanted: Wanted, start: Sunk | None, precision: float = PRECISION
) -> Sunk:
    """Sunk costs of arriving and founding at which firms are where they should be.

    Parameters
    ----------
    resting : Resting
    wanted : Wanted
    start : Sunk, optional
        First guess.
    precision : float
        Relative gap at which the search ends.

    Returns
    -------
    Sunk
        Within `LEAST_SUNK` and `MOST_SUNK`.
    """
    noise = resting.moves[0].noise
    search = _Search.of(wanted, _first_guess(noise) if start is None else start, noise)
    best, smallest = search.point, np.full(len(search.point), np.inf)
    for _ in range(ROUNDS):
        gap = _gap(resting, search.costs, wanted)
        largest = np.abs(np.where(search.open(gap), gap, 0)).max(axis=1)
        better = largest < smallest
        best = np.where(better[:, None], search.point, best)
        smallest = np.where(better, largest, smallest)
        open_ = smallest >= precision
        if not open_.any():
            break
        search = search.moved(gap, open_)
        if resting.part_of(open_) < WORTH_TAKING:
            resting = resting.take(open_)
    return replace(search, point=best).costs


def _first_guess(noise: float) -> Sunk:
    """What sunk costs are about, 0 where there are none."""
    arriving, founding = FIRST_GUESS
    guess = Sunk.nothing()
    guess.arriving[:] = arriving * noise
    for host in range(N_HOSTS):
        guess.arriving[:, host, host] = 0
    guess.founding[:, :N_HOSTS] = founding * noise
    return guess


def _gap(resting: Resting, costs: Sunk, wanted: Wanted) -> Array:
    """Log of what is found over what is wanted, shape (sector * home, host + 1).

    0 where no firm is looked at.
    """
    standing = resting.standing(costs)
    table, rows = resting.table, np.concatenate(resting.rows)
    cell, cells = cells_of(table, rows), N_FOOTLOOSE * N_HOMES
    mass = table.size * table.weight
    every = np.bincount(cells_of(table, np.arange(len(table))), mass, cells)
    taken = np.bincount(cell, mass[rows], cells)
    counted = np.bincount(cell, minlength=cells)
    sales = np.einsum("nc,nch->nh", standing, wanted.made[rows])
    made = np.stack([np.bincount(cell, at, cells) for at in sales.T], axis=1)
    made *= (every / np.where(taken > 0, taken, 1))[:, None]  # firms that were not looked at
    gap = np.zeros((cells, N_HOSTS + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        gap[:, :N_HOSTS] = np.log(made / wanted.sales.reshape(cells, N_HOSTS))
        stand = np.bincount(cell, 1 - standing[:, NO_PLANT], cells) / counted
        gap[:, N_HOSTS] = np.log(stand / wanted.standing.ravel())
    return np.where((counted > 0)[:, None], np.nan_to_num(gap, posinf=0.0, neginf=0.0), 0.0)


@dataclass(frozen=True)
class _Search:
    """A round of the search: a secant in every unknown by itself.

    Attributes
    ----------
    point : ndarray, shape (sector * home, host + 1)
        Sunk costs of arriving at each host, and of founding.
    free : ndarray of bool, of the same shape
        Which of them are looked for.
    slope : ndarray, of the same shape
        How fast what is found falls with the cost, per scale of luck.
    noise : float
    before : tuple of ndarray, optional
        Point and gap of the round before.
    """

    point: Array
    free: NDArray[np.bool_]
    slope: Array
    noise: float
    before: tuple[Array, Array] | None = None

    @classmethod
    def of(cls, wanted: Wanted, start: Sunk, noise: float) -> "_Search":
        shape = N_FOOTLOOSE, N_HOMES
        point = np.concatenate([start.arriving, start.founding[..., None]], axis=2)
        free = np.concatenate([wanted.sales > 0, np.zeros((*shape, 1), bool)], axis=2)
        for host in range(N_HOSTS):
            free[:, host, N_HOSTS] = free[:, host, host] & (wanted.standing[:, host] < 1)
            free[:, host, host] = False
        flat = point.reshape(-1, N_HOSTS + 1)
        return cls(flat, free.reshape(flat.shape), np.full(flat.shape, 0.7), noise)

    @property
    def _bounds(self) -> tuple[float, float]:
        return LEAST_SUNK * self.noise, MOST_SUNK * self.noise

    def open(self, gap: Array) -> NDArray[np.bool_]:
        """Unknowns that may still be moved towards where the gap closes."""
        least, most = self._bounds
        stuck = ((gap < 0) & (self.point <= least)) | ((gap > 0) & (self.point >= most))
        return self.free & ~stuck

    @property
    def costs(self) -> Sunk:
        """The costs of this round."""
        by_cell = self.point.reshape(N_FOOTLOOSE, N_HOMES, N_HOSTS + 1)
        return Sunk(by_cell[..., :N_HOSTS].copy(), by_cell[..., N_HOSTS].copy())

    def moved(self, gap: Array, open_: NDArray[np.bool_]) -> "_Search":
        """The next round, after a gap was found; of cells that are still open."""
        slope = self.slope
        if self.before is not None:
            step = (self.point - self.before[0]) / self.noise
            tells = np.abs(step) > 1e-6
            seen = np.divide(self.before[1] - gap, step, out=slope.copy(), where=tells)
            slope = np.clip(seen, 0.3, 1.5)
        step = np.clip(gap / slope, -LONGEST_STEP, LONGEST_STEP) * self.noise * self.free
        step = np.where(open_[:, None], step, 0)
        point = np.clip(self.point + step, *self._bounds)
        return _Search(point, self.free, slope, self.noise, (self.point, gap))
