"""The rules by which governments act beside the timeline, in the order in which they do."""

from abm.governments.outlook import Rule
from abm.governments.react import react
from abm.governments.retaliate import retaliate

RULES: tuple[Rule, ...] = (
    react,
    retaliate,
)
"""All governments see the same outlook; what the scenario does not ask for, it leaves."""
