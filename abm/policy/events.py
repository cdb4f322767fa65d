"""What happened to policy and when, as rows of the events table."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypedDict

from abm.axes import HOSTS, REGIONS
from abm.config.keys import differences
from abm.law.act_files import shipped
from abm.policy.instruments.legal_acts import levied_by
from abm.policy.instruments.measures import Measure
from abm.policy.instruments.shocks import shock_among
from abm.policy.instruments.threat import Threat
from abm.policy.regime import Instruments
from abm.policy.timeline import Change, Segment, agreed_instruments, quarter_of

MEMBERS = "+".join(HOSTS)


class PolicyEvent(TypedDict):
    """A row: who changed what, when, from what to what, and why."""

    quarter: int
    date: str
    actor: str
    instrument: str
    old: str
    new: str
    reason: str


def policy_events(found: Sequence[Segment], start: date, quarters: int) -> tuple[PolicyEvent, ...]:
    """Return what is announced and enacted up to ``quarters``, in order.

    Parameters
    ----------
    found : sequence of Segment
        The scenario's segments.
    start : datetime.date
        First day of quarter 1.
    quarters : int
        Last quarter of interest.
    """
    rows = [*_of_timeline(found, start), *_of_threats(found, start), *_of_talks(found, start)]
    return tuple(sorted((row for row in rows if row["quarter"] <= quarters), key=_order))


def threat_event(
    threat: Threat, quarter: int, day: date, imposed: bool, reason: str
) -> PolicyEvent:
    """Return the row for a threatened measure that is imposed (or else lifted)."""
    measure = described(threat)
    return PolicyEvent(
        quarter=quarter,
        date=day.isoformat(),
        actor="USA",
        instrument=f"threat.{threat.instrument}",
        old="none" if imposed else measure,
        new=measure if imposed else "none",
        reason=reason,
    )


def hazard_event(
    threat: Threat, quarter: int, day: date, old: float, new: float, reason: str
) -> PolicyEvent:
    """Return the row for a threat that its government has made likelier or less likely."""
    before, after = (min(1.0, threat.arrival_per_quarter * scale) for scale in (old, new))
    return PolicyEvent(
        quarter=quarter,
        date=day.isoformat(),
        actor="USA",
        instrument="threat.arrival_per_quarter",
        old=_text(before),
        new=_text(after),
        reason=reason,
    )


def agreement_events(
    now: Instruments, outcome: str, quarter: int, day: date
) -> tuple[PolicyEvent, ...]:
    """Return a row for the end of talks, and one for every key that their outcome changes.

    Parameters
    ----------
    now : Instruments
        What held before.
    outcome : str
        One that the talks of ``now`` know.
    quarter : int
    day : datetime.date
    """
    agreed = agreed_instruments(now, outcome)
    settled = differences(*(both.model_dump(exclude_none=True) for both in (now, agreed)))
    return tuple(
        PolicyEvent(
            quarter=quarter,
            date=day.isoformat(),
            actor=MEMBERS,
            instrument=key,
            old=_text(old),
            new=_text(new),
            reason=f"talks end in {outcome}",
        )
        for key, old, new in (("negotiation", "talks", outcome), *settled)
    )


def described(threat: Threat) -> str:
    """Return a threat's measure in words, such as ``35% border tax on MEX``."""
    if threat.instrument == "withdrawal":
        return "withdrawal from the agreement"
    kind = {"border_tax": "border tax", "blanket": "blanket duty"}[threat.instrument]
    goods = "" if threat.goods == ("all",) else f"{', '.join(threat.goods)} from "
    return f"{100 * threat.rate:.4g}% {kind} on {goods}{'+'.join(threat.origins)}"


