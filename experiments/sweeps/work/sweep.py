"""Carry out a sweep: begin it, go on with it, extend it, or say what it would take."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from abm.config.keys import shown
from abm.economy.folders import of_another_year
from abm.errors import OutputError, StoreError
from experiments.exit_codes import RESUME_ME, SOME_FAILED
from experiments.runs.on_disk.leftovers import remove_left_files
from experiments.runs.on_disk.run_folders import MANIFEST, disk_refusal
from experiments.runs.processes import environment_of_workers
from experiments.sweeps.design.plan import SweepPlan, make_plan
from experiments.sweeps.design.run_spec import RunFunction, RunSpec
from experiments.sweeps.design.sweep_file import SweepFile, read_sweep
from experiments.sweeps.store.elsewhere import file_system, send
from experiments.sweeps.store.maker import Makers, maker_of_elsewhere, maker_of_workers
from experiments.sweeps.store.merge import merge, set_damaged_aside
from experiments.sweeps.store.recorder import FLUSH_SECONDS, Recorder
from experiments.sweeps.store.run_log import History
from experiments.sweeps.store.store import FOLDERS, WHOLE, SweepStore, check_new_folder, locked
from experiments.sweeps.work.extending import extended_plan
from experiments.sweeps.work.model_rules import check_plan
from experiments.sweeps.work.repairing import compact, mend_logs
from experiments.sweeps.work.reuse import check_reusable, take_from_others
from experiments.sweeps.work.stop_requests import StopRequested, stoppable
from experiments.sweeps.work.supervisor import Ending, StopRules, work
from experiments.sweeps.work.sweep_progress import SweepProgress
from experiments.sweeps.workers import backends, cluster, executors
from experiments.sweeps.workers.chunk import Limits, Worker
from experiments.sweeps.workers.one_run import simulate

KINDS_OF_FAILURE = ("error", "timeout", "memory", "killed")


@dataclass(frozen=True)
class Options:
    """How a sweep is carried out; of this, ``portable`` and ``economy`` alone change a result.

    Attributes
    ----------
    workers : int
        Processes of this machine.
    dask : str or None
        Address of a scheduler to use instead.
    executor : str or None
        Executor to use instead, see `experiments.sweeps.workers.executors.factory_of`.
    copy_to : str or None
        Place to which the folder is copied at the end, a path of fsspec.
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
    economy : str or None
        The economy of all runs, in place of those that their scenarios name.
    """

    workers: int = 1
    dask: str | None = None
    executor: str | None = None
    copy_to: str | None = None
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
    economy: str | None = None


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
    result = SweepResult(out, 0, 0, 0, 0)
    try:
        with stoppable():
            _run_sweep(source, out, options, run_one, result)
    except StopRequested as stop:  # outside the work on runs, which ends by itself
        result.code = stop.code
        result.notes.append(f"Stopped: {stop.note}; {_what_to_do(out)}.")
    except OSError as error:  # likewise
        result.code = RESUME_ME
        result.notes.append(f"Stopped: {disk_refusal(error)}; {_what_to_do(out)}.")
    if options.copy_to is not None and (out / MANIFEST).exists():
        _copy(out, options.copy_to, result)
    return result


def _what_to_do(out: Path) -> str:
    """Return how to go on after a stop: a sweep has begun once its manifest is there."""
    if (out / MANIFEST).exists():
        return "go on with --resume"
    return "nothing was begun: start it again without --resume"


def _copy(out: Path, place: str, result: SweepResult) -> None:
    """Copy the folder elsewhere, however the sweep ended."""
    try:
        result.notes.append(send(out, place))
    except (OutputError, StoreError) as error:
        result.notes.append(f"{error}; copied with --resume --copy-to")
        result.code = result.code or RESUME_ME


def _run_sweep(
    source: str | Path, out: Path, options: Options, run_one: RunFunction, result: SweepResult
) -> None:
    """Carry out a sweep and say in ``result`` how it stands."""
    sweep, beside = read_sweep(source, options.economy)
    if options.extend and not (out / MANIFEST).exists():
        raise OutputError(f"{out}: holds no sweep to extend")
    name = WHOLE if options.shard is None else "shard-{}-of-{}".format(*options.shard)
    if options.resume or options.extend or (options.shard and (out / MANIFEST).exists()):
        if not os.path.lexists(out / MANIFEST):
            raise StoreError(f"{out}: holds no sweep ({MANIFEST} is missing); {_what_to_do(out)}")
        SweepStore.open(out)
        _check_what_is_asked(options)
    else:
        plan = make_plan(sweep, beside)
        _create(plan, out, options, run_one)
        if options.economy is None:  # otherwise it has been told already
            result.notes += [line for table in plan.economies for line in of_another_year(table)]
    with locked(out, name):
        store = SweepStore.open(out)
        check_same(store, sweep, beside)
        if options.extend:
            Makers(store.history().makers).admit(expected_maker(options), "this session")
            plan = extended_plan(store, options.extend)
            check_plan(plan, run_one)
            store = store.extended(plan)
        carry_on(store, options, run_one, result, name=name)
    if options.shard is not None and result.code in (0, SOME_FAILED):
        _merge_if_last(out, result)


def _create(plan: SweepPlan, out: Path, options: Options, run_one: RunFunction) -> None:
    """Make the folder of a sweep, after all that can be checked beforehand."""
    check_plan(plan, run_one)
    if options.shard is None or not (out / MANIFEST).exists():
        check_new_folder(out)
    check_writable(out)
    _check_what_is_asked(options)
    with locked(out):
        if not (out / MANIFEST).exists():  # another shard may have been quicker
            SweepStore.create(out, plan, maker_of_workers(portable=options.portable))


def carry_on(
    store: SweepStore,
    options: Options,
    run_one: RunFunction,
    result: SweepResult,
    *,
    name: str = WHOLE,
    crew: Sequence[Worker] | None = None,
) -> None:
    """Carry out what is left of a sweep; the caller holds the lock of that name.

    Parameters
    ----------
    store : SweepStore
    options : Options
    run_one : callable
    result : SweepResult
        Is told how the sweep stands, also where this is stopped.
    name : str
        The shard, or the whole.
    crew : sequence of Worker, optional
        Processes to use and to keep.
    """
    for folder in FOLDERS:
        (store.folder / folder).mkdir(exist_ok=True)
    if options.shard is None:
        result.notes += mend_logs(store, _writer(name))
    else:  # what others left on their way may be in use
        remove_left_files(store.folder / "parts", lambda part: part.startswith(f"{name}-"))
    specs = _share(store.specs(), options.shard)
    recorder = Recorder(store, _writer(name), flush_seconds=options.flush_seconds)
    try:
        history = store.history()
        if options.shard is None:
            result.notes += set_damaged_aside(store, history, recorder)
        recorder.makers.admit(expected_maker(options), "this session")
        recorder.session(
            maker=maker_of_workers(portable=options.portable),
            host=platform.node(),
            process=os.getpid(),
        )
        history = take_from_others(store, history, recorder, specs, options.reuse, result.notes)
        pending, done, failed = _pending(specs, history, options.retry_failed)
        progress = SweepProgress(len(specs), done, failed, store.folder, quiet=options.quiet)
        with environment_of_workers(portable=options.portable), progress:
            backend = _backend(store, options, run_one, crew)
            ending = work(pending, backend, recorder, progress, options.rules)
        _conclude(store, specs, ending, recorder, options, result)
    except StopRequested as stop:
        _end_early(recorder, result, stop)
    finally:
        try:
            result.notes += [note for note in recorder.makers.notes if note not in result.notes]
            _count(result, specs, store.history())
        finally:
            recorder.close()


def _end_early(recorder: Recorder, result: SweepResult, stop: StopRequested) -> None:
    """Write what waits after a request to stop that came between two stages."""
    result.code = stop.code
    result.notes.append(f"Stopped: {stop.note}; go on with --resume.")
    try:
        recorder.flush()
    except OSError as error:
        result.notes.append(f"What waited could not be written ({error.strerror}).")


def _count(result: SweepResult, specs: Sequence[RunSpec], history: History) -> None:
    """Say how many runs there are, are done and have failed."""
    _, done, failed = _pending(specs, history, ())
    result.runs, result.done, result.failed = len(specs), done, failed


def expected_maker(options: Options) -> dict[str, Any]:
    """Return what is known beforehand of whoever will make results."""
    if options.dask is not None or options.executor is not None:
        return maker_of_elsewhere(portable=options.portable)
    return maker_of_workers(portable=options.portable)


def _conclude(
    store: SweepStore,
    specs: Sequence[RunSpec],
    ending: Ending,
    recorder: Recorder,
    options: Options,
    result: SweepResult,
) -> None:
    history = store.history()
    _, _, failed = _pending(specs, history, ())
    result.code = ending.code or (SOME_FAILED if failed else 0)
    if ending.note:
        result.notes.append(f"Stopped: {ending.note}.")
    if options.shard is None and result.code in (0, SOME_FAILED) and history.parts:
        try:
            # A part damaged since is found before anything is merged.
            lost = set_damaged_aside(store, history, recorder)
            result.notes += lost + merge(store, history, recorder)
        except OSError as error:
            result.code = RESUME_ME
            result.notes.append(
                f"Results could not be merged ({error.strerror}); go on with --resume."
            )
        else:
            result.code = RESUME_ME if lost else result.code


def _pending(
    specs: Sequence[RunSpec], history: History, retry: Sequence[str]
) -> tuple[list[RunSpec], int, int]:
    """Return runs to carry out, and how many are done and have failed for good."""
    done = history.done
    failed = {run for run, line in history.failed.items() if line.kind not in retry}
    pending = [spec for spec in specs if spec.run not in done and spec.run not in failed]
    finished = sum(spec.run in done for spec in specs)
    return pending, finished, len(specs) - len(pending) - finished


def _share(specs: list[RunSpec], shard: tuple[int, int] | None) -> list[RunSpec]:
    """Return the runs of a shard: the same ones however many are done."""
    if shard is None:
        return specs
    k, n = shard
    return specs[len(specs) * (k - 1) // n : len(specs) * k // n]


def _check_what_is_asked(options: Options) -> None:
    """Refuse a cluster that does not answer, and sweeps whose results cannot be taken."""
    if options.dask is not None:
        cluster.check_scheduler(options.dask)
    if options.executor is not None:
        executors.factory_of(options.executor)
    if options.copy_to is not None:
        file_system(options.copy_to)
    check_reusable(options.reuse, expected_maker(options))


def _backend(
    store: SweepStore, options: Options, run_one: RunFunction, crew: Sequence[Worker] | None
) -> backends.Backend:
    texts = store.scenarios()
    if options.dask is not None:
        portable = options.portable
        return cluster.dask(options.dask, texts, options.limits, run_one, portable=portable)
    if options.executor is not None:
        make = executors.factory_of(options.executor)
        shared = (texts, options.limits, run_one)
        return executors.of_executor(make, options.workers, *shared, portable=options.portable)
    return backends.local(options.workers, texts, options.limits, run_one, crew)


def _writer(name: str) -> str:
    return "main" if name == WHOLE else name


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


def check_writable(out: Path) -> None:
    """Refuse a folder in which nothing can be written."""
    existing = next(path for path in (out, *out.absolute().parents) if path.exists())
    try:
        # Without a name where the system can do that: a kill must leave nothing in the way.
        with TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror})") from None


def _merge_if_last(out: Path, result: SweepResult) -> None:
    """Merge when every shard is at its end; the last one to finish finds it so."""
    store = SweepStore.open(out)
    history = store.history()
    ended = history.done | set(history.failed)
    if any(spec.run not in ended for spec in store.specs()):
        result.notes.append("Other shards have runs left; the last one merges all.")
        return
    try:
        with store.locked():
            lost, notes = compact(store)
    except StoreError:
        result.notes.append(
            "Another shard is at work; 'nearshore results DIR --compact' merges all."
        )
        return
    result.notes += lost + notes
    if lost:
        result.code = RESUME_ME
        result.notes.append("Start the shards again: they carry out what was lost.")
