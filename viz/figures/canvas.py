"""What all figures share: paper, type, time axis, and labels at the ends of lines."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import isfinite
from operator import itemgetter
from textwrap import wrap

import matplotlib as mpl
import pandas as pd
from matplotlib import dates as mdates
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.labels import with_minus
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.tables import RunFrames
from viz.figures.event_marks import acts_of, draw_marks
from viz.palette import BASELINE, EMPTY, FAINT_TEXT, GRID, TEXT

WIDTH, HEIGHT = 10.0, 6.0
"""Inches; at 100 dots an inch a picture is 1000 px wide."""

TOP, BOTTOM = 0.79, 0.085
"""Where axes may stand, as shares of the height; the finding is above."""

TITLES = ((15.0, 76), (12.5, 92), (10.5, 110))
"""Sizes of type for a finding, in points, and the characters that then fit on a line."""

NO_QUARTER = "The run holds only the calibration year. Run at least one quarter to see a change."
"""Shown in the place of panels that have nothing to compare."""

styled = mpl.rc_context(
    {
        "figure.dpi": 100,
        "figure.facecolor": "white",
        "font.family": "DejaVu Sans",  # ships with Matplotlib: the same everywhere
        "font.size": 11,
        "text.color": TEXT,
        "axes.labelcolor": FAINT_TEXT,
        "axes.edgecolor": BASELINE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.titlesize": 11.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "grid.color": GRID,
        "xtick.color": FAINT_TEXT,
        "ytick.color": FAINT_TEXT,
        "lines.linewidth": 2.2,
    }
)
"""Decorator of a function that draws: the house's type and lines, for its length alone."""


def new_figure(finding: str, note: str) -> Figure:
    """A figure that says its finding, and below how to read it; its label is the finding.

    Parameters
    ----------
    finding, note : str

    Returns
    -------
    matplotlib.figure.Figure
        Without axes.
    """
    finding = finding[:1].upper() + finding[1:]
    figure = Figure(figsize=(WIDTH, HEIGHT), label=finding)
    # Two lines of note leave room for smaller type alone.
    long = "\n" in note
    size, lines = _fitted(finding, TITLES[1:] if long else TITLES)
    figure.text(0.02, 0.975, "\n".join(lines), size=size, weight="bold", va="top")
    below = 0.965 - 0.0031 * size * len(lines)
    figure.text(0.02, below, note, size=9.0 if long else 10.5, color=FAINT_TEXT, va="top")
    return figure


def _fitted(finding: str, types: Sequence[tuple[float, int]]) -> tuple[float, list[str]]:
    """A finding in two lines at most, if any type does, and in the largest that does."""
    fitted = [(size, _balanced(finding, longest)) for size, longest in types]
    return next((fit for fit in fitted if len(fit[1]) <= 2), fitted[-1])


def _balanced(text: str, longest: int) -> list[str]:
    """A text in as few lines as possible, of much the same length."""
    count = len(wrap(text, longest, break_on_hyphens=False))
    return wrap(text, min(longest, len(text) // count + 12), break_on_hyphens=False)


def nothing_to_show(finding: str, sentence: str) -> Figure:
    """A figure for a run that has nothing to draw: a sentence on an empty ground."""
    figure = new_figure(finding, "")
    axes = figure.add_axes((0.02, 0.04, 0.96, 0.8), facecolor=EMPTY)
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.text(0.5, 0.5, "\n".join(wrap(sentence, 56)), ha="center", va="center", size=13)
    return figure


def end_of(run: RunFrames, quarter: int) -> date:
    """When a quarter is over; quarter 0 is when the run starts."""
    end: date = (pd.Timestamp(run.start) + pd.DateOffset(months=3 * quarter)).date()
    return end


def year_of(run: RunFrames, quarter: int) -> int:
    """Year of a quarter's last day."""
    return (end_of(run, quarter) - timedelta(days=1)).year


def last_year(run: RunFrames) -> int:
    """Year of the run's last day."""
    return year_of(run, run.quarters)


def dated(run: RunFrames, series: pd.Series) -> pd.Series:
    """The same numbers by the end of their quarter."""
    return series.set_axis([end_of(run, quarter) for quarter in series.index])


def time_axis(axes: Axes, run: RunFrames) -> None:
    """Years below, and a numbered line at every date on which a government acted."""
    locator = mdates.AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    axes.set_xlim(end_of(run, 0), end_of(run, run.quarters))
    draw_marks(axes, run)


def reading_note(
    run: RunFrames, reference: RunFrames | None, seeds: OverSeeds | None = None
) -> str:
    """How to tell the lines apart, and what bands and hollow points are."""
    dashed = f"dashed: {reference.name}" if reference else "thin: where it began"
    dotted = "; dotted, by number: acts of governments" if acts_of(run) else ""
    note = f"Solid: {run.name}; {dashed}{dotted}."
    if seeds is None:
        return note
    return (
        f"{note}\nMeans of {len(seeds.seeds)} seeds; bands, bars: 95% interval of the difference;"
        " hollow: may be luck."
    )


def same_span(panels: Sequence[Axes], least: float) -> None:
    """Give all panels one scale, so that equal changes look equal, each around its own lines.

    Parameters
    ----------
    panels : sequence of Axes
        With their lines drawn.
    least : float
        Smallest span, so that noise does not fill a panel.
    """
    limits = [axes.dataLim.intervaly for axes in panels]
    span = max([least, *(high - low for low, high in limits)]) * 1.25
    for axes, (low, high) in zip(panels, limits, strict=True):
        middle = (low + high) / 2
        axes.set_ylim(middle - span / 2, middle + span / 2)


def number_axis(axis: Axis, ticks: int) -> None:
    """At most so many ticks on an axis, with no more digits than they need."""
    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: with_minus(f"{value:,.10g}")))


def label_ends(axes: Axes, labels: Sequence[tuple[float, str, str]], size: float = 11) -> None:
    """Write labels right of the axes, each at the height of its line and clear of the others.

    Parameters
    ----------
    axes : Axes
        With final limits.
    labels : sequence of (float, str, str)
        Height in data, text and colour; a text in the colour of faint text is not bold.
        A height that is no number is left out.
    size : float
        Of the type, in points.
    """
    ordered = sorted((label for label in labels if isfinite(label[0])), key=itemgetter(0))
    if not ordered:
        return
    low, high = axes.get_ylim()
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    rows = max(text.count("\n") for _, text, _ in ordered) + 1
    gap = (high - low) * size * 1.25 * rows / points
    heights: list[float] = []
    for height, _, _ in ordered:
        heights.append(max(height, heights[-1] + gap) if heights else height)
    # Labels were pushed upwards only: put the group's middle back to that of its lines.
    shift = (sum(heights) - sum(label[0] for label in ordered)) / len(heights)
    # None stands higher than the axes, where a title is, unless its line does.
    shift += max(0.0, heights[-1] - shift - max(ordered[-1][0], high - gap / 2))
    for height, (_, text, colour) in zip(heights, ordered, strict=True):
        axes.annotate(
            text,
            (1, height - shift),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            size=size,
            color=colour,
            weight="normal" if colour == FAINT_TEXT else "bold",
            annotation_clip=False,
        )
