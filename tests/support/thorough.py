"""Tests that `make test` leaves to `make test-all`.

Marked ``thorough`` is what says a thing again that another test says in less time: for more
scenarios, pages, windows and seeds, or by a search, a browser or an installation of its own.
"""

from collections.abc import Collection, Iterable

import pytest


def but_for(usual: Collection, every: Iterable) -> list:
    """Parameters of a test; `make test` takes the usual ones.

    Parameters
    ----------
    usual : collection
        All of them have to be among the others.
    every : iterable
        What the test is about.
    """
    every = list(every)
    assert set(usual) <= set(every), f"no parameters: {set(usual) - set(every)}"
    mark = pytest.mark.thorough
    return [one if one in usual else pytest.param(one, marks=mark) for one in every]
