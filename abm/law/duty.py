"""The duty that all acts together ask of a good on a day, and what of it is left open."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS
from abm.errors import ScenarioError
from abm.law import schedule
from abm.law.act import LegalAct
from abm.law.act_files import Law
from abm.law.case import Case, NamingActs, Open
from abm.law.good import DutyAnswer, Good
from abm.law.mean_over_codes import NOMENCLATURE, mean_answer, six_digit_codes
from abm.law.products import covers
from abm.law.schedule import DECIMALS, SUBHEADING_DIGITS, former_code

MOST_OPEN = 6
"""Facts left open that are tried both ways; a good with more is rare, and each doubles the work."""

EARLIEST = date(2017, 1, 1)
"""The first day whose special duties were looked for."""


def duty(law: Law, on: date, importer: str, good: Good) -> DutyAnswer:
    """Return what a good owes on a day.

    Parameters
    ----------
    law : Law
    on : datetime.date
    importer : str
    good : Good

    Raises
    ------
    ScenarioError
        If nobody's acts are known for this importer, or no such origin is.
    """
    held = six_digit_codes(good.code)
    names = _checked(law, on, importer, good.origin, held or (good.code,), good.originating)
    if not held:
        return _answer(names, 0, on, good)
    each = [_answer(names, place, on, replace(good, code=code)) for place, code in enumerate(held)]
    paying = {one.act for answer in each for one in answer.acts}
    limits = [*_limits(names, on), *_credits(names, on, good.code, paying)]
    return mean_answer(good, each, limits)


def answers(
    law: Law, on: date, importer: str, origin: str, codes: Sequence[str], originating: bool = False
) -> Iterator[DutyAnswer]:
    """Yield what many products from one origin owe on a day, in their order.

    Parameters
    ----------
    law : Law
    on : datetime.date
    importer, origin : str
    codes : sequence of str
        Digits alone, six or more.
    originating : bool
    """
    names = _checked(law, on, importer, origin, codes, originating)
    for place, code in enumerate(codes):
        yield _answer(names, place, on, Good(origin, code, originating))


def duties(
    law: Law,
    on: date,
    importer: str,
    origin: str,
    codes: Sequence[str],
    originating: NDArray[np.bool_] | bool = False,
) -> NDArray[np.float64]:
    """Return the rates of many products from one origin on a day.

    Parameters
    ----------
    law : Law
    on : datetime.date
    importer, origin : str
    codes : sequence of str
        Digits alone, six or more.
    originating : ndarray of bool, shape (code,), or bool

    Returns
    -------
    ndarray, shape (code,)
        Ad valorem fractions; NaN where the import is banned.
    """
    names = _checked(law, on, importer, origin, codes, bool(np.any(originating)))
    claimed = np.broadcast_to(np.asarray(originating, dtype=bool), (len(codes),))
    rates = np.empty(len(codes))
    for place, code in enumerate(codes):
        case = Case(names, place, on, Good(origin, code, bool(claimed[place])))
        rate = case.rate()
        rates[place] = np.nan if rate is None else rate
    return rates


def _checked(
    law: Law, on: date, importer: str, origin: str, codes: Sequence[str], originating: bool
) -> NamingActs:
    """Return what acts name of some codes, once it is clear that the law of the day is known."""
    check_places(law, importer, origin, originating)
    check_day(law, importer, on)
    return NamingActs(law, importer, origin, tuple(codes))


def check_places(law: Law, importer: str, origin: str | None, originating: bool = False) -> None:
    """Complain of an importer whose acts are not known, or of an origin that is no country.

    Goods that qualify for the agreement of North America, `originating`, cross a border between
    its members.

    Raises
    ------
    ScenarioError
        In one line.
    """
    if importer not in law.importers():
        known = ", ".join(law.importers())
        hint = _did_you_mean(importer, law.importers())
        raise ScenarioError(f"--to {importer[:20]}: acts are known of {known}{hint}")
    if origin is not None and origin not in law.countries():
        raise ScenarioError(
            f"--from {origin[:20]}: is one of {', '.join(law.countries())}; "
            f"a country that no act names is ROW{_did_you_mean(origin, law.countries())}"
        )
    if originating and not {origin, importer} <= set(HOSTS):
        raise ScenarioError(
            f"--originating: goods qualify between {', '.join(HOSTS)} alone; leave it out for "
            f"goods from {origin} to {importer}"
        )
    if origin == importer:
        raise ScenarioError(f"--from {origin}: goods do not cross a border to {importer}")


NAMES = {
    **dict.fromkeys(("US", "UNITED STATES", "AMERICA"), "USA"),
    **dict.fromkeys(("MX", "MEXICO", "MÉXICO"), "MEX"),
    **dict.fromkeys(("CA", "CANADA"), "CAN"),
    **dict.fromkeys(("CN", "CHINA"), "CHN"),
    **dict.fromkeys(("JP", "JAPAN"), "JPN"),
    **dict.fromkeys(("KR", "KOREA", "SOUTH KOREA"), "KOR"),
    **dict.fromkeys(("GB", "UK", "BRITAIN", "UNITED KINGDOM"), "GBR"),
    **dict.fromkeys(("DE", "GERMANY"), "DEU"),
    **dict.fromkeys(("BR", "BRAZIL"), "BRA"),
    **dict.fromkeys(("IN", "INDIA"), "IND"),
}
"""What people write for some countries, by their three letters."""


def _did_you_mean(text: str, known: Sequence[str]) -> str:
    """Return a question for someone who wrote a country in small letters or by its name."""
    meant = NAMES.get(text.strip().upper(), text.strip().upper())
    return f"; did you mean {meant}?" if meant in known else ""


def check_day(law: Law, importer: str, on: date, named: str = "--on") -> None:
    """Complain of a day of whose law nothing is known; the day is `named` in the complaint.

    Raises
    ------
    ScenarioError
        In one line.
    """
    acts = law.of(importer).values()
    known = [act.effective for act in acts if act.sets_ordinary_duties]
    first = min(known, default=EARLIEST)
    if on < first:
        raise ScenarioError(
            f"{named} {on}: the law of {importer} is not known before {first}; give that day or a "
            "later one"
        )


def _answer(names: NamingActs, place: int, on: date, good: Good) -> DutyAnswer:
    case = Case(names, place, on, good)
    standings = case.standings()
    rate = case.rate()
    rates, opened = _both_ways(names, place, on, good)
    known = [value for value in rates if value is not None]
    spread = case.table_spread()
    low = min(known) + spread[0] if known else None
    high = max(known) + spread[1] if known and not case.ordinary_unknown else None
    notes = [*_limits(names, on), *_of_another_year(names, good, on), *case.notes]
    if opened:
        notes += [_told(names.acts[one[0]], one) for one in opened]
    notes += _credits(names, on, good.code, {one.act for one in standings if one.pays})
    in_part = 0 < len(known) < len(rates)
    if in_part:
        notes.append("some of what the code holds is banned, and some not")
    by_date = sorted(standings, key=lambda one: (names.acts[one.act].effective, one.act))
    return DutyAnswer(
        on=on,
        importer=next(iter(names.acts.values())).importer,
        good=good,
        rate=rate,
        low=None if low is None else round(max(0.0, low), DECIMALS),
        high=None if high is None else round(high, DECIMALS),
        acts=tuple(one for one in by_date if one.pays),
        others=tuple(one for one in by_date if not one.pays and one.touches),
        notes=tuple(dict.fromkeys(notes)),
        banned_in_part=in_part,
        ordinary_unknown=case.ordinary_unknown,
    )


def beyond_known(acts: Collection[LegalAct], on: date) -> list[str]:
    """Return what to say of a day beyond the last one to which any act is known."""
    known_to = max(act.known_to for act in acts)
    return [f"the law is known to {known_to}"] if on > known_to else []


def _limits(names: NamingActs, on: date) -> list[str]:
    """Return what of the law is not known at all."""
    found, acts = [], names.acts
    years = {term.schedule_year for act in acts.values() for term in act.term if term.schedule}
    if not names.schedules:
        found.append("additional duties alone: the ordinary duty of this importer is not known")
    found += [
        f"the ordinary duty is that of {year}: rates of other years are not here"
        for year in sorted(year for year in years if year is not None)
        if year != on.year
    ]
    found += beyond_known(acts.values(), on)
    if on < EARLIEST:
        found.append(f"of the law before {EARLIEST} only the ordinary duty is known")
    return found


def _credits(names: NamingActs, on: date, code: str, paying: Collection[str]) -> Iterator[str]:
    """Yield what some firms get back of the duties that a good pays, which is in no rate."""
    for name, act in names.law.credits(names.importer).items():
        credit = act.credit
        if credit is None or act.why_not_held(on) or not set(credit.against) & set(paying):
            continue
        if covers(act, credit, (code,))[0][0]:
            of = "the duty" if credit.of == "duty" else "the value of what they make"
            against = " and ".join(one for one in credit.against if one in paying)
            yield (
                f"{name} ({act.title}) gives firms that take part up to {100 * credit.share:g}% of "
                f"{of} back, against {against}; it is not in the rate"
            )


def _of_another_year(names: NamingActs, good: Good, on: date) -> list[str]:
    """Return what to say of a code that was not in use yet."""
    importer = next(iter(names.acts.values())).importer
    former = former_code(good.code, importer, on)
    if not former:
        return _of_no_table(names, good.code)
    dotted = f"{good.code[:4]}.{good.code[4:6]}"
    return [f"{dotted} is a code of the year 2022; on this day its goods were under {former}"]


def _of_no_table(names: NamingActs, code: str) -> list[str]:
    """Return what to say of a subheading that neither a table nor any act has."""
    six = code[:SUBHEADING_DIGITS]
    listed = any(
        named[:SUBHEADING_DIGITS] == six
        for act in names.law.acts.values()
        for products in act.lists.values()
        for named in (*products.hs, *products.partly)
    )
    if listed or six in schedule.codes(NOMENCLATURE):
        return []
    return [
        f"{six[:4]}.{six[4:]} is in no table or list here: there may be no such code, or it is one "
        "that neither Mexico nor Canada ships"
    ]


def _both_ways(
    names: NamingActs, place: int, on: date, good: Good
) -> tuple[list[float | None], list[Open]]:
    """Return the rate for every way in which facts left open may fall, and those facts."""
    opened: list[Open] = []
    while True:
        rates, more = [], list(opened)
        for way in product((True, False), repeat=len(opened)):
            case = Case(names, place, on, good, dict(zip(opened, way, strict=True)))
            rates.append(case.rate())
            more += [one for one in case.opened if one not in more]
        if more == opened or len(opened) >= MOST_OPEN:
            return rates, opened
        opened = more[:MOST_OPEN]


def _told(act: LegalAct, opened: Open) -> str:
    """Return a fact that is left open, and how the rate takes it."""
    name, lists, condition, counted = opened
    taken = f"the rate takes it that it {'is' if counted else 'is not'}"
    if condition:
        return f"depends on whether the good is {condition} ({name}); {taken}"
    listed = f"is listed under {act.called(lists)}, which names a part of the code"
    return f"depends on whether the good {listed} ({name}); {taken}"
