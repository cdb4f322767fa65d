"""How long moves take, by what they are, and which projects survive bad news.

A plant on a new site takes years; moving a model into a plant that stands, as a firm does that
closes one plant and leaves its work to sisters, takes less; closing the last one is over soonest.
A firm that is founded, most of them small, takes less time than a plant abroad.
Each kind has a clock of its own: stages, their quarters, and the part of the cost each sinks.

A project was begun because luck with it was good enough. Say its surplus over being cancelled was
``s`` then, luck left out, and luck is logistic of scale ``noise``. News that lower the surplus to
``s - fall`` leave alone those whose luck was better by that, which are a part

    (1 + exp(-s / noise)) / (1 + exp(-(s - fall) / noise))

of them. Where few firms begin such projects, ``s`` far below 0, that is ``exp(-fall / noise)``,
which needs no memory of ``s``: what is left of an exponential tail looks like all of it. Where
nothing is known of luck when it began, ``s`` without bound, it is the chance of going on of
`abm.core.choice.projects.continue_or_cancel`.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.special import log_expit

from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.sets import Booleans, Sets
from abm.core.inputs.content_rules import Floats


class Kind(IntEnum):
    """What a move is, by what takes longest in it."""

    NONE = 0
    CLOSING = 1
    STANDING_PLANT = 2
    FOUNDING = 3
    NEW_PLANT = 4


@dataclass(frozen=True)
class Clock:
    """The stages of moves of a kind.

    Attributes
    ----------
    quarters : tuple of int
        Of each stage, at least 1; none where a move is made at once.
    cost_shares : tuple of float
        Part of the cost that each sinks as it begins, 1 in sum; none as above.
    """

    quarters: tuple[int, ...] = ()
    cost_shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where stages make no sense."""
        if len(self.quarters) != len(self.cost_shares):
            raise ValueError("cost_shares: not as many as quarters")
        if any(quarters < 1 for quarters in self.quarters):
            raise ValueError(f"quarters: {self.quarters}; each must be at least 1")
        if self.quarters and not np.isclose(sum(self.cost_shares), 1, rtol=0, atol=1e-9):
            raise ValueError(f"cost_shares: {sum(self.cost_shares):.6g} in sum, must be 1")

    @property
    def delay(self) -> int:
        """Quarters from the decision to the end."""
        return sum(self.quarters)

    def still_to_pay(self, discount: float) -> Floats:
        """Present value, on entering each stage and after the last, of all that is to be paid.

        Shape (stage + 1,), share of the undiscounted cost; of a move made at once all of it.
        """
        if not self.quarters:
            return np.array([1.0, 0.0])
        remaining = [0.0]
        for share, quarters in zip(
            reversed(self.cost_shares), reversed(self.quarters), strict=True
        ):
            remaining.append(share + discount**quarters * remaining[-1])
        return np.array(remaining[::-1])


@dataclass(frozen=True)
class Clocks:
    """A clock for each kind of move.

    Attributes
    ----------
    new_plant, standing_plant, closing : Clock
    founding : Clock, optional
        Of firms that are founded; that of a new plant unless given.
    """

    new_plant: Clock
    standing_plant: Clock = Clock()
    closing: Clock = Clock()
    founding: Clock | None = None

    def of(self, kind: int) -> Clock:
        """That of a kind; staying takes no time."""
        founding = self.new_plant if self.founding is None else self.founding
        by_kind = (Clock(), self.closing, self.standing_plant, founding, self.new_plant)
        return by_kind[kind]

    def delays(self, sets: Sets, founds: bool = False) -> Indices:
        """Quarters until each move is completed, shape (config from, config to)."""
        each = np.array([self.of(kind).delay for kind in Kind])
        delays: Indices = each[kinds(sets, founds)]
        return delays

    def weights(self, sets: Sets, discount: float, founds: bool = False) -> Floats:
        """Present value of each move's cost as of the decision, shape (config from, config to).

        Share of the undiscounted cost.
        """
        each = np.array([self.of(kind).still_to_pay(discount)[0] for kind in Kind])
        weights: Floats = each[kinds(sets, founds)]
        return weights


def kinds(sets: Sets, founds: bool = False) -> Indices:
    """What each move is, shape (config from, config to), of `Kind`.

    A move that opens a plant is as slow as that; one that only closes plants lets sisters that
    stand take over their models, unless it closes all.

    Parameters
    ----------
    sets : Sets
    founds : bool
        Whether firms without a plant are not there at all, so that they found one.
    """
    shrinks = ~sets.opens & ~np.eye(len(sets), dtype=bool)
    to_sisters = shrinks & (sets.size > 0)
    founded = sets.opens & (sets.size == 0)[:, None] & founds
    kind: Indices = np.select(
        [founded, sets.opens, to_sisters, shrinks],
        [Kind.FOUNDING, Kind.NEW_PLANT, Kind.STANDING_PLANT, Kind.CLOSING],
    )
    return kind


def survival_of_news(
    fall: Floats, noise: float, early: Booleans, surplus: Floats | None = None
) -> Floats:
    """Probability that a project outlives what a quarter's news do to its value.

    Parameters
    ----------
    fall : ndarray, shape (project,)
        By how much going on is worth less, against cancelling, than a quarter before.
    noise : float
        Scale of the luck with which projects are begun.
    early : ndarray of bool, shape (project,)
        Whether so little is spent that news can end it; all others survive.
    surplus : ndarray, shape (project,), optional
        What going on was worth over cancelling a quarter before, luck left out; by default far
        below 0.

    Returns
    -------
    ndarray, shape (project,)
        1 where value has not fallen. Without noise no project survives a fall, except that one
        whose surplus is known goes on as long as that is not negative.
    """
    lost = np.maximum(fall, 0.0)
    if noise == 0:
        survives = (lost == 0) if surplus is None else (lost == 0) | (surplus - lost >= 0)
        survival = survives.astype(np.float64)
    elif surplus is None:
        survival = np.exp(-lost / noise)
    else:
        # In logarithms, since both chances may underflow.
        before, now = surplus / noise, (surplus - lost) / noise
        survival = np.exp(log_expit(now) - log_expit(before))
    result: Floats = np.where(early, survival, 1.0)
    return result
