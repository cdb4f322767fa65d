"""Nearshore's model: firms of North America that choose where to produce.

Its words, such as regime, claim, wedge or tally, each have one meaning: ``docs/glossary.md``.

>>> from abm import RelocationModel
>>> model = RelocationModel("usmca", firms=300, rng=1)
>>> model.run_for(1)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abm.model import RelocationModel
    from abm.scenario.scenario import Scenario

__all__ = ["RelocationModel", "Scenario"]

_HOMES = {"RelocationModel": "abm.model", "Scenario": "abm.scenario.scenario"}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: Mesa and SciPy take seconds that reading a file need not wait.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
