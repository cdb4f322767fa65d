"""What the model's speed is held to, and whether a run of the benchmarks keeps it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.page.recorded import Recording

MILLION = 1_000_000
GB = 1e9


@dataclass(frozen=True)
class Goal:
    """One bound.

    Attributes
    ----------
    text : str
        What is measured.
    value : callable
        Results to the figure, None where it was not measured.
    limit : float
    at_least : bool
        Whether the limit is to be reached or not to be exceeded.
    unit : str
        Written after the figure.
    """

    text: str
    value: Callable[[Recording], float | None]
    limit: float
    unit: str
    at_least: bool = False

    def cells(self, results: Recording) -> tuple[str, str, str, str]:
        """Text, limit, figure and whether it is met."""
        sign = "at least" if self.at_least else "at most"
        limit = f"{sign} {self._written(self.limit)}"
        value = self.value(results)
        if value is None:
            return self.text, limit, "not measured", ""
        met = value >= self.limit if self.at_least else value <= self.limit
        return self.text, limit, self._written(value), "yes" if met else "no"

    def _written(self, value: float) -> str:
        return f"{value:,.3g}{self.unit}" if value < 1000 else f"{value:,.0f}{self.unit}"


def seconds(what: str, firms: int) -> Callable[[Recording], float | None]:
    """Median seconds at one size."""

    def value(results: Recording) -> float | None:
        row = results.row(what, firms)
        return None if row is None else row.median

    return value


def seconds_per_million(results: Recording) -> float | None:
    """Cost step at the largest size measured, as if for a million firms."""
    row = results.row("cost step")
    return None if row is None else row.median * MILLION / row.firms


def times_faster(
    what: str, other: str, firms: int | None = None
) -> Callable[[Recording], float | None]:
    """How many times faster than something else, at the largest size or a given one."""

    def value(results: Recording) -> float | None:
        row = results.row(what, firms)
        return None if row is None else row.times_faster_than(other)

    return value


def times_faster_than_polars(results: Recording) -> float | None:
    """The other way round: there Polars was timed and we stood beside it."""
    row = results.row("free cost in Polars")
    ours = None if row is None else row.times_faster_than("nearshore")
    return None if ours is None else 1 / ours


def times_bound(results: Recording) -> float | None:
    """Cost step at the largest size over its bound."""
    row = results.row("cost step")
    return None if row is None else row.times_bound


def peak_memory(results: Recording) -> float | None:
    """Gigabytes that a million firms take."""
    row = results.row("whole step", MILLION)
    peak = None if row is None else row.facts.get("peak_memory_bytes")
    return None if peak is None else peak / GB


def growth_per_firm(results: Recording) -> float | None:
    """Percent by which a firm costs more among a million than among ten thousand."""
    small, large = results.row("whole step", 10_000), results.row("whole step", MILLION)
    if small is None or large is None:
        return None
    return 100 * (small.firms_per_second / large.firms_per_second - 1)


def engine(name: str) -> Callable[[Recording], float | None]:
    """A figure of the engine of sweeps."""
    return lambda results: results.engine.get(name)


def engine_growth(results: Recording) -> float | None:
    """Percent by which a hundred times as many runs swell the main process of a sweep."""
    few, many = (results.engine.get(f"peak_mb_{runs}_runs") for runs in (100, 10_000))
    return None if few is None or many is None else 100 * (many / few - 1)


GOALS = (
    Goal("Cost step, a million firms, four regimes", seconds_per_million, 2, " s"),
    Goal(
        "Cost step against the naive model",
        times_faster("cost step", "yardstick"),
        300,
        " times",
        at_least=True,
    ),
    Goal("Free cost against Polars", times_faster_than_polars, 10, " times", at_least=True),
    Goal("Cost step against its bound", times_bound, 5, " times"),
    Goal("Whole step, a million firms", seconds("whole step", MILLION), 10, " s"),
    Goal("Memory, a million firms", peak_memory, 6, " GB"),
    Goal("Set-up, a million firms", seconds("set-up", MILLION), 90, " s"),
    Goal("Whole step, 100,000 firms", seconds("whole step", 100_000), 0.8, " s"),
    Goal("Whole step, 10,000 firms", seconds("whole step", 10_000), 0.08, " s"),
    Goal(
        "Whole step without news, 10,000 firms",
        seconds("whole step without news", 10_000),
        0.08,
        " s",
    ),
    Goal("Growth of time per firm, 10,000 to a million", growth_per_firm, 15, "%"),
    Goal(
        "Cost step, all threads against one",
        times_faster("cost step", "one thread"),
        1.6,
        " times",
        at_least=True,
    ),
    Goal(
        "Whole step, all threads against one",
        times_faster("whole step", "one thread"),
        1.6,
        " times",
        at_least=True,
    ),
    Goal("Sweeps: overhead of a run", engine("overhead_ms_a_run"), 5, " ms"),
    Goal(
        "Sweeps: two workers against one",
        engine("two_workers_speed_up"),
        1.8,
        " times",
        at_least=True,
    ),
    Goal("Sweeps: resume of 10,000 finished runs", engine("resume_seconds_10000_runs"), 2, " s"),
    Goal("Sweeps: memory, 10,000 runs against 100", engine_growth, 10, "% more"),
)
"""On two cores; ratios at the largest size measured."""
