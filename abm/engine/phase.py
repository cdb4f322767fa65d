"""Phases of a step: each has a name, counts its seconds, and leaves finite numbers."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from abm.engine.guards import blame_firm, check_finite
from abm.errors import ModelError, PhaseError

ALSO_CHECKED: list[Callable[[Any, str], None]] = []
"""What looks at a model after each of its phases, beside the guards; nothing unless asked for."""


def phase[**P, T](method: Callable[P, T]) -> Callable[P, T]:
    """Add the seconds a method takes to ``self.phase_seconds[method name]``, guards included.

    Those of phases it calls in turn count as theirs alone.
    """

    @wraps(method)
    def timed(*args: P.args, **kwargs: P.kwargs) -> T:
        model: Any = args[0]
        inner = sum(model.phase_seconds.values())
        start = perf_counter()
        try:
            result = method(*args, **kwargs)
            check_finite(model, method.__name__)
            for check in ALSO_CHECKED:
                check(model, method.__name__)
            return result
        except PhaseError:
            raise
        except ModelError as error:
            blame_firm(model, method.__name__, error)
            raise
        finally:
            inner = sum(model.phase_seconds.values()) - inner
            spent = model.phase_seconds.get(method.__name__, 0.0)
            model.phase_seconds[method.__name__] = spent + perf_counter() - start - inner

    return timed
