"""Exclusions: goods that a measure names and that are let out of it on request.

Exclusions of 2018 to 2025 were granted to single firms for single products. Which firms have
them is not known here, so a line has a part that is excluded, and each of its makers has
it for that part of what he ships:

    rate = (1 - excluded) * rate of the line

What is excluded is out of the measure: another one that the measure displaces falls on it again.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from abm.config.settings import Settings, Share, setting
from abm.policy.instruments.line_rates import Rated, rates_by_line


class Exclusions(Settings):
    """What is let out of a measure."""

    excluded: dict[Rated, Share] = setting(
        {},
        unit="share of value",
        meaning="part let out on request, by good (or all), product line or code of the Harmonized"
        " System; the more specific name wins",
        source="exclusions under Sections 232 and 301",
    )


def left_in(
    exclusions: Exclusions, destination: str, origins: Collection[str]
) -> NDArray[np.float64] | float:
    """Part of each line that is not excluded, shape (line, source, market); 1 where nothing is."""
    if not exclusions.excluded:
        return 1.0
    return 1 - rates_by_line(destination, origins, exclusions.excluded)
