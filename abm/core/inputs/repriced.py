"""What inputs chosen at one set of prices cost at another.

A plant that does not re-source buys the same parts in the same places, whatever they
cost now. If source ``s`` of category ``k`` is dearer by the share ``change[k, s]``, unit
cost rises by what the plant spends there times that change. For a duty this is its
first-order burden: the cost before any buyer switches to another source. The mixes,
freely chosen or meeting rules of origin, are those of `abm.core.inputs.sourcing`.
"""

import numpy as np

from abm.core.blocks import ROWS_A_BLOCK, blocks
from abm.core.inputs.buyers import ORIGINATING, OTHER, Buyers, sourcing_potential
from abm.core.inputs.content_rules import Floats, category_wedges, mix_factors
from abm.core.inputs.further_rules import weights_by_group
from abm.core.inputs.origin_rules import spending_at
from abm.core.inputs.sourcing import FreeChoice, InputTerms, UnitCosts, free_choice, free_mix


def reprice(
    buyers: Buyers,
    value_added: Floats,
    terms: InputTerms,
    change: Floats,
    out: UnitCosts,
) -> None:
    """Add to unit costs what the chosen mixes cost more at new prices.

    Parameters
    ----------
    buyers : Buyers
    value_added : ndarray, shape (firm, host, regime)
    terms : InputTerms
        Prices and rules at which the mixes were chosen.
    change : ndarray, shape (input, source, host, regime)
        New price over that of ``terms``, less one.
    out : UnitCosts
        As `abm.core.inputs.cost_step.cost_step` left them; changed in place.
    """
    for rows in blocks(len(buyers), max(1, ROWS_A_BLOCK // terms.regimes)):
        costs = out.rows(rows)
        some = buyers.take(rows)
        choice = free_choice(some, terms)
        bound = np.moveaxis(~costs.meets_rule & costs.feasible, 0, -1)
        free, compliant = _content_mixes(some, choice, terms, change, costs)
        if terms.further is not None and bound.any():
            compliant[bound] = _ruled_mixes(
                some, choice, value_added[rows], terms, change, costs, bound
            )
        np.moveaxis(costs.free_cost, 0, -1)[:] += free
        np.moveaxis(costs.compliant_cost, 0, -1)[:] += np.where(bound, compliant, free)


def _rise(affinity: Floats, weights: Floats, change: Floats) -> Floats:
    """Sum over sources of affinity times weight times change of price."""
    return sourcing_potential(affinity, (weights * change).astype(np.float32))


def _content_mixes(
    buyers: Buyers, choice: FreeChoice, terms: InputTerms, change: Floats, costs: UnitCosts
) -> tuple[Floats, Floats]:
    """Rise of the cost of free mixes, and of those under the content rule's wedge alone.

    Returns arrays of shape (host, regime, firm).
    """
    qualifying, other = (
        _rise(buyers.affinity, terms.weights[:, :, group], change) for group in (ORIGINATING, OTHER)
    )
    originating = buyers.originating(qualifying)
    other = other + qualifying - originating
    per_weight = choice.spend / choice.potential
    free: Floats = (per_weight * (originating + other)).sum(axis=0)
    log_wedge = np.moveaxis(costs.log_wedge, 0, -1)
    wedges = category_wedges(log_wedge, choice.before_duty())
    power = terms.theta[:, None, None, None]
    stay, turn, _ = mix_factors(np.log(wedges), choice.foreign(), power)
    compliant: Floats = (per_weight * (stay * originating + turn * other)).sum(axis=0)
    return free, compliant


# why: pure function of arrays: whatever it rests on is an argument
def _ruled_mixes(
    buyers: Buyers,
    choice: FreeChoice,
    value_added: Floats,
    terms: InputTerms,
    change: Floats,
    costs: UnitCosts,
    bound: np.ndarray,
) -> Floats:
    """Rise of the cost of mixes that meet several rules, shape (entry,)."""
    assert terms.further is not None
    mix = free_mix(terms, buyers, choice, np.moveaxis(value_added, 0, -1))
    spending = spending_at(
        mix.entries(bound),
        terms.rules_of(buyers, bound, np.moveaxis(costs.way, 0, -1)),
        np.moveaxis(costs.multipliers, 0, -1)[:, bound].astype(np.float64),
    )
    qualifying, other = terms.weights[:, :, ORIGINATING], terms.weights[:, :, OTHER]
    origin = np.broadcast_to(buyers.origin_share.T[:, None], bound.shape)[bound]
    rise = np.zeros(len(origin))
    for group, parts in weights_by_group(qualifying, other, terms.further, origin).items():
        appeal, dearer = (
            sum(
                part * sourcing_potential(buyers.affinity, each.astype(np.float32))[:, bound]
                for each, part in parts_of
            )
            for parts_of in (parts, [(weight * change, part) for weight, part in parts])
        )
        mean = np.divide(dearer, appeal, out=np.zeros_like(appeal), where=appeal > 0)
        rise += (spending[group] * mean).sum(axis=0)
    return rise
