"""A threat: a measure that has been announced and may be imposed in any quarter, or never."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import model_validator

from abm.axes import GOODS
from abm.config.settings import AsTuple, Date, GoodOrAll, Rate, Region, Settings, Share, setting
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import rates_by_cell


class Threat(Settings):
    """What is threatened, how likely firms think it, and whether it is carried out."""

    instrument: Literal["border_tax", "blanket", "withdrawal"] = setting(
        "border_tax",
        unit="",
        meaning="border_tax: on US-bound goods from a Mexican plant opened after the announcement"
        " by a firm that has, or closed, US production;"
        " blanket: a US duty on goods from the origins;"
        " withdrawal: the end of the agreement's preference, whatever the rate and origins",
        source="the threats to single firms of 2016-17 (The Guardian, 3 January 2017)",
    )
    rate: Rate = setting(
        0.35,
        unit="ad valorem",
        meaning="rate of the tax or duty",
        source="threat of 2016-17, as reported by AFP",
    )
    origins: Annotated[tuple[Region, ...], AsTuple] = setting(
        ("MEX",), unit="", meaning="where the goods come from", source="threat of 2016-17"
    )
    goods: Annotated[tuple[GoodOrAll, ...], AsTuple] = setting(
        ("all",),
        unit="",
        meaning="goods that a blanket duty is on; all, or some",
        source="the threat of May 2019 was on all goods",
    )
    waived_for_originating: bool = setting(
        False,
        unit="",
        meaning="whether a blanket duty spares goods claimed as originating",
        source="the threat of May 2019 was on all goods",
    )
    arrival_per_quarter: Share = setting(
        0.025,
        unit="probability a quarter",
        meaning="hazard that the threat is carried out while it stands",
        source="assumption: about 10% a year",
    )
    departure_per_quarter: Share = setting(
        0.0625,
        unit="probability a quarter",
        meaning="hazard that the measure, once imposed, is lifted",
        source="assumption: it outlives one presidential term of 16 quarters on average",
    )
    imposed: Literal["never", "drawn", "always"] | Date = setting(
        "never",
        unit="",
        meaning="never; drawn (from the hazards); always, while it stands;"
        " or the date on which it is imposed",
        source="not imposed in 2016-17",
    )
    standing: bool = setting(
        True,
        unit="",
        meaning="whether it stands; an entry of the timeline withdraws it by false",
        source="-",
    )
    announced: Date | None = setting(
        None, unit="", meaning="date of the announcement; without it, the start", source="-"
    )
    withdrawn: Date | None = setting(
        None, unit="", meaning="date on which the threat is dropped, and its measure", source="-"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if "USA" in self.origins:
            raise ValueError("origins cannot hold USA, where the duty would be levied")
        if self.instrument == "border_tax" and self.origins != ("MEX",):
            raise ValueError("origins must be ['MEX'] for a border_tax; a blanket may name others")
        if not self.goods or (self.instrument != "blanket" and self.goods != ("all",)):
            raise ValueError(
                f"goods must be ['all'] for a {self.instrument}; a blanket may name some"
                if self.goods
                else "goods names none; ['all'] is allowed, or a list of some"
            )
        imposed = self.imposed if isinstance(self.imposed, date) else None
        dated = [
            (name, day)
            for name, day in (
                ("announced", self.announced),
                ("imposed", imposed),
                ("withdrawn", self.withdrawn),
            )
            if day is not None
        ]
        for (earlier, first), (later, second) in pairwise(dated):
            if second < first:
                raise ValueError(f"{later} ({second}) comes before {earlier} ({first})")
        return self


def impose_threat(threat: Threat, regime: RegimeArrays) -> None:
    """Write the measure into ``regime``, as in a quarter in which it is in force.

    A blanket duty is not added to another special duty on the same goods: the higher of
    the two is levied, and its terms decide whether goods that originate are spared.
    """
    if threat.instrument == "border_tax":
        regime.border_tax[...] = threat.rate
        return
    if threat.instrument == "withdrawal":
        regime.preference[:] = False
        return
    blanket = rates_by_cell(
        {"USA": {origin: dict.fromkeys(threat.goods, threat.rate) for origin in threat.origins}},
        GOODS,
    )
    raised = blanket > regime.special_duty
    regime.special_duty[raised] = blanket[raised]
    regime.special_waived[raised] = threat.waived_for_originating
