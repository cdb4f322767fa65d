"""An answer of the law in lines for a person."""

from collections.abc import Iterator

from abm.law.act_files import Law
from abm.law.good import ActStanding, DutyAnswer


def answer_lines(answer: DutyAnswer, law: Law) -> Iterator[str]:
    """Yield what a good owes, each act's part, why others ask nothing, and what is open."""
    good = answer.good
    claimed = ", originating" if good.originating else ""
    yield f"{good.code} from {good.origin} to {answer.importer} on {answer.on}{claimed}"
    yield _banned(answer) if answer.rate is None else f"owes {_owed(answer)}"
    for one in answer.acts:
        act = law.acts[one.act]
        yield f"  {_part(one)}  {act.title} ({act.authority}){_remark(one)}"
    if answer.others:
        yield "not by"
    for one in answer.others:
        yield f"  {one.act}: {one.why}"
    for note in answer.notes:
        yield f"note: {note}"


def _banned(answer: DutyAnswer) -> str:
    if not answer.banned_in_part:
        return "banned: it may not be imported"
    if answer.low is None or answer.high is None:
        return "banned, as facts fall"
    rest = f"between {_percent(answer.low)} and {_percent(answer.high)}"
    return f"banned, as facts fall; otherwise {rest} of its customs value"


def _owed(answer: DutyAnswer) -> str:
    if answer.ordinary_unknown:
        known = f"{_percent(answer.rate or 0.0)} of its customs value"
        least = answer.low if answer.low != answer.rate else None
        facts = "" if least is None else f", at least {_percent(least)} as facts fall"
        return f"{known}{facts}, and the ordinary duty is not known"
    if answer.low == answer.high or answer.low is None or answer.high is None:
        open_ = ", and some of it is banned" if answer.banned_in_part else ""
        return f"{_percent(answer.rate or 0.0)} of its customs value{open_}"
    between = f"between {_percent(answer.low)} and {_percent(answer.high)} as facts fall"
    return f"{_percent(answer.rate or 0.0)} of its customs value, {between}"


def _part(standing: ActStanding) -> str:
    return "   ban" if standing.banned else f"{_percent(standing.rate):>6}"


def _remark(standing: ActStanding) -> str:
    said = []
    if not standing.banned and standing.share < 1:
        said.append(f"{_percent(standing.said)} on {_percent(standing.share)} of the value")
    if standing.why:
        said.append(standing.why)
    return f": {'; '.join(said)}" if said else ""


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.4g}%"
