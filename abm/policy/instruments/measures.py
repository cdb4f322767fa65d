"""Duties that stack: dated measures, each with its own legal basis, and their joint rate.

Each measure in force in a regime gives a rate for the product lines it covers, split into
what a claim of origin waives and what is due in any case. The effective rate is worked out in
three steps: a measure that stands *instead of* others sets their rates to zero on the
lines it covers; the remaining rates are added up; and a *floor* raises the sum to its own
rate where it is lower (`abm.policy.instruments.floors`). What else a measure may say (caps net of
the ordinary duty, limits to a duty on content, tiers by metal, exclusions) stands in files of its
own beside this one.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, model_validator

from abm.axes import REGIONS, SECTORS
from abm.config.settings import (
    AsTuple,
    Date,
    Rate,
    Region,
    RegionOrAll,
    setting,
)
from abm.economy.sector_lines import line_names
from abm.economy.tables import load_economy
from abm.policy.arrays import LINE_CELLS, RegimeArrays
from abm.policy.instruments.content_limits import ContentLimits, dutiable_content, owed_at_least
from abm.policy.instruments.duty_bases import foreign_content, metal_content
from abm.policy.instruments.exclusions import Exclusions, left_in
from abm.policy.instruments.floors import Floor, lifted
from abm.policy.instruments.import_ban import ImportBan, closed_part, fill_bans
from abm.policy.instruments.in_all import InAll, fill_caps
from abm.policy.instruments.limited_quantity import (
    MOST_FOR_A_LICENCE,
    LimitedQuantity,
    at_odds,
    fill_quotas,
)
from abm.policy.instruments.line_rates import Rated, has_fixed_trade, is_footloose, rates_by_line
from abm.policy.instruments.metal_tiers import MetalTiers, part_of_rate


class Measure(InAll, ContentLimits, MetalTiers, Exclusions, ImportBan, LimitedQuantity):
    """One duty by one country, from its announcement to its end."""

    authority: str = setting(
        ..., unit="", meaning="law or power it rests on", source="-", min_length=1, max_length=100
    )
    destination: Region = setting(..., unit="", meaning="who levies it", source="-")
    origins: Annotated[tuple[RegionOrAll, ...], AsTuple] = setting(
        ("all",), unit="", meaning="where the goods come from; all but the destination", source="-"
    )
    rates: dict[Rated, Rate] = setting(
        {},
        unit="ad valorem",
        meaning="rate by good (or all), product line or code of the Harmonized System;"
        " the more specific name wins",
        source="none but for a ban",
    )
    base: Literal["full_value", "metal_content", "foreign_content"] = setting(
        "full_value",
        unit="",
        meaning="what it is levied on: full_value; metal_content, the value of metals in it;"
        " foreign_content, what was not made in the destination",
        source="-",
    )
    originating: Literal["pays", "exempt", "pays_on_foreign_content"] = setting(
        "pays",
        unit="",
        meaning="what goods claimed as originating owe of it",
        source="-",
    )
    relation: Literal["adds", "floor", "instead_of"] = setting(
        "adds",
        unit="",
        meaning="adds to other measures; is a floor under their sum; or stands instead_of some",
        source="-",
    )
    instead_of: Annotated[tuple[str, ...], AsTuple] = setting(
        (), unit="", meaning="names of the measures it displaces where it applies", source="-"
    )
    announced: Date | None = setting(
        None, unit="", meaning="day on which it became known; without it, effective", source="-"
    )
    effective: Date | None = setting(None, unit="", meaning="first day", source="-")
    suspended: Date | None = setting(
        None, unit="", meaning="day from which it is not collected", source="-"
    )
    resumed: Date | None = setting(
        None, unit="", meaning="day from which it is collected again", source="-"
    )
    ended: Date | None = setting(None, unit="", meaning="day on which it is lifted", source="-")
    in_force: bool = setting(
        False, unit="", meaning="whether it is collected; its dates decide", source="-"
    )
    source: str = setting("", unit="", meaning="where its terms are from", source="-")
    unverified: bool = setting(False, unit="", meaning="whether a part is remembered", source="-")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.destination in self.origins:
            raise ValueError(f"trade of {self.destination} with itself crosses no border")
        if (self.relation == "instead_of") != bool(self.instead_of):
            raise ValueError("instead_of names measures if and only if relation is 'instead_of'")
        if complaint := self._at_odds():
            raise ValueError(complaint)
        order = ("announced", "effective", "suspended", "resumed", "ended")
        dated = [(name, getattr(self, name)) for name in order if getattr(self, name) is not None]
        for (earlier, first), (later, second) in pairwise(dated):
            if second < first:
                raise ValueError(f"{later} ({second}) comes before {earlier} ({first})")
        if self.resumed is not None and self.suspended is None:
            raise ValueError("resumed, but never suspended")
        return self

    def _at_odds(self) -> str:
        """Say which of its terms go against one another; nothing where none do."""
        if not self.rates and not self.banned:
            return "rates names no goods, and banned none either"
        for name in self.banned:
            if has_fixed_trade(name):
                return (
                    f"banned: {name} is of primary_energy, whose trade is fixed; name manufactures"
                )
        for name in self.rates if self.quota is not None else ():
            if has_fixed_trade(name):
                return (
                    f"quota: {name} is of primary_energy, whose trade is fixed; give it a measure "
                    "of its own"
                )
        if self.relation == "floor" and (self.in_all or self.least_in_all > 0):
            return "in_all and least_in_all count single duties, a floor their sum; choose one"
        spares = (self.content_of, self.most_domestic_content < 1)
        if any(spares) and self.originating != "pays_on_foreign_content":
            return (
                "content_of and most_domestic_content limit what originating is to be "
                f"'pays_on_foreign_content' for; it is {self.originating!r}"
            )
        if self.originating == "exempt" and (self.least_in_all > 0 or self.most_of_value < 1):
            return "least_in_all and most_of_value are of goods that originating has 'exempt'"
        for complaint in at_odds(self):
            return complaint
        lowest = min((rate for rate in self.rates.values() if rate > 0), default=0.0)
        if self.least_in_all > lowest:
            return f"least_in_all {self.least_in_all:g} is above the rate {lowest:g}"
        return ""

    def turns(self) -> Iterator[tuple[str, Date, bool]]:
        """Yield the dated turns of the measure: its name, its day, and in force from then on."""
        for name, in_force in (
            ("effective", True),
            ("suspended", False),
            ("resumed", True),
            ("ended", False),
        ):
            day = getattr(self, name)
            if day is not None:
                yield name, day, in_force

    def described(self) -> str:
        """Return the measure in words, such as ``25% on cars from MEX+CAN``."""
        goods = ", ".join(f"{100 * rate:.4g}% on {good}" for good, rate in self.rates.items())
        base = "" if self.base == "full_value" else f", on {self.base.replace('_', ' ')}"
        in_all = " in all" if self.in_all else ""
        if self.banned:
            goods = ", ".join(filter(None, [goods, f"no import of {', '.join(self.banned)}"]))
        if self.quota is not None:
            within = f"{100 * self.quota:.4g}% of 2017 imports, {100 * self.quota_rate:.4g}% within"
            goods = f"{goods} beyond {within}"
        return f"{goods}{in_all} from {'+'.join(self.origins)}{base}"

    def named_by_line(self) -> NDArray[np.float64]:
        """Part of each line that its rates name, shape (line, source, market)."""
        named = {name: float(rate > 0) for name, rate in self.rates.items()}
        return rates_by_line(self.destination, self.origins, named)

    def share_by_line(self) -> NDArray[np.float64]:
        """Part of the value of what it names on which it falls, shape (line, source, market)."""
        share = np.ones(LINE_CELLS)
        if self.base == "metal_content":
            share = share * metal_content()[:, :, None]
        elif self.base == "foreign_content":
            share = share * foreign_content(self.destination)[load_economy().lines.sector, :, None]
        return share * left_in(self, self.destination, self.origins)

    def levied_by_line(self) -> NDArray[np.float64]:
        """Rate on the full value of what is not claimed, shape (line, source, market).

        Within the quantity where there is one; of energy, whose trade is fixed, there is none.
        """
        levied = self._of_value(self._rates_within())
        if self.quota is None:
            return levied
        return np.where(is_footloose(), levied, self._of_value(self.rates))

    def _rates_within(self) -> dict[str, float]:
        """Its rates, those within the quantity where there is one."""
        if self.quota is None:
            return dict(self.rates)
        if self.banned:
            return dict.fromkeys(self.banned, self.quota_rate)
        return {name: min(rate, self.quota_rate) for name, rate in self.rates.items()}

    def _of_value(self, rates: Mapping[str, float]) -> NDArray[np.float64]:
        """Rates on the full value."""
        full = rates_by_line(self.destination, self.origins, rates)
        return full * part_of_rate(self.metal_tiers)[:, :, None] * self.share_by_line()

    def rate_by_line(self) -> NDArray[np.float64]:
        """Rate on the full value by part, shape (part, line, source, market).

        As if the ordinary duty was nothing, which is what goods that originate have of it.
        """
        full = self.levied_by_line()
        if self.originating == "pays_on_foreign_content":
            dutiable = dutiable_content(self, self.destination)
            owed = dutiable[load_economy().lines.sector, :, None]
        else:
            owed = np.full(LINE_CELLS, float(self.originating == "pays"))
        if self.most_of_value == 1 and self.least_in_all == 0:
            return np.stack([full * (1 - owed), full * owed])
        fixed = full * np.minimum(owed, self.most_of_value)
        fixed = owed_at_least(fixed, self, np.where(full > 0, self.falls_on(), 0.0))
        return np.stack([full - fixed, fixed])

    def falls_on(self) -> NDArray[np.float64]:
        """Part of each line that it names and does not exclude, shape (line, source, market)."""
        return self.named_by_line() * left_in(self, self.destination, self.origins)

    def banned_by_line(self) -> NDArray[np.float64]:
        """Part of each line that may not enter, shape (line, source, market)."""
        if self.quota is not None:
            return np.zeros(LINE_CELLS)
        closed = closed_part(self, self.destination, self.origins)
        return closed * left_in(self, self.destination, self.origins)

    def most_by_line(self) -> NDArray[np.float64]:
        """What a licence is worth at most, shape (line, source, market)."""
        if self.banned:
            closed = closed_part(self, self.destination, self.origins)
            return MOST_FOR_A_LICENCE * closed * left_in(self, self.destination, self.origins)
        return self._of_value(self.rates) - self.levied_by_line()

    def covered_by_line(self) -> NDArray[np.float64]:
        """Part of each line that it takes from what it displaces, shape (line, source, market).

        All that it names, at whatever rate, as a rate of 0 is one too; of bans those beyond a
        quantity alone, as nothing else that is banned owes anything.
        """
        names = (*self.rates, *(self.banned if self.quota is not None else ()))
        named = rates_by_line(self.destination, self.origins, dict.fromkeys(names, 1.0))
        covered = named * left_in(self, self.destination, self.origins)
        if self.metal_tiers:
            covered = covered * (part_of_rate(self.metal_tiers)[:, :, None] > 0)
        if self.base == "metal_content":
            covered = covered * (metal_content()[:, :, None] > 0)
        return covered


_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


def _known_names(measures: dict[str, Measure]) -> dict[str, Measure]:
    for name, measure in measures.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name; take small letters, digits and hyphens")
        for other in measure.instead_of:
            if other not in measures:
                raise ValueError(
                    f"{name} stands instead of {other!r}, and there is no such measure"
                )
    for name in measures:
        if name in displaced(measures, name):
            raise ValueError(f"{name} stands instead of itself, by instead_of of what it displaces")
    return measures


def displaced(measures: Mapping[str, Measure], name: str) -> set[str]:
    """Measures that one stands instead of, with those that these stand instead of, and so on."""
    found: set[str] = set()
    ahead = list(measures[name].instead_of)
    while ahead:
        other = ahead.pop()
        if other not in found:
            found.add(other)
            ahead.extend(measures[other].instead_of)
    return found


Measures = Annotated[dict[str, Measure], AfterValidator(_known_names)]
"""Measures by name; only those in force have an effect."""


def in_force(measures: Mapping[str, Measure]) -> dict[str, Measure]:
    """Measures that are collected, in the order of their names."""
    return {name: measures[name] for name in sorted(measures) if measures[name].in_force}


def left_to(active: Mapping[str, Measure]) -> dict[str, NDArray[np.float64]]:
    """Part of each line, shape (line, source, market), that other measures leave to each."""
    left = {name: np.ones(LINE_CELLS) for name in active}
    for measure in active.values():
        for other in left.keys() & set(measure.instead_of):
            left[other] = left[other] * (1 - measure.covered_by_line())
    return left


def contributions(
    measures: Mapping[str, Measure], beside: NDArray[np.float64] | float = 0.0
) -> dict[str, NDArray[np.float64]]:
    """What each measure in force adds to the effective rate of every product line.

    Parameters
    ----------
    measures : mapping
        By name; their order does not matter.
    beside : ndarray, shape (part, line, source, market), or float
        What acts and special duties levy, which counts under a floor.

    Returns
    -------
    dict of ndarray, shape (part, line, source, market)
        By name; parts are `WAIVED` and `FIXED`.
    """
    active = in_force(measures)
    left = left_to(active)
    rates = {name: measure.rate_by_line() for name, measure in active.items()}
    floors = [name for name, measure in active.items() if measure.relation == "floor"]
    added = {name: rates[name] * left[name] for name in active if name not in floors}

    def below(floor: str) -> NDArray[np.float64]:
        # What stands instead of a floor does not fall on the goods that it leaves to it.
        others = (rate for name, rate in added.items() if floor not in active[name].instead_of)
        return sum(others, np.zeros((2, *LINE_CELLS)) + beside)

    by_floor = lifted(
        [Floor(rates[f], active[f].falls_on(), left[f], below(f)) for f in floors],
    )
    found = added | dict(zip(floors, by_floor, strict=True))
    return {name: found[name] for name in active}


def on_sectors(by_line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the lines of every sector, shape (part, sector, source, market)."""
    lines = load_economy().lines
    return np.stack([lines.by_sector(part) for part in by_line])


