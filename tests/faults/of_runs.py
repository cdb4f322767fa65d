"""Schedules over the folders of runs: kept, spoilt, gone on with, forked and read."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from abm.scenario.scenario import Scenario
from experiments.outcomes.tables import DERIVED_TABLES, TABLES
from experiments.runs.continuing import fork, read_manifest, resume
from experiments.runs.on_disk.checkpoints import read_checkpoint
from experiments.runs.runner import run_scenario
from tests.faults.trial import Trial

FIRMS, SEED, KEPT, LAST = 100, 5, 1, 2
"""The checkpoint is of the first of two quarters."""

FILES = ("summary.json", *(f"{name}.parquet" for name in (*TABLES, *DERIVED_TABLES)))

type Bytes = dict[str, bytes]


def _bytes_of(folder: Path) -> Bytes:
    return {name: (folder / name).read_bytes() for name in FILES}


def _future() -> Scenario:
    return Scenario.load("usmca")


def _begin(out: Path) -> None:
    run_scenario(
        Scenario.load("threat-35"), firms=FIRMS, quarters=KEPT, seed=SEED, out=out, quiet=True,
        checkpoint_every=1,
    )  # fmt: skip


def _go_on(folder: Path, out: Path | None = None) -> None:
    resume(folder, quarters=LAST, quiet=True, out=out, checkpoint_every=1)


def _fork(folder: Path, out: Path) -> None:
    fork(folder, _future(), at=KEPT, quarters=LAST, quiet=True, out=out)


@cache
def _kept() -> Path:
    """A run that was stopped after a quarter; copied, never changed."""
    folder = Path(mkdtemp(prefix="nearshore-faults-"))
    _begin(folder / "run")
    _go_on(folder / "run", folder / "on")
    _fork(folder / "run", folder / "fork")
    return folder


@cache
def _right(name: str) -> Bytes:
    return _bytes_of(_kept() / name)


@cache
def _facts() -> dict[str, object]:
    return read_checkpoint(_kept() / "run").facts


def _look(trial: Trial) -> None:
    """Whatever is in the folder of a run is one of the two runs, whole, or refused."""
    folder = trial.place / "run"
    if not folder.exists():
        return  # between the two renames by which a folder is replaced
    if trial.attempt(lambda: read_manifest(folder)) is None:
        return
    found = trial.attempt(lambda: read_checkpoint(folder))
    if found is not None and found.facts["quarter"] == KEPT:
        trial.must(found.facts == _facts(), "a checkpoint with other facts was taken")
    if not trial.spoilt:
        trial.must(_bytes_of(folder) in (_right("run"), _right("on")), "tables of no whole run")


def _disturbed(trial: Trial, act, out: Path) -> None:
    """Do something under a fault, and see that the folder it writes to is whole."""
    trial.under_a_fault(act, lambda: _look(trial))
    hidden = [path.name for path in trial.place.iterdir() if path.name.startswith(f".{out.name}-")]
    if hidden and not out.exists():
        # Ended between two renames: what was there lies beside its place, whole.
        old = [name for name in hidden if name.endswith("-old")]
        trial.must(bool(old) or out.name != "run", f"the run is lost: {hidden}")
        for name in old:
            (trial.place / name).rename(out)
            trial.say(f"{name} put back")


def try_a_checkpoint(trial: Trial) -> None:
    """Go on with a run, under faults and from spoilt files, and then without any."""
    run = trial.place / "run"
    shutil.copytree(_kept() / "run", run)
    if trial.luck.random() < 0.7:
        trial.spoil_something("run")
        _look(trial)
    if trial.luck.random() < 0.6:
        _disturbed(trial, lambda: _go_on(run), run)
        _look(trial)
    manifest = trial.attempt(lambda: read_manifest(run))
    if manifest is None:
        return
    if manifest["quarters"] == LAST and not trial.spoilt:
        trial.must(_bytes_of(run) == _right("on"), "wrong numbers")
    elif trial.attempt(lambda: _go_on(run, trial.place / "on") or True):
        trial.must(_bytes_of(trial.place / "on") == _right("on"), "wrong numbers")


def try_a_fork(trial: Trial) -> None:
    """Fork a run, likewise."""
    run, out = trial.place / "run", trial.place / "fork"
    shutil.copytree(_kept() / "run", run)
    if trial.luck.random() < 0.6:
        trial.spoil_something("run")
    if trial.luck.random() < 0.7:
        _disturbed(trial, lambda: _fork(run, out), out)
    if trial.attempt(lambda: _fork(run, out) or True):
        trial.must(_bytes_of(out) == _right("fork"), "wrong numbers")
