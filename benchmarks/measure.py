"""Times and what they stand against, taken in turns.

The speed of a machine drifts, and others may use it. So before every round the
things it is compared with are timed as well: a fixed number of logarithms and
exponentials, the naive model at a thousand firms, another package. Ratios are taken
round by round, and the report gives their medians.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from abm.engine.parallel import thread_count
from experiments.speed.bound import Transcendentals
from experiments.speed.machine import NUMBERS, Speed, measured_speed

ROUNDS = 7
"""At least five are wanted; more where a round is short."""

YARDSTICK_FIRMS = 1_000
"""Firms of the naive model; its time grows in proportion, which `bench_cost_step` shows."""

SIZES = (1_000, 10_000, 100_000)
LARGE = 1_000_000


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes, once."""
    began = perf_counter()
    work()
    return perf_counter() - began


def scaled(work: Callable[[], object], firms: int, measured: int) -> Callable[[], float]:
    """Seconds that ``work`` would take for ``firms``, if it is for ``measured`` of them."""
    return lambda: seconds(work) * firms / measured


@dataclass
class Measurement:
    """One thing to measure, and how.

    Attributes
    ----------
    what : str
        As it stands in the table.
    firms : int
        Firms worked for in one round.
    work : callable
        What is timed.
    before : callable
        Puts everything back before each round, untimed.
    least : callable, optional
        Logarithms and exponentials needed, asked for after the last round.
    against : dict of str to callable
        Each times something else once and returns its seconds for as many firms.
    rounds, warm_ups : int
    notes : dict
        Further facts to store.
    """

    what: str
    firms: int
    work: Callable[[], object]
    before: Callable[[], object] = lambda: None
    least: Callable[[], Transcendentals] | None = None
    against: dict[str, Callable[[], float]] = field(default_factory=dict)
    rounds: int = ROUNDS
    warm_ups: int = 1
    notes: dict[str, Any] = field(default_factory=dict)

    def take(self, benchmark: BenchmarkFixture) -> None:
        """Time all rounds, and store what they stand against beside them."""
        speeds: list[Speed] = []
        others: dict[str, list[float]] = {name: [] for name in self.against}
        threads = thread_count()

        def get_ready() -> None:
            for name, other in self.against.items():
                self.before()
                others[name].append(other())
            self.before()
            speeds.append(measured_speed(threads))

        benchmark.pedantic(
            self.work, setup=get_ready, rounds=self.rounds, warmup_rounds=self.warm_ups
        )
        counted = slice(self.warm_ups, None)
        benchmark.extra_info.update(
            what=self.what,
            firms=self.firms,
            machine_seconds=[one_of_each(speed) for speed in speeds[counted]],
            against={name: times[counted] for name, times in others.items()},
            **self.notes,
        )
        if self.least is not None:
            least = self.least()
            benchmark.extra_info["least_work"] = vars(least)
            benchmark.extra_info["bound"] = [least.seconds(speed) for speed in speeds[counted]]


def one_of_each(speed: Speed) -> float:
    """Seconds for a fixed number of logarithms and as many exponentials."""
    return Transcendentals(NUMBERS, NUMBERS).seconds(speed)
