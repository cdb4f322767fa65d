"""Conditions for origin by sector, and content that is asked of one country."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from abm.axes import FOOTLOOSE, HOSTS
from abm.config.settings import Host, ManufactureOrAll, Share

BySector = dict[ManufactureOrAll, Share]


def content_of(asked: Mapping[Any, Mapping[Any, float]], host: str, sector: str) -> float:
    """What a sector must have of a host."""
    of_host: Mapping[Any, float] = asked.get(host, {})
    return of_host.get(sector, of_host.get("all", 0.0))


def _of_one_country(asked: dict[Host, BySector]) -> dict[Host, BySector]:
    """Refuse content of two countries in one sector, which is not solved for."""
    for sector in FOOTLOOSE:
        of = [host for host in HOSTS if content_of(asked, host, sector) > 0]
        if len(of) > 1:
            raise ValueError(f"{sector} is asked for content of {of[0]} and of {of[1]}; choose one")
    return asked


CountryContent = Annotated[dict[Host, BySector], AfterValidator(_of_one_country)]
