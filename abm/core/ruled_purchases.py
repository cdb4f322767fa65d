"""What plants buy that meet several rules of origin at once."""

import numpy as np

from abm.core.content_rules import Floats
from abm.core.origin_rules import FOREIGN, HIGH_WAGE, REGIONAL, spending_at
from abm.core.sourcing import (
    ORIGINATING,
    OTHER,
    InputTerms,
    blocks,
    free_choice,
    free_mix,
    input_purchases,
)


def ruled_purchases(
    affinity: Floats,
    base_potential: Floats,
    terms: InputTerms,
    value_added: Floats,
    multipliers: Floats,
    free_volume: Floats,
    compliant_volume: Floats,
) -> Floats:
    """What the plants of one sector at one host buy, by category and source.

    As `abm.core.sourcing.input_purchases`, for a sector with further rules.

    Parameters
    ----------
    affinity : ndarray, shape (firm, input, source)
    base_potential : ndarray, shape (firm, input, 1)
    terms : InputTerms
        With a single host and a single regime.
    value_added : ndarray, shape (firm,)
        Labour and capital per unit of output.
    multipliers : ndarray, shape (firm, rule)
        Those of the mix that meets the rules.
    free_volume, compliant_volume : ndarray, shape (firm, outlet)

    Returns
    -------
    ndarray of float64, shape (input, source, outlet)
    """
    assert terms.further is not None
    free = (np.zeros(len(affinity), np.float32), free_volume, np.zeros_like(compliant_volume))
    bought = input_purchases(affinity, base_potential, terms, *free)
    high = terms.further.high_wage_weights[:, :, 0, 0].astype(np.float64)
    originating, foreign = (
        terms.weights[:, :, group, 0, 0].astype(np.float64) for group in (ORIGINATING, OTHER)
    )
    weights = {HIGH_WAGE: high, REGIONAL: np.maximum(originating - high, 0), FOREIGN: foreign}
    bound = np.flatnonzero(compliant_volume.any(axis=1))
    for block in blocks(len(bound)):
        rows = bound[block]
        choice = free_choice(affinity[rows], base_potential[rows], terms)
        mix = free_mix(terms, affinity[rows], choice, value_added[None, None, rows])
        regime = np.zeros(len(rows), np.int64)
        spending = spending_at(
            mix.entries(np.ones(mix.other_cost.shape, np.bool_)),
            terms.further.asked(terms.threshold, regime),
            multipliers[rows].T.astype(np.float64),
        )
        by_source = affinity[rows].transpose(1, 2, 0).astype(np.float64)
        for group, weight in weights.items():
            appeal = np.einsum("ksi,ks->ki", by_source, weight)
            scale = np.divide(spending[group], appeal, out=np.zeros_like(appeal), where=appeal > 0)
            share = np.matmul(by_source * scale[:, None], compliant_volume[rows])
            bought += weight[..., None] * share
    return bought
