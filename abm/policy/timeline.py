"""The timeline: dated entries of a scenario, and the segments of constant policy between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Protocol, Self

from pydantic import BaseModel, Field, model_validator

from abm.config.complaints import validated
from abm.config.keys import differences, flatten, keys_of, merge, nested
from abm.config.settings import Date, Settings, setting
from abm.errors import ScenarioError
from abm.law.act_files import shipped
from abm.policy.instruments.legal_acts import ON_ITS_DATES, turns
from abm.policy.instruments.measures import Measure
from abm.policy.instruments.shocks import shock_among
from abm.policy.regime import INSTRUMENTS, Instruments

MONTHS_A_QUARTER = 3
_DATES = ("threat.announced", "threat.withdrawn", "negotiation.begins", "negotiation.broken_off")
"""Keys whose values are dates, so no dated entry of the timeline may set them."""


class TimelineEntry(Settings):
    """One dated change of policy."""

    date: Date = setting(..., unit="", meaning="day from which it is in force", source="-")
    announced: Date | None = setting(
        None, unit="", meaning="day on which it became known; without it, that of entry", source="-"
    )
    title: str = Field(min_length=1, max_length=200)
    source: str = Field("", max_length=500)
    unverified: bool = False
    set: dict[str, Any] = Field(min_length=1, description="new value of each dotted key")

    @model_validator(mode="before")
    @classmethod
    def _flatten_set(cls, entry: Any) -> Any:
        """Read ``a.b = 1`` without quotes, which TOML takes for a table, as with quotes."""
        if isinstance(entry, Mapping) and isinstance(entry.get("set"), Mapping):
            return {**entry, "set": flatten(entry["set"])}
        return entry

    @model_validator(mode="after")
    def _shocks_are_no_news(self) -> Self:
        shock = shock_among(self.set)
        if self.announced is not None and shock is not None:
            raise ValueError(
                f"announced, but set holds {shock}; nobody knows of a shock before, so leave out"
                " announced or give it an entry of its own"
            )
        return self

    @model_validator(mode="after")
    def _announced_first(self) -> Self:
        if self.announced is not None and self.announced > self.date:
            raise ValueError(f"announced on {self.announced}, after its own date {self.date}")
        return self


class DatedPolicy(Protocol):
    """What the law needs to know of a scenario: policy at the start, and what is dated."""

    @property
    def start(self) -> date:
        """First day of quarter 1."""

    @property
    def quarters(self) -> int:
        """Length of a run."""

    @property
    def instruments(self) -> Instruments:
        """Policy at the start."""

    @property
    def dated(self) -> tuple[TimelineEntry, ...]:
        """What changes, in the order of its dates."""


@dataclass(frozen=True)
class Change:
    """One key that an entry of the timeline changes; None where nothing stood."""

    key: str
    old: Any
    new: Any
    entry: TimelineEntry


@dataclass(frozen=True)
class Spell:
    """Days at the beginning or in the middle of a quarter, under what was law then.

    Attributes
    ----------
    share : float
        Of the days of the quarter.
    instruments : Instruments
        Measures and acts of those days; all else is as at the end of the quarter.
    """

    share: float
    instruments: Instruments


@dataclass(frozen=True)
class Segment:
    """Quarters with one set of instruments.

    Attributes
    ----------
    start : int
        First quarter.
    known : int
        Quarter in which it is announced.
    label : str
        ``"start"``, or the date that opens it.
    instruments : Instruments
        What holds in it.
    changes : tuple of Change
        What is new in it.
    earlier : tuple of Spell
        What was levied on other days of its quarter; it is that quarter alone then.
    """

    start: int
    known: int
    label: str
    instruments: Instruments
    changes: tuple[Change, ...] = ()
    earlier: tuple[Spell, ...] = ()

    @property
    def policy(self) -> tuple[Instruments, ...]:
        """What governments do in it, whatever befalls the economy."""
        spells = (spell.instruments.without_shocks for spell in self.earlier)
        return (self.instruments.without_shocks, *spells)


def quarter_of(day: date, start: date) -> int:
    """Return the quarter that contains ``day``, quarter 1 beginning on ``start``.

    Quarter 0 is the calibration year, in which nothing is announced or changed, so
    whatever happened before ``start`` counts in quarter 1.

    Examples
    --------
    >>> quarter_of(date(2020, 7, 1), start=date(2017, 1, 1))
    15
    """
    months = 12 * (day.year - start.year) + day.month - start.month
    return max(1, months // MONTHS_A_QUARTER + 1)


def first_day(quarter: int, start: date) -> date:
    """Return the first day of ``quarter``, quarter 1 beginning on ``start``.

    Examples
    --------
    >>> first_day(15, start=date(2017, 1, 1)).isoformat()
    '2020-07-01'
    """
    years, months = divmod(start.month - 1 + MONTHS_A_QUARTER * (quarter - 1), 12)
    return date(start.year + years, months + 1, 1)


def known_by(
    timeline: Sequence[TimelineEntry], start: date, quarter: int
) -> tuple[TimelineEntry, ...]:
    """Return the entries that are in force or announced by ``quarter``, in their order."""
    return tuple(
        entry for entry in timeline if quarter_of(entry.announced or entry.date, start) <= quarter
    )


def measure_entries(measures: Mapping[str, Measure]) -> tuple[TimelineEntry, ...]:
    """Return the dated turns of measures as entries of a timeline.

    Only the beginning of a measure can be announced beforehand. That it is suspended,
    resumed or ended becomes known on the day.
    """
    return tuple(
        TimelineEntry(
            date=day,
            announced=measure.announced if turn == "effective" else None,
            title=f"{name} ({measure.authority}) {turn}",
            source=measure.source,
            unverified=measure.unverified,
            set={f"measures.{name}.in_force": in_force},
        )
        for name, measure in measures.items()
        for turn, day, in_force in measure.turns()
    )


def act_entries(
    acts: Mapping[str, bool | date], timeline: Sequence[TimelineEntry]
) -> tuple[TimelineEntry, ...]:
    """Return the turns of acts on their own dates as entries of a timeline.

    What a scenario's own timeline says of an act holds from then on, whatever its dates.
    """
    set_here = {
        name: min((e.date for e in timeline if f"acts.{name}" in e.set), default=date.max)
        for name in acts
    }
    return tuple(
        TimelineEntry(
            date=turn.on,
            announced=turn.announced if turn.announced < turn.on else None,
            title=f"{name} ({shipped().acts[name].authority[:100]}) {turn.what}",
            source=f"nearshore law, {name}",
            set={f"acts.{name}": turn.standing},
        )
        for name, standing in acts.items()
        if standing is True
        for turn in turns(name)
        if turn.on < set_here[name]
    )


def segments(
    start: date, instruments: Instruments, timeline: Sequence[TimelineEntry]
) -> tuple[Segment, ...]:
    """Return the segments that a timeline makes of a scenario.

    Entries of one quarter are merged, in the order of their dates; an entry that
    changes nothing opens no segment. What is levied, measures and acts, counts by days: a
    quarter in which that turns is a segment of its own, and the next quarter opens another one.

    Parameters
    ----------
    start : datetime.date
        First day of quarter 1.
    instruments : Instruments
        What holds at the start.
    timeline : sequence of TimelineEntry
        In any order.

    Raises
    ------
    ScenarioError
        If an entry sets a key that does not exist or a value that is not allowed.
    """
    found = [Segment(start=0, known=0, label="start", instruments=instruments)]
    by_date = sorted(timeline, key=lambda entry: entry.date)
    for quarter, entries in groupby(by_date, key=lambda entry: quarter_of(entry.date, start)):
        if found[-1].earlier and found[-1].start < quarter - 1:
            found.append(after_turning(found[-1], start))
        now, turns, changes = found[-1].instruments, [], list[Change]()
        for entry in entries:
            changed = with_changes(now, entry.set, f"in the timeline, {entry.date}")
            changes += instrument_changes(now, changed, entry)
            turns.append((entry.date, now))
            now = changed
        if changes:
            known = max(
                quarter_of(change.entry.announced or change.entry.date, start) for change in changes
            )
            label = changes[0].entry.date.isoformat()
            earlier = _earlier(turns, now, quarter, start)
            found.append(Segment(quarter, known, label, now, tuple(changes), earlier))
    if found[-1].earlier:
        found.append(after_turning(found[-1], start))
    return tuple(found)


def after_turning(turning: Segment, start: date) -> Segment:
    """Return the quarters after one in which what is levied turned: its end, for whole quarters."""
    begins = turning.start + 1
    label = first_day(begins, start).isoformat()
    return Segment(begins, turning.known, label, turning.instruments)


def _earlier(
    turns: Sequence[tuple[date, Instruments]], end: Instruments, quarter: int, start: date
) -> tuple[Spell, ...]:
    """Return what was levied in a quarter before its end, by share of its days.

    Parameters
    ----------
    turns : sequence of (datetime.date, Instruments)
        Every date of a change and what held up to it, in order.
    end : Instruments
        What holds at the end of the quarter.
    quarter : int
    start : datetime.date
        First day of quarter 1.
    """
    since, after = first_day(quarter, start), first_day(quarter + 1, start)
    whole, spells = (after - since).days, list[Spell]()
    for day, held in turns:
        days = (day - since).days
        if days <= 0:  # what changed before the run holds from its first day
            continue
        if held.levied != end.levied:
            spells.append(Spell(days / whole, end.model_copy(update=held.levied)))
        since = day
    return tuple(spells)


def within(found: Sequence[Segment], quarters: int) -> tuple[Segment, ...]:
    """Return the segments that are entered, or known to be coming, by quarter ``quarters``."""
    last = max(
        n for n, segment in enumerate(found) if min(segment.known, segment.start) <= quarters
    )
    return tuple(found[: last + 1])


def check_key(key: str) -> None:
    """Raise ScenarioError unless a timeline may set ``key``."""
    path = tuple(key.split("."))
    keys = keys_of(Instruments)
    if keys.schema(path) is None:
        raise ScenarioError(keys.no_such_key(path))
    if key in _DATES:
        section = key.split(".")[0]
        raise ScenarioError(f"{key}: is a date already; write it in the section [{section}]")


def agreed_instruments(now: Instruments, outcome: str) -> Instruments:
    """Return the instruments that hold once talks have ended in ``outcome``.

    Raises
    ------
    ScenarioError
        If it sets a key that does not exist or a value that is not allowed.
    """
    if now.negotiation is None or outcome not in now.negotiation.outcomes:
        return now
    changes = now.negotiation.outcomes[outcome].set
    return with_changes(now, changes, f"in negotiation.outcomes.{outcome}")


def with_changes(now: Instruments, changes: Mapping[str, Any], where: str) -> Instruments:
    """Return instruments with new values of some dotted keys.

    Parameters
    ----------
    now : Instruments
    changes : mapping of str to value
    where : str
        Said in parentheses if something is wrong.

    Raises
    ------
    ScenarioError
        If a key does not exist or a value is not allowed.
    """
    # Parts that are not touched stay the objects they are, which are not validated again.
    document = {name: getattr(now, name) for name in INSTRUMENTS}
    try:
        for key, value in changes.items():
            check_key(key)
            if key == "threat.imposed" and value not in ("never", "drawn", "always"):
                raise ScenarioError(
                    'threat.imposed: is a date already; write "always" here, or the date in'
                    " the section [threat]"
                )
            if key.startswith("acts.") and value is ON_ITS_DATES:
                raise ScenarioError(
                    f"{key}: acts on its own dates already; write false here, or the day as of"
                    " which it stands from then on"
                )
            document = merge(_opened(document, key.split(".")), nested(key, value))
        return validated(Instruments, document)
    except ScenarioError as error:
        raise ScenarioError(f"{error} ({where})") from None


def _opened(part: Any, path: Sequence[str]) -> Any:
    """Return a part of a policy as tables: those on the way to ``path``, and all below it."""
    if not path and isinstance(part, BaseModel):
        return part.model_dump(exclude_none=True)
    if isinstance(part, BaseModel):
        part = {name: value for name, value in part if value is not None}
    if not isinstance(part, Mapping):
        return part
    if not path:
        return {name: _opened(value, ()) for name, value in part.items()}
    return {**part, path[0]: _opened(part[path[0]], path[1:])} if path[0] in part else part


def instrument_changes(
    old: Instruments, new: Instruments, entry: TimelineEntry
) -> tuple[Change, ...]:
    """Return what differs between two sets of instruments, key by key."""
    parts = _parts_that_differ(old, new)
    both = (now.model_dump(include=parts, exclude_none=True) for now in (old, new))
    return tuple(Change(key, was, value, entry) for key, was, value in differences(*both))


def _parts_that_differ(old: Instruments, new: Instruments) -> dict[str, Any]:
    """Return the sections that are others, and of tables of any names the entries that are."""
    parts: dict[str, Any] = {}
    for name in INSTRUMENTS:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            table = isinstance(was, dict) and isinstance(now, dict)
            parts[name] = {key for key in now if was.get(key) != now[key]} if table else True
    return parts
