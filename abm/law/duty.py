"""The duty that all acts together ask of a good on a day, and what of it is left open."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
from numpy.typing import NDArray

from abm.errors import ScenarioError
from abm.law.act_files import Law
from abm.law.case import Case, NamingActs, Open, in_lists
from abm.law.good import DutyAnswer, Good
from abm.law.mean_over_codes import mean_answer, six_digit_codes
from abm.law.schedule import DECIMALS, former_code

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
    check_places(law, importer, good.origin)
    check_day(law, importer, on)
    held = six_digit_codes(good.code)
    if not held:
        names = NamingActs(law, importer, good.origin, (good.code,))
        return _answer(names, 0, on, good)
    names = NamingActs(law, importer, good.origin, held)
    each = [_answer(names, place, on, replace(good, code=code)) for place, code in enumerate(held)]
    return mean_answer(good, each, _limits(names, on))


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
    check_places(law, importer, origin)
    check_day(law, importer, on)
    names = NamingActs(law, importer, origin, tuple(codes))
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
    check_places(law, importer, origin)
    check_day(law, importer, on)
    names = NamingActs(law, importer, origin, tuple(codes))
    claimed = np.broadcast_to(np.asarray(originating, dtype=bool), (len(codes),))
    rates = np.empty(len(codes))
    for place, code in enumerate(codes):
        case = Case(names, place, on, Good(origin, code, bool(claimed[place])))
        rate = case.rate()
        rates[place] = np.nan if rate is None else rate
    return rates


def check_places(law: Law, importer: str, origin: str | None) -> None:
    """Complain of an importer whose acts are not known, or of an origin that is no country.

    Raises
    ------
    ScenarioError
        In one line.
    """
    if importer not in law.importers():
        known = ", ".join(law.importers())
        hint = _in_capitals(importer, law.importers())
        raise ScenarioError(f"--to {importer[:20]}: acts are known of {known}{hint}")
    if origin is not None and origin not in law.countries():
        raise ScenarioError(
            f"--from {origin[:20]}: is one of {', '.join(law.countries())}; "
            f"a country that no act names is ROW{_in_capitals(origin, law.countries())}"
        )
    if origin == importer:
        raise ScenarioError(f"--from {origin}: goods do not cross a border to {importer}")


def _in_capitals(text: str, known: Sequence[str]) -> str:
    """Return a question for someone who wrote a country in small letters."""
    return f"; did you mean {text.upper()}?" if text.upper() in known else ""


def check_day(law: Law, importer: str, on: date) -> None:
    """Complain of a day of whose law nothing is known.

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
            f"--on {on}: the law of {importer} is not known before {first}; give that day or a "
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
        notes.append("depends on " + "; ".join(_told(one) for one in opened))
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
    known_to = max(act.known_to for act in acts.values())
    if on > known_to:
        found.append(f"the law is known to {known_to}")
    if on < EARLIEST:
        found.append(f"of the law before {EARLIEST} only the ordinary duty is known")
    return found


def _of_another_year(names: NamingActs, good: Good, on: date) -> list[str]:
    """Return what to say of a code that was not in use yet."""
    importer = next(iter(names.acts.values())).importer
    former = former_code(good.code, importer, on)
    if not former:
        return []
    dotted = f"{good.code[:4]}.{good.code[4:6]}"
    return [f"{dotted} is a code of the year 2022; on this day its goods were under {former}"]


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


def _told(opened: Open) -> str:
    name, lists, condition, counted = opened
    of = condition or "which lines are listed"
    return f"{name}{in_lists(lists)}: {of}, here {'counted' if counted else 'not counted'}"
