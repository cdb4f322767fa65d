"""A regime: one full set of instruments. They are listed here, in the order in which they act."""

from collections.abc import Callable, Sequence
from typing import Any

from abm.config.settings import Settings, setting
from abm.policy.arrays import RegimeArrays
from abm.policy.by_days import count_days
from abm.policy.instruments.agreement import Agreement, fill_agreement
from abm.policy.instruments.assembly_offset import AssemblyOffset, fill_assembly_offset
from abm.policy.instruments.barriers import Barriers, fill_barriers
from abm.policy.instruments.competition import Competition, fill_competition
from abm.policy.instruments.duties_of_acts import fill_acts
from abm.policy.instruments.enforcement import Enforcement, fill_enforcement
from abm.policy.instruments.foreign_support import ForeignSupport, fill_foreign_support
from abm.policy.instruments.intellectual_property import (
    IntellectualProperty,
    fill_intellectual_property,
)
from abm.policy.instruments.investment_grant import InvestmentGrant, fill_investment_grant
from abm.policy.instruments.labour_rights import LabourRights, fill_labour_rights
from abm.policy.instruments.legal_acts import Acts
from abm.policy.instruments.measures import Measures, fill_measures
from abm.policy.instruments.negotiation import Negotiation
from abm.policy.instruments.output_remission import OutputRemission, fill_output_remission
from abm.policy.instruments.plan_relief import PlanRelief, fill_plan_relief
from abm.policy.instruments.reaction import Reaction
from abm.policy.instruments.retaliation import Retaliation
from abm.policy.instruments.rules_of_origin import RulesOfOrigin, fill_rules_of_origin
from abm.policy.instruments.services import ServicesBarriers, fill_services
from abm.policy.instruments.shocks import Shocks, fill_shocks
from abm.policy.instruments.subsidies import Subsidies, fill_subsidies
from abm.policy.instruments.tariffs import Tariffs, fill_tariffs
from abm.policy.instruments.threat import Threat, impose_threat


class Instruments(Settings):
    """What a scenario may say about policy, one field an instrument."""

    agreement: Agreement = Agreement()
    rules_of_origin: RulesOfOrigin = RulesOfOrigin()
    tariffs: Tariffs = Tariffs()
    acts: Acts = setting(
        {},
        unit="",
        meaning="legal acts by name, each on its own dates (true), not at all (false) or as of a"
        " day; a list of names is of acts on their dates",
        source="the files of abm/data/law; none stands unless it is named",
    )
    measures: Measures = setting(
        {},
        unit="",
        meaning="dated duties by name, which stack",
        source="none stood in 2017",
    )
    enforcement: Enforcement = Enforcement()
    barriers: Barriers = setting(
        {},
        unit="ad valorem equivalent",
        meaning="non-tariff barriers less those of the calibration year,"
        " by destination, origin (or all) and sector (or all)",
        source="none beyond the calibrated ones",
    )
    services: ServicesBarriers = setting(
        {},
        unit="ad valorem equivalent",
        meaning="barriers to services less those of the calibration year,"
        " by destination, origin (or all) and service (or all)",
        source="none beyond the calibrated ones",
    )
    subsidies: Subsidies = setting(
        {},
        unit="share of labour and capital cost",
        meaning="production subsidies by host and sector (or all)",
        source="none beyond the calibrated ones",
    )
    assembly_offset: AssemblyOffset = AssemblyOffset()
    output_remission: OutputRemission = setting(
        {},
        unit="value per value made",
        meaning="own imports of a maker, of the sector's goods from its plants in other members,"
        " that are free of measures for what it makes there, by host and sector (or all)",
        source="none before Canada's remission of its surtax on vehicles of April 2025",
    )
    plan_relief: PlanRelief = setting(
        {},
        unit="share of measures",
        meaning="part of measures not owed by makers that build there on what their own plants in"
        " other members deliver, by host and sector (or all)",
        source="none before the programme for primary aluminium of July 2026, which has a half",
    )
    investment_grant: InvestmentGrant = setting(
        {},
        unit="share of build cost",
        meaning="grants towards new plants by host and sector (or all)",
        source="none beyond the calibrated ones",
    )
    foreign_support: ForeignSupport = setting(
        {},
        unit="share of the price",
        meaning="cost advantage that states outside give their firms, by origin and good (or all)",
        source="none beyond the calibrated ones",
    )
    intellectual_property: IntellectualProperty = IntellectualProperty()
    labour_rights: LabourRights = LabourRights()
    competition: Competition = Competition()
    threat: Threat | None = None
    reaction: Reaction = Reaction()
    retaliation: Retaliation = Retaliation()
    negotiation: Negotiation | None = None
    shocks: Shocks = Shocks()

    @property
    def levied(self) -> dict[str, Any]:
        """What counts by the days of a quarter on which it holds, by section."""
        return {name: getattr(self, name) for name in BY_DAYS}

    @property
    def without_shocks(self) -> "Instruments":
        """The same policy in a world without shocks."""
        return self.model_copy(update={"shocks": Shocks()})


