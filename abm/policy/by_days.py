"""What is levied in a quarter on some of whose days the law was another.

A duty of the rate ``r`` that is in force on a share ``w`` of the days of a quarter is one of
``w r`` in that quarter, as goods come in on all days alike. The same holds of the share of a line
that may not enter, and of what a licence is worth. A cap that counts the ordinary duty in takes
``share * min(ordinary, rate)`` off it: its share counts by days, and its rate is the mean of those
days on which there is one. So does a quantity that needs a licence: it is that of the days on which
there is one, and what a licence is worth is less by the days without.
"""

from collections.abc import Sequence

import numpy as np

from abm.economy.tables import Array
from abm.policy.arrays import RegimeArrays

MEANS = (
    "line_waived",
    "line_fixed",
    "measures_waived",
    "measures_fixed",
    "cap_share",
    "licence_most",
    "banned",
)
"""Arrays that count by days."""

WHERE_THERE_IS_ONE = (
    ("cap_rate", "cap_share"),
    ("quota", "licence_most"),
    ("licence_abroad", "licence_most"),
)
"""Arrays of a cap or a quota that are means over the days with one, and what says on which."""

type Spells = Sequence[tuple[float, RegimeArrays]]


def count_days(regime: RegimeArrays, earlier: Spells) -> None:
    """Make what is levied in ``regime`` that of a quarter of which it is the end.

    Parameters
    ----------
    regime : RegimeArrays
        As at the end of the quarter; written into.
    earlier : sequence of (float, RegimeArrays)
        Share of days, and what was levied on them.
    """
    means = {
        name: _mean_where(regime, earlier, name, weight) for name, weight in WHERE_THERE_IS_ONE
    }
    for name in MEANS:
        means[name] = _mean(getattr(regime, name), [(w, getattr(one, name)) for w, one in earlier])
    for name, mean in means.items():
        getattr(regime, name)[:] = mean


def _mean(end: Array, earlier: Sequence[tuple[float, Array]]) -> Array:
    """Return the mean over days; what is the same on all of them comes back to the bit."""
    mean = end.copy()
    for share, array in earlier:
        mean += share * (array - end)
    return mean


def _mean_where(regime: RegimeArrays, earlier: Spells, name: str, weight: str) -> Array:
    """Return the mean over the days on which there is a cap or a quota at all."""
    last = 1 - sum(share for share, _ in earlier)
    total, weights = np.zeros_like(regime.quota), np.zeros_like(regime.quota)
    least, most = np.full_like(total, np.inf), np.full_like(total, -np.inf)
    for share, one in (*earlier, (last, regime)):
        there = getattr(one, weight) > 0
        value = getattr(one, name)
        total += np.where(there, share * value, 0.0)
        weights += share * there
        least[there] = np.minimum(least, value)[there]
        most[there] = np.maximum(most, value)[there]
    mean = np.divide(total, weights, out=np.zeros_like(total), where=weights > 0)
    same: Array = np.where(least == most, least, mean)
    return same
