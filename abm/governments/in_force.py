"""What governments see when a quarter begins, and what becomes of what they do.

The timeline says what happens on a day; rules say what governments make of it. What a
rule does is an entry of the timeline from then on, so firms, regimes and the table of
events treat both alike.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from abm.axes import HOSTS, N_HOSTS
from abm.economy.tables import Array
from abm.governments.outlook import Act, Outlook
from abm.policy.events import agreement_events, hazard_event, threat_event
from abm.policy.regimes import Policy
from abm.policy.timeline import TimelineEntry
from abm.trade.duties import duty_on
from abm.trade.indicators import by_host, us_goods_deficit

if TYPE_CHECKING:
    from abm.model import RelocationModel

NEWSWORTHY = 0.1
"""Relative change of a threat's hazard that is told as an event."""

BY_RULE = "rule of this scenario"
"""Source of what governments do by rule."""


def outlook(model: "RelocationModel") -> Outlook:
    """Return what governments see at the start of the quarter."""
    policy, quarter = model.policy, model.quarter

    def deficit(partners: Sequence[str]) -> tuple[float, float]:
        year, base = (
            sum(us_goods_deficit(one, model.economy, partners) for one in quarters)
            for quarters in (model.year, [model.base_accounts] * len(model.year))
        )
        return year, base

    jobs = by_host(model.accounts.employment) / model.calibration.base_jobs
    return Outlook(
        quarter=quarter,
        instruments=policy.timeline[policy.segment_at(quarter)].instruments,
        duty=levied(policy, model.regime_in_force),
        deficit=deficit,
        jobs={host: float(level) for host, level in zip(HOSTS, jobs, strict=True)},
        luck=lambda purpose: model.draws.uniform(purpose, quarter, N_HOSTS),
    )


def levied(policy: Policy, regime: int) -> Array:
    """Duties of a regime beyond the most-favoured-nation rate.

    Returns
    -------
    ndarray, shape (part, sector, source, market)
        Parts are what a claim of origin avoids, and what is due in any case.
    """
    duty = duty_on(policy, (..., regime))
    return np.stack([duty.waived, duty.fixed])


def decide(model: "RelocationModel", member: str, act: Act) -> None:
    """Put what a member does into force, this quarter."""
    if act.changes:
        day = model.policy.date_of(model.quarter)
        entry = TimelineEntry(date=day, title=act.reason, source=BY_RULE, set=dict(act.changes))
        model.decided = (*model.decided, entry)
    if act.hazard is not None:
        _reconsider_threat(model, act)


def _reconsider_threat(model: "RelocationModel", act: Act) -> None:
    threat = None if model.agreed else model.policy.threat_at(model.quarter)
    if threat is None or act.hazard is None:
        return
    model.hazard = act.hazard
    if abs(model.hazard - model.told_hazard) > NEWSWORTHY * model.told_hazard:
        day = model.policy.date_of(model.quarter)
        row = hazard_event(threat, model.quarter, day, model.told_hazard, model.hazard, act.reason)
        model.records.events.append(dict(row))
        model.told_hazard = model.hazard


def conclude_talks(model: "RelocationModel") -> None:
    """End the talks if an outcome is reached this quarter, and the threat with them."""
    if model.agreed is not None or model.policy.talks_at(model.quarter) is None:
        return
    luck = float(model.draws.uniform("negotiation", model.quarter, 1)[0])
    outcome = model.policy.agreement(model.quarter, luck)
    if outcome is None:
        return
    policy, day = model.policy, model.policy.date_of(model.quarter)
    now = policy.timeline[policy.segment_at(model.quarter)].instruments
    rows = [*agreement_events(now, outcome, model.quarter, day)]
    threat = policy.threat_at(model.quarter)
    if threat is not None:
        reason = f"ends with the talks, in {outcome}"
        rows.append(threat_event(threat, model.quarter, day, False, reason))
    model.records.events.extend(dict(row) for row in rows)
    model.agreed = outcome


def draw_threat(model: "RelocationModel") -> None:
    """Whether the threatened measure is in force this quarter; what is drawn is news."""
    before, quarter = model.threat_imposed, model.quarter
    luck = float(model.draws.uniform("threat", quarter, 1)[0])
    model.threat_imposed = model.agreed is None and model.policy.threat_imposed(
        quarter, before, luck, model.hazard
    )
    threat = model.policy.threat_at(quarter)
    if threat is None or threat.imposed != "drawn" or model.agreed is not None:
        return
    if model.threat_imposed != before:
        day = model.policy.date_of(quarter)
        reason = "threat carried out" if model.threat_imposed else "measure lifted"
        row = threat_event(threat, quarter, day, model.threat_imposed, reason)
        model.records.events.append(dict(row))


def tell_news(model: "RelocationModel") -> None:
    """Record what the timeline and the rules announce and enact this quarter.

    An entry of the timeline that an agreement overrides has no effect and is not told.
    """
    settled: tuple[str, ...] = ()
    if model.agreed is not None:
        talks = model.policy.timeline[
            model.policy.segment_at(model.quarter)
        ].instruments.negotiation
        settled = tuple(talks.outcomes[model.agreed].set) if talks else ()
    model.records.events.extend(
        dict(event)
        for event in model.policy.events
        if event["quarter"] == model.quarter
        and not any(f"{event['instrument']}.".startswith(f"{key}.") for key in settled)
    )
