"""Models on their way side by side: set up, stepped, timed, and told of in a manifest."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import pandas as pd

from abm.errors import PhaseError, VerificationError
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from experiments.outcomes.summary import Summary
from experiments.outcomes.tables import RunFrames, check_tables
from experiments.runs.lines_modelled import LineShare, as_numbers, lines_far_off
from experiments.runs.on_disk.failure import failure_file, write_failure
from experiments.runs.on_disk.provenance import economy_facts
from experiments.runs.on_disk.run_folders import (
    COMPARISON_FILES,
    FOLDER_FORMAT,
    PROGRAM,
    RUN_FILES,
)


class Model(Protocol):
    """What the runner asks of a model."""

    @property
    def phase_seconds(self) -> Mapping[str, float]:
        """Seconds spent so far in each phase of the step."""

    @property
    def quarter(self) -> int:
        """The last one finished."""

    @property
    def firms_on_top(self) -> Mapping[str, int]:
        """Modelled firms without a plant in North America, by what they do instead."""

    @property
    def calibration_checksum(self) -> str:
        """Of the figures it started from."""

    def step(self) -> None:
        """One quarter."""

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables of all quarters so far."""


type ModelFactory = Callable[[Scenario, int, int], Model]
"""Scenario, number of firms and seed to a model at quarter 0."""

type Save = Callable[[Model, Path], None]
"""Model and an existing folder to a checkpoint in it."""

type WorldsBetween = Callable[[Scenario, RelocationModel], Mapping[str, Model]]
"""Scenario of the run and the reference to the worlds of its channels, by channel."""


def relocation_model(scenario: Scenario, firms: int, seed: int) -> Model:
    """The real model."""
    return RelocationModel(scenario, firms=firms, rng=seed)


@dataclass
class Simulation:
    """A model on its way, with the seconds it has taken, and its summary when it was kept last."""

    scenario: Scenario
    name: str
    seconds: float = 0.0
    broken: bool = False
    model: Model = field(init=False)
    lines: tuple[LineShare, ...] = ()
    summary: Summary = field(default_factory=dict)

    def set_up(self, factory: ModelFactory, firms: int, seed: int) -> None:
        """Make the model, and see now, not after the last quarter, that its tables can be kept."""
        began = perf_counter()
        self.model = factory(self.scenario, firms, seed)
        self.seconds += perf_counter() - began
        check_tables(self.model.frames())
        self.lines = lines_far_off(self.model, self.scenario)

    def step(self) -> None:
        """Take one quarter; ``broken`` while it is unfinished."""
        began = perf_counter()
        self.broken = True
        self.model.step()
        self.broken = False
        self.seconds += perf_counter() - began

    def frames(self) -> RunFrames:
        """Tables of all quarters so far."""
        return RunFrames(self.name, self.scenario.start, self.model.frames())

    def manifest(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What the folder of the run says of it."""
        return {
            "format": FOLDER_FORMAT,
            "program": PROGRAM,
            "contents": list(RUN_FILES),
            **facts,
            "calibration_checksum": self.model.calibration_checksum,
            "firms_on_top": self.model.firms_on_top,
            "economy": economy_facts(self.scenario),
            "lines_far_off": as_numbers(self.lines),
            "wall_seconds": round(self.seconds, 3),
            "scenario": self.scenario.model_dump(mode="json"),
        }


def worlds_between(
    run: Simulation, reference: Simulation, between: WorldsBetween
) -> dict[str, Simulation]:
    """The worlds whose headlines split the difference, by the channel that each adds."""
    assert isinstance(reference.model, RelocationModel)  # no other model can be followed
    made = between(run.scenario, reference.model)
    worlds = {name: Simulation(run.scenario, name) for name in made}
    for name, world in made.items():
        worlds[name].model = world
    return worlds


@contextmanager
def failure_written(
    pair: Sequence[Simulation],
    firms: int,
    seed: int,
    out: Path | None,
    facts: Mapping[str, Any],
) -> Iterator[None]:
    """Where a run breaks down, leave a file beside its folder that runs it again."""
    try:
        yield
    except PhaseError as error:
        broken = next((simulation for simulation in pair if simulation.broken), None)
        if out is not None and broken is not None:
            path = failure_file(out)
            write_failure(path, error, broken.scenario, firms, seed, facts.get("forked_from"))
            again = "NEARSHORE_VERIFY=1 " if isinstance(error, VerificationError) else ""
            error.args = (f"{error}; see it again with: {again}{PROGRAM} replay {path}",)
        raise


def seconds_by_phase(pair: Sequence[Simulation]) -> dict[str, float]:
    """Seconds in each phase, all models together."""
    total: dict[str, float] = {}
    for simulation in pair:
        for phase, seconds in simulation.model.phase_seconds.items():
            total[phase] = total.get(phase, 0.0) + seconds
    return total


def folder_name(name: str) -> str:
    """A scenario's name as every file system takes it, and none of our own files has it."""
    safe = re.sub(r"[^\w.-]+", "-", name)[:60].strip(".-") or "scenario"
    return f"{safe}-run" if safe in RUN_FILES + COMPARISON_FILES else safe
