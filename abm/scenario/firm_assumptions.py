"""What a scenario assumes about firms: how they differ, decide and build."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from abm.axes import QUARTERS_A_YEAR
from abm.config.settings import AsTuple, Number, Settings, Share, setting

Quarters = Annotated[int, Field(ge=1, le=100)]


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


class FirmAssumptions(Settings):
    """Firms: how they differ, decide and build."""

    model_config = ConfigDict(
        json_schema_extra={
            "replaced": {"choice_noise": "firms.build_noise and firms.keep_noise"},
        }
    )

    relocation: bool = setting(
        True,
        unit="",
        meaning="whether firms may change where they produce; if not, plants stay as they are"
        " and only sources, claims and sales adjust",
        source="the model's subject; off for comparison with studies of fixed assembly",
    )
    reviews_per_year: Number = setting(
        1.0,
        ge=0,
        le=QUARTERS_A_YEAR,
        unit="reviews a year",
        meaning="how often a firm reconsiders its plants, and comes upon an opportunity to build",
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
    opportunity_quarters: Number = setting(
        4.0,
        ge=1,
        le=400,
        unit="quarters",
        meaning="for how long an opportunity to build is there on average, used or not; 1 means"
        " that it is used at once or lost",
        source="assumption",
    )
    stage_quarters: Annotated[tuple[Quarters, Quarters, Quarters], AsTuple] = setting(
        (4, 7, 3),
        unit="quarters",
        meaning="length of a new plant's stages: site, building, ramp-up",
        source="42 months in all, the median from announcement to opening of car plants of 2012"
        " to 2025; the split is an assumption",
    )
    founding_quarters: Quarters = setting(
        4,
        unit="quarters",
        meaning="from the decision to found a firm at home to its first output",
        source="assumption: most founders are small",
    )
    transfer_quarters: Quarters = setting(
        6,
        unit="quarters",
        meaning="from the decision to close a plant to its end where sisters take over its models",
        source="9 to 30 months for a model into a plant that stands, car plants of 2012 to 2025",
    )
    closing_quarters: Quarters = setting(
        3,
        unit="quarters",
        meaning="from the decision to close a firm's last plant to its end",
        source="3 to 13 months, car plants of 2012 to 2025",
    )
    stage_cost_shares: Annotated[tuple[Share, Share, Share], AsTuple] = setting(
        (0.1, 0.7, 0.2),
        unit="share of build_cost",
        meaning="cost sunk in each stage; what is sunk is lost when a plant is cancelled",
        source="assumption",
    )
    build_cost: Number = setting(
        0.219,
        ge=0,
        le=10,
        unit="share of the plant's yearly sales",
        meaning="cost of a new plant",
        source="estimated from published rows (docs/fit.md): 0.21 to 0.24; BMW San Luis"
        " Potosi: USD 1bn for 175,000 cars a year (MarkLines)",
    )
    closure_cost: Number = setting(
        0.08,
        ge=0,
        le=10,
        unit="share of the plant's yearly sales",
        meaning="severance and what else it costs to close a plant",
        source="assumption",
    )
    fixed_cost: Number = setting(
        0.746,
        ge=0,
        le=10,
        unit="profit on the plant's sales",
        meaning="fixed cost of running the plant abroad of a small firm that makes all it sells"
        " there; half at home, less for large firms, and concave in sales",
        source="estimated from published rows (docs/fit.md): 0.70 to 0.84",
    )
    build_noise: Number = setting(
        5.2,
        ge=0,
        le=1000,
        unit="quarters of profit on base-year sales",
        meaning="scale of what firms know about opportunities to build and the model does not",
        source="estimated from published rows (docs/fit.md): at most 5.7",
    )
    keep_noise: Number = setting(
        5.2,
        ge=0,
        le=1000,
        unit="quarters of profit on base-year sales",
        meaning="the same about keeping and closing plants; at most build_noise",
        source="estimated from published rows (docs/fit.md): at least 4.75",
    )
    arriving_gradient: Number = setting(
        1.5,
        ge=0,
        le=5,
        unit="elasticity",
        meaning="rise with a firm's size of its chance of opening a plant abroad where chances are"
        " small: what arriving costs does not grow with what the plant sells",
        source="fitted: about 5,000 plants of owners from abroad in Mexico (6,154 IMMEX firms, 82%"
        " of them in manufacturing, 2016), most of them foreign-owned",
    )
    death_always: Share = setting(
        0.0064,
        unit="share a year",
        meaning="plants of very large firms that die whatever their owners would like",
        source="estimated from published rows (docs/fit.md): 0.0058 to 0.0085",
    )
    death_of_small: Share = setting(
        0.04,
        unit="share a year",
        meaning="what plants of the smallest firms have on top",
        source="estimated from published rows (docs/fit.md): at least 0.034",
    )
    death_gradient: Number = setting(
        0.55,
        ge=0,
        le=5,
        unit="elasticity",
        meaning="fall of that part with a firm's size",
        source="assumption; more would lower what entrants make further below what it is",
    )
    location_dispersion: Number = setting(
        7.0,
        gt=0,
        le=100,
        unit="elasticity",
        meaning="how strongly a firm's location follows cost; high for firms much alike",
        source="assumption, near the sourcing elasticity of cars (7.7, from memory)",
    )
    home_appeal: Number = setting(
        5.0,
        ge=1,
        le=1000,
        unit="1",
        meaning="how many times as much buyers in a firm's home country want its goods",
        source="assumption; taste for home brands is the main cause of home advantage in cars"
        " (Cosar, Grieco, Li and Tintelnot 2018)",
    )
    foreign_firms: bool = setting(
        True,
        unit="",
        meaning="whether firms from CHN and ROW are among those that choose where to produce",
        source="the model's subject; off for comparison with a world of three homes",
    )
    foreign_without_plant: Share = setting(
        0.5,
        unit="firms per firm from abroad that stands",
        meaning="firms from CHN and ROW that serve North America from home alone",
        source="assumption; not identified",
    )
    foreign_share_of_imports: Share = setting(
        0.5,
        unit="share of consumers' imports",
        meaning="part of what North American consumers buy from CHN and ROW that is made by firms"
        " that have, or may open, a plant here; the rest is the import fringe",
        source="assumption: about half of US imports are between related parties",
    )
    empty_slots: Share = setting(
        0.2,
        unit="firms per firm at home in North America",
        meaning="firms that are not founded",
        source="assumption; not identified",
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
    cannot_qualify_scale: Number = setting(
        1.0,
        ge=0,
        le=10,
        unit="1",
        meaning="part of goods that no claim of origin is open to, against the fitted one;"
        " at 0 all goods can qualify, and what is left of any is never below nothing",
        source="1 by definition",
    )
    honesty_median: Number = setting(
        0.5,
        ge=0,
        le=10,
        unit="ad valorem",
        meaning="what the median firm would give up rather than claim origin falsely",
        source="assumption: about the least that agrees with claims, which rise no further at"
        " high rates (docs/fit.md)",
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
    def _building_is_the_greater_luck(self) -> Self:
        if self.keep_noise > self.build_noise:
            raise ValueError(
                f"keep_noise is {self.keep_noise:g}, must be at most build_noise,"
                f" {self.build_noise:g}"
            )
        return self

    @model_validator(mode="after")
    def _all_cost_is_sunk(self) -> Self:
        total = sum(self.stage_cost_shares)
        if abs(total - 1.0) > 1e-9:  # room for rounding of three decimal fractions
            raise ValueError(f"stage_cost_shares sum to {total:.6g}, must sum to 1")
        return self
