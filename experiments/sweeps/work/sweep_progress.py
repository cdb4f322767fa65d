"""How far a sweep is: runs done, failed and left, the pace, and the room on the disk."""

import shutil
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TextColumn

from experiments.runs.progress import Shown, clock
from experiments.sweeps.design.run_spec import Report

LINE_SECONDS = 30.0
"""Between two lines where there is no terminal."""


class SweepProgress(Shown):
    """Shows runs done, failed and left, rate, time left and disk left.

    Parameters
    ----------
    total : int
        Runs of the sweep, or of the shard.
    done, failed : int
        Before this session.
    folder : Path
        On the disk whose room is told.
    quiet : bool
        Show nothing but failures.
    console : rich.console.Console, optional
        As in `Shown`.
    """

    def __init__(
        self,
        total: int,
        done: int,
        failed: int,
        folder: Path,
        *,
        quiet: bool = False,
        console: Console | None = None,
    ) -> None:
        super().__init__(
            BarColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            quiet=quiet,
            console=console,
        )
        self._total, self._done, self._failed = total, done, failed
        self._folder = folder
        self._session = 0
        self._told = self.started
        self._task = self._bar.add_task("", total=total, completed=done + failed, text="")

    def count(self, report: Report) -> None:
        """A run ended; the first that fails is shown with its traceback."""
        self._session += 1
        self._done += report.outcomes is not None
        self._failed += report.outcomes is None
        if report.outcomes is None:
            first = self._failed == 1 and report.trace
            self.say(
                f"run {report.run} failed: {report.message}" + f"\n{report.trace}" * bool(first)
            )
        self.tick()

    def tick(self) -> None:
        """Bring what is shown up to date."""
        now = time.monotonic()
        if self.quiet:
            return
        self._bar.update(self._task, completed=self._done + self._failed, text=self._text(now))
        if self.plain and now - self._told >= LINE_SECONDS:
            self._told = now
            self.say(self._text(now))

    def _text(self, now: float) -> str:
        left = self._total - self._done - self._failed
        rate = self._session / max(now - self.started, 1e-9)
        eta = clock(left / rate) if self._session else "-:--"
        return (
            f"{self._done} done, {self._failed} failed, {left} left, {60 * rate:.1f} a minute, "
            f"{eta} to go, disk {disk_left(self._folder)} free"
        )


def disk_left(folder: Path) -> str:
    """Return the room on a disk in words."""
    free = float(shutil.disk_usage(folder).free)
    for unit in ("B", "kB", "MB", "GB"):
        if free < 1000:
            return f"{free:.0f} {unit}"
        free /= 1000
    return f"{free:.1f} TB"
