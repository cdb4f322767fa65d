"""What a sweep says, with how sure one can be: means, paired differences, indices.

Replications share their draws across policy cells, so a difference between two cells
is taken replication by replication; the variance this saves is told. Sobol' indices
are those of Saltelli et al. (2010) and Jansen (1999), Morris screening that of
Morris (1991) with Campolongo, Cariboni and Saltelli (2007), both by SALib.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from abm.errors import StoreError
from experiments.sweeps.design.points import problem
from experiments.sweeps.design.sweep_file import SweepFile

LEVEL = 0.95
"""Of every interval."""

RESAMPLES = 1_000
"""Bootstrap samples of an index."""

CELL = ("scenario", "point")


@dataclass(frozen=True)
class Interval:
    """A mean and how far it may be off.

    Attributes
    ----------
    mean, low, high : float
        ``low`` and ``high`` are NaN where there is just one number.
    n : int
        Numbers it is from.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def crosses_zero(self) -> bool:
        """Whether it leaves the sign open."""
        return not (self.low > 0 or self.high < 0)


def interval(numbers: NDArray[np.float64]) -> Interval:
    """Return the mean of independent numbers and its Student interval."""
    n, mean = len(numbers), float(np.mean(numbers)) if len(numbers) else float("nan")
    if n < 2:
        return Interval(mean, float("nan"), float("nan"), n)
    half = stats.t.ppf((1 + LEVEL) / 2, n - 1) * float(np.std(numbers, ddof=1)) / np.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def cell_means(results: pd.DataFrame, outcome: str, factors: Sequence[str]) -> pd.DataFrame:
    """Return mean and interval of an outcome in each cell, over replications.

    Parameters
    ----------
    results : pandas.DataFrame
        As `experiments.results` gives it.
    outcome : str
        Name of a column.
    factors : sequence of str
        Columns that describe a point.

    Returns
    -------
    pandas.DataFrame
        ``scenario``, ``point``, the factors, ``mean``, ``low``, ``high``, ``n``.
    """
    rows = []
    for (scenario, point), cell in results.groupby(list(CELL), sort=True):
        found = interval(cell[outcome].dropna().to_numpy(float))
        known = {key: cell[key].iloc[0] for key in factors}
        rows.append(
            {"scenario": scenario, "point": point, **known}
            | {"mean": found.mean, "low": found.low, "high": found.high, "n": found.n}
        )
    return pd.DataFrame(rows)


def paired_differences(
    results: pd.DataFrame, outcome: str, factors: Sequence[str], reference: Mapping[str, Any]
) -> pd.DataFrame:
    """Return by how much each cell differs from a reference, paired by replication.

    Parameters
    ----------
    results, outcome, factors
        As in `cell_means`.
    reference : mapping
        ``scenario`` and values of factors. A factor it leaves out is held equal: each
        cell is compared with the reference cell that shares its value.

    Returns
    -------
    pandas.DataFrame
        As `cell_means`, with ``variance_kept``: the variance of a difference that is
        paired, as a share of that of one between independent runs.
    """
    is_reference = np.ones(len(results), bool)
    for key, value in reference.items():
        is_reference &= (results[key] == value).to_numpy()
    held = [key for key in ("scenario", *factors) if key not in reference]
    theirs = results[is_reference][[*held, "replication", outcome]]
    theirs = theirs.rename(columns={outcome: "reference"})
    # A seed, not a place in a list, ties the two: runs of other seeds have no partner.
    both = results[~is_reference].merge(theirs, on=[*held, "replication"], how="inner")
    both = both.dropna(subset=[outcome, "reference"])
    rows = []
    for (scenario, point), cell in both.groupby(list(CELL), sort=True):
        mine, other = cell[outcome].to_numpy(float), cell["reference"].to_numpy(float)
        found = interval(mine - other)
        rows.append(
            {"scenario": scenario, "point": point, **{key: cell[key].iloc[0] for key in factors}}
            | {"mean": found.mean, "low": found.low, "high": found.high, "n": found.n}
            | {"variance_kept": _variance_kept(mine, other)}
        )
    return pd.DataFrame(rows)


