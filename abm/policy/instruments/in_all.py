"""A cap net of the ordinary duty: a rate that counts the most-favoured-nation rate in.

"15% in all" means that a good of an ordinary rate of 4% owes 11% more, and one of 20%
nothing more:

    duty = ordinary + share * max(rate - ordinary, 0)

where ``share`` is the part of the value on which the measure falls. Goods that are claimed as
originating have no ordinary duty, so that they owe the whole rate where the measure spares
them nothing; a claim then saves only what the ordinary rate is above the cap.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from abm.config.settings import Settings, setting
from abm.policy.arrays import LINE_CELLS, RegimeArrays
from abm.policy.instruments.line_rates import met_twice


class InAll(Settings):
    """Whether a rate counts the ordinary duty in."""

    in_all: bool = setting(
        False,
        unit="",
        meaning="whether its rates are what a good pays together with the ordinary duty, so that"
        " less is added where that is higher",
        source="the rates of Japan, Europe and Korea of 2025, and Annex III on metals of 2026",
    )


class Capped(Protocol):
    """A measure in force that may count the ordinary duty in."""

    @property
    def in_all(self) -> bool:
        """Whether it does."""

    @property
    def relation(self) -> str:
        """How it stands to others."""

    def named_by_line(self) -> NDArray[np.float64]:
        """Part of each line that its rates name."""

    def levied_by_line(self) -> NDArray[np.float64]:
        """Its rate on the full value where nothing is claimed."""

    def share_by_line(self) -> NDArray[np.float64]:
        """Part of the value of what it names on which it falls."""


def fill_caps(
    active: Mapping[str, Capped], left: Mapping[str, NDArray[np.float64]], regime: RegimeArrays
) -> None:
    """Write what caps take off the ordinary duty into ``regime``.

    Parameters
    ----------
    active : mapping
        Measures in force by name.
    left : mapping of ndarray, shape (line, source, market)
        Part of each line that other measures leave to one.
    regime : RegimeArrays

    Raises
    ------
    ScenarioError
        If two of them cap the same goods, or one is a floor under what another caps: what is
        counted in twice has no answer in law.
    """
    shares = dict(_shares(active, left))
    others = shares | _floors(active) | {"of an act": regime.cap_share.copy()}
    for name, share in shares.items():
        for other, theirs in others.items():
            if other != name and (both := (share > 0) & (theirs > 0)).any():
                what = f"is under the cap or floor {other} too"
                raise met_twice(f"measures.{name}.in_all", both, what)
        named, full = active[name].named_by_line(), active[name].levied_by_line()
        whole = named * active[name].share_by_line()
        rate = np.divide(full, whole, out=np.zeros(LINE_CELLS), where=whole > 0)
        regime.cap_rate[share > 0] = rate[share > 0]
        regime.cap_share[share > 0] = share[share > 0]


def _shares(
    active: Mapping[str, Capped], left: Mapping[str, NDArray[np.float64]]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name, measure in active.items():
        if measure.in_all:
            yield name, measure.named_by_line() * measure.share_by_line() * left[name]


def _floors(active: Mapping[str, Capped]) -> dict[str, NDArray[np.float64]]:
    floors = {name: measure for name, measure in active.items() if measure.relation == "floor"}
    return {name: measure.named_by_line() for name, measure in floors.items()}


def counted_in(
    cap_rate: NDArray[np.float64],
    cap_share: NDArray[np.float64],
    ordinary: NDArray[np.floating] | float,
) -> NDArray[np.float64]:
    """Ordinary duty that caps count in, and by which they ask less.

    Parameters
    ----------
    cap_rate, cap_share : ndarray
    ordinary : float or ndarray
        Most-favoured-nation rate without fees; broadcasts against them.

    Returns
    -------
    ndarray
        Fraction of customs value.

    Examples
    --------
    >>> counted_in(np.array([0.15, 0.15]), np.array([1.0, 0.5]), np.array([0.04, 0.2])).tolist()
    [0.04, 0.075]
    """
    counted: NDArray[np.float64] = cap_share * np.minimum(ordinary, cap_rate)
    return counted
