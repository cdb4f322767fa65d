"""What firms may do in a quarter, the luck that chance brings them, and what they then decide."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_CONFIGS
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import MoveValues
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.building import Building, Held
from abm.economy.tables import Array

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class DrawnLuck:
    """What chance brings some firms in a quarter.

    Attributes
    ----------
    strikes : ndarray of bool, shape (firm,)
        Whether the firm comes upon an opportunity and, if it builds nothing, reviews its plants.
    held : Held
        Opportunities from before that did not pass.
    building : ndarray, shape (firm, config + 1)
        Standard draws of luck with each set, and last with going on as it is.
    keeping : ndarray, shape (firm, config)
        Standard draws of luck with each set that a review may end with.
    """

    strikes: NDArray[np.bool_]
    held: Held
    building: Array
    keeping: Array

    @classmethod
    def none(cls, firms: int) -> Self:
        """Nothing happens."""
        return cls(
            np.zeros(firms, np.bool_),
            Held.none(firms),
            np.zeros((firms, N_CONFIGS + 1)),
            np.zeros((firms, N_CONFIGS)),
        )

    def take(self, firms: Rows) -> Self:
        """That of some firms."""
        return type(self)(
            self.strikes[firms], self.held.take(firms), self.building[firms], self.keeping[firms]
        )


@dataclass(frozen=True)
class Decisions:
    """What some firms decide, in quarters of profit.

    Attributes
    ----------
    choice : ndarray of int, shape (firm,)
        The set decided on; the present one where nothing is.
    luck : ndarray, shape (firm,)
        What spoke for it beside its worth; 0 where nothing is decided.
    held, held_luck : ndarray, shape (firm,)
        Opportunity that waits for better days, `ABSENT` without one, and its luck.
    option : ndarray, shape (firm,)
        What that is worth.
    """

    choice: Indices
    luck: Floats
    held: Indices
    held_luck: Floats
    option: Floats


@dataclass(frozen=True)
class MayDo:
    """What some firms may do this quarter, before luck says what they do.

    Attributes
    ----------
    firms : ndarray of int, shape (firm,)
        Which of those that decide.
    config : ndarray of int, shape (firm,)
        Where they stand.
    building : Building
    moves : MoveValues
    keep_noise : float
    """

    firms: Rows
    config: Rows
    building: Building
    moves: MoveValues
    keep_noise: float

    def take(self, which: Rows) -> Self:
        """The same of some of them."""
        building, moves = self.building.take(which), self.moves.take(which)
        return type(self)(self.firms[which], self.config[which], building, moves, self.keep_noise)

    def decide(self, luck: DrawnLuck) -> Decisions:
        """What they decide with the luck that each has."""
        config, building = self.config, self.building
        drawn = building.draw(luck.building).only(luck.strikes)
        held = building.after_draws(luck.held, drawn)
        builds = building.ready(held)
        noise = self.keep_noise * luck.keeping
        kept, kept_luck = _reviewed(self.moves, config, building.regime, noise)
        reviews = luck.strikes & ~builds
        choice = np.where(builds, held.target, np.where(reviews, kept, config))
        waits = held.only(~builds & (choice == config))
        return Decisions(
            choice,
            np.where(builds, held.luck, np.where(reviews & (kept != config), kept_luck, 0.0)),
            waits.target,
            waits.luck,
            building.worth(waits),
        )


def _reviewed(moves: MoveValues, config: Rows, regime: int, luck: Array) -> tuple[Rows, Array]:
    """The set that a review which brings no building ends with, and the luck that spoke for it."""
    each = np.arange(len(config))
    worth = np.where(moves.builds, -np.inf, moves.worth[..., regime] + luck)
    kept = worth.argmax(axis=1)
    return kept, luck[each, kept] - luck[each, config]
