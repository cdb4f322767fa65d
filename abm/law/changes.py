"""What changed in the law between two days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from abm.law.act import ALL, LegalAct, Term, within
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
        and (
            change.on == act.announced
            or act.was_called_off
            or _is_felt(law, act, change.on, origin, code)
        )
    ]
    return sorted(set(found), key=lambda one: (one.on, one.act, one.what))


def turning_days(act: LegalAct) -> list[date]:
    """Return the days on which something in an act changes, in order."""
    days = [act.effective, act.ended]
    days += [day for pause in act.suspended for day in (pause.begins, pause.ends)]
    days += [day for term in act.term for day in (term.effective, term.ended)]
    days += [day for giving in act.gives_way for day in (giving.effective, giving.ended)]
    return sorted({day for day in days if day is not None})


def _concerns(law: Law, act: LegalAct, origin: str, code: str) -> bool:
    if not act.term:
        return not code and (not origin or law.is_among(origin, act.origins))
    return any(_asks(law, act, origin, code, day) for day in turning_days(act)) or (
        act.was_called_off and any(_names(law, act, term, origin, code) for term in act.term)
    )


def _asks(law: Law, act: LegalAct, origin: str, code: str, on: date) -> tuple[Term, ...]:
    """Return the terms that decide on a day what a good owes; none where nothing is asked."""
    if act.why_not_held(on):
        return ()
    found = []
    for term in act.term:
        if within(on, term.effective, term.ended) and _names(law, act, term, origin, code):
            found.append(term)
            if _settles(act, term, code):
                break
    return tuple(found) if any(not term.exempt for term in found) else ()


def _settles(act: LegalAct, term: Term, code: str) -> bool:
    """Return whether no later term can be about the same good."""
    if term.condition or term.goods != "all":
        return False
    return bool(covers(act, term, (code,))[1][0]) if code else term.lists == (ALL,)


def _is_felt(law: Law, act: LegalAct, on: date, origin: str, code: str) -> bool:
    """Return whether goods from one origin notice a turn of an act on a day."""
    if not act.term or not (origin or code):
        return True
    before = on - timedelta(days=1)
    return _asks(law, act, origin, code, before) != _asks(law, act, origin, code, on)


def _names(law: Law, act: LegalAct, term: Term, origin: str, code: str) -> bool:
    if origin and not law.is_of(origin, term):
        return False
    return not code or bool(covers(act, term, (code,))[0][0])


def _turns(law: Law, name: str, act: LegalAct, origin: str, code: str) -> Iterator[LawChange]:
    if act.announced is not None:
        yield LawChange(act.announced, name, f"announced: {act.title}")
    if act.was_called_off and act.ended is not None:
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
            yield LawChange(term.effective, name, f"from now: {described(act, term)}")
        if term.ended is not None and not act.why_not_held(term.ended):
            yield LawChange(term.ended, name, f"no longer: {described(act, term)}")


def described(act: LegalAct, term: Term) -> str:
    """Return a term in a few words, such as ``25% on articles from MEX, CAN``."""
    if term.banned:
        what = "import ban"
    elif term.exempt:
        what = "no duty"
    elif term.rate is None:
        what = "the schedule's rates"
    else:
        what = f"{100 * term.rate:g}%" + (" in all" if term.in_all else "")
    on = act.called(term.lists) or "all goods"
    origins = "" if term.origins == (ALL,) else f" from {', '.join(term.origins)}"
    if term.base != "whole":
        on = f"the {term.base} in {on}"
    free = {
        "free": ", originating goods free",
        "non_us_content": ", US content taken off",
        "non_member_content": ", content of Canada and Mexico taken off",
    }
    tail = free.get(term.originating, "")
    return f"{what} on {on}{origins}{tail}" + (
        f", if it is {term.condition}" if term.condition else ""
    )
