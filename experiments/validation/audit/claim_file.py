"""What a file of claims may say: effects of one scenario against another, as data."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from abm.config import files
from abm.config.complaints import validated
from abm.config.keys import keys_of, shown
from abm.config.settings import AsTuple, Settings
from abm.errors import ScenarioError
from experiments.estimation.measured import known_outcomes
from experiments.outcomes.cells import OutcomeCell, check_cell
from experiments.scenarios.designs import Design
from experiments.scenarios.overrides import load_scenario

Text = Annotated[str, Field(min_length=1, max_length=300)]
Label = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\w+$")]
Overrides = Annotated[tuple[str, ...], AsTuple, Field(max_length=100)]

CUT_BY = ("sector", "origin", "destination", "region")


class StatedEffect(Settings):
    """An effect that is said to be: of ``scenario`` against ``against``, on one outcome.

    ``quarter`` is when; ``period`` is the mean of its first to its last quarter; without either
    it is the last quarter of the scenario. The effect ``rises`` or ``falls`` by more than
    ``more_than``: a share of the reference, or in the outcome's own unit where ``measure`` is
    ``"difference"``.
    """

    text: Text
    scenario: Text
    against: Text = "status-quo"
    set: Overrides = ()
    outcome: Text
    over: Text | None = None
    sector: Label | None = None
    origin: Label | None = None
    destination: Label | None = None
    region: Label | None = None
    quarter: int | None = Field(None, ge=1, le=400)
    period: Annotated[tuple[int, int], AsTuple] | None = None
    direction: Literal["rises", "falls"]
    more_than: float = Field(0.0, ge=0)
    measure: Literal["share", "difference"] = "share"

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.quarter is not None and self.period is not None:
            raise ValueError("quarter and period: give one of the two")
        if self.period is not None and not 1 <= self.period[0] <= self.period[1] <= 400:
            raise ValueError(f"period: {list(self.period)} is no first and last quarter")
        if self.measure == "share" and self.direction == "falls" and self.more_than >= 1:
            raise ValueError("more_than: nothing falls by its whole or more; 0.01 is 1%")
        return self

    @property
    def last(self) -> int:
        """The last quarter that is looked at."""
        if self.period is not None:
            return self.period[1]
        return self.quarter or load_scenario(self.scenario).quarters

    def cells(self) -> list[OutcomeCell]:
        """Return the figures whose mean the claim is about."""
        place = "host" if self.outcome.startswith("content.") else "region"
        given = {name: getattr(self, name) for name in CUT_BY}
        given[place] = given.pop("region")
        cut = tuple((axis, label) for axis, label in given.items() if label is not None)
        first = self.last if self.period is None else self.period[0]
        quarters = range(first, self.last + 1)
        return [OutcomeCell(self.outcome, self.over or "", cut, quarter) for quarter in quarters]

    @property
    def designs(self) -> tuple[Design, Design]:
        """What is run: the scenario, and what it is held against."""
        one, other = (
            Design(f"{name} until quarter {self.last} with {list(self.set)}", name, self.set,
                   self.last) for name in (self.scenario, self.against)
        )  # fmt: skip
        return one, other


class ClaimFile(Settings):
    """A file of claims."""

    format: Literal[1] = 1
    firms: int = Field(1_000, ge=1, le=10_000_000)
    seeds: int = Field(8, ge=2, le=1000)
    claims: Annotated[tuple[StatedEffect, ...], AsTuple, Field(min_length=1, max_length=100)]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what a file says, every claim of it one that can be asked.

        Raises
        ------
        ScenarioError
            In one line: what cannot be, with its place.
        """
        found = validated(cls, files.read_alone(path, keys_of(cls), "file of claims"))
        for number, claim in enumerate(found.claims, start=1):
            try:
                _check(claim)
            except ScenarioError as error:
                raise ScenarioError(f"claims.{number}: {error}") from None
        return found


def _check(claim: StatedEffect) -> None:
    """Refuse a claim of an outcome that no run has, or of scenarios that there are not."""
    scenario = load_scenario(claim.scenario, claim.set)
    other = load_scenario(claim.against, claim.set)
    if other.economy != scenario.economy or other.firms != scenario.firms:
        raise ScenarioError(
            f"against: {shown(claim.against)} assumes another economy or other firms than "
            f"{shown(claim.scenario)}; a difference would not be of policy alone"
        )
    for cell in claim.cells():
        check_cell(cell, known_outcomes(), scenario.start, claim.last)
