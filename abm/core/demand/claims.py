"""Whether a firm asks for the preference, and what its goods then cost abroad.

A good is *eligible* when its content meets the rule; it *claims* when the
preference is asked for. The two are kept apart. At the border of a member a
firm takes the cheapest of three:

* pay: free mix, full duty (most-favoured-nation, special, fee);
* comply: compliant mix, paperwork, and only the duties that origin does not waive;
* claim falsely: free mix, no waived duty, but an expected back duty and penalty
  of ``audit * (1 + penalty) * duty``, and the firm's reluctance to lie. Reluctance
  counts as a cost when the firm chooses, but nobody pays it, so no account holds it.

Rules about headings, fibres and documents keep a part of a firm's goods from originating
whatever is paid. The three ways are those of the part that *can qualify*; the *rest* can
only pay or be claimed for falsely. Both cross in one shipment: per unit sold a fixed
share is of each part, so what the shipment costs is the mean of the two, and its
duty the mean weighted by their value at the border.

Costs are relative to the calibration year's unit cost, duties are fractions of
the value at the border (customs value over basic price included).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from abm.core.inputs.content_rules import Floats


class Claim(IntEnum):
    """How a shipment enters a member country."""

    PAYS = 0
    COMPLIES = 1
    CLAIMS_FALSELY = 2


type HeldClaims = tuple[NDArray[np.int8], NDArray[np.int8]]
"""Claims for the part of the goods that can qualify, and for the rest."""


@dataclass(frozen=True)
class BorderTerms:
    """Duties on the goods of one sector from one host into one other member.

    Each attribute has shape (firm, regime) or broadcasts to it.

    Attributes
    ----------
    waived : ndarray
        Duties and fees that a claim of origin avoids, fraction of border value.
    unwaived : ndarray
        Duties due whatever the origin.
    preference : ndarray of bool
        True where a claim of origin is accepted at all.
    audit : ndarray
        Probability that a claim is verified.
    penalty : ndarray
        Fine on a false claim, in multiples of the duty.
    """

    waived: Floats
    unwaived: Floats
    preference: NDArray[np.bool_]
    audit: Floats
    penalty: Floats


@dataclass(frozen=True)
class BorderChoice:
    """The claims made, what the good costs at the border, and the duty on top.

    Attributes
    ----------
    claim, rest : ndarray of int8, shape (firm, regime)
        A `Claim` for the part of the goods that can qualify, and one for the rest,
        which never complies.
    value_share : ndarray, shape (firm, regime)
        The former part's share of value at the border.
    border_cost : ndarray, shape (firm, regime)
        Unit cost with paperwork and expected penalties.
    duty : ndarray, shape (firm, regime)
        Fraction of border value paid on arrival.
    expected_penalty : ndarray, shape (firm, regime)
        Back duty and fines expected, fraction of the free mix's unit cost; 0 unless
        something is falsely claimed.
    """

    claim: NDArray[np.int8]
    rest: NDArray[np.int8]
    value_share: Floats
    border_cost: Floats
    duty: Floats
    expected_penalty: Floats


@dataclass(frozen=True)
class ClaimCosts:
    """What a unit costs once it is over the border, for each claim that could be made.

    All arrays have shape (firm, regime) and are relative to the calibration year's unit
    cost; ``comply`` is infinite where the rule cannot be met.

    Attributes
    ----------
    pay, comply, claim_falsely : ndarray
        Duty, paperwork and expected penalties included. ``claim_falsely`` also includes
        the firm's reluctance to lie, which decides its choice but is never paid.
    expected_penalty : ndarray
        Of a false claim, fraction of unit cost.
    """

    pay: Floats
    comply: Floats
    claim_falsely: Floats
    expected_penalty: Floats


def claim_costs(
    free_cost: Floats,
    compliant_cost: Floats,
    paperwork: Floats,
    reluctance: Floats,
    terms: BorderTerms,
) -> ClaimCosts:
    """What a unit costs under each claim that can be made at a member's border.

    Parameters
    ----------
    free_cost, compliant_cost, paperwork, reluctance, terms
        As for `choose_claim`.

    Returns
    -------
    ClaimCosts
    """
    expected_penalty = terms.audit * (1 + terms.penalty) * terms.waived
    return ClaimCosts(
        pay=free_cost * (1 + terms.waived + terms.unwaived),
        comply=compliant_cost * (1 + paperwork) * (1 + terms.unwaived),
        claim_falsely=free_cost * (1 + expected_penalty) * (1 + terms.unwaived) * (1 + reluctance),
        expected_penalty=expected_penalty,
    )


# why: pure function of arrays: whatever it rests on is an argument
def choose_claim(
    free_cost: Floats,
    compliant_cost: Floats,
    meets_rule: NDArray[np.bool_],
    paperwork: Floats,
    reluctance: Floats,
    terms: BorderTerms,
    can_qualify: Floats | float = 1.0,
    held: HeldClaims | None = None,
) -> BorderChoice:
    """The claims under which goods cross a member's border most cheaply.

    Parameters
    ----------
    free_cost, compliant_cost : ndarray, shape (firm, regime)
        Unit cost of the free and of the compliant mix; the latter infinite where
        the rule cannot be met.
    meets_rule : ndarray of bool, shape (firm, regime)
        True where the free mix already meets the rule.
    paperwork : ndarray, shape (firm, regime)
        Cost of proving origin, share of unit cost.
    reluctance : ndarray, shape (firm, 1)
        Cost at which a firm values its own dislike of lying, share of unit cost.
    terms : BorderTerms
    can_qualify : ndarray, shape (firm, 1), or float
        Part of a firm's goods, by units, that originates where its mix meets the rule.
    held : tuple of two ndarrays of int8, shape (firm, regime), optional
        Claims for the two parts to keep even where another is cheaper. A held claim to
        comply is dropped where no mix of inputs meets the rule.

    Returns
    -------
    BorderChoice
    """
    ways = claim_costs(free_cost, compliant_cost, paperwork, reluctance, terms)
    pay, comply = ways.pay, ways.comply
    stakes = terms.preference & (terms.waived > 0)
    if held is None:
        complies = terms.preference & (comply < pay)
        cheapest_honest = np.where(complies, comply, pay)
        cheats = stakes & ~meets_rule & (ways.claim_falsely < cheapest_honest)
        complies &= ~cheats
        rest_cheats = stakes & (ways.claim_falsely < pay)
    else:
        complies = (held[0] == Claim.COMPLIES) & np.isfinite(comply)
        cheats, rest_cheats = (claim == Claim.CLAIMS_FALSELY for claim in held)
    honest_cost = np.where(complies, compliant_cost * (1 + paperwork), free_cost)
    of_part = _Crossing.of(honest_cost, complies | cheats, cheats, ways, terms)
    of_rest = _Crossing.of(free_cost, rest_cheats, rest_cheats, ways, terms)
    claim = np.where(cheats, Claim.CLAIMS_FALSELY, np.where(complies, Claim.COMPLIES, Claim.PAYS))
    rest = np.where(rest_cheats, Claim.CLAIMS_FALSELY, Claim.PAYS)
    return _in_one_shipment(claim, rest, of_part, of_rest, can_qualify)


@dataclass(frozen=True)
class _Crossing:
    """What one part of the goods costs at the border, and what is due on it there."""

    border_cost: Floats
    duty: Floats
    expected_penalty: Floats

    @classmethod
    def of(
        cls,
        cost: Floats,
        claimed: NDArray[np.bool_],
        cheats: NDArray[np.bool_],
        ways: ClaimCosts,
        terms: BorderTerms,
    ) -> "_Crossing":
        """The same, from what the part costs before fines and whether it is claimed for."""
        penalty = np.where(cheats, ways.expected_penalty, 0).astype(cost.dtype)
        duty = terms.unwaived + np.where(claimed, 0, terms.waived)
        return cls(cost * (1 + penalty), duty, penalty)


def _in_one_shipment(
    claim: NDArray[np.integer],
    rest: NDArray[np.integer],
    of_part: _Crossing,
    of_rest: _Crossing,
    can_qualify: Floats | float,
) -> BorderChoice:
    """Both parts as one good, of whose units ``can_qualify`` are of the first."""
    kind = of_part.border_cost.dtype
    own = can_qualify * of_part.border_cost
    cost = own + (1 - can_qualify) * of_rest.border_cost
    share = own / cost
    penalty = can_qualify * of_part.expected_penalty + (1 - can_qualify) * of_rest.expected_penalty
    return BorderChoice(
        claim.astype(np.int8),
        rest.astype(np.int8),
        share.astype(kind),
        cost.astype(kind),
        (share * of_part.duty + (1 - share) * of_rest.duty).astype(kind),
        penalty.astype(kind),
    )
