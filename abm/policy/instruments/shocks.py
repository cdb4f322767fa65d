"""Shocks: what befalls the economy and is nobody's policy.

Exchange rates, freight, wages and demand change on a date without notice, and stay so until another
entry of the timeline changes them. Nobody expects them, and nobody expects them to pass.
All are changes since 2017: 0 sets a shock back.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from abm.axes import FOOTLOOSE, GOODS, HOSTS, REGIONS, SECTORS
from abm.config.settings import (
    GoodOrAll,
    Host,
    ManufactureOrAll,
    RateChange,
    Region,
    RegionOrAll,
    Settings,
    setting,
)
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.rates import rates_by_cell, require_foreign, shares_by_place

PREFIX = "shocks."
"""With which dotted keys of shocks begin."""


Freight = Annotated[
    dict[Region, dict[RegionOrAll, dict[GoodOrAll, RateChange]]], AfterValidator(require_foreign)
]
"""Change of what carrying goods costs, by destination, origin and good."""


class Shocks(Settings):
    """Changes of the world since the calibration year, 0 for none."""

    exchange: dict[Region, RateChange] = setting(
        {},
        unit="share of the rate of 2017",
        meaning="change of a currency's worth in others, by region; below zero where it falls",
        source="no shock",
    )
    freight: Freight = setting(
        {},
        unit="share of the price of the good",
        meaning="change of what carrying goods costs, by destination, origin (or all) and good"
        " (or all)",
        source="no shock",
    )
    wage: dict[Host, RateChange] = setting(
        {},
        unit="share of the wage of 2017",
        meaning="change of manufacturing wages, by host, beside that with jobs",
        source="no shock",
    )
    demand: dict[Region, dict[ManufactureOrAll, RateChange]] = setting(
        {},
        unit="share of spending",
        meaning="change of what consumers spend, by region and sector (or all)",
        source="no shock",
    )


def fill_shocks(shocks: Shocks, regime: RegimeArrays) -> None:
    """Write what shocks make of the world into ``regime``; freight compounds with barriers."""
    for region, change in shocks.exchange.items():
        regime.exchange_shock[REGIONS.index(region)] = 1 + change
    freight = rates_by_cell(shocks.freight, GOODS)
    dearer = freight != 0
    regime.barrier[dearer] = (1 + regime.barrier[dearer]) * (1 + freight[dearer]) - 1
    for host, change in shocks.wage.items():
        regime.wage_shock[HOSTS.index(host)] = 1 + change
    demand = shares_by_place(shocks.demand, REGIONS, SECTORS, FOOTLOOSE)
    regime.demand_shock[:] += demand


def shock_among(keys: Iterable[str]) -> str | None:
    """Return the first dotted key of a shock among some keys, or None."""
    return next((key for key in keys if f"{key}.".startswith(PREFIX)), None)
