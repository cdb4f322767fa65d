"""What panels show: one run and its reference, or means over seeds with their intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.tables import RunFrames

type Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Lines:
    """Lines over time; a row a quarter, a column a region.

    Attributes
    ----------
    series : DataFrame
        Of the run.
    base : DataFrame or None
        Of the reference.
    half : DataFrame or None
        Half the 95% interval of their paired difference; None of one seed.
    """

    series: pd.DataFrame
    base: pd.DataFrame | None = None
    half: pd.DataFrame | None = None

    @property
    def before(self) -> pd.Series:
        """What the ends are compared with: those of the reference, or where the run began."""
        return self.series.iloc[0] if self.base is None else self.base.iloc[-1]

    @property
    def change(self) -> pd.Series:
        """Against the reference at the end, or since the start, 0 where it may be luck."""
        change = self.series.iloc[-1] - self.before
        return change if self.half is None else _told(change, self.half.iloc[-1])


@dataclass(frozen=True)
class Cells:
    """Changes of the last quarter; a row a sector, a column a region.

    Attributes
    ----------
    change : DataFrame
    half : DataFrame or None
        Half of their 95% intervals; None of one seed.
    """

    change: pd.DataFrame
    half: pd.DataFrame | None = None

    @property
    def told(self) -> pd.DataFrame:
        """The changes, 0 where they may be luck."""
        return self.change if self.half is None else _told(self.change, self.half)


def _told[T: (pd.Series, pd.DataFrame)](change: T, half: T) -> T:
    return change.where(change.abs() > half, 0.0)


@dataclass(frozen=True)
class Compared:
    """A run, what it is compared with, and other seeds.

    Attributes
    ----------
    run : RunFrames
    reference : RunFrames or None
    seeds : OverSeeds or None
    """

    run: RunFrames
    reference: RunFrames | None
    seeds: OverSeeds | None

    def lines(
        self, measure: Callable[[Tables], pd.DataFrame], indicators: Sequence[str], factor: float
    ) -> Lines:
        """Lines of a measure, which other seeds have under these names, in the order of columns."""
        own = factor * measure(self.run.tables)
        if self.seeds is None:
            if self.reference is None:
                return Lines(own)
            return Lines(own, factor * measure(self.reference.tables))
        found = [
            factor * table.set_axis(own.columns, axis=1).set_axis(own.index)
            for table in (
                self.seeds.means(indicators),
                self.seeds.means(indicators, reference=True),
                self.seeds.halves(indicators),
            )
        ]
        return Lines(*found)

    def cells(
        self, measure: Callable[[Tables], pd.DataFrame], indicator: str, factor: float
    ) -> Cells:
        """Changes of a measure by sector and region, which other seeds have below this name."""
        mine = measure(self.run.tables)
        if self.reference is None:
            change = mine.iloc[-1] - mine.iloc[0]
        else:
            theirs = measure(self.reference.tables)
            change = mine.iloc[-1] - theirs.loc[min(self.run.quarters, self.reference.quarters)]
        if self.seeds is None:
            return Cells(factor * _by_region(change))
        found = [self.seeds.difference(".".join((indicator, *names))) for names in change.index]
        means, halves = (
            pd.Series([getattr(one, name) if one.n else np.nan for one in found], change.index)
            for name in ("mean", "half")
        )
        return Cells(factor * _by_region(means), factor * _by_region(halves))


def _by_region(change: pd.Series) -> pd.DataFrame:
    """A row a sector and a column a region, both in the order in which they come."""
    sectors, regions = (change.index.unique(level) for level in ("sector", "region"))
    return change.unstack("region").reindex(index=sectors, columns=regions)
