"""Where firms are in the long run, given what arriving and founding cost.

Luck to come is valued by nobody, so what sets of plants are worth does not depend on sunk costs
of arriving; only how often firms build does, and is known from the gains without them:

    gain(c, c') = worth of the move without sunk costs - weight * (arriving + founding) - value(c).

A firm in ``c`` whose clock strikes builds ``c'`` with the odds of a logit over what it could build
and going on (`abm.core.opportunities.building`, in one regime for ever), and reviews its plants
if it builds nothing. A project takes time, in which the old plants serve and may die: the chain of
sets between projects is embedded, and time spent on projects is added to that of the sets that
serve meanwhile.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.axes import HAS_PLANT, N_CONFIGS, N_HOMES, NO_PLANT
from abm.core.choice.attrition import attrition
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.long_run import stationary_distribution
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import keeping_values, moves_from_all
from abm.core.inputs.content_rules import Floats
from abm.core.layout import firm_last, first_last, last_first, some_firms
from abm.economy.tables import Array
from abm.location.moving_costs import CLOSED, OPENED, SETS, MovingCosts, Sunk, from_abroad
from abm.location.valuation import VALUE_TOLERANCE, plant_problem
from agents import FirmTable

LEAST_NOISE = 0.5
"""Smallest scale of luck with opportunities at which sunk costs are looked for."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class RestingMoves:
    """How some firms, all from North America or all from abroad, move if policy never changes.

    The firm is the innermost axis of all arrays in memory, as sets of plants are few.

    Attributes
    ----------
    values : ndarray, shape (firm, config)
        Of sets of plants, quarters of profit.
    gain : ndarray, shape (firm, config from, config to)
        Of building without sunk costs of arriving; minus infinity where nothing is built.
    keeping : ndarray, shape (firm, config from, config to)
        Odds of a review that brings no building.
    lack : ndarray, shape (firm, config from, config to)
        Luck that it takes for each move without sunk costs of arriving, quarters of profit.
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
    lack: Floats
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
        gain, keeping, lack = (
            firm_last((firms, N_CONFIGS, N_CONFIGS), np.float64, np.nan) for _ in range(3)
        )
        for config, moves in enumerate(moves_from_all(problem, values)):
            gain[:, config], keeping[:, config] = moves.gain[..., 0], moves.keeping[..., 0]
            worth = moves.worth[..., 0]
            stays = worth[:, [config]] - worth
            lack[:, config] = np.where(moves.builds, -gain[:, config], stays)
        left = last_first(attrition(problem.deaths, problem.home, SETS))
        return cls(
            values[..., 0],
            np.where(barred, -np.inf, gain),
            keeping,
            lack,
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
        _staying(decisions)[:] += 1 - self.strikes
        return decisions

    def take(self, firms: NDArray[np.bool_]) -> "RestingMoves":
        """Those of some firms."""
        rows = np.flatnonzero(firms)
        return replace(
            self,
            values=self.values[firms],
            gain=some_firms(self.gain, rows),
            keeping=some_firms(self.keeping, rows),
            lack=some_firms(self.lack, rows),
            left=some_firms(self.left, rows),
            after={delay: some_firms(power, rows) for delay, power in self.after.items()},
            during={delay: some_firms(spent, rows) for delay, spent in self.during.items()},
        )

    def standing(self, decisions: Array) -> Array:
        """Shares of sets in the long run, shape (firm, config), as `long_run` has them.

        ``decisions`` has shape (firm, config from, config to).
        """
        time = self._time(decisions, self._visits(decisions))
        return time / time.sum(axis=1, keepdims=True)

    def long_run(self, sunk: Array) -> "LongRun":
        """Where the firms are in the long run.

        Parameters
        ----------
        sunk : ndarray, shape (firm, config from, config to)
            As in `decisions`.

        Returns
        -------
        LongRun
        """
        decisions = self.decisions(sunk)
        visits = self._visits(decisions)
        time = self._time(decisions, visits)
        projects = np.zeros_like(decisions)
        for start, end, delay in self._delayed:
            begun = visits[:, start] * decisions[:, start, end]
            projects[:, start, end] = begun * self.during[delay][:, start, start]
        total = time.sum(axis=1)
        return LongRun(
            time / total[:, None],
            projects / total[:, None, None],
            self._leaving(visits, decisions, time),
            self.lack + sunk,
        )

    @cached_property
    def _delayed(self) -> list[tuple[int, int, int]]:
        """Moves that take time, each with its quarters."""
        moves = np.argwhere(self.delays).tolist()
        return [(start, end, int(self.delays[start, end])) for start, end in moves]

    def _visits(self, decisions: Array) -> Floats:
        """How often a firm decides in every set, of all its decisions; shape (firm, config)."""
        chain = _staying(decisions)[..., None] * self.left
        for start, end, delay in self._delayed:
            begun, becomes = decisions[:, start, end], SETS.becomes[start, end]
            for part in SETS.within[start]:
                chain[:, start, becomes[part]] += begun * self.after[delay][:, start, part]
        return stationary_distribution(chain)

    def _time(self, decisions: Array, visits: Floats) -> Floats:
        """Quarters in every set between two decisions, shape (firm, config)."""
        time: Floats = visits * _staying(decisions)
        # What moves from one set to others take equally long spends the same time in its parts.
        for start in range(N_CONFIGS):
            for delay in self.during:
                ends = (self.delays[start] == delay) & (delay > 0)
                if ends.any():
                    begun = visits[:, start] * decisions[:, start, ends].sum(axis=1)
                    time += begun[:, None] * self.during[delay][:, start]
        return time

    def _leaving(self, visits: Floats, decisions: Array, time: Floats) -> Array:
        """Probability per quarter that a plant closes or dies, shape (firm, host).

        Plants that are gone by the end of a project count as closed by it.
        """
        gone = np.einsum("ncd,cdh,nc->nh", self.left, CLOSED.astype(float), time)
        for start, end, delay in self._delayed:
            shut = CLOSED[start, end]
            if shut.any():
                after = self.after[delay][:, start] @ HAS_PLANT
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
    needed : ndarray, shape (firm, config, config to)
        Luck that it takes to begin each project, quarters of profit.
    """

    standing: Array
    projects: Array
    leaving: Array
    needed: Array


