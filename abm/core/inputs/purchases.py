"""What plants buy, category by category and source by source."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from abm.core.blocks import blocks
from abm.core.inputs.buyers import ORIGINATING, OTHER, Buyers, Edges
from abm.core.inputs.content_rules import Floats, category_wedges, mix_factors
from abm.core.inputs.further_rules import weights_by_group
from abm.core.inputs.origin_rules import spending_at
from abm.core.inputs.sourcing import InputTerms, free_choice, free_mix
from abm.core.segments import products_by_segment


def input_purchases(
    buyers: Buyers,
    terms: Sequence[InputTerms],
    edges: Edges,
    log_wedge: Floats,
    free_volume: Floats,
    compliant_volume: Floats,
) -> Floats:
    """What the plants of some sectors at one host buy under a content rule.

    Parameters
    ----------
    buyers : Buyers
        With potentials of a single host.
    terms : sequence of InputTerms
        As for `abm.core.inputs.cost_step.cost_step`, with a single host and a single regime.
    edges : ndarray of int, shape (sector + 1,)
        Where the plants of each sector begin, and the last ones end.
    log_wedge : ndarray, shape (firm,)
        Log wedge of the mix that meets the rule.
    free_volume, compliant_volume : ndarray, shape (firm, outlet)
        Output made with the free mix and with the mix that meets the rule, by
        where it goes.

    Returns
    -------
    ndarray of float64, shape (sector, input, source, outlet)
        Purchasers' value (duty included), in the units of the volumes.
    """
    inputs, sources, *_ = terms[0].shape
    bought = np.zeros((len(terms), inputs, sources, free_volume.shape[1]))
    qualifying, other = (
        np.stack([one.weights[:, :, group, 0] for one in terms]).astype(np.float64)
        for group in (ORIGINATING, OTHER)
    )
    power = terms[0].theta[:, None]
    for rows in blocks(len(buyers)):
        some, within = buyers.take(rows), np.clip(edges - rows.start, 0, rows.stop - rows.start)
        choice = free_choice(some, terms, within)
        per_weight = (choice.spend / choice.potential)[:, 0, 0]
        by_source = some.affinity.transpose(1, 2, 0)
        free = products_by_segment(by_source * per_weight[:, None], free_volume[rows], within)
        bought += (qualifying + other) * free
        bound = np.flatnonzero(compliant_volume[rows].any(axis=1))
        if not len(bound):
            continue
        wedges = category_wedges(log_wedge[rows][bound], choice.before_duty()[:, 0, 0, bound])
        share = choice.foreign()[:, 0, 0, bound]
        stay, turn, _ = mix_factors(np.log(wedges), share, power)
        origin = some.origin_share[bound, 0]
        volume, within = compliant_volume[rows][bound], np.searchsorted(bound, within)
        by_source = by_source[:, :, bound]
        per_weight = per_weight[:, bound]
        # The non-originating part of qualifying deliveries bears the wedge like other
        # non-originating parts.
        for weight, factor in (
            (qualifying, origin * stay + (1 - origin) * turn),
            (other, turn),
        ):
            tilted = by_source * (per_weight * factor)[:, None]
            bought += weight * products_by_segment(tilted, volume, within)
    return bought


# why: pure function of arrays: whatever it rests on is an argument
def ruled_purchases(
    buyers: Buyers,
    terms: InputTerms,
    value_added: Floats,
    multipliers: Floats,
    compliant_volume: Floats,
    way: NDArray[np.integer] | None = None,
) -> Floats:
    """What the plants of one sector at one host buy to meet several rules of origin.

    Parameters
    ----------
    buyers : Buyers
        With potentials of a single host.
    terms : InputTerms
        With a single host and a single regime.
    value_added : ndarray, shape (firm,)
        Labour and capital per unit of output.
    multipliers : ndarray, shape (firm, rule)
        Those of the mix that meets the rules.
    compliant_volume : ndarray, shape (firm, outlet)
        Output made to meet them; what is made with the free mix is none of this.
    way : ndarray of int, shape (firm,), optional
        In which each product originates; the first without it.

    Returns
    -------
    ndarray of float64, shape (input, source, outlet)
        As of `input_purchases`.
    """
    assert terms.further is not None
    inputs, sources, *_ = terms.shape
    bought = np.zeros((inputs, sources, compliant_volume.shape[1]))
    qualifying, other = (
        terms.weights[:, :, group].astype(np.float64) for group in (ORIGINATING, OTHER)
    )
    bound = np.flatnonzero(compliant_volume.any(axis=1))
    for block in blocks(len(bound)):
        rows = bound[block]
        some = buyers.take(rows)
        choice = free_choice(some, terms)
        mix = free_mix(terms, some, choice, value_added[None, None, rows])
        every = np.ones(mix.other_cost.shape, np.bool_)
        spending = spending_at(
            mix.entries(every),
            terms.rules_of(some, every, 0 if way is None else way[rows]),
            multipliers[rows].T.astype(np.float64),
        )
        by_source = some.affinity.transpose(1, 2, 0).astype(np.float64)
        origin = some.origin_share[:, 0].astype(np.float64)
        for group, parts in weights_by_group(qualifying, other, terms.further, origin).items():
            parts = tuple((weight[:, :, 0, 0], part) for weight, part in parts)
            appeal = sum(
                part * np.einsum("ksi,ks->ki", by_source, weight) for weight, part in parts
            )
            scale = np.divide(spending[group], appeal, out=np.zeros_like(appeal), where=appeal > 0)
            for weight, part in parts:
                share = np.matmul(by_source * (scale * part)[:, None], compliant_volume[rows])
                bought += weight[..., None] * share
    return bought
