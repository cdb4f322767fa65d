"""A government that reacts: the larger the deficit, the likelier it carries out its threat."""

from abm.config.settings import Number, Settings, setting


class Reaction(Settings):
    """How the hazard of the threat follows the US goods deficit with the threatened."""

    elasticity: Number = setting(
        0.0,
        ge=0,
        le=20,
        unit="elasticity",
        meaning="rise of the threat's arrival with the deficit over its target; 0 for none",
        source="assumption: governments follow the timeline unless a scenario says otherwise",
    )
    deficit_target: Number = setting(
        1.0,
        gt=0,
        le=10,
        unit="share of the calibration year's",
        meaning="deficit at which the threat arrives with its own hazard",
        source="assumption: the deficit of 2017",
    )
