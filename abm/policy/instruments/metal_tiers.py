"""Tiers by metal content: a duty that depends on how much of a good is metal.

Goods of less metal than the first tier are out of the duty; from each tier on the part of the
rate that it says is levied. So ``metal_tiers = [{ least_metal = 0.15 }]`` takes goods out of
which less than 15% is metal, and further tiers make a staircase:

    rate(metal) = rate * part of the highest tier whose least_metal is not above metal
"""

from itertools import pairwise
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from abm.config.settings import AsTuple, Settings, Share, setting
from abm.policy.instruments.duty_bases import metal_content


class MetalTier(Settings):
    """From which metal content on what part of the rate is levied."""

    least_metal: Share = setting(
        ..., unit="share of value", meaning="metal in a good from which on it holds", source="-"
    )
    part: Share = setting(
        1.0, unit="share of the rate", meaning="what is levied of the rate", source="-"
    )


def _rising(tiers: tuple[MetalTier, ...]) -> tuple[MetalTier, ...]:
    for lower, higher in pairwise(tiers):
        if higher.least_metal <= lower.least_metal:
            raise ValueError(
                f"metal_tiers: least_metal {higher.least_metal:g} does not rise above "
                f"{lower.least_metal:g} of the tier before"
            )
    return tiers


class MetalTiers(Settings):
    """A duty by metal content."""

    metal_tiers: Annotated[tuple[MetalTier, ...], AsTuple, AfterValidator(_rising)] = setting(
        (),
        unit="",
        meaning="part of the rate by metal content, in rising order; goods with less metal than"
        " the first tier are out of the measure",
        source="goods of which less than 15% is metal are out of the duties of 2026",
    )


def part_of_rate(tiers: tuple[MetalTier, ...]) -> NDArray[np.float64]:
    """Part of its rate that a measure levies, by the metal in a line.

    Parameters
    ----------
    tiers : tuple of MetalTier
        None for a duty that does not depend on metal.

    Returns
    -------
    ndarray, shape (line, source)
    """
    metal = metal_content()
    if not tiers:
        return np.ones_like(metal)
    parts = np.array([0.0, *(tier.part for tier in tiers)])
    reached = np.searchsorted([tier.least_metal for tier in tiers], metal, side="right")
    part: NDArray[np.float64] = parts[reached]
    return part
