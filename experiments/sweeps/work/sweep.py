"""Carry out a sweep: begin it, go on with it, extend it, or say what it would take."""

import os
import platform
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from abm.config.keys import shown
from abm.errors import OutputError, ScenarioError, StoreError
from experiments.runs.processes import environment_of_workers
from experiments.runs.provenance import git_revision, processor, versions
from experiments.sweeps.design.plan import make_plan
from experiments.sweeps.design.points import EXTENDABLE
from experiments.sweeps.design.run_spec import Report, RunFunction, RunSpec
from experiments.sweeps.design.sweep_file import SweepFile, read_sweep
from experiments.sweeps.store.merge import merge, outcome_tables, set_damaged_aside
from experiments.sweeps.store.parts import RUN
from experiments.sweeps.store.recorder import FLUSH_SECONDS, Recorder
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import WHOLE, SweepStore, check_new_folder, locked
from experiments.sweeps.work import backends, cluster
from experiments.sweeps.work.chunk import Limits, Worker
from experiments.sweeps.work.one_run import simulate
from experiments.sweeps.work.progress import SweepProgress
from experiments.sweeps.work.supervisor import RESUME_ME, SOME_FAILED, Ending, StopRules, work

KINDS_OF_FAILURE = ("error", "timeout", "memory", "killed")


@dataclass(frozen=True)
class Options:
    """How a sweep is carried out; nothing here changes a result but ``portable``.

    Attributes
    ----------
    workers : int
        Processes of this machine.
    dask : str or None
        Address of a scheduler to use instead.
    shard : tuple of int, or None
        The k-th of n parts of the sweep, from 1.
    resume : bool
        Go on with what the folder holds.
    retry_failed : tuple of str
        Kinds of failure that are run again.
    extend : tuple of str
        ``KEY=VALUE`` changes that make the sweep larger.
    reuse : tuple of Path
        Other sweeps whose results are taken where runs are the same.
    limits : Limits
    rules : StopRules
    portable : bool
    flush_seconds : float
    quiet : bool
    """

    workers: int = 1
    dask: str | None = None
    shard: tuple[int, int] | None = None
    resume: bool = False
    retry_failed: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()
    reuse: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)
    rules: StopRules = field(default_factory=StopRules)
    portable: bool = False
    flush_seconds: float = FLUSH_SECONDS
    quiet: bool = False


