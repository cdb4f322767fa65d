"""What a chapter or a heading owes: the mean over the six-digit codes that it holds.

Acts that name parts of a heading mostly exclude one another there. Taken together at the heading
they would add up to what no good in it owes, so every code is asked by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from abm.law.good import ActStanding, DutyAnswer, Good
from abm.law.schedule import DECIMALS, SUBHEADING_DIGITS, codes

NOMENCLATURE = "us_schedule_2025"
"""The table whose six digits stand for those of the Harmonized System."""


@lru_cache(maxsize=256)
def six_digit_codes(code: str) -> tuple[str, ...]:
    """Return the six-digit codes that a shorter one holds.

    Parameters
    ----------
    code : str
        Digits alone.

    Returns
    -------
    tuple of str
        None for a code of six digits or more, nor where nothing in it is shipped.
    """
    if len(code) >= SUBHEADING_DIGITS:
        return ()
    return tuple(known for known in codes(NOMENCLATURE) if known.startswith(code))


def mean_answer(good: Good, each: Sequence[DutyAnswer], limits: Sequence[str]) -> DutyAnswer:
    """Return the answer for a short code from those for the codes it holds, all alike in weight.

    Parameters
    ----------
    good : Good
        What was asked about.
    each : sequence of DutyAnswer
        By six digits; those that are banned do not enter the rate.
    limits : sequence of str
        What of the law is not known at all.
    """
    free = [answer for answer in each if not answer.banned]
    bans = len(each) - len(free)
    lows = [answer.low for answer in each if answer.low is not None]
    highs = [answer.high for answer in each if answer.high is not None]
    return DutyAnswer(
        on=each[0].on,
        importer=each[0].importer,
        good=good,
        rate=_mean([answer.rate or 0.0 for answer in free]) if free else None,
        low=min(lows, default=None),
        high=None if any(one.ordinary_unknown for one in free) else max(highs, default=None),
        acts=tuple(_paying(free or each)),
        others=tuple(_asking_nothing(each, free)),
        notes=(*limits, *_notes(good, each, bans)),
        banned_in_part=0 < bans < len(each) or any(answer.banned_in_part for answer in each),
        ordinary_unknown=any(answer.ordinary_unknown for answer in each),
    )


def _notes(good: Good, each: Sequence[DutyAnswer], bans: int) -> list[str]:
    found = [f"the mean over {len(each)} codes of six digits that {good.code} holds, all alike"]
    if bans:
        found.append(f"{bans} of them are banned, and not in the mean")
    if any(not answer.certain for answer in each):
        found.append("some hang on facts that are left open: ask for six digits to see which")
    unknown = sum(answer.ordinary_unknown for answer in each)
    if 0 < unknown < len(each):
        found.append(f"the ordinary duty of {unknown} of them is not known")
    return found


def _paying(each: Sequence[DutyAnswer]) -> list[ActStanding]:
    """Return the acts that some code pays, each with its mean over all codes."""
    asked: dict[str, list[ActStanding]] = {}
    for answer in each:
        for one in answer.acts:
            asked.setdefault(one.act, []).append(one)
    return [_one_standing(found, len(each)) for found in asked.values()]


def _asking_nothing(
    each: Sequence[DutyAnswer], free: Sequence[DutyAnswer]
) -> Iterator[ActStanding]:
    """Yield the acts that no code which may come in pays, with the first reason given."""
    told = {one.act for answer in free or each for one in answer.acts}
    for answer in each:
        for one in (*answer.acts, *answer.others):
            if one.act not in told:
                told.add(one.act)
                why = "asked of codes that are banned alone" if one.pays else one.why
                yield replace(one, why="bans some of the codes" if one.banned else why)


def _one_standing(levied: Sequence[ActStanding], codes: int) -> ActStanding:
    """Return the mean of an act's standings to some codes over as many as there are."""
    rate = round(sum(one.rate for one in levied) / codes, DECIMALS)
    share = round(sum(one.share for one in levied) / codes, DECIMALS)
    said = round(rate / share, 4) if share else levied[0].said
    why = "" if len(levied) == codes else f"on {len(levied)} of the {codes} codes"
    return replace(levied[0], rate=rate, said=said, share=share, why=why)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), DECIMALS)
