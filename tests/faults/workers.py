"""Workers that are killed, slow or hang, and messages that come twice or in another order."""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

import pytest
from pebble import ProcessExpired

import experiments.sweeps.work.sweep as sweeps
from experiments.sweeps.design.run_spec import Report, RunSpec
from experiments.sweeps.workers import chunk

SLOW_SECONDS = 0.004


class Faults:
    """What happens to runs: of each, the same whichever thread asks first.

    Parameters
    ----------
    seed : float
    often : float
        Share of runs that something happens to.
    """

    def __init__(self, seed: float, often: float) -> None:
        self._seed, self.often = seed, often
        self._tries: Counter[str] = Counter()

    def luck_of(self, spec: RunSpec) -> random.Random:
        """The luck of one more try of a run."""
        self._tries[spec.run] += 1
        return random.Random(f"{self._seed} {spec.run} {self._tries[spec.run]}")


class UnreliablePool:
    """In the place of a process of pebble: does what it is asked here, and not always."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._broken = False

    def schedule(self, function, args, timeout=None) -> Future:
        if self._broken:
            raise RuntimeError("The pool is not active")
        task: Future = Future()
        luck = self._faults.luck_of(args[1])
        fault = luck.choice(FAULTS) if luck.random() < self._faults.often else "none"
        if fault == "not begun":  # for ever, as where the process was killed between two runs
            self._broken = luck.random() < 0.5
            return task
        task.set_running_or_notify_cancel()
        if fault == "killed":
            task.set_exception(ProcessExpired("Abnormal termination", code=-signal.SIGKILL))
        elif fault == "hangs":
            task.set_exception(TimeoutError("Task timeout"))
        elif fault == "slow":
            result = function(*args)
            threading.Timer(SLOW_SECONDS, task.set_result, [result]).start()
        else:
            task.set_result(function(*args))
        return task

    def stop(self) -> None:
        self._broken = True

    def join(self) -> None:
        pass


FAULTS = ("killed", "hangs", "slow", "not begun")


def muddled(reports: Iterator[Report | None], luck: random.Random) -> Iterator[Report | None]:
    """Messages that come late, in another order, and some of them twice."""
    held: list[Report | None] = []
    told: list[Report] = []
    for report in reports:
        held.append(report)
        if report is not None and luck.random() < 0.3:
            told.append(report)
        while len(held) > luck.randint(0, 4):
            yield held.pop(luck.randrange(len(held)))
        if told and luck.random() < 0.3:
            yield luck.choice(told)
    luck.shuffle(held)
    yield from held
    yield from told


@contextmanager
def workers_here() -> Iterator[None]:
    """Let workers carry out their runs in this process, and never fail."""
    with pytest.MonkeyPatch.context() as patch:
        reliable = Faults(0.0, often=0.0)
        patch.setattr(chunk.Worker, "_new_pool", lambda worker: UnreliablePool(reliable))
        patch.setattr(chunk, "START_SECONDS", 0.0)
        patch.setattr(chunk, "_LOOK_SECONDS", 0.002)
        yield


def make_unreliable(patch: pytest.MonkeyPatch, luck: random.Random) -> str:
    """Let workers of this process fail and messages be muddled; return how."""
    often = luck.choice([0.0, 0.2, 0.5, 0.9])
    muddle = luck.random() < 0.7
    faults, order = Faults(luck.random(), often), random.Random(luck.random())
    patch.setattr(chunk.Worker, "_new_pool", lambda worker: UnreliablePool(faults))
    real = sweeps._backend

    def backend(*given):
        reports = real(*given)

        def work(specs: Sequence[RunSpec]) -> Iterator[Report | None]:
            yield from muddled(reports(specs), order) if muddle else reports(specs)

        return work

    patch.setattr(sweeps, "_backend", backend)
    return f"workers fail in {often:.0%} of runs, messages {'muddled' if muddle else 'in order'}"