@dataclass
class SweepResult:
    """How a sweep stands after some work on it.

    Attributes
    ----------
    folder : Path
    runs, done, failed : int
        Of the sweep, or of the shard.
    code : int
        Exit code.
    notes : list of str
        Lines that the user should read.
    """

    folder: Path
    runs: int
    done: int
    failed: int
    code: int
    notes: list[str] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Runs that are neither done nor failed."""
        return self.runs - self.done - self.failed


def run_sweep(
    source: str | Path,
    out: Path,
    options: Options | None = None,
    *,
    run_one: RunFunction = simulate,
) -> SweepResult:
    """Carry out a sweep, or what is left of it, into a folder.

    Parameters
    ----------
    source : str or Path
        Name of a shipped sweep, or a TOML file.
    out : Path
        Its folder.
    options : Options, optional
    run_one : callable, optional
        Carries out one run; importable by its name.

    Raises
    ------
    ScenarioError, OutputError
        If the file or the folder will not do; nothing is written then.
    StoreError
        If the folder is damaged, or in use by another program.
    """
    options = options or Options()
    sweep, beside = read_sweep(source)
    if options.extend and not (out / "manifest.json").exists():
        raise OutputError(f"{out}: holds no sweep to extend")
    name = WHOLE if options.shard is None else "shard-{}-of-{}".format(*options.shard)
    notes: list[str] = []
    if options.resume or options.extend or (options.shard and (out / "manifest.json").exists()):
        SweepStore.open(out)
        _check_backend(options)
    else:
        plan = make_plan(sweep, beside)
        check_new_folder(out)
        check_writable(out)
        _check_backend(options)
        with locked(out):
            if not (out / "manifest.json").exists():  # another shard may have been quicker
                SweepStore.create(out, plan, facts_of(options))
    with locked(out, name):
        store = SweepStore.open(out)
        check_same(store, sweep, beside)
        if options.extend:
            store = _extended(store, options.extend)
        result = carry_on(store, options, run_one, notes, name=name)
    if options.shard is not None and result.code not in (RESUME_ME, 130):
        _merge_if_last(out, notes)
    return result


def carry_on(
    store: SweepStore,
    options: Options,
    run_one: RunFunction,
    notes: list[str],
    *,
    name: str = WHOLE,
    crew: Sequence[Worker] | None = None,
) -> SweepResult:
    """Carry out what is left of a sweep; the caller holds the lock of that name.

    Parameters
    ----------
    store : SweepStore
    options : Options
    run_one : callable
    notes : list of str
        Gets the lines that the user should read.
    name : str
        The shard, or the whole.
    crew : sequence of Worker, optional
        Processes to use and to keep.
    """
    recorder = Recorder(store, _writer(name), flush_seconds=options.flush_seconds)
    try:
        history = store.history()
        if options.shard is None:
            notes += set_damaged_aside(store, history)
        notes += _other_origins(history, options)
        recorder.session({**facts_of(options), "host": platform.node(), "process": os.getpid()})
        specs = _share(store.specs(), options.shard)
        history = _take_from_others(store, history, recorder, specs, options.reuse, notes)
        pending, done, failed = _pending(specs, history, options.retry_failed)
        progress = SweepProgress(len(specs), done, failed, store.folder, quiet=options.quiet)
        with environment_of_workers(portable=options.portable), progress:
            backend = _backend(store, options, run_one, crew)
            ending = work(pending, backend, recorder, progress, options.rules)
        return _conclude(store, specs, ending, recorder, options, notes)
    finally:
        recorder.close()


def _conclude(
    store: SweepStore,
    specs: Sequence[RunSpec],
    ending: Ending,
    recorder: Recorder,
    options: Options,
    notes: list[str],
) -> SweepResult:
    history = store.history()
    _, done, failed = _pending(specs, history, ())
    code = ending.code or (SOME_FAILED if failed else 0)
    if ending.note:
        notes.append(f"Stopped: {ending.note}.")
    result = SweepResult(store.folder, len(specs), done, failed, code, notes)
    if options.shard is None and code in (0, SOME_FAILED) and history.parts:
        try:
            # A part damaged since is found before anything is merged.
            notes += set_damaged_aside(store, history)
            merge(store, history, recorder)
        except OSError as error:
            result.code = RESUME_ME
            notes.append(f"Results could not be merged ({error.strerror}); go on with --resume.")
    return result


def _pending(
    specs: Sequence[RunSpec], history: History, retry: Sequence[str]
) -> tuple[list[RunSpec], int, int]:
    """Return runs to carry out, and how many are done and have failed for good."""
    done = history.done
    failed = {run for run, record in history.failed.items() if str(record.get("kind")) not in retry}
    pending = [spec for spec in specs if spec.run not in done and spec.run not in failed]
    finished = sum(spec.run in done for spec in specs)
    return pending, finished, len(specs) - len(pending) - finished


def _share(specs: list[RunSpec], shard: tuple[int, int] | None) -> list[RunSpec]:
    """Return the runs of a shard: the same ones however many are done."""
    if shard is None:
        return specs
    k, n = shard
    return specs[len(specs) * (k - 1) // n : len(specs) * k // n]


def _check_backend(options: Options) -> None:
    if options.dask is not None:
        cluster.check_scheduler(options.dask)


def _backend(
    store: SweepStore, options: Options, run_one: RunFunction, crew: Sequence[Worker] | None
) -> backends.Backend:
    texts = store.scenarios()
    if options.dask is not None:
        portable = options.portable
        return cluster.dask(options.dask, texts, options.limits, run_one, portable=portable)
    return backends.local(options.workers, texts, options.limits, run_one, crew)


def _writer(name: str) -> str:
    return "main" if name == WHOLE else name


def facts_of(options: Options) -> dict[str, Any]:
    """Return where results are from: versions, revision, processor."""
    return {
        "versions": versions(),
        "git_revision": git_revision(),
        **processor(),
        "portable": options.portable,
    }


def _other_origins(history: History, options: Options) -> list[str]:
    """Return a line for each way in which earlier results may differ in their last bits."""
    if not history.sessions:
        return []
    last, now = history.sessions[-1], facts_of(options)
    words = {
        "git_revision": "another revision of the program",
        "cpu_features": "a processor with other instruction sets",
        "portable": "another setting of --portable",
        "versions": "other versions of packages",
    }
    return [
        f"Earlier results are from {said}; the manifest's log names both."
        for key, said in words.items()
        if last.get(key) != now[key] and not (key == "cpu_features" and options.portable)
    ]


def check_same(store: SweepStore, sweep: SweepFile, beside: Path) -> None:
    """Refuse a folder that belongs to another sweep, naming the first difference."""
    mine = sweep.model_dump(mode="json")
    theirs = store.sweep.model_dump(mode="json")
    if mine not in (theirs, store.asked.model_dump(mode="json")):
        key = next(key for key in mine if mine[key] != theirs[key])
        raise OutputError(
            f"{store.folder}: holds a sweep with another {key}: {shown(theirs[key])}, not "
            f"{shown(mine[key])}; extend it, or name another folder"
        )
    stored = store.scenarios()
    fresh = make_plan(sweep.model_copy(update=dict(factors={}, **_ONE)), beside).scenarios
    changed = sorted(name for name in fresh if stored.get(name) != fresh[name])
    if changed:
        raise OutputError(
            f"{store.folder}: was made when scenario {changed[0]} said something else; "
            "name another folder"
        )


_ONE: dict[str, Any] = {"replications": 1, "set": {}, "reference": {}}


def _extended(store: SweepStore, changes: Sequence[str]) -> SweepStore:
    """Return the store with a larger design.

    Raises
    ------
    ScenarioError
        If a change cannot be, or would leave out runs of the present design.
    """
    document = store.sweep.model_dump(mode="json")
    for change in changes:
        key, _, written = (part.strip() for part in change.partition("="))
        try:
            value = tomllib.loads(f"value = {written}")["value"]
        except (ValueError, KeyError, RecursionError):
            raise ScenarioError(f"--extend {shown(change)}: is written KEY=VALUE") from None
        if key == "replications":
            document["replications"] = value
        elif key == "n":
            document["design"]["n"] = value
        elif key in document["factors"]:
            document["factors"][key] = value
        else:
            known = ", ".join(["replications", "n", *document["factors"]])
            raise ScenarioError(f"--extend {shown(key)}: what can be extended is {known}")
    sweep = SweepFile.from_document(document)
    plan = make_plan(sweep, store.folder, store.scenarios())
    lost = {spec.run for spec in store.specs()} - {spec.run for spec in plan.specs()}
    if lost:
        raise ScenarioError(
            f"--extend: would leave out {len(lost)} runs of the sweep; replications and designs "
            f"of kind {', '.join(EXTENDABLE)} can grow"
        )
    return store.extended(plan)


def _take_from_others(
    store: SweepStore,
    history: History,
    recorder: Recorder,
    specs: Sequence[RunSpec],
    folders: Sequence[Path],
    notes: list[str],
) -> History:
    """Copy results of the same runs from other sweeps; return the history with them."""
    for folder in folders:
        wanted = {spec.run for spec in specs} - history.done
        other = SweepStore.open(folder)
        taken = 0
        for report in _reports_of(other, wanted):
            recorder.take(report)
            taken += 1
        recorder.note("reused", folder=str(folder), runs=taken)
        recorder.flush()
        history = store.history()
        notes.append(f"{taken} results taken from {folder}.")
    return history


def _reports_of(other: SweepStore, wanted: set[str]) -> Iterator[Report]:
    seen: set[str] = set()
    for table in outcome_tables(other, other.history()):
        for row in table.to_pylist():
            run = row.pop(RUN)
            if run in wanted and run not in seen:
                seen.add(run)
                yield replace(Report(run, row), host="reused")


def check_writable(out: Path) -> None:
    """Refuse a folder in which nothing can be written."""
    existing = next(path for path in (out, *out.absolute().parents) if path.exists())
    try:
        with _probe(existing):
            pass
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror})") from None


@contextmanager
def _probe(folder: Path) -> Iterator[None]:
    path = folder / f".nearshore-{os.getpid()}"
    path.touch()
    try:
        yield
    finally:
        path.unlink()


def _merge_if_last(out: Path, notes: list[str]) -> None:
    """Merge when every shard is at its end; the last one to finish finds it so."""
    store = SweepStore.open(out)
    history = store.history()
    ended = history.done | set(history.failed)
    if any(spec.run not in ended for spec in store.specs()):
        notes.append("Other shards have runs left; the last one merges all.")
        return
    try:
        with store.locked():
            compact(store)
    except StoreError:
        notes.append("Another shard is at work; 'nearshore results DIR --compact' merges all.")


def compact(store: SweepStore) -> list[str]:
    """Set damaged parts aside and merge all others; the caller holds the lock."""
    recorder = Recorder(store, "merge")
    try:
        history = store.history()
        lines = set_damaged_aside(store, history)
        merge(store, history, recorder)
        return lines
    finally:
        recorder.close()
