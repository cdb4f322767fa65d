"""What a scenario file may say: frozen, typed, no unknown key.

A scenario is a TOML file. It names the file it ``extends`` and says what differs;
:mod:`abm.scenario_file` reads it. Policy is described one instrument a file in
:mod:`abm.policy`; what is not policy, firms and the economy, is described here.

>>> usmca = Scenario.load("usmca")
>>> usmca.rules_of_origin.regional_value_content.cars
0.625
>>> [str(entry.date) for entry in usmca.timeline]
['2020-07-01', '2021-07-01', '2022-07-01', '2023-07-01']
"""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from abm import scenario_file
from abm.complaints import complaint
from abm.errors import ScenarioError
from abm.keys import keys_of
from abm.policy.compiled import compile_policy
from abm.policy.regime import INSTRUMENTS, Instruments
from abm.policy.timeline import TimelineEntry, segments
from abm.settings import AsTuple, Date, Number, Settings, Share, setting

QUARTERS_A_YEAR = 4

Quarters = Annotated[int, Field(ge=0, le=100)]


class Beliefs(Settings):
    """How firms think about policy to come; shares of firms, summing to one."""

    myopic: Share = setting(
        0.3,
        unit="share of firms",
        meaning="take today's policy to last for ever",
        source="assumption",
    )
    adaptive: Share = setting(
        0.3,
        unit="share of firms",
        meaning="learn from what was announced and enacted",
        source="assumption",
    )
    forward: Share = setting(
        0.4,
        unit="share of firms",
        meaning="know the scenario's own chances",
        source="assumption",
    )

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = self.myopic + self.adaptive + self.forward
        if abs(total - 1.0) > 1e-9:  # room for rounding of three decimal fractions
            raise ValueError(f"the shares of firms sum to {total:.6g}, must sum to 1")
        return self


class Firms(Settings):
    """Firms: how they differ, decide and build."""

    reviews_per_year: Number = setting(
        1.0,
        ge=0,
        le=QUARTERS_A_YEAR,
        unit="reviews a year",
        meaning="how often a firm reconsiders where to produce",
        source="assumption: with the yearly budget",
    )
    discount_per_year: Number = setting(
        0.92,
        gt=0,
        lt=1,
        unit="1",
        meaning="worth today of a certain million a year from now, risk of exit included",
        source="assumption: between 0.90 and 0.95",
    )
    stage_quarters: Annotated[tuple[Quarters, Quarters, Quarters], AsTuple] = setting(
        (4, 6, 2),
        unit="quarters",
        meaning="length of a plant's stages: site, building, ramp-up",
        source="assumption: three years in all; GM announced in June 2025 for output in 2027",
    )
    stage_cost_shares: Annotated[tuple[Share, Share, Share], AsTuple] = setting(
        (0.1, 0.7, 0.2),
        unit="share of build_cost",
        meaning="cost sunk in each stage; what is sunk is lost when a plant is cancelled",
        source="assumption",
    )
    build_cost: Number = setting(
        0.2,
        ge=0,
        le=10,
        unit="share of the plant's yearly sales",
        meaning="cost of a new plant",
        source="BMW San Luis Potosi: USD 1bn for 175,000 cars a year (MarkLines)",
    )
    closure_cost: Number = setting(
        0.08,
        ge=0,
        le=10,
        unit="share of the plant's yearly sales",
        meaning="severance and what else it costs to close a plant",
        source="assumption",
    )
    choice_noise: Number = setting(
        0.05,
        ge=0,
        le=10,
        unit="share of quarterly sales",
        meaning="scale of what firms know about locations and the model does not",
        source="assumption",
    )
    location_dispersion: Number = setting(
        7.0,
        gt=0,
        le=100,
        unit="elasticity",
        meaning="how strongly a firm's location follows cost; high for firms much alike",
        source="assumption, near the sourcing elasticity of cars (7.7, from memory)",
    )
    home_decay: Number = setting(
        0.02,
        ge=0,
        lt=1,
        unit="share per 1000 km",
        meaning="productivity lost with distance from home",
        source="assumption",
    )
    productivity_spread: Number = setting(
        0.15,
        ge=0,
        le=2,
        unit="standard deviation of the logarithm",
        meaning="how much firms of a sector differ in productivity from host to host",
        source="assumption",
    )
    sourcing_correlation: Number = setting(
        0.5,
        ge=0,
        lt=1,
        unit="correlation",
        meaning="how much of a firm's taste for a source is common to all its inputs",
        source="assumption",
    )
    honesty_median: Number = setting(
        0.10,
        ge=0,
        le=10,
        unit="ad valorem",
        meaning="what the median firm would give up rather than claim origin falsely",
        source="assumption",
    )
    honesty_spread: Number = setting(
        1.0,
        ge=0,
        le=5,
        unit="standard deviation of the logarithm",
        meaning="how much firms differ in honesty",
        source="assumption",
    )
    zipf_exponent: Number = setting(
        1.06,
        ge=0.5,
        le=3,
        unit="1",
        meaning="tail exponent of the distribution of firm sizes",
        source="Axtell (2001), from memory, unverified",
    )
    beliefs: Beliefs = Beliefs()
    belief_prior_quarters: Number = setting(
        20.0,
        gt=0,
        le=1000,
        unit="quarters",
        meaning="how much evidence weighs as much as an adaptive firm's first opinion",
        source="assumption",
    )

    @property
    def build_quarters(self) -> int:
        """Quarters from decision to full running of a new plant."""
        return sum(self.stage_quarters)

    @model_validator(mode="after")
    def _all_cost_is_sunk(self) -> Self:
        total = sum(self.stage_cost_shares)
        if abs(total - 1.0) > 1e-9:  # room for rounding of three decimal fractions
            raise ValueError(f"stage_cost_shares sum to {total:.6g}, must sum to 1")
        return self


