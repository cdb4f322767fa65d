"""Results of the same runs taken from other sweeps."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from abm.errors import StoreError
from experiments.sweeps.design.run_spec import RUN, Report, RunSpec
from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.maker import Facts, Makers
from experiments.sweeps.store.merge import outcome_tables
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.workers.one_run import check_outcomes


def check_reusable(folders: Sequence[Path], here: Facts) -> None:
    """Refuse sweeps whose results may not stand beside those made here.

    Raises
    ------
    StoreError
        If one is damaged, or made by others than may be mixed.
    """
    for folder in folders:
        for maker in consistently(folder, lambda store, history: history.makers):
            Makers([here]).admit(maker, f"--reuse {folder}")


def take_from_others(
    store: SweepStore,
    history: History,
    recorder: Recorder,
    specs: Sequence[RunSpec],
    folders: Sequence[Path],
    notes: list[str],
) -> History:
    """Copy results of the same runs from other sweeps; return the history with them.

    Raises
    ------
    StoreError
        If a sweep is damaged, or its results may not stand beside those that are there;
        none of its results is taken then.
    """
    for folder in folders:
        wanted = {spec.run for spec in specs} - history.done
        reports = _reports_of(folder, wanted)
        for maker in [report.maker for report in reports if report.maker is not None]:
            recorder.makers.admit(maker, f"--reuse {folder}")
        for report in reports:
            recorder.take(report)
        recorder.note("reused", folder=str(folder), runs=len(reports))
        recorder.flush()
        history = store.history()
        notes.append(f"{len(reports)} results taken from {folder}.")
    return history


def _reports_of(folder: Path, wanted: set[str]) -> list[Report]:
    """Return the wanted results of a sweep, each with whoever made it."""

    def read(other: SweepStore, history: History) -> list[Report]:
        makers, maker_of = history.makers, history.maker_of()
        found: dict[str, Report] = {}
        for table in outcome_tables(other, history):
            for row in table.to_pylist():
                run = row.pop(RUN)
                if run in wanted and run not in found:
                    _check(folder, run, row)
                    seconds = history.seconds.get(run, 0.0)
                    report = Report(run, row, seconds=seconds, host="reused")
                    found[run] = replace(report, maker=dict(makers[maker_of[run]]))
        return list(found.values())

    return consistently(folder, read)


def _check(folder: Path, run: str, outcomes: dict[str, float | None]) -> None:
    try:
        check_outcomes(outcomes)
    except (TypeError, ValueError) as error:
        raise StoreError(f"{folder}: run {run}: {error}") from None
