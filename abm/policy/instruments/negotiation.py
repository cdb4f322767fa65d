"""Talks: the regimes they may end in, and how likely each is while they go on.

An outcome is a set of changes that holds from the day it is agreed. It overrides the
timeline where both set the same key, ends the threat under which it was negotiated, and
is never undone. Firms know the talks and the hazards of their outcomes, as they know
those of a threat.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import accumulate
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from abm.config.keys import flatten
from abm.config.settings import Date, Settings, Share, setting
from abm.policy.instruments.shocks import shock_among


class Outcome(Settings):
    """One regime in which talks may end."""

    per_quarter: Share = setting(
        ...,
        unit="probability a quarter",
        meaning="hazard of this agreement while talks go on",
        source="-",
    )
    per_quarter_under_threat: Share | None = setting(
        None,
        unit="probability a quarter",
        meaning="the same while a threat stands or is in force; without it, per_quarter",
        source="-",
    )
    agreed: Literal["drawn", "never"] | Date = setting(
        "drawn",
        unit="",
        meaning="drawn (from the hazard); never, though it is thought possible;"
        " or the date on which it is agreed",
        source="-",
    )
    set: dict[str, Any] = setting(
        ..., unit="", meaning="value of each dotted key from then on", source="-", min_length=1
    )

    @model_validator(mode="before")
    @classmethod
    def _flatten_set(cls, outcome: Any) -> Any:
        """Read ``a.b = 1`` without quotes, which TOML takes for a table, as with quotes."""
        if isinstance(outcome, Mapping) and isinstance(outcome.get("set"), Mapping):
            return {**outcome, "set": flatten(outcome["set"])}
        return outcome

    @model_validator(mode="after")
    def _settles_instruments(self) -> Self:
        shock = shock_among(self.set)
        if shock is not None:
            raise ValueError(f"set holds {shock}; an agreement sets instruments, and no shocks")
        for key in self.set:
            if key.split(".")[0] in ("threat", "reaction", "retaliation", "negotiation"):
                raise ValueError(
                    f"set holds {key}; an agreement sets instruments, and ends the threat anyway"
                )
        return self

    def hazard(self, threatened: bool) -> float:
        """Return its chance in a quarter of talks."""
        if threatened and self.per_quarter_under_threat is not None:
            return self.per_quarter_under_threat
        return self.per_quarter


def _possible_together(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    for threatened in (False, True):
        total = sum(outcome.hazard(threatened) for outcome in outcomes.values())
        if total > 1 + 1e-9:  # room for rounding of decimal fractions
            when = "under a threat" if threatened else "without a threat"
            raise ValueError(f"hazards of outcomes {when} sum to {total:.6g}, at most 1 is allowed")
    return dict(sorted(outcomes.items()))


class Negotiation(Settings):
    """Talks between the members, and what may come of them."""

    begins: Date | None = setting(
        None, unit="", meaning="day on which talks begin; without it, the start", source="-"
    )
    broken_off: Date | None = setting(
        None, unit="", meaning="day on which talks end without agreement", source="-"
    )
    outcomes: Annotated[
        dict[str, Outcome], Field(min_length=1, max_length=5), AfterValidator(_possible_together)
    ] = setting(..., unit="", meaning="regimes in which talks may end, by name", source="-")

    @model_validator(mode="after")
    def _begins_first(self) -> Self:
        if self.begins and self.broken_off and self.broken_off < self.begins:
            raise ValueError(f"broken_off ({self.broken_off}) comes before begins ({self.begins})")
        for name, outcome in self.outcomes.items():
            day = outcome.agreed
            if isinstance(day, date) and not (
                (self.begins or date.min) <= day < (self.broken_off or date.max)
            ):
                raise ValueError(f"outcomes.{name} is agreed on {day}, when there are no talks")
        return self

    def hazards(self, threatened: bool) -> dict[str, float]:
        """Return the chance of every outcome in a quarter of talks."""
        return {name: outcome.hazard(threatened) for name, outcome in self.outcomes.items()}


def drawn_outcome(hazards: Mapping[str, float], drawable: Sequence[str], draw: float) -> str | None:
    """Return the outcome that a uniform number decides on, or None if talks go on.

    Parameters
    ----------
    hazards : mapping of str to float
        Chance of each outcome.
    drawable : sequence of str
        Outcomes that may come by chance; where another one is drawn, talks go on.
    draw : float
        Between 0 and 1.

    Examples
    --------
    >>> [drawn_outcome({"end": 0.1, "renewal": 0.2}, ["renewal"], u) for u in (0.05, 0.2, 0.9)]
    [None, 'renewal', None]
    """
    bounds = accumulate(hazards.values())
    found = next((name for name, bound in zip(hazards, bounds, strict=True) if draw < bound), None)
    return found if found in drawable else None
