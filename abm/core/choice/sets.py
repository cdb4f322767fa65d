"""Sets of plants: which leads to which when plants are built, closed, or die.

A move from set ``c`` to set ``c'`` either stays within ``c``, so that plants are kept or closed,
or opens at least one plant that ``c`` lacks. When only ``d`` is left of ``c`` by the time a move
that takes time is completed, the firm has what was to be kept of ``d`` and the new plants:

    (d & c') | (c' - c).

So from a set only smaller ones are reached unless something is built, and values of sets can be
found from the smallest upwards.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Booleans = NDArray[np.bool_]
Indices = NDArray[np.integer]

ABSENT = -1
"""In place of a set that is not among the configurations."""


@dataclass(frozen=True, eq=False)
class Sets:
    """The configurations that firms may have.

    Attributes
    ----------
    has_plant : ndarray of bool, shape (config, host)
        All different.
    """

    has_plant: Booleans

    def __post_init__(self) -> None:
        """Raise ValueError where a set comes twice."""
        if len(np.unique(self._codes)) < len(self.has_plant):
            raise ValueError("has_plant: a set comes twice")

    def __len__(self) -> int:
        return len(self.has_plant)

    @cached_property
    def _codes(self) -> Indices:
        """One number a set."""
        return self.has_plant @ (1 << np.arange(self.has_plant.shape[1]))

    @cached_property
    def size(self) -> Indices:
        """Plants of every set, shape (config,)."""
        return self.has_plant.sum(axis=1)

    @cached_property
    def opens(self) -> Booleans:
        """Whether a move adds a plant, shape (config from, config to)."""
        opens: Booleans = (~self.has_plant[:, None] & self.has_plant[None]).any(axis=2)
        return opens

    @cached_property
    def within(self) -> tuple[tuple[int, ...], ...]:
        """Of every set those that it contains, the smallest first and the set itself last."""
        # The smaller the earlier; nothing that a set contains is as large as the set itself.
        rising = np.argsort(self.size, kind="stable")
        return tuple(tuple(rising[~row[rising]].tolist()) for row in self.opens)

    @cached_property
    def layers(self) -> tuple[tuple[int, ...], ...]:
        """Sets of the same size that have equally many parts, the smallest first."""
        kinds = [
            (int(size), len(parts)) for size, parts in zip(self.size, self.within, strict=True)
        ]
        return tuple(
            tuple(config for config, other in enumerate(kinds) if other == kind)
            for kind in sorted(set(kinds))
        )

    def closings(self, layer: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Moves from sets of a layer to their parts: from all sets to their first part, then on."""
        parts = [self.within[config][:-1] for config in layer]
        return tuple(
            move for ends in zip(*parts, strict=True) for move in zip(layer, ends, strict=True)
        )

    @cached_property
    def parts(self) -> "Parts":
        """What may be left of every set when plants die."""
        return Parts(self, tuple((own[-1], *own[:-1]) for own in self.within))

    @cached_property
    def lasting(self) -> "Parts":
        """What is left of every set when nothing dies: itself."""
        return Parts(self, tuple((config,) for config in range(len(self))))

    @cached_property
    def becomes(self) -> Indices:
        """The set a move leads to when only a part is left of the first one by then.

        Shape (config from, config to, config left); `ABSENT` where that is not a part, or where
        the firm would end in a set that is none of the configurations.
        """
        has = self.has_plant
        new = ~has[:, None] & has[None]
        found = (has[None, None] & has[None, :, None]) | new[:, :, None]
        codes = found @ (1 << np.arange(has.shape[1]))
        order = np.argsort(self._codes)
        place = np.searchsorted(self._codes[order], codes).clip(max=len(self) - 1)
        known = order[place]
        part = ~self.opens[:, None]
        is_known = (self._codes[known] == codes) & part
        becomes: Indices = np.where(is_known, known, ABSENT)
        return becomes

    @cached_property
    def is_closed(self) -> bool:
        """Whether all that is left when any plants die is a configuration again."""
        hosts = self.has_plant.any(axis=0).sum()
        return len(self) == 2**hosts


@dataclass(frozen=True, eq=False)
class Parts:
    """Pairs of a set and what may be left of it, in one list, so that one operation serves all.

    Pairs of a set follow each other.

    Attributes
    ----------
    sets : Sets
    left : tuple of tuple of int
        Of every set what may be left, the set itself first.
    """

    sets: Sets
    left: tuple[tuple[int, ...], ...]

    @cached_property
    def whole(self) -> Indices:
        """Shape (pair,)."""
        return np.repeat(np.arange(len(self.left)), [len(left) for left in self.left])

    @cached_property
    def part(self) -> Indices:
        """Shape (pair,)."""
        return np.concatenate(self.left)

    @cached_property
    def begins(self) -> Indices:
        """First pair of every set, that with itself; shape (config,)."""
        return np.flatnonzero(self.whole == self.part)

    def of(self, config: int) -> slice:
        """The pairs of a set."""
        begin = int(self.begins[config])
        return slice(begin, begin + len(self.left[config]))

    @cached_property
    def _number(self) -> dict[tuple[int, int], int]:
        """Which pair it is, by set and part."""
        pairs = zip(self.whole.tolist(), self.part.tolist(), strict=True)
        return {pair: number for number, pair in enumerate(pairs)}

    @cached_property
    def steps(self) -> tuple[Indices, Indices, Indices]:
        """How pairs follow from pairs: what is left of what is left of a set.

        Two of shape (step,), the pairs that make each step, and one of shape (pair,): the first
        of the steps that end with each pair.
        """
        number = self._number
        steps = [
            (number[whole, between], number[between, part], end)
            for (whole, part), end in number.items()
            for between in self.left[whole]
            if (between, part) in number
        ]
        before, then, end = np.array(steps).T
        return before, then, np.searchsorted(end, np.arange(len(number)))

    @cached_property
    def _leads(self) -> dict[tuple[tuple[int, int], ...], "Leads"]:
        """What was found by `leads`."""
        return {}

    def leads(self, moves: tuple[tuple[int, int], ...]) -> "Leads":
        """Where some moves may lead, by set from and set to."""
        if moves not in self._leads:
            becomes, number = self.sets.becomes, self._number
            ways = sorted(
                (move, int(becomes[start, target, part]), number[start, part])
                for move, (start, target) in enumerate(moves)
                for part in self.left[start]
            )
            move, lands, pair = np.array(ways).T
            first = np.flatnonzero(np.diff(move, prepend=-1) | np.diff(lands, prepend=-1))
            start, target = np.array(moves).T
            begins = np.searchsorted(move[first], np.arange(len(moves)))
            self._leads[moves] = Leads(
                start, target, pair, move, first, move[first], lands[first], begins
            )
        return self._leads[moves]


@dataclass(frozen=True, eq=False)
class Leads:
    """Where some moves may lead: ways to the sets where they may land.

    Attributes
    ----------
    start, target : ndarray of int, shape (move,)
    pair, of_way : ndarray of int, shape (way,)
        The pair of `Parts` that says what is left of ``start`` on this way, and its move.
    ways : ndarray of int, shape (landing,)
        First of the ways that lead to a landing.
    move, lands : ndarray of int, shape (landing,)
        The move, and the set that the firm then has.
    begins : ndarray of int, shape (move,)
        First of the landings of a move.
    """

    start: Indices
    target: Indices
    pair: Indices
    of_way: Indices
    ways: Indices
    move: Indices
    lands: Indices
    begins: Indices
