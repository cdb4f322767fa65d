"""Limits to a duty on content: whose content is spared, how much of it, and a floor.

Goods that originate and pay on foreign content alone owe, with the rate ``r`` and the part ``f``
of their value that was made elsewhere,

    max(r * min(max(f, 1 - most_domestic_content), most_of_value), least_in_all)

since they have no ordinary duty. Content is that of the 2017 table, direct purchases alone
(`abm.policy.instruments.duty_bases`).
"""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from abm.config.settings import AsTuple, Host, Rate, Settings, Share, setting
from abm.policy.instruments.duty_bases import content_of, foreign_content


class ContentLimits(Settings):
    """What a duty on foreign content spares, and what it asks at least."""

    content_of: Annotated[tuple[Host, ...], AsTuple] = setting(
        (),
        unit="",
        meaning="whose content is no foreign content; that of the destination alone without it",
        source="Canada's surtax on vehicles of 2025 spares content of Canada and Mexico",
    )
    most_domestic_content: Share = setting(
        1.0,
        unit="share of value",
        meaning="content that is spared at most",
        source="40% for mobile equipment under the metal duties of 2026",
    )
    most_of_value: Share = setting(
        1.0,
        unit="share of value",
        meaning="part of an originating good on which it falls at most",
        source="85% under Canada's surtax on vehicles of 2025",
    )
    least_in_all: Rate = setting(
        0.0,
        unit="ad valorem",
        meaning="what an originating good owes at least, however much of its content is spared",
        source="15% for mobile equipment under the metal duties of 2026",
    )


def dutiable_content(limits: ContentLimits, destination: str) -> NDArray[np.float64]:
    """Part of an originating good on which a duty on foreign content falls.

    Parameters
    ----------
    limits : ContentLimits
    destination : str

    Returns
    -------
    ndarray, shape (sector, source)
    """
    if not limits.content_of:
        return np.maximum(foreign_content(destination), 1 - limits.most_domestic_content)
    foreign = 1 - np.sum([content_of(region) for region in limits.content_of], axis=0)
    dutiable: NDArray[np.float64] = np.maximum(foreign.clip(0.0), 1 - limits.most_domestic_content)
    return dutiable


def owed_at_least(
    owed: NDArray[np.float64], limits: ContentLimits, levied: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What originating goods owe once the floor is under it.

    Parameters
    ----------
    owed : ndarray, shape (line, source, market)
        Without it.
    limits : ContentLimits
    levied : ndarray, same shape
        Part of each line on which the measure falls.
    """
    if limits.least_in_all == 0:
        return owed
    floored: NDArray[np.float64] = np.maximum(owed, limits.least_in_all * levied)
    return floored
