"""Schedules over sweeps: begun, stopped, extended, sharded, merged, spoilt, resumed and read."""

import io
import shutil
import sys
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from experiments.sweeps.store.consistent import consistently
from experiments.sweeps.store.merge import results_table
from experiments.sweeps.store.store import SweepStore
from experiments.sweeps.work.sweep import KINDS_OF_FAILURE, SweepResult
from experiments.sweeps.workers.chunk import Limits
from tests.faults.trial import Trial
from tests.faults.workers import make_unreliable, workers_here

SWEEPS = Path(__file__).parents[1] / "sweeps"
if str(SWEEPS) not in sys.path:
    sys.path.insert(0, str(SWEEPS))

import stores  # noqa: E402
import sweep_runs  # noqa: E402

REPLICATIONS, LARGER = 2, 3
COSTS = (0.1, 0.2, 0.3)
RUNS = {len(COSTS) * REPLICATIONS, len(COSTS) * LARGER}
"""Of the sweep, and of what it is extended to."""

type Row = dict[str, object]


def _write(folder: Path) -> Path:
    return sweep_runs.write_sweep(folder, replications=REPLICATIONS, costs=COSTS)


def _rows(out: Path) -> dict[str, Row]:
    table = consistently(out, results_table)
    rows = {row["run"]: row for row in table.to_pylist()}
    if len(rows) != len(table):
        raise AssertionError("a run stands twice in the results")
    return rows


@cache
def right() -> dict[str, Row]:
    """Every row of the larger sweep, undisturbed."""
    folder = Path(mkdtemp())
    file = _write(folder)
    with workers_here():
        stores.carry_out(file, folder / "out")
        stores.carry_out(file, folder / "out", extend=(f"replications={LARGER}",))
    rows = _rows(folder / "out")
    shutil.rmtree(folder)
    return rows


class _Sweep:
    """A sweep on trial."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.place = trial, trial.place
        self.out = trial.place / "out"
        _write(trial.place)

    @property
    def file(self) -> Path:
        return self.place / "small.toml"

    @property
    def begun(self) -> bool:
        return (self.out / "manifest.json").exists()

    def carry_out(self, **options) -> SweepResult:
        luck = self.trial.luck
        options.setdefault("flush_seconds", luck.choice([0, 0, 1e9]))
        options["limits"] = Limits(seconds=60.0)
        resume = self.begun and "shard" not in options and "extend" not in options
        kinds = KINDS_OF_FAILURE if resume else ()
        options |= {"resume": resume, "retry_failed": kinds}
        with redirect_stderr(io.StringIO()):  # failed runs are told of
            found = stores.carry_out(self.file, self.out, **options)
        self.trial.must(all("\n" not in note for note in found.notes), f"notes: {found.notes}")
        return found

    def look(self) -> dict[str, Row] | None:
        """Read what is there: every row right, or one line."""
        if not self.begun:
            return None
        rows = self.trial.attempt(lambda: _rows(self.out))
        for run, row in (rows or {}).items():
            self.trial.must(row == right()[run], f"wrong numbers: {row}, not {right()[run]}")
        return rows

    def step(self) -> None:
        """Do one of the things that people do with a sweep."""
        trial = self.trial
        name = trial.luck.choice(STEPS)
        trial.say(name)
        if name == "look by commands":
            self.look_by_commands()
            return
        with pytest.MonkeyPatch.context() as patch:
            if name in ("go on", "extend", "shard"):
                trial.say(make_unreliable(patch, trial.luck))
            trial.under_a_fault(getattr(self, name.replace(" ", "_")), self.look)
        self.go_on_with_what_was_joined()
        if trial.luck.random() < 0.3:
            trial.spoil_something("out")
        self.look()

    def go_on(self) -> None:
        self.carry_out(workers=self.trial.luck.choice([1, 1, 1, 2, 3]))

    def extend(self) -> None:
        if self.begun:
            self.carry_out(extend=(f"replications={LARGER}",))

    def shard(self) -> None:
        self.carry_out(shard=(self.trial.luck.randint(1, 2), 2))

    def compact(self) -> None:
        if self.begun:
            self.trial.command("results", self.out, "--compact")

    def join(self) -> None:
        """Join it with itself, into another folder."""
        if self.begun:
            self.trial.command("merge", self.out, "--out", self.place / "joined")

    def go_on_with_what_was_joined(self) -> None:
        """Put what a merge left in the place of the sweep, if it is one."""
        joined = self.place / "joined"
        if (joined / "manifest.json").exists():
            shutil.rmtree(self.out)
            joined.rename(self.out)

    def look_by_commands(self) -> None:
        if self.begun:
            self.trial.command("status", self.out)
            self.trial.command("results", self.out, *self.trial.luck.choice([[], ["--verify"]]))


STEPS = ("go on", "go on", "go on", "extend", "shard", "compact", "join", "look by commands")


def try_a_sweep(trial: Trial) -> None:
    """Carry out a schedule over one sweep; then resume it and read it, with no fault any more."""
    with workers_here():
        _try(trial, _Sweep(trial))


def _try(trial: Trial, sweep: _Sweep) -> None:
    for _ in range(trial.luck.randint(1, 4)):
        sweep.step()
    trial.say("resumed")
    sweep.look()
    found = trial.attempt(sweep.carry_out)
    if found is not None:
        # What was found spoilt only at the end is carried out by the next session.
        again = trial.attempt(sweep.carry_out) if found.code else found
        refused = found.code == 4 or (again is not None and again.code == 4)
        trial.must(trial.spoilt or not refused, f"refused: {found.notes}")
        if again is not None and not refused:
            trial.must((again.code, again.left) == (0, 0), f"{again.code}: {again.notes}")
            trial.must(again.done in RUNS, f"{again.done} runs done")
            rows = sweep.look()
            trial.must(rows is not None and len(rows) == again.done, "done, but not to be read")
            done = SweepStore.open(sweep.out).history().done
            trial.must(done == set(rows or ()), "the log and the results differ")
