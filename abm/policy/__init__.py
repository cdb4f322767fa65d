"""Policy: one file an instrument, and the regimes and timeline they make up."""

from abm.policy.compiled import Policy, compile_policy
from abm.policy.events import PolicyEvent, threat_event

__all__ = ["Policy", "PolicyEvent", "compile_policy", "threat_event"]
