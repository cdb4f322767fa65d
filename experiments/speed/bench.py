"""How fast a scenario runs on this machine: set-up, quarter by phase, memory.

Every number of firms has a process of its own, so that its memory is its own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from abm.base_year.population import SMALLEST_FIRMS
from abm.engine.parallel import thread_count
from abm.errors import ScenarioError
from abm.kept_set_ups import set_up_anew
from abm.model import RelocationModel
from abm.scenario.scenario import Scenario
from experiments.labels import NOTHING
from experiments.narrow import WholeNumbers
from experiments.runs.on_disk.provenance import git_revision, processor
from experiments.runs.on_disk.run_folders import (
    FOLDER_FORMAT,
    MANIFEST,
    PROGRAM,
    check_destination,
    replaced_folder,
    write_json,
    write_manifest,
)
from experiments.runs.processes import in_own_process
from experiments.speed.bound import of_cost_step
from experiments.speed.machine import description, in_words, measured_speed, peak_memory

RESULT = "bench.json"

FEW = 5
"""Quarters below which a median says little."""

GIB = 1024**3


@dataclass(frozen=True)
class SizeResult:
    """What one number of firms took.

    Attributes
    ----------
    firms : int
    set_up_seconds : float
        Population, calibration, network and agents.
    quarter_seconds : list of float
        One a quarter.
    phase_seconds : dict of str to list of float
        The same by phase.
    bound_seconds : list of float
        What the logarithms and exponentials of each quarter's cost step take by themselves.
    peak_memory_bytes : int or None
        The most the process held, interpreter and libraries included.
    """

    firms: int
    set_up_seconds: float
    quarter_seconds: list[float]
    phase_seconds: dict[str, list[float]]
    bound_seconds: list[float]
    peak_memory_bytes: int | None

    @property
    def quarter(self) -> float:
        """Median seconds of a quarter."""
        return median(self.quarter_seconds)

    def phase(self, name: str) -> float:
        """Median seconds of a phase."""
        return median(self.phase_seconds[name])

    @property
    def times_bound(self) -> float:
        """Median of the cost phase over its bound."""
        return median(
            seconds / bound
            for seconds, bound in zip(
                self.phase_seconds["solve_costs"], self.bound_seconds, strict=True
            )
        )


@dataclass(frozen=True)
class BenchResult:
    """What all sizes took, and on what machine."""

    scenario: str
    quarters: int
    seed: int
    machine: dict[str, object]
    sizes: list[SizeResult]


def measure_size(scenario: Scenario, firms: int, quarters: int, seed: int) -> SizeResult:
    """Set a model up and run it, clock in hand.

    Parameters
    ----------
    scenario : Scenario
    firms, quarters, seed : int

    Returns
    -------
    SizeResult
    """
    began = perf_counter()
    with set_up_anew():
        model = RelocationModel(scenario, firms=firms, rng=seed)
    set_up = perf_counter() - began
    threads = thread_count()
    quarter_seconds, bound_seconds = [], []
    phase_seconds: dict[str, list[float]] = {}
    for _ in range(quarters):
        before = dict(model.phase_seconds)
        began = perf_counter()
        model.step()
        quarter_seconds.append(perf_counter() - began)
        for name, seconds in model.phase_seconds.items():
            if not name.startswith("_"):
                phase_seconds.setdefault(name, []).append(seconds - before.get(name, 0.0))
        least = of_cost_step(model.firms.sector, model.terms, model.costs)
        bound_seconds.append(least.seconds(measured_speed(threads)))
    return SizeResult(firms, set_up, quarter_seconds, phase_seconds, bound_seconds, peak_memory())


def bench(
    scenario: Scenario,
    sizes: Sequence[int],
    *,
    quarters: int,
    seed: int,
    out: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> BenchResult:
    """Measure a scenario at some numbers of firms, and write the figures down.

    Parameters
    ----------
    scenario : Scenario
    sizes : sequence of int
        Numbers of firms.
    quarters, seed : int
    out : Path, optional
        Folder to write.
    progress : callable, optional
        Told what is measured next.

    Returns
    -------
    BenchResult

    Raises
    ------
    ScenarioError
        If a number of firms is too small; seen before anything is measured.
    OutputError
        If the folder cannot be written.
    """
    for firms in sizes:
        if firms < SMALLEST_FIRMS:
            raise ScenarioError(f"firms: {firms}; at least {SMALLEST_FIRMS} are needed")
    if out is not None:
        check_destination(out)
    started = datetime.now(UTC)
    measured = []
    for firms in sizes:
        progress(f"{scenario.name}, {firms:,} firms, {quarters} quarters")
        measured.append(in_own_process(measure_size, scenario, firms, quarters, seed))
    result = BenchResult(scenario.name, quarters, seed, description(), measured)
    if out is not None:
        _write(out, result, scenario, started)
    return result


def _write(out: Path, result: BenchResult, scenario: Scenario, started: datetime) -> None:
    check_destination(out)
    with replaced_folder(out) as folder:
        write_json(folder / RESULT, asdict(result))
        manifest = {
            "format": FOLDER_FORMAT,
            "program": PROGRAM,
            "contents": [MANIFEST, RESULT],
            "started": started.isoformat(timespec="seconds"),
            "git_revision": git_revision(),
            **processor(),
            "scenario": scenario.model_dump(mode="json"),
        }
        write_manifest(folder, manifest)


def print_bench(result: BenchResult, console: Console | None = None) -> None:
    """Print what was measured: a line a size, then a line a phase."""
    console = console or Console()
    console.print(sizes_table(result))
    console.print(phases_table(result))
    machine = in_words(result.machine)
    console.print(f"Measured on {machine}.", markup=False, highlight=False)
    if result.quarters < FEW:
        console.print(
            f"Medians are of {result.quarters} quarters; with --quarters {FEW} or more they "
            "would say more.",
            highlight=False,
        )


def sizes_table(result: BenchResult) -> Table:
    """Set-up, quarter, speed and memory, a row a number of firms."""
    heads = (
        "Firms",
        "Quarter, ms",
        "Set-up, s",
        "Memory, GiB",
        "Slowest, ms",
        "Firms a second",
        "Costs, times\nthe bound",
    )
    title = f"{result.scenario}, {result.quarters} quarters"
    table = WholeNumbers(title=title, box=None, drops=heads[:1:-1])
    for heading in heads:
        table.add_column(heading, justify="right")
    for size in result.sizes:
        memory = size.peak_memory_bytes
        table.add_row(
            f"{size.firms:,}",
            milliseconds(size.quarter),
            f"{size.set_up_seconds:.1f}",
            NOTHING if memory is None else f"{memory / GIB:.2f}",
            milliseconds(max(size.quarter_seconds)),
            f"{size.firms / size.quarter:,.0f}",
            f"{size.times_bound:.1f}",
        )
    return table


def phases_table(result: BenchResult) -> Table:
    """Median milliseconds of every phase and its share of their sum, two columns a size."""
    table = WholeNumbers(title="A quarter by phase", box=None, drops=("Share",))
    table.add_column("Phase")
    for size in result.sizes:
        table.add_column(f"{size.firms:,} firms, ms", justify="right")
        table.add_column("Share", justify="right")
    for name in result.sizes[0].phase_seconds:
        table.add_row(name.replace("_", " "), *_phase_cells(name, result.sizes))
    return table


def _phase_cells(name: str, sizes: Iterable[SizeResult]) -> list[str]:
    cells = []
    for size in sizes:
        total = sum(size.phase(phase) for phase in size.phase_seconds)
        cells += [milliseconds(size.phase(name)), f"{size.phase(name) / total:.0%}"]
    return cells


def milliseconds(seconds: float) -> str:
    """Seconds as thousandths, with three digits that count."""
    value = 1000 * seconds
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