def _staying(decisions: Array) -> Array:
    """A view of the chances of staying in each set, shape (firm, config)."""
    staying: Array = np.einsum("ncc->nc", decisions)
    return staying


def _meanwhile(left: Floats, delays: Indices) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """By delay what is left of sets at its end, and quarters in each part until then."""
    after: dict[int, Floats] = {}
    during: dict[int, Floats] = {}
    power: Floats = np.broadcast_to(np.eye(N_CONFIGS), left.shape)
    spent: Floats = np.zeros(left.shape)
    for quarter in range(int(delays.max()) + 1):
        if (delays == quarter).any():
            after[quarter], during[quarter] = (_innermost(array) for array in (power, spent))
        spent = spent + power
        power = power @ left
    return after, during


def _innermost(array: Floats) -> Floats:
    """The same with the firm innermost in memory."""
    return last_first(np.ascontiguousarray(first_last(array)))


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
        return float(open_[cells_of(self.table, np.concatenate(self.rows))].mean())

    def take(self, open_: NDArray[np.bool_]) -> "Resting":
        """That of firms of some cells; shape (sector * home,)."""
        some = [open_[cells_of(self.table, rows)] for rows in self.rows]
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
            # What arriving costs small firms more is among the costs of `moving` already.
            arrived = last_first(np.einsum("cdh,nh->cdn", OPENED, costs.arriving[cell, home]))
            arrived[:, NO_PLANT, 1:] += costs.founding[cell, home, None]
            arrived *= weight
            found.append(arrived)
        return found

    def standing(self, costs: Sunk) -> Array:
        """Shares of sets in the long run, shape (firm, config), in the order of the groups."""
        found = [
            moves.standing(moves.decisions(sunk))
            for moves, sunk in zip(self.moves, self.sunk(costs), strict=True)
        ]
        return np.concatenate(found)

    def long_run(self, costs: Sunk) -> LongRun:
        """Where firms are in the long run, in the order of the groups."""
        found = [
            moves.long_run(sunk) for moves, sunk in zip(self.moves, self.sunk(costs), strict=True)
        ]
        return LongRun(*(np.concatenate(part) for part in zip(*found, strict=True)))


def cells_of(table: FirmTable, rows: Rows) -> Rows:
    """Index of sector and home of some firms."""
    cells: Rows = table.sector[rows].astype(np.int64) * N_HOMES + table.home[rows]
    return cells
