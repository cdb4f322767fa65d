"""Policy before a fork: what was in force when a run was given another future."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from abm.policy.regime import Instruments
from abm.policy.timeline import (
    Segment,
    Spell,
    TimelineEntry,
    after_turning,
    first_day,
    instrument_changes,
)


@dataclass(frozen=True)
class Past:
    """Policy that a run had when it was forked.

    Attributes
    ----------
    segment : Segment
        The one in force.
    quarter : int
        The last one of the past.
    """

    segment: Segment
    quarter: int

    def followed_by(self, timeline: Sequence[Segment], start: date) -> tuple[Segment, ...]:
        """Return the segments of a run with this past and another future.

        Parameters
        ----------
        timeline : sequence of Segment
            Of the future, from its own beginning.
        start : datetime.date
            First day of quarter 1, for both.
        """
        later = [segment for segment in timeline if segment.start > self.quarter]
        now = [segment for segment in timeline if segment.start <= self.quarter][-1].instruments
        before, turn = self.segment.instruments, self.quarter + 1
        if now == before:
            ends = self.segment.earlier and not (later and later[0].start == turn)
            return (self.segment, *([after_turning(self.segment, start)] if ends else ()), *later)
        day = first_day(turn, start)
        entry = TimelineEntry(date=day, title="policy of another future", set={"forked": True})
        news = instrument_changes(before, now, entry)
        if later and later[0].start == turn:
            later[0] = replace(later[0], known=turn, changes=(*news, *later[0].changes))
            return (self.segment, *later)
        return (self.segment, Segment(turn, turn, day.isoformat(), now, news), *later)

    def as_document(self) -> dict[str, Any]:
        """A document for JSON, without the segment's changes, which are in the events already."""
        return {
            "start": self.segment.start,
            "known": self.segment.known,
            "label": self.segment.label,
            "instruments": _document(self.segment.instruments),
            "earlier": [[one.share, _document(one.instruments)] for one in self.segment.earlier],
            "quarter": self.quarter,
        }

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "Past":
        """The inverse of `as_document`."""
        instruments = Instruments.model_validate(document["instruments"])
        start, known, label = (document[name] for name in ("start", "known", "label"))
        earlier = tuple(
            Spell(share, Instruments.model_validate(levied))
            for share, levied in document["earlier"]
        )
        segment = Segment(start, known, label, instruments, earlier=earlier)
        return cls(segment, document["quarter"])


def _document(instruments: Instruments) -> dict[str, Any]:
    return instruments.model_dump(mode="json", exclude_none=True)
