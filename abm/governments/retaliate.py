"""Retaliation in kind: a member answers duties on its goods with duties on the other's.

What is answered is what a member levies on another beyond the most-favoured-nation
rate, good by good, whatever its name: a special duty, a dated measure, a threat carried
out. Answers are not answered, so two members who both retaliate do not go on for ever,
and what a member levies already counts as part of its answer.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.axes import GOODS, HOSTS, N_GOODS, REGIONS
from abm.governments.outlook import Act, Outlook
from abm.policy.instruments.floors import FIXED, WAIVED
from abm.policy.instruments.measures import Measure

DIGITS = 6
"""Decimals of a rate: a millionth of a value is no duty."""


TERMS = {WAIVED: ("-unless-originating", "exempt"), FIXED: ("", "pays")}
"""By part: how the name of the answering measure ends, and what originating goods owe."""


def retaliate(member: str, seen: Outlook) -> Iterator[Act]:
    """Yield the answers of a member to the duties that each other one levied last quarter.

    An answer comes with the member's probability; it is lowered or lifted at once when
    what it answers is.
    """
    terms = seen.instruments.retaliation
    chance = getattr(terms, member)
    for other in HOSTS:
        if other == member:
            continue
        due = terms.in_kind * _first_strike(other, member, seen)
        wanted = np.maximum(due - _first_strike(member, other, seen), 0.0).round(DIGITS)
        standing = _answer(member, other, seen)
        rises = bool((wanted > standing).any())
        if rises and seen.chance(f"retaliation on {other}", member) >= chance:
            wanted = np.minimum(wanted, standing)
        if (wanted != standing).any():
            yield _act(member, other, seen, standing, wanted)


def _first_strike(levier: str, origin: str, seen: Outlook) -> NDArray[np.float64]:
    """Return what one member levies on another but for its answers, shape (part, good)."""
    rate = seen.duty[:, :N_GOODS, REGIONS.index(origin), REGIONS.index(levier)]
    struck: NDArray[np.float64] = np.maximum(rate - _answer(levier, origin, seen), 0.0)
    return struck.round(DIGITS)


def _answer(levier: str, origin: str, seen: Outlook) -> NDArray[np.float64]:
    """Return what a member levies on another by this rule, shape (part, good)."""
    rates = np.zeros((len(TERMS), N_GOODS))
    for part in TERMS:
        measure = seen.instruments.measures.get(_name(levier, origin, part))
        if measure is not None and measure.in_force:
            rates[part] = [_rate(measure, good) for good in GOODS]
    return rates


def _rate(measure: Measure, good: str) -> float:
    rates: dict[Any, float] = dict(measure.rates)
    return rates.get(good, rates.get("all", 0.0))


def _name(levier: str, origin: str, part: int) -> str:
    return f"retaliation-{levier.lower()}-on-{origin.lower()}{TERMS[part][0]}"


def _act(
    member: str,
    other: str,
    seen: Outlook,
    standing: NDArray[np.float64],
    wanted: NDArray[np.float64],
) -> Act:
    """Return the act that takes a member's answer from what stands to what it wants."""
    changes: dict[str, object] = {}
    for part, (_, owed) in TERMS.items():
        if (wanted[part] == standing[part]).all():
            continue
        key = f"measures.{_name(member, other, part)}"
        changes[f"{key}.in_force"] = bool(wanted[part].any())
        if wanted[part].any():
            changes |= {
                f"{key}.authority": "retaliation",
                f"{key}.destination": member,
                f"{key}.origins": (other,),
                f"{key}.originating": owed,
                f"{key}.rates": _rates(key, seen, wanted[part]),
            }
    verb = "answers" if (wanted > standing).any() else "lowers its answer to"
    if not wanted.any():
        verb = "lifts its answer to"
    return Act(f"{member} {verb} duties of {other} on its goods", changes)


def _rates(key: str, seen: Outlook, wanted: NDArray[np.float64]) -> dict[str, float]:
    """Return rates by good; a good that a former answer named is named again."""
    former = seen.instruments.measures.get(key.removeprefix("measures."))
    named = set() if former is None else {str(good) for good in former.rates}
    if not named - {"all"} and len(set(wanted)) == 1:
        return {"all": float(wanted[0])}
    rates = {good: float(rate) for good, rate in zip(GOODS, wanted, strict=True)}
    return {good: rate for good, rate in rates.items() if rate > 0 or named}
