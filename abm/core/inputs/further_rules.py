"""Rules of origin beyond regional value content, solved where some regime has such rules.

Costs under the content rule alone come from `abm.core.inputs.sourcing`; here those entries
that miss a further rule are solved anew with all rules together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats
from abm.core.inputs.least_cost import RuledMix, meet_origin_rules
from abm.core.inputs.origin_rules import (
    CONTENT,
    FOREIGN,
    HIGH_WAGE,
    HIGH_WAGE_THERE,
    N_RULES,
    REGIONAL,
    REGIONAL_THERE,
    OriginRules,
    Sourcing,
    rule_excess,
)

type Entries = tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]
"""Line, way and regime of some entries."""


@dataclass(frozen=True)
class FurtherRules:
    """Rules that one sector must meet beside content, and what counts towards them.

    Attributes
    ----------
    high_wage_weights : ndarray, shape (input, source, host, regime)
        Part of the originating sourcing weight at plants above the wage line.
    own_high_wage : ndarray, shape (host, regime)
        Part of the plant's own value added that is labour cost above the line.
    labour, category, de_minimis, core : ndarray, shape (line, way, regime)
        As in `abm.core.inputs.origin_rules.OriginRules`, by product line and by way in
        which it may originate.
    in_category, in_core : ndarray of bool, shape (input,)
    shift : ndarray, shape (input, line, way, regime)
    country : ndarray, shape (regime,)
        As in `abm.core.inputs.origin_rules.OriginRules`.
    in_country : ndarray of bool, shape (source, regime)
        The country of which that is asked, if any.
    own_country : ndarray, shape (host, regime)
        Part of the plant's own cost that arises there: all or nothing.
    """

    high_wage_weights: Floats
    own_high_wage: Floats
    labour: Floats
    category: Floats
    de_minimis: Floats
    in_category: NDArray[np.bool_]
    core: Floats
    in_core: NDArray[np.bool_]
    shift: Floats
    country: Floats
    in_country: NDArray[np.bool_]
    own_country: Floats

    @property
    def asks_country(self) -> bool:
        """Whether a content of one country is asked for in any regime."""
        return bool(self.country.any())

    def at(self, hosts: slice, regimes: slice | NDArray[np.integer]) -> "FurtherRules":
        """The same for some hosts and regimes."""
        return FurtherRules(
            self.high_wage_weights[:, :, hosts, regimes],
            self.own_high_wage[hosts, regimes],
            self.labour[..., regimes],
            self.category[..., regimes],
            self.de_minimis[..., regimes],
            self.in_category,
            self.core[..., regimes],
            self.in_core,
            self.shift[..., regimes],
            self.country[regimes],
            self.in_country[:, regimes],
            self.own_country[hosts, regimes],
        )

    def asked(self, threshold: Floats, entries: Entries) -> OriginRules:
        """All rules that some entries must meet."""
        of_regime = entries[-1]
        return OriginRules(
            threshold=threshold[entries].astype(np.float64),
            labour=self.labour[entries],
            category=self.category[entries],
            in_category=self.in_category,
            shift=self.shift[(slice(None), *entries)],
            de_minimis=self.de_minimis[entries],
            country=self.country[of_regime],
            core=self.core[entries],
            in_core=self.in_core,
        )


def weights_by_group(
    qualifying: Floats, other: Floats, further: FurtherRules, origin: Floats
) -> dict[int, tuple[tuple[Floats, Floats], ...]]:
    """The sourcing weights that make up every content group, with the share of each in it.

    Parameters
    ----------
    qualifying, other : ndarray, shape (input, source, host, regime)
        Weights of suppliers whose goods qualify, and of others.
    further : FurtherRules
    origin : ndarray, shape (entry,)
        Part of qualifying deliveries that originates.

    Returns
    -------
    dict
        By group, pairs of a weight and the share of that weight in the group.
    """
    high = further.high_wage_weights
    low: Floats = np.maximum(qualifying - high, 0)
    there = further.in_country[:, None]
    groups: dict[int, tuple[tuple[Floats, Floats], ...]] = {
        HIGH_WAGE: ((high, origin),),
        REGIONAL: ((low, origin),),
        FOREIGN: ((other, np.ones_like(origin)), (qualifying, 1 - origin)),
    }
    if further.asks_country:
        elsewhere, inside = (~there).astype(low.dtype), there.astype(low.dtype)
        groups[HIGH_WAGE] = ((high * elsewhere, origin),)
        groups[REGIONAL] = ((low * elsewhere, origin),)
        groups[HIGH_WAGE_THERE] = ((high * inside, origin),)
        groups[REGIONAL_THERE] = ((low * inside, origin),)
    return groups


@dataclass(frozen=True)
class FreeMix:
    """What a block of firms would buy and spend if no rule applied.

    Attributes
    ----------
    spend, foreign, high_wage, before_duty : ndarray, shape (input, host, regime, firm)
        Spending by category, the parts of it that are foreign or of high wage, value
        before duty of a dollar of foreign parts.
    theta : ndarray, shape (input,)
    other_cost, own_high_wage, own_country : ndarray, shape (host, regime, firm)
    there, high_wage_there : ndarray, shape (input, host, regime, firm), optional
        The parts that originate in the country of which a content is asked, and those of
        them that are of high wage.
    """

    spend: Floats
    foreign: Floats
    high_wage: Floats
    before_duty: Floats
    theta: Floats
    other_cost: Floats
    own_high_wage: Floats
    own_country: Floats
    there: Floats | None = None
    high_wage_there: Floats | None = None

    def entries(self, where: NDArray[np.bool_]) -> Sourcing:
        """Those entries of (host, regime, firm) that are marked, as one axis."""
        return Sourcing(
            self.spend[:, where].astype(np.float64),
            self._shares(where),
            self.before_duty[:, where].astype(np.float64),
            self.theta.astype(np.float64),
            self.other_cost[where].astype(np.float64),
            self.own_high_wage[where].astype(np.float64),
            self.own_country[where].astype(np.float64),
        )

    def _shares(self, where: NDArray[np.bool_]) -> Floats:
        """Spending by content group, shape (group, input, entry)."""
        foreign = self.foreign[:, where].astype(np.float64)
        high = np.minimum(self.high_wage[:, where].astype(np.float64), 1 - foreign)
        regional = 1 - foreign - high
        if self.there is None or self.high_wage_there is None:
            return np.stack([high, regional, foreign])
        high_there = np.minimum(self.high_wage_there[:, where].astype(np.float64), high)
        there = self.there[:, where].astype(np.float64)
        low_there = np.clip(there - high_there, 0, regional)
        return np.stack([high - high_there, regional - low_there, high_there, low_there, foreign])


def content_start(log_wedge: Floats, threshold: Floats) -> Floats:
    """Multipliers equivalent to the wedge of the content rule alone, shape (rule, entry)."""
    start = np.zeros((N_RULES, len(log_wedge)))
    above_one = np.expm1(log_wedge.astype(np.float64))
    start[CONTENT] = above_one / (1 + above_one * (1 - threshold))
    return start


def missed_entries(free: FreeMix, rules: OriginRules) -> NDArray[np.bool_]:
    """Where the free mix misses some rule, shape (host, regime, firm).

    ``rules`` are those of every entry, in the order of these axes.
    """
    every = np.ones(free.other_cost.shape, np.bool_)
    firms = free.entries(every)
    excess = rule_excess(firms, rules, firms.free_spending)
    missed: NDArray[np.bool_] = (excess > 0).any(axis=0).reshape(every.shape)
    return missed


# why: pure function of arrays: whatever it rests on is an argument
def solve_entries(
    free: FreeMix,
    rules: OriginRules,
    where: NDArray[np.bool_],
    log_wedge: Floats,
    multipliers: Floats,
    tolerance: float,
) -> RuledMix:
    """The cheapest mixes that meet all rules.

    Parameters
    ----------
    free : FreeMix
    rules : OriginRules
        Those of the entries to solve.
    where : ndarray of bool, shape (host, regime, firm)
        Entries to solve.
    log_wedge : ndarray, shape (host, regime, firm)
        Of the content rule alone: the starting point for entries without multipliers.
    multipliers : ndarray, shape (rule, host, regime, firm)
        Those of last quarter, 0 where there were none.
    tolerance : float
        As in `abm.core.inputs.least_cost.meet_origin_rules`.

    Returns
    -------
    RuledMix
        Entries in the order of ``where``.
    """
    known = multipliers[:, where].astype(np.float64)
    first = content_start(log_wedge[where], rules.threshold)
    start = np.where(known.any(axis=0), known, first)
    return meet_origin_rules(free.entries(where), rules, start, tolerance)
