"""What plants on the way to complying sign now, beside contracts that run on.

All of it is about the last regime of a quarter, that in force as buyers meet it under
their contracts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_HOSTS
from abm.core.demand.claims import HeldClaims
from abm.core.inputs.buyers import Buyers
from abm.core.inputs.content_rules import Floats
from abm.core.inputs.held_wedges import (
    SETTLED,
    SignedMix,
    held_factor,
    next_held,
    sign_for_content,
    sign_for_rules,
)
from abm.core.inputs.sourcing import FreeChoice, InputTerms, UnitCosts, free_choice, free_mix
from abm.engine.blocks import sector_rows
from abm.trade.borders.crossing import MEMBER_PAIRS, choice_at_border, held_at
from abm.trade.borders.this_quarter import Quarter
from abm.trade.borders.transition import Transition, bound_to_comply
from abm.trade.inputs.input_prices import buyers


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
    also : ndarray of bool, shape (firm, host, partner), optional
        Plants to be looked at though they claim nothing.
    """
    trade = _at_contracts(quarter)
    asked = bound_to_comply(quarter.borders, trade)
    moving = np.zeros(asked.shape, np.bool_)
    for host in range(N_HOSTS):
        for alike in quarter.alike(host, trade):
            costs = quarter.towards(host, alike[0], trade)
            bound = asked[:, host, alike].any(axis=1)
            if also is not None:
                bound |= also[:, host, alike].any(axis=1) & ~costs.meets_rule & costs.feasible
            late = held[:, host] < costs.log_wedge - SETTLED
            moving[:, host, alike] = (bound & late)[:, None]
    moving &= quarter.table.plants[:, :, None] & (part < 1)
    at_borders = np.repeat(held[:, :, None], N_HOSTS, axis=2)
    return Transition(part, moving, at_borders, np.zeros_like(at_borders))


def _at_contracts(quarter: Quarter) -> int:
    """The last regime."""
    return len(quarter.policy.regimes) - 1


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
    table, trade = quarter.table, _at_contracts(quarter)
    for sector, rows in enumerate(sector_rows(table)):
        for host in range(N_HOSTS):
            for alike in quarter.alike(host, trade):
                border = host, alike[0]
                firms = rows.start + np.flatnonzero(transition.moving[rows, *border])
                if not len(firms):
                    continue
                plants = _LatePlants(
                    buyers(table, firms).at(host),
                    quarter.terms_towards(terms, sector, border, trade),
                    value_added[firms, host, trade],
                    _some(quarter.towards(*border, trade), firms),
                    transition.held[firms, *border],
                    transition.part,
                )
                held, mix = plants.signed()
                for partner in alike:
                    transition.held[firms, host, partner] = held
                    transition.signed[firms, host, partner] = mix.signed
                costs = quarter.towards(*border, trade)
                costs.compliant_cost[firms] = np.where(mix.feasible, mix.net_cost, np.inf)
                costs.compliant_content[firms] = mix.content
                costs.feasible[firms] = mix.feasible


def _some(costs: UnitCosts, firms: NDArray[np.integer]) -> UnitCosts:
    return UnitCosts(*(array[firms] for array in vars(costs).values()))


@dataclass(frozen=True)
class _LatePlants:
    """Some plants of a sector at a host that are late for the rules of a border.

    ``terms`` are of that host and the last regime, ``costs`` and ``value_added`` of shape (plant,);
    ``held`` is the log wedge under which contracts were signed of which ``part`` ends.
    """

    buyers: Buyers
    terms: InputTerms
    value_added: Floats
    costs: UnitCosts
    held: Floats
    part: float

    def signed(self) -> tuple[Floats, SignedMix]:
        """What they sign, and what they hold: a log wedge, or a factor where rules are several."""
        choice = free_choice(self.buyers, self.terms)
        if self.terms.further is None:
            return self.held, self._for_content(choice)
        factor = held_factor(self.held, self.costs.log_wedge)
        return factor, self._for_rules(choice, factor)

    def _for_content(self, choice: FreeChoice) -> SignedMix:
        everything = choice.take(np.ones((1, 1, len(self.held)), np.bool_))
        return sign_for_content(
            everything.spend,
            everything.foreign(),
            everything.before_duty(),
            self.terms.theta,
            self.value_added + self.terms.services[0, 0],
            self.terms.threshold[self.buyers.line, self.costs.way, 0],
            self.held,
            self.costs.log_wedge,
            self.part,
        )

    def _for_rules(self, choice: FreeChoice, factor: Floats) -> SignedMix:
        mix = free_mix(self.terms, self.buyers, choice, self.value_added[None, None])
        every = np.ones(mix.other_cost.shape, np.bool_)
        return sign_for_rules(
            mix.entries(every),
            self.terms.rules_of(self.buyers, every, self.costs.way),
            self.costs.multipliers.T.astype(np.float64),
            factor.astype(np.float64),
            self.part,
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
    trade = _at_contracts(quarter)
    only = slice(trade, trade + 1)
    policy = quarter.policy.during(only)
    for host, partner in MEMBER_PAIRS:
        firms = np.flatnonzero(transition.moving[:, host, partner])
        if not len(firms):
            continue
        costs = quarter.towards(host, partner, trade)
        there = UnitCosts(*(array[..., None] for array in vars(costs).values()))
        kept = held_at(held, (firms, host, partner, only))
        at = (quarter.table.sector[firms], firms, host, partner)
        choice = choice_at_border(quarter.table, policy, there, at, kept)
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
        The steepest that a plant prepares for. Where a firm has no plant there are no contracts
        to run out.
    """
    trade, plants = _at_contracts(quarter), quarter.table.plants
    complies, wants = (bound_to_comply(quarter.borders, column) for column in (trade, regime))
    after = np.zeros(held.shape, np.float32)
    for host in range(N_HOSTS):
        for alike in quarter.alike(host, trade):
            compliant, wanted = (
                quarter.towards(host, alike[0], column).log_wedge for column in (trade, regime)
            )
            prepares = wants[:, host, alike].any(axis=1)
            running = next_held(
                np.minimum(held[:, host], compliant),
                complies[:, host, alike].any(axis=1),
                compliant,
                prepares,
                wanted,
                part,
            )
            own = np.where(plants[:, host], running, np.where(prepares, wanted, 0))
            np.maximum(after[:, host], own, out=after[:, host])
    return after
