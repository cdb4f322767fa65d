"""No duty twice: a measure of a scenario that levies what an act levies that it names."""

import re
from collections.abc import Mapping
from datetime import date

from abm.axes import REGIONS
from abm.errors import ScenarioError
from abm.law.act_files import shipped
from abm.policy.instruments.duties_of_acts import ActDuty, duties_of_acts
from abm.policy.instruments.legal_acts import turns
from abm.policy.instruments.measures import Measure


def check_no_act_twice(acts: Mapping[str, bool | date], measures: Mapping[str, Measure]) -> None:
    """Complain of a measure that says again what an act says.

    That is one of the act's name, or one on the same goods into the same country, under
    the same law (Section 232, say), on days on which the act holds.

    Raises
    ------
    ScenarioError
        In one line.
    """
    for label, measure in measures.items():
        for name, standing in acts.items():
            if standing is not False and (label == name or _says_again(measure, name, standing)):
                raise ScenarioError(
                    f"measures.{label}: levies what the act {name} does, which acts has too; leave"
                    f" out the measure, or the act with acts.{name} = false"
                )


def _says_again(measure: Measure, name: str, standing: bool | date) -> bool:
    act = shipped().acts[name]
    if measure.destination != act.importer or not _same_law(measure.authority, act.authority):
        return False
    days = (
        [turn.standing for turn in turns(name) if isinstance(turn.standing, date)]
        if isinstance(standing, bool)
        else [standing]
    )
    market = REGIONS.index(act.importer)
    named = measure.named_by_line()[..., market] > 0
    for day in days:
        if isinstance(standing, bool) and not _meets(measure, day, name):
            continue
        duty = duties_of_acts({name: day}).get(name, ActDuty.nothing())
        if (named & (duty.rates.sum(axis=0)[..., market] > 0)).any():
            return True
    return False


def _meets(measure: Measure, day: date, name: str) -> bool:
    """Return whether a measure holds on some day from a turn of an act up to its next one."""
    later = [turn.on for turn in turns(name) if turn.on > day]
    end = min(later, default=date.max)
    first, last = measure.effective or date.min, measure.ended or date.max
    return first < end and day < last


def _same_law(one: str, other: str) -> bool:
    """Return whether two authorities are one, such as ``Section 232`` and ``Section 232, 2025``."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return re.match(rf"{re.escape(short)}\b", long) is not None
