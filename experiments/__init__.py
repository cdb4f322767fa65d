"""What a researcher does with the model: scenarios, runs, sweeps, results."""

from importlib import import_module
from typing import Any

__all__ = ["results"]

_HOMES = {"results": "experiments.sweeps.answers.results"}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line answers without pandas.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
