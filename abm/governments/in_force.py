"""Policy in force: what the law is this quarter, what of it is known, and how it changes.

The timeline says what happens on a day; rules say what governments make of it. What a
rule does is an entry of the timeline from then on, so firms, regimes and the table of
events treat both alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.choice.beliefs import update_counts
from abm.economy.tables import Array
from abm.engine.draws import Draws
from abm.governments.outlook import Act
from abm.policy.events import agreement_events, hazard_event, threat_event
from abm.policy.past import Past
from abm.policy.regime import Instruments
from abm.policy.regimes import Policy, compile_known, known_entries
from abm.policy.timeline import Segment, TimelineEntry
from abm.scenario.fork import future_of
from abm.scenario.levers import with_levers
from abm.scenario.scenario import Scenario

NEWSWORTHY = 0.1
"""Relative change of a threat's hazard that is told as an event."""

BY_RULE = "rule of this scenario"
"""Source of what governments do by rule."""

type EventRow = dict[str, object]
"""A row of the table of events."""


@dataclass
class PolicyState:
    """What a run carries of policy from one quarter to the next.

    Attributes
    ----------
    regime_counts : ndarray, shape (regime, regime)
        Changes of regime seen so far.
    learned : int
        The quarter in which firms last heard news of policy.
    regime : int
        The one in force, among those known.
    threat_imposed : bool
    agreed : str, optional
        Outcome that talks have reached.
    decided : tuple of TimelineEntry
        What governments did by rule, as entries of the timeline.
    hazard, told_hazard : float
        Factor on the arrival of the threat, now and when it was last told as an event.
    """

    regime_counts: Array
    learned: int = 0
    regime: int = 0
    threat_imposed: bool = False
    agreed: str | None = None
    decided: tuple[TimelineEntry, ...] = ()
    hazard: float = 1.0
    told_hazard: float = 1.0


@dataclass(frozen=True)
class NewRegimes:
    """How a list of regimes follows from the former one.

    Attributes
    ----------
    origin : ndarray of int, shape (regime,)
        Former regime that each one continues, or begins as where it is new.
    new : ndarray of bool, shape (regime,)
        Whether nobody knew of it before.
    """

    origin: NDArray[np.int64]
    new: NDArray[np.bool_]