def _variance_kept(mine: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if len(mine) < 2:
        return float("nan")
    apart = float(np.var(mine, ddof=1) + np.var(other, ddof=1))
    return float(np.var(mine - other, ddof=1)) / apart if apart > 0 else float("nan")


def indices(results: pd.DataFrame, sweep: SweepFile, outcome: str, points: int) -> pd.DataFrame:
    """Return how much each factor matters, by the method that the design is made for.

    Parameters
    ----------
    results : pandas.DataFrame
        Of one scenario.
    sweep : SweepFile
        With a design of kind ``sobol`` or ``morris``.
    outcome : str
    points : int
        Of the design.

    Returns
    -------
    pandas.DataFrame
        A row a factor. Sobol: ``first``, ``total``, each with ``_low`` and ``_high``.
        Morris: ``mu_star`` with its interval, ``mu`` and ``sigma``.

    Raises
    ------
    StoreError
        If a run is missing or an outcome is not finite: SALib would answer zero.
    """
    values = complete_means(results, outcome, points, sweep.replications)
    if float(np.ptp(values)) == 0:
        raise StoreError(f"{outcome}: is the same everywhere, so no factor explains it")
    seed = sweep.seed % (2**32 - 1) + 1
    if sweep.design.kind == "sobol":
        return _sobol(problem(sweep), values, seed)
    return _morris(sweep, values, seed)


def complete_means(
    results: pd.DataFrame, outcome: str, points: int, replications: int
) -> NDArray[np.float64]:
    """Return an outcome's mean over replications, shape (point,), if every run has one.

    Raises
    ------
    StoreError
        Naming the points that do not.
    """
    finite = results[np.isfinite(results[outcome].to_numpy(float))]
    counts = finite.groupby("point")[outcome].count().reindex(range(1, points + 1), fill_value=0)
    short = counts.index[counts < replications].tolist()
    if short:
        named = ", ".join(str(point) for point in short[:5]) + (", ..." if len(short) > 5 else "")
        raise StoreError(
            f"{outcome}: no indices, since runs are missing or not finite at {len(short)} of "
            f"{points} points ({named}); --resume or --retry-failed first"
        )
    means: NDArray[np.float64] = finite.groupby("point")[outcome].mean().to_numpy(float)
    return means


def noise_share(results: pd.DataFrame, outcome: str) -> float:
    """Return the share of the variance of a point's mean that is luck of the draws."""
    cells = results.groupby("point")[outcome]
    of_means = float(cells.mean().var(ddof=1))
    within = float((cells.var(ddof=1) / cells.count()).mean())
    return min(within / of_means, 1.0) if of_means > 0 else float("nan")


def _sobol(of: Mapping[str, Any], values: NDArray[np.float64], seed: int) -> pd.DataFrame:
    from SALib.analyze import sobol

    # Centred first: the estimator of first-order indices loses digits to a large mean.
    found = sobol.analyze(
        dict(of),
        values - values.mean(),
        calc_second_order=False,
        num_resamples=RESAMPLES,
        conf_level=LEVEL,
        seed=seed,
    )
    table = pd.DataFrame({"factor": of["names"]})
    for name, letters in (("first", "S1"), ("total", "ST")):
        middle, half = np.asarray(found[letters]), np.asarray(found[f"{letters}_conf"])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = (
            middle,
            middle - half,
            middle + half,
        )
    return table.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def _morris(sweep: SweepFile, values: NDArray[np.float64], seed: int) -> pd.DataFrame:
    from SALib.analyze import morris
    from SALib.sample import morris as sampled

    of = problem(sweep)
    shares = sampled.sample(of, sweep.design.n or 0, num_levels=sweep.design.levels, seed=seed)
    found = morris.analyze(
        of,
        np.asarray(shares),
        values,
        num_levels=sweep.design.levels,
        num_resamples=RESAMPLES,
        conf_level=LEVEL,
        seed=seed,
    )
    star, half = np.asarray(found["mu_star"]), np.asarray(found["mu_star_conf"])
    table = pd.DataFrame(
        {
            "factor": of["names"],
            "mu_star": star,
            "mu_star_low": star - half,
            "mu_star_high": star + half,
            "mu": np.asarray(found["mu"]),
            "sigma": np.asarray(found["sigma"]),
        }
    )
    return table.sort_values("mu_star", ascending=False, kind="stable", ignore_index=True)
