"""How much of what a measure or act names is made by the firms of a model.

Firms make lines by lot, right on average over seeds (`abm.base_year.population`). In one model a
line with a share ``s`` of a sector's trade has a share whose variance is about

    s * (1 - s) * H,  H = sum over exporters of (their share of the trade)**2

so that its mean over ``n`` seeds comes within a part ``w`` of ``s``, as a standard deviation, with

    n = H * (1 - s) / (s * w**2)

An instrument on that line moves trade in proportion to what is modelled of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.axes import HOSTS, N_FOOTLOOSE, N_HOSTS, N_REGIONS, REGIONS, SECTORS
from abm.economy.sector_lines import SectorLines
from abm.economy.tables import Array
from abm.model import RelocationModel
from abm.policy.instruments.duties_of_acts import duties_of_acts
from abm.policy.instruments.measures import in_force
from abm.policy.regime import Instruments
from abm.policy.timeline import segments
from abm.scenario.scenario import Scenario
from experiments.labels import in_sentence, sector_in_sentence

FAR_OFF = 0.5
"""Part of the observed share by which the modelled one must be off to be told of."""

NEAR = 0.25
"""Part of it to which seeds enough bring their mean: half of `FAR_OFF`, two standard deviations."""

MATTERS = 0.1
"""Part of all that a measure falls on, from which what a pair lacks of it is told of."""

FEW = 2
"""Lines, or sectors, that are told by their names; more are counted."""


@dataclass(frozen=True)
class LineShare:
    """What a measure or act names of the trade of a pair, observed and modelled.

    Attributes
    ----------
    name : str
        Of the measure or act.
    lines : tuple of str
        Titles of what it names.
    sectors : tuple of str
        Those of which it names a part.
    source, market : str
    observed, modelled : float
        Share of these lines in what the source sells the market of these sectors, in the
        calibration year.
    seeds : int
        Of this size, whose mean would come within `NEAR` of the observed share.
    """

    name: str
    lines: tuple[str, ...]
    sectors: tuple[str, ...]
    source: str
    market: str
    observed: float
    modelled: float
    seeds: int

    def told(self, firms: int, seed: int) -> str:
        """Return a sentence or two for those who read the answer."""
        what = " and ".join(line[:1].lower() + line[1:] for line in self.lines)
        if len(self.lines) > FEW:
            what = f"{len(self.lines)} product lines"
        goods = " and ".join(map(sector_in_sentence, self.sectors))
        if len(self.sectors) > FEW:
            goods = f"goods of their {len(self.sectors)} sectors"
        less = (
            "so that it does nothing there"
            if self.modelled == 0
            else f"so that it does about {self.modelled / self.observed:.2g} times what it would"
        )
        near = f"within {NEAR:.0%} of what is observed"
        together = f"The mean of about {self.seeds:,} seeds of this size would come {near}."
        return (
            f"{self.name} falls on {what}: {self.observed:.1%} of the {goods} that"
            f" {in_sentence(self.source)} sells {in_sentence(self.market)} as observed, but"
            f" {self.modelled:.1%} in this model of {firms:,} firms (seed {seed}), {less}."
            f" {together}"
        )


def lines_far_off(model: object, scenario: Scenario) -> tuple[LineShare, ...]:
    """Return what measures and acts of a scenario name, where the model has another share of it.

    Parameters
    ----------
    model : object
        None but a `RelocationModel` has lines.
    scenario : Scenario

    Returns
    -------
    tuple of LineShare
        Those of which the largest value is missing or too much come first.
    """
    if not isinstance(model, RelocationModel):
        return ()
    found = segments(scenario.start, scenario.instruments, scenario.dated)
    levied = _levied(one.instruments for one in found if one.start <= scenario.quarters)
    told = [one for name, by_line in levied.items() for one in _of_pairs(model, name, by_line)]
    return tuple(share for _, share in sorted(told, key=lambda one: -one[0]))


def _levied(policies: Iterable[Instruments]) -> dict[str, Array]:
    """What acts and measures ask of every line at most, shape (line, source, market), by name.

    What is banned counts as the whole of its value.
    """
    most: dict[str, Array] = {}
    for policy in policies:
        asked = {
            name: act.rates.sum(axis=0) + act.banned
            for name, act in duties_of_acts(policy.acts).items()
        }
        for name, measure in in_force(policy.measures).items():
            by_line = measure.rate_by_line().sum(axis=0) + measure.banned_by_line()
            asked[name] = by_line + (measure.most_by_line() if measure.quota is not None else 0.0)
        for name, by_line in asked.items():
            most[name] = np.maximum(most.get(name, 0.0), by_line)
    return most


def _of_pairs(model: RelocationModel, name: str, asked: Array) -> Iterator[tuple[float, LineShare]]:
    """Yield pairs that are far off, each with the value that is missing or too much."""
    lines = model.economy.lines
    named = _named(lines, asked)
    pairs = [(s, m) for s in range(N_HOSTS) for m in range(N_REGIONS) if s != m]
    shares = {pair: _share(model, named[:, *pair], *pair) for pair in pairs}
    whole = sum(observed * value for observed, _, value in shares.values())
    for (source, market), (observed, modelled, value) in shares.items():
        missing = abs(observed - modelled) * value
        if missing <= FAR_OFF * observed * value or missing < MATTERS * whole:
            continue
        some = np.flatnonzero(named[:, source, market])
        sectors = np.unique(lines.sector[some])
        spread = _concentration(model, sectors, source, market) * (1 - observed) / observed
        yield (
            missing,
            LineShare(
                name,
                tuple(lines.title[line] for line in some),
                tuple(SECTORS[sector] for sector in sectors),
                HOSTS[source],
                REGIONS[market],
                observed,
                modelled,
                ceil(spread / NEAR**2),
            ),
        )


def _named(lines: SectorLines, asked: Array) -> NDArray[np.bool_]:
    """Whether more is asked of a line than of all of its sector, shape (line, source, market)."""
    starts = np.searchsorted(lines.sector, np.arange(int(lines.sector[-1]) + 1))
    least = np.minimum.reduceat(asked, starts, axis=0)[lines.sector]
    made = lines.sector < N_FOOTLOOSE
    named: NDArray[np.bool_] = (asked > least + 1e-9) & made[:, None, None]
    return named


def _share(
    model: RelocationModel, named: NDArray[np.bool_], source: int, market: int
) -> tuple[float, float, float]:
    """Observed and modelled share of lines in the trade of their sectors over a pair, and it.

    ``named`` has shape (line,); trade is in million USD a quarter, and shares of none are 0.
    """
    lines, sold = model.economy.lines, model.base_imports[:, source, market]
    of_sector = np.bincount(lines.sector, sold)
    whole = float(of_sector[np.unique(lines.sector[named])].sum())
    if whole == 0:
        return 0.0, 0.0, 0.0
    observed = of_sector[lines.sector[named]] @ lines.share[named, source]
    return float(observed) / whole, float(sold[named].sum()) / whole, whole


def _concentration(
    model: RelocationModel, sectors: NDArray[np.int64], source: int, market: int
) -> float:
    """Sum of squared shares of exporters in the trade of some sectors over a pair (Herfindahl)."""
    lines, sold = model.economy.lines, model.base_imports[:, source, market]
    of_sector = np.bincount(lines.sector, sold)
    share = model.customers.pool[:, source, market].astype(np.float64)
    exports = share * of_sector[model.firms.sector] * np.isin(model.firms.sector, sectors)
    return float((exports**2).sum() / exports.sum() ** 2) if exports.any() else 1.0


def as_numbers(shares: Iterable[LineShare]) -> list[dict[str, Any]]:
    """Return shares as a manifest keeps them."""
    return [{**vars(share)} for share in shares]


def from_numbers(kept: Iterable[Mapping[str, Any]]) -> tuple[LineShare, ...]:
    """Return the shares that a manifest keeps."""
    return tuple(
        LineShare(**{**one, "lines": tuple(one["lines"]), "sectors": tuple(one["sectors"])})
        for one in kept
    )
