"""What a scenario file may say: frozen, typed, no unknown key.

A scenario is a TOML file. It names the file it ``extends`` and says what differs;
:mod:`abm.config.files` reads it. Policy is described one instrument a file in
:mod:`abm.policy`; firms and the economy around them in :mod:`abm.scenario.assumptions`.

>>> usmca = Scenario.load("usmca")
>>> usmca.rules_of_origin.regional_value_content.cars
0.625
>>> sorted({str(entry.date) for entry in usmca.timeline})
['2020-07-01', '2021-07-01', '2022-07-01', '2023-07-01']
"""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from abm.config import files
from abm.config.complaints import validated
from abm.config.keys import keys_of, shown
from abm.config.settings import AsTuple, Date, setting
from abm.errors import ScenarioError
from abm.law.duty import EARLIEST
from abm.policy.instruments.acts_and_measures import check_no_act_twice
from abm.policy.instruments.legal_acts import acts_in_force
from abm.policy.regime import INSTRUMENTS, Instruments
from abm.policy.regimes import compile_policy
from abm.policy.timeline import (
    TimelineEntry,
    act_entries,
    agreed_instruments,
    known_by,
    measure_entries,
    quarter_of,
    segments,
)
from abm.scenario.assumptions import EconomyAssumptions
from abm.scenario.firm_assumptions import FirmAssumptions
from abm.scenario.overriding import check_key, with_values


def _by_date(timeline: tuple[TimelineEntry, ...]) -> tuple[TimelineEntry, ...]:
    """Entries in the order in which they act; of one day, that of the file."""
    return tuple(sorted(timeline, key=lambda entry: entry.date))


AS_OF = "as of "


