"""Where a plant buys its inputs, and what its product then costs.

Every category of material is a continuum of parts, each bought where it is
cheapest (Eaton and Kortum 2002, at the firm as in Antras, Fort and Tintelnot
2017). The appeal of source ``s`` to firm ``i`` is ``affinity[i, k, s]``, its own
and independent of policy, times a weight common to all firms of the sector:
competitiveness times the delivered price to the power ``-theta``. All sums over
sources are therefore small matrix products, one per category, which is what
makes the cost step fast. A share of what a source delivers originates. This share is
the same for all buyers, except that a firm's own suppliers may lower it.

Costs are relative to the calibration year: a category costs its baseline share
times ``(potential / base_potential)**(-1/theta)``, firm by firm, so sourcing
shares obey exact-hat algebra (Dekle, Eaton and Kortum 2008). Words such as affinity,
free mix and compliant mix are defined in ``docs/glossary.md``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import ROWS_A_BLOCK, blocks
from abm.core.inputs.buyers import ORIGINATING, OTHER, OTHER_BEFORE_DUTY, Buyers, sourcing_potential
from abm.core.inputs.content_rules import Floats, meet_content_rule
from abm.core.inputs.further_rules import FreeMix, FurtherRules, missed_entries, solve_entries
from abm.core.inputs.origin_rules import N_RULES, OriginRules


@dataclass(frozen=True)
class InputTerms:
    """Prices and rules that the firms of one sector face when they buy inputs.

    Attributes
    ----------
    weights : ndarray, shape (input, source, group, host, regime)
        Sourcing weight of a source, dimensionless, by content group: suppliers whose
        goods originate, other suppliers, others valued before duty and margins of traders,
        and originating ones so valued.
    theta : ndarray, shape (input,)
        Frechet shape of part prices.
    bill_of_materials : ndarray, shape (input, host)
        Cost of a category per unit of output in the calibration year.
    services : ndarray, shape (host, regime)
        Cost per unit of output of inputs that are not materials.
    threshold : ndarray, shape (line, way, regime)
        Regional value content asked for, 0 where there is no rule, of all product lines.
    either : ndarray of bool, shape (line, regime), optional
        Given if some line of the sector may originate in a second way: which ones may.
    further : FurtherRules, optional
        Rules beside content, if the sector has any.
    services_by_source : ndarray, shape (service, source, host, regime), optional
        Where ``services`` come from; the cost step has no use for it.
    signed : ndarray, shape (input, source, host), optional
        Given if buyers are bound by contracts under the last regime: weights of a source
        when these were signed, ``weights`` being what they are worth at today's prices
        (`abm.core.inputs.contracts`).
    """

    weights: Floats
    theta: Floats
    bill_of_materials: Floats
    services: Floats
    threshold: Floats
    either: NDArray[np.bool_] | None = None
    further: FurtherRules | None = None
    services_by_source: Floats | None = None
    signed: Floats | None = None

    def at(self, host: int, regime: int) -> "InputTerms":
        """The same terms for one host and one regime."""
        signed = self.signed if regime == self.regimes - 1 else None
        hosts, regimes = slice(host, host + 1), slice(regime, regime + 1)
        return InputTerms(
            self.weights[:, :, :, hosts, regimes],
            self.theta,
            self.bill_of_materials[:, hosts],
            self.services[hosts, regimes],
            self.threshold[..., regimes],
            None if self.either is None else self.either[:, regimes],
            self.further and self.further.at(hosts, regimes),
            signed=None if signed is None else signed[:, :, hosts],
        )

    def during(self, regimes: slice) -> "InputTerms":
        """The same terms for some regimes under which all is bought anew."""
        return InputTerms(
            self.weights[..., regimes],
            self.theta,
            self.bill_of_materials,
            self.services[..., regimes],
            self.threshold[..., regimes],
            None if self.either is None else self.either[:, regimes],
            self.further and self.further.at(slice(None), regimes),
        )

    @property
    def regimes(self) -> int:
        """Number of regimes."""
        return self.threshold.shape[-1]

    def rules_of(
        self, buyers: Buyers, where: NDArray[np.bool_], way: NDArray[np.integer] | int = 0
    ) -> OriginRules:
        """All rules that some entries must meet, of terms with further ones.

        Parameters
        ----------
        buyers : Buyers
        where : ndarray of bool, shape (host, regime, firm)
            The entries.
        way : int or ndarray of int that broadcasts to it
            The way in which each is to originate.
        """
        assert self.further is not None
        regime = np.arange(self.regimes)[:, None]
        axes = (buyers.line, np.asarray(way), regime)
        line, way, regime = (np.broadcast_to(axis, where.shape)[where] for axis in axes)
        return self.further.asked(self.threshold, (line, way, regime))

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Lengths of the axes of ``weights``."""
        inputs, sources, groups, hosts, regimes = self.weights.shape
        return inputs, sources, groups, hosts, regimes


