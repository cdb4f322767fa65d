"""The rules by which governments act beside the timeline, in the order in which they do."""

from abm.governments.outlook import Rule
from abm.policy.instruments.reaction import react
from abm.policy.instruments.retaliation import retaliate

RULES: tuple[Rule, ...] = (
    react,
    retaliate,
)
"""All governments see the same outlook; what the scenario does not ask for, it leaves."""
