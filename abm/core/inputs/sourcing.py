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

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.buyers import (
    ORIGINATING,
    OTHER,
    OTHER_BEFORE_DUTY,
    Buyers,
    Edges,
    sector_potentials,
    sourcing_potential,
)
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.further_rules import FreeMix, FurtherRules
from abm.core.inputs.origin_rules import N_RULES, OriginRules
from abm.core.layout import firm_last, first_last, last_first


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
        return self.some(slice(host, host + 1), slice(regime, regime + 1))

    def some(self, hosts: slice, regimes: slice | NDArray[np.integer]) -> "InputTerms":
        """The same terms for some hosts and regimes, at contracts if the last is one of them.

        Parameters
        ----------
        hosts : slice
        regimes : slice, or ndarray of int
            Rising.
        """
        chosen = np.arange(self.regimes)[regimes]
        bound = self.signed is not None and len(chosen) and chosen[-1] == self.regimes - 1
        return InputTerms(
            self.weights[:, :, :, hosts, regimes],
            self.theta,
            self.bill_of_materials[:, hosts],
            self.services[hosts, regimes],
            self.threshold[..., regimes],
            None if self.either is None else self.either[:, regimes],
            self.further and self.further.at(hosts, regimes),
            signed=self.signed[:, :, hosts] if bound and self.signed is not None else None,
        )

    def during(self, regimes: slice) -> "InputTerms":
        """The same terms for some regimes under which all is bought anew."""
        return replace(self, signed=None).some(slice(None), regimes)

    @property
    def regimes(self) -> int:
        """Number of regimes."""
        return int(self.threshold.shape[-1])

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

    def at(self, host: int, regimes: int | slice | NDArray[np.integer]) -> "UnitCosts":
        """The same arrays of one host, without its axis: views unless regimes are listed."""
        return UnitCosts(*(array[..., host, regimes] for array in vars(self).values()))

    def during(self, regimes: slice | NDArray[np.integer]) -> "UnitCosts":
        """The same arrays for some regimes: views where these follow each other."""
        innermost = (first_last(array)[..., regimes, :] for array in vars(self).values())
        return UnitCosts(*(last_first(array) for array in innermost))

    def put(self, regimes: slice | NDArray[np.integer], costs: "UnitCosts") -> None:
        """Take over those of some regimes."""
        for name, array in vars(costs).items():
            getattr(self, name)[..., regimes] = array


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


def free_choice(
    buyers: Buyers, terms: InputTerms | Sequence[InputTerms], edges: Edges | None = None
) -> FreeChoice:
    """What a block of firms buys when no rule applies.

    Parameters
    ----------
    buyers : Buyers
    terms : InputTerms, or sequence of them
        One a sector; all have the same ``theta``.
    edges : ndarray of int, shape (sector + 1,), optional
        Where the firms of each sector begin, and the last ones end; given with a sequence.
    """
    each, edges = by_sector(buyers, terms, edges)
    groups = buyers.appeal([one.weights for one in each], edges)
    other = groups[:, OTHER]
    potential = groups[:, ORIGINATING] + other
    base = buyers.base_potential.transpose(1, 2, 0)
    spend = potential / base[:, :, None]
    signed = [one.signed for one in each if one.signed is not None]
    if signed:
        at_contracts = sector_potentials(buyers.affinity, signed, edges)
        np.divide(at_contracts, base, out=spend[:, :, -1])
    np.log(spend, out=spend)
    spend *= (-1 / each[0].theta)[:, None, None, None]
    np.exp(spend, out=spend)
    spend *= of_firms([one.bill_of_materials for one in each], edges)[:, :, None]
    if signed:
        spend[:, :, -1] *= potential[:, :, -1] / at_contracts
    return FreeChoice(spend, potential, other, groups[:, OTHER_BEFORE_DUTY])


def by_sector(
    buyers: Buyers, terms: InputTerms | Sequence[InputTerms], edges: Edges | None
) -> tuple[Sequence[InputTerms], Edges]:
    """Terms one a sector, and where each begins among the firms; all firms may be of one."""
    if isinstance(terms, InputTerms):
        return [terms], np.array([0, len(buyers)])
    assert edges is not None, "terms of several sectors come with where each begins"
    return terms, edges


def of_firms(sectors: Sequence[Floats], edges: Edges) -> Floats:
    """What each firm's sector has, shape (..., firm), or (..., 1) where there is but one."""
    if len(sectors) == 1:
        return sectors[0][..., None]
    repeated: Floats = np.stack(sectors, axis=-1).repeat(edges[1:] - edges[:-1], axis=-1)
    return repeated


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
