"""The other seeds of a comparison: run, kept one by one as they end, and put together."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from abm.errors import OutputError
from experiments.outcomes.over_seeds import OverSeeds, add_intervals, of_seeds
from experiments.outcomes.summary import Summary
from experiments.outcomes.tables import RunFrames
from experiments.runs.on_disk.kept_seeds import keep_seed, kept_seeds, write_seeds
from experiments.runs.on_disk.run_folders import PROGRAM, check_destination
from experiments.runs.paired_seeds import PairedRuns, SeedAnswer, both_measured, run_seeds
from experiments.runs.progress import SeedProgress
from experiments.runs.stopping import STOPS, stop_signals


@dataclass(frozen=True)
class SeedsAsked:
    """Which seeds a comparison is to have.

    Attributes
    ----------
    first, count : int
        The first one's runs have the tables; the others follow it.
    workers : int or None
        Processes; one a processor unless given.
    quiet : bool
        Whether to show no progress.
    """

    first: int
    count: int
    workers: int | None = None
    quiet: bool = False

    @property
    def all(self) -> range:
        """Every one, in order."""
        return range(self.first, self.first + self.count)


@dataclass(frozen=True)
class SeedsFound:
    """What came of the seeds.

    Attributes
    ----------
    seeds : OverSeeds or None
        None with fewer than two.
    interrupted : bool
        Whether some were not run.
    notes : list of str
        Lines that the user should read.
    """

    seeds: OverSeeds | None
    interrupted: bool
    notes: list[str]


def find_seeds(
    comparison: PairedRuns,
    runs: tuple[RunFrames, RunFrames],
    summary: Summary,
    asked: SeedsAsked,
    out: Path | None,
) -> SeedsFound:
    """Run the seeds that a comparison still lacks, and write what all of them say.

    Ctrl-C or a request to terminate finishes the seeds in hand, a second one stops at
    once; seeds that have ended are kept either way.

    Parameters
    ----------
    comparison : PairedRuns
    runs : tuple of RunFrames
        The run and the reference of the first seed.
    summary : dict
        Of these; it gains intervals, see `experiments.outcomes.over_seeds.add_intervals`.
    asked : SeedsAsked
    out : Path or None
        The comparison's folder; None writes no results.

    Returns
    -------
    SeedsFound
    """
    first = both_measured(asked.first, {run.name: run.tables for run in runs})
    parts = {asked.first: first}
    if out is not None:
        parts |= {int(part["seed"].iloc[0]): part for part in kept_seeds(out)}
    missing = [seed for seed in asked.all if seed not in parts]
    failures = _run_missing(comparison, missing, asked, parts, out)
    found = of_seeds(parts.values(), *comparison.names, comparison.firms)
    if found is not None:
        add_intervals(summary, found)
        if out is not None:
            write_seeds(out, summary, found.table, found.seeds)
    left = [seed for seed in asked.all if seed not in parts and seed not in failures]
    notes = [f"Left out: {failure}." for failure in failures.values()]
    if left:
        go_on = f"; go on with: {PROGRAM} run --resume {out}" if out is not None else "."
        notes.append(
            f"Stopped after {len(parts)} of {asked.count} seeds: what is finished is kept{go_on}"
        )
    return SeedsFound(found, bool(left), notes)


def _run_missing(
    comparison: PairedRuns,
    missing: list[int],
    asked: SeedsAsked,
    parts: dict[int, pd.DataFrame],
    out: Path | None,
) -> dict[int, str]:
    """Run seeds, add what they say to ``parts``, and return why others say nothing."""
    failures: dict[int, str] = {}
    if not missing:
        return failures
    title = " against ".join(comparison.names)
    already = asked.count - len(missing)
    with SeedProgress(title, already, asked.count, quiet=asked.quiet) as progress:

        def finished(done: SeedAnswer) -> None:
            if done.table is None:
                failures[done.seed] = done.failure
            else:
                parts[done.seed] = done.table
                if out is not None:
                    _check_still_ours(out)
                    keep_seed(out, done.seed, done.table)
            progress.finish_one()

        # At the second request seeds in hand are given up: those that ended are in ``parts``.
        with stop_signals(progress.stopping, STOPS) as stops, suppress(KeyboardInterrupt):
            run_seeds(
                comparison, missing, workers=asked.workers, finished=finished,
                enough=lambda: stops,
            )  # fmt: skip
    return dict(sorted(failures.items()))


def _check_still_ours(out: Path) -> None:
    """Refuse a folder that is gone, or that somebody changed while the seeds were running."""
    if not out.is_dir():
        raise OutputError(f"{out}: is gone, so the results of its seeds cannot be kept")
    check_destination(out)
