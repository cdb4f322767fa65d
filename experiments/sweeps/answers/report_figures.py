"""Pictures of a sweep: response curves, heat maps, differences and indices.

One function a figure: data in, a figure out.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from experiments.labels import with_minus
from experiments.scenarios.names_and_units import axis_label, key_in_words

# Okabe and Ito's colours, and a line style each, so that grey prints can be read.
INKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
STYLES = ("-", "--", "-.", ":")

MARKS = ("o", "^", "s", "D", "v", "P")

MOST_DOTS = 5_000
"""Of a figure; more are shown as how many lie where."""

WIDTH, HEIGHT = 6.4, 3.6

ACROSS, UP = 64, 36
"""Letters that fit below the axes of a figure, and beside them."""

BESIDE = 30
"""Letters of a line that names a bar, and of one at the end of a line."""

FEWEST_OF_A_LINE = 3
"""Points that a line is drawn through."""

LABEL_HEIGHT = 0.06
"""Of a small line of text, as a share of the axes."""


def response(means: pd.DataFrame, factor: str, outcome: str, lines: Sequence[str]) -> Figure:
    """Mean of an outcome along a factor, with its 95% band; one line for each other cell.

    Parameters
    ----------
    means : pandas.DataFrame
        As `experiments.sweeps.answers.answers.cell_means` gives it.
    factor, outcome : str
    lines : sequence of str
        Columns whose values a line is of.
    """
    figure, axes = _empty(factor, outcome)
    ends: list[tuple[float, float, str, str]] = []
    groups = means.groupby(list(lines), sort=True) if lines else [((), means)]
    for number, (key, line) in enumerate(groups):
        line = line.sort_values(factor)
        colour, style = INKS[number % len(INKS)], STYLES[number % len(STYLES)]
        x, y = line[factor].to_numpy(float), line["mean"].to_numpy(float)
        low, high = line["low"].to_numpy(float), line["high"].to_numpy(float)
        if len(x) < FEWEST_OF_A_LINE:
            # Nobody knows what is between two points: no line is drawn there.
            ends_of = np.abs(np.nan_to_num([y - low, high - y]))
            axes.errorbar(x, y, ends_of, fmt="o", color=colour, markersize=4, capsize=3)
        else:
            axes.plot(x, y, style, color=colour, marker="o", markersize=3)
            axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
        named = ", ".join(
            _short(value) if name == "scenario" else f"{key_in_words(name)} {_short(value)}"
            for name, value in zip(lines, key, strict=True)
        )
        if named and len(x):
            ends.append((float(y[-1]), float(x[-1]), named, colour))
    _label_ends(axes, ends)
    return figure


def _label_ends(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Write names at the ends of lines, in their order, none on top of another."""
    low, high = axes.get_ylim()
    free = low
    for y, x, named, colour in sorted(ends):
        at = max(y, free)
        free = at + LABEL_HEIGHT * (high - low)
        axes.annotate(
            _plain(named),
            (x, at),
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize="small",
            annotation_clip=False,
        )


def heat_map(means: pd.DataFrame, across: str, up: str, outcome: str) -> Figure:
    """Mean of an outcome over two factors; a panel a scenario, all with one scale of colours."""
    figure, panels = _panels(means, across, up)
    ends = {"vmin": means["mean"].min(), "vmax": means["mean"].max()}
    for axes, (_, part) in zip(panels, means.groupby("scenario", sort=True), strict=True):
        table = part.pivot_table(index=up, columns=across, values="mean")
        image = axes.imshow(
            table.to_numpy(float), origin="lower", aspect="auto", cmap="cividis", **ends
        )
        axes.set_xticks(range(len(table.columns)), [_short(value) for value in table.columns])
        axes.set_yticks(range(len(table.index)), [_short(value) for value in table.index])
    colours = figure.colorbar(image, ax=panels, label=_in_lines(axis_label(outcome), UP))
    _plain_numbers(colours.ax.yaxis)
    return figure


def bars(table: pd.DataFrame, columns: Sequence[str], title: str) -> Figure:
    """Indices of each factor with their intervals, the most important at the top."""
    figure, axes = _empty("", "")
    figure.suptitle(_in_lines(title, ACROSS), x=0.01, ha="left", fontsize="medium")
    places = np.arange(len(table))[::-1].astype(float)
    height = 0.8 / len(columns)
    for number, name in enumerate(columns):
        middle = table[name].to_numpy(float)
        half = middle - table[f"{name}_low"].to_numpy(float)
        at = places + (number - (len(columns) - 1) / 2) * -height
        axes.barh(at, middle, height, xerr=half, color=INKS[number], label=name.replace("_", " "))
    axes.set_yticks(places, [_in_lines(key_in_words(name), BESIDE) for name in table["factor"]])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.legend(frameon=False)
    return figure


