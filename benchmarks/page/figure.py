"""How time grows with the number of firms, on two logarithmic axes."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.page.recorded import Recording, Timing
from viz.figures.canvas import new_figure, nothing_to_show, styled
from viz.palette import BASELINE, FAINT_TEXT, TEXT

NOTE = (
    "Median seconds; bars: quartiles of the rounds. Dashed: lower bound of the cost step, its "
    "logarithms\nand exponentials alone. Dotted: scaled per firm from the sizes that were run."
)

STEP, SET_UP, POLARS, NAIVE = "#1f5fa8", "#8a949b", "#7a4fa3", "#a8650f"

LINE_HEIGHT = 0.048
"""Of a label, as a share of the height of the axes."""


@dataclass(frozen=True)
class Curve:
    """How one thing is drawn."""

    what: str
    label: str
    colour: str
    marker: str
    width: float = 1.6


LINES = (
    Curve("cost step", "cost step", TEXT, "o", 3.0),
    Curve("whole step", "whole quarter", STEP, "s"),
    Curve("set-up", "set-up", SET_UP, "D"),
    Curve("free cost in Polars", "free cost in Polars", POLARS, "^"),
    Curve("cost step of the naive model", "cost step, naive model", NAIVE, "v"),
)


@styled
def scaling(results: Recording) -> Figure:
    """Seconds over firms, with the bound of the cost step.

    Parameters
    ----------
    results : Recording

    Returns
    -------
    matplotlib.figure.Figure
    """
    cost = results.row("cost step")
    if cost is None:
        return nothing_to_show("How time grows with firms", "The cost step was not measured.")
    figure = new_figure(finding(cost), NOTE)
    axes = figure.add_axes((0.085, 0.095, 0.6, 0.68))
    axes.set(xscale="log", yscale="log", xlabel="Firms", ylabel="Seconds")
    axes.grid(visible=True, which="major", axis="both")
    axes.minorticks_off()
    ends = [_draw(axes, results.of(line.what), line, cost.firms) for line in LINES]
    ends.append(_draw_bound(axes, results.of("cost step")))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    _label(axes, [end for end in ends if end is not None])
    return figure


def finding(cost: Timing) -> str:
    """What the figure says, in a sentence."""
    parts = []
    if cost.times_bound is not None:
        parts.append(f"{cost.times_bound:.1f} times its lower bound")
    faster = cost.times_faster_than("yardstick")
    if faster is not None:
        parts.append(f"{faster:,.0f} times faster than firm by firm")
    text = f"the cost step of {cost.firms:,} firms takes {in_seconds(cost.median)}"
    return text + (": " + " and ".join(parts) if parts else "")


def in_seconds(value: float) -> str:
    """A time with three digits that count, in seconds or thousandths."""
    if value >= 100:
        return f"{value:,.0f} s"
    return f"{value:.3g} s" if value >= 1 else f"{1000 * value:.3g} ms"


type End = tuple[float, str, str]
"""Height at the right edge, label and colour."""


def _draw(axes: Axes, rows: Sequence[Timing], line: Curve, last: int) -> End | None:
    if not rows:
        return None
    firms, heights = [row.firms for row in rows], [row.median for row in rows]
    below = [row.median - row.quartiles[0] for row in rows]
    above = [row.quartiles[1] - row.median for row in rows]
    axes.errorbar(
        firms,
        heights,
        [below, above],
        color=line.colour,
        marker=line.marker,
        linewidth=line.width,
        elinewidth=1.2,
        capsize=3,
    )
    end, label = heights[-1], f"{line.label}, {in_seconds(heights[-1])}"
    if firms[-1] < last:
        end *= last / firms[-1]
        axes.plot([firms[-1], last], [heights[-1], end], ":", color=line.colour, linewidth=1.6)
        label = f"{line.label}, scaled,\n{in_seconds(end)}"
    return end, label, line.colour


def _draw_bound(axes: Axes, rows: Sequence[Timing]) -> End | None:
    bounded = [row for row in rows if row.times_bound]
    if not bounded:
        return None
    heights = [row.median / row.times_bound for row in bounded]
    axes.plot([row.firms for row in bounded], heights, "--", color=BASELINE, linewidth=2)
    return heights[-1], f"bound, {in_seconds(heights[-1])}", FAINT_TEXT


def _label(axes: Axes, ends: list[End]) -> None:
    """Labels right of the axes at the heights of their lines, pushed apart where they touch."""
    axes.set_xlim(axes.get_xlim()[0], max(line.get_xdata()[-1] for line in axes.lines) * 1.05)
    to_fraction = axes.transData + axes.transAxes.inverted()
    right = axes.get_xlim()[1]
    taken = -1.0
    for height, text, colour in sorted(ends):
        half = LINE_HEIGHT * (text.count("\n") + 1) / 2
        middle = max(float(to_fraction.transform((right, height))[1]), taken + half)
        taken = middle + half
        axes.annotate(
            text,
            (1, middle),
            xycoords="axes fraction",
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            weight="normal" if colour == FAINT_TEXT else "bold",
            size=10.5,
            annotation_clip=False,
        )
