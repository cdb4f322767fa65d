"""How far the work is: a bar on a terminal, plain lines now and then anywhere else."""

from math import ceil
from time import monotonic
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

LINES = 10
"""Plain lines a run prints at most, however long it is."""


class Shown:
    """Work that shows how far it is; `RunProgress` and the progress of sweeps say what of.

    Parameters
    ----------
    columns : rich.progress.ProgressColumn
        Of the bar.
    quiet : bool
        Show nothing.
    console : rich.console.Console, optional
        Standard error unless given, so that results can be piped.
    """

    def __init__(
        self, *columns: ProgressColumn, quiet: bool = False, console: Console | None = None
    ) -> None:
        self.quiet = quiet
        self.console = console or Console(stderr=True)
        self.started = monotonic()
        self._bar = Progress(
            *columns, console=self.console, disable=quiet or not self.console.is_terminal
        )

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

    @property
    def plain(self) -> bool:
        """Whether lines are printed in place of a bar."""
        return not (self.quiet or self.console.is_terminal)

    def say(self, text: Any) -> None:
        """Print a line, whatever is shown beside it."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


class RunProgress(Shown):
    """Shows the quarter reached and the time left.

    Parameters
    ----------
    title : str
        What runs.
    quarters : int
        How many there are.
    quiet : bool
    console : rich.console.Console, optional
        As in `Shown`.
    """

    def __init__(
        self, title: str, quarters: int, *, quiet: bool = False, console: Console | None = None
    ) -> None:
        super().__init__(
            *_counting("quarter {task.completed:.0f} of {task.fields[quarters]}"),
            quiet=quiet,
            console=console,
        )
        self.title = title
        self.quarters = quarters
        self.every = ceil(quarters / LINES)
        self._since: tuple[int, float] | None = None
        # Without a total the bar pulses: setting up takes as long as it takes.
        self._task = self._bar.add_task(f"{title}: setting up", total=None, quarters=quarters)

    def __enter__(self) -> Self:
        self._line(f"{self.title}: setting up")
        return super().__enter__()

    def begin(self) -> None:
        """Set-up is over: the first quarter starts."""
        self.started = monotonic()
        self._since = None
        self._bar.reset(self._task, total=self.quarters, description=self.title)

    def reach(self, quarter: int) -> None:
        """A quarter is finished."""
        self._bar.update(self._task, completed=quarter)
        now = monotonic()
        if self._since is None:
            self._since = quarter, now
        if quarter % self.every == 0 or quarter == self.quarters:
            # The first quarter compiles code and reads acts as no later one does: it tells how
            # long the others take only while there is no other. A run that goes on starts later.
            first, began = self._since
            of_one = (now - began) / (quarter - first) if quarter > first else now - self.started
            left = clock(of_one * (self.quarters - quarter))
            self._line(f"{self.title}: quarter {quarter} of {self.quarters}, {left} left")

    def stopping(self) -> None:
        """A stop was asked for; safe to call from a signal handler, since it prints nothing."""
        self._bar.update(
            self._task, description=f"{self.title}: stopping after this quarter (again: at once)"
        )

    def _line(self, text: str) -> None:
        if self.plain:
            self.say(text)


class SeedProgress(Shown):
    """Shows how many seeds are finished, and the time left.

    Parameters
    ----------
    title : str
        What runs.
    finished, seeds : int
        How many are, and how many there are to be.
    quiet : bool
    console : rich.console.Console, optional
        As in `Shown`.
    """

    # why: the parameters of a bar, named as those of `RunProgress`
    def __init__(
        self,
        title: str,
        finished: int,
        seeds: int,
        *,
        quiet: bool = False,
        console: Console | None = None,
    ) -> None:
        super().__init__(
            *_counting("seed {task.completed:.0f} of {task.total:.0f}"),
            quiet=quiet,
            console=console,
        )
        self.title = f"{title}, other seeds"
        self.finished, self.seeds = finished, seeds
        self._task = self._bar.add_task(self.title, total=seeds, completed=finished)

    def finish_one(self) -> None:
        """One more is finished."""
        self.finished += 1
        self._bar.update(self._task, completed=self.finished)
        if self.plain:
            self.say(f"{self.title}: {self.finished} of {self.seeds} seeds finished")

    def stopping(self) -> None:
        """A stop was asked for; safe to call from a signal handler, since it prints nothing."""
        self._bar.update(
            self._task, description=f"{self.title}: stopping after those in hand (again: at once)"
        )


def _counting(count: str) -> tuple[ProgressColumn, ...]:
    """Columns of a bar that says what runs, how far it is, and the time left."""
    left = TimeRemainingColumn(compact=True), TextColumn("left")
    return TextColumn("{task.description}", markup=False), BarColumn(), TextColumn(count), *left


def clock(seconds: float) -> str:
    """Return a time as a clock shows it: ``1:02:03``, ``4:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
