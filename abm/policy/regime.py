"""A regime: one full set of instruments. They are listed here, in the order in which they act."""

from abm.policy.agreement import Agreement, fill_agreement
from abm.policy.arrays import RegimeArrays
from abm.policy.barriers import Barriers, fill_barriers
from abm.policy.competition import Competition, fill_competition
from abm.policy.enforcement import Enforcement, fill_enforcement
from abm.policy.rules_of_origin import RulesOfOrigin, fill_rules_of_origin
from abm.policy.tariffs import Tariffs, fill_tariffs
from abm.policy.threat import Threat, impose_threat
from abm.settings import Settings, setting


class Instruments(Settings):
    """What a scenario may say about policy, one field an instrument."""

    agreement: Agreement = Agreement()
    rules_of_origin: RulesOfOrigin = RulesOfOrigin()
    tariffs: Tariffs = Tariffs()
    enforcement: Enforcement = Enforcement()
    barriers: Barriers = setting(
        {},
        unit="ad valorem equivalent",
        meaning="non-tariff barriers beyond those of the calibration year,"
        " by destination, origin (or all) and sector (or all)",
        source="none beyond the calibrated ones",
    )
    competition: Competition = Competition()
    threat: Threat | None = None


INSTRUMENTS = tuple(Instruments.model_fields)
"""Names of the sections of a scenario file that a timeline may change."""


def regime_arrays(instruments: Instruments, threat_imposed: bool) -> RegimeArrays:
    """Return what ``instruments`` say as arrays, with the threatened measure or without."""
    regime = RegimeArrays()
    fill_agreement(instruments.agreement, regime)
    fill_rules_of_origin(instruments.rules_of_origin, regime)
    fill_tariffs(instruments.tariffs, regime)
    fill_enforcement(instruments.enforcement, regime)
    fill_barriers(instruments.barriers, regime)
    fill_competition(instruments.competition, regime)
    if threat_imposed and instruments.threat is not None:
        impose_threat(instruments.threat, regime)  # last: it raises duties already there
    return regime
