"""How much is luck: the same run with several seeds, in processes of their own.

Every seed makes other firms and other draws. Centre and band come from the same
worlds: the centre is their mean, the band holds the world of another seed with 95%
probability, and a difference is told with the 95% interval of its mean over seeds,
both by Student's t. Two worlds of one seed share their draws, so their difference is
taken seed by seed.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abm.errors import NearshoreError
from experiments.outcomes.intervals import half_widths
from experiments.runs.processes import each_done
from viz.lab.history import PastQuarters
from viz.lab.laboratory import Laboratory, Played

type Floats = NDArray[np.float64]

type BothSeries = tuple[dict[str, Floats], dict[str, Floats]]
"""Series of `viz.lab.history.PastQuarters` in both worlds of a seed, shape (quarter, place)."""

SEEDS_BESIDE = (8, 12, 16)
"""How many can be asked for."""

MOST_FIRMS_AT_ONCE = 10_000
"""Up to which a story's seeds are run without being asked for; more take minutes and memory."""


@dataclass(frozen=True, eq=False)
class Luck:
    """The figures of one run with several seeds.

    Attributes
    ----------
    seeds : tuple of int
    mine, theirs : dict of str to ndarray, shape (seed, quarter, place)
        The series of `viz.lab.history.PastQuarters` in both worlds; ``theirs`` is empty
        without a second one.
    """

    seeds: tuple[int, ...]
    mine: dict[str, Floats]
    theirs: dict[str, Floats]

    @property
    def quarter(self) -> int:
        """The last one."""
        return next(iter(self.mine.values())).shape[1] - 1


def band(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean over seeds, and between what the world of another seed would lie.

    Parameters
    ----------
    values : ndarray, shape (seed, quarter)

    Returns
    -------
    tuple of ndarray, shape (quarter,)
        Mean, lower and upper end.
    """
    count = len(values)
    half = half_widths(values) * np.sqrt(count + 1)
    centre = values.mean(axis=0)
    return centre, centre - half, centre + half


def interval(differences: Floats) -> tuple[float, float]:
    """Mean of differences, one a seed, and half the width of its interval."""
    return float(differences.mean()), float(half_widths(differences))


def is_luck(mean: float, half: float) -> bool:
    """Whether a difference cannot be told from none."""
    return abs(mean) <= half


def measure(
    played: Played,
    count: int,
    done: Callable[[int], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    own: BothSeries | None = None,
) -> Luck | None:
    """Play a run with so many seeds, from its own on.

    Parameters
    ----------
    played : Played
    count : int
    done : callable, optional
        Is told how many seeds are finished.
    stop : callable, optional
        Whether it is no longer wanted; asked after every seed.
    own : tuple of dict, optional
        What the run's own seed came to, where it has been played; it is not played again then.

    Returns
    -------
    Luck or None
        None if it was stopped.

    Raises
    ------
    NearshoreError
        If a run with another seed fails.
    """
    seeds = tuple(played.start.seed + n for n in range(count))
    runs = [replace(played, start=replace(played.start, seed=seed)) for seed in seeds]
    found = {} if own is None else {0: own}
    if own is not None:
        done(1)
    begun = len(found)
    for place, series in each_done(_series, runs[begun:], give_way=True):
        found[begun + place] = series
        done(len(found))
        if stop():
            return None
    mine, theirs = (
        {name: np.stack([found[n][world][name] for n in range(count)]) for name in found[0][world]}
        for world in (0, 1)
    )
    return Luck(seeds, mine, theirs)


def _series(played: Played) -> BothSeries:
    lab = Laboratory(played.start)
    lab.replay(played.levers, played.quarters)
    if lab.failure is not None:
        raise NearshoreError(f"seed {played.start.seed}: {lab.failure.text}")
    return both_series(lab.world.history, lab.other.history if lab.other else None)


def both_series(mine: PastQuarters, theirs: PastQuarters | None) -> BothSeries:
    """The figures of a run, and of the world beside it where there is one."""
    first, second = (
        {} if one is None else {name: np.array(values) for name, values in one.series.items()}
        for one in (mine, theirs)
    )
    return first, second


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
