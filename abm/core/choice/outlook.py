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
from functools import cached_property
from typing import Self

import numpy as np

from abm.core.blocks import blocks
from abm.core.choice.attrition import attrition
from abm.core.choice.location import BLOCK_ENTRIES, LocationProblem, discounted_powers, firms_last
from abm.core.choice.sets import Indices, Sets
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

    def outlooks(self, entries: int | None = None) -> Iterator[tuple[slice, "Outlook"]]:
        """The problem cut into blocks of firms.

        Parameters
        ----------
        entries : int, optional
            Numbers a firm that the caller works on at once; by default a choice value each.
        """
        firms, configs, regimes = self.location.profit.shape
        entries = entries or configs**2 * regimes
        for rows in blocks(firms, max(1, BLOCK_ENTRIES // entries)):
            yield rows, Outlook.of(self.take(rows))

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
    """

    sets: Sets
    left: Floats | None

    @classmethod
    def of(cls, problem: PlantProblem) -> Self:
        """That of the firms of a problem."""
        if problem.deaths is None or problem.home is None:
            return cls(problem.sets, None)
        return cls(
            problem.sets, firms_last(attrition(problem.deaths, problem.home, problem.sets))
        )

    def parts(self, config: int) -> tuple[int, ...]:
        """What may be left of a set, the set itself last."""
        return (config,) if self.left is None else self.sets.within[config]

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

    @cached_property
    def _paths(self) -> dict[int, list[dict[int, Floats | float]]]:
        """What was found by `path`."""
        return {}

    def path(self, config: int, quarters: int) -> list[dict[int, Floats | float]]:
        """Probabilities, by part, of what is left of a set after 0, 1, ... ``quarters`` quarters.

        Each is an array of shape (firm,), or 1 where nothing dies.
        """
        path = self._paths.setdefault(config, [{config: 1.0}])
        while len(path) <= quarters:
            path.append(path[0] if self.left is None else self._shrunk(config, path[-1]))
        return path

    def _shrunk(self, config: int, before: dict[int, Floats | float]) -> dict[int, Floats | float]:
        """Probabilities of what is left one quarter later."""
        assert self.left is not None
        after: dict[int, Floats | float] = {}
        for between, chance in before.items():
            for rest in self.sets.within[between]:
                reached = chance * self.left[between, rest]
                after[rest] = after[rest] + reached if rest in after else reached
        return after


@dataclass(frozen=True, eq=False)
class Outlook:
    """A block of firms' prospects, as arrays whose last axis is the firm.

    Attributes
    ----------
    sets : Sets
    profit : ndarray, shape (config, regime, firm)
    cost : ndarray, shape (config to, config from, regime or 1, firm)
    delay : ndarray of int, shape (config from, config to)
    powers : ndarray, shape (quarters ahead, belief, regime, regime)
        Discounted transitions to the quarters ahead, this quarter first.
    belief : ndarray of int, shape (firm,)
    decay : Decay
    """

    sets: Sets
    profit: Floats
    cost: Floats
    delay: Indices
    powers: Floats
    belief: Indices
    decay: Decay

    @classmethod
    def of(cls, problem: PlantProblem, powers: Floats | None = None) -> Self:
        """The prospects of the firms of a problem.

        ``powers`` are by default those of its ``transitions``, the same in every quarter.
        """
        location = problem.location
        if powers is None:
            longest = max(1, int(location.build_delay.max()))
            powers, _ = discounted_powers(location.transitions, location.discount, longest)
        return cls(
            sets=problem.sets,
            profit=firms_last(location.profit),
            cost=location.cost_by_regime.transpose(2, 1, 3, 0),
            delay=location.build_delay,
            powers=powers,
            belief=location.belief,
            decay=Decay.of(problem),
        )

    @cached_property
    def _ahead(self) -> dict[int, Floats]:
        """What was found by `ahead`."""
        return {}

    def ahead(self, quarters: int) -> Floats:
        """Discounted transitions to some quarter ahead, shape (regime, regime, firm)."""
        if quarters not in self._ahead:
            by_belief = np.ascontiguousarray(self.powers[quarters].transpose(1, 2, 0))
            self._ahead[quarters] = by_belief.take(self.belief, axis=-1)
        return self._ahead[quarters]

    def earned(self, config: int, delays: set[int]) -> dict[int, Floats]:
        """What a set and what is left of it earn until moves with each delay are completed.

        Shape (regime, firm), by delay.
        """
        longest = max(delays)
        total = np.zeros(self.profit.shape[1:])
        result: dict[int, Floats] = {}
        for quarter, left in enumerate(self.decay.path(config, longest)[:longest]):
            now = np.zeros_like(total)
            for part, chance in left.items():
                now += chance * self.profit[part]
            total += now if quarter == 0 else foresee(self.ahead(quarter), now)
            if quarter + 1 in delays:
                result[quarter + 1] = total.copy()
        return result


def foresee(chain: Floats, values: Floats) -> Floats:
    """Values expected as policy may change.

    Parameters
    ----------
    chain : ndarray, shape (regime, next regime, firm)
    values : ndarray, shape (..., next regime, firm)

    Returns
    -------
    ndarray, shape (..., regime, firm)
    """
    regimes = len(chain)
    result = np.zeros((*values.shape[:-2], regimes, values.shape[-1]))
    # Transitions that nobody thinks possible are many where policy runs along a line of dates.
    for regime, after in np.argwhere(chain.any(axis=2)):
        result[..., regime, :] += chain[regime, after] * values[..., after, :]
    return result


class Prospects:
    """What moves are worth to a block of firms, given values of the sets they lead to.

    Values may be made known set by set, from the smallest upwards, by `learn`.

    Parameters
    ----------
    outlook : Outlook
    delays : set of int
        Those of the moves that will be asked for; 0 is always known.
    """

    def __init__(self, outlook: Outlook, delays: set[int]) -> None:
        self.outlook = outlook
        self._delays = delays - {0}
        self._standing = np.empty_like(outlook.profit)
        self._opening = {delay: np.empty_like(outlook.profit) for delay in self._delays}
        self._earned: dict[int, dict[int, Floats]] = {}

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
        outlook, known = self.outlook, list(sets)
        expected = outlook.decay.expected(values, sets)
        self._standing[known] = foresee(outlook.ahead(1), expected)
        for delay, reached in self._opening.items():
            then = values if opening is None else opening[delay]
            reached[known] = foresee(outlook.ahead(delay), then[known])

    def worth(self, config: int, target: int) -> Floats:
        """Value of one move, shape (regime, firm)."""
        outlook = self.outlook
        delay = int(outlook.delay[config, target])
        worth: Floats
        if delay == 0:
            worth = outlook.profit[target] + self._standing[target]
        else:
            if config not in self._earned:
                own = set(outlook.delay[config].tolist()) & self._delays
                self._earned[config] = outlook.earned(config, own)
            becomes = outlook.sets.becomes[config, target]
            worth = self._earned[config][delay].copy()
            for part, chance in outlook.decay.path(config, delay)[delay].items():
                worth += chance * self._opening[delay][becomes[part]]
        worth -= outlook.cost[target, config]
        return worth
