"""Nearshore's model: firms of North America that choose where to produce.

>>> from abm import RelocationModel
>>> model = RelocationModel("usmca", firms=300, rng=1)
>>> model.run_for(1)
"""

from abm.model import RelocationModel
from abm.scenario import Scenario

__all__ = ["RelocationModel", "Scenario"]
