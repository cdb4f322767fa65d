"""What a scenario assumes about the economy around the firms, beside policy."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from abm.config.settings import Number, Share, setting
from abm.core.demand.capacity import Pace, SupplyCurve
from abm.core.demand.customers import Speeds
from abm.economy.folders import base_years, economy_of, located
from abm.economy.tables import BASE_YEAR
from abm.scenario.closure import Closure


def _as_text(value: object) -> object:
    """Return a year written as a number as its name."""
    return str(value) if isinstance(value, int) and 1900 <= value <= 2200 else value


class EconomyAssumptions(Closure):
    """The economy around the firms."""

    table: Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=1000)] = (
        setting(
            BASE_YEAR,
            unit="",
            meaning="whose tables the run starts from: a base year that is shipped, or the folder"
            " of an economy; a path starts from the file that says it",
            source="the calibration year",
        )
    )
    agglomeration: Number = setting(
        0.0,
        ge=0,
        le=2,
        unit="elasticity",
        meaning="pull of a region as a source beyond that of the plants that stand there",
        source="assumption",
    )
    relation: Number = setting(
        0.5,
        ge=0,
        le=10,
        unit="1",
        meaning="weight of a firm's standing suppliers in where it buys",
        source="assumption",
    )
    rewire_per_year: Share = setting(
        0.1,
        unit="share a year",
        meaning="buyers that look for a new supplier",
        source="assumption",
    )
    theta_scale: Number = setting(
        1.0,
        ge=0.1,
        le=5,
        unit="1",
        meaning="factor on every sector's elasticity of sourcing",
        source="1 by definition",
    )
    sigma_scale: Number = setting(
        1.0,
        ge=0.1,
        le=5,
        unit="1",
        meaning="factor on every sector's elasticity of demand",
        source="1 by definition",
    )
    renewal: Number = setting(
        0.149,
        gt=0,
        le=1,
        unit="share a quarter",
        meaning="contracts with suppliers that end in a quarter without news",
        source="estimated from published rows (docs/fit.md): 0.136 to 0.164",
    )
    renewal_slope: Number = setting(
        1.0,
        ge=0,
        le=20,
        unit="elasticity",
        meaning="rise of that share with what buyers pay over what they would if they signed anew",
        source="assumption",
    )
    win: Number = setting(
        1.0,
        gt=0,
        le=1,
        unit="share a quarter",
        meaning="buyers that choose anew from whom they buy",
        source="estimated from published rows (docs/fit.md): at least 0.85",
    )
    shift: Number = setting(
        0.0192,
        gt=0,
        le=1,
        unit="share a quarter",
        meaning="part of a firm's sales whose plant is chosen anew",
        source="estimated from published rows (docs/fit.md): 0.018 to 0.023",
    )
    supply_slope: Number = setting(
        0.4,
        ge=0,
        le=5,
        unit="elasticity",
        meaning="rise of a plant's prices with its output over its capacity; 0 for capacity at"
        " will",
        source="assumption; supply is flat at low utilisation and rises at high (Boehm and"
        " Pandalai-Nayar, Convex Supply Curves, NBER w26829)",
    )
    supply_slack: Share = setting(
        0.25,
        unit="share of supply_slope",
        meaning="the same below capacity, where there is slack",
        source="assumption; industries with slack grow twice as much after a demand shock as"
        " industries near capacity (Boehm and Pandalai-Nayar, NBER w26829)",
    )
    capacity_rise: Number = setting(
        0.12,
        ge=0,
        le=10,
        unit="share a quarter",
        meaning="most by which a standing plant's capacity grows",
        source="assumption",
    )
    capacity_wear: Share = setting(
        0.02,
        unit="share a quarter",
        meaning="capacity that wears out, and the most by which it shrinks",
        source="assumption: plants and equipment last some 12 years",
    )
    adjustment: Literal["in time", "long run"] = setting(
        "in time",
        unit="",
        meaning="whether trade follows prices at its own speed, or all of it at once as if the"
        " quarter were the long run",
        source="in time by definition; the long run for comparative statics",
    )

    @property
    def speeds(self) -> Speeds:
        """How fast customers follow prices in a quarter."""
        return Speeds(1.0, 1.0) if self.adjustment == "long run" else Speeds(self.win, self.shift)

    @property
    def renewals(self) -> tuple[float, float]:
        """Part of contracts that ends in a quarter, and how that rises with what signing saves."""
        return 1.0 if self.adjustment == "long run" else self.renewal, self.renewal_slope

    @property
    def supply(self) -> SupplyCurve:
        """How prices respond to output beyond and below capacity."""
        slope = 0.0 if self.adjustment == "long run" else self.supply_slope
        return SupplyCurve(slope, self.supply_slack)

    @property
    def pace(self) -> Pace:
        """How fast capacity changes in a quarter."""
        return Pace(self.capacity_rise, self.capacity_wear)

    @field_validator("table")
    @classmethod
    def _is_an_economy(cls, table: str) -> str:
        place = located(table, Path())
        if place not in base_years():
            economy_of(place)  # says what is wrong with it
        return place
