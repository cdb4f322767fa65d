"""What matters, from whatever points there are: delta and PAWN.

For designs of which runs are missing, and those that no index is made for. Delta is by
how much knowing a factor moves the density of an outcome, from 0 to 1 (Borgonovo 2007;
from given data, with its bias taken off by a bootstrap: Plischke, Borgonovo and Smith
2013). PAWN is the median distance of Kolmogorov and Smirnov between the outcomes of a
slice of a factor and all of them (Pianosi and Wagener 2018). Neither is zero where
nothing matters, so a factor that was made up, the same values in another order, is told
beside the others: what is not above it says nothing. Noise counts as spread here.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype
from scipy.special import ndtri

from abm.errors import StoreError
from experiments.outcomes.intervals import LEVEL
from experiments.sweeps.answers.uncertainty import Array

FEWEST_POINTS = 64
MOST_POINTS = 1_000
"""Of those that delta is worked out from; densities take long."""

RESAMPLES = 100
GRID_POINTS = 100
"""Places at which densities are compared."""

PAWN_SLICES = 10

MADE_UP = "(a factor made up)"


def given_data(points: pd.DataFrame, y: Array, outcome: str, seed: int) -> pd.DataFrame:
    """Return delta and PAWN of every factor, and of one that is made up.

    Parameters
    ----------
    points : pandas.DataFrame
        Values of the factors, a row a point.
    y : ndarray, shape (point,)
        Means over replications, all finite.
    outcome : str
        For messages.
    seed : int
        Of the bootstrap and of what is made up.

    Returns
    -------
    pandas.DataFrame
        ``factor``, ``delta``, ``delta_low``, ``delta_high``, ``pawn``.

    Raises
    ------
    StoreError
        If there are too few points, or the outcome is the same at all.
    """
    if len(y) < FEWEST_POINTS:
        raise StoreError(
            f"{outcome}: no indices from the points that are there, since {len(y)} are too few; "
            f"{FEWEST_POINTS} are needed"
        )
    if float(np.ptp(y)) == 0:
        raise StoreError(f"{outcome}: is the same everywhere, so no factor explains it")
    luck = np.random.default_rng(seed)
    # In an order of their own: ties would else be told apart by the order of the design.
    mixed = luck.permutation(len(y))
    points, y, taken = points.iloc[mixed], y[mixed], slice(MOST_POINTS)
    columns = {name: _as_numbers(points[name]) for name in points}
    known = next(iter(columns.values()))
    rows = []
    for name, x in (*columns.items(), (MADE_UP, luck.permutation(known))):
        delta, half = _delta(x[taken], y[taken], luck)
        rows.append(
            {"factor": name, "delta": delta, "delta_low": delta - half, "delta_high": delta + half}
            | {"pawn": _pawn(x, y)}
        )
    table = pd.DataFrame(rows)
    return table.sort_values("delta", ascending=False, kind="stable", ignore_index=True)


def _as_numbers(values: pd.Series) -> Array:
    """Return values of a factor as numbers; those of words in the order of the alphabet."""
    if not is_numeric_dtype(values):
        values = pd.Series(pd.Categorical(values.astype(str)).codes)
    numbers: Array = values.to_numpy(float)
    return numbers


def _delta(x: Array, y: Array, luck: np.random.Generator) -> tuple[float, float]:
    """Return delta less its bias, and half the width of its interval."""
    found = delta(x, y)
    drawn = (luck.integers(len(y), size=len(y)) for _ in range(RESAMPLES))
    again = [2 * found - delta(x[rows], y[rows]) for rows in drawn]
    return float(np.mean(again)), float(ndtri((1 + LEVEL) / 2) * np.std(again, ddof=1))


def delta(x: Array, y: Array) -> float:
    """Return by how much the density of an outcome differs in slices of a factor.

    Equation 26 of Plischke, Borgonovo and Smith (2013), with their number of slices; that
    of ``SALib.analyze.delta`` where values do not repeat, at a hundredth of its time.

    Parameters
    ----------
    x, y : ndarray, shape (point,)
    """
    grid = np.linspace(y.min(), y.max(), GRID_POINTS)
    overall = _density(y, grid)
    total = 0.0
    for rows in slices(x, _number_of_slices(len(y))):
        if np.ptp(y[rows]) > 0:
            apart = np.abs(overall - _density(y[rows], grid))
            total += len(rows) / (2 * len(y)) * float(np.trapezoid(apart, grid))
    return total


def _number_of_slices(points: int) -> int:
    return min(int(np.ceil(points ** (2 / (7 + np.tanh((1500 - points) / 500))))), 48)


def _density(y: Array, grid: Array) -> Array:
    """Return a density at a grid: Gaussian kernels of Silverman's (1986) width."""
    width = (len(y) * 3 / 4) ** -0.2 * np.std(y, ddof=1)
    kernels = np.exp(-0.5 * ((grid[:, None] - y) / width) ** 2)
    density: Array = kernels.sum(1) / (len(y) * width * np.sqrt(2 * np.pi))
    return density


def _pawn(x: Array, y: Array) -> float:
    """Return the median over slices of the distance to all outcomes."""
    from scipy.stats import ks_2samp

    return float(np.median([ks_2samp(y[rows], y).statistic for rows in slices(x, PAWN_SLICES)]))


def slices(x: Array, number: int) -> Sequence[NDArray[np.int64]]:
    """Return rows by slices of a factor: its values if they are few, else equally many rows."""
    values, place = np.unique(x, return_inverse=True)
    if len(values) > number:
        place = np.argsort(np.argsort(x, kind="stable"), kind="stable") * number // len(x)
    return [np.flatnonzero(place == each) for each in np.unique(place)]
