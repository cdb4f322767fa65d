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

from abm.core.choice.parts_of_sets import Indices, Move, Parts

Booleans = NDArray[np.bool_]

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

    def keeping(self, layer: tuple[int, ...]) -> tuple[Move, ...]:
        """Moves from the sets of a layer that build nothing.

        First those from each set to its smallest part, then on, and last those to itself.
        """
        parts = zip(*(self.within[config] for config in layer), strict=True)
        return tuple(move for ends in parts for move in zip(layer, ends, strict=True))

    @cached_property
    def parts(self) -> Parts:
        """What may be left of every set when plants die."""
        return Parts(tuple((own[-1], *own[:-1]) for own in self.within), self.becomes)

    @cached_property
    def lasting(self) -> Parts:
        """What is left of every set when nothing dies: itself."""
        return Parts(tuple((config,) for config in range(len(self))), self.becomes)

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
