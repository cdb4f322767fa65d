"""Competition policy: how far prices may stand above cost."""

from abm.config.settings import Number, Settings, setting
from abm.policy.arrays import RegimeArrays


class Competition(Settings):
    """Markups against the calibration year's."""

    markup_scale: Number = setting(
        1.0,
        ge=0,
        le=10,
        unit="1",
        meaning="part of the price above cost against the calibrated one; 0 for prices at cost",
        source="1 by definition",
    )


def fill_competition(competition: Competition, regime: RegimeArrays) -> None:
    """Write the scale of markups into ``regime``."""
    regime.markup_scale[...] = competition.markup_scale