class PolicyInForce:
    """The policy of a run: known, threatened, talked about, decided by rule and forked.

    Parameters
    ----------
    scenario : Scenario
    draws : Draws
        Whose luck decides threats and talks.

    Attributes
    ----------
    policy : Policy
        All regimes that are known, as arrays.
    state : PolicyState
        What a run carries of it.
    past : Past, optional
        Policy up to the quarter in which the run was forked.
    before_fork : tuple of Scenario and Past, optional
        What a fork has replaced, until the quarter after it begins: up to then the
        state still knows that policy.
    """

    def __init__(self, scenario: Scenario, draws: Draws) -> None:
        self.scenario = scenario
        self.draws = draws
        self.past: Past | None = None
        self.before_fork: tuple[Scenario, Past | None] | None = None
        self._known: tuple[TimelineEntry, ...] | None = ()
        self.policy: Policy = compile_known(scenario, 0)
        regimes = len(self.policy.regimes)
        self.state = PolicyState(np.zeros((regimes, regimes)))

    @property
    def regime(self) -> int:
        """The regime in force, among those known."""
        return self.state.regime

    @property
    def agreed(self) -> str | None:
        """The outcome in which talks have ended."""
        return self.state.agreed

    @property
    def decided(self) -> tuple[TimelineEntry, ...]:
        """What governments did by rule, as entries of the timeline."""
        return self.state.decided

    @property
    def threat_imposed(self) -> bool:
        """Whether the threatened measure is in force."""
        return self.state.threat_imposed

    # --- what is known ------------------------------------------------------------------

    def learn(self, quarter: int) -> NewRegimes | None:
        """Take up what became known of policy: regimes that are over go, new ones come.

        All of it depends on what is known by now and on nothing later, so a lever pulled
        during a run and an entry that stood in its file from the start do the same.

        Returns
        -------
        NewRegimes or None
            None where nothing became known.
        """
        state = self.state
        known = known_entries(self.scenario, quarter, state.decided)
        if known == self._known:
            return None
        former = self.policy
        self.policy = compile_known(self.scenario, quarter, state.decided, self.past)
        self._known, state.learned = known, quarter
        self.before_fork = None
        places = self.policy.places_in(former)
        change = NewRegimes(np.where(places < 0, state.regime, places), places < 0)
        seen = np.outer(~change.new, ~change.new)
        counts = state.regime_counts[np.ix_(change.origin, change.origin)]
        state.regime_counts = np.where(seen, counts, 0)
        # The last place: a shock opens a segment, and leaves the regime what it was.
        state.regime = int(np.flatnonzero(places == state.regime)[-1])
        return change

    def resume(self, state: PolicyState, past: Past | None) -> None:
        """Take up a state; policy is then as it was last learned."""
        self.state, self.past = state, past
        self._known = known_entries(self.scenario, state.learned, state.decided)
        self.policy = compile_known(self.scenario, state.learned, state.decided, past)

    def reachable(self, quarter: int) -> slice:
        """Return the regimes that may follow from the one in force, itself included."""
        return self.policy.reachable(quarter, self.state.regime)

    def instruments_at(self, quarter: int) -> Instruments:
        """Return what the timeline says for a quarter."""
        return self._segment_at(quarter).instruments

    def spares_new_plants(self, quarter: int) -> bool:
        """Return whether no threat stands in a quarter that a plant could be too late for."""
        return bool(self.state.agreed) or not self.policy.threat_live(quarter)

    # --- how it changes -----------------------------------------------------------------

    def decide(self, act: Act, quarter: int) -> Iterator[EventRow]:
        """Put what a government does into force, this quarter.

        Yields
        ------
        dict
            Events beside those that the timeline tells of its entries.
        """
        if act.changes:
            day = self.policy.date_of(quarter)
            entry = TimelineEntry(date=day, title=act.reason, source=BY_RULE, set=dict(act.changes))
            self.state.decided = (*self.state.decided, entry)
        threat = None if self.state.agreed else self.policy.threat_at(quarter)
        if act.hazard is None or threat is None:
            return
        self.state.hazard, told = act.hazard, self.state.told_hazard
        if abs(act.hazard - told) > NEWSWORTHY * told:
            day = self.policy.date_of(quarter)
            self.state.told_hazard = act.hazard
            yield dict(hazard_event(threat, quarter, day, told, act.hazard, act.reason))

    def take_effect(self, quarter: int) -> Iterator[EventRow]:
        """Find the regime of the quarter: talks may end, and a threat be carried out.

        Yields
        ------
        dict
            What is announced and enacted, as rows of the table of events.
        """
        state, last = self.state, self.state.regime
        yield from self._conclude_talks(quarter)
        yield from self._draw_threat(quarter)
        state.regime = self.policy.regime_index(quarter, state.threat_imposed, state.agreed)
        if quarter > 1:
            state.regime_counts = update_counts(state.regime_counts, last, state.regime)
        yield from self._news(quarter)

    def pull_levers(self, changes: Mapping[str, object], quarter: int) -> None:
        """Write a change of policy into the timeline, as of a quarter."""
        self.scenario = with_levers(self.scenario, quarter, changes)

    def fork(self, future: Scenario, quarter: int) -> None:
        """Go on from a quarter under the policy of another scenario, on the same calendar.

        Raises
        ------
        ScenarioError
            If it assumes other firms or another economy; nothing is changed then.
        """
        future = future_of(future, self.scenario)
        if self.before_fork is None:
            self.before_fork = self.scenario, self.past
        in_force = self._segment_at(quarter)
        self.past = Past(in_force, quarter)
        self.scenario = future
        coming = compile_known(future, quarter + 1, self.state.decided, self.past)
        now = coming.timeline[coming.segment_at(quarter + 1)].instruments
        if now.negotiation != in_force.instruments.negotiation:
            self.state.agreed = None  # what other talks agreed on has no say in this future
        self._known = None

    def _segment_at(self, quarter: int) -> Segment:
        return self.policy.timeline[self.policy.segment_at(quarter)]

    def _conclude_talks(self, quarter: int) -> Iterator[EventRow]:
        """End the talks if an outcome is reached this quarter, and the threat with them."""
        policy = self.policy
        if self.state.agreed is not None or policy.talks_at(quarter) is None:
            return
        outcome = policy.agreement(quarter, self._luck("negotiation", quarter))
        if outcome is None:
            return
        day = policy.date_of(quarter)
        yield from map(dict, agreement_events(self.instruments_at(quarter), outcome, quarter, day))
        threat = policy.threat_at(quarter)
        if threat is not None:
            reason = f"ends with the talks, in {outcome}"
            yield dict(threat_event(threat, quarter, day, False, reason))
        self.state.agreed = outcome

    def _draw_threat(self, quarter: int) -> Iterator[EventRow]:
        """Decide whether the threatened measure is in force; what is drawn is news."""
        state, before = self.state, self.state.threat_imposed
        luck = self._luck("threat", quarter)
        state.threat_imposed = state.agreed is None and self.policy.threat_imposed(
            quarter, before, luck, state.hazard
        )
        threat = self.policy.threat_at(quarter)
        if threat is None or threat.imposed != "drawn" or state.agreed is not None:
            return
        if state.threat_imposed != before:
            reason = "threat carried out" if state.threat_imposed else "measure lifted"
            day = self.policy.date_of(quarter)
            yield dict(threat_event(threat, quarter, day, state.threat_imposed, reason))

    def _news(self, quarter: int) -> Iterator[EventRow]:
        """Tell what the timeline and the rules announce and enact this quarter.

        An entry of the timeline that an agreement overrides has no effect and is not told.
        """
        settled: tuple[str, ...] = ()
        if self.state.agreed is not None:
            talks = self.instruments_at(quarter).negotiation
            settled = tuple(talks.outcomes[self.state.agreed].set) if talks else ()
        for event in self.policy.events:
            overridden = any(f"{event['instrument']}.".startswith(f"{key}.") for key in settled)
            if event["quarter"] == quarter and not overridden:
                yield dict(event)

    def _luck(self, purpose: str, quarter: int) -> float:
        return float(self.draws.uniform(purpose, quarter, 1)[0])
