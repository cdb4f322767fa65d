"""The figures in front: what is now, what changed, and how two worlds differ."""

from dataclasses import dataclass

import numpy as np

from abm.axes import HOSTS
from experiments.labels import REGION_NAMES
from viz.charts.basics import number, signed
from viz.charts.lines import said_difference
from viz.lab.frame import Frame
from viz.lab.luck import interval


@dataclass(frozen=True)
class Headline:
    """One figure in front.

    Attributes
    ----------
    label, unit : str
    front : bool
        Whether it is one of those read first.
    now, change : str
        The figure, and its change since 2017.
    difference : str
        From the second world; empty without one.
    """

    label: str
    unit: str
    front: bool
    now: str
    change: str
    difference: str


SHORT = {**REGION_NAMES, "USA": "US"}

IN_FRONT = ("US jobs", "Mexico output", "US prices")
"""What a visitor reads first: who works, who gains trade, and what it costs at home."""

NUMBERS_SHOWN = (
    *((f"{SHORT[host]} output", "bn USD/yr", "output", n, 1.0, 0)
      for n, host in enumerate(HOSTS)),
    *((f"{SHORT[host]} jobs", "thousand", "jobs", n, 1.0, 0)
      for n, host in enumerate(HOSTS)),
    ("US bal. Mexico", "bn USD/yr", "balance", 0, 1.0, 1),
    ("US bal. Canada", "bn USD/yr", "balance", 1, 1.0, 1),
    ("Claims, Mexico", "%", "claimed", 0, 100.0, 1),
    ("False, Mexico", "%", "false", 0, 100.0, 2),
    ("US prices", "index", "prices", 0, 100.0, 2),
)  # fmt: skip
"""Label, unit, series, place in it, factor, digits."""


def headlines(frame: Frame) -> list[Headline]:
    """The figures in front, as they stand."""
    return [_headline(frame, *figure) for figure in NUMBERS_SHOWN]


# why: an argument is a part of a figure's declaration
def _headline(
    frame: Frame, label: str, unit: str, name: str, place: int, factor: float, digits: int
) -> Headline:
    """One figure; where luck was measured, the mean of the seeds with its interval."""
    luck = frame.sure
    if luck is None:
        mine = factor * frame.world.history.column(name, place)[None]
        theirs = factor * frame.other.history.column(name, place)[None] if frame.other else None
    else:
        last = frame.quarter + 1
        mine = factor * luck.mine[name][:, :last, place]
        theirs = factor * luck.theirs[name][:, :last, place] if luck.theirs else None

    def told(differences: np.ndarray) -> str:
        if luck is None:
            return signed(differences[0], digits)
        return said_difference(*interval(differences), digits)

    return Headline(
        label,
        unit,
        label in IN_FRONT,
        number(mine[:, -1].mean(), digits),
        told(mine[:, -1] - mine[:, 0]),
        "" if theirs is None else told(mine[:, -1] - theirs[:, -1]),
    )
