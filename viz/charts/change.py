"""How a change is coloured: a diverging scale whose middle is no change."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.ticker import MaxNLocator

from viz.charts.basics import Ink, with_sign

SHARE = 0.9
"""Of what is coloured, by weight, that the scale reaches; what lies beyond has its last colour."""

STEPS = 257
"""Colours of the scale; odd, so that no change has the one in the middle."""

LEAST = 1.0
"""Percent at which the scale ends at least, so that noise is pale."""


@dataclass(frozen=True)
class ChangeScale:
    """Colours of changes from minus to plus ``end`` percent.

    ``below`` and ``above`` tell whether changes lie beyond its ends, which have the last colours.
    """

    colours: tuple[str, ...]
    end: float
    below: bool = False
    above: bool = False

    def colour(self, percent: float) -> str:
        """Of one change; beyond its ends the scale stays as it is."""
        place = 0.5 + 0.5 * min(max(percent / self.end, -1.0), 1.0)
        return _steps(self.colours)[min(int(place * STEPS), STEPS - 1)]

    def legend(self, label: str) -> dict[str, object]:
        """What the chart's legend shows of it."""
        low, high = (with_sign(end, 0 if self.end >= 1 else 1) for end in (-self.end, self.end))
        return {
            "label": label,
            "colours": self.colours,
            "low": f"{low}%{' or less' * self.below}",
            "high": f"{high}%{' or more' * self.above}",
        }


@cache
def _steps(colours: tuple[str, ...]) -> list[str]:
    """All colours of a scale, from its lower end to its upper one."""
    scale = LinearSegmentedColormap.from_list("change", colours, STEPS)
    return [to_hex(colour) for colour in scale(np.arange(STEPS))]


def change_scale(percent: np.ndarray, weight: np.ndarray, ink: Ink) -> ChangeScale:
    """A scale for some changes, read off them.

    Parameters
    ----------
    percent : ndarray, shape (n,)
    weight : ndarray, shape (n,)
        What each counts for.
    ink : Ink
    """
    order = np.argsort(np.abs(percent))
    reach = np.cumsum(weight[order]) >= SHARE * weight.sum()
    end = float(np.abs(percent)[order][reach.argmax()]) if reach.any() else 0.0
    nice = MaxNLocator(nbins=1, steps=[1, 2, 5, 10]).tick_values(0, max(end, LEAST))[-1]
    # What lies beyond by less than half of the last digit shown reads as the end itself.
    beyond = float(nice) + (0.5 if nice >= 1 else 0.05)
    return ChangeScale(
        ink.change, float(nice), bool((percent < -beyond).any()), bool((percent > beyond).any())
    )


def change_percent(now: np.ndarray, then: np.ndarray) -> np.ndarray:
    """Percent by which figures differ from others; what was nothing before has doubled."""
    return 100 * np.where(then > 0, now / np.where(then > 0, then, 1) - 1, np.where(now > 0, 1, 0))
