"""Panels that more than one figure is made of."""

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.labels import REGION_NAMES, SECTOR_NAMES
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import BOTTOM, TOP, dated, label_ends, number_axis, same_span, time_axis
from viz.figures.titles import baseline_name
from viz.palette import BASELINE, COLOURS, FAINT_TEXT, GRID, MARKERS

GLYPHS = {"s": "■", "o": "●", "^": "▲", "D": "◆", "v": "▼"}
"""The markers as letters."""

PANEL_NAMES = {**REGION_NAMES, "ROW": "China and rest of world"}
"""Titles of panels; what is neither Mexico nor Canada goes into one."""

LEAST_REACH = 0.1
"""Smallest reach of an axis of changes, in its unit: less is noise."""


def draw_lines(
    axes: Axes,
    run: RunFrames,
    series: pd.Series,
    reference: RunFrames | None,
    base: pd.Series | None,
    colour: str,
) -> None:
    """One line over time, and what it is compared with: the reference's, or its own start."""
    if reference is not None and base is not None:
        line = dated(reference, base)
        axes.plot(
            line.index, line, color=colour, linewidth=1.6, linestyle=(0, (4, 2.5)), alpha=0.75
        )
    else:
        axes.axhline(series.iloc[0], color=BASELINE, linewidth=1)
        axes.update_datalim([(0, series.iloc[0])], updatex=False)
    line = dated(run, series)
    axes.plot(line.index, line, color=colour)


# why: run and reference, each with its series, and how they are labelled
def country_panels(
    figure: Figure,
    run: RunFrames,
    series: pd.DataFrame,
    reference: RunFrames | None,
    base: pd.DataFrame | None,
    text: Callable[[float], str],
    unit: str,
    least: float,
) -> None:
    """A panel a country, one above the other at one scale, in the left half of a figure.

    Parameters
    ----------
    figure : Figure
    run, reference : RunFrames
    series, base : DataFrame
        A row a quarter, a column a region; ``base`` is the reference's.
    text : callable
        How a number stands at the end of its line.
    unit : str
        Of the vertical axes.
    least : float
        Smallest span of an axis.
    """
    regions = list(series.columns)
    grid = figure.add_gridspec(
        len(regions), 1, top=TOP, bottom=BOTTOM, left=0.105, right=0.39, hspace=0.42
    )
    panels = [figure.add_subplot(grid[row]) for row in range(len(regions))]
    for axes, region in zip(panels, regions, strict=True):
        compared = None if base is None else base[region]
        draw_lines(axes, run, series[region], reference, compared, COLOURS[region])
        title = f"{GLYPHS[MARKERS[region]]} {PANEL_NAMES[region]}"
        axes.set_title(title, color=COLOURS[region])
        time_axis(axes, run)
        axes.tick_params(labelbottom=axes is panels[-1])
    same_span(panels, least)
    for axes, region in zip(panels, regions, strict=True):
        number_axis(axes.yaxis, ticks=4)
        before = series[region].iloc[0] if base is None else base[region].iloc[-1]
        end = series[region].iloc[-1]
        label_ends(
            axes,
            [
                (end, text(end), COLOURS[region]),
                (before, f"{text(before)} {baseline_name(reference)}", FAINT_TEXT),
            ],
            size=10.5,
        )
    figure.text(0.012, (TOP + BOTTOM) / 2, unit, rotation=90, va="center", color=FAINT_TEXT)


# why: run and reference, each with its series, and how they are labelled
def two_panels(
    figure: Figure,
    run: RunFrames,
    series: tuple[pd.DataFrame, pd.DataFrame],
    reference: RunFrames | None,
    base: tuple[pd.DataFrame, pd.DataFrame] | None,
    text: Callable[[float], str],
    titles: tuple[str, str],
) -> None:
    """Two panels side by side with a line a country in each.

    Parameters
    ----------
    figure : Figure
    run, reference : RunFrames
    series, base : tuple of DataFrame
        A row a quarter, a column a region; ``base`` is the reference's.
    text : callable
        How a number stands at the end of its line.
    titles : tuple of str
        Above the panels.
    """
    grid = figure.add_gridspec(1, 2, top=TOP, bottom=BOTTOM, left=0.06, right=0.865, wspace=0.62)
    for column, title in enumerate(titles):
        axes = figure.add_subplot(grid[column])
        axes.set_title(title)
        time_axis(axes, run)
        labels = []
        for name in series[column].columns:
            compared = None if base is None else base[column][name]
            draw_lines(axes, run, series[column][name], reference, compared, COLOURS[name])
            end = series[column][name].iloc[-1]
            labels.append((end, f"{REGION_NAMES[name]}\n{text(end)}", COLOURS[name]))
        axes.margins(y=0.1)
        number_axis(axes.yaxis, ticks=6)
        label_ends(axes, labels)


def sector_dots(
    figure: Figure, change: pd.DataFrame, reference: RunFrames | None, title: str, unit: str
) -> None:
    """How much every sector differs from the baseline, in the right half of a figure.

    Parameters
    ----------
    figure : Figure
    change : DataFrame
        A row a sector, a column a region.
    reference : RunFrames or None
    title, unit : str
        Above and below the panel.
    """
    axes = figure.add_axes((0.72, BOTTOM + 0.055, 0.26, TOP - BOTTOM - 0.055))
    rows = range(len(change))[::-1]
    axes.hlines(rows, change.min(axis=1), change.max(axis=1), color=GRID, linewidth=3)
    axes.axvline(0, color=BASELINE, linewidth=1)
    for region in change.columns:
        axes.plot(
            change[region],
            rows,
            MARKERS[region],
            color=COLOURS[region],
            markersize=7,
            linestyle="none",
        )
    number_axis(axes.xaxis, ticks=5)
    axes.set_yticks(rows, [SECTOR_NAMES[sector] for sector in change.index], size=10.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    reach = max(change.abs().max().max(), LEAST_REACH) * 1.15
    axes.set_xlim(-reach, reach)
    axes.set_title(title, x=-0.5)
    axes.set_xlabel(f"{unit}; 0 = {baseline_name(reference)}", x=0.25)
