"""What a sweep says, with how sure one can be: means and paired differences.

Replications share their draws across policy cells, so a difference between two cells
is taken replication by replication; the variance this saves is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from experiments.outcomes.intervals import LEVEL

CELL = ["scenario", "point"]


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
    found = results.groupby(CELL, sort=True)
    table = found[list(factors)].first() if factors else found[[]].first()
    return _with_intervals(table, found[outcome]).reset_index()


def _with_intervals(table: pd.DataFrame, groups: Any) -> pd.DataFrame:
    """Return a table by cell with mean and Student interval of what each group holds."""
    n, mean = groups.count(), groups.mean()
    spread = groups.std(ddof=1) / np.sqrt(n)
    half = stdtrit(np.maximum(n - 1, 1), (1 + LEVEL) / 2) * spread  # NaN of one number
    return table.assign(mean=mean, low=mean - half, high=mean + half, n=n)


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
    both["difference"] = both[outcome].astype(float) - both["reference"].astype(float)
    found = both.groupby(CELL, sort=True)
    table = found[list(factors)].first() if factors else found[[]].first()
    apart = found[outcome].var(ddof=1) + found["reference"].var(ddof=1)
    kept = found["difference"].var(ddof=1) / apart.where(apart > 0)
    table = _with_intervals(table, found["difference"])
    return table.assign(variance_kept=kept).reset_index()
