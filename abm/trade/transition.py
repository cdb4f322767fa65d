"""Plants on the way to complying: what they sign now beside contracts that run on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abm.axes import N_FOOTLOOSE, N_HOSTS
from abm.core.claims import Claim
from abm.core.content_rules import Floats
from abm.core.held_wedges import (
    SETTLED,
    SignedMix,
    held_factor,
    next_held,
    sign_for_content,
    sign_for_rules,
)
from abm.core.sourcing import InputTerms, UnitCosts, free_choice, free_mix
from abm.economy.tables import Economy
from abm.engine.blocks import sector_rows
from abm.engine.parallel import in_parallel
from abm.policy.regimes import Policy
from abm.trade.borders import Borders, claim_origin
from abm.trade.input_prices import buyers
from agents import FirmTable


@dataclass(frozen=True)
class Transition:
    """How plants that are not yet ready to comply would do so this quarter.

    Attributes
    ----------
    part : float
        Part of contracts that is signed this quarter.
    moving : ndarray of bool, shape (firm, host)
        The plants this is about; of others nothing below means anything.
    held, signed : ndarray of float32, shape (firm, host)
        Log wedge under which running contracts were signed, and that on those signed
        now; in sectors with further rules factors on the multipliers of all of them.
    """

    part: float
    moving: NDArray[np.bool_]
    held: Floats
    signed: Floats

    @classmethod
    def of_plants(
        cls,
        table: FirmTable,
        costs: UnitCosts,
        borders: Borders,
        held: Floats,
        part: float,
        column: int,
        also: NDArray[np.bool_] | None = None,
    ) -> "Transition":
        """The plants that would make goods to comply if they were ready, and are not.

        Parameters
        ----------
        table : FirmTable
        costs : UnitCosts
        borders : Borders
            Claims that would be made if all were ready.
        held : ndarray, shape (firm, host)
            Log wedge under which contracts that run were signed.
        part : float
        column : int
            The one at contracts.
        also : ndarray of bool, shape (firm, host), optional
            Plants to be looked at though they claim nothing.
        """
        asked = bound_to_comply(borders, column)
        if also is not None:
            asked |= also & ~costs.meets_rule[..., column] & costs.feasible[..., column]
        late = held < costs.log_wedge[..., column] - SETTLED
        moving = table.plants & asked & late & (part < 1)
        return cls(part, moving, held.copy(), np.zeros_like(held))


def bound_to_comply(borders: Borders, column: int) -> NDArray[np.bool_]:
    """Whether firms claim for goods that they must buy differently for, shape (firm, host)."""
    complies = (borders.claim[..., column] == Claim.COMPLIES).any(axis=2)
    bound: NDArray[np.bool_] = complies & ~borders.meets_rule[..., column]
    return bound


def sign_to_comply(
    table: FirmTable,
    terms: list[InputTerms],
    value_added: np.ndarray,
    costs: UnitCosts,
    transition: Transition,
    column: int,
) -> None:
    """Find what plants in transition sign, and what complying costs them this quarter.

    Parameters
    ----------
    table : FirmTable
    terms : list of InputTerms
    value_added : ndarray, shape (firm, host, regime)
    costs : UnitCosts
        Cost and content of complying are changed in place, to infinity where it cannot be.
    transition : Transition
        Changed in place.
    column : int
        The one at contracts.
    """
    spans = sector_rows(table)

    def sign(place: tuple[int, int]) -> None:
        sector, host = place
        rows = spans[sector]
        firms = rows.start + np.flatnonzero(transition.moving[rows, host])
        if not len(firms):
            return
        here = terms[sector].at(host, column)
        of = (firms, host, column)
        mix = _signed(table, here, value_added[of], costs, transition, of)
        transition.signed[firms, host] = mix.signed
        costs.compliant_cost[of] = np.where(mix.feasible, mix.net_cost, np.inf)
        costs.compliant_content[of] = mix.content
        costs.feasible[of] = mix.feasible

    in_parallel(sign, [(sector, host) for sector in range(N_FOOTLOOSE) for host in range(N_HOSTS)])


def _signed(
    table: FirmTable,
    here: InputTerms,
    value_added: Floats,
    costs: UnitCosts,
    transition: Transition,
    of: tuple[NDArray[np.integer], int, int],
) -> SignedMix:
    """What some plants of a sector at a host sign; held wedges become factors if they must."""
    firms, host, column = of
    some = buyers(table, firms).at(host)
    choice = free_choice(some, here)
    held, goal = transition.held[firms, host], costs.log_wedge[of]
    if here.further is None:
        everything = choice.take(np.ones((1, 1, len(firms)), np.bool_))
        return sign_for_content(
            everything.spend,
            everything.foreign(),
            everything.before_duty(),
            here.theta,
            value_added + here.services[0, 0],
            np.broadcast_to(here.threshold, goal.shape),
            held,
            goal,
            transition.part,
        )
    mix = free_mix(here, some, choice, value_added[None, None])
    factor = held_factor(held, goal)
    transition.held[firms, host] = factor
    return sign_for_rules(
        mix.entries(np.ones(mix.other_cost.shape, np.bool_)),
        here.further.asked(here.threshold, np.zeros(len(firms), np.int64)),
        costs.multipliers[firms, :, host, column].T.astype(np.float64),
        factor.astype(np.float64),
        transition.part,
    )


def held_after(
    table: FirmTable,
    held: Floats,
    costs: UnitCosts,
    borders: Borders,
    part: float,
    regime: int,
    column: int,
) -> Floats:
    """Held log wedges that the next quarter starts from.

    Parameters
    ----------
    table : FirmTable
        With this quarter's plants.
    held : ndarray of float32, shape (firm, host)
    costs : UnitCosts
    borders : Borders
    part : float
        Part of contracts that ends in a quarter.
    regime, column : int
        The one in force, once buyers have adapted and at contracts.

    Returns
    -------
    ndarray of float32, shape (firm, host)
        Where a firm has no plant there are no contracts to run out.
    """
    compliant, wanted = costs.log_wedge[..., column], costs.log_wedge[..., regime]
    wants = bound_to_comply(borders, regime)
    after = next_held(
        np.minimum(held, compliant),
        bound_to_comply(borders, column),
        compliant,
        wants,
        wanted,
        part,
    )
    after = np.where(table.plants, after, np.where(wants, wanted, 0))
    return after.astype(np.float32)


def claims_in_transition(
    table: FirmTable,
    economy: Economy,
    policy: Policy,
    borders: Borders,
    costs: UnitCosts,
    transition: Transition,
    column: int,
    held: NDArray[np.int8] | None = None,
) -> None:
    """Let firms in transition choose their claims anew, at what complying costs them now.

    Parameters
    ----------
    table : FirmTable
    economy : Economy
    policy : Policy
    borders : Borders
        Changed in place.
    costs : UnitCosts
        After `sign_to_comply`.
    transition : Transition
    column : int
        The one at contracts.
    held : ndarray of int8, shape (firm, host, partner, regime), optional
        As in `abm.trade.borders.claim_origin`.
    """
    rows = np.flatnonzero(transition.moving.any(axis=1))
    only = slice(column, column + 1)
    some = FirmTable(**{name: getattr(table, name)[rows] for name in table.columns()})
    theirs = UnitCosts(*(array[rows] for array in vars(costs.during(only)).values()))
    kept = None if held is None else held[rows][..., only]
    borders.put(rows, column, claim_origin(some, economy, policy.during(only), theirs, kept))
