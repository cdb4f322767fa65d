"""The claim of one firm at one border under one regime: all three, and the cheapest of them."""

from abm.core.demand.claims import Claim

type Way = tuple[float, float, Claim]
"""What a firm weighs, what its goods cost at the border, and the claim."""


# why: what a firm weighs at one border, each by its name
def ways_over(
    free_cost: float,
    compliant_cost: float,
    *,
    meets_rule: bool,
    paperwork: float,
    reluctance: float,
    waived: float,
    unwaived: float,
    preference: bool,
    audit: float,
    penalty: float,
) -> list[Way]:
    """Return all that a firm may do, the cheapest first; of two that cost alike the more honest.

    Parameters
    ----------
    free_cost, compliant_cost : float
        Of a unit, calibration year = 1; the latter infinite where no mix meets the rule.
    meets_rule : bool
        Whether the free mix does.
    paperwork, reluctance : float
        Share of cost.
    waived, unwaived : float
        Duties that a claim of origin avoids, and those that it does not, share of value.
    preference : bool
        Whether a claim is accepted at all.
    audit, penalty : float
        Chance that a claim is verified, and the fine in multiples of the duty.
    """
    ways = [(free_cost * (1 + waived + unwaived), free_cost, Claim.PAYS)]
    if preference:
        honest = compliant_cost * (1 + paperwork)
        ways.append((honest * (1 + unwaived), honest, Claim.COMPLIES))
        if waived > 0 and not meets_rule:
            false = free_cost * (1 + audit * (1 + penalty) * waived)
            weighed = false * (1 + unwaived) * (1 + reluctance)
            ways.append((weighed, false, Claim.CLAIMS_FALSELY))
    return sorted(ways, key=lambda way: way[0])
