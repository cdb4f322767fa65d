"""Rules of origin: how much of a product must come from the region to be duty-free."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any, Literal, Self

import numpy as np
from pydantic import model_validator

from abm.axes import FOOTLOOSE, HOSTS, SECTORS
from abm.config.settings import Number, Settings, Share, setting
from abm.economy.tables import load_economy
from abm.policy.arrays import RULE_ARRAYS, RegimeArrays
from abm.policy.instruments.line_rules import CONDITIONS, ByLine, Schedule
from abm.policy.instruments.partner_rules import (
    ByPartner,
    PartnerRule,
    require_one_country,
    rule_between,
)
from abm.policy.instruments.sector_rules import BySector, CountryContent


def _threshold(goods: str) -> Any:
    return setting(
        0.0,
        unit="share of net cost",
        meaning=f"regional value content that {goods} must reach, net cost method; 0 for no rule",
        source="no rule unless a scenario sets one",
    )


class RegionalValueContent(Settings):
    """Threshold by sector, net cost method; 0 means that there is no content rule."""

    cars: Share = _threshold("cars")
    light_trucks: Share = _threshold("light trucks")
    vehicle_parts: Share = _threshold("vehicle parts")
    electronics: Share = _threshold("electronics")
    machinery: Share = _threshold("machinery")
    metals: Share = _threshold("metals")
    chemicals_plastics: Share = _threshold("chemicals and plastics")
    textiles_apparel: Share = _threshold("textiles and apparel")
    food: Share = _threshold("food")
    other_manufacturing: Share = _threshold("other manufactures")


def _by_sector(unit: str, meaning: str) -> Any:
    return setting({}, unit=unit, meaning=meaning, source="no rule unless a scenario sets one")


def _counts(region: str, share: float) -> Any:
    return setting(
        share,
        unit="share",
        meaning=f"part of the goods of {region} that may count as originating",
        source="NAFTA: the goods of its three members",
    )


class Cumulation(Settings):
    """Whose goods count as originating."""

    USA: Share = _counts("the USA", 1.0)
    MEX: Share = _counts("Mexico", 1.0)
    CAN: Share = _counts("Canada", 1.0)
    CHN: Share = _counts("China", 0.0)
    ROW: Share = _counts("the rest of the world", 0.0)


class RulesOfOrigin(Settings):
    """Conditions for the agreement's preference; all that are set must be met."""

    regional_value_content: RegionalValueContent = RegionalValueContent()
    labour_value_content: BySector = _by_sector(
        "share of net cost",
        "cost that must arise at plants above wage_line, by sector (or all)",
    )
    labour_value_credit: Share = setting(
        0.0,
        unit="share of net cost",
        meaning="credit towards labour_value_content for research and assembly at high wages",
        source="none unless a scenario sets one",
    )
    wage_line: Number = setting(
        16.0,
        ge=0,
        le=200,
        unit="USD an hour",
        meaning="hourly labour cost from which a plant counts for labour_value_content",
        source="USMCA Annex 4-B Appendix (US International Trade Commission)",
    )
    metals_content: BySector = _by_sector(
        "share of metals bought",
        "originating part of a product's steel, aluminium and other metals, by sector (or all)",
    )
    tariff_shift: BySector = _by_sector(
        "share of parts",
        "part of inputs from the product's own sector that stand under its heading and must"
        " originate, by sector (or all)",
    )
    core_parts_content: BySector = _by_sector(
        "share of vehicle parts bought",
        "originating part of the vehicle parts in a product, by sector (or all)",
    )
    schedule: Literal["", "usmca"] = setting(
        "",
        unit="",
        meaning="agreement whose rules by product line, of rules_of_origin.csv, hold;"
        " those of the sector where it is silent",
        source="none unless a scenario sets one",
    )
    lines: ByLine = setting(
        {},
        unit="share of net cost",
        meaning="conditions by product line, in place of those of its sector and of the schedule",
        source="none unless a scenario sets one",
    )
    or_else: ByLine = setting(
        {},
        unit="share of net cost",
        meaning="a second way to originate by product line; what it leaves out is not asked for",
        source="none unless a scenario sets one",
    )
    country_content: CountryContent = setting(
        {},
        unit="share of net cost",
        meaning="cost that must arise in one country, by country and sector (or all); a sector"
        " can be asked for content of one country",
        source="no rule unless a scenario sets one",
    )
    de_minimis: Share = setting(
        0.07,
        unit="share of net cost",
        meaning="value of parts in breach of tariff_shift that is overlooked",
        source="NAFTA Article 405, from memory, unverified",
    )
    cumulation: Cumulation = Cumulation()
    by_partner: ByPartner = setting(
        {},
        unit="",
        meaning="rules at a border in place of the agreement's, by destination and origin (or all)",
        source="one set of rules for all partners unless a scenario sets one",
    )

    @model_validator(mode="after")
    def _asks_for_one_country_at_a_border(self) -> Self:
        require_one_country(self.by_partner, self.country_content)
        return self