def _law_of_a_day(text: str) -> str:
    """Return what says as of which day the law stands, if it does."""
    if text:
        try:
            date.fromisoformat(text.removeprefix(AS_OF) if text.startswith(AS_OF) else "")
        except ValueError:
            raise ValueError(
                f'is "as of" and a day, such as "as of 2026-10-01"; not {shown(text)}'
            ) from None
        if date.fromisoformat(text.removeprefix(AS_OF)) < EARLIEST:
            raise ValueError(f"special duties are not known before {EARLIEST}; give a later day")
    return text


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
    firms: FirmAssumptions = FirmAssumptions()
    economy: EconomyAssumptions = EconomyAssumptions()
    law: Annotated[str, AfterValidator(_law_of_a_day)] = setting(
        "",
        unit="",
        meaning="all acts that are in force on a day, as they then are and for the whole run:"
        ' "as of" and the day; in place of acts',
        source="none unless it is said",
    )
    timeline: Annotated[
        tuple[TimelineEntry, ...], AsTuple, Field(max_length=500), AfterValidator(_by_date)
    ] = ()
    sources: dict[str, str] = Field(
        {}, description="where the value of a key, or of all keys of a table, is from"
    )

    def __repr__(self) -> str:
        return f"Scenario({self.name}: {self.title or self.question or 'no title'})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what it asks, when, and what is done on which day."""
        from agents.in_notebooks import html_card  # with it comes Mesa, which reading need not wait

        acts: dict[str, list[str]] = {}
        for entry in self.dated:
            day = f"{entry.date.day} {entry.date:%B %Y}"
            acts.setdefault(day, []).append(entry.title or ", ".join(entry.set))
        facts = {
            "asks": self.question,
            "extends": self.extends or "nothing",
            "runs": f"{self.quarters} quarters from {self.start:%B %Y}",
            **{day: "; ".join(dict.fromkeys(titles)) for day, titles in acts.items()},
        }
        return html_card(f"Scenario {self.name}: {self.title}", facts)

    @property
    def instruments(self) -> Instruments:
        """Policy at the start, without the rest."""
        policy = {name: getattr(self, name) for name in INSTRUMENTS}
        if self.law:
            policy["acts"] = acts_in_force(date.fromisoformat(self.law.removeprefix(AS_OF)))
        return Instruments(**policy)

    @property
    def dated(self) -> tuple[TimelineEntry, ...]:
        """The timeline with every turn of every act and measure, in the order of their dates."""
        acts = act_entries(self.acts, self.timeline)
        return _by_date(self.timeline + acts + measure_entries(self.measures))

    @property
    def instruments_at_the_end(self) -> Instruments:
        """Its policy after the last entry of the timeline."""
        return segments(self.start, self.instruments, self.timeline)[-1].instruments

    @classmethod
    def load(
        cls,
        source: "Scenario | str | os.PathLike[str]",
        overrides: Mapping[str, Any] | None = None,
    ) -> "Scenario":
        """Return the scenario of that name or in that file; a scenario is returned as it is.

        Parameters
        ----------
        source : Scenario, str or path-like
            Name of a shipped scenario, such as ``"usmca"``, or path of a TOML file.
        overrides : mapping of str to object, optional
            Values for the whole run by dotted key, as ``--set`` gives them; no entry of the
            timeline changes their keys.

        Raises
        ------
        ScenarioError
            If there is none, or it says something that cannot be; if there is no such key to
            override, or its value is not allowed.

        Examples
        --------
        >>> key = "rules_of_origin.regional_value_content.cars"
        >>> tighter = Scenario.load("usmca", overrides={key: 0.85})
        >>> tighter.rules_of_origin.regional_value_content.cars
        0.85
        """
        if not overrides:
            if isinstance(source, Scenario):
                return source
            return cls.from_document(files.read(source, keys_of(cls)))
        for key in overrides:
            check_key(keys_of(cls), key)
        if isinstance(source, Scenario):
            return source.overridden(source.model_dump(mode="json"), overrides)
        document = files.read(source, keys_of(cls))
        return cls.from_document(document).overridden(document, overrides)

    def overridden(self, document: Mapping[str, Any], values: Mapping[str, Any]) -> "Scenario":
        """Return the scenario with some values replaced for the whole run.

        Parameters
        ----------
        document : mapping
            All that its files say.
        values : mapping of str to object
            By dotted key; each has passed `abm.scenario.overriding.check_key`.

        Raises
        ------
        ScenarioError
            If a value is not allowed.
        """
        return Scenario.from_document(
            with_values(document, self.firms.beliefs.model_dump(), values)
        )

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
            return cls.from_document(files.read_text(source, keys_of(cls)))
        return cls.load(Path(source))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Scenario":
        """Return the scenario that nested tables describe.

        Raises
        ------
        ScenarioError
            If a value cannot be.
        """
        return validated(cls, document)

    def on_economy(self, table: str) -> "Scenario":
        """Return the scenario with another economy: a base year, or a folder.

        Raises
        ------
        ScenarioError
            If there is no such economy.
        """
        economy = EconomyAssumptions(**{**self.economy.model_dump(), "table": table})
        return self.model_copy(update={"economy": economy})

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
        if self.law and self.acts:
            raise ScenarioError(
                f"law: {shown(self.law)} goes with no acts, and acts names"
                f" {', '.join(self.acts)[:80]}; leave one of the two out"
            )
        check_no_act_twice(self.instruments.acts, self.measures)
        for key in self.sources:
            if keys_of(Scenario).schema(tuple(key.split("."))) is None:
                problem = keys_of(Scenario).no_such_key(tuple(key.split(".")))
                raise ScenarioError(f"{problem} (in sources)")
        # Every entry leaves a valid policy, and every outcome of talks would.
        dated = self.dated
        for segment in segments(self.start, self.instruments, dated):
            talks = segment.instruments.negotiation
            for outcome in talks.outcomes if talks is not None else ():
                agreed_instruments(segment.instruments, outcome)
        news = {quarter_of(one.announced, self.start) for one in dated if one.announced is not None}
        for quarter in sorted(news):
            # Firms plan with what is announced by then, so that must be a policy, too.
            segments(self.start, self.instruments, known_by(dated, self.start, quarter))
        return self


def shipped() -> dict[str, Path]:
    """Return the files of the scenarios that come with the package, by name."""
    return files.shipped()
