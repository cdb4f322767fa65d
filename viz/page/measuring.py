"""Seeds that are run in the background, to tell what of a run is luck."""

import threading
from collections.abc import Callable

from viz.lab.laboratory import Played
from viz.lab.luck import Luck, measure

MOST_FIRMS_AT_ONCE = 10_000
"""Up to which a story's seeds are run without being asked for; more take minutes and memory."""


class Measuring:
    """Runs the seeds that were asked for last; those asked for before are given up.

    Parameters
    ----------
    tell : callable
        Takes how far the seeds are, in words; nothing once they are done or given up.
    failed : callable
        Takes the error of a seed that fails.
    """

    def __init__(self, tell: Callable[[str], None], failed: Callable[[Exception], None]) -> None:
        self._tell, self._failed = tell, failed
        self._last: object = None

    def begin(
        self,
        played: Played,
        count: int,
        wanted: Callable[[], bool],
        done: Callable[[Luck], None],
    ) -> None:
        """Play a run with so many seeds; returns at once.

        Parameters
        ----------
        played : Played
        count : int
        wanted : callable
            Whether anybody still waits for them; asked after every seed.
        done : callable
            Takes what was found.
        """
        mine = self._last = object()

        def current() -> bool:
            return self._last is mine and wanted()

        def tell(number: int) -> None:
            if current():
                self._tell(f"{number} of {count} seeds")

        def run() -> None:
            try:
                found = measure(played, count, tell, lambda: not current())
                if found is not None and current():
                    done(found)
            except Exception as error:
                self._failed(error)
            finally:
                if self._last is mine:
                    self._tell("")

        tell(0)
        threading.Thread(target=run, daemon=True, name="measuring").start()

    def end(self) -> None:
        """Give up what is run, if anything is."""
        self._last = None
        self._tell("")
