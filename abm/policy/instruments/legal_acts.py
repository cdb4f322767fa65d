"""Legal acts that a scenario names: duties as the law has them.

An act acts on its own dates, with its announcement, its pauses and its end, or stands as of one
day. What it levies follows from its file (`abm.policy.instruments.duties_of_acts`).
"""

import difflib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from abm.axes import REGIONS
from abm.config.keys import shown
from abm.config.settings import Date
from abm.law.act import ALL, LegalAct, Term, within
from abm.law.act_files import shipped
from abm.law.changes import described, turning_days

ON_ITS_DATES = True
"""What stands for an act that acts on its own dates."""


def _levying(name: str) -> str:
    """Return the name of an act that levies something beside the ordinary duty."""
    act = shipped().acts.get(name)
    if act is None:
        near = difflib.get_close_matches(name, levying_acts(), n=1)
        hint = f"did you mean '{near[0]}'?" if near else "nearshore law list has all"
        raise ValueError(f"{shown(name)} is no act; {hint}")
    if act.importer not in REGIONS or name not in levying_acts():
        what = "sets ordinary duties" if act.kind == "duty" else f"is of the kind {act.kind}"
        raise ValueError(f"{shown(name)} {what} and adds no duty; nearshore law list has all acts")
    return name


def _standing(value: Any) -> Any:
    if isinstance(value, str):
        with suppress(ValueError):  # told below
            value = date.fromisoformat(value)
    if not isinstance(value, bool | date):
        raise ValueError(
            "is true for an act on its own dates, false for none, or the day as of which it stands,"
            f" such as 2026-10-01; not {shown(value)}"
        )
    return value


def _by_name(acts: Any) -> Any:
    """Read a list of names as a table of acts on their own dates."""
    if isinstance(acts, str):
        raise ValueError(f"is a list of acts, such as [{shown(acts)}]")
    if not isinstance(acts, list | tuple):
        return acts
    for name in acts:
        if not isinstance(name, str):
            raise ValueError(f"names acts, such as us-232-autos; not {shown(name)}")
        if acts.count(name) > 1:
            raise ValueError(f"names {shown(name)} twice")
    return dict.fromkeys(acts, ON_ITS_DATES)


def _held(acts: dict[str, bool | date]) -> dict[str, bool | date]:
    for name, day in acts.items():
        if day is True and shipped().acts[name].was_called_off:
            raise ValueError(
                f"{name} was {shipped().acts[name].why_not_held(date.max)}, before it took effect, "
                "and levies nothing; to ask what if, write a measure"
            )
        if isinstance(day, date) and (why := shipped().acts[name].why_not_held(day)):
            raise ValueError(f"{name} as of {day}: {why}")
    return acts


Acts = Annotated[
    dict[
        Annotated[str, AfterValidator(_levying)],
        Annotated[bool | Date, BeforeValidator(_standing)],
    ],
    BeforeValidator(_by_name),
    AfterValidator(_held),
]
"""Acts by name: on their own dates (true), not at all (false), or as of a day."""


@cache
def levying_acts() -> tuple[str, ...]:
    """Return the names of the acts that add to ordinary duties of a region of the model."""
    acts = shipped().acts.items()
    return tuple(
        name
        for name, act in acts
        if act.kind == "duty" and act.importer in REGIONS and not act.sets_ordinary_duties
    )


def acts_in_force(on: date) -> dict[str, bool | date]:
    """Return every act that adds to ordinary duties on a day, as of that day."""
    acts = shipped().acts
    return {name: on for name in levying_acts() if not acts[name].why_not_held(on)}


def acts_standing(acts: Mapping[str, bool | date]) -> dict[str, date]:
    """Return the acts that are in force, in the order of their names, and as of which day."""
    return {name: day for name, day in sorted(acts.items()) if not isinstance(day, bool)}


def beyond_known_law(acts: Mapping[str, bool | date]) -> str:
    """Return what to say of acts that stand as of a day beyond what is known, or nothing."""
    known_to = max(act.known_to for act in shipped().acts.values())
    late = sorted({day for day in acts_standing(acts).values() if day > known_to})
    if not late:
        return ""
    return f"acts stand as of {late[-1]}, and the law is known to {known_to}"


def is_on_all_goods(name: str, day: date) -> bool:
    """Return whether an act names all goods of a region of the model on a day."""
    act = shipped().acts[name]
    return any(
        term.lists == (ALL,) and within(day, term.effective, term.ended) and _of_a_region(act, term)
        for term in act.term
        if not term.exempt and (term.counted or not term.condition)
    )


@dataclass(frozen=True)
class ActTurn:
    """A day on which what an act asks is another than before.

    Attributes
    ----------
    on, announced : datetime.date
    what : str
        ``effective``, ``changed``, ``suspended``, ``resumed`` or ``ended``.
    standing : datetime.date or bool
        As of which day the act then stands; False where it does not hold.
    """

    on: date
    announced: date
    what: str
    standing: date | bool


def turns(name: str) -> Iterator[ActTurn]:
    """Yield the turns of an act in order.

    Its beginning is known since it was announced. So is what lies beyond the day to which the
    act is known, since it is known on that day; all else is known on the day itself.
    """
    act = shipped().acts[name]
    noticed = act.model_copy(update={"term": tuple(t for t in act.term if _of_a_region(act, t))})
    before = began = False
    for day in turning_days(noticed):
        holds = not act.why_not_held(day)
        if not holds and not before:
            continue
        what = "changed" if before else "resumed" if began else "effective"
        if not holds:
            what = "suspended" if act.ended is None or day < act.ended else "ended"
        known = act.announced if what == "effective" and act.announced else act.known_to
        yield ActTurn(day, min(day, known), what, day if holds else False)
        before, began = holds, True


def levied_by(name: str, day: date) -> str:
    """Return what an act asks on a day in words."""
    act = shipped().acts[name]
    held = [t for t in act.term if within(day, t.effective, t.ended) and _of_a_region(act, t)]
    asked = "; ".join(dict.fromkeys(described(act, term) for term in held if not term.exempt))
    spared = [term for term in held if term.exempt and term.lists == (ALL,) and not term.condition]
    free = [region for region in REGIONS if any(shipped().is_of(region, term) for term in spared)]
    return f"{act.title}: {asked or 'nothing'}" + (f"; none from {', '.join(free)}" if free else "")


def _of_a_region(act: LegalAct, term: Term) -> bool:
    """Return whether a term is about goods of a region of the model."""
    return any(shipped().is_of(region, term) for region in REGIONS if region != act.importer)
