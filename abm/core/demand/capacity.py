"""Capacity of plants: what output beyond it earns within a quarter, and how it follows output.

A plant with capacity ``K`` that makes ``q`` sells at ``u`` times what a unit costs with its markup,

    log u = slope * log(q / K)  above K,      slack * slope * log(q / K)  below it,

steep above capacity and flat below, where there is slack. Cost is the same, so ``(u - 1) p q`` is
a rent of the owner, negative where prices fall. Demand falls in ``u``, so both are found together
within the quarter: with last quarter's ``u``, supply would swing back and forth where demand is
elastic and buyers quick. With ``q1`` what is demanded at ``u = 1`` everywhere, and ``e`` the
elasticity of demand within the quarter, a demand of constant elasticity gives

    log u = s * log(q1 / K) / (1 + s * e),

``s`` being the slope of the side of ``K`` on which ``q1`` lies, since output does not cross ``K``.
From there Newton's iteration goes on with the true demand, in which plants also gain by each
other's prices: with the elasticity of each to its own, and what plants do to each other learnt
from the steps before.

Capacity moves towards output wanted at ``u = 1``, when no plant is short and none has slack, by a
limited part a quarter. It shrinks by wear alone: of what wears out a plant replaces as much
as it still wants, and what it builds beyond that is expansion.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats

MAX_STEPS = 50
"""Far more than the few needed; reached only if demand does not fall in price."""

MEMORY = 2
"""Steps before the last from which is learnt what plants do to each other."""

type Demand = Callable[[Floats], Floats]
"""Output demanded of every plant, shape (firm, host), given all plants' ``u`` of that shape."""


@dataclass(frozen=True)
class SupplyCurve:
    """How prices respond to output beyond and below capacity.

    Attributes
    ----------
    slope : float
        Power of output over capacity with which ``u`` rises above capacity; 0 for a ``u`` of
        exactly 1 everywhere.
    slack : float
        Part of that power below capacity, between 0 and 1.
    """

    slope: float
    slack: float = 0.25

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, where supply would fall in price."""
        if not 0 <= self.slope < np.inf:
            raise ValueError(f"slope: {self.slope}; must be at least 0")
        if not 0 <= self.slack <= 1:
            raise ValueError(f"slack: {self.slack}; must be between 0 and 1")

    def power(self, log_use: Floats) -> Floats:
        """Power at output over capacity, given its logarithm."""
        power: Floats = np.where(log_use > 0, self.slope, self.slack * self.slope)
        return power

    def log_scarcity(self, log_use: Floats) -> Floats:
        """Logarithm of ``u`` at output over capacity, given its logarithm."""
        log_scarcity: Floats = self.power(log_use) * log_use
        return log_scarcity


def impact_elasticity(win: float, sigma: Floats) -> Floats:
    """Elasticity of a plant's final sales within the quarter, ``1 + win * (sigma - 1)``.

    Buyers who do not choose anew this quarter spend what they spent; what is sold under
    contract is fixed in quantity and has an elasticity of 0.

    Parameters
    ----------
    win : float
        Part of buyers that chooses its supplier anew in a quarter.
    sigma : ndarray
        Elasticity of substitution.

    Returns
    -------
    ndarray
        Of the shape of ``sigma``.
    """
    elasticity: Floats = 1 + win * (sigma - 1)
    return elasticity


@dataclass(frozen=True)
class Cleared:
    """Supply and demand of every plant in a quarter.

    Attributes
    ----------
    u : ndarray, shape (firm, host)
        Prices over costs with markup; 1 where there is no plant.
    output : ndarray, shape (firm, host)
        What is demanded at ``u``.
    wanted : ndarray, shape (firm, host)
        What would be if ``u`` were 1 for all plants together.
    gap : ndarray, shape (firm, host)
        By how much ``log u`` differs from what ``output`` asks for, not negative.
    """

    u: Floats
    output: Floats
    wanted: Floats
    gap: Floats


def clear(
    supply: SupplyCurve,
    capacity: Floats,
    demand: Demand,
    elasticity: Floats,
    tolerance: float = 1e-10,
) -> Cleared:
    """Prices and output at which supply meets demand in every plant.

    Parameters
    ----------
    supply : SupplyCurve
    capacity : ndarray, shape (firm, host)
        Units of output a quarter; 0 where there is no plant, whose ``u`` is 1.
    demand : callable
        Output demanded of every plant, given ``u``. It is called once more than there are steps.
    elasticity : ndarray, shape (firm, host)
        Of demand for each plant's output in its own ``u``, not negative. A poor guess costs steps,
        not precision.
    tolerance : float
        Gap in ``log u`` to be reached by every plant.

    Returns
    -------
    Cleared
        With a gap above ``tolerance`` only where no price within reach clears.
    """
    log_u: Floats = np.zeros_like(capacity)
    u: Floats = np.ones_like(capacity)
    output = wanted = demand(u)
    stands = (capacity > 0) & (output > 0)
    together = _Together()
    for _ in range(MAX_STEPS):
        log_use = _log_use(output, capacity, stands)
        gap = supply.log_scarcity(log_use) - log_u
        if not (np.abs(gap) > tolerance).any():
            break
        step = gap / (1 + supply.power(log_use) * elasticity)
        log_u = together.improve(log_u, step)
        u = np.exp(log_u)
        output = demand(u)
    remaining = supply.log_scarcity(_log_use(output, capacity, stands)) - log_u
    return Cleared(u, output, wanted, np.abs(remaining))


class _Together:
    """Steps that learn from those before what plants do to each other (Anderson 1965).

    Each plant's step takes the others' prices as given, so that all together overshoot or fall
    short by much the same factor from step to step. The combination of the last steps that
    would have left the least gap shows it.
    """

    def __init__(self) -> None:
        self._points: list[Floats] = []
        self._steps: list[Floats] = []

    def improve(self, point: Floats, step: Floats) -> Floats:
        """The next point, given the last one and what each plant would do alone."""
        self._points = [*self._points[-MEMORY:], point]
        self._steps = [*self._steps[-MEMORY:], step]
        if len(self._steps) == 1:
            return point + step
        turns = [later - earlier for earlier, later in pairwise(self._steps)]
        like = np.array([[_product(one, other) for other in turns] for one in turns])
        aim = np.array([_product(one, step) for one in turns])
        better = point + step
        weights = np.linalg.lstsq(like, aim, rcond=1e-12)[0]
        for weight, turn, ends in zip(weights, turns, pairwise(self._points), strict=True):
            better -= weight * (ends[1] - ends[0] + turn)
        return better


def _product(one: Floats, other: Floats) -> float:
    """Scalar product, of the same bytes and as fast however busy the machine is."""
    return float((one * other).sum())


def _log_use(output: Floats, capacity: Floats, stands: NDArray[np.bool_]) -> Floats:
    """Logarithm of output over capacity; 0 where there is no plant or nothing is asked of it."""
    use = np.divide(output, capacity, out=np.ones(capacity.shape), where=stands)
    log_use: Floats = np.log(np.maximum(use, np.finfo(np.float64).tiny))
    return log_use


def rent(u: Floats, price: Floats, output: Floats) -> Floats:
    """What owners earn by scarcity, ``(u - 1) * price * output``; negative where there is slack.

    Parameters
    ----------
    u, output : ndarray, shape (firm, host)
        From `clear`.
    price : ndarray, shape (firm, host)
        Cost of a unit with its markup.

    Returns
    -------
    ndarray, shape (firm, host)
        What buyers pay in addition.
    """
    earned: Floats = (u - 1) * price * output
    return earned


@dataclass(frozen=True)
class Pace:
    """How fast capacity changes, a quarter.

    Attributes
    ----------
    rise : float
        Largest part by which capacity grows.
    wear : float
        Part that wears out, hence the largest by which it shrinks.
    """

    rise: float = 0.12
    wear: float = 0.02

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, where capacity would turn negative."""
        if not self.rise >= 0:
            raise ValueError(f"rise: {self.rise}; must be at least 0")
        if not 0 <= self.wear <= 1:
            raise ValueError(f"wear: {self.wear}; must be between 0 and 1")


