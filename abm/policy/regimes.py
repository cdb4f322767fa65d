"""A scenario's policy as arrays over regimes, and the chain that links the regimes.

A regime is a segment of the timeline in one of a few states: nothing else has
happened, the threatened measure is in force, or talks have ended in an outcome. Regime
``segment * states + state`` is the index of the last axis of every array. Without a
threat and without talks there is one state. Words such as regime, segment and threat
are defined in ``docs/glossary.md``.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.policy.arrays import Border, PolicyArrays, RulesAtBorder, border_rules
from abm.policy.events import PolicyEvent, policy_events
from abm.policy.instruments.negotiation import Negotiation, drawn_outcome
from abm.policy.instruments.threat import Threat
from abm.policy.past import Past
from abm.policy.regime import WITHOUT_ARRAYS, regime_arrays
from abm.policy.timeline import (
    DatedPolicy,
    Segment,
    TimelineEntry,
    agreed_instruments,
    first_day,
    known_by,
    quarter_of,
    segments,
    within,
)

PLAIN, IMPOSED = "", "threat imposed"
"""States of a regime; the outcomes of talks are further ones, under their own names."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Policy(PolicyArrays):
    """The regimes that are possible in a run as arrays, and how likely one follows another.

    The arrays of `abm.policy.arrays.PolicyArrays` have ``regime`` as their last axis here
    and cannot be written.

    Attributes
    ----------
    start : datetime.date
        First day of quarter 1.
    timeline : tuple of Segment
        Stretches of constant policy, the first from quarter 0.
    conditions : tuple of str
        States that each segment may be in: `PLAIN`, `IMPOSED`, and names of outcomes.
    regimes : tuple of str
        Label of each regime.
    events : tuple of PolicyEvent
        What is announced and enacted within the run, in order.
    border_rules : mapping
        Rules of origin at borders whose rules are not the agreement's; empty if none are.
    """

    start: date
    timeline: tuple[Segment, ...]
    conditions: tuple[str, ...]
    regimes: tuple[str, ...]
    events: tuple[PolicyEvent, ...] = field(default=(), repr=False)
    border_rules: Mapping[Border, RulesAtBorder] = field(default_factory=dict, repr=False)

    @property
    def states(self) -> int:
        """Number of states a segment may be in."""
        return len(self.conditions)

    def segment_at(self, quarter: int) -> int:
        """Return the segment that holds in ``quarter``."""
        return max(n for n, segment in enumerate(self.timeline) if segment.start <= max(quarter, 0))

    def regime_index(self, quarter: int, imposed: bool, agreed: str | None = None) -> int:
        """Return the regime of ``quarter``.

        Parameters
        ----------
        quarter : int
        imposed : bool
            Whether the threatened measure is in force.
        agreed : str, optional
            The outcome in which talks have ended; no threat outlives it.

        Raises
        ------
        ValueError
            If a measure is said to be in force and none is ever threatened, or if
            there is no such outcome.
        """
        condition = agreed or (IMPOSED if imposed else PLAIN)
        if condition not in self.conditions:
            why = f"no talks lead to {agreed}" if agreed else "no measure is threatened"
            raise ValueError(f"{why} in this scenario, so none can be in force")
        return self.segment_at(quarter) * self.states + self.conditions.index(condition)

    def reachable(self, quarter: int, regime: int) -> slice:
        """Return the regimes that may follow ``regime``, itself included, as known in ``quarter``.

        Segments follow each other in time and none comes back, so these are consecutive but
        for states that cannot be reached; those between are returned too, with what may
        follow them.
        """
        leads = self._leads(quarter)
        found = np.zeros(len(leads), dtype=bool)
        found[regime] = True
        while True:
            places = np.flatnonzero(found)
            span = slice(int(places[0]), int(places[-1]) + 1)
            found[span] = True
            further = found | found @ leads
            if (further == found).all():
                return span
            found = further

    def _leads(self, quarter: int) -> NDArray[np.bool_]:
        """Return which regime may follow which, as known in ``quarter``."""
        within_segment = self.chains_within(quarter) > 0
        count, states = within_segment.shape[:2]
        leads = np.zeros((count, states, count, states), dtype=bool)
        for n in range(count):
            leads[n, :, n] = within_segment[n]
        for n in range(len(self.known_starts(quarter)) - 1):
            leads[n, :, n + 1] = within_segment[n]
        return leads.reshape(count * states, count * states)

    def during(self, regimes: slice | NDArray[np.int64]) -> "Policy":
        """Return the same policy for some regimes; its timeline stays whole."""
        arrays = {name: array[..., regimes] for name, array in self._arrays().items()}
        labels = tuple(np.array(self.regimes, dtype=object)[regimes])
        at_borders = {border: own.during(regimes) for border, own in self.border_rules.items()}
        some = {border: own for border, own in at_borders.items() if own.differs.any()}
        return replace(self, regimes=labels, border_rules=some, **arrays)

    def at_border(self, border: Border) -> "Policy":
        """Return the same policy with one border's rules of origin as those of the agreement."""
        own: dict[str, Any] = {"border_rules": {}, **self.border_rules[border].arrays}
        return replace(self, **own)

    def places_in(self, former: "Policy") -> NDArray[np.int64]:
        """Return where each regime stood in ``former``, or -1 for one that it did not know.

        A regime is the same while its segment begins in the same quarter with the
        same policy. A shock makes no other regime of it: one that a shock alone opens stands
        where the one before it stood.
        """
        places = np.full(len(self.regimes), -1)
        for n, segment in enumerate(self.timeline):
            found = former.segment_like(segment)
            if found is None and n and segment.policy == self.timeline[n - 1].policy:
                places[n * self.states :][: self.states] = places[(n - 1) * self.states :][
                    : self.states
                ]
            if found is None:
                continue
            for state, condition in enumerate(self.conditions):
                if condition in former.conditions:
                    there = former.conditions.index(condition)
                    places[n * self.states + state] = found * former.states + there
        return places

    def segment_like(self, segment: Segment) -> int | None:
        """Return the segment that begins when another does, with its policy; None without."""
        alike = (
            n
            for n, own in enumerate(self.timeline)
            if own.start == segment.start and own.policy == segment.policy
        )
        return next(alike, None)

    def date_of(self, quarter: int) -> date:
        """Return the first day of ``quarter``."""
        return first_day(quarter, self.start)

    def threat_at(self, quarter: int) -> Threat | None:
        """Return the threat that stands in ``quarter``: announced and not withdrawn."""
        threat = self.timeline[self.segment_at(quarter)].instruments.threat
        return threat if threat is not None and self._stands(threat, quarter) else None

    def threat_live(self, quarter: int) -> bool:
        """Return whether a threat stands in ``quarter``; none does in the calibration year."""
        return self.threat_at(quarter) is not None

    def talks_at(self, quarter: int) -> Negotiation | None:
        """Return the talks that go on in ``quarter``."""
        talks = self.timeline[self.segment_at(quarter)].instruments.negotiation
        return talks if talks is not None and self._goes_on(talks, quarter) else None

    def agreement(self, quarter: int, draw: float) -> str | None:
        """Return the outcome in which talks end in ``quarter``, if they do.

        Parameters
        ----------
        quarter : int
            The quarter asked about.
        draw : float
            Uniform between 0 and 1; decides between outcomes that come by chance.
        """
        talks = self.talks_at(quarter)
        if talks is None:
            return None
        for name, outcome in talks.outcomes.items():
            if isinstance(outcome.agreed, date) and (
                quarter >= quarter_of(outcome.agreed, self.start)
            ):
                return name
        drawable = [name for name, outcome in talks.outcomes.items() if outcome.agreed == "drawn"]
        return drawn_outcome(talks.hazards(self.threat_live(quarter)), drawable, draw)

    def threat_imposed(self, quarter: int, before: bool, draw: float, hazard: float = 1.0) -> bool:
        """Return whether the threatened measure is in force in ``quarter``.

        Parameters
        ----------
        quarter : int
            The quarter asked about.
        before : bool
            Whether it was in force in the quarter before.
        draw : float
            Uniform between 0 and 1; matters only if the scenario has it drawn.
        hazard : float
            Factor on the threat's arrival, from `abm.governments.react.hazard_scale`.
        """
        threat = self.threat_at(quarter)
        if threat is None or threat.imposed == "never":
            return False
        if threat.imposed == "always":
            return True
        if isinstance(threat.imposed, date):
            return quarter >= quarter_of(threat.imposed, self.start)
        if before:
            return draw >= threat.departure_per_quarter
        return draw < min(1.0, threat.arrival_per_quarter * hazard)

    def chains_within(self, quarter: int, hazard: float = 1.0) -> NDArray[np.float64]:
        """Return the transitions between the states of every segment, as known in ``quarter``.

        A standing threat is imposed and lifted with its hazards, talks that go on end in each
        outcome with its hazard, and an outcome lasts. ``hazard``, a factor on the chance that
        the threat is carried out, is expected to stay as it is today.

        Returns
        -------
        ndarray, shape (segment, state, state)
            Probability a quarter of going from the state of the row to that of the column;
            rows sum to one.
        """
        return np.stack([self._chain_within(one, quarter, hazard) for one in self.timeline])

    def known_starts(self, quarter: int) -> NDArray[np.int64]:
        """Return the quarter in which each segment begins that is known in ``quarter``.

        Changes that are not announced are not expected, nor is anything after them.

        Returns
        -------
        ndarray of int, shape (known segment,)
            Of the first segments of the timeline, rising.
        """
        known = takewhile(lambda segment: segment.known <= quarter, self.timeline)
        return np.array([segment.start for segment in known])

    def same_as(self, other: "Policy") -> bool:
        """Return whether two policies are the same in all that a run depends on."""
        return (
            all(np.array_equal(mine, getattr(other, name)) for name, mine in self._arrays().items())
            and self.border_rules.keys() == other.border_rules.keys()
            and all(own.same_as(other.border_rules[at]) for at, own in self.border_rules.items())
            and self._turns() == other._turns()
        )

    def _arrays(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.declared()}

    def _turns(self) -> list[tuple[object, ...]]:
        return [
            (s.start, s.known, *(getattr(s.instruments, name) for name in WITHOUT_ARRAYS))
            for s in self.timeline
        ]

    def _goes_on(self, talks: Negotiation, quarter: int) -> bool:
        begins = quarter_of(talks.begins or self.start, self.start)
        if talks.broken_off is None:
            return begins <= quarter
        return begins <= quarter < quarter_of(talks.broken_off, self.start)

    def _stands(self, threat: Threat, quarter: int) -> bool:
        announced = quarter_of(threat.announced or self.start, self.start)
        if not threat.standing:
            return False
        if threat.withdrawn is None:
            return announced <= quarter
        return announced <= quarter < quarter_of(threat.withdrawn, self.start)

    def _chain_within(self, segment: Segment, quarter: int, hazard: float) -> NDArray[np.float64]:
        """Return the chain over the states of a segment, shape (states, states)."""
        chain = np.eye(self.states)
        threat, talks = segment.instruments.threat, segment.instruments.negotiation
        if threat is not None and not self._stands(threat, quarter):
            threat = None
        if IMPOSED in self.conditions:
            arrival, departure = 0.0, 1.0
            if threat is not None:
                arrival = min(1.0, threat.arrival_per_quarter * hazard)
                departure = threat.departure_per_quarter
            pair = [self.conditions.index(PLAIN), self.conditions.index(IMPOSED)]
            chain[np.ix_(pair, pair)] = [[1.0 - arrival, arrival], [departure, 1.0 - departure]]
        if talks is not None and self._goes_on(talks, quarter):
            hazards = talks.hazards(threat is not None)
            open_states = [n for n, name in enumerate(self.conditions) if name in (PLAIN, IMPOSED)]
            chain[open_states] *= 1.0 - min(1.0, sum(hazards.values()))
            for name, chance in hazards.items():
                chain[open_states, self.conditions.index(name)] = chance
        return chain


