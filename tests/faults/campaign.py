"""Schedules by their seeds: which kind each is, one carried out, many carried out.

A schedule is all that is done to one subject, drawn from one seed: what people do with it, what
goes wrong meanwhile, and what spoils its files in between. It ends as people would: what is there
is resumed, with no fault any more, and read. What then is read must be right to the last bit, or
be refused in one line; and where no file was changed behind the program's back, nothing may be
refused.
"""

import os
import random
import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.faults.of_runs import try_a_checkpoint, try_a_fork
from tests.faults.of_sessions import try_a_session
from tests.faults.of_sweeps import try_a_sweep
from tests.faults.trial import Trial, WrongError
from tests.in_this_process import in_this_process

SUBJECTS: dict[str, tuple[int, Callable[[Trial], None]]] = {
    "sweep": (80, try_a_sweep),
    "checkpoint": (12, try_a_checkpoint),
    "fork": (3, try_a_fork),
    "session": (5, try_a_session),
}
"""How many of a hundred schedules are of each, and what carries one out."""


@dataclass(frozen=True)
class Outcome:
    """How a schedule ended.

    Attributes
    ----------
    seed : int
    subject : str
    told : tuple of str
        What was done, in order.
    wrong : str
        What should not have been; ``""`` if all was right.
    refused, spoilt : bool
        Whether something was refused, and whether a file was changed.
    """

    seed: int
    subject: str
    told: tuple[str, ...]
    wrong: str
    refused: bool
    spoilt: bool


@dataclass
class Count:
    """What many schedules came to."""

    schedules: Counter[str] = field(default_factory=Counter)
    spoilt: int = 0
    refused: int = 0
    wrong: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.schedules[outcome.subject] += 1
        self.spoilt += outcome.spoilt
        self.refused += outcome.refused
        if outcome.wrong:
            self.wrong.append(outcome)


def subject_of(seed: int) -> str:
    """Which subject a schedule is of."""
    weights = [weight for weight, _ in SUBJECTS.values()]
    return random.Random(f"subject {seed}").choices(list(SUBJECTS), weights)[0]


@contextmanager
def readiness() -> Iterator[Path]:
    """What all schedules of a process share; a folder for theirs.

    No real disk is waited for: what one keeps and loses is played, in memory where there is some.
    """
    memory = Path("/dev/shm")
    folder = Path(mkdtemp(prefix="nearshore-faults-", dir=memory if memory.is_dir() else None))
    with ExitStack() as stack:
        stack.enter_context(in_this_process())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("NEARSHORE_CACHE", "")
        patch.setattr(os, "fsync", os.fstat)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def carry_out(seed: int, folder: Path) -> Outcome:
    """Carry out one schedule in a folder of its own below another."""
    subject = subject_of(seed)
    place = folder / f"{seed}"
    place.mkdir()
    trial, wrong = Trial(seed, place), ""
    try:
        SUBJECTS[subject][1](trial)
    except WrongError as found:
        wrong = str(found)
    except Exception:
        wrong = "a traceback:\n" + traceback.format_exc(limit=-8)
    finally:
        for left in folder.glob(f"{seed}*"):
            shutil.rmtree(left, ignore_errors=True)
    refused = any(line.startswith("refused") for line in trial.told)
    return Outcome(seed, subject, tuple(trial.told), wrong, refused, trial.spoilt)


def some(seeds: range) -> list[Outcome]:
    """Carry out schedules one after the other, in this process."""
    with readiness() as folder:
        return [carry_out(seed, folder) for seed in seeds]


_ready: list[Any] = []


def prepare() -> None:
    """Make this process, which has no other work, ready for `task`."""
    kept = readiness()
    _ready.extend([kept, kept.__enter__()])


def task(first: int, last: int) -> list[Outcome]:
    """Carry out schedules in a process that was prepared."""
    return [carry_out(seed, _ready[1]) for seed in range(first, last)]
