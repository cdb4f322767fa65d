"""The runs behind BLP-1, CHINA-1 and METALS-1, and their figures at trial parameters.

Five runs a population: no news, the duties of ``collected-2018``, and three in which a
lasting duty of a tenth falls on one partner in each sector, so that together every
partner and sector has it once. Sectors hardly meet, spending on each being fixed, so
a cell answers in company as it does alone: within 3% of its elasticity, which
a test measures. Populations and luck are the same at all parameters.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from abm.axes import FOOTLOOSE
from abm.economy.tables import Array
from abm.errors import ModelError
from abm.model import RelocationModel
from abm.worlds.twin import twin
from experiments.fit.adjustment_moments import (
    LONG_RUN,
    Cell,
    china_moments,
    elasticity_moments,
    metals_moments,
)
from experiments.scenarios.designs import Design

EXPORTERS = ("MEX", "CAN", "CHN")
"""Whose goods meet the lasting duty, in turn."""

RATE = 0.10
"""Of the lasting duty; BLP-1 asks about a tenth that no claim of origin avoids."""

QUIET = Design("no news", "status-quo", (), LONG_RUN[-1])
COLLECTED = Design("duties collected", "collected-2018", (), 24)


def cells_of(turn: int) -> tuple[Cell, ...]:
    """Partners and sectors with the lasting duty in one of the three runs that have it."""
    return tuple(
        (EXPORTERS[(place + turn) % len(EXPORTERS)], sector)
        for place, sector in enumerate(FOOTLOOSE)
    )


def lasting(cells: Sequence[Cell], quarters: int = LONG_RUN[-1]) -> Design:
    """A run under a duty that begins with quarter 1, is due in any case, and stays."""
    duties = [f"tariffs.special.USA.{partner}.{sector}={RATE}" for partner, sector in cells]
    waiver = "tariffs.special_waived_for_originating=false"
    name = "+".join(f"{partner} {sector}" for partner, sector in cells)
    return Design(f"{RATE:.0%} on {name}", "status-quo", (waiver, *duties), quarters)


def trade_of(model: RelocationModel, design: Design, assumptions: tuple[str, ...]) -> pd.DataFrame:
    """The trade table of a design, run with the firms of a model at quarter 0."""
    run = twin(model, design.load(assumptions))
    run.run_for(design.quarters)
    return run.frames()["trade"]


def moments_of(assumptions: tuple[str, ...], firms: int, seed: int) -> dict[str, float]:
    """Every figure of the three rows, of one population.

    Parameters
    ----------
    assumptions : tuple of str
        ``KEY=VALUE``, held in all runs.
    firms, seed : int

    Returns
    -------
    dict of str to float
        Names as `experiments.fit.adjustment_moments` gives them.
    """
    model = RelocationModel(QUIET.load(assumptions), firms=firms, rng=seed)
    quiet = trade_of(model, QUIET, assumptions)
    collected = trade_of(model, COLLECTED, assumptions)
    turns = [cells_of(turn) for turn in range(len(EXPORTERS))]
    answers = [(trade_of(model, lasting(cells), assumptions), quiet, cells) for cells in turns]
    return (
        china_moments(collected, quiet)
        | metals_moments(collected, quiet)
        | elasticity_moments(answers)
    )


@dataclass(frozen=True)
class PointTask:
    """One population at one point of the parameters."""

    assumptions: tuple[str, ...]
    firms: int
    seed: int


def run_task(task: PointTask) -> dict[str, float]:
    """`moments_of` a task; empty where the model cannot be set up or breaks down."""
    try:
        return moments_of(task.assumptions, task.firms, task.seed)
    except ModelError:
        return {}


@dataclass(frozen=True)
class Observer:
    """The model as a function from parameters to figures.

    Attributes
    ----------
    outcomes : tuple of str
        Figures asked for, in order.
    firms, seeds : int
        Size of a population, and how many.
    assumptions : tuple of str
        ``KEY=VALUE``, the same at all points.
    pool : ProcessPoolExecutor
        Carries out the runs.
    told : callable
        Called with a number of points once they are done.
    """

    outcomes: tuple[str, ...]
    firms: int
    seeds: int
    assumptions: tuple[str, ...]
    pool: ProcessPoolExecutor
    told: Callable[[int], None] = lambda points: None

    def __call__(self, points: Sequence[Mapping[str, Any]]) -> Array:
        """Figures at some points, shape (point, seed, outcome); NaN where a run failed."""
        tasks = [
            PointTask(
                (*self.assumptions, *(f"{key}={value!r}" for key, value in point.items())),
                self.firms,
                seed,
            )
            for point in points
            for seed in range(1, self.seeds + 1)
        ]
        found = list(self.pool.map(run_task, tasks))
        self.told(len(points))
        figures = [[done.get(name, np.nan) for name in self.outcomes] for done in found]
        return np.array(figures).reshape(len(points), self.seeds, len(self.outcomes))
