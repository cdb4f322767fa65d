"""Policy: one file an instrument, and the regimes and timeline they make up."""

from abm.policy.events import PolicyEvent, threat_event
from abm.policy.regimes import Policy, compile_policy

__all__ = ["Policy", "PolicyEvent", "compile_policy", "threat_event"]
