"""What may be left of sets of plants, and where moves then lead, as lists of terms to be summed.

There are a few dozen of such terms, each an array over firms. One operation for all of them costs
little more than one for each of them alone if firms are few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats

Indices = NDArray[np.integer]
Move = tuple[int, int]
"""Set from and set to."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of rows of an array, in as many operations as the longest sum has terms.

    Terms come in rounds: first one of every sum, then a second one of all that have another, and
    so on.

    Attributes
    ----------
    count : int
        How many sums, each of one term at least.
    rounds : tuple
        After the first one: which sums have another term, and the rows of these terms.
    """

    count: int
    rounds: tuple[tuple[slice | Indices, slice], ...]

    @classmethod
    def of(cls, owners: Sequence[int] | Indices) -> tuple[Indices, Self]:
        """The order in which terms are to come, and their sums.

        ``owners`` is rising: the sum that each term belongs to.
        """
        owner = np.asarray(owners)
        turn = np.arange(len(owner)) - np.searchsorted(owner, owner)
        order = np.lexsort((owner, turn))
        ends = np.cumsum(np.bincount(turn)).tolist()
        rows = [slice(begin, end) for begin, end in pairwise(ends)]
        return order, cls(ends[0], tuple((_as_slice(owner[order[some]]), some) for some in rows))

    def add(self, terms: Floats) -> Floats:
        """The sums, shape (sum, ...), in place of the terms of the first round."""
        total = terms[: self.count]
        for which, rows in self.rounds:
            total[which] += terms[rows]
        return total


def _as_slice(places: Indices) -> slice | Indices:
    """Rising places as a slice if they follow each other, which makes views of arrays."""
    first, last = int(places[0]), int(places[-1])
    return slice(first, last + 1) if last - first + 1 == len(places) else places


@dataclass(frozen=True, eq=False)
class Leads:
    """Where some moves may lead: ways to the sets in which they may end.

    Attributes
    ----------
    start, target : ndarray of int, shape (move,)
    pair : ndarray of int, shape (way,)
        Which of the pairs of `Parts` says what is left of ``start`` on this way.
    way : ndarray of int, shape (way,)
        The move whose way it is.
    chances : Sums
        Of ways that end alike.
    lands : ndarray of int, shape (end,)
        The set that a firm then has.
    move : ndarray of int, shape (end,)
        The move that ends so.
    ends : Sums
        Of ends of a move.
    """

    start: Indices
    target: Indices
    pair: Indices
    way: Indices
    chances: Sums
    lands: Indices
    move: Indices
    ends: Sums


@dataclass(frozen=True, eq=False)
class Parts:
    """All pairs of a set and what may be left of it.

    Each set with itself comes first, in the order of sets; all others follow.

    Attributes
    ----------
    left : tuple of tuple of int
        Of every set what may be left, the set itself first.
    becomes : ndarray of int, shape (config from, config to, config left)
        As of `abm.core.choice.sets.Sets`.
    """

    left: tuple[tuple[int, ...], ...]
    becomes: Indices

    @cached_property
    def _listed(self) -> tuple[Indices, Indices, Sums]:
        """Sets and parts of the pairs, and sums over the parts of a set."""
        whole = np.repeat(np.arange(len(self.left)), [len(left) for left in self.left])
        order, sums = Sums.of(whole)
        return whole[order], np.concatenate(self.left)[order], sums

    @property
    def whole(self) -> Indices:
        """Set of every pair, shape (pair,)."""
        return self._listed[0]

    @property
    def part(self) -> Indices:
        """What is left of it, shape (pair,)."""
        return self._listed[1]

    @property
    def sums(self) -> Sums:
        """Over the parts of every set."""
        return self._listed[2]

    @cached_property
    def number(self) -> dict[tuple[int, int], int]:
        """Which pair it is, by set and part."""
        pairs = zip(self.whole.tolist(), self.part.tolist(), strict=True)
        return {pair: number for number, pair in enumerate(pairs)}

    def pairs(self, configs: Sequence[int]) -> Indices:
        """The pairs of some sets with equally many parts, shape (part, set)."""
        return np.array([[self.number[c, part] for part in self.left[c]] for c in configs]).T

    @cached_property
    def steps(self) -> tuple[Indices, Indices, Sums]:
        """How pairs follow from pairs: parts of the parts of a set are parts of the set.

        Two of shape (step,), the first and the second pair of every step, and sums over the steps
        that end with the same pair.
        """
        number = self.number
        steps = [
            (end, number[whole, between], number[between, part])
            for (whole, part), end in number.items()
            for between in self.left[whole]
            if (between, part) in number
        ]
        end, first, second = np.array(steps).T
        order, sums = Sums.of(end)
        return first[order], second[order], sums

    @cached_property
    def _leads(self) -> dict[tuple[Move, ...], Leads]:
        """What was found by `leads`."""
        return {}

    def leads(self, moves: tuple[Move, ...]) -> Leads:
        """Where some moves may lead."""
        if moves not in self._leads:
            self._leads[moves] = self._find(moves)
        return self._leads[moves]

    def _find(self, moves: tuple[Move, ...]) -> Leads:
        ways = sorted(
            (move, int(self.becomes[start, target, part]), self.number[start, part])
            for move, (start, target) in enumerate(moves)
            for part in self.left[start]
        )
        ends = sorted({way[:2] for way in ways})
        order, of_move = Sums.of([move for move, _ in ends])
        place = {ends[old]: new for new, old in enumerate(order.tolist())}
        ways.sort(key=lambda way: place[way[:2]])
        by_turn, alike = Sums.of([place[way[:2]] for way in ways])
        way, _, pair = np.array(ways)[by_turn].T
        move, lands = np.array(ends)[order].T
        start, target = np.array(moves).T
        return Leads(start, target, pair, way, alike, lands, move, of_move)
