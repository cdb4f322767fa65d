"""The rules by which governments act beside the timeline, in the order in which they do."""

from abm.policy.outlook import Rule
from abm.policy.reaction import react
from abm.policy.retaliation import retaliate

RULES: tuple[Rule, ...] = (
    react,
    retaliate,
)
"""All governments see the same outlook; what the scenario does not ask for, it leaves."""
