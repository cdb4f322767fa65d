"""What moves between sets of plants are worth, given what the sets are worth, as plants die.

A firm in set ``c`` while regime ``r`` is in force earns ``profit[c, r]``. From one quarter to the
next some of its plants may die, with probabilities ``D`` of what is left
(`abm.core.choice.attrition`), and policy changes with probabilities ``P``. So having a set at the
end of a quarter is worth

    (B V)(c, r) = beta * sum_s P(r, s) * sum_d D(c, d) * V(d, s),

and a move from ``c`` to ``c'`` decided now, at a sunk cost ``F`` and with ``L`` quarters until
it is completed,

    Q(c, c', r) = profit[c', r] - F(c, c', r) + (B V)(c', r)                          where L = 0
    Q(c, c', r) = sum_{t<L} (B^t profit)(c, r) - F(c, c', r)
                  + beta^L * sum_s P^L(r, s) * sum_d D^L(c, d) * V((d & c') | (c' - c), s).

While new plants are built the old ones serve, and may die; new ones cannot die before they open.
Without attrition, ``D = I``, this is the choice value of `abm.core.choice.location`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np

from abm.core.blocks import blocks
from abm.core.choice.attrition import attrition
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.location import BLOCK_ENTRIES, LocationProblem, firms_last
from abm.core.choice.sets import Indices, Sets
from abm.core.inputs.content_rules import Floats

type Span = tuple[int, int | None, int | None]
"""A set of plants, and the first and last firms of a block, None for all."""


@dataclass(frozen=True, eq=False)
class PlantProblem:
    """What some firms know and expect when they build, keep and close plants.

    Attributes
    ----------
    location : LocationProblem
        Payoffs, costs, delays and beliefs; its ``noise`` is the scale of luck among building
        options. A delay may also be that of closing.
    sets : Sets
        The configurations of ``location``.
    keep_noise : float
        Scale of luck among keeping and closing options, at most ``location.noise``.
    deaths : ndarray, shape (firm, host), optional
        Probability per quarter that a plant dies which is not spared; nothing dies without.
    home : ndarray of int, shape (firm,), optional
        Host of the owner's country, or `abm.core.choice.attrition.ABROAD`; given with ``deaths``.
    """

    location: LocationProblem
    sets: Sets
    keep_noise: float
    deaths: Floats | None = None
    home: Indices | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, where the problem makes no sense."""
        for holds, complaint in self._requirements():
            if not holds:
                raise ValueError(complaint)

    def _requirements(self) -> Iterator[tuple[bool | np.bool_, str]]:
        """Requirements, each with the complaint if it fails."""
        firms, configs, _ = self.location.profit.shape
        yield len(self.sets) == configs, "sets: not as many as configurations"
        yield 0 <= self.keep_noise <= self.location.noise, "keep_noise: not in [0, noise]"
        yield (self.deaths is None) == (self.home is None), "home: given with deaths alone"
        if self.deaths is not None and self.home is not None:
            hosts = self.sets.has_plant.shape[1]
            yield self.deaths.shape == (firms, hosts), "deaths: wrong shape"
            yield self.home.shape == (firms,), "home: wrong shape"
            yield ((self.deaths >= 0) & (self.deaths <= 1)).all(), "deaths: not in [0, 1]"
            yield self.sets.is_closed, "sets: plants may die, and some part of a set is missing"

    def take(self, firms: Indices | slice) -> Self:
        """The same problem for some firms."""
        return replace(
            self,
            location=self.location.take(firms),
            deaths=None if self.deaths is None else self.deaths[firms],
            home=None if self.home is None else self.home[firms],
        )

    def outlooks(
        self,
        entries: int | None = None,
        powers: Floats | None = None,
        config: Indices | None = None,
    ) -> Iterator[tuple[Indices, "Foresight"]]:
        """The problem cut into blocks of firms that believe the same.

        Parameters
        ----------
        entries : int, optional
            Numbers a firm that the caller works on at once; by default a choice value each.
        powers : ndarray, shape (quarters ahead, belief, regime, regime), optional
            Discounted transitions to the quarters ahead; by default those of ``transitions``.
        config : ndarray of int, shape (firm,), optional
            Where firms stand; those of a block then come in the order of it.
        """
        location = self.location
        _, configs, regimes = location.profit.shape
        size = max(1, BLOCK_ENTRIES // (entries or configs**2 * regimes))
        if powers is None:
            steady, longest = Calendar.steady(location.transitions), int(location.build_delay.max())
            powers = discounted_moves(steady, location.discount, 0, max(1, longest))
        for belief in np.unique(location.belief):
            firms = np.flatnonzero(location.belief == belief)
            if config is not None:
                firms = firms[np.argsort(config[firms], kind="stable")]
            for rows in blocks(len(firms), size):
                yield firms[rows], Foresight.of(self, firms[rows], powers[:, belief])

    def scale(self) -> Floats:
        """Payoff by which errors of values are judged, shape (firm,), above 0."""
        scale: Floats = np.abs(self.location.profit).max(axis=(1, 2)) + self.location.noise
        # With no profit anywhere and no noise all values are 0: there is no error to scale.
        return np.where(scale == 0, 1.0, scale)


@dataclass(frozen=True, eq=False)
class Decay:
    """How some firms' sets of plants shrink by themselves.

    Attributes
    ----------
    sets : Sets
    left : ndarray, shape (config, config left, firm), or None
        Probabilities of what is left after a quarter; None where nothing dies.
    firms : int
    """

    sets: Sets
    left: Floats | None
    firms: int

    @classmethod
    def of(cls, problem: PlantProblem, firms: Indices) -> Self:
        """That of some firms of a problem."""
        left = None
        if problem.deaths is not None and problem.home is not None:
            left = attrition(problem.deaths[firms], problem.home[firms], problem.sets)
        return cls(problem.sets, left, len(firms))

    def expected(self, values: Floats, sets: tuple[int, ...]) -> Floats:
        """Values after a quarter's deaths of some sets, shape (set, regime, firm)."""
        if self.left is None:
            return values[list(sets)]
        result = np.empty((len(sets), *values.shape[1:]))
        for row, config in zip(result, sets, strict=True):
            *parts, itself = self.sets.within[config]
            np.multiply(self.left[config, itself], values[itself], out=row)
            for part in parts:
                row += self.left[config, part] * values[part]
        return result

    def stands(self, config: Indices) -> Floats:
        """Probability that no plant of each firm's set dies in a quarter, shape (firm,)."""
        if self.left is None:
            return self._certain
        stands: Floats = self.left[config, config, np.arange(self.firms)]
        return stands

    @cached_property
    def _certain(self) -> Floats:
        """A probability of 1 for every firm, shape (firm,)."""
        return np.ones(self.firms)

    @cached_property
    def _paths(self) -> dict[Span, list[dict[int, Floats]]]:
        """What was found by `path`."""
        return {}

    def path(
        self, config: int, quarters: int, firms: slice = slice(None)
    ) -> list[dict[int, Floats]]:
        """Probabilities, by part, of what is left of a set after 0, 1, ... or more quarters.

        At least as many as asked for; each an array of shape (firm,), of some of the firms.
        """
        span = config, firms.start, firms.stop
        path = self._paths.setdefault(span, [{config: self._certain[firms]}])
        while len(path) <= quarters:
            path.append(path[0] if self.left is None else self._shrunk(path[-1], firms))
        return path

    def _shrunk(self, before: dict[int, Floats], firms: slice) -> dict[int, Floats]:
        """Probabilities of what is left one quarter later."""
        assert self.left is not None
        after: dict[int, Floats] = {}
        for between, chance in before.items():
            for rest in self.sets.within[between]:
                reached = chance * self.left[between, rest, firms]
                after[rest] = after[rest] + reached if rest in after else reached
        return after


@dataclass(frozen=True, eq=False)
class Foresight:
    """A block of firms' prospects, as arrays whose last axis is the firm.

    Attributes
    ----------
    sets : Sets
    profit : ndarray, shape (config, regime, firm)
    firms : ndarray of int, shape (firm,)
        Which of all.
    costs : ndarray, shape (all firms, config from, config to, regime or 1)
    delay : ndarray of int, shape (config from, config to)
    powers : ndarray, shape (quarters ahead, regime, regime)
        Discounted transitions to the quarters ahead, this quarter first; the same for all firms.
    decay : Decay
    known : dict
        What `incomes` and `cost` found before; the same under other transitions.
    """

    sets: Sets
    profit: Floats
    firms: Indices
    costs: Floats
    delay: Indices
    powers: Floats
    decay: Decay
    known: dict[tuple[Span, int | None], Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: PlantProblem, firms: Indices, powers: Floats) -> Self:
        """The prospects of some firms of a problem, who all believe the same."""
        location = problem.location
        return cls(
            sets=problem.sets,
            profit=firms_last(location.profit[firms]),
            firms=firms,
            costs=location.cost_by_regime,
            delay=location.build_delay,
            powers=powers,
            decay=Decay.of(problem, firms),
        )

    def seen_from(self, powers: Floats) -> Self:
        """The same prospects with other transitions to the quarters ahead."""
        return replace(self, powers=powers)

    def incomes(self, config: int, quarters: int, firms: slice = slice(None)) -> Floats:
        """What a set and what is left of it are expected to earn in each coming quarter.

        Shape (quarters ahead, regime then in force, firm), of some firms of the block.
        """
        key = (config, firms.start, firms.stop), None
        known = self.known.get(key)
        if known is None or len(known) < quarters:
            known = np.zeros((quarters, *self.profit[config, :, firms].shape))
            for now, left in zip(known, self.decay.path(config, quarters, firms), strict=False):
                for part, chance in left.items():
                    now += chance * self.profit[part, :, firms]
            self.known[key] = known
        return known[:quarters]

    def cost(self, config: int, target: int, firms: slice = slice(None)) -> Floats:
        """Sunk cost of a move, shape (regime or 1, firm), of some firms of the block."""
        key = (config, firms.start, firms.stop), target
        if key not in self.known:
            costs = self.costs[self.firms[firms], config, target]
            self.known[key] = np.ascontiguousarray(costs.T)
        return self.known[key]

    def earned(self, config: int, delay: int, firms: slice = slice(None)) -> Floats:
        """What a set and what is left of it earn until a move with some delay is completed.

        Shape (regime, firm), of some firms of the block.
        """
        incomes = self.incomes(config, delay, firms)
        earned: Floats = np.einsum("trs,tsn->rn", self.powers[:delay], incomes)
        return earned


def foresee(chain: Floats, values: Floats) -> Floats:
    """Values expected as policy may change.

    Parameters
    ----------
    chain : ndarray, shape (regime, next regime) or (regime, next regime, firm)
    values : ndarray, shape (..., next regime, firm)

    Returns
    -------
    ndarray, shape (..., regime, firm)
    """
    # Not a matrix product: that may round a firm's values by where it stands in a block.
    letters = "rs" if chain.ndim == 2 else "rsn"
    expected: Floats = np.einsum(f"{letters},...sn->...rn", chain, values)
    return expected


def discounted_moves(expected: Calendar, discount: float, start: int, last: int) -> Floats:
    """Discounted transitions as seen from some quarter ahead.

    Shape (quarters further ahead, belief, regime, regime), for 0 to ``last``.
    """
    moves = np.empty((last + 1, *expected.later.shape))
    moves[0] = np.eye(expected.later.shape[-1])
    for ahead in range(last):
        now = discount * expected.at(start + ahead)
        np.matmul(moves[ahead], now, out=moves[ahead + 1])
    return moves


class WorthOfMoves:
    """What moves are worth to a block of firms, given values of the sets they lead to.

    Values may be made known set by set, from the smallest upwards, by `learn`.

    Parameters
    ----------
    foresight : Foresight
    delays : set of int
        Those of the moves that will be asked for; 0 is always known.
    """

    def __init__(self, foresight: Foresight, delays: set[int]) -> None:
        self.foresight = foresight
        self._delays = delays - {0}
        self._standing = np.empty_like(foresight.profit)
        self._opening = {delay: np.empty_like(foresight.profit) for delay in self._delays}
        self._found: dict[tuple[int, int, int | None, int | None], Floats] = {}

    def learn(
        self, sets: tuple[int, ...], values: Floats, opening: dict[int, Floats] | None = None
    ) -> None:
        """Take note of the values of some sets, all parts of which are known.

        Parameters
        ----------
        sets : tuple of int
        values : ndarray, shape (config, regime, firm)
            Of the next quarter.
        opening : dict of ndarray, optional
            Of the quarter so far ahead, by delay, where values differ from quarter to quarter.
        """
        foresight, known = self.foresight, list(sets)
        expected = foresight.decay.expected(values, sets)
        self._standing[known] = foresee(foresight.powers[1], expected)
        for delay, reached in self._opening.items():
            then = values if opening is None else opening[delay]
            reached[known] = foresee(foresight.powers[delay], then[known])

    def worth(self, config: int, target: int, firms: slice = slice(None)) -> Floats:
        """Value of one move, shape (regime, firm), to some firms of the block."""
        foresight = self.foresight
        delay = int(foresight.delay[config, target])
        worth: Floats
        if delay == 0:
            worth = foresight.profit[target, :, firms] + self._standing[target, :, firms]
        else:
            becomes = foresight.sets.becomes[config, target]
            worth = self._earned(config, delay, firms).copy()
            for part, chance in foresight.decay.path(config, delay, firms)[delay].items():
                worth += chance * self._opening[delay][becomes[part], :, firms]
        worth -= foresight.cost(config, target, firms)
        return worth

    def _earned(self, config: int, delay: int, firms: slice) -> Floats:
        """What is earned until a move is completed, found once."""
        key = config, delay, firms.start, firms.stop
        if key not in self._found:
            self._found[key] = self.foresight.earned(config, delay, firms)
        return self._found[key]

    def worth_to(self, config: Indices) -> Floats:
        """Value of all moves from where each firm stands.

        Parameters
        ----------
        config : ndarray of int, shape (firm,)
            Rising.

        Returns
        -------
        ndarray, shape (config to, regime, firm)
        """
        worth = np.empty_like(self.foresight.profit)
        standing, starts = np.unique(config, return_index=True)
        ends = [*starts[1:].tolist(), len(config)]
        for at, start, end in zip(standing.tolist(), starts.tolist(), ends, strict=True):
            firms = slice(start, end)
            for target in range(len(worth)):
                worth[target, :, firms] = self.worth(at, target, firms)
        return worth
