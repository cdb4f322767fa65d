"""Reaction to the deficit: the larger it is, the likelier a threat is carried out."""

from collections.abc import Iterator

from abm.governments.outlook import Act, Outlook
from abm.policy.instruments.reaction import Reaction


def hazard_scale(reaction: Reaction, deficit: float, base_deficit: float) -> float:
    """Return the factor on a threat's arrival.

    Parameters
    ----------
    reaction : Reaction
    deficit, base_deficit : float
        US goods deficit with the threatened over four quarters, and that of the
        calibration year, in one unit.

    Returns
    -------
    float
        ``(deficit / (target * base_deficit)) ** elasticity``; 0 for a surplus, and 1
        where there was no deficit to compare with or nobody reacts.

    Examples
    --------
    >>> hazard_scale(Reaction(elasticity=2.0), deficit=60.0, base_deficit=50.0)
    1.44
    """
    if reaction.elasticity == 0 or base_deficit <= 0:
        return 1.0
    over = max(deficit, 0.0) / (reaction.deficit_target * base_deficit)
    return float(over**reaction.elasticity)


def react(member: str, seen: Outlook) -> Iterator[Act]:
    """Yield how likely the United States now makes its threat, from the deficit of a year."""
    terms, threat = seen.instruments.reaction, seen.instruments.threat
    if member == "USA" and threat is not None and terms.elasticity > 0:
        scale = hazard_scale(terms, *seen.deficit(threat.origins))
        reason = f"goods deficit with {'+'.join(threat.origins)} over the last four quarters"
        yield Act(reason, hazard=scale)
