"""Folders of one sweep joined: shards that ran on disks of their own, or in an object store."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from abm.errors import OutputError
from experiments.exit_codes import RESUME_ME, SOME_FAILED
from experiments.runs.on_disk.run_folders import MANIFEST
from experiments.sweeps.design.run_spec import RUN
from experiments.sweeps.store.elsewhere import Source, opened
from experiments.sweeps.store.maker import Makers
from experiments.sweeps.store.merge import merge, set_damaged_aside
from experiments.sweeps.store.parts import as_parquet
from experiments.sweeps.store.recorder import Recorder
from experiments.sweeps.store.run_log import History, Part
from experiments.sweeps.store.store import SweepStore, check_new_folder
from experiments.sweeps.work.repairing import mend_logs
from experiments.sweeps.work.sweep import check_writable

WRITER = "merge"

FACTS = {"run", "kind", "message", "trace", "seconds", "host"}
"""Of a failure, which a log of its own tells again."""


@dataclass
class Joined:
    """How a sweep stands after others were joined to it.

    Attributes
    ----------
    folder : Path
    runs, done, failed : int
    notes : list of str
        Lines that the user should read.
    """

    folder: Path
    runs: int = 0
    done: int = 0
    failed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """Exit code: as of a sweep that stands so."""
        if self.done == self.runs:
            return 0
        return SOME_FAILED if self.done + self.failed == self.runs else RESUME_ME


def join(places: Sequence[str], out: Path) -> Joined:
    """Take the results of folders of one sweep into another, made for it or there already.

    Results that are there are not taken again, so more may be joined later.

    Parameters
    ----------
    places : sequence of str
        Folders, or paths of fsspec.
    out : Path

    Raises
    ------
    OutputError
        If one is of another sweep, or cannot be read; nothing is written then.
    StoreError
        If one is damaged: what was taken before stays. Or if results may not be mixed.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(opened(place)) for place in places]
        there = (out / MANIFEST).exists() or (out / MANIFEST).is_symlink()
        target = SweepStore.open(out) if there else None
        first = sources[0].store if target is None else target
        makers = Makers(target.history().makers if target else ())
        for source in sources:
            _check_same(source, first, str(out) if target else sources[0].place)
            for maker in source.history.makers:
                makers.admit(maker, source.place)
        if target is None:
            check_new_folder(out)
            check_writable(out)
            target = first.copied(out)
        joined = Joined(out, notes=list(makers.notes))
        with target.locked():
            _take_all(target, sources, joined)
        return joined


def _check_same(source: Source, first: SweepStore, named: str) -> None:
    """Refuse a folder that is of another sweep than the first."""
    mine, theirs = source.store.manifest, first.manifest
    for key in ("sweep", "sha256", "scenarios", "quarters"):
        if mine[key] != theirs[key]:
            differs = key
            if key == "sweep":
                differs = next(k for k in mine[key] if mine[key][k] != theirs[key].get(k))
            raise OutputError(
                f"{source.place}: is of another sweep than {named}; they differ in {differs}"
            )


def _take_all(target: SweepStore, sources: Sequence[Source], joined: Joined) -> None:
    joined.notes += mend_logs(target, WRITER)
    recorder = Recorder(target, WRITER)
    try:
        history = target.history()
        joined.notes += set_damaged_aside(target, history, recorder)
        known = set(target.design()[RUN].to_pylist())
        done = history.done
        for source in sources:
            before = len(done)
            for part in source.history.parts.values():
                _take(source, part, recorder, known, done)
            _take_failures(source.history, recorder, known - done, history)
            joined.notes.append(f"{source.place}: {len(done) - before} results taken.")
        history = target.history()
        joined.notes += merge(target, history, recorder) if history.parts else []
        joined.runs, joined.done = len(known), len(history.done & known)
        joined.failed = len(set(history.failed) & known)
    finally:
        recorder.close()


def _take(source: Source, part: Part, recorder: Recorder, known: set[str], done: set[str]) -> None:
    """Write what is new of a part, a part a maker, and add its runs to those that are done."""
    new: dict[int, list[int]] = {}
    seen = set(done)
    for row, (run, maker) in enumerate(zip(part.runs, part.made_by, strict=True)):
        if run in known and run not in seen:
            seen.add(run)
            new.setdefault(maker, []).append(row)
    if not new:
        return
    table, content = source.table(part)
    for maker, rows in new.items():
        file = content, part.sha256
        if len(rows) < len(table):
            file = as_parquet(table.take(pa.array(rows)))
        runs = [part.runs[row] for row in rows]
        told = [source.history.seconds.get(run) for run in runs]
        seconds = [each for each in told if each is not None]
        recorder.adopt(
            file,
            runs,
            seconds=seconds if len(seconds) == len(runs) else [],
            hosts=sorted({session.host for session in source.history.sessions}),
            maker=part.makers[maker],
        )
        done.update(runs)


def _take_failures(theirs: History, recorder: Recorder, pending: set[str], mine: History) -> None:
    for run, failure in theirs.failed.items():
        if run in pending and run not in mine.failed:
            facts = failure.model_dump(
                include={"run", "kind", "message", "trace", "seconds", "host"}
            )
            recorder.note("failed", **facts)
            mine.failed[run] = failure
