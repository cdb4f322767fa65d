"""Where a plant buys its inputs, and what its product then costs.

Every category of material is a continuum of parts, each bought where it is
cheapest (Eaton and Kortum 2002, at the firm as in Antras, Fort and Tintelnot
2017). The appeal of source ``s`` to firm ``i`` is ``affinity[i, k, s]``, its own
and independent of policy, times a weight common to all firms of the sector:
competitiveness times the delivered price to the power ``-theta``. All sums over
sources are therefore small matrix products, one per category, which is what
makes the cost step fast.

Costs are relative to the calibration year: a category costs its baseline share
times ``(potential / base_potential)**(-1/theta)``, firm by firm, so sourcing
shares obey exact-hat algebra (Dekle, Eaton and Kortum 2008).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.core.content_rules import Floats, category_wedges, meet_content_rule
from abm.core.further_rules import FreeMix, FurtherRules, missed_entries, solve_entries

ORIGINATING, OTHER, OTHER_BEFORE_DUTY = range(3)
"""Content groups of a category's sourcing weights."""

BLOCK = 2048
"""Firms per block: the working set of one category then stays in the processor's cache."""


@dataclass(frozen=True)
class InputTerms:
    """What the firms of one sector face when they buy inputs.

    Attributes
    ----------
    weights : ndarray, shape (input, source, group, host, regime)
        Sourcing weight of a source, split into originating, other, and other
        valued before duty; dimensionless.
    theta : ndarray, shape (input,)
        Frechet shape of part prices.
    bill_of_materials : ndarray, shape (input, host)
        Cost of a category per unit of output in the calibration year.
    services : ndarray, shape (host, regime)
        Cost per unit of output of inputs that are not materials.
    threshold : ndarray, shape (regime,)
        Regional value content asked for, 0 where there is no rule.
    further : FurtherRules, optional
        What else is asked, where anything is.
    """

    weights: Floats
    theta: Floats
    bill_of_materials: Floats
    services: Floats
    threshold: Floats
    further: FurtherRules | None = None

    def at(self, host: int, regime: int) -> "InputTerms":
        """The same terms for one host and one regime."""
        hosts, regimes = slice(host, host + 1), slice(regime, regime + 1)
        return InputTerms(
            self.weights[:, :, :, hosts, regimes],
            self.theta,
            self.bill_of_materials[:, hosts],
            self.services[hosts, regimes],
            self.threshold[regimes],
            self.further and self.further.at(hosts, regimes),
        )

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
    free mix meets every rule, ``feasible`` whether any mix does.
    """

    free_cost: Floats
    free_content: Floats
    compliant_cost: Floats
    log_wedge: Floats
    feasible: NDArray[np.bool_]
    compliant_content: Floats
    meets_rule: NDArray[np.bool_]

    @classmethod
    def empty(cls, firms: int, hosts: int, regimes: int, dtype: type = np.float32) -> "UnitCosts":
        """Arrays full of NaN, so that a forgotten write cannot pass for a cost."""

        def nan() -> Floats:
            return np.full((firms, hosts, regimes), np.nan, dtype)

        def no() -> NDArray[np.bool_]:
            return np.zeros((firms, hosts, regimes), np.bool_)

        return cls(nan(), nan(), nan(), nan(), no(), nan(), no())

    def rows(self, rows: slice) -> "UnitCosts":
        """The same arrays for some firms, as views."""
        return UnitCosts(*(array[rows] for array in vars(self).values()))

    def during(self, regimes: slice) -> "UnitCosts":
        """The same arrays for some consecutive regimes, as views."""
        return UnitCosts(*(array[..., regimes] for array in vars(self).values()))


def blocks(firms: int, size: int = BLOCK) -> Iterator[slice]:
    """Consecutive slices that cover ``range(firms)``."""
    for start in range(0, firms, size):
        yield slice(start, min(start + size, firms))


def sourcing_potential(affinity: Floats, weights: Floats) -> Floats:
    """Sum over sources of affinity times weight.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
    weights : ndarray, shape (input, source, ...)

    Returns
    -------
    ndarray, shape (input, firm, ...)
    """
    inputs, sources, *rest = weights.shape
    flat = np.matmul(affinity.transpose(1, 0, 2), weights.reshape(inputs, sources, -1))
    potential: Floats = flat.reshape(inputs, affinity.shape[0], *rest)
    return potential


def free_choice(
    affinity: Floats, base_potential: Floats, terms: InputTerms
) -> tuple[Floats, Floats, Floats]:
    """Spending by category when nothing is asked, its foreign share, and value before duty.

    Returns three arrays of shape (input, firm, host, regime).
    """
    groups = sourcing_potential(affinity, terms.weights)
    foreign = groups[:, :, OTHER]
    before_duty = groups[:, :, OTHER_BEFORE_DUTY] / np.maximum(
        foreign, np.finfo(foreign.dtype).tiny
    )
    potential = groups[:, :, ORIGINATING] + foreign
    spend = np.log(potential / base_potential.transpose(1, 0, 2)[..., None])
    spend *= (-1 / terms.theta)[:, None, None, None]
    np.exp(spend, out=spend)
    spend *= terms.bill_of_materials[:, None, :, None]
    return spend, foreign / potential, before_duty


def cost_step(
    affinity: Floats,
    base_potential: Floats,
    value_added: Floats,
    terms: InputTerms,
    out: UnitCosts,
    tolerance: float = 2e-6,
) -> None:
    """Free and compliant unit cost of the firms of one sector.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
        The firm's own draw times its supplier links.
    base_potential : ndarray, shape (firm, input, host)
        Sourcing potential of the calibration year.
    value_added : ndarray, shape (firm, host, regime)
        Labour and capital per unit of output.
    terms : InputTerms
        Prices, bill of materials and rule of the sector.
    out : UnitCosts
        Filled in place; its ``log_wedge`` before the call is the warm start.
    tolerance : float
        Accepted shortfall of content, as a share of net cost.
    """
    rule = terms.threshold > 0
    for rows in blocks(affinity.shape[0]):
        spend, foreign, before_duty = free_choice(affinity[rows], base_potential[rows], terms)
        result = out.rows(rows)
        other_cost = value_added[rows] + terms.services
        cost = other_cost + spend.sum(axis=0)
        content = 1 - (spend * foreign * before_duty).sum(axis=0) / cost
        warm = np.nan_to_num(result.log_wedge)
        result.free_cost[:] = result.compliant_cost[:] = cost
        result.free_content[:] = content
        result.log_wedge[:] = 0
        result.feasible[:] = True
        binds = rule & (content < terms.threshold)
        result.meets_rule[:] = ~binds
        result.compliant_content[:] = content
        free = (spend, foreign, before_duty)
        if not binds.any():
            _meet_further(terms, affinity[rows], free, value_added[rows], result, tolerance)
            continue
        threshold = np.broadcast_to(terms.threshold.astype(cost.dtype), cost.shape)[binds]
        mix = meet_content_rule(
            spend[:, binds],
            foreign[:, binds],
            before_duty[:, binds],
            terms.theta,
            other_cost[binds],
            threshold,
            warm[binds],
            tolerance,
        )
        result.compliant_cost[binds] = np.where(mix.feasible, mix.net_cost, np.inf)
        result.log_wedge[binds] = mix.log_wedge
        result.feasible[binds] = mix.feasible
        result.compliant_content[binds] = threshold
        _meet_further(terms, affinity[rows], free, value_added[rows], result, tolerance)


def free_mix(
    terms: InputTerms,
    affinity: Floats,
    free: tuple[Floats, Floats, Floats],
    value_added: Floats,
) -> FreeMix:
    """What some firms would buy, with the part of it that is of high wage.

    Parameters
    ----------
    terms : InputTerms
        With further rules.
    affinity : ndarray, shape (firm, input, source)
    free : tuple of ndarray, shape (input, firm, host, regime)
        From `free_choice`.
    value_added : ndarray, shape (firm, host, regime)

    Returns
    -------
    FreeMix
    """
    assert terms.further is not None
    total = terms.weights[:, :, ORIGINATING] + terms.weights[:, :, OTHER]
    both = np.stack([terms.further.high_wage_weights, total], axis=2).astype(total.dtype)
    high, whole = np.moveaxis(sourcing_potential(affinity, both), 2, 0)
    spend, foreign, before_duty = free
    return FreeMix(
        spend,
        foreign,
        high / whole,
        before_duty,
        terms.theta,
        value_added + terms.services,
        value_added * terms.further.own_high_wage,
    )


def _meet_further(
    terms: InputTerms,
    affinity: Floats,
    free: tuple[Floats, Floats, Floats],
    value_added: Floats,
    result: UnitCosts,
    tolerance: float,
) -> None:
    """Solve anew, with all rules, the entries of a block that miss one of them."""
    if terms.further is None:
        return
    mix = free_mix(terms, affinity, free, value_added)
    missed = missed_entries(mix, terms.further, terms.threshold)
    result.meets_rule[:] &= ~missed
    missed &= result.feasible
    if not missed.any():
        return
    solved = solve_entries(mix, terms.further, terms.threshold, missed, result.log_wedge, tolerance)
    result.compliant_cost[missed] = np.where(solved.feasible, solved.net_cost, np.inf)
    result.compliant_content[missed] = solved.content
    result.log_wedge[missed] = solved.log_wedge
    result.feasible[missed] = solved.feasible


def input_purchases(
    affinity: Floats,
    base_potential: Floats,
    terms: InputTerms,
    log_wedge: Floats,
    free_volume: Floats,
    compliant_volume: Floats,
) -> Floats:
    """What the plants of one sector at one host buy, by category and source.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
    base_potential : ndarray, shape (firm, input, 1)
    terms : InputTerms
        As for `cost_step`, with a single host and a single regime.
    log_wedge : ndarray, shape (firm,)
        Log wedge of the mix that meets the rule.
    free_volume, compliant_volume : ndarray, shape (firm, outlet)
        Output made with the free mix and with the mix that meets the rule, by
        where it goes.

    Returns
    -------
    ndarray of float64, shape (input, source, outlet)
        Purchasers' value (duty included), in the units of the volumes.
    """
    inputs, sources, *_ = terms.shape
    bought = np.zeros((inputs, sources, free_volume.shape[1]))
    split = terms.weights[:, :, :, 0, 0].astype(np.float64)
    shape = terms.theta[:, None]
    for rows in blocks(affinity.shape[0]):
        spend, foreign, before_duty = (
            array[:, :, 0, 0] for array in free_choice(affinity[rows], base_potential[rows], terms)
        )
        appeal = sourcing_potential(affinity[rows], terms.weights[:, :, :OTHER_BEFORE_DUTY])
        per_weight = spend / appeal.sum(axis=2)[:, :, 0, 0]
        by_source = affinity[rows].transpose(1, 2, 0)
        free = np.matmul(by_source * per_weight[:, None], free_volume[rows])
        bought += (split[:, :, ORIGINATING] + split[:, :, OTHER])[..., None] * free
        bound = np.flatnonzero(compliant_volume[rows].any(axis=1))
        if not len(bound):
            continue
        wedges = category_wedges(log_wedge[rows][bound], before_duty[:, bound])
        tilt = wedges**-shape
        share = foreign[:, bound]
        scale = per_weight[:, bound] * (1 - share + share * tilt) ** (-1 / shape - 1)
        volume = compliant_volume[rows][bound]
        by_source = by_source[:, :, bound]
        for group, per_group in ((ORIGINATING, scale), (OTHER, scale * tilt / wedges)):
            tilted = np.matmul(by_source * per_group[:, None], volume)
            bought += split[:, :, group, None] * tilted
    return bought
