"""How far a sweep is: a bar on a terminal, a plain line now and then anywhere else."""

import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from experiments.progress import clock
from experiments.sweeps.chunk import Report

LINE_SECONDS = 30.0


class SweepProgress:
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
        self._total, self._done, self._failed = total, done, failed
        self._folder, self._quiet = folder, quiet
        self._console = console or Console(stderr=True)
        self._session = 0
        self._started = self._told = time.monotonic()
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=self._console,
            disable=quiet or not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total, completed=done + failed, text="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def count(self, report: Report) -> None:
        """A run ended; the first that fails is shown with its traceback."""
        self._session += 1
        self._done += report.outcomes is not None
        self._failed += report.outcomes is None
        if report.outcomes is None:
            first = self._failed == 1 and report.trace
            self._say(
                f"run {report.run} failed: {report.message}" + f"\n{report.trace}" * bool(first)
            )
        self.tick()

    def tick(self) -> None:
        """Bring what is shown up to date."""
        now = time.monotonic()
        if self._quiet:
            return
        self._bar.update(self._task, completed=self._done + self._failed, text=self._text(now))
        if not self._console.is_terminal and now - self._told >= LINE_SECONDS:
            self._told = now
            self._say(self._text(now))

    def _text(self, now: float) -> str:
        left = self._total - self._done - self._failed
        rate = self._session / max(now - self._started, 1e-9)
        eta = clock(left / rate) if self._session else "-:--"
        return (
            f"{self._done} done, {self._failed} failed, {left} left, {60 * rate:.1f} a minute, "
            f"{eta} to go, disk {disk_left(self._folder)} free"
        )

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def disk_left(folder: Path) -> str:
    """Return the room on a disk in words."""
    free = float(shutil.disk_usage(folder).free)
    for unit in ("B", "kB", "MB", "GB"):
        if free < 1000:
            return f"{free:.0f} {unit}"
        free /= 1000
    return f"{free:.1f} TB"
