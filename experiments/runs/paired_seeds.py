"""The same comparison with other seeds: paired twins, each seed in a process of its own.

One seed is one set of firms and one course of luck, and what it says may be luck. So a run
and its reference are run again with other seeds, and the answer is told with the interval
of the paired difference. Both worlds of a seed have the same firms and draws; set up once,
they are twins. What is kept of a seed is its headlines, quarter by quarter. The tables of
a run's folder remain those of the first seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from abm.errors import ModelError, ScenarioError
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from abm.worlds.twin import alike, twin
from experiments.outcomes.over_seeds import measured
from experiments.runs.processes import each_done

SEEDS = 8
"""Of a comparison, where its size leaves the time."""

MOST_FIRM_QUARTERS = 100_000
"""Firms times quarters of a run up to which there are `SEEDS`; a larger one has fewer."""

FEWEST = 5
"""Seeds of a comparison however large it is, unless asked for fewer."""


def usual_seeds(firms: int, quarters: int) -> int:
    """How many seeds a comparison has if nobody says: 8, or down to 5 of a large one.

    The rule looks at the size alone, so that the same command gives the same on any machine.
    """
    return max(FEWEST, min(SEEDS, SEEDS * MOST_FIRM_QUARTERS // max(firms * quarters, 1)))


@dataclass(frozen=True)
class PairedRuns:
    """A run and its reference, as every seed has them.

    Attributes
    ----------
    run, reference : Scenario
    names : tuple of str
        Of the two, as folders and tables call them.
    firms, quarters : int
    """

    run: Scenario
    reference: Scenario
    names: tuple[str, str]
    firms: int
    quarters: int


@dataclass(frozen=True)
class OneSeed:
    """A comparison at one seed."""

    comparison: PairedRuns
    seed: int


@dataclass(frozen=True)
class SeedAnswer:
    """What a seed says, or why it says nothing.

    Attributes
    ----------
    seed : int
    table : pandas.DataFrame or None
        As `experiments.outcomes.over_seeds.measured`, both scenarios one after the other.
    failure : str
    """

    seed: int
    table: pd.DataFrame | None = None
    failure: str = ""


def run_seed(asked: OneSeed) -> SeedAnswer:
    """Run both scenarios of a comparison with one seed."""
    pair, seed = asked.comparison, asked.seed
    try:
        reference = RelocationModel(pair.reference, firms=pair.firms, rng=seed)
        if alike(pair.reference, pair.run):
            run = twin(reference, pair.run)
        else:
            run = RelocationModel(pair.run, firms=pair.firms, rng=seed)
        for model in (run, reference):
            model.run_for(pair.quarters)
    except (ModelError, ScenarioError) as error:
        return SeedAnswer(seed, failure=f"seed {seed}: {error}")
    models = zip(pair.names, (run, reference), strict=True)
    return SeedAnswer(seed, both_measured(seed, {name: model.frames() for name, model in models}))


def both_measured(seed: int, tables: dict[str, dict[str, pd.DataFrame]]) -> pd.DataFrame:
    """What is kept of both scenarios of a seed, given their tables by name."""
    parts = [measured(seed, name, frames) for name, frames in tables.items()]
    return pd.concat(parts, ignore_index=True)


def run_seeds(
    comparison: PairedRuns,
    seeds: Sequence[int],
    *,
    workers: int | None,
    finished: Callable[[SeedAnswer], None],
    enough: Callable[[], object] = lambda: False,
) -> None:
    """Run a comparison with several seeds, and hand each over as it comes.

    Parameters
    ----------
    comparison : PairedRuns
    seeds : sequence of int
    workers : int, optional
        Processes; one a processor unless given. The answer is the same with any number.
    finished : callable
        Called with each seed, in the order in which they end.
    enough : callable
        Asked now and then; once it holds, seeds in hand are finished and no more begun.
    """
    asked = [OneSeed(comparison, seed) for seed in seeds]
    for _, done in each_done(run_seed, asked, workers, enough=enough):
        finished(done)