@dataclass(frozen=True)
class UnitCosts:
    """Unit cost and content of every firm at every host under every regime.

    All arrays have shape (firm, host, regime); costs are relative to the average
    unit cost of the sector in the calibration year. ``meets_rule`` says whether the
    free mix meets every rule, ``feasible`` whether any mix does. ``multipliers`` alone
    has shape (firm, rule, host, regime): the cost that the compliant mix would save if
    a rule were a dollar looser. It is 0 unless there are several rules and the free mix
    misses one. ``way`` is the cheaper of the ways in which the product may originate.
    """

    free_cost: Floats
    free_content: Floats
    compliant_cost: Floats
    log_wedge: Floats
    feasible: NDArray[np.bool_]
    compliant_content: Floats
    meets_rule: NDArray[np.bool_]
    multipliers: Floats
    way: NDArray[np.int8]

    @classmethod
    def empty(cls, firms: int, hosts: int, regimes: int, dtype: type = np.float32) -> "UnitCosts":
        """Arrays full of NaN, so that a forgotten write cannot pass for a cost."""
        shape = (firms, hosts, regimes)

        def nan() -> Floats:
            return firm_last(shape, dtype, np.nan)

        def no() -> NDArray[np.bool_]:
            return firm_last(shape, np.bool_, False)

        multipliers = firm_last((firms, N_RULES, hosts, regimes), dtype, 0)
        way = firm_last(shape, np.int8, 0)
        return cls(nan(), nan(), nan(), nan(), no(), nan(), no(), multipliers, way)

    def rows(self, rows: slice) -> "UnitCosts":
        """The same arrays for some firms, as views."""
        return UnitCosts(*(array[rows] for array in vars(self).values()))

    def during(self, regimes: slice | NDArray[np.integer]) -> "UnitCosts":
        """The same arrays for some regimes: views where these follow each other."""
        innermost = (np.moveaxis(array, 0, -1)[..., regimes, :] for array in vars(self).values())
        return UnitCosts(*(np.moveaxis(array, -1, 0) for array in innermost))

    def put(self, regimes: slice | NDArray[np.integer], costs: "UnitCosts") -> None:
        """Take over those of some regimes."""
        for name, array in vars(costs).items():
            getattr(self, name)[..., regimes] = array


def firm_last(shape: tuple[int, ...], dtype: type, fill: float | bool) -> NDArray[Any]:
    """A filled array whose first axis, the firm, is the innermost one in memory.

    NumPy is several times slower where the innermost axis is a short one, such as
    hosts or regimes.
    """
    return np.moveaxis(np.full((*shape[1:], shape[0]), fill, dtype), -1, 0)


def some_firms(array: NDArray[Any], rows: NDArray[np.integer]) -> NDArray[Any]:
    """Rows of an array whose firm is innermost in memory, as it is in the result."""
    return np.moveaxis(np.moveaxis(array, 0, -1).take(rows, axis=-1), -1, 0)


@dataclass(frozen=True)
class FreeChoice:
    """What a block of firms buys when no rule applies.

    All arrays have shape (input, host, regime, firm): spending by category, and the
    appeal of all sources, of others than originating ones, and of the latter valued
    before duty and margins of traders.
    """

    spend: Floats
    potential: Floats
    other: Floats
    other_before_duty: Floats

    def foreign(self) -> Floats:
        """Share of spending that does not originate."""
        share: Floats = self.other / self.potential
        return share

    def before_duty(self) -> Floats:
        """Value before duty of a dollar of what does not originate."""
        value: Floats = self.other_before_duty / np.maximum(
            self.other, np.finfo(self.other.dtype).tiny
        )
        return value

    def foreign_value(self) -> Floats:
        """Value before duty of what does not originate, shape (host, regime, firm)."""
        value = self.other_before_duty / self.potential
        value *= self.spend
        total: Floats = value.sum(axis=0)
        return total

    def take(self, entries: NDArray[np.bool_]) -> "FreeChoice":
        """The same for some entries, shape (input, entry) each."""
        return FreeChoice(*(array[:, entries] for array in vars(self).values()))