def course(table: pd.DataFrame, title: str) -> Figure:
    """An index of each factor at parts of the design, with bands: has it come to rest.

    Parameters
    ----------
    table : pandas.DataFrame
        ``n``, ``factor``, ``value``, ``low``, ``high``.
    title : str
        What the index is of.
    """
    figure, axes = _empty("n", title)
    ends = []
    for number, (factor, line) in enumerate(table.groupby("factor", sort=False)):
        colour, style = INKS[number % len(INKS)], STYLES[number % len(STYLES)]
        x, y = line["n"].to_numpy(float), line["value"].to_numpy(float)
        axes.plot(x, y, style, color=colour, marker="o", markersize=3)
        low, high = line["low"].to_numpy(float), line["high"].to_numpy(float)
        axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        ends.append((float(y[-1]), float(x[-1]), key_in_words(str(factor)), colour))
    axes.set_xscale("log", base=2)
    sizes = sorted(table["n"].unique())
    axes.set_xticks(sizes, [str(size) for size in sizes])
    _label_ends(axes, ends)
    return figure


def scatter(results: pd.DataFrame, factor: str, outcome: str) -> Figure:
    """Every run of a design whose points lie anywhere, along one factor.

    Scenarios differ in colour and mark. Of more runs than a page can show, how many lie
    where is shown, a panel a scenario.
    """
    if len(results) > MOST_DOTS:
        return _clouds(results, factor, outcome)
    figure, axes = _empty(factor, outcome)
    several = results["scenario"].nunique() > 1
    for number, (scenario, part) in enumerate(results.groupby("scenario", sort=True)):
        axes.plot(
            part[factor],
            part[outcome],
            MARKS[number % len(MARKS)],
            color=INKS[number % len(INKS)],
            markersize=3,
            alpha=0.6,
            label=_plain(str(scenario)),
        )
    if several:
        axes.legend(frameon=False, markerscale=2)
    return figure


def _clouds(results: pd.DataFrame, factor: str, outcome: str) -> Figure:
    """How many runs lie where, a panel a scenario."""
    figure, panels = _panels(results, factor, outcome)
    for axes, (_, part) in zip(panels, results.groupby("scenario", sort=True), strict=True):
        x, y = part[factor].to_numpy(float), part[outcome].to_numpy(float)
        told = np.isfinite(x) & np.isfinite(y)
        if told.any():
            cells = axes.hexbin(x[told], y[told], gridsize=(24, 12), mincnt=1, cmap="cividis")
            most = int(
                np.max(np.asarray(cells.get_array()))
            )  # a scale of colours would take half the time
            axes.set_title(f"from 1 (dark) to {most} runs a cell", loc="right", fontsize="small")
    return figure


def _panels(table: pd.DataFrame, across: str, up: str) -> tuple[Figure, list[Axes]]:
    """Return axes for each scenario of a table, one below the other, named if there are several."""
    names = sorted(table["scenario"].unique())
    figure = Figure(figsize=(WIDTH, HEIGHT * len(names)), layout="constrained")
    panels = list(figure.subplots(len(names), squeeze=False)[:, 0])
    for axes, name in zip(panels, names, strict=True):
        _label(axes, across, up)
        if len(names) > 1:
            axes.set_title(_plain(str(name)), loc="left", fontsize="medium")
    return figure, panels


def _empty(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.add_subplot()
    _label(axes, across, up)
    _plain_numbers(axes.xaxis)
    _plain_numbers(axes.yaxis)
    return figure, axes


def _plain_numbers(axis: Axis) -> None:
    """Write the numbers of an axis out: none as a difference from, or a multiple of, another."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: with_minus(f"{round(value, 9):,.10g}")))


def _label(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(_in_lines(axis_label(across), ACROSS))
    axes.set_ylabel(_in_lines(axis_label(up), UP))
    axes.spines[["top", "right"]].set_visible(False)


def _in_lines(text: str, longest: int) -> str:
    """Break a text where words, or parts of a dotted key, end, so that no line is too long."""
    lines = [""]
    for part in re.findall(r"[^\s._]+[\s._]?", text):
        if len(lines[-1]) + len(part.rstrip()) > longest:
            lines.append("")
        lines[-1] += part
    return _plain("\n".join(line.rstrip() for line in lines))


def _plain(text: str) -> str:
    """Return text in which Matplotlib finds no formula."""
    return text.replace("$", r"\$")


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