BY_DAYS = ("acts", "measures")
"""Sections that count by days; others hold for the whole quarter in which they change."""

INSTRUMENTS = tuple(Instruments.model_fields)
"""Names of the sections of a scenario file that a timeline may change."""


FILLS: tuple[tuple[str, Callable[[Any, RegimeArrays], None]], ...] = (
    ("agreement", fill_agreement),
    ("rules_of_origin", fill_rules_of_origin),
    ("tariffs", fill_tariffs),
    ("acts", fill_acts),
    ("measures", fill_measures),  # after acts, to which they add
    ("enforcement", fill_enforcement),
    ("barriers", fill_barriers),
    ("services", fill_services),  # after barriers, with which it compounds
    ("subsidies", fill_subsidies),
    ("assembly_offset", fill_assembly_offset),
    ("output_remission", fill_output_remission),
    ("plan_relief", fill_plan_relief),
    ("investment_grant", fill_investment_grant),
    ("foreign_support", fill_foreign_support),
    ("intellectual_property", fill_intellectual_property),
    ("labour_rights", fill_labour_rights),
    ("competition", fill_competition),
    ("shocks", fill_shocks),  # after barriers, with which freight compounds
)
"""What each instrument writes into a regime, in the order in which they act."""

WITHOUT_ARRAYS = tuple(name for name in INSTRUMENTS if name not in dict(FILLS))
"""Sections that fill no array but say how governments act: threats, talks, reactions."""


def regime_arrays(
    instruments: Instruments,
    threat_imposed: bool,
    earlier: Sequence[tuple[float, Instruments]] = (),
) -> RegimeArrays:
    """Return what instruments say as arrays.

    Parameters
    ----------
    instruments : Instruments
        Those at the end of the quarter.
    threat_imposed : bool
        Whether the threatened measure is in force.
    earlier : sequence of (float, Instruments)
        What was levied on other days of the quarter, with their share of it.
    """
    regime = RegimeArrays.neutral()
    for name, fill in FILLS:
        fill(getattr(instruments, name), regime)
        if name == "tariffs" and threat_imposed and instruments.threat is not None:
            # It compares with other special duties, and floors among measures count it in.
            impose_threat(instruments.threat, regime)
    if earlier:
        count_days(regime, [(share, _levied(spell, regime)) for share, spell in earlier])
    return regime


def _levied(instruments: Instruments, end: RegimeArrays) -> RegimeArrays:
    """Return arrays of what counts by days alone, beside special duties of the quarter's end."""
    regime = RegimeArrays.neutral()
    regime.special_duty[:], regime.special_waived[:] = end.special_duty, end.special_waived
    for name, fill in FILLS:
        if name in BY_DAYS:
            fill(getattr(instruments, name), regime)
    return regime
