"""A run in a few numbers: where each began, where it ended, and against a reference."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from math import isfinite
from typing import Any

import pandas as pd

from experiments.outcomes.headlines import headlines

Summary = dict[str, Any]
"""Names to entries, or to further names; an entry is the dict that has a ``unit``."""


def summary(
    tables: Mapping[str, pd.DataFrame], reference: Mapping[str, pd.DataFrame] | None = None
) -> Summary:
    """What a run says about trade, jobs, plants, claims, content and prices.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        As `experiments.outcomes.tables.TABLES` describes them.
    reference : mapping of str to pandas.DataFrame, optional
        Of the run to compare with.

    Returns
    -------
    dict
        Nested names down to entries ``{start, end, change, unit}``: quarter 0, the
        last quarter, and their difference. Nothing but numbers, text and None, which
        stands for a share of nothing. With a reference each entry also has
        ``difference``, its end less the reference's.
    """
    result: Summary = {}
    for names, headline in headlines(tables).items():
        place = result
        for name in names[:-1]:
            place = place.setdefault(name, {})
        values = headline.values
        place[names[-1]] = _entry(values.iloc[0], values.iloc[-1], headline.unit)
    return result if reference is None else compared(result, summary(reference))


def compared(run: Summary, reference: Summary) -> Summary:
    """The summary of a run alone with its differences from that of a reference.

    Returns
    -------
    dict
        As `summary` gives it of both; neither of the two is changed.
    """
    found = deepcopy(run)
    _add_differences(found, reference)
    return found


def entries(result: Summary, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every entry of a summary with the names that lead to it."""
    for name, value in result.items():
        if "unit" in value:
            yield (*path, name), value
        else:
            yield from entries(value, (*path, name))


def _entry(start: float | None, end: float | None, unit: str) -> Summary:
    # JSON knows no NaN, and a reader should not have to.
    known = [
        None if number is None or not isfinite(number) else float(number) for number in (start, end)
    ]
    start, end = known
    change = None if start is None or end is None else end - start
    return {"start": start, "end": end, "change": change, "unit": unit}


def _add_differences(result: Summary, reference: Summary) -> None:
    """Write into every entry its end less the reference's."""
    theirs = dict(entries(reference))
    for path, entry in entries(result):
        other = theirs[path]["end"]
        known = entry["end"] is not None and other is not None
        entry["difference"] = entry["end"] - other if known else None
