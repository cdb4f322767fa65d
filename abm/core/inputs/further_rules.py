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
    N_RULES,
    REGIONAL,
    OriginRules,
    Sourcing,
    rule_excess,
)


@dataclass(frozen=True)
class FurtherRules:
    """Rules that one sector must meet beside content, and what counts towards them.

    Attributes
    ----------
    high_wage_weights : ndarray, shape (input, source, host, regime)
        Part of the originating sourcing weight at plants above the wage line.
    own_high_wage : ndarray, shape (host, regime)
        Part of the plant's own value added that is labour cost above the line.
    labour, category, de_minimis : ndarray, shape (regime,)
        As in `abm.core.inputs.origin_rules.OriginRules`.
    in_category : ndarray of bool, shape (input,)
    shift : ndarray, shape (input, regime)
    """

    high_wage_weights: Floats
    own_high_wage: Floats
    labour: Floats
    category: Floats
    de_minimis: Floats
    in_category: NDArray[np.bool_]
    shift: Floats

    def at(self, hosts: slice, regimes: slice) -> "FurtherRules":
        """The same for some hosts and regimes."""
        return FurtherRules(
            self.high_wage_weights[:, :, hosts, regimes],
            self.own_high_wage[hosts, regimes],
            self.labour[regimes],
            self.category[regimes],
            self.de_minimis[regimes],
            self.in_category,
            self.shift[:, regimes],
        )

    def asked(self, threshold: Floats, regime: NDArray[np.integer]) -> OriginRules:
        """All rules that some entries must meet, given the regime of each."""
        return OriginRules(
            threshold=threshold[regime].astype(np.float64),
            labour=self.labour[regime],
            category=self.category[regime],
            in_category=self.in_category,
            shift=self.shift[:, regime],
            de_minimis=self.de_minimis[regime],
        )


def weights_by_group(
    qualifying: Floats, other: Floats, high_wage: Floats, origin: Floats
) -> dict[int, tuple[tuple[Floats, Floats], ...]]:
    """The sourcing weights that make up every content group, with the share of each in it.

    Parameters
    ----------
    qualifying, other, high_wage : ndarray, shape (input, source, ...)
        Weights of suppliers whose goods qualify, of others, and of the former's plants
        above the wage line.
    origin : ndarray, shape (entry,)
        Part of qualifying deliveries that originates.

    Returns
    -------
    dict
        By group, pairs of a weight and the share of that weight in the group.
    """
    return {
        HIGH_WAGE: ((high_wage, origin),),
        REGIONAL: ((np.maximum(qualifying - high_wage, 0), origin),),
        FOREIGN: ((other, np.ones_like(origin)), (qualifying, 1 - origin)),
    }


@dataclass(frozen=True)
class FreeMix:
    """What a block of firms would buy and spend if no rule applied.

    Attributes
    ----------
    spend, foreign, high_wage, before_duty : ndarray, shape (input, host, regime, firm)
        Spending by category, the parts of it that are foreign or of high wage, value
        before duty of a dollar of foreign parts.
    theta : ndarray, shape (input,)
    other_cost, own_high_wage : ndarray, shape (host, regime, firm)
    """

    spend: Floats
    foreign: Floats
    high_wage: Floats
    before_duty: Floats
    theta: Floats
    other_cost: Floats
    own_high_wage: Floats

    def entries(self, where: NDArray[np.bool_]) -> Sourcing:
        """Those entries of (host, regime, firm) that are marked, as one axis."""
        foreign = self.foreign[:, where].astype(np.float64)
        high = np.minimum(self.high_wage[:, where].astype(np.float64), 1 - foreign)
        return Sourcing(
            self.spend[:, where].astype(np.float64),
            np.stack([high, 1 - foreign - high, foreign]),
            self.before_duty[:, where].astype(np.float64),
            self.theta.astype(np.float64),
            self.other_cost[where].astype(np.float64),
            self.own_high_wage[where].astype(np.float64),
        )


def content_start(log_wedge: Floats, threshold: Floats) -> Floats:
    """Multipliers equivalent to the wedge of the content rule alone, shape (rule, entry)."""
    start = np.zeros((N_RULES, len(log_wedge)))
    above_one = np.expm1(log_wedge.astype(np.float64))
    start[CONTENT] = above_one / (1 + above_one * (1 - threshold))
    return start


def regimes_of(entries: NDArray[np.bool_]) -> NDArray[np.integer]:
    """Regime of every entry, shape (host, regime, firm)."""
    return np.broadcast_to(np.arange(entries.shape[1])[:, None], entries.shape)


def missed_entries(free: FreeMix, further: FurtherRules, threshold: Floats) -> NDArray[np.bool_]:
    """Where the free mix misses some rule, shape (host, regime, firm)."""
    every = np.ones(free.other_cost.shape, np.bool_)
    firms = free.entries(every)
    regime = regimes_of(every)[every]
    excess = rule_excess(firms, further.asked(threshold, regime), firms.free_spending)
    missed: NDArray[np.bool_] = (excess > 0).any(axis=0).reshape(every.shape)
    return missed


# why: pure function of arrays: whatever it rests on is an argument
def solve_entries(
    free: FreeMix,
    further: FurtherRules,
    threshold: Floats,
    where: NDArray[np.bool_],
    log_wedge: Floats,
    multipliers: Floats,
    tolerance: float,
) -> RuledMix:
    """The cheapest mixes that meet all rules.

    Parameters
    ----------
    free : FreeMix
    further : FurtherRules
    threshold : ndarray, shape (regime,)
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
    regime = regimes_of(where)[where]
    rules = further.asked(threshold, regime)
    known = multipliers[:, where].astype(np.float64)
    first = content_start(log_wedge[where], rules.threshold)
    start = np.where(known.any(axis=0), known, first)
    return meet_origin_rules(free.entries(where), rules, start, tolerance)
