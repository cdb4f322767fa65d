"""Panels that more than one figure is made of."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.labels import REGION_NAMES, SECTOR_NAMES
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import BOTTOM, TOP, dated, label_ends, number_axis, same_span, time_axis
from viz.figures.shown import Cells, Compared, Lines
from viz.figures.titles import baseline_name
from viz.palette import BASELINE, COLOURS, FAINT_TEXT, GRID, MARKERS

GLYPHS = {"s": "■", "o": "●", "^": "▲", "D": "◆", "v": "▼"}
"""The markers as letters."""

PANEL_NAMES = {**REGION_NAMES, "ROW": "China and rest of world"}
"""Titles of panels; what is neither Mexico nor Canada goes into one."""

LEAST_REACH = 0.1
"""Smallest reach of an axis of changes, in its unit: less is noise."""


INTERVAL_SHADE = 0.16
"""How much of its line's colour an interval has."""


def draw_lines(axes: Axes, shown: Compared, lines: Lines, region: str) -> None:
    """One line over time, its interval, and the reference's line or where it began."""
    run, reference, colour = shown.run, shown.reference, COLOURS[region]
    series = lines.series[region]
    if reference is not None and lines.base is not None:
        line = dated(reference, lines.base[region])
        axes.plot(
            line.index, line, color=colour, linewidth=1.6, linestyle=(0, (4, 2.5)), alpha=0.75
        )
    else:
        axes.axhline(series.iloc[0], color=BASELINE, linewidth=1)
        axes.update_datalim([(0, series.iloc[0])], updatex=False)
    line = dated(run, series)
    if lines.half is not None:
        half = dated(run, lines.half[region])
        axes.fill_between(
            line.index, line - half, line + half, color=colour, alpha=INTERVAL_SHADE, linewidth=0
        )
    axes.plot(line.index, line, color=colour)


def country_panels(
    figure: Figure,
    shown: Compared,
    lines: Lines,
    text: Callable[[float], str],
    unit: str,
    least: float,
) -> None:
    """A panel a country, one above the other at one scale, in the left half of a figure.

    Parameters
    ----------
    figure : Figure
    shown : Compared
    lines : Lines
        A column a region.
    text : callable
        How a number stands at the end of its line.
    unit : str
        Of the vertical axes.
    least : float
        Smallest span of an axis.
    """
    regions = list(lines.series.columns)
    grid = figure.add_gridspec(
        len(regions), 1, top=TOP, bottom=BOTTOM, left=0.105, right=0.39, hspace=0.42
    )
    panels = [figure.add_subplot(grid[row]) for row in range(len(regions))]
    for axes, region in zip(panels, regions, strict=True):
        draw_lines(axes, shown, lines, region)
        title = f"{GLYPHS[MARKERS[region]]} {PANEL_NAMES[region]}"
        axes.set_title(title, color=COLOURS[region])
        time_axis(axes, shown.run)
        axes.tick_params(labelbottom=axes is panels[-1])
    same_span(panels, least)
    for axes, region in zip(panels, regions, strict=True):
        number_axis(axes.yaxis, ticks=4)
        before, end = lines.before[region], lines.series[region].iloc[-1]
        label_ends(
            axes,
            [
                (end, text(end), COLOURS[region]),
                (before, f"{text(before)} {baseline_name(shown.reference)}", FAINT_TEXT),
            ],
            size=10.5,
        )
    figure.text(0.012, (TOP + BOTTOM) / 2, unit, rotation=90, va="center", color=FAINT_TEXT)


def two_panels(
    figure: Figure,
    shown: Compared,
    lines: Sequence[Lines],
    text: Callable[[float], str],
    titles: Sequence[str],
) -> None:
    """Two panels side by side with a line a country in each.

    Parameters
    ----------
    figure : Figure
    shown : Compared
    lines : sequence of Lines
        Of the left and of the right panel.
    text : callable
        How a number stands at the end of its line.
    titles : sequence of str
        Above the panels.
    """
    grid = figure.add_gridspec(1, 2, top=TOP, bottom=BOTTOM, left=0.06, right=0.865, wspace=0.62)
    for column, (title, some) in enumerate(zip(titles, lines, strict=True)):
        axes = figure.add_subplot(grid[column])
        axes.set_title(title)
        time_axis(axes, shown.run)
        labels = []
        for name in some.series.columns:
            draw_lines(axes, shown, some, name)
            end = some.series[name].iloc[-1]
            labels.append((end, f"{REGION_NAMES[name]}\n{text(end)}", COLOURS[name]))
        axes.margins(y=0.1)
        number_axis(axes.yaxis, ticks=6)
        label_ends(axes, labels)


def sector_dots(
    figure: Figure, cells: Cells, reference: RunFrames | None, title: str, unit: str
) -> None:
    """How much every sector differs from the baseline, in the right half of a figure.

    Parameters
    ----------
    figure : Figure
    cells : Cells
        With intervals, a point that may be luck is hollow.
    reference : RunFrames or None
    title, unit : str
        Above and below the panel.
    """
    axes = figure.add_axes((0.72, BOTTOM + 0.055, 0.26, TOP - BOTTOM - 0.055))
    change = cells.change
    rows = np.arange(len(change))[::-1]
    if cells.half is None:
        axes.hlines(rows, change.min(axis=1), change.max(axis=1), color=GRID, linewidth=3)
    axes.axvline(0, color=BASELINE, linewidth=1)
    ends = change.abs() if cells.half is None else change.abs() + cells.half
    # Intervals of one row stand one above the other.
    apart = 0.0 if cells.half is None else 0.24
    for place, region in enumerate(change.columns):
        heights = rows + apart * ((len(change.columns) - 1) / 2 - place)
        style = {"color": COLOURS[region], "linestyle": "none", "markersize": 7 - 2 * (apart > 0)}
        if cells.half is None:
            axes.plot(change[region], heights, MARKERS[region], **style)
            continue
        half = cells.half[region]
        axes.hlines(
            heights, change[region] - half, change[region] + half, color=COLOURS[region],
            linewidth=1,
        )  # fmt: skip
        told = (change[region].abs() > half).to_numpy()
        for which, fill in ((told, COLOURS[region]), (~told, "white")):
            some = change[region].to_numpy()[which]
            axes.plot(some, heights[which], MARKERS[region], markerfacecolor=fill, **style)
    number_axis(axes.xaxis, ticks=5)
    axes.set_yticks(rows, [SECTOR_NAMES[sector] for sector in change.index], size=10.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    reach = max(ends.max().max(), LEAST_REACH) * 1.15
    axes.set_xlim(-reach, reach)
    axes.set_title(title, x=-0.5)
    axes.set_xlabel(f"{unit}; 0 = {baseline_name(reference)}", x=0.25)