def _of_timeline(found: Iterable[Segment], start: date) -> Iterator[PolicyEvent]:
    for segment in found:
        for change in segment.changes:
            if not _is_news(change, segment):
                continue
            entry = change.entry
            row = PolicyEvent(
                quarter=quarter_of(entry.date, start),
                date=entry.date.isoformat(),
                actor=_actor(change.key, segment),
                instrument=change.key,
                old=_said(change.key, change.old, segment),
                new=_said(change.key, change.new, segment),
                reason=f"in force: {entry.title}",
            )
            yield row
            if entry.announced is not None and entry.announced < entry.date:
                yield {
                    **row,
                    "quarter": quarter_of(entry.announced, start),
                    "date": entry.announced.isoformat(),
                    "reason": f"announced for {entry.date}: {entry.title}",
                }


def _of_threats(found: Iterable[Segment], start: date) -> Iterator[PolicyEvent]:
    """Yield the dated turns of threats; those drawn are not known beforehand."""
    segment = next((s for s in found if s.instruments.threat is not None), None)
    if segment is None or segment.instruments.threat is None:
        return
    threat = segment.instruments.threat
    # A threat has the same dates in every segment, so any one will do. A change of its rate
    # is an entry of the timeline, with a row of its own.
    if not segment.changes:
        announced = threat.announced or start
        yield threat_event(
            threat, quarter_of(announced, start), announced, True, "threat announced"
        )
    if isinstance(threat.imposed, date):
        yield threat_event(
            threat, quarter_of(threat.imposed, start), threat.imposed, True, "threat carried out"
        )
    if threat.withdrawn is not None:
        yield threat_event(
            threat, quarter_of(threat.withdrawn, start), threat.withdrawn, False, "threat withdrawn"
        )


def _of_talks(found: Sequence[Segment], start: date) -> Iterator[PolicyEvent]:
    """Yield the days on which talks begin and are broken off."""
    talks = found[0].instruments.negotiation
    if talks is None:
        return
    subject = "talks on " + ", ".join(talks.outcomes)
    turns = [(talks.begins or start, "none", subject, "talks begin")]
    if talks.broken_off is not None:
        turns.append((talks.broken_off, subject, "none", "talks end without agreement"))
    for day, old, new, reason in turns:
        yield PolicyEvent(
            quarter=quarter_of(day, start),
            date=day.isoformat(),
            actor=MEMBERS,
            instrument="negotiation",
            old=old,
            new=new,
            reason=reason,
        )


def _is_news(change: Change, segment: Segment) -> bool:
    """Whether a change gets a row; changed terms of a measure do only while it is in force."""
    parts = change.key.split(".")
    if parts[0] != "measures" or parts[2:] == ["in_force"]:
        return True
    starts = any(other.key == f"measures.{parts[1]}.in_force" for other in segment.changes)
    return segment.instruments.measures[parts[1]].in_force and not starts


def _measure(key: str, segment: Segment) -> Measure | None:
    """Return the measure that a key belongs to, if any."""
    parts = key.split(".")
    return segment.instruments.measures.get(parts[1]) if parts[0] == "measures" else None


def _said(key: str, value: Any, segment: Segment) -> str:
    """Return a value in words; that of a measure in force is what it levies."""
    if key.startswith("acts."):
        return levied_by(key.removeprefix("acts."), value) if isinstance(value, date) else "none"
    measure = _measure(key, segment)
    if measure is None or not isinstance(value, bool):
        return _text(value)
    return measure.described() if value else "none"


def _actor(key: str, segment: Segment) -> str:
    """Return who decides on a key: who levies it, the USA on threats, else all members.

    On shocks nobody does; they come from the world.
    """
    measure = _measure(key, segment)
    if measure is not None:
        return measure.destination
    if key.startswith("acts."):
        return shipped().acts[key.removeprefix("acts.")].importer
    if key.startswith("threat."):
        return "USA"
    if shock_among((key,)):
        return "world"
    return next((part for part in key.split(".") if part in REGIONS), MEMBERS)


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "+".join(str(part) for part in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _order(row: PolicyEvent) -> tuple[int, str, str, str]:
    return row["quarter"], row["date"], row["instrument"], row["reason"]
