"""Rules of origin at one border, where they are not the agreement's: a protocol of two members.

What a protocol says of a sector or a line holds at its border in place of what the agreement
says of it, and what it leaves out is as in the agreement.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from abm.axes import FOOTLOOSE, HOSTS, REGIONS
from abm.config.settings import Host, HostOrAll, Region, Settings, Share, setting
from abm.policy.instruments.line_rules import CONDITIONS, ByLine
from abm.policy.instruments.rates import require_foreign
from abm.policy.instruments.sector_rules import BySector, CountryContent, content_of


def _said(unit: str, meaning: str) -> Any:
    return setting({}, unit=unit, meaning=meaning, source="as in the agreement unless it is said")


class PartnerRule(Settings):
    """What goods from one member must have to enter another free of duty."""

    regional_value_content: BySector = _said(
        "share of net cost", "content of the region at this border, by sector (or all)"
    )
    labour_value_content: BySector = _said(
        "share of net cost",
        "cost that must arise at plants above wage_line, less the credit, by sector (or all)",
    )
    metals_content: BySector = _said(
        "share of metals bought", "originating part of its metals, by sector (or all)"
    )
    core_parts_content: BySector = _said(
        "share of vehicle parts bought",
        "originating part of the vehicle parts in it, by sector (or all)",
    )
    tariff_shift: BySector = _said(
        "share of parts",
        "part of inputs from its own sector that must originate, by sector (or all)",
    )
    country_content: CountryContent = _said(
        "share of net cost", "cost that must arise in one country, by country and sector (or all)"
    )
    de_minimis: Share | None = setting(
        None,
        unit="share of net cost",
        meaning="value of parts in breach of tariff_shift that is overlooked",
        source="as in the agreement unless it is said",
    )
    lines: ByLine = _said("share of net cost", "conditions by product line")
    or_else: ByLine = _said("share of net cost", "a second way to originate by product line")
    cumulation: dict[Region, Share] = _said(
        "share", "part of a region's goods that may count as originating, by region"
    )

    def conditions(self, sector: str) -> dict[str, float]:
        """What it asks of all products of a sector, by condition."""
        asked = {} if self.de_minimis is None else {"de_minimis": self.de_minimis}
        for name in CONDITIONS.keys() - {"de_minimis"}:
            said: Mapping[Any, float] = getattr(self, name)
            if sector in said or "all" in said:
                asked[name] = said[sector if sector in said else "all"]
        return asked

    def country(self, sector: str, agreed: Mapping[Any, Mapping[Any, float]]) -> list[float]:
        """Content asked of each host; what the agreement asks where nothing is said of the host."""
        own: Mapping[Any, Mapping[Any, float]] = self.country_content
        return [
            content_of(own if _says(own, host, sector) else agreed, host, sector) for host in HOSTS
        ]

    def counted(self, agreed: Settings) -> list[float]:
        """Part of each region's goods that counts, given what the agreement counts."""
        own: Mapping[Any, float] = self.cumulation
        return [own.get(region, getattr(agreed, region)) for region in REGIONS]


def _says(asked: Mapping[Any, Mapping[Any, float]], host: str, sector: str) -> bool:
    """Whether anything is said of a host's content in a sector, be it that none is asked for."""
    return bool({sector, "all"} & set(asked.get(host, {})))


ByPartner = Annotated[dict[Host, dict[HostOrAll, PartnerRule]], AfterValidator(require_foreign)]
"""Rules by destination and origin (or all); what is said of an origin replaces what is of all."""


def require_one_country(by_partner: ByPartner, agreed: Mapping[Any, Mapping[Any, float]]) -> None:
    """Refuse a border that asks for another country's content than the agreement asks of a sector.

    Raises
    ------
    ValueError
        In words that say how to ask for one of the two alone.
    """
    for destination, by_origin in by_partner.items():
        for origin, rule in by_origin.items():
            for sector in FOOTLOOSE:
                asked = rule.country(sector, agreed)
                of = [host for host, share in zip(HOSTS, asked, strict=True) if share > 0]
                if len(of) > 1:
                    raise ValueError(
                        f"by_partner.{destination}.{origin}.country_content: with the agreement's, "
                        f"{sector} is asked for content of {of[0]} and of {of[1]}; set one of the "
                        "two to 0 here"
                    )


def rule_between(
    by_partner: Mapping[Any, Mapping[Any, PartnerRule]], pair: tuple[str, str]
) -> PartnerRule | None:
    """What is said of goods from the first member of a pair to the second, if anything is."""
    origin, destination = pair
    by_origin = by_partner.get(destination, {})
    return by_origin.get(origin, by_origin.get("all"))
