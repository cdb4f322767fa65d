"""Legal acts: duties as the law has them, each act on its own dates or as of a day.

What acts mean to one another is settled for every code of the Harmonized System
(`abm.law.added`); a product line has the mean over its codes, weighted by what the origin sells:

    duty(line, origin) = sum over codes of share(code | line, origin) * duty by law(code, origin)

Codes that are banned are left out of that mean, and count as closed. Ordinary duties stay those of
the economy. Of what China and the rest of the world sell no product is known: coverage of acts of
2018 and 2019 there is fitted to duties collected (`abm.policy.instruments.fitted_acts`), and for
all other acts products of Mexico and Canada stand in.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from abm.axes import HOSTS, N_FOOTLOOSE, REGIONS, SECTORS
from abm.config.keys import shown
from abm.config.settings import Date
from abm.economy.sector_lines import Array
from abm.economy.tables import load_economy
from abm.law.act import ALL, LegalAct, Term, within
from abm.law.act_files import Law, shipped
from abm.law.added import ActsAtBorder, Added, sets_ordinary_duties
from abm.law.changes import described
from abm.law.coverage import turning_days
from abm.policy.arrays import LINE_CELLS, RegimeArrays
from abm.policy.instruments.duty_bases import content_of
from abm.policy.instruments.fitted_acts import fitted_share
from abm.policy.instruments.line_rates import means_by_line

ON_ITS_DATES = True
"""What stands for an act that acts on its own dates."""

WAIVED, FIXED = range(2)
"""Parts of a rate: what a claim of origin avoids, and what is due in any case."""


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
        try:
            value = date.fromisoformat(value)
        except ValueError:
            pass  # told below
    if not isinstance(value, bool | date):
        raise ValueError(
            "is true for an act on its own dates, false for none, or the day as of which it stands,"
            f" such as 2026-10-01; not {shown(value)}"
        )
    return value


def _by_name(acts: Any) -> Any:
    """Read a list of names as a table of acts on their own dates."""
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
        if act.kind == "duty" and act.importer in REGIONS and not sets_ordinary_duties(act)
    )


def acts_in_force(on: date) -> dict[str, bool | date]:
    """Return every act that adds to ordinary duties on a day, as of that day."""
    acts = shipped().acts
    return {name: on for name in levying_acts() if not acts[name].why_not_held(on)}


def acts_standing(acts: Mapping[str, bool | date]) -> dict[str, date]:
    """Return the acts that are in force, in the order of their names, and as of which day."""
    return {name: day for name, day in sorted(acts.items()) if not isinstance(day, bool)}


def is_on_all_goods(name: str, day: date) -> bool:
    """Return whether an act names all goods of a region of the model on a day."""
    act = shipped().acts[name]
    return any(
        term.lists == (ALL,) and within(day, term.effective, term.ended) and _noticed(act, term)
        for term in act.term
        if not term.exempt
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
    noticed = act.model_copy(update={"term": tuple(t for t in act.term if _noticed(act, t))})
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
    asked = [
        described(term)
        for term in act.term
        if within(day, term.effective, term.ended) and not term.exempt and _noticed(act, term)
    ]
    return "; ".join(dict.fromkeys(asked)) or "nothing"


def _noticed(act: LegalAct, term: Term) -> bool:
    """Return whether a term is about goods of a region of the model."""
    return any(shipped().is_of(region, term) for region in REGIONS if region != act.importer)


@dataclass(frozen=True)
class ActDuty:
    """What one act adds, by product line.

    Attributes
    ----------
    rates : ndarray, shape (part, line, source, market)
        Parts are `WAIVED` and `FIXED`.
    cap_rate, cap_share, banned : ndarray, shape (line, source, market)
        As in `abm.policy.arrays`.
    """

    rates: Array
    cap_rate: Array
    cap_share: Array
    banned: Array

    @classmethod
    def nothing(cls) -> "ActDuty":
        """Return no duty anywhere."""
        return cls(np.zeros((2, *LINE_CELLS)), *(np.zeros(LINE_CELLS) for _ in range(3)))


def duties_of_acts(acts: Mapping[str, bool | date]) -> dict[str, ActDuty]:
    """Return what acts in force add, by their names.

    Parameters
    ----------
    acts : mapping of str to bool or datetime.date
        Those with a day are in force as of it.
    """
    return _duties(tuple(acts_standing(acts).items()))


@lru_cache(maxsize=256)
def _duties(days: tuple[tuple[str, date], ...]) -> dict[str, ActDuty]:
    found: dict[str, ActDuty] = {}
    for importer in dict.fromkeys(shipped().acts[name].importer for name, _ in days):
        own = tuple((n, day) for n, day in days if shipped().acts[n].importer == importer)
        for origin in REGIONS:
            if origin != importer:
                _add_border(found, own, importer, origin)
    return found


def _add_border(
    found: dict[str, ActDuty], days: tuple[tuple[str, date], ...], importer: str, origin: str
) -> None:
    """Write what acts of one importer ask of one origin into what was found so far."""
    border = _border(importer, origin)
    plain = border.added(dict(days), claimed=False)
    claimed = plain
    if importer in HOSTS and origin in HOSTS:
        claimed = border.added(dict(days), claimed=True)
    closed = [one.banned for one in plain.values()]
    left = 1.0 - np.any(closed, axis=0) if closed else np.ones(len(border.codes))
    cell = (slice(None), REGIONS.index(origin), REGIONS.index(importer))
    for name in dict.fromkeys((*plain, *claimed)):
        duty = found.setdefault(name, ActDuty.nothing())
        fixed = _by_line(claimed[name].rate, left, origin) if name in claimed else 0.0
        full = _by_line(plain[name].rate, left, origin) if name in plain else 0.0
        fitted = fitted_share(name, origin)
        if fitted is not None:
            full = fixed = fitted * _as_if_known(border, name, dict(days))
        duty.rates[(WAIVED, *cell)], duty.rates[(FIXED, *cell)] = full - fixed, fixed
        if name in plain and fitted is None:
            _write_cap(duty, cell, plain[name], left, origin)
            banned = _by_line(plain[name].banned.astype(float), np.ones_like(left), origin)
            banned[load_economy().lines.sector >= N_FOOTLOOSE] = 0.0
            duty.banned[cell] = banned


def _write_cap(
    duty: ActDuty, cell: tuple[slice, int, int], added: Added, left: Array, origin: str
) -> None:
    share = _by_line(added.share, left, origin)
    capped = _by_line(added.share * added.cap, left, origin)
    duty.cap_share[cell] = share
    duty.cap_rate[cell] = np.divide(capped, share, out=np.zeros_like(share), where=share > 0)


def _as_if_known(border: ActsAtBorder, name: str, days: dict[str, date]) -> float:
    """Return the highest rate of an act, less where it gives way on the products that stand in.

    Among acts whose coverage is fitted none gives way to another: what they share is in the fit.
    """
    known = {n: day for n, day in days.items() if fitted_share(n, border.origin) is None}
    among = border.added({**known, name: days[name]}, claimed=False)
    single = border.added({name: days[name]}, claimed=False)[name].rate
    weights = _weights(border.origin)
    whole = float(weights @ single)
    left = float(weights @ among[name].rate) / whole if name in among and whole > 0 else 0.0
    return float(single.max()) * left


def alone(name: str, day: date, origin: str) -> tuple[dict[str, float], float]:
    """Return what an act would ask of an origin if it was alone, by the products that stand in.

    Parameters
    ----------
    name : str
    day : datetime.date
    origin : str

    Returns
    -------
    dict of str to float
        Mean rate by sector.
    float
        Its highest rate on any code.
    """
    border = _border(shipped().acts[name].importer, origin)
    rate = border.added({name: day}, claimed=False)[name].rate
    lines = load_economy().lines
    by_line = _by_line(rate, np.ones_like(rate), origin)
    share = lines.share[:, REGIONS.index(origin)]
    mean = np.bincount(lines.sector, share * by_line, len(SECTORS))
    return dict(zip(SECTORS, mean.tolist(), strict=True)), float(rate.max())


@cache
def _codes() -> tuple[tuple[str, ...], Array]:
    """Return every code that is traded, and the place among them of every product of a line."""
    products = load_economy().lines.products
    codes = tuple(dict.fromkeys(products.code))
    places = {code: place for place, code in enumerate(codes)}
    return codes, np.array([places[code] for code in products.code])


@cache
def _weights(origin: str) -> Array:
    """Part of each code in what an origin sells to all, shape (code,)."""
    lines, (codes, places) = load_economy().lines, _codes()
    source = REGIONS.index(origin)
    value = lines.products.share[:, source] * lines.share[lines.products.line, source]
    return np.bincount(places, value, len(codes))


def _by_line(by_code: Array, left: Array, origin: str) -> Array:
    """Return the mean over what may enter of every line, shape (line,)."""
    products, (_, places) = load_economy().lines.products, _codes()
    weights = products.share[:, REGIONS.index(origin)] * left[places]
    return means_by_line(by_code[places], weights, products.line, LINE_CELLS[0])


@cache
def _border(importer: str, origin: str) -> ActsAtBorder:
    """Return the acts of an importer that may stand at a border."""
    law, lines, (codes, places) = shipped(), load_economy().lines, _codes()
    sector = np.empty(len(codes), dtype=np.int64)
    sector[places] = lines.sector[lines.products.line]
    source = REGIONS.index(origin)
    by_host = {host.lower()[: 2 if host == "USA" else 3]: content_of(host) for host in HOSTS}
    content = [{name: float(share[k, source]) for name, share in by_host.items()} for k in sector]
    acts = {
        name: act
        for name, act in law.acts.items()
        if act.importer == importer and act.kind == "duty"
    }
    return ActsAtBorder(Law(acts, law.groups), importer, origin, codes, content)


def fill_acts(acts: Acts, regime: RegimeArrays) -> None:
    """Write what acts in force ask into ``regime``."""
    found = duties_of_acts(acts)
    capped = np.zeros(LINE_CELLS)
    for name in sorted(found):
        duty = found[name]
        regime.line_waived[:] += duty.rates[WAIVED]
        regime.line_fixed[:] += duty.rates[FIXED]
        regime.cap_share[:] += duty.cap_share
        capped += duty.cap_share * duty.cap_rate
        np.maximum(regime.banned, duty.banned, out=regime.banned)
    there = regime.cap_share > 0
    np.divide(capped, regime.cap_share, out=regime.cap_rate, where=there)
