"""What legal acts add to duties, by product line.

What acts mean to one another is settled for every code of the Harmonized System
(`abm.law.added`); a product line has the mean over its codes, weighted by what the origin sells:

    duty(line, origin) = sum over codes of share(code | line, origin) * duty by law(code, origin)

Codes that are banned are left out of that mean, and count as closed. Ordinary duties stay those of
the economy. Of what China and the rest of the world sell no product is known: coverage of acts of
2018 and 2019 there is fitted to duties collected (`abm.policy.instruments.fitted_acts`), and for
all other acts products of Mexico and Canada stand in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS, N_FOOTLOOSE, REGIONS, SECTORS
from abm.economy.sector_lines import Array
from abm.economy.tables import load_economy
from abm.law.act_files import Law, shipped
from abm.law.added import ActsAtBorder, Added
from abm.policy.arrays import LINE_CELLS, RegimeArrays
from abm.policy.instruments.duty_bases import content_of
from abm.policy.instruments.fitted_acts import fitted_share
from abm.policy.instruments.floors import FIXED, WAIVED
from abm.policy.instruments.legal_acts import Acts, acts_standing
from abm.policy.instruments.line_rates import means_by_line

CONTENT_OF = {"us": "USA", "can": "CAN", "mex": "MEX"}
"""Whose content an act may take off, by its name in `abm.law.good.Good`."""


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
    enters = ~np.any([np.zeros(len(border.codes), dtype=bool), *closed], axis=0)
    cell = (slice(None), REGIONS.index(origin), REGIONS.index(importer))
    for name in dict.fromkeys((*plain, *claimed)):
        duty = found.setdefault(name, ActDuty.nothing())
        fixed = _by_line(claimed[name].rate, enters, origin) if name in claimed else 0.0
        full = _by_line(plain[name].rate, enters, origin) if name in plain else 0.0
        fitted = fitted_share(name, origin)
        if fitted is not None:
            full = fixed = fitted * _as_if_known(border, name, dict(days))
        duty.rates[(WAIVED, *cell)], duty.rates[(FIXED, *cell)] = full - fixed, fixed
        if name in plain and fitted is None:
            _write_cap(duty, cell, plain[name], enters, origin)
            banned = _by_line(plain[name].banned.astype(float), np.ones_like(enters), origin)
            banned[load_economy().lines.sector >= N_FOOTLOOSE] = 0.0
            duty.banned[cell] = banned


def _write_cap(
    duty: ActDuty,
    cell: tuple[slice, int, int],
    added: Added,
    enters: NDArray[np.bool_],
    origin: str,
) -> None:
    share = _by_line(added.share, enters, origin)
    capped = _by_line(added.share * added.cap, enters, origin)
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
    by_line = _by_line(rate, rate >= 0, origin)
    share = lines.share[:, REGIONS.index(origin)]
    mean = np.bincount(lines.sector, share * by_line, len(SECTORS))
    return dict(zip(SECTORS, mean.tolist(), strict=True)), float(rate.max())


@cache
def _codes() -> tuple[tuple[str, ...], NDArray[np.int64]]:
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
    sold: Array = np.bincount(places, value, len(codes))
    return sold


def _by_line(by_code: Array, enters: NDArray[np.bool_], origin: str) -> Array:
    """Return the mean over what may enter of every line, shape (line,)."""
    products, (_, places) = load_economy().lines.products, _codes()
    share = products.share[:, REGIONS.index(origin)]
    return means_by_line(by_code[places], share, enters[places], products.line)


@cache
def _border(importer: str, origin: str) -> ActsAtBorder:
    """Return the acts of an importer that may stand at a border."""
    law, lines, (codes, places) = shipped(), load_economy().lines, _codes()
    sector = np.empty(len(codes), dtype=np.int64)
    sector[places] = lines.sector[lines.products.line]
    source = REGIONS.index(origin)
    made_in = {name: content_of(region) for name, region in CONTENT_OF.items()}
    content = [{name: float(share[k, source]) for name, share in made_in.items()} for k in sector]
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
