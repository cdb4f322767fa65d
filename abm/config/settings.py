"""What every part of a scenario has in common: frozen, typed, no unknown key.

A scenario file is data. Each of its keys is a field of a :class:`Settings`
subclass, declared with :func:`setting`, so that range, unit, meaning and source
stand in one place and reach error messages, ``nearshore show`` and the JSON
schema from there.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# Type checkers need the labels spelt out; a test holds them equal to abm.axes.
Region = Literal["USA", "MEX", "CAN", "CHN", "ROW"]
Host = Literal["USA", "MEX", "CAN"]
Outsider = Literal["CHN", "ROW"]
HostOrAll = Literal["all", "USA", "MEX", "CAN"]
RegionOrAll = Literal["all", "USA", "MEX", "CAN", "CHN", "ROW"]
GoodOrAll = Literal[
    "all", "cars", "light_trucks", "vehicle_parts", "electronics", "machinery", "metals",
    "chemicals_plastics", "textiles_apparel", "food", "other_manufacturing", "primary_energy",
]  # fmt: skip
ManufactureOrAll = Literal[
    "all", "cars", "light_trucks", "vehicle_parts", "electronics", "machinery", "metals",
    "chemicals_plastics", "textiles_apparel", "food", "other_manufacturing",
]  # fmt: skip
ServiceOrAll = Literal["all", "telecom", "finance", "other_services"]
SectorOrAll = Literal[
    "all", "cars", "light_trucks", "vehicle_parts", "electronics", "machinery", "metals",
    "chemicals_plastics", "textiles_apparel", "food", "other_manufacturing", "primary_energy",
    "telecom", "finance", "other_services",
]  # fmt: skip


def read_percent(value: object) -> object:
    """Return ``"25%"`` as 0.25 and anything else unchanged."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        try:
            return float(value.strip()[:-1].strip() + "e-2")  # exact, unlike a division
        except ValueError:
            return value  # not a number: the field's own check will say so
    return value


def _read_date(value: object) -> object:
    """Return a date given as text (ISO 8601) as a date, and anything else unchanged."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value  # no date: the field's own check will say so
    return value


def _read_list(value: object) -> object:
    """Return TOML's list as the tuple a frozen field wants."""
    return tuple(value) if isinstance(value, list) else value


Number = Annotated[float, BeforeValidator(read_percent)]
"""A finite number; ``"25%"`` is read as 0.25."""

Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(read_percent)]

Rate = Annotated[float, Field(ge=0, le=5), BeforeValidator(read_percent)]
"""An ad valorem rate; 500% is beyond every line of a schedule (US tobacco has 350%)."""

RateChange = Annotated[float, Field(ge=-0.5, le=3), BeforeValidator(read_percent)]
"""A rate against the calibration year's; below zero where a barrier is taken down."""

MostlyShare = Annotated[float, Field(ge=0, le=0.9), BeforeValidator(read_percent)]
"""A share that leaves something: nothing is free, however much a state pays."""

Date = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 1, 1)), BeforeValidator(_read_date)]

AsTuple = BeforeValidator(_read_list)


class Settings(BaseModel):
    """A part of a scenario: read once, never changed, every value finite."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )


def setting(default: Any, *, unit: str, meaning: str, source: str, **bounds: Any) -> Any:
    """Return a field that says what it means.

    Parameters
    ----------
    default : Any
        Its value where no scenario file gives one.
    unit : str
        Such as ``"share of net cost"``; ``""`` for a choice or a switch.
    meaning : str
        One line for a reader who has not seen the code.
    source : str
        Where the default is from, or ``"assumption"``.
    **bounds : Any
        Limits as pydantic's ``Field`` takes them: ``ge``, ``gt``, ``le``, ``lt``.
    """
    return Field(
        default,
        description=meaning,
        json_schema_extra={"unit": unit, "source": source},
        **bounds,
    )
