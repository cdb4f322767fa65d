"""What governments do, in a few words, for a timeline and for the key of a picture."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

from abm.policy import compile_policy
from abm.scenario.scenario import Scenario

_TURN = re.compile(r"\S+ \(.*\) (effective|changed|suspended|resumed|ended)")
_ANNOUNCED = re.compile(r"announced for (\d{4}-\d\d-\d\d): (.*)")


def is_done(reason: str) -> bool:
    """Whether an event is the deed itself and not its announcement."""
    return not _ANNOUNCED.match(reason)


def title_of(reason: str) -> str:
    """What an event is about, whether it is announced or done."""
    announced = _ANNOUNCED.match(reason)
    return announced[2] if announced else reason.removeprefix("in force: ")


def date_of(reason: str) -> str:
    """The day for which something is announced, in ISO form; nothing for the deed itself."""
    announced = _ANNOUNCED.match(reason)
    return announced[1] if announced else ""


def told(instrument: str, old: str, new: str, reason: str) -> str:
    """An event in a few words: a measure by what it levies, else by its title.

    Parameters
    ----------
    instrument, old, new, reason : str
        Columns of the table of events.

    Examples
    --------
    >>> law = "metals (Section 232) ended"
    >>> told("measures.metals.in_force", "9% on metals from MEX", "none", f"in force: {law}")
    'ended: 9% on metals from MEX'
    """
    text = title_of(reason)
    turn = _TURN.fullmatch(text)
    if instrument.startswith(("acts.", "measures.")) and turn:
        text = new if turn[1] == "effective" else f"{turn[1]}: {old if new == 'none' else new}"
    elif not reason.startswith(("in force: ", "announced for ")):
        text = f"{text}: {new if new != 'none' else old}"
    if announced := _ANNOUNCED.match(reason):
        text = f"for {date.fromisoformat(announced[1]):%b %Y}: {text}"
    return text.replace("_", " ")


def timeline_lines(scenario: Scenario) -> Iterator[str]:
    """Yield what happens in a scenario, a line for each day and actor, in the order of time.

    What governments will do by rule or by chance is not known beforehand.
    """
    events = sorted(compile_policy(scenario).events, key=itemgetter("date", "actor"))
    if events:
        yield "Timeline, by dates alone:"
    for (day, actor), some in groupby(events, key=itemgetter("date", "actor")):
        texts = dict.fromkeys(
            told(event["instrument"], event["old"], event["new"], event["reason"]) for event in some
        )
        yield f"{day} {actor}: {'; '.join(texts)}"
