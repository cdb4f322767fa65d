"""How far a run is: a bar on a terminal, a few plain lines anywhere else."""

from math import ceil
from time import perf_counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

LINES = 10
"""Plain lines a run prints at most, however long it is."""


class RunProgress:
    """Shows the quarter reached and the time left.

    Parameters
    ----------
    title : str
        What runs.
    quarters : int
        How many there are.
    quiet : bool
        Show nothing.
    console : rich.console.Console, optional
        Standard error unless given, so that results can be piped.
    """

    def __init__(
        self, title: str, quarters: int, *, quiet: bool = False, console: Console | None = None
    ) -> None:
        self.title = title
        self.quarters = quarters
        self.quiet = quiet
        self.console = console or Console(stderr=True)
        self.every = ceil(quarters / LINES)
        self.started = perf_counter()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("quarter {task.completed:.0f} of {task.fields[quarters]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        # Without a total the bar pulses: setting up takes as long as it takes.
        self._task = self._bar.add_task(f"{title}: setting up", total=None, quarters=quarters)

    def __enter__(self) -> Self:
        self._bar.start()
        self._line(f"{self.title}: setting up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self) -> None:
        """Set-up is over: the first quarter starts."""
        self.started = perf_counter()
        self._bar.reset(self._task, total=self.quarters, description=self.title)

    def reach(self, quarter: int) -> None:
        """A quarter is finished."""
        self._bar.update(self._task, completed=quarter)
        if quarter % self.every == 0 or quarter == self.quarters:
            left = (perf_counter() - self.started) / quarter * (self.quarters - quarter)
            self._line(f"{self.title}: quarter {quarter} of {self.quarters}, {clock(left)} left")

    def stopping(self) -> None:
        """A stop was asked for; safe to call from a signal handler, since it prints nothing."""
        self._bar.update(
            self._task, description=f"{self.title}: stopping after this quarter (again: at once)"
        )

    def _line(self, text: str) -> None:
        if not (self.quiet or self.console.is_terminal):
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def clock(seconds: float) -> str:
    """Return a time as a clock shows it: ``1:02:03``, ``4:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
