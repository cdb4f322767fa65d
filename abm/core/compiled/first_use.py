"""A first use of all that is compiled, so that it is compiled, or read, before it is needed."""

import numpy as np

from abm.core.choice.dated_beliefs import Calendar
from abm.core.choice.foresight import PlantProblem
from abm.core.choice.location import LocationProblem
from abm.core.choice.sets import Sets
from abm.core.compiled.ahead import look_ahead
from abm.core.compiled.values_of_sets import keeping_values
from abm.core.compiled.when_to_build import CompiledWaiting


def use_all() -> None:
    """Let one firm with one place to produce, and one regime, weigh what it may do."""
    chain, none = np.ones((1, 1, 1)), np.zeros(1, np.int64)
    moves = np.zeros((1, 2, 2))
    location = LocationProblem(
        np.zeros((1, 2, 1)), moves, moves[0].astype(np.int64), chain, none, 0.5, 0.5, 1.0
    )
    problem = PlantProblem(location, Sets(np.array([[False], [True]])), 0.5)
    values, _ = keeping_values(problem)
    ahead = look_ahead(problem, Calendar.steady(chain), values, none, 0)
    waiting = CompiledWaiting(ahead.expected, none, 0.5, 0.5, ahead.remains)
    waiting.cutoffs(ahead.gain, 0)
    waiting.option_values(ahead.gain[:, 1], np.zeros(1), 0)