def fill_rules_of_origin(rules: RulesOfOrigin, regime: RegimeArrays) -> None:
    """Write the conditions for origin into ``regime``, with those of borders that have others."""
    regime.wage_line[...] = rules.wage_line
    _fill(rules, PartnerRule(), regime)
    for pair in permutations(HOSTS, 2):
        said = rule_between(rules.by_partner, pair)
        if said is None:
            continue
        there = RegimeArrays.neutral()
        _fill(rules, said, there)
        asked = {name: getattr(there, name) for name in RULE_ARRAYS}
        if any(not np.array_equal(array, getattr(regime, name)) for name, array in asked.items()):
            host, partner = map(HOSTS.index, pair)
            regime.border_rules[host, partner] = asked


def _fill(rules: RulesOfOrigin, said: PartnerRule, regime: RegimeArrays) -> None:
    """Write the conditions for origin at a border of which something is said."""
    lines = load_economy().lines
    for sector in FOOTLOOSE:
        row = SECTORS.index(sector)
        of_sector = {name: _of_sector(rules, name, sector) for name in CONDITIONS}
        for line in range(*lines.of(row).indices(len(lines))):
            first, second = _ways(rules, said, sector, lines.name[line])
            _write(regime, (line, 0), of_sector | first)
            if second:
                nothing = dict.fromkeys(CONDITIONS, 0.0) | {"de_minimis": of_sector["de_minimis"]}
                _write(regime, (line, 1), nothing | second)
                regime.either_way[line] = True
        regime.country_content[row] = said.country(sector, rules.country_content)
    # A credit counts towards the rule, so only the rest must be cost at high-wage plants.
    rest = regime.labour_value_content - rules.labour_value_credit
    regime.labour_value_content[:] = rest.clip(0.0)
    regime.cumulation[:] = said.counted(rules.cumulation)


def _ways(
    rules: RulesOfOrigin, said: PartnerRule, sector: str, line: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Conditions of a line's two ways to originate; the second's are none if there is no such way.

    What a protocol says of a sector holds in both.
    """
    of_schedule, of_border = Schedule.of(rules.schedule), said.conditions(sector)
    first = of_schedule.conditions(line, 0) | _said(rules.lines, line)
    second = of_schedule.conditions(line, 1) | _said(rules.or_else, line)
    if second:
        second |= of_border
    return first | of_border | _said(said.lines, line), second | _said(said.or_else, line)


def _said(by_line: ByLine, name: str) -> dict[str, float]:
    """The conditions that are set for a line."""
    return by_line[name].conditions if name in by_line else {}


def _of_sector(rules: RulesOfOrigin, name: str, sector: str) -> float:
    """What a sector must have of one condition, where nothing is said of a line."""
    if name == "regional_value_content":
        return float(getattr(rules.regional_value_content, sector))
    if name == "de_minimis":
        return rules.de_minimis
    asked: Mapping[Any, float] = getattr(rules, name)
    return asked.get(sector, asked.get("all", 0.0))


def _write(regime: RegimeArrays, place: tuple[int, int], asked: Mapping[str, float]) -> None:
    """Write the conditions of one line and way."""
    for name, array in CONDITIONS.items():
        getattr(regime, array)[place] = asked[name]
