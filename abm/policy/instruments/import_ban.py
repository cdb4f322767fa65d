"""Import bans: goods that may not enter at all.

No price lets a banned good in, so that a ban is no high duty: its sellers are gone from that
market, their customers go to all others at once, contracts for it end, and no duty is paid.
A code that is part of a line closes that part of what each of its makers sells.
"""

from collections.abc import Mapping
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from abm.config.settings import AsTuple, Settings, setting
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.line_rates import Rated, is_footloose, rates_by_line


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"names {name} twice")
    return names


class ImportBan(Settings):
    """What may not be imported."""

    banned: Annotated[tuple[Rated, ...], AsTuple, AfterValidator(_each_once)] = setting(
        (),
        unit="",
        meaning="goods (or all manufactures), product lines or codes of the Harmonized System that"
        " may not enter, whether they originate or not",
        source="the ban on Canadian drinks of September 2026",
    )


class Banning(Protocol):
    """A measure in force that may ban something."""

    @property
    def banned(self) -> tuple[str, ...]:
        """What."""

    def banned_by_line(self) -> NDArray[np.float64]:
        """Part of each line, shape (line, source, market)."""


def closed_part(ban: ImportBan, destination: str, origins: tuple[str, ...]) -> NDArray[np.float64]:
    """Part of each line that a ban closes, shape (line, source, market).

    Only goods of modelled sectors: of energy, trade is fixed in place.
    """
    named = rates_by_line(destination, origins, dict.fromkeys(ban.banned, 1.0))
    return np.where(is_footloose(), named, 0.0)


def fill_bans(
    active: Mapping[str, Banning],
    left: Mapping[str, NDArray[np.float64]],
    regime: RegimeArrays,
) -> None:
    """Write what is banned into ``regime``; of two bans on a line the wider holds.

    Parameters
    ----------
    active : mapping
        Measures in force by name.
    left : mapping of ndarray, shape (line, source, market)
        Part of each line that other measures leave to one.
    regime : RegimeArrays
    """
    for name, measure in active.items():
        if measure.banned:
            np.maximum(regime.banned, measure.banned_by_line() * left[name], out=regime.banned)
