"""What values plants and opportunities: functions of NumPy's code, or of compiled code."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from filelock import FileLock

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.dated_plants import Ahead, look_ahead
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.parts_of_sets import Indices
from abm.core.choice.plant_values import keeping_values
from abm.core.inputs.content_rules import Floats
from abm.core.opportunities.waiting import Waiting
from abm.engine.cache_folder import CACHE
from abm.engine.kernel_choice import NUMBA, NUMPY, READY, kept_in, kernel_name
from abm.errors import ModelError

LookAhead = Callable[[PlantProblem, Calendar, Floats, Indices, int], Ahead]


class Kernel(NamedTuple):
    """What is done by NumPy's or by compiled code.

    Attributes
    ----------
    name : str
    keeping_values : callable
        As `abm.core.choice.plant_values.keeping_values`.
    look_ahead : callable
        As `abm.core.choice.dated_plants.look_ahead`.
    waiting : type
        `abm.core.opportunities.waiting.Waiting`, or one that does the same.
    """

    name: str
    keeping_values: Callable[..., tuple[Floats, Floats]]
    look_ahead: LookAhead
    waiting: type[Waiting]


REFERENCE = Kernel(NUMPY, keeping_values, look_ahead, Waiting)


def kernel() -> Kernel:
    """Which code a step uses."""
    return _compiled() if kernel_name() == NUMBA else REFERENCE


def compile_ahead() -> str:
    """Compile what is not compiled yet; what became of it in a line."""
    kept = kept_in()
    if kept is None:
        return f"Without numba, or a folder that {CACHE} names, {NUMPY} does everything."
    _compiled()
    return f"Compiled code is in {kept}."


@cache
def _compiled() -> Kernel:
    # Imported here, since numba takes longer to import than many a command takes to run.
    import numba

    config: Any = numba.config
    kept, before = kept_in(), config.CACHE_DIR
    if kept is None:
        raise ModelError(f"there is no place for compiled code: {CACHE} leaves none")
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    config.CACHE_DIR = str(kept)
    try:
        # Of several processes one compiles, and the others wait for it.
        with FileLock(kept / "lock"):
            from abm.core.compiled.ahead import look_ahead
            from abm.core.compiled.first_use import use_all
            from abm.core.compiled.values_of_sets import keeping_values
            from abm.core.compiled.when_to_build import CompiledWaiting

            use_all()
            (kept / READY).touch()
    finally:
        config.CACHE_DIR = before
    return Kernel(NUMBA, keeping_values, look_ahead, CompiledWaiting)


if __name__ == "__main__":
    print(compile_ahead())