class Economy(Settings):
    """The economy around the firms."""

    wage_elasticity: Number = setting(
        0.2,
        ge=0,
        le=5,
        unit="elasticity",
        meaning="rise of a host's wage with its demand for manufacturing labour",
        source="assumption",
    )
    agglomeration: Number = setting(
        0.5,
        ge=0,
        le=2,
        unit="elasticity",
        meaning="pull of a region as a source with its output of an input",
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
    duty_revenue: Literal["kept", "rebated"] = setting(
        "kept",
        unit="",
        meaning="what becomes of duties: kept by the treasury, or rebated to households",
        source="assumption",
    )


class Scenario(Instruments):
    """Everything a run is told beside its size and seed.

    Policy stands first, one attribute an instrument, as in
    :class:`~abm.policy.regime.Instruments`.
    """

    format: Literal[1] = 1
    name: str = Field("scenario", min_length=1, max_length=200)
    title: str = Field("", max_length=200)
    question: str = Field("", max_length=500)
    extends: str | None = Field(None, max_length=200)
    start: Date = setting(
        date(2017, 1, 1),
        unit="",
        meaning="first day of quarter 1; quarter 0 is the calibration year",
        source="the economy is calibrated to 2017",
    )
    quarters: int = setting(
        40, ge=1, le=400, unit="quarters", meaning="length of a run", source="ten years"
    )
    firms: Firms = Firms()
    economy: Economy = Economy()
    timeline: Annotated[tuple[TimelineEntry, ...], AsTuple, Field(max_length=200)] = ()
    sources: dict[str, str] = Field(
        {}, description="where the value of a key, or of all keys of a table, is from"
    )

    @property
    def instruments(self) -> Instruments:
        """Policy at the start, without the rest."""
        return Instruments(**{name: getattr(self, name) for name in INSTRUMENTS})

    @classmethod
    def load(cls, source: "Scenario | str | os.PathLike[str]") -> "Scenario":
        """Return the scenario of that name or in that file; a scenario is returned as it is.

        Parameters
        ----------
        source : Scenario, str or path-like
            Name of a shipped scenario, such as ``"usmca"``, or path of a TOML file.

        Raises
        ------
        ScenarioError
            If there is none, or it says something that cannot be.
        """
        if isinstance(source, Scenario):
            return source
        return cls.from_document(scenario_file.read(source, keys_of(cls)))

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> "Scenario":
        """Return the scenario that a TOML text (str) or file (path-like) describes.

        A text may extend shipped scenarios only.

        Raises
        ------
        ScenarioError
            If it says something that cannot be.
        """
        if isinstance(source, str):
            return cls.from_document(scenario_file.read_text(source, keys_of(cls)))
        return cls.load(Path(source))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Scenario":
        """Return the scenario that nested tables describe.

        Raises
        ------
        ScenarioError
            If a value cannot be.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise ScenarioError(complaint(error, cls, document)) from None

    def same_model_as(self, other: "Scenario") -> bool:
        """Return whether two scenarios would give the same run; names and titles do not count."""
        parts = ("start", "quarters", "firms", "economy")
        return all(getattr(self, part) == getattr(other, part) for part in parts) and (
            compile_policy(self).same_as(compile_policy(other))
        )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.start.day != 1:
            raise ValueError(f"start must be the first day of a month, not {self.start}")
        for key in self.sources:
            if keys_of(Scenario).schema(tuple(key.split("."))) is None:
                problem = keys_of(Scenario).no_such_key(tuple(key.split(".")))
                raise ScenarioError(f"{problem} (in sources)")
        segments(self.start, self.instruments, self.timeline)  # every entry leaves a valid policy
        return self


def shipped() -> dict[str, Path]:
    """Return the files of the scenarios that come with the package, by name."""
    return scenario_file.shipped()
