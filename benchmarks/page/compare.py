"""Sets two saved runs side by side and marks what changed by more than the noise.

    python -m benchmarks.page.compare results/bench/before results/bench/after

A machine is not equally fast at all times. Every round is therefore divided by what
the machine took, just before it, for a fixed number of logarithms and exponentials.
The ratio of the medians of these is the change. How far chance alone could have moved
it is found by drawing the rounds of both runs again with replacement (a bootstrap,
always the same draws): a change counts if the middle 95% of the ratios so drawn lie on
one side of one, and the ratio itself is beyond `BETWEEN_RUNS`, since two runs of the
same code differ by some percent in ways that no round within a run shows.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from abm.errors import NearshoreError
from benchmarks.page.figure import in_seconds
from benchmarks.page.recorded import Recording, Timing, read
from experiments.speed.machine import in_words

BETWEEN_RUNS = 0.05
"""Changes below are not told from those between two runs of the same code."""

DRAWS = 4_000
SEED_OF_INTERVALS = 1
MIDDLE = (0.025, 0.975)


@dataclass(frozen=True)
class Difference:
    """How one thing at one size differs between two runs.

    Attributes
    ----------
    before, after : Timing
    ratio : float
        Time after over time before, each in units of the machine's speed.
    low, high : float
        Where the middle 95% of ratios lie when rounds are drawn again.
    """

    before: Timing
    after: Timing
    ratio: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """``slower``, ``faster``, or nothing where noise may be all there is."""
        if self.low > 1 and self.ratio > 1 + BETWEEN_RUNS:
            return "slower"
        if self.high < 1 and self.ratio < 1 / (1 + BETWEEN_RUNS):
            return "faster"
        return ""


def change(before: Timing, after: Timing) -> Difference:
    """Compare one thing in two runs."""
    drawn = [_medians(row, SEED_OF_INTERVALS + place) for place, row in enumerate((before, after))]
    low, high = np.quantile(drawn[1] / drawn[0], MIDDLE)
    ratio = np.median(after.on_one_machine) / np.median(before.on_one_machine)
    return Difference(before, after, float(ratio), float(low), float(high))


def _medians(row: Timing, seed: int) -> np.ndarray:
    """Medians of the rounds drawn again and again, shape (draw,)."""
    rounds = np.array(row.on_one_machine)
    picks = np.random.default_rng(seed).integers(0, len(rounds), (DRAWS, len(rounds)))
    medians: np.ndarray = np.median(rounds[picks], axis=1)
    return medians


def changes(before: Recording, after: Recording) -> list[Difference]:
    """All that both runs measured at the same size."""
    pairs = ((before.row(row.what, row.firms), row) for row in after)
    return [change(old, new) for old, new in pairs if old is not None]


def print_comparison(before: Recording, after: Recording, console: Console | None = None) -> None:
    """Print both runs side by side."""
    console = console or Console()
    found = changes(before, after)
    table = Table(title=f"{before.when} against {after.when}", box=None)
    headings = ("", "Firms", "Before", "After", "Ratio", "95% of chance", "")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if 0 < number < len(headings) - 1 else "left")
    for one in found:
        colour = {"slower": "bold", "faster": ""}.get(one.verdict, "dim")
        table.add_row(
            one.after.what,
            f"{one.after.firms:,}",
            in_seconds(one.before.median),
            in_seconds(one.after.median),
            f"{one.ratio:.2f}",
            f"{one.low:.2f} to {one.high:.2f}",
            one.verdict,
            style=colour,
        )
    console.print(table)
    console.print(summary(found), highlight=False)
    if in_words(before.machine) != in_words(after.machine):
        console.print("The two runs are from different machines or versions:", highlight=False)
        for results in (before, after):
            console.print(f"  {in_words(results.machine)}", markup=False, highlight=False)


def summary(found: Sequence[Difference]) -> str:
    """How many are slower, faster and the same."""
    verdicts = [one.verdict for one in found]
    if not verdicts:
        return "The two runs have nothing in common."
    slower, faster = verdicts.count("slower"), verdicts.count("faster")
    return f"Of {len(verdicts)}: {slower} slower, {faster} faster, the others within the noise."


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line above and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.page.compare", description=__doc__.split("\n")[0]
    )
    parser.add_argument("before", type=Path, help="folder or file of results")
    parser.add_argument("after", type=Path, help="folder or file of results")
    asked = parser.parse_args(arguments)
    try:
        print_comparison(read([asked.before]), read([asked.after]))
    except NearshoreError as error:
        print(f"benchmarks.page.compare: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
