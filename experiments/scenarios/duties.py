"""Duties of acts and measures as a reader sees them: by pair and sector, with what is behind."""

from collections.abc import Iterator, Mapping

import numpy as np

from abm.axes import GOODS, HOSTS, N_GOODS, REGIONS
from abm.economy.sector_lines import SectorLines
from abm.economy.tables import Array, load_economy
from abm.policy.arrays import RegimeArrays
from abm.policy.instruments.duties_of_acts import duties_of_acts
from abm.policy.instruments.floors import FIXED, WAIVED
from abm.policy.instruments.legal_acts import beyond_known_law
from abm.policy.instruments.measures import (
    Measure,
    contributions,
    in_force,
    special_by_line,
)
from abm.policy.instruments.tariffs import fill_tariffs
from abm.policy.regime import Instruments
from abm.policy.timeline import segments
from abm.scenario.scenario import Scenario

LEVYING = ("acts.", "measures.")
"""Beginnings of the keys of what levies duties."""

Parts = tuple[tuple[str, float, float], ...]
"""Measures on one flow: name, part that origin waives, part due in any case."""


def duty_lines(scenario: Scenario) -> Iterator[str]:
    """Yield, for each quarter in which acts or measures change, what is then levied on what.

    Parameters
    ----------
    scenario : Scenario

    Yields
    ------
    str
        Without a line end; nothing at all where a scenario has no act and no measure.
    """
    if not scenario.measures and not scenario.instruments.acts:
        return
    yield "Duties of acts and measures, on top of most-favoured-nation rates:"
    if late := beyond_known_law(scenario.instruments.acts):
        yield f"note: {late}"
    for segment in segments(scenario.start, scenario.instruments, scenario.dated):
        if segment.start and not any(c.key.startswith(LEVYING) for c in segment.changes):
            continue
        lines = list(_levied(segment.instruments))
        if lines or segment.start:
            yield f"from {segment.label}" + ("" if lines else ": none")
            yield from (f"  {line}" for line in lines)


def rates_by_name(policy: Instruments) -> dict[str, Array]:
    """Return what acts and measures in force levy, shape (part, line, source, market), by name."""
    rates = {name: act.rates for name, act in duties_of_acts(policy.acts).items()}
    special = RegimeArrays.neutral()
    fill_tariffs(policy.tariffs, special)
    levied = sum(rates.values(), special_by_line(special))  # floors count special duties in
    return rates | contributions(policy.measures, levied)


def _levied(policy: Instruments) -> Iterator[str]:
    """Yield a line of text for every pair and set of products under the same duties."""
    acts, lines = duties_of_acts(policy.acts), load_economy().lines
    rates = rates_by_name(policy)
    quotas = {name: one for name, one in in_force(policy.measures).items() if one.quota is not None}
    bans = {name: act.banned for name, act in acts.items() if act.banned.any()}
    bans |= {
        name: one.banned_by_line()
        for name, one in in_force(policy.measures).items()
        if one.banned and name not in quotas
    }
    counted = [name for name, act in acts.items() if act.cap_share.any()]
    counted += [name for name, measure in policy.measures.items() if measure.in_all]
    told = {name: name + (" in all," if name in counted else "") for name in rates}
    for market, destination in enumerate(REGIONS):
        for source, origin in enumerate(REGIONS):
            products: dict[Parts, list[int]] = {}
            for line in range(lines.of(N_GOODS - 1).stop):
                cell = (slice(None), line, source, market)
                here = {name: rate[cell] for name, rate in rates.items()}
                parts = tuple(
                    (told[name], round(float(rate[WAIVED]), 6), round(float(rate[FIXED]), 6))
                    for name, rate in here.items()
                    if np.any(rate > 0) and name not in quotas
                )
                if parts:
                    products.setdefault(parts, []).append(line)
            for parts, named in products.items():
                may_originate = origin in HOSTS and destination in HOSTS
                asked = _rates(parts, may_originate)
                yield f"{destination} on {origin}: {_named(lines, named)}: {asked}"
            for words, named in _closed(bans, quotas, source, market).items():
                yield f"{destination} on {origin}: {_named(lines, named)}: {words}"


def _closed(
    bans: Mapping[str, Array], quotas: Mapping[str, Measure], source: int, market: int
) -> dict[str, list[int]]:
    """What is banned or limited on a pair, in words, and the lines under it."""
    found: dict[str, list[int]] = {}
    for name, banned in bans.items():
        for line in np.flatnonzero(banned[:, source, market]):
            part = float(banned[line, source, market])
            of_it = "" if part == 1 else f" for {_percent(part)} of it"
            found.setdefault(f"banned{of_it}: {name}", []).append(int(line))
    for name, measure in quotas.items():
        within = measure.levied_by_line()[:, source, market]
        most = measure.most_by_line()[:, source, market]
        for line in np.flatnonzero(most > 0):
            beyond = _percent(float(within[line] + most[line]))
            if measure.banned:
                beyond = "banned"
            words = (
                f"quota of {_percent(measure.quota or 0)} of 2017 imports,"
                f" {_percent(float(within[line]))} within, {beyond} beyond,"
                f" licences held by the {measure.quota_holder}: {name}"
            )
            found.setdefault(words, []).append(int(line))
    return found


def _named(lines: SectorLines, named: list[int]) -> str:
    """Name lines by their goods where these are there whole."""
    here = set(named)
    told: list[str] = []
    for sector, good in enumerate(GOODS):
        own = lines.of(sector)
        some = [line for line in range(own.start, own.stop) if line in here]
        whole = len(some) == own.stop - own.start
        told += [good] if whole else [lines.name[line] for line in some]
    return "all goods" if told == list(GOODS) else ", ".join(told)


def _rates(parts: Parts, may_originate: bool) -> str:
    total = sum(waived + fixed for _, waived, fixed in parts)
    due = sum(fixed for *_, fixed in parts)
    behind = " + ".join(_part(*part, may_originate) for part in parts)
    originating = f" ({_percent(due)} if originating)" if may_originate else ""
    return f"{_percent(total)}{originating}: {behind}"


def _part(name: str, waived: float, fixed: float, may_originate: bool) -> str:
    """Return what one act or measure asks, and of goods that claim origin where that is another.

    One that leaves the latter free needs no word; one may ask more of them, where the act that it
    gives way to spares them.
    """
    told = f"{name} {_percent(waived + fixed)}"
    differs = may_originate and fixed > 0 and _percent(fixed) != _percent(waived + fixed)
    return told + (f" ({_percent(fixed)} if originating)" if differs else "")


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g}%"
