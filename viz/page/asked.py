"""What a visitor asked for that is not drawn yet: quarters, and changes of policy between them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from abm.errors import NearshoreError
from abm.scenario.levers import with_levers
from abm.scenario.scenario import Scenario


@dataclass(eq=False)
class Asked:
    """One thing that was asked for; each is itself alone.

    Attributes
    ----------
    changes : mapping or None
        The policy that was pulled; None for a quarter.
    begun : bool
        Whether it is being done, or was.
    owed : bool
        Whether the visitor still waits for it; a pause gives quarters up.
    """

    changes: Mapping[str, object] | None = None
    begun: bool = False
    owed: bool = True


def ahead(
    asked: Sequence[Asked], scenario: Scenario, quarter: int, under_way: bool
) -> tuple[Scenario, int]:
    """What holds, and which quarter is the last, once all that was asked for is done.

    Parameters
    ----------
    asked : sequence of Asked
        In the order in which it is done.
    scenario : Scenario
        What was done so far.
    quarter : int
        The last one that is drawn.
    under_way : bool
        Whether a quarter is computed; nothing acts before the one after it.

    Returns
    -------
    tuple of Scenario and int
    """
    soonest = quarter + 1 + under_way
    for one in asked:
        if one.changes is None:
            quarter += 1
        else:
            scenario = pulled(scenario, max(soonest, quarter + 1), one.changes)
    return scenario, quarter


def in_force(asked: Sequence[Asked], scenario: Scenario, quarter: int) -> Scenario:
    """What was done so far, with all that was pulled and waits in force from a quarter on."""
    for one in asked:
        if one.changes is not None:
            scenario = pulled(scenario, quarter, one.changes)
    return scenario


def pulled(scenario: Scenario, quarter: int, changes: Mapping[str, object]) -> Scenario:
    """A scenario with levers pulled; what is not allowed is refused when its turn comes."""
    with suppress(NearshoreError):
        return with_levers(scenario, quarter, changes)
    return scenario
