"""Runs every design at every seed, on all processors, with the same result on any number."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from abm.errors import ModelError
from abm.model import RelocationModel
from abm.worlds.twin import alike, twin
from experiments.outcomes.observing import Look
from experiments.runs.processes import process_pool
from experiments.scenarios.designs import Design
from experiments.validation.finding import Results
from experiments.validation.measuring import Measures, run_and_measure

FIRMS = 1_000
"""Per run; effects are paired by seed, so that few firms suffice."""

SEEDS = 20


@dataclass(frozen=True)
class Task:
    """All designs at one seed under the same further assumptions.

    ``measure`` runs a model for so many quarters and names what came out; ``looks`` are what
    else is looked at in the finished run of a design, by its name. All are importable by name.
    """

    designs: tuple[Design, ...]
    firms: int
    seed: int
    assumptions: tuple[str, ...] = ()
    measure: Callable[[RelocationModel, int], Measures] = run_and_measure
    looks: Mapping[str, tuple[Look, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """Measures by design, or why there are none."""

    measures: dict[str, Measures]
    failure: str | None = None


def run_task(task: Task) -> Done:
    """Set one population up and run every design on it.

    A population that cannot be calibrated, or a run that breaks down, fails the whole
    seed, so that comparisons stay paired.
    """
    fresh: list[RelocationModel] = []
    measures = {}
    try:
        for design in task.designs:
            scenario = design.load(task.assumptions)
            donor = next((model for model in fresh if alike(model.scenario, scenario)), None)
            if donor is None:
                donor = RelocationModel(scenario, firms=task.firms, rng=task.seed)
                fresh.append(donor)
            model = twin(donor, scenario)
            found = task.measure(model, design.quarters)
            for look in task.looks.get(design.name, ()):
                found = found | look(model)
            measures[design.name] = found
    except ModelError as error:
        return Done({}, f"seed {task.seed}: {error}")
    return Done(measures)


def run_all(
    tasks: Sequence[Task],
    workers: int | None = None,
    finished: Callable[[], None] = lambda: None,
    *,
    portable: bool = False,
) -> list[Done]:
    """Carry out tasks in processes of their own; answers are in the order of the tasks.

    Parameters
    ----------
    tasks : sequence of Task
    workers : int, optional
        Processes; one a processor unless given.
    finished : callable
        Called after every task.
    portable : bool
        As for `experiments.runs.processes.settings_of_workers`.
    """
    done = []
    with process_pool(workers, portable=portable) as pool:
        for answer in pool.map(run_task, tasks):
            done.append(answer)
            finished()
    return done


def collected(done: Iterable[Done]) -> tuple[Results, list[str]]:
    """Results of the seeds that ran, and what became of the others."""
    good, failures = [], []
    for answer in done:
        if answer.failure is None:
            good.append(answer.measures)
        else:
            failures.append(answer.failure)
    names = good[0] if good else {}
    return Results({name: [seed[name] for seed in good] for name in names}), failures
