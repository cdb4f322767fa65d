"""The figures in front: what is now, what changed, and how two worlds differ."""

from dataclasses import dataclass

from abm.axes import HOSTS
from experiments.labels import REGION_NAMES
from viz.charts.basics import number, signed
from viz.lab.frame import Frame


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

FIGURES = (
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
    found = []
    for label, unit, name, place, factor, digits in FIGURES:
        mine = factor * frame.world.history.column(name, place)
        difference = ""
        if frame.other is not None:
            theirs = factor * frame.other.history.column(name, place)
            difference = signed(mine[-1] - theirs[-1], digits)
        found.append(
            Headline(
                label,
                unit,
                label in IN_FRONT,
                number(mine[-1], digits),
                signed(mine[-1] - mine[0], digits),
                difference,
            )
        )
    return found
