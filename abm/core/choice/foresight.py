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
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from abm.core.blocks import blocks
from abm.core.choice.attrition import Decay
from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.location import BLOCK_ENTRIES, LocationProblem, firms_last
from abm.core.choice.parts_of_sets import Indices, Leads, Move
from abm.core.choice.sets import Booleans, Sets
from abm.core.inputs.content_rules import Floats


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
    slow : ndarray of bool, shape (firm,), optional
        Firms that take other delays than those of ``location`` where they open plants.
    slow_delay : ndarray of int, shape (config, config), optional
        Those delays; given with ``slow``.
    """

    location: LocationProblem
    sets: Sets
    keep_noise: float
    deaths: Floats | None = None
    home: Indices | None = None
    slow: Booleans | None = None
    slow_delay: Indices | None = None

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
        yield (self.slow is None) == (self.slow_delay is None), "slow_delay: given with slow alone"
        if self.slow is not None and self.slow_delay is not None:
            yield self.slow.shape == (firms,), "slow: wrong shape"
            closes = ~self.sets.opens
            alike = (self.slow_delay == self.location.build_delay)[closes].all()
            yield alike, "slow_delay: differs where no plant is opened"

    @property
    def delays(self) -> Indices:
        """Delays of most firms and, if there are any, of slow ones, (kind, config, config)."""
        first = self.location.build_delay[None]
        return first if self.slow_delay is None else np.stack([*first, self.slow_delay])

    def ordered(self, firms: Indices, config: Indices | None) -> Indices:
        """Some firms in the order of where they stand, if that is given, and of their delays."""
        keys = [key[firms] for key in (self.slow, config) if key is not None]
        return firms[np.lexsort(keys)] if keys else firms

    def take(self, firms: Indices | slice) -> Self:
        """The same problem for some firms."""
        return replace(
            self,
            location=self.location.take(firms),
            deaths=None if self.deaths is None else self.deaths[firms],
            home=None if self.home is None else self.home[firms],
            slow=None if self.slow is None else self.slow[firms],
        )

    def decay(self, firms: Indices) -> Decay:
        """How the sets of some firms shrink."""
        if self.deaths is None or self.home is None:
            return Decay.none(self.sets, len(firms))
        return Decay.of(self.sets, self.deaths[firms], self.home[firms])

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
        powers : ndarray, shape (..., quarters ahead, belief, regime, regime), optional
            Discounted transitions to the quarters ahead; by default those of ``transitions``.
        config : ndarray of int, shape (firm,), optional
            Where firms stand; those of a block then come in the order of it.
        """
        location = self.location
        _, configs, regimes = location.profit.shape
        size = max(1, BLOCK_ENTRIES // (entries or configs**2 * regimes))
        if powers is None:
            steady, longest = Calendar.steady(location.transitions), int(self.delays.max())
            powers = discounted_moves(steady, location.discount, 0, max(1, longest))
        for belief in np.unique(location.belief):
            firms = self.ordered(np.flatnonzero(location.belief == belief), config)
            for rows in blocks(len(firms), size):
                yield firms[rows], Foresight.of(self, firms[rows], powers[..., belief, :, :])

    def scale(self) -> Floats:
        """Payoff by which errors of values are judged, shape (firm,), above 0."""
        scale: Floats = np.abs(self.location.profit).max(axis=(1, 2)) + self.location.noise
        # With no profit anywhere and no noise all values are 0: there is no error to scale.
        return np.where(scale == 0, 1.0, scale)


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
    delay : ndarray of int, shape (kind, config from, config to)
    kind : ndarray of int, shape (firm,)
        Which of the delays each firm has.
    powers : ndarray, shape (..., quarters ahead, regime, regime)
        Discounted transitions to the quarters ahead, this quarter first; the same for all firms.
        A first axis may tell as seen from which quarter.
    decay : Decay
    """

    sets: Sets
    profit: Floats
    firms: Indices
    costs: Floats
    delay: Indices
    kind: Indices
    powers: Floats
    decay: Decay

    @classmethod
    def of(cls, problem: PlantProblem, firms: Indices, powers: Floats) -> Self:
        """The prospects of some firms of a problem, who all believe the same."""
        location = problem.location
        return cls(
            sets=problem.sets,
            profit=firms_last(location.profit[firms]),
            firms=firms,
            costs=location.cost_by_regime,
            delay=problem.delays,
            kind=np.zeros(len(firms), int)
            if problem.slow is None
            else problem.slow[firms].astype(int),
            powers=powers,
            decay=problem.decay(firms),
        )

    def incomes(self, config: int, quarters: int, firms: slice = slice(None)) -> Floats:
        """What a set and what is left of it are expected to earn in each coming quarter.

        Shape (quarters ahead, regime then in force, firm), of some firms of the block.
        """
        chances = self.decay.path(config, quarters, firms)[:quarters]
        profit = self.profit[list(self.decay.parts.left[config]), :, firms]
        incomes: Floats = np.einsum("tpn,psn->tsn", chances, profit)
        return incomes


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


@dataclass(frozen=True, eq=False)
class BlockMoves:
    """Some moves of some firms of a block.

    Attributes
    ----------
    leads : Leads
        Where they may lead.
    delay : ndarray of int, shape (end,)
        Which of the delays of `WorthOfMoves` it takes to get there.
    chances : ndarray, shape (end, firm)
        Of ending there.
    meanwhile : ndarray, shape (move, ..., regime, firm)
        What is earned until a move is completed, less its sunk cost.
    firms : slice
        Which of the block.
    """

    leads: Leads
    delay: Indices
    chances: Floats
    meanwhile: Floats
    firms: slice

    def seen_from(self, quarter: int) -> Self:
        """The same seen from one quarter alone, where the block knows of several."""
        return replace(self, meanwhile=self.meanwhile[:, quarter])

    def worth(self, reached: Floats) -> Floats:
        """Value of the moves, shape (move, ..., regime, firm).

        ``reached``, of shape (delay, config, ..., regime, firm), is from `WorthOfMoves.reached`.
        """
        ends = reached[self.delay, self.leads.lands][..., self.firms]
        ends *= self.chances.reshape(len(ends), *[1] * (ends.ndim - 2), -1)
        worth = self.leads.ends.add(ends)
        worth += self.meanwhile
        return worth


class WorthOfMoves:
    """What moves are worth to a block of firms, given values of the sets they lead to.

    Parameters
    ----------
    foresight : Foresight
    delays : ndarray of int
        Those of the moves that will be asked for.

    Attributes
    ----------
    delays : list of int
        Rising, without repetition; 0, which is always known, comes first.
    """

    def __init__(self, foresight: Foresight, delays: Indices) -> None:
        self.foresight = foresight
        self.delays: list[int] = np.union1d(0, delays).tolist()
        self._after = np.array([foresight.decay.after(delay) for delay in self.delays])

    def reached(self, powers: Floats, standing: Floats, opening: list[Floats]) -> Floats:
        """What sets are worth now if firms will have them when a move is completed.

        Parameters
        ----------
        powers : ndarray, shape (quarters ahead, regime, regime)
            Those of the foresight, as seen from now.
        standing : ndarray, shape (config, regime, firm)
            What sets will be worth next quarter, after this quarter's deaths.
        opening : list of ndarray, each of shape (config, regime, firm)
            What they will be worth after each delay but 0.

        Returns
        -------
        ndarray, shape (delay, config, regime, firm)
        """
        reached = np.empty((len(self.delays), *standing.shape))
        for row, delay, then in zip(reached, self.delays, [standing, *opening], strict=True):
            row[:] = foresee(powers[max(delay, 1)], then)
        return reached

    def moves(
        self, moves: tuple[Move, ...], firms: slice = slice(None), kind: int = 0
    ) -> BlockMoves:
        """Some moves, by set from and set to, of some firms of the block with the same delays."""
        leads = self.foresight.decay.parts.leads(moves)
        delays = self.foresight.delay[kind, leads.start, leads.target]
        which = np.searchsorted(self.delays, delays)
        left = self._after[which[leads.way], leads.pair, firms]
        chances = leads.chances.add(left)
        meanwhile = self._meanwhile(leads, delays, firms)
        return BlockMoves(leads, which[leads.move], chances, meanwhile, firms)

    def _meanwhile(self, leads: Leads, delays: Indices, firms: slice) -> Floats:
        """As of `BlockMoves`, given the delay of each move."""
        foresight, powers = self.foresight, self.foresight.powers
        profit = foresight.profit[leads.target][..., firms]
        seen_from = [1] * (powers.ndim - 3)
        earned = np.empty((len(profit), *powers.shape[:-3], *profit.shape[1:]))
        earned[:] = profit.reshape(len(profit), *seen_from, *profit.shape[1:])
        for start in np.unique(leads.start[delays > 0]).tolist():
            out = leads.start == start
            incomes = foresight.incomes(start, int(delays[out].max()), firms)
            for delay in np.unique(delays[out & (delays > 0)]).tolist():
                first = powers[..., :delay, :, :], incomes[:delay]
                earned[out & (delays == delay)] = np.einsum("...trs,tsn->...rn", *first)
        costs = foresight.costs[foresight.firms[firms, None], leads.start, leads.target]
        by_move = costs.transpose(1, 2, 0)
        earned -= by_move.reshape(len(by_move), *seen_from, *by_move.shape[1:])
        return earned

    def worth_to(self, config: Indices, reached: Floats) -> Floats:
        """Value of all moves from where each firm stands.

        Parameters
        ----------
        config : ndarray of int, shape (firm,)
            Rising; firms in the order of `PlantProblem.ordered`.
        reached : ndarray, shape (delay, config, ..., regime, firm)
            From `reached`.

        Returns
        -------
        ndarray, shape (config to, ..., regime, firm)
        """
        worth, delay = np.empty(reached.shape[1:]), self.foresight.delay
        # Only where kinds of firms differ in how long moves take are they told apart.
        differ = (delay[0] != delay[-1]).any(axis=1)
        for start, firms in spans(2 * config + differ[config] * self.foresight.kind):
            at, kind = divmod(start, 2)
            moves = tuple((at, target) for target in range(len(worth)))
            worth[..., firms] = self.moves(moves, firms, kind).worth(reached)
        return worth


def spans(config: Indices) -> Iterator[tuple[int, slice]]:
    """Every set in which firms stand and who stands there, if firms come in their order."""
    standing, starts = np.unique(config, return_index=True)
    ends = [*starts[1:].tolist(), len(config)]
    for at, start, end in zip(standing.tolist(), starts.tolist(), ends, strict=True):
        yield at, slice(start, end)
