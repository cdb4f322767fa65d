"""The rules by which governments act beside the timeline, in the order in which they do."""

from abm.policy.reaction import react
from abm.policy.retaliation import retaliate
from abm.policy.situation import Rule

RULES: tuple[Rule, ...] = (
    react,
    retaliate,
)
"""Each sees every member's situation in turn; what the scenario does not ask for, it leaves."""