@dataclass(frozen=True)
class Investment:
    """Capacity after a quarter, and what was built in it, in units of output a quarter.

    Attributes
    ----------
    capacity : ndarray, shape (firm, host)
    replacement, expansion, new : ndarray, shape (firm, host)
        Built in place of what wore out, beyond it, and as new plants: three kinds of
        investment, of which one or two are above 0 in a plant.
    """

    capacity: Floats
    replacement: Floats
    expansion: Floats
    new: Floats

    def paid(self, price: Floats, build_cost: float) -> "Investment":
        """What each kind costs, and what all capacity would, in the units of ``price``.

        Parameters
        ----------
        price : ndarray, shape (firm, host)
            Of a unit of output.
        build_cost : float
            Of a plant, in years of its sales.
        """
        a_unit = 4 * build_cost * price
        return Investment(
            self.capacity * a_unit,
            self.replacement * a_unit,
            self.expansion * a_unit,
            self.new * a_unit,
        )


def invest(capacity: Floats, wanted: Floats, opening: Floats, pace: Pace) -> Investment:
    """Capacity that follows output wanted.

    Parameters
    ----------
    capacity : ndarray, shape (firm, host)
        Before; 0 where no plant stood.
    wanted : ndarray, shape (firm, host)
        Output demanded of each plant if ``u`` were 1 for all together; 0 where none stands now.
    opening : ndarray, shape (firm, host)
        Capacity with which plants open this quarter, what they will want after their build-up; 0
        elsewhere.
    pace : Pace

    Returns
    -------
    Investment
        Closed plants, which stand no longer and are wanted by nobody, keep what does not wear
        out within the quarter: to let it go at once set ``capacity`` to 0 there.
    """
    worn = (1 - pace.wear) * capacity
    after = np.clip(wanted, worn, (1 + pace.rise) * capacity)
    opens = opening > 0
    return Investment(
        capacity=np.where(opens, opening, after),
        replacement=np.where(opens, 0.0, np.minimum(after, capacity) - worn),
        expansion=np.where(opens, 0.0, np.maximum(after - capacity, 0.0)),
        new=opening.copy(),
    )
