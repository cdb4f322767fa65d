"""A run and its reference over several seeds: means, and intervals of paired differences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.outcomes.by_sector import details
from experiments.outcomes.headlines import headlines
from experiments.outcomes.intervals import Interval, half_widths, interval
from experiments.outcomes.summary import Summary, entries

SOLVED = 1e-6
"""Relative difference of two worlds below which markets were solved no more closely."""

SEED_COLUMNS = ("seed", "scenario", "quarter", "indicator", "unit", "value")

type Floats = NDArray[np.float64]


def measured(seed: int, scenario: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What is kept of one run of one seed: every headline and detail, quarter by quarter.

    Parameters
    ----------
    seed : int
    scenario : str
        Name of the run.
    tables : mapping of str to pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        With `SEED_COLUMNS`; NaN stands for a share of nothing.
    """
    found = headlines(tables) | details(tables)
    values = [one.values for one in found.values()]
    quarters = [len(one) for one in values]
    indicators = pd.Index([".".join(names) for names in found])
    units = pd.Index([one.unit for one in found.values()])
    return pd.DataFrame(
        {
            "seed": seed,
            "scenario": scenario,
            "quarter": np.concatenate([one.index.to_numpy() for one in values]),
            "indicator": indicators.repeat(quarters),
            "unit": units.repeat(quarters),
            "value": np.concatenate([one.to_numpy(float) for one in values]),
        },
        columns=list(SEED_COLUMNS),
    )


@dataclass(frozen=True, eq=False)
class OverSeeds:
    """A run and its reference over several seeds, paired by seed.

    Attributes
    ----------
    table : pandas.DataFrame
        With `SEED_COLUMNS`, of two scenarios, each with the same seeds and quarters.
    run, reference : str
        Names of the scenarios.
    firms : int
        Of every run.
    """

    table: pd.DataFrame
    run: str
    reference: str
    firms: int

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """In order."""
        return tuple(sorted(int(seed) for seed in self.table["seed"].unique()))

    @cached_property
    def _values(self) -> dict[tuple[str, str], pd.DataFrame]:
        """By scenario and indicator: a row a seed, a column a quarter."""
        found = self.table.set_index(["scenario", "indicator", "seed", "quarter"])["value"]
        wide = found.unstack("quarter").sort_index()
        return {
            key: rows.droplevel(["scenario", "indicator"])
            for key, rows in wide.groupby(level=["scenario", "indicator"], sort=False)
        }

    @cached_property
    def units(self) -> dict[str, str]:
        """By indicator."""
        rows = self.table.drop_duplicates("indicator")
        return dict(zip(rows["indicator"], rows["unit"], strict=True))

    def of_run(self, indicator: str) -> Floats:
        """Values in the run, shape (seed, quarter)."""
        values: Floats = self._values[self.run, indicator].to_numpy()
        return values

    def of_reference(self, indicator: str) -> Floats:
        """Values in the reference, shape (seed, quarter)."""
        values: Floats = self._values[self.reference, indicator].to_numpy()
        return values

    def differences(self, indicator: str) -> Floats:
        """Run less reference, shape (seed, quarter); 0 where it is but rounding."""
        run, reference = self.of_run(indicator), self.of_reference(indicator)
        size = np.maximum(np.abs(run), np.abs(reference))
        difference = run - reference
        return np.where(np.abs(difference) <= SOLVED * size, 0.0, difference)

    def difference(self, *indicators: str) -> Interval:
        """The paired difference at the end of the run, of a sum if there are several."""
        ends = np.sum([self.differences(one)[:, -1] for one in indicators], axis=0)
        return interval(ends[np.isfinite(ends)])

    def drift(self, indicator: str) -> Interval:
        """What the reference changes by on its own, from quarter 0 to the end."""
        values = self.of_reference(indicator)
        change = values[:, -1] - values[:, 0]
        return interval(change[np.isfinite(change)])

    def means(self, indicators: Sequence[str], *, reference: bool = False) -> pd.DataFrame:
        """Means over seeds; a row a quarter, a column an indicator."""
        of = self.of_reference if reference else self.of_run
        return pd.DataFrame({one: of(one).mean(axis=0) for one in indicators})

    def halves(self, indicators: Sequence[str]) -> pd.DataFrame:
        """Half the width of the paired differences' intervals, laid out as `means`."""
        return pd.DataFrame({one: half_widths(self.differences(one)) for one in indicators})


def of_seeds(
    parts: Iterable[pd.DataFrame], run: str, reference: str, firms: int
) -> OverSeeds | None:
    """Put the parts of several seeds together; None with fewer than two.

    Parameters
    ----------
    parts : iterable of pandas.DataFrame
        One a seed, both scenarios in it, in any order.
    run, reference : str
    firms : int
    """
    ordered = sorted(parts, key=lambda part: int(part["seed"].iloc[0]))
    if len(ordered) < 2:
        return None
    return OverSeeds(pd.concat(ordered, ignore_index=True), run, reference, firms)


def add_intervals(result: Summary, seeds: OverSeeds) -> None:
    """Write into every entry of a comparison's summary how sure its difference is.

    Parameters
    ----------
    result : dict
        Of a run and its reference; each entry gains ``over_seeds`` with ``run`` and
        ``reference``, the mean ends, ``drift``, what the reference's mean changes by,
        ``difference``, its mean, ``low`` and ``high``, its 95% interval, ``seeds``,
        ``told``, whether the interval leaves zero outside, and ``seeds_to_tell``, about how
        many seeds would tell an effect of that mean. None for a share of nothing.
    seeds : OverSeeds
    """
    for names, entry in entries(result):
        indicator = ".".join(names)
        found = seeds.difference(indicator)
        if found.n < 2:
            entry["over_seeds"] = None
            continue
        drift, needed = seeds.drift(indicator), found.seeds_to_tell
        entry["over_seeds"] = {
            "run": float(np.nanmean(seeds.of_run(indicator)[:, -1])),
            "reference": float(np.nanmean(seeds.of_reference(indicator)[:, -1])),
            "drift": drift.mean if drift.n else None,
            "difference": found.mean,
            "low": found.low,
            "high": found.high,
            "seeds": found.n,
            "told": not found.crosses_zero,
            "seeds_to_tell": int(needed) if np.isfinite(needed) else None,
        }
