"""Reads what the benchmarks measured and says it: table, goals, figure, page.

    python -m benchmarks.page.performance_page RAW.json --out results/bench/latest
    python -m benchmarks.page.performance_page results/bench/latest results/bench/large --page

With ``--page`` the figures go into ``docs/performance.md`` and the files beside it.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from abm.errors import NearshoreError
from benchmarks.page.figure import in_seconds, scaling
from benchmarks.page.goals import GOALS
from benchmarks.page.recorded import FILE, Recording, Timing, read
from experiments.labels import NOTHING
from experiments.markdown import table
from experiments.runs.on_disk.run_folders import (
    FOLDER_FORMAT,
    MANIFEST,
    PROGRAM,
    check_destination,
    replaced_folder,
    write_json,
    write_manifest,
)
from experiments.speed.machine import in_words

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
PAGE_FIGURE = ROOT / "docs" / "figures" / "scaling.png"
PAGE_RESULTS = PAGE.with_suffix(".json")

MEASURED_BLOCK = re.compile(r"(<!-- measured: (?P<name>[a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)

HEADINGS = (
    "",
    "Firms",
    "Median",
    "Quartiles",
    "Firms a second",
    "Times the yardstick",
    "Times the bound",
    "Memory, GB",
)

NOISY = 0.25
"""Distance between quartiles, as a share of the median, from which a run is called noisy."""


def cells(row: Timing) -> tuple[str, ...]:
    """A row as the table shows it; same order as `HEADINGS`."""
    faster, bound = row.times_faster_than("yardstick"), row.times_bound
    memory = row.facts.get("peak_memory_bytes")
    return (
        row.what,
        f"{row.firms:,}",
        in_seconds(row.median),
        f"±{row.spread / 2:.0%}",
        f"{row.firms_per_second:,.0f}",
        NOTHING if faster is None else f"{faster:,.0f}",
        NOTHING if bound is None else f"{bound:.1f}",
        NOTHING if memory is None else f"{memory / 1e9:.2f}",
    )


def notes(results: Recording) -> Iterator[str]:
    """What the table has no column for, a sentence each."""
    polars = results.row("free cost in Polars")
    if polars is not None:
        slower = 1 / polars.times_faster_than("nearshore")
        yield f"Free cost, {polars.firms:,} firms: Polars takes {slower:.3g} times as long."
    agentpy = results.row("free cost in agentpy")
    if agentpy is not None:
        slower = 1 / agentpy.times_faster_than("nearshore")
        yield f"Free cost, {agentpy.firms:,} firms: agentpy takes {slower:,.0f} times as long."
    naive = results.of("cost step of the naive model")
    if len(naive) > 1:
        growth = naive[0].firms_per_second / naive[-1].firms_per_second
        yield (
            f"The naive model takes {growth:.2f} times as long a firm with {naive[-1].firms:,} "
            f"firms as with {naive[0].firms:,}; near 1 means that it may be scaled."
        )
    cost = results.row("cost step")
    if cost is not None and "binding" in cost.facts:
        yield (
            f"In the cost step the rule binds in {cost.facts['binding']:.1%} of firms, hosts and "
            f"regimes, of which there are {cost.facts['regimes']}."
        )
    noisy = sum(row.spread > NOISY for row in results)
    if noisy:
        yield (
            f"Noisy: in {noisy} of {len(results.rows)} rows the quartiles are more than "
            f"{NOISY:.0%} of the median apart. Measure again on a quiet machine."
        )


def print_report(results: Recording, console: Console | None = None) -> None:
    """Print the table, the goals and what else there is to say."""
    console = console or Console()
    table = Table(title=f"Benchmarks, {results.when}", box=None)
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number else "left")
    last = None
    for row in in_order(results):
        if last is not None and row.what != last:
            table.add_section()
        last = row.what
        table.add_row(*cells(row))
    console.print(table)
    for note in notes(results):
        console.print(note, highlight=False)
    goals = Table(title="Goals", box=None)
    for heading in ("", "Wanted", "Measured", "Met"):
        goals.add_column(heading)
    for goal in GOALS:
        goals.add_row(*goal.cells(results))
    console.print(goals)
    console.print(f"Measured on {in_words(results.machine)}.", highlight=False)


def in_order(results: Recording) -> list[Timing]:
    """Rows by what they measure, in the order first seen, then by size."""
    first = {row.what: -number for number, row in reversed(list(enumerate(results.rows)))}
    return sorted(results.rows, key=lambda row: (-first[row.what], row.firms))


def block_table(results: Recording) -> str:
    """The table, and what else there is to say."""
    sentences = "\n".join(f"- {note}" for note in notes(results))
    return (
        table(HEADINGS, [cells(row) for row in in_order(results)], right=True) + "\n\n" + sentences
    )


def block_goals(results: Recording) -> str:
    """What was wanted, measured and met."""
    heads = ("goal", "wanted", "measured", "met")
    return table(heads, [goal.cells(results) for goal in GOALS], right=True)


def block_machine(results: Recording) -> str:
    """Where and when it was measured."""
    revision = results.git_revision or "unknown"
    return f"{in_words(results.machine)}. Measured {results.when}, revision {revision[:12]}."


def block_phases(results: Recording) -> str:
    """A quarter by phase at every size: time and share."""
    rows = results.of("whole step")
    if not rows:
        return "Not measured."
    heads = ["phase"]
    for row in rows:
        heads += [f"{row.firms:,} firms", "share"]
    lines = []
    for name in rows[0].facts["phases"]:
        line = [name.replace("_", " ")]
        for row in rows:
            spent = row.facts["phases"][name]
            line += [in_seconds(spent), f"{spent / sum(row.facts['phases'].values()):.0%}"]
        lines.append(line)
    return table(heads, lines, right=True)


BLOCKS = {
    "machine": block_machine,
    "table": block_table,
    "goals": block_goals,
    "phases": block_phases,
}


def rewritten(page: str, results: Recording) -> str:
    """A page with all its measured blocks made from results."""
    return MEASURED_BLOCK.sub(
        lambda found: found[1] + BLOCKS[found["name"]](results) + "\n" + found[3], page
    )


def write_folder(out: Path, results: Recording, sources: Sequence[Path]) -> None:
    """Write results and figure, and keep what pytest-benchmark wrote beside them."""
    raw = {f"pytest-benchmark-{number}.json": path for number, path in enumerate(sources, start=1)}
    raw = {name: path.read_bytes() for name, path in raw.items() if path.is_file()}
    check_destination(out)
    with replaced_folder(out) as folder:
        write_json(folder / FILE, results.as_document())
        for name, content in raw.items():
            (folder / name).write_bytes(content)
        figure = scaling(results)
        pictures = [folder / "scaling.png", folder / "scaling.svg"]
        for picture in pictures:
            figure.savefig(picture)
        contents = [MANIFEST, FILE, *raw, *(picture.name for picture in pictures)]
        write_manifest(folder, {"format": FOLDER_FORMAT, "program": PROGRAM, "contents": contents})


def write_page(results: Recording) -> None:
    """Put results into the documentation, each file whole or not at all."""
    _replace_figure(PAGE_FIGURE, scaling(results))
    fresh = PAGE_RESULTS.with_name(f".{PAGE_RESULTS.name}-new")
    write_json(fresh, results.as_document())
    fresh.replace(PAGE_RESULTS)
    fresh = PAGE.with_name(f".{PAGE.name}-new")
    fresh.write_text(rewritten(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    fresh.replace(PAGE)


def _replace_figure(path: Path, figure: Figure) -> None:
    fresh = path.with_name(f".{path.name}-new")
    figure.savefig(fresh, format=path.suffix[1:])
    fresh.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line above and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.page.performance_page", description=__doc__.split("\n")[0]
    )
    parser.add_argument("results", nargs="+", type=Path, help="files or folders of results")
    parser.add_argument("--out", type=Path, help="folder to write")
    parser.add_argument("--page", action="store_true", help="rewrite docs/performance.md")
    asked = parser.parse_args(arguments)
    try:
        results = read(asked.results)
        print_report(results)
        if asked.out is not None:
            write_folder(asked.out, results, asked.results)
            print(f"Written: {asked.out}")
        if asked.page:
            write_page(results)
            print(f"Written: {PAGE.relative_to(ROOT)}")
    except NearshoreError as error:
        print(f"benchmarks.page.performance_page: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
