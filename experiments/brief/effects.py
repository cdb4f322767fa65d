"""The effects that a brief tells: what a run changes against its reference, and how sure."""

from dataclasses import dataclass
from math import isfinite

from experiments.labels import NOTHING, format_change, with_minus
from experiments.outcomes.intervals import Interval
from experiments.outcomes.summary import entries
from experiments.runs.runner import RunResult


@dataclass(frozen=True)
class Effect:
    """A headline's difference between a run and its reference.

    Attributes
    ----------
    indicator, label, unit : str
    interval : Interval
        Of the paired difference; with one seed, its difference alone.
    reference : float
        Where the reference ended, as the mean over seeds.
    """

    indicator: str
    label: str
    unit: str
    interval: Interval
    reference: float

    @property
    def told(self) -> bool:
        """Whether it can be told from luck, and is not too small to be written down."""
        sure = self.interval.n > 1 and not self.interval.crosses_zero
        return sure and self.is_written

    @property
    def is_written(self) -> bool:
        """Whether its mean has a digit other than 0 as it is written."""
        return any(digit in self.mean for digit in "123456789")

    @property
    def mean(self) -> str:
        """The difference, with its sign."""
        return self.written(self.interval.mean)

    @property
    def size(self) -> str:
        """The difference without its sign."""
        return self.mean.lstrip("+\N{MINUS SIGN}")

    @property
    def half(self) -> str:
        """Half of the interval."""
        if not isfinite(self.interval.half):
            return NOTHING
        return self.written(self.interval.half).lstrip("+")

    @property
    def span(self) -> str:
        """The interval, as ``-15.0 to -9.6``; nothing of one seed."""
        if self.interval.n < 2:
            return NOTHING
        ends = (self.interval.low, self.interval.high)
        return " to ".join(self.written(end).lstrip("+") for end in ends)

    @property
    def verdict(self) -> str:
        """What can be said of it, in a few words."""
        if self.interval.n < 2:
            return "one seed: nobody can tell"
        if not self.is_written and not any(digit in self.half for digit in "123456789"):
            return "no difference in any seed"
        if not self.told:
            return "cannot be told from luck"
        return "higher" if self.interval.mean > 0 else "lower"

    def written(self, value: float) -> str:
        """A number in its unit, with its sign: percent for indices, thousands for persons."""
        if self.unit == "calibration year = 1":
            return with_minus(f"{100 * value:+.2f}%")
        return format_change(value, self.unit)


SIX_FIGURES = {
    "manufacturing_employment.USA": ("US manufacturing jobs", "thousand"),
    "manufacturing_employment.MEX": ("Manufacturing jobs in Mexico", "thousand"),
    "us_goods_balance.MEX": ("US goods balance with Mexico", "bn USD a year"),
    "plants_decided.expected.opening.MEX": ("Expected new plants in Mexico", "plants"),
    "consumer_prices.USA": ("US consumer prices", "2017 = 1"),
    "real_income.MEX": ("Real income in Mexico", "2017 = 1"),
}
"""The six figures in front, what each is called, and the unit of its level."""


def effect(result: RunResult, indicator: str) -> Effect | None:
    """A headline's difference; None for a share of nothing.

    Parameters
    ----------
    result : RunResult
        Of a run and its reference.
    indicator : str
        Names that lead to it in the summary, with dots between.
    """
    entry = dict(entries(result.summary))[tuple(indicator.split("."))]
    label, _ = SIX_FIGURES.get(indicator, (indicator, ""))
    if result.seeds is not None:
        found = result.seeds.difference(indicator)
        if found.n < 2:
            return None
        theirs = float(result.seeds.of_reference(indicator)[:, -1].mean())
        return Effect(indicator, label, entry["unit"], found, theirs)
    if entry["difference"] is None:
        return None
    alone = Interval(entry["difference"], float("nan"), float("nan"), 1)
    return Effect(indicator, label, entry["unit"], alone, entry["end"] - entry["difference"])


def headline_effects(result: RunResult) -> list[Effect]:
    """The six figures in front, those left out that are shares of nothing."""
    found = (effect(result, indicator) for indicator in SIX_FIGURES)
    return [one for one in found if one is not None]


def differs_nowhere(result: RunResult) -> bool:
    """Whether no headline of any seed differs from the reference's."""
    if result.seeds is not None:
        seeds = result.seeds
        return not any(seeds.differences(one)[:, -1].any() for one in seeds.units)
    return not any(entry["difference"] for _, entry in entries(result.summary))
