"""What part of some trade an act covers in a quarter, worked out by itself: what runs levy is held
against it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from abm.law.act import LegalAct, Term, within
from abm.law.act_files import Law
from abm.law.changes import turning_days
from abm.law.products import covers

MONTHS = 3


@dataclass(frozen=True)
class Coverage:
    """How much of some trade an act covers in a quarter, days counted.

    Attributes
    ----------
    least, most : float
        Shares of the value: what is covered for certain, and what may be. Products that a list
        names in part, and what hangs on a condition, lie between.
    rate : float
        Mean statutory rate over all of the value, open facts taken as the act takes them; of
        what goods that are not claimed owe, before anything gives way.
    """

    least: float
    most: float
    rate: float


def covered_share(
    law: Law, name: str, weights: Mapping[str, float], origin: str, quarter: date
) -> Coverage:
    """Return the share of some trade that an act covers in a quarter.

    Parameters
    ----------
    law : Law
    name : str
        Of the act.
    weights : mapping of str to float
        Value of trade by code of the Harmonized System, digits alone, such as that of the products
        of one line or sector.
    origin : str
    quarter : datetime.date
        Its first day.

    Raises
    ------
    ValueError
        If there is no trade, or some of it is negative.
    """
    value = np.fromiter(weights.values(), dtype=float)
    if not len(value) or (value < 0).any() or not value.sum() > 0:
        raise ValueError(f"weights: {dict(weights)}; must be values of trade, some above nothing")
    share = value / value.sum()
    act = law.acts[name]
    end = _next(quarter)
    whole = (end - quarter).days
    least = most = rate = 0.0
    turns = [quarter, *(day for day in turning_days(act) if quarter < day < end), end]
    for first, last in pairwise(turns):
        days = (last - first).days / whole
        certain, possible, rates = _on(law, act, tuple(weights), origin, first)
        least += days * float(share @ certain)
        most += days * float(share @ possible)
        rate += days * float(share @ rates)
    return Coverage(least, most, rate)


def _on(
    law: Law, act: LegalAct, codes: tuple[str, ...], origin: str, on: date
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what an act covers of some codes on a day, for certain and perhaps, and its rates."""
    size = len(codes)
    certain, possible, rates = np.zeros(size), np.zeros(size), np.zeros(size)
    if act.why_not_held(on):
        return certain, possible, rates
    open_ = np.ones(size)  # 1 where no term has named the code for certain yet
    undecided = np.ones(size)  # 1 where no term counts yet
    sure_so_far = np.ones(size)  # 1 where every term so far leaves the code for certain
    for term in act.term:
        if not _speaks(law, term, origin, on):
            continue
        some, all_ = covers(act, term, codes)
        surely = all_ & (not term.condition)
        levies = float(not term.exempt)
        possible = np.maximum(possible, levies * open_ * some)
        certain += levies * sure_so_far * surely
        counts = np.where(surely, 1.0, some * float(term.counted)) * undecided
        rates += counts * levies * (term.rate or 0.0)
        undecided *= 1 - counts
        sure_so_far *= ~some
        open_ *= ~surely
    return certain, possible, rates


def _speaks(law: Law, term: Term, origin: str, on: date) -> bool:
    return (
        within(on, term.effective, term.ended)
        and term.goods != "originating"
        and law.is_of(origin, term)
    )


def _next(quarter: date) -> date:
    """Return the first day of the quarter after."""
    middle = quarter.replace(day=1) + timedelta(days=31 * MONTHS - 1)
    return middle.replace(day=1)