def compile_policy(scenario: DatedPolicy, quarters: int | None = None) -> Policy:
    """Return a scenario's policy as arrays.

    Parameters
    ----------
    scenario : DatedPolicy
        What governments do.
    quarters : int, optional
        Length of the run; the scenario's own without it. Segments are left out
        that are neither entered nor announced by then.
    """
    horizon = scenario.quarters if quarters is None else quarters
    timeline = within(segments(scenario.start, scenario.instruments, scenario.dated), horizon)
    return _compiled(scenario.start, timeline, policy_events(timeline, scenario.start, horizon))


def compile_known(
    scenario: DatedPolicy,
    quarter: int,
    decided: Sequence[TimelineEntry] = (),
    past: Past | None = None,
) -> Policy:
    """Return a scenario's policy as it is known in ``quarter``, as arrays.

    Entries of the timeline that are neither in force nor announced by then are left
    out, so a run can be given such entries later without any change of its past.
    Segments that ended before the last quarter are left out too, since none comes back.

    Parameters
    ----------
    scenario : DatedPolicy
        What governments do by their timeline.
    quarter : int
        The current one.
    decided : sequence of TimelineEntry
        What governments have done by their own rules so far.
    past : Past, optional
        Policy up to the quarter in which the run was forked.
    """
    known = known_entries(scenario, quarter, decided)
    timeline = segments(scenario.start, scenario.instruments, known)
    if past is not None:
        timeline = past.followed_by(timeline, scenario.start)
    events = policy_events(timeline, scenario.start, quarters=sys.maxsize)
    over = sum(segment.start <= max(quarter - 1, 0) for segment in timeline) - 1
    return _compiled(scenario.start, timeline[over:], events)


