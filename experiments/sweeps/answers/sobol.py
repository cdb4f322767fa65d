r"""Sobol' indices of a noisy model, from a design of Saltelli.

A base row has the points :math:`A`, :math:`B`, and :math:`A` with factor :math:`i` of
:math:`B`. With :math:`f` at them,

.. math:: V = \tfrac12 \langle A^2 + B^2 \rangle, \quad
          V_i = \langle B\,(AB_i - A) \rangle, \quad
          V_{Ti} = \tfrac12 \langle (A - AB_i)^2 \rangle

(Saltelli et al. 2010, "Variance based sensitivity analysis of model output"; the total by
Jansen 1999), each outcome taken from the mean of all. Every product is one of
`experiments.sweeps.answers.uncertainty.product`, so the indices are those of the mean
over luck (Hart, Alexanderian and Gremaud 2017, "Efficient computation of Sobol' indices
for stochastic models", tell the kinds of indices apart). With one replication nothing
can be corrected, and the indices are those of that one draw. Units of the intervals
are the nets of the design, which are independent of each other.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from abm.errors import StoreError
from experiments.sweeps.answers.uncertainty import (
    Array,
    Estimates,
    product,
    two_way,
    without_own_mean,
)

INDEX_ORDERS = ("first", "total")


def sobol(y: Array, names: Sequence[str], outcome: str) -> pd.DataFrame:
    """Return first-order and total indices of every factor, the most important first.

    Parameters
    ----------
    y : ndarray, shape (net, row, 2 + factor, replication)
        Points of a row: A, A with a factor of B in turn, B.
    names : sequence of str
        Of the factors.
    outcome : str
        For messages.

    Returns
    -------
    pandas.DataFrame
        ``factor``, ``first`` and ``total``, each with ``_low`` and ``_high``.

    Raises
    ------
    StoreError
        If points do not differ beyond what luck makes of them.
    """
    y = without_own_mean(y)
    first, last, crossed = y[:, :, :1], y[:, :, -1:], y[:, :, 1:-1]
    variance = (product(first, first) + product(last, last)) / 2
    own = product(np.broadcast_to(last, crossed.shape), crossed - first)
    total = product(crossed - first, crossed - first) / 2
    terms = np.concatenate([variance, own, total], axis=2).sum(1)
    sizes = np.full(len(y), float(y.shape[1]))
    check_not_luck(terms[:, :1], sizes, outcome, replications=y.shape[-1])
    found = two_way(terms, lambda t: t[1:] / t[:1], sizes)
    return _as_table(found, names)


def check_not_luck(variance: Array, sizes: Array, outcome: str, *, replications: int) -> None:
    """Refuse indices where the variance between points may as well be none.

    Parameters
    ----------
    variance : ndarray, shape (unit, 1, 1 + replication)
        Sums over the rows of a unit of squares free of noise.
    sizes : ndarray, shape (unit,)
    outcome : str
    replications : int

    Raises
    ------
    StoreError
        If it is not above twice what leaving out replications moves it by.
    """
    over = variance.sum(0)[0] / sizes.sum()
    moved = 0.0
    if len(over) > 1:
        without = over[1:]
        moved = float(np.sqrt((replications - 1) * np.var(without)))
    if over[0] <= 2 * moved:
        raise StoreError(
            f"{outcome}: no indices, since with {replications} replications its differences "
            "between points are not told from luck; --extend replications=N"
        )


def _as_table(found: Estimates, names: Sequence[str]) -> pd.DataFrame:
    table = pd.DataFrame({"factor": list(names)})
    for place, kind in enumerate(INDEX_ORDERS):
        part = slice(place * len(names), (place + 1) * len(names))
        table[kind] = found.value[part]
        table[f"{kind}_low"], table[f"{kind}_high"] = found.low[part], found.high[part]
    return table.sort_values("total", ascending=False, kind="stable", ignore_index=True)
