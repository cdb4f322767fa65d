"""What changed in the law between two days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from abm.law.act import ALL, LegalAct, Term
from abm.law.act_files import Law
from abm.law.products import covers


@dataclass(frozen=True)
class LawChange:
    """A turn of an act.

    Attributes
    ----------
    on : datetime.date
    act : str
    what : str
    """

    on: date
    act: str
    what: str


def changes(
    law: Law, first: date, last: date, importer: str, origin: str = "", code: str = ""
) -> list[LawChange]:
    """Return what changed after a first day, up to and with a last one, in order.

    Parameters
    ----------
    law : Law
    first, last : datetime.date
    importer : str
    origin : str
        Only what goods from there notice; all origins where not said.
    code : str
        Only what this product notices; all products where not said.
    """
    found = [
        change
        for name, act in law.acts.items()
        if act.importer == importer and _concerns(law, act, origin, code)
        for change in _turns(law, name, act, origin, code)
        if first < change.on <= last
    ]
    return sorted(set(found), key=lambda one: (one.on, one.act, one.what))


def _concerns(law: Law, act: LegalAct, origin: str, code: str) -> bool:
    if not act.term:
        return not code
    return any(_names(law, act, term, origin, code) for term in act.term)


def _names(law: Law, act: LegalAct, term: Term, origin: str, code: str) -> bool:
    if origin and not law.is_of(origin, term):
        return False
    return not code or bool(covers(act, term, (code,))[0][0])


def _turns(law: Law, name: str, act: LegalAct, origin: str, code: str) -> Iterator[LawChange]:
    called_off = act.ended is not None and act.ended <= act.effective
    if act.announced is not None:
        yield LawChange(act.announced, name, f"announced: {act.title}")
    if called_off and act.ended is not None:
        yield LawChange(act.ended, name, f"called off: {act.title}")
        return
    if not act.why_not_held(act.effective):
        yield LawChange(act.effective, name, f"in force: {act.title}")
    for pause in act.suspended:
        yield LawChange(pause.begins, name, f"suspended: {act.title}")
        yield LawChange(pause.ends, name, f"in force: {act.title}")
    if act.ended is not None:
        yield LawChange(act.ended, name, f"ended: {act.title}")
    for term in act.term:
        if not _names(law, act, term, origin, code):
            continue
        if term.effective is not None and not act.why_not_held(term.effective):
            yield LawChange(term.effective, name, f"from now: {described(term)}")
        if term.ended is not None and not act.why_not_held(term.ended):
            yield LawChange(term.ended, name, f"no longer: {described(term)}")


def described(term: Term) -> str:
    """Return a term in a few words, such as ``25% on articles from MEX, CAN``."""
    if term.banned:
        what = "import ban"
    elif term.exempt:
        what = "no duty"
    elif term.rate is None:
        what = "the schedule's rates"
    else:
        what = f"{100 * term.rate:g}%" + (" in all" if term.in_all else "")
    on = "all goods" if term.lists == (ALL,) else ", ".join(term.lists).replace("_", " ")
    origins = "" if term.origins == (ALL,) else f" from {', '.join(term.origins)}"
    if term.base != "whole":
        on = f"the {term.base} in {on}"
    free = {
        "free": ", originating goods free",
        "non_us_content": ", US content taken off",
        "non_member_content": ", content of Canada and Mexico taken off",
    }
    tail = free.get(term.originating, "")
    return f"{what} on {on}{origins}{tail}" + (f", if {term.condition}" if term.condition else "")
