"""Where firms are in the long run, and the sunk costs at which that is where they stood in 2017.

Luck to come is valued by nobody, so what sets of plants are worth does not depend on sunk costs
of arriving; only how often firms build does, and is known from the gains without them:

    gain(c, c') = worth of the move without sunk costs - weight * (arriving + founding) - value(c).

A firm in ``c`` whose clock strikes builds ``c'`` with the odds of a logit over what it could build
and going on (`abm.core.choice.opportunities`, in one regime for ever), and reviews its plants
if it builds nothing. A project takes time, in which the old plants serve and may die: the chain of
sets between projects is embedded, and time spent on projects is added to that of the sets that
serve meanwhile.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_FOOTLOOSE, N_HOMES, N_HOSTS, NO_PLANT
from abm.core.choice.attrition import attrition
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.long_run import stationary_distribution
from abm.core.choice.plant_values import keeping_values, moves_from
from abm.core.choice.sets import Indices
from abm.core.inputs.content_rules import Floats
from abm.economy.tables import Array
from abm.location.moving_costs import CLOSED, OPENED, SETS, MovingCosts, Sunk, from_abroad
from abm.location.valuation import VALUE_TOLERANCE, plant_problem
from agents import FirmTable

LEAST_NOISE = 0.5
"""Smallest scale of luck with opportunities at which sunk costs are looked for."""

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

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class RestingMoves:
    """How some firms, all from North America or all from abroad, move if policy never changes.

    Attributes
    ----------
    values : ndarray, shape (firm, config)
        Of sets of plants, quarters of profit.
    gain : ndarray, shape (firm, config from, config to)
        Of building without sunk costs of arriving; minus infinity where nothing is built.
    keeping : ndarray, shape (firm, config from, config to)
        Odds of a review that brings no building.
    left : ndarray, shape (firm, config, config left)
        Chances of what is left after a quarter's deaths.
    after, during : dict of ndarray, shape (firm, config, config left)
        By delay of projects: what is left of a set at its end, and quarters in each part until
        then.
    delays : ndarray of int, shape (config from, config to)
    strikes : float
        Probability per quarter that a firm's clock strikes.
    noise : float
        Scale of luck with opportunities.
    """

    values: Floats
    gain: Floats
    keeping: Floats
    left: Floats
    after: dict[int, Floats]
    during: dict[int, Floats]
    delays: Indices
    strikes: float
    noise: float

    @classmethod
    def of(cls, problem: PlantProblem, barred: NDArray[np.bool_]) -> "RestingMoves":
        """Those of the firms of a problem with one regime and no sunk costs of arriving."""
        assert problem.deaths is not None
        assert problem.home is not None
        location = problem.location
        values, _ = keeping_values(problem, tolerance=VALUE_TOLERANCE)
        firms = len(values)
        gain, keeping = np.empty((2, firms, N_CONFIGS, N_CONFIGS))
        for config in range(N_CONFIGS):
            moves = moves_from(problem, values, np.full(firms, config))
            gain[:, config], keeping[:, config] = moves.gain[..., 0], moves.keeping[..., 0]
        left = np.moveaxis(attrition(problem.deaths, problem.home, SETS), -1, 0)
        return cls(
            values[..., 0],
            np.where(barred, -np.inf, gain),
            keeping,
            left,
            *_meanwhile(left, location.build_delay),
            location.build_delay,
            location.review,
            max(location.noise, LEAST_NOISE),
        )

    def decisions(self, sunk: Array) -> Array:
        """Probability per quarter of each decision, shape (firm, config from, config to).

        ``sunk``, of the same shape, is the present value of sunk costs of arriving.
        """
        gain = (self.gain - sunk) / self.noise
        top = np.maximum(gain.max(axis=2, keepdims=True), 0.0)
        odds = np.exp(gain - top)
        builds = odds / (np.exp(-top) + odds.sum(axis=2, keepdims=True))
        rest = 1 - builds.sum(axis=2, keepdims=True)
        decisions: Array = self.strikes * (builds + rest * self.keeping)
        each = np.arange(N_CONFIGS)
        decisions[:, each, each] += 1 - self.strikes
        return decisions

    def take(self, firms: NDArray[np.bool_]) -> "RestingMoves":
        """Those of some firms."""
        return replace(
            self,
            values=self.values[firms],
            gain=self.gain[firms],
            keeping=self.keeping[firms],
            left=self.left[firms],
            after={delay: power[firms] for delay, power in self.after.items()},
            during={delay: spent[firms] for delay, spent in self.during.items()},
        )

    def standing(self, decisions: Array) -> "LongRun":
        """Where the firms are in the long run.

        Parameters
        ----------
        decisions : ndarray, shape (firm, config from, config to)

        Returns
        -------
        LongRun
        """
        each = np.arange(N_CONFIGS)
        chain = decisions[:, each, each, None] * self.left
        for start, end in zip(*np.nonzero(self.delays), strict=True):
            begun, becomes = decisions[:, start, end], SETS.becomes[start, end]
            for part in SETS.within[start]:
                reached = begun * self.after[int(self.delays[start, end])][:, start, part]
                chain[:, start, becomes[part]] += reached
        visits = stationary_distribution(chain)
        time = visits * decisions[:, each, each]
        projects = np.zeros_like(decisions)
        for start, end in zip(*np.nonzero(self.delays), strict=True):
            begun = (visits[:, start] * decisions[:, start, end])[:, None]
            spent = begun * self.during[int(self.delays[start, end])][:, start]
            time += spent
            projects[:, start, end] = spent[:, start]
        total = time.sum(axis=1)
        standing = time / total[:, None]
        return LongRun(
            standing, projects / total[:, None, None], self._leaving(visits, decisions, time)
        )

    def _leaving(self, visits: Floats, decisions: Array, time: Floats) -> Array:
        """Probability per quarter that a plant closes or dies, shape (firm, host).

        Plants that are gone by the end of a project count as closed by it.
        """
        gone = np.einsum("ncd,cdh,nc->nh", self.left, CLOSED.astype(float), time)
        for start, end in zip(*np.nonzero(self.delays), strict=True):
            shut = CLOSED[start, end]
            if shut.any():
                after = self.after[int(self.delays[start, end])][:, start] @ HAS_PLANT
                begun = visits[:, start] * decisions[:, start, end]
                gone += begun[:, None] * after * shut
        there = time @ HAS_PLANT
        leaving: Array = np.divide(gone, there, out=np.zeros_like(gone), where=there > 0)
        return leaving


class LongRun(NamedTuple):
    """Where some firms are in the long run.

    Attributes
    ----------
    standing : ndarray, shape (firm, config)
        Shares of sets. Sums to one; NaN where it depends on where a firm starts.
    projects : ndarray, shape (firm, config, config to)
        Share of time that a firm stands in a set from which it began a project for another; what
        is left of it after deaths counts as between projects.
    leaving : ndarray, shape (firm, host)
        Probability per quarter that a plant closes or dies; 0 where there never is one.
    """

    standing: Array
    projects: Array
    leaving: Array


def _meanwhile(left: Floats, delays: Indices) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """By delay what is left of sets at its end, and quarters in each part until then."""
    after: dict[int, Floats] = {}
    during: dict[int, Floats] = {}
    power: Floats = np.broadcast_to(np.eye(N_CONFIGS), left.shape)
    spent: Floats = np.zeros(left.shape)
    for quarter in range(int(delays.max()) + 1):
        if (delays == quarter).any():
            after[quarter], during[quarter] = power, spent
        spent = spent + power
        power = power @ left
    return after, during


@dataclass(frozen=True)
class Resting:
    """How firms move if policy never changes, in the order of `rows`.

    Attributes
    ----------
    table : FirmTable
    moving : MovingCosts
        Without sunk costs of arriving.
    rows : tuple of ndarray
        Firms from North America, and from abroad.
    moves : tuple of RestingMoves
    """

    table: FirmTable
    moving: MovingCosts
    rows: tuple[Rows, ...]
    moves: tuple[RestingMoves, ...]

    @classmethod
    def of(cls, table: FirmTable, moving: MovingCosts, payoff: Array, rows: Rows) -> "Resting":
        """That of some firms.

        ``payoff`` has shape (all firms, config).
        """
        origin = from_abroad(table.home[rows])
        groups = tuple(rows[origin == abroad] for abroad in (0, 1) if (origin == abroad).any())
        found = []
        for group in groups:
            problem = plant_problem(
                table,
                moving,
                payoff[group, :, None],
                np.ones((1, 1, 1)),
                group,
                np.zeros(len(group), np.int64),
            )
            found.append(RestingMoves.of(problem, moving.barred[table.sector[group]]))
        return cls(table, moving, groups, tuple(found))

    def part_of(self, open_: NDArray[np.bool_]) -> float:
        """Which part of the firms is in some cells; shape (sector * home,)."""
        return float(open_[_cells(self.table, np.concatenate(self.rows))].mean())

    def take(self, open_: NDArray[np.bool_]) -> "Resting":
        """That of firms of some cells; shape (sector * home,)."""
        some = [open_[_cells(self.table, rows)] for rows in self.rows]
        kept = [group for group, which in enumerate(some) if which.any()]
        return replace(
            self,
            rows=tuple(self.rows[group][some[group]] for group in kept),
            moves=tuple(self.moves[group].take(some[group]) for group in kept),
        )

    def sunk(self, costs: Sunk) -> list[Array]:
        """Present value of sunk costs of every move, group by group."""
        found = []
        for rows in self.rows:
            cell, home = self.table.sector[rows], self.table.home[rows]
            weight = self.moving.weights[int(from_abroad(home[:1])[0])]
            arriving = replace(self.moving, sunk=costs).arriving_at(self.table, rows)
            arrived = np.einsum("cdh,nh->ncd", OPENED, arriving)
            arrived[:, NO_PLANT, 1:] += costs.founding[cell, home, None]
            found.append(weight * arrived)
        return found

    def standing(self, costs: Sunk) -> LongRun:
        """Where firms are in the long run, in the order of the groups."""
        found = [
            moves.standing(moves.decisions(sunk))
            for moves, sunk in zip(self.moves, self.sunk(costs), strict=True)
        ]
        return LongRun(*(np.concatenate(part) for part in zip(*found, strict=True)))


@dataclass(frozen=True)
class Wanted:
    """Where firms should be in the long run.

    Attributes
    ----------
    sales : ndarray, shape (sector, home, host)
        What plants of firms of a home make at each host, million USD a quarter, were all
        customers to choose anew; 0 is left alone.
    founded : ndarray of bool, shape (sector, home)
        Where firms are founded, so that what these make at home follows from what that costs.
    built : ndarray, shape (firm, host)
        What a plant makes on average in the time that it stands over what it would make then.
    """

    sales: Array
    founded: NDArray[np.bool_]
    built: Array


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


def _cells(table: FirmTable, rows: Rows) -> Rows:
    """Index of sector and home of some firms."""
    cells: Rows = table.sector[rows].astype(np.int64) * N_HOMES + table.home[rows]
    return cells


def _gap(resting: Resting, costs: Sunk, wanted: Wanted) -> Array:
    """Log of what is found over what is wanted, shape (sector * home, host + 1).

    0 where no firm is looked at.
    """
    standing = resting.standing(costs).standing
    table, rows = resting.table, np.concatenate(resting.rows)
    cell, cells = _cells(table, rows), N_FOOTLOOSE * N_HOMES
    mass = table.size * table.weight
    every = np.bincount(_cells(table, np.arange(len(table))), mass, cells)
    taken = np.bincount(cell, mass[rows], cells)
    counted = np.bincount(cell, minlength=cells)
    sales = np.einsum("nc,nch->nh", standing, table.base_plant_sales[rows]) * wanted.built[rows]
    sales *= (table.base_revenue * table.weight)[rows, None]
    made = np.stack([np.bincount(cell, at, cells) for at in sales.T], axis=1)
    made *= (every / np.where(taken > 0, taken, 1))[:, None]  # firms that were not looked at
    gap = np.zeros((cells, N_HOSTS + 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        gap[:, :N_HOSTS] = np.log(made / wanted.sales.reshape(cells, N_HOSTS))
    at_home = np.arange(cells) % N_HOMES
    local = at_home < N_HOSTS
    gap[local, N_HOSTS] = gap[local, at_home[local]]
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
            free[:, host, N_HOSTS] = free[:, host, host] & wanted.founded[:, host]
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
