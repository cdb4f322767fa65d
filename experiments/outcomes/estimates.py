"""Intervals over seeds, and whether they lie where a finding says."""

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from abm.economy.tables import Array
from experiments.outcomes.intervals import interval


@dataclass(frozen=True)
class Estimate:
    """A number from the model, with its interval over seeds.

    Attributes
    ----------
    label, unit : str
    mean, low, high : float
        Student's t interval of the mean, of 95%.
    expected : tuple of float or None
        Open interval in which the finding says that it lies; None for a number that is
        shown and not judged.
    published : float or None
        The published figure, where there is one.
    """

    label: str
    unit: str
    mean: float
    low: float
    high: float
    expected: tuple[float, float] | None = None
    published: float | None = None

    @property
    def agrees(self) -> bool:
        """Whether the whole interval lies where it is expected; true of what is not judged."""
        if self.expected is None:
            return True
        return self.expected[0] < self.low and self.high < self.expected[1]

    @property
    def text(self) -> str:
        """As ``-0.42% (-0.50 to -0.33)``."""
        mean, low, high = (_significant(number) for number in (self.mean, self.low, self.high))
        return f"{mean}{self.unit} ({low} to {high})"


def estimate(
    label: str,
    draws: Array,
    unit: str = "",
    expected: tuple[float, float] | None = None,
    published: float | None = None,
) -> Estimate:
    """Mean and interval of one number a seed.

    Parameters
    ----------
    label, unit : str
    draws : ndarray, shape (seed,)
        At least two.
    expected : tuple of float, optional
        Open interval; use `above`, `below` or two numbers.
    published : float, optional

    Returns
    -------
    Estimate
    """
    found = interval(draws)
    return Estimate(label, unit, found.mean, found.low, found.high, expected, published)


def above(bound: float) -> tuple[float, float]:
    """Anything greater."""
    return (bound, inf)


def below(bound: float) -> tuple[float, float]:
    """Anything less."""
    return (-inf, bound)


def order_of_magnitude(figure: float) -> tuple[float, float]:
    """Within a factor of the square root of ten of a figure, on its side of zero."""
    edges = sorted((figure / np.sqrt(10), figure * np.sqrt(10)))
    return (float(edges[0]), float(edges[1]))


def expectation(bounds: tuple[float, float]) -> str:
    """In words: ``above 0``, ``below 0`` or ``2.5 to 8.2``."""
    low, high = bounds
    if not isfinite(high):
        return f"above {_significant(low)}"
    if not isfinite(low):
        return f"below {_significant(high)}"
    return f"{_significant(low)} to {_significant(high)}"


def _significant(number: float) -> str:
    """Three digits, a proper minus, no exponent for what is of ordinary size."""
    if number == 0 or 1e-3 <= abs(number) < 1e6:
        digits = max(0, 2 - int(np.floor(np.log10(abs(number))))) if number else 0
        text = f"{number:,.{min(digits, 5)}f}"
    else:
        text = f"{number:.2e}"
    return text.replace("-", "\N{MINUS SIGN}")