def free_choice(buyers: Buyers, terms: InputTerms) -> FreeChoice:
    """What a block of firms buys when no rule applies; arguments as in `cost_step`."""
    groups = buyers.appeal(terms.weights)
    other = groups[:, OTHER]
    potential = groups[:, ORIGINATING] + other
    base = buyers.base_potential.transpose(1, 2, 0)
    spend = potential / base[:, :, None]
    if terms.signed is not None:
        signed = sourcing_potential(buyers.affinity, terms.signed)
        np.divide(signed, base, out=spend[:, :, -1])
    np.log(spend, out=spend)
    spend *= (-1 / terms.theta)[:, None, None, None]
    np.exp(spend, out=spend)
    spend *= terms.bill_of_materials[:, :, None, None]
    if terms.signed is not None:
        spend[:, :, -1] *= potential[:, :, -1] / signed
    return FreeChoice(spend, potential, other, groups[:, OTHER_BEFORE_DUTY])


@dataclass(frozen=True)
class _Plants:
    """A block of firms, and what they buy and spend when no rule applies.

    ``value_added`` and ``other_cost``, that and services, have shape (host, regime, firm).
    """

    buyers: Buyers
    choice: FreeChoice
    value_added: Floats
    other_cost: Floats

    def take(self, firms: NDArray[np.integer]) -> "_Plants":
        """Some of the firms."""
        choice = FreeChoice(*(array[..., firms] for array in vars(self.choice).values()))
        of_plants = (self.value_added[..., firms], self.other_cost[..., firms])
        return _Plants(self.buyers.take(firms), choice, *of_plants)


def cost_step(
    buyers: Buyers,
    value_added: Floats,
    terms: InputTerms,
    out: UnitCosts,
    tolerance: float = 2e-6,
) -> None:
    """Free and compliant unit cost of the firms of one sector.

    Parameters
    ----------
    buyers : Buyers
    value_added : ndarray, shape (firm, host, regime)
        Labour and capital per unit of output.
    terms : InputTerms
        Prices, bill of materials and rules of the sector.
    out : UnitCosts
        Filled in place; its ``log_wedge``, ``multipliers`` and ``way`` before the call are
        the warm start.
    tolerance : float
        Accepted shortfall of content, as a share of net cost.
    """
    for rows in blocks(len(buyers), max(1, ROWS_A_BLOCK // terms.regimes)):
        some = buyers.take(rows)
        labour_and_capital = np.moveaxis(value_added[rows], 0, -1)
        other_cost = labour_and_capital + terms.services[..., None]
        plants = _Plants(some, free_choice(some, terms), labour_and_capital, other_cost)
        result = _firm_innermost(out.rows(rows))
        if terms.either is None:
            _comply(terms, plants, 0, result, tolerance)
        else:
            _comply_either_way(terms, plants, terms.either, result, tolerance)


def _comply(
    terms: InputTerms, plants: _Plants, way: int, result: UnitCosts, tolerance: float
) -> None:
    """Fill in the costs of a block of firms whose products are to originate in one way."""
    threshold = np.ascontiguousarray(terms.threshold[plants.buyers.line, way].T)
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
        _meet_content(terms, plants, threshold, binds, warm, result, tolerance)
    if terms.further is not None:
        _meet_further(terms, plants, way, result, tolerance)


def _comply_either_way(
    terms: InputTerms,
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
    terms: InputTerms,
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
        terms.theta,
        plants.other_cost[binds],
        threshold,
        warm[binds],
        tolerance,
    )
    result.compliant_cost[binds] = np.where(mix.feasible, mix.net_cost, np.inf)
    result.compliant_content[binds] = threshold
    result.log_wedge[binds] = mix.log_wedge
    result.feasible[binds] = mix.feasible


def free_mix(terms: InputTerms, buyers: Buyers, choice: FreeChoice, value_added: Floats) -> FreeMix:
    """What some firms would buy, with the part of it that is of high wage.

    Parameters
    ----------
    terms : InputTerms
        With further rules.
    buyers : Buyers
    choice : FreeChoice
    value_added : ndarray, shape (host, regime, firm)

    Returns
    -------
    FreeMix
    """
    assert terms.further is not None
    further = terms.further

    def part(weights: Floats) -> Floats:
        """What originates of the deliveries of some suppliers, share of spending."""
        appeal = sourcing_potential(buyers.affinity, weights.astype(np.float32))
        share: Floats = buyers.originating(appeal) / choice.potential
        return share

    high = further.high_wage_weights
    there = high_there = None
    if further.asks_country:
        inside = further.in_country[:, None]
        there = part(terms.weights[:, :, ORIGINATING] * inside)
        high_there = part(high * inside)
    return FreeMix(
        choice.spend,
        choice.foreign(),
        part(high),
        choice.before_duty(),
        terms.theta,
        value_added + terms.services[..., None],
        value_added * further.own_high_wage[..., None],
        (value_added + terms.services[..., None]) * further.own_country[..., None],
        there,
        high_there,
    )


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
    return UnitCosts(*(np.moveaxis(array, 0, -1) for array in vars(costs).values()))