def known_entries(
    scenario: DatedPolicy, quarter: int, decided: Sequence[TimelineEntry] = ()
) -> tuple[TimelineEntry, ...]:
    """Return what is in force or announced by ``quarter``, by timeline and by rules."""
    return known_by((*scenario.dated, *decided), scenario.start, quarter)


def _compiled(
    start: date, timeline: tuple[Segment, ...], events: tuple[PolicyEvent, ...]
) -> Policy:
    """Return the arrays of every regime of a timeline."""
    conditions = _conditions(timeline)
    grid = [(segment, condition) for segment in timeline for condition in conditions]
    regimes = [
        regime_arrays(
            agreed_instruments(segment.instruments, condition),
            condition == IMPOSED,
            [
                (one.share, agreed_instruments(one.instruments, condition))
                for one in segment.earlier
            ],
        )
        for segment, condition in grid
    ]

    def stacked(name: str) -> Any:
        array = np.stack([getattr(regime, name) for regime in regimes], axis=-1)
        array.flags.writeable = False
        return array

    return Policy(
        start=start,
        timeline=timeline,
        conditions=conditions,
        regimes=tuple(
            segment.label + (f", {condition}" if condition else "") for segment, condition in grid
        ),
        events=events,
        border_rules=border_rules(regimes),
        **{name: stacked(name) for name in PolicyArrays.declared()},
    )


def _conditions(timeline: tuple[Segment, ...]) -> tuple[str, ...]:
    """Return the states that segments of a timeline may be in."""
    threatened = any(segment.instruments.threat is not None for segment in timeline)
    talks = [s.instruments.negotiation for s in timeline if s.instruments.negotiation is not None]
    outcomes = {name for one in talks for name in one.outcomes}
    return (PLAIN, *([IMPOSED] if threatened else []), *sorted(outcomes))
