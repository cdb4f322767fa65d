"""Closure: what a scenario says of who works, who pays and what a currency is worth."""

from typing import Literal

from pydantic import ConfigDict

from abm.config.settings import Number, Settings, setting


class LabourSlope(Settings):
    """How hard it is to draw people into manufacturing, by country."""

    USA: Number = setting(
        0.5,
        ge=0,
        le=20,
        unit="elasticity",
        meaning="rise of manufacturing wages with manufacturing jobs, beside wage_elasticity;"
        " 0 for labour at will",
        source="assumption: with wage_elasticity a supply of 1.4, near the 1.4 of workers' choice"
        " of sector in Galle, Rodríguez-Clare and Yi (2023), from memory",
    )
    MEX: Number = setting(
        0.3,
        ge=0,
        le=20,
        unit="elasticity",
        meaning="the same in Mexico",
        source="assumption: with wage_elasticity a supply of 2; more people outside formal work",
    )
    CAN: Number = setting(
        0.5,
        ge=0,
        le=20,
        unit="elasticity",
        meaning="the same in Canada",
        source="assumption: as in the USA",
    )


class Closure(Settings):
    """What becomes of jobs, of public money and of trade balances beyond manufacturing."""

    model_config = ConfigDict(
        json_schema_extra={
            "replaced": {
                "duty_revenue": 'economy.closure ("partial" for kept; "full" has them rebated)'
            },
        }
    )

    closure: Literal["partial", "labour", "full"] = setting(
        "full",
        unit="",
        meaning="what closes the economy: nothing beyond manufacturing (partial); people, whom"
        " services take in and let go (labour); these, households who pay for what treasuries"
        " spend, and exchange rates that bring balances of trade back (full)",
        source="assumption",
    )
    wage_elasticity: Number = setting(
        0.2,
        ge=0,
        le=5,
        unit="elasticity",
        meaning="rise of a host's wage with its demand for manufacturing labour",
        source="assumption",
    )
    labour_slope: LabourSlope = LabourSlope()
    exchange_speed: Number = setting(
        0.05,
        ge=0,
        le=2,
        unit="elasticity a quarter",
        meaning="rise of a country's real exchange rate in a quarter with what its balance of trade"
        " is above its share of spending in 2017, over its trade; 0 for rates that stand",
        source="assumption: balances are back within three to five years",
    )

    @property
    def labour_slopes(self) -> tuple[float, float, float]:
        """Rise of wages with jobs beside ``wage_elasticity``, by host."""
        if self.closure == "partial":
            return (0.0, 0.0, 0.0)
        return self.labour_slope.USA, self.labour_slope.MEX, self.labour_slope.CAN

    @property
    def speed_of_exchange(self) -> float:
        """Rise of a real exchange rate with its gap, 0 where rates stand."""
        return self.exchange_speed if self.closure == "full" else 0.0

    @property
    def households_pay(self) -> bool:
        """Whether what treasuries gain is households', and what they spend is paid by them."""
        return self.closure == "full"
