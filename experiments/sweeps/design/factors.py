"""A factor: the values one key of a scenario takes over a sweep.

In a sweep file a factor is a list of values, a range ``{ from, to, steps }``, or a
distribution: ``{ uniform = [low, high] }``, ``{ loguniform = [low, high] }``,
``{ triangular = [low, mode, high] }`` or ``{ normal = [mean, deviation] }``.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.config.keys import shown
from abm.errors import ScenarioError
from experiments.sweeps.design.imported import IMPORTED

MOST_VALUES = 10_000

DISTRIBUTIONS = {"uniform": 2, "loguniform": 2, "triangular": 3, "normal": 2}
"""With the number of parameters each takes."""

_RANGE = {"from", "to", "steps"}

_ROUNDING = 12
"""Significant digits of a value that was computed; 0.1 seven times then reads 0.7."""


@dataclass(frozen=True)
class Factor:
    """Values listed, or a distribution to draw them from.

    Attributes
    ----------
    values : tuple
        As listed, or the steps of a range; empty for a distribution.
    distribution : str
        One of `DISTRIBUTIONS`; ``""`` for values that are listed, `IMPORTED` for those of a file.
    parameters : tuple of float
        Of the distribution.
    """

    values: tuple[Any, ...] = ()
    distribution: str = ""
    parameters: tuple[float, ...] = ()

    @staticmethod
    def words() -> set[str]:
        """Keys of a table that describes a factor."""
        return _RANGE | set(DISTRIBUTIONS)

    def check_design(self, key: str, kind: str) -> None:
        """Refuse a factor that a design cannot take values from."""
        if (self.distribution == IMPORTED) != (kind == IMPORTED):
            raise ScenarioError(
                f'factors."{key}": values of a file go with design = "file.csv", and no others do'
            )
        if kind in ("grid", "list") and not self.values:
            raise ScenarioError(
                f'factors."{key}": a {kind} needs a list or a range; '
                "a distribution goes with a design that samples"
            )
        if kind == "morris" and self.values and not self.distribution:
            raise ScenarioError(f'factors."{key}": morris needs a range or a distribution')

    def at(self, share: NDArray[np.float64]) -> list[Any]:
        """Return the values at shares of the distribution.

        Parameters
        ----------
        share : ndarray, shape (point,)
            Between 0 and 1. Of listed values each has an equal part of that.
        """
        if not self.distribution:
            last = len(self.values) - 1
            return [self.values[min(int(u * len(self.values)), last)] for u in share]
        frozen = _frozen(self.distribution, self.parameters)
        # The ends of an unbounded distribution are infinite; Morris asks for them.
        inside = share if np.isfinite(frozen.support()).all() else np.clip(share, 0.001, 0.999)
        return [_rounded(value) for value in frozen.ppf(inside)]


def read_factor(key: str, spec: Any, *, said: str = "", most: int = MOST_VALUES) -> Factor:
    """Return the factor that a sweep file describes.

    Parameters
    ----------
    key : str
    spec : object
    said : str, optional
        How complaints name it, where it is not from a sweep file.
    most : int
        Values that it may have.

    Raises
    ------
    ScenarioError
        If it is none, naming the key and what is allowed.
    """
    if spec == IMPORTED:
        return Factor((), IMPORTED)
    name = said or f'factors."{key}"'
    if isinstance(spec, list | tuple):
        return Factor(_listed(name, spec, most))
    if isinstance(spec, dict) and set(spec) == _RANGE:
        return _range(name, spec, most)
    if isinstance(spec, dict) and len(spec) == 1 and set(spec) <= set(DISTRIBUTIONS):
        ((kind, parameters),) = spec.items()
        return _distribution(name, kind, parameters)
    raise ScenarioError(
        f"{name} = {shown(spec)}: must be a list of values, {{ from, to, steps }}, "
        f"or one of {', '.join(DISTRIBUTIONS)}"
    )


def _listed(said: str, values: list[Any] | tuple[Any, ...], most: int) -> tuple[Any, ...]:
    if not 1 <= len(values) <= most:
        raise ScenarioError(f"{said}: must list 1 to {most} values")
    kept: list[Any] = []
    seen = set()
    for value in values:
        # A list, such as the lengths of a plant's stages, is one value.
        fixed = tuple(value) if isinstance(value, list) else value
        if isinstance(value, dict):
            raise ScenarioError(f"{said}: {shown(value)} is a table, not a value")
        if isinstance(value, float) and not isfinite(value):
            raise ScenarioError(f"{said}: {shown(value)} is not finite")
        if repr(fixed) in seen:
            raise ScenarioError(f"{said}: {shown(value)} is listed twice")
        seen.add(repr(fixed))
        kept.append(fixed)
    return tuple(kept)


def _range(said: str, spec: dict[str, Any], most: int) -> Factor:
    low, high = _numbers(said, [spec["from"], spec["to"]])
    steps = spec["steps"]
    if isinstance(steps, bool) or not isinstance(steps, int) or not 2 <= steps <= most:
        raise ScenarioError(f"{said}.steps = {shown(steps)}: must be a whole number, 2 to {most}")
    if not low < high:
        raise ScenarioError(f"{said}: from = {low:g} must be below to = {high:g}")
    values = tuple(_rounded(value) for value in np.linspace(low, high, steps))
    return Factor(values, "uniform", (low, high))


def _distribution(said: str, name: str, parameters: Any) -> Factor:
    expected = DISTRIBUTIONS[name]
    if not isinstance(parameters, list | tuple) or len(parameters) != expected:
        raise ScenarioError(f"{said}: {name} takes a list of {expected} numbers")
    numbers = _numbers(said, parameters)
    ordered = all(a <= b for a, b in pairwise(numbers))
    spread = numbers[1] > 0 if name == "normal" else ordered and numbers[0] < numbers[-1]
    if not spread or (name == "loguniform" and numbers[0] <= 0):
        allowed = {
            "normal": "a mean and a deviation above 0",
            "loguniform": "two numbers above 0, the lower first",
            "triangular": "low, mode and high in that order",
            "uniform": "two numbers, the lower first",
        }
        raise ScenarioError(f"{said}: {name} takes {allowed[name]}")
    return Factor((), name, numbers)


def _numbers(said: str, values: Any) -> tuple[float, ...]:
    for value in values:
        # A whole number of more than 308 digits is no float.
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or abs(value) > 1e300 or not isfinite(value):
            raise ScenarioError(f"{said}: {shown(value)} is not a finite number")
    return tuple(float(value) for value in values)


def _frozen(name: str, numbers: tuple[float, ...]) -> Any:
    from scipy import stats  # takes a second that grids need not wait

    if name == "uniform":
        return stats.uniform(numbers[0], numbers[1] - numbers[0])
    if name == "loguniform":
        return stats.loguniform(*numbers)
    if name == "triangular":
        low, mode, high = numbers
        return stats.triang((mode - low) / (high - low), low, high - low)
    return stats.norm(*numbers)


def _rounded(value: float) -> float:
    return float(f"{value:.{_ROUNDING}g}")