def special_by_line(regime: RegimeArrays) -> NDArray[np.float64]:
    """Special duties on every product line, shape (part, line, source, market)."""
    duty, waived = regime.special_duty, regime.special_waived
    by_part = np.stack([np.where(waived, duty, 0.0), np.where(waived, 0.0, duty)])
    return by_part[:, load_economy().lines.sector]


def fill_measures(measures: Measures, regime: RegimeArrays) -> None:
    """Add the effective rate of the measures in force to that of acts in ``regime``."""
    by_line = np.stack([regime.line_waived, regime.line_fixed])
    for rate in contributions(measures, by_line + special_by_line(regime)).values():
        by_line += rate
    regime.line_waived[:], regime.line_fixed[:] = by_line
    regime.measures_waived[:], regime.measures_fixed[:] = on_sectors(by_line)
    active = in_force(measures)
    if any(measure.banned or measure.in_all or measure.quota for measure in active.values()):
        left = left_to(active)
        fill_bans(active, left, regime)
        fill_caps(active, left, regime)
        fill_quotas(active, left, regime)


def behind(measures: Measures, sector: str, source: str, market: str) -> dict[str, float]:
    """Rate by measure on one flow of goods not claimed as originating; zero rates left out.

    ``sector`` may be a product line; of a sector, the mean over what the source sells of it.
    """
    flow = REGIONS.index(source), REGIONS.index(market)
    whole = sector in SECTORS
    place = (SECTORS if whole else line_names()).index(sector)
    rates = {
        name: float((on_sectors(rate) if whole else rate)[:, place, *flow].sum())
        for name, rate in contributions(measures).items()
    }
    return {name: rate for name, rate in rates.items() if rate > 0}
