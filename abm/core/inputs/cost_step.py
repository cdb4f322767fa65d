"""What a product costs where inputs are chosen freely, and where it is to originate.

A firm solves for the rules of its own product line. Rules joined by "or" are no convex
program, but each of them alone is one (`abm.core.inputs.content_rules`,
`abm.core.inputs.origin_rules`): both are solved, and the cheaper is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import ROWS_A_BLOCK, blocks
from abm.core.inputs.buyers import Buyers, Edges
from abm.core.inputs.content_rules import Floats, meet_content_rule
from abm.core.inputs.further_rules import missed_entries, solve_entries
from abm.core.inputs.sourcing import (
    FreeChoice,
    InputTerms,
    UnitCosts,
    by_sector,
    free_choice,
    free_mix,
    of_firms,
)
from abm.core.layout import first_last


@dataclass(frozen=True)
class _Plants:
    """A block of firms, and what they buy and spend when no rule applies.

    ``value_added`` and ``other_cost``, that and services, have shape (host, regime, firm);
    ``edges``, of shape (sector + 1,), is where the firms of each sector begin.
    """

    buyers: Buyers
    choice: FreeChoice
    value_added: Floats
    other_cost: Floats
    edges: Edges

    def take(self, firms: NDArray[np.integer]) -> "_Plants":
        """Some of the firms, in rising order."""
        return self._some(firms, np.searchsorted(firms, self.edges))

    def of(self, span: slice) -> "_Plants":
        """The firms of one sector."""
        return self._some(span, np.array([0, span.stop - span.start]))

    def _some(self, firms: slice | NDArray[np.integer], edges: Edges) -> "_Plants":
        choice = FreeChoice(*(array[..., firms] for array in vars(self.choice).values()))
        of_plants = (self.value_added[..., firms], self.other_cost[..., firms])
        return _Plants(self.buyers.take(firms), choice, *of_plants, edges)


def cost_step(
    buyers: Buyers,
    value_added: Floats,
    terms: InputTerms | Sequence[InputTerms],
    out: UnitCosts,
    tolerance: float = 2e-6,
    edges: Edges | None = None,
) -> None:
    """Free and compliant unit cost of the firms of one sector, or of several one after another.

    Parameters
    ----------
    buyers : Buyers
    value_added : ndarray, shape (firm, host, regime)
        Labour and capital per unit of output.
    terms : InputTerms, or sequence of them
        Prices, bill of materials and rules, one a sector. All have the same ``theta``, and the
        same ``threshold``, which is that of all lines.
    out : UnitCosts
        Filled in place; its ``log_wedge``, ``multipliers`` and ``way`` before the call are
        the warm start.
    tolerance : float
        Accepted shortfall of content, as a share of net cost.
    edges : ndarray of int, shape (sector + 1,), optional
        Where the firms of each sector begin, and the last ones end; given with a sequence.
    """
    each, edges = by_sector(buyers, terms, edges)
    either = next((one.either for one in each if one.either is not None), None)
    for rows in blocks(len(buyers), max(1, ROWS_A_BLOCK // each[0].regimes)):
        within = np.clip(edges - rows.start, 0, rows.stop - rows.start)
        some = buyers.take(rows)
        labour_and_capital = first_last(value_added[rows])
        other_cost = labour_and_capital + of_firms([one.services for one in each], within)
        choice = free_choice(some, each, within)
        plants = _Plants(some, choice, labour_and_capital, other_cost, within)
        result = _firm_innermost(out.rows(rows))
        if either is None:
            _comply(each, plants, 0, result, tolerance)
        else:
            _comply_either_way(each, plants, either, result, tolerance)


def _comply(
    terms: Sequence[InputTerms], plants: _Plants, way: int, result: UnitCosts, tolerance: float
) -> None:
    """Fill in the costs of a block of firms whose products are to originate in one way."""
    threshold = np.ascontiguousarray(terms[0].threshold[plants.buyers.line, way].T)
    cost = plants.choice.spend.sum(axis=0) + plants.other_cost
    content = 1 - plants.choice.foreign_value() / cost
    warm = np.nan_to_num(result.log_wedge)
    result.free_cost[:] = result.compliant_cost[:] = cost
    result.free_content[:] = result.compliant_content[:] = content
    result.log_wedge[:] = 0
    result.feasible[:] = True
    result.way[:] = way
    binds = (threshold > 0) & (content < threshold)
    result.meets_rule[:] = ~binds
    if binds.any():
        _meet_content(terms[0].theta, plants, threshold, binds, warm, result, tolerance)
    for one, start, stop in zip(terms, plants.edges[:-1], plants.edges[1:], strict=True):
        if one.further is not None and stop > start:
            span = slice(int(start), int(stop))
            _meet_further(one, plants.of(span), way, _of_span(result, span), tolerance)


def _comply_either_way(
    terms: Sequence[InputTerms],
    plants: _Plants,
    either: NDArray[np.bool_],
    result: UnitCosts,
    tolerance: float,
) -> None:
    """Fill in the costs of a block of firms, each in the way that is cheaper for it.

    Rules joined by "or" are no convex program, but there are few of them and each of them
    alone is one. So all are solved, and of those that cost the same the first is kept.
    """
    former = UnitCosts(*(array.copy() for array in vars(result).values()))

    def started(of: UnitCosts, before: UnitCosts, way: int) -> UnitCosts:
        """The arrays of ``of``, with the warm start of those who took that way before."""
        same = before.way == way
        of.log_wedge[:] = np.where(same, before.log_wedge, 0)
        of.multipliers[:] = np.where(same, before.multipliers, 0)
        return of

    _comply(terms, plants, 0, started(result, former, 0), tolerance)
    may = either[plants.buyers.line]
    firms = np.flatnonzero(may.any(axis=1))
    if not len(firms):
        return
    before = UnitCosts(*(array[..., firms] for array in vars(former).values()))
    other = UnitCosts(*(array.copy() for array in vars(before).values()))
    _comply(terms, plants.take(firms), 1, started(other, before, 1), tolerance)
    dearer = result.compliant_cost[..., firms] > other.compliant_cost
    better = may[firms].T & (dearer | (other.meets_rule & ~result.meets_rule[..., firms]))
    for name, found in vars(other).items():
        kept = getattr(result, name)
        kept[..., firms] = np.where(better, found, kept[..., firms])


# why: pure function of arrays: whatever it rests on is an argument
def _meet_content(
    theta: Floats,
    plants: _Plants,
    asked: Floats,
    binds: NDArray[np.bool_],
    warm: Floats,
    result: UnitCosts,
    tolerance: float,
) -> None:
    """Solve the entries of a block for which the content rule binds."""
    bound, threshold = plants.choice.take(binds), np.broadcast_to(asked, binds.shape)[binds]
    mix = meet_content_rule(
        bound.spend,
        bound.foreign(),
        bound.before_duty(),
        theta,
        plants.other_cost[binds],
        threshold,
        warm[binds],
        tolerance,
    )
    result.compliant_cost[binds] = np.where(mix.feasible, mix.net_cost, np.inf)
    result.compliant_content[binds] = threshold
    result.log_wedge[binds] = mix.log_wedge
    result.feasible[binds] = mix.feasible


def _meet_further(
    terms: InputTerms, plants: _Plants, way: int, result: UnitCosts, tolerance: float
) -> None:
    """Solve anew, with all rules, the entries of a block that miss one of them."""
    mix = free_mix(terms, plants.buyers, plants.choice, plants.value_added)
    every = np.ones(mix.other_cost.shape, np.bool_)
    missed = missed_entries(mix, terms.rules_of(plants.buyers, every, way))
    result.meets_rule[:] &= ~missed
    missed &= result.feasible
    if not missed.any():
        return
    solved = solve_entries(
        mix,
        terms.rules_of(plants.buyers, missed, way),
        missed,
        result.log_wedge,
        result.multipliers,
        tolerance,
    )
    result.multipliers[:, missed] = solved.multipliers
    result.compliant_cost[missed] = np.where(solved.feasible, solved.net_cost, np.inf)
    result.compliant_content[missed] = solved.content
    result.log_wedge[missed] = solved.log_wedge
    result.feasible[missed] = solved.feasible


def _firm_innermost(costs: UnitCosts) -> UnitCosts:
    """Views of shape (host, regime, firm)."""
    return UnitCosts(*(first_last(array) for array in vars(costs).values()))


def _of_span(costs: UnitCosts, span: slice) -> UnitCosts:
    """Views of some firms of arrays of shape (host, regime, firm)."""
    return UnitCosts(*(array[..., span] for array in vars(costs).values()))
