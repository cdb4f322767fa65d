"""What plants on the way to complying sign now, beside contracts that run on.

All of it is about the last regime of a quarter, that in force as buyers meet it under
their contracts.
"""

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS
from abm.core.demand.claims import HeldClaims
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.held_wedges import (
    SETTLED,
    SignedMix,
    held_factor,
    next_held,
    sign_for_content,
    sign_for_rules,
)
from abm.core.inputs.sourcing import InputTerms, free_choice, free_mix
from abm.engine.blocks import sector_rows
from abm.trade.borders.crossing import MEMBER_PAIRS, choice_at_border, held_at
from abm.trade.borders.this_quarter import Quarter
from abm.trade.borders.transition import Transition, bound_to_comply
from abm.trade.inputs.input_prices import buyers

TRADE = -1
"""The last regime."""


def plants_in_transition(
    quarter: Quarter, held: Floats, part: float, also: NDArray[np.bool_] | None = None
) -> Transition:
    """The plants that would make goods to comply if they were ready, and are not.

    Parameters
    ----------
    quarter : Quarter
        With claims that would be made if all were ready.
    held : ndarray, shape (firm, host)
        Log wedge under which contracts that run were signed.
    part : float
        Part of contracts that ends in a quarter.
    also : ndarray of bool, shape (firm, host), optional
        Plants to be looked at though they claim nothing.
    """
    costs = quarter.costs
    asked = bound_to_comply(quarter.borders, TRADE)
    if also is not None:
        asked |= also & ~costs.meets_rule[..., TRADE] & costs.feasible[..., TRADE]
    late = held < costs.log_wedge[..., TRADE] - SETTLED
    moving = quarter.table.plants & asked & late & (part < 1)
    return Transition(part, moving, held.copy(), np.zeros_like(held))


def sign_to_comply(
    quarter: Quarter, terms: list[InputTerms], value_added: np.ndarray, transition: Transition
) -> None:
    """Find what plants in transition sign, and what complying costs them this quarter.

    Parameters
    ----------
    quarter : Quarter
        Costs and contents of complying are changed in place, costs to infinity where it
        cannot be.
    terms : list of InputTerms
    value_added : ndarray, shape (firm, host, regime)
    transition : Transition
        Changed in place.
    """
    table, costs = quarter.table, quarter.costs
    for sector, rows in enumerate(sector_rows(table)):
        for host in range(N_HOSTS):
            firms = rows.start + np.flatnonzero(transition.moving[rows, host])
            if not len(firms):
                continue
            here = terms[sector].at(host, terms[sector].regimes - 1)
            of = (firms, host, TRADE)
            mix = _signed(quarter, here, value_added[of], transition, firms, host)
            transition.signed[firms, host] = mix.signed
            costs.compliant_cost[of] = np.where(mix.feasible, mix.net_cost, np.inf)
            costs.compliant_content[of] = mix.content
            costs.feasible[of] = mix.feasible


def _signed(
    quarter: Quarter,
    here: InputTerms,
    value_added: Floats,
    transition: Transition,
    firms: NDArray[np.integer],
    host: int,
) -> SignedMix:
    """What some plants of a sector at a host sign; held wedges become factors if they must."""
    some = buyers(quarter.table, firms).at(host)
    choice = free_choice(some, here)
    held, goal = transition.held[firms, host], quarter.costs.log_wedge[firms, host, TRADE]
    way = quarter.costs.way[firms, host, TRADE]
    if here.further is None:
        everything = choice.take(np.ones((1, 1, len(firms)), np.bool_))
        return sign_for_content(
            everything.spend,
            everything.foreign(),
            everything.before_duty(),
            here.theta,
            value_added + here.services[0, 0],
            here.threshold[some.line, way, 0],
            held,
            goal,
            transition.part,
        )
    mix = free_mix(here, some, choice, value_added[None, None])
    factor = held_factor(held, goal)
    transition.held[firms, host] = factor
    every = np.ones(mix.other_cost.shape, np.bool_)
    return sign_for_rules(
        mix.entries(every),
        here.rules_of(some, every, way),
        quarter.costs.multipliers[firms, :, host, TRADE].T.astype(np.float64),
        factor.astype(np.float64),
        transition.part,
    )


def claims_in_transition(
    quarter: Quarter, transition: Transition, held: HeldClaims | None = None
) -> None:
    """Let firms in transition choose their claims anew, at what complying costs them now.

    Parameters
    ----------
    quarter : Quarter
        After `sign_to_comply`; its borders are changed in place.
    transition : Transition
    held : tuple of two ndarrays of int8, shape (firm, host, partner, regime), optional
        As in `abm.trade.borders.crossing.claim_origin`.
    """
    last = len(quarter.policy.regimes) - 1
    only = slice(last, last + 1)
    policy, costs = quarter.policy.during(only), quarter.costs.during(only)
    for host, partner in MEMBER_PAIRS:
        firms = np.flatnonzero(transition.moving[:, host])
        if not len(firms):
            continue
        kept = held_at(held, (firms, host, partner, only))
        at = (quarter.table.sector[firms], firms, host, partner)
        choice = choice_at_border(quarter.table, policy, costs, at, kept)
        quarter.borders.put(firms, host, partner, only, choice)


def held_after(quarter: Quarter, held: Floats, part: float, regime: int) -> Floats:
    """Held log wedges that the next quarter starts from.

    Parameters
    ----------
    quarter : Quarter
        With this quarter's plants.
    held : ndarray of float32, shape (firm, host)
    part : float
        Part of contracts that ends in a quarter.
    regime : int
        The one in force, once buyers have adapted.

    Returns
    -------
    ndarray of float32, shape (firm, host)
        Where a firm has no plant there are no contracts to run out.
    """
    log_wedge, borders = quarter.costs.log_wedge, quarter.borders
    compliant, wanted = log_wedge[..., TRADE], log_wedge[..., regime]
    wants = bound_to_comply(borders, regime)
    after = next_held(
        np.minimum(held, compliant),
        bound_to_comply(borders, TRADE),
        compliant,
        wants,
        wanted,
        part,
    )
    after = np.where(quarter.table.plants, after, np.where(wants, wanted, 0))
    return after.astype(np.float32)
