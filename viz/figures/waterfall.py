"""The figure of channels: how a run's difference from its reference adds up."""

from collections.abc import Sequence
from math import floor, log10

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.labels import CHANNEL_LABELS, with_minus
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import BOTTOM, TOP, new_figure, nothing_to_show, styled
from viz.palette import BASELINE, COLOURS, FAINT_TEXT, TEXT

PANELS = {
    "us_goods_balance.MEX": ("US goods balance with Mexico,\nbn USD a year", 1.0),
    "manufacturing_employment.USA": ("Jobs in the United States,\nthousand", 1e-3),
    "manufacturing_employment.MEX": ("Jobs in Mexico,\nthousand", 1e-3),
    "consumer_prices.USA": ("US consumer prices,\n% of those of 2017", 100.0),
    "preference_utilisation.all": ("Dutiable US imports claiming\norigin, points", 100.0),
    "mean_content.cars.all": ("Regional content of cars,\npoints of net cost", 100.0),
}
"""Headlines drawn, in reading order: what stands above each, and the factor to its unit."""

PANELS_A_ROW = 3

LABEL_SIZE, LETTER = 9.5, 0.72
"""Points of type beside a bar, and the width of its widest letters as a share of that."""

MOST_MARGIN = 0.45
"""Part of a panel that the text at either side may take."""

LARGEST_SHARE = 0.5
"""Part of all movement above which the title calls a channel the main one."""

UNDONE = 0.5
"""Part of the largest channel above which an opposite one undoes most of it."""


@styled
def channels_waterfall(
    run: RunFrames, reference: RunFrames | None, channels: pd.DataFrame
) -> Figure:
    """What each channel adds to the difference of six headlines.

    Parameters
    ----------
    run, reference : RunFrames
    channels : pandas.DataFrame
        As `experiments.runs.channels.channels_table` returns it.
    """
    against = "the reference" if reference is None else reference.name
    drawn = channels[channels["headline"].isin(list(PANELS))]
    if not drawn["part"].any():
        sentence = f"{run.name} does not differ from {against}, so there is nothing to split."
        return nothing_to_show("What the difference is made of", sentence)
    note = (
        f"{run.name} less {against} at the end. From the top: each bar starts where the one above"
        " ended.\nThe dark bar is the sum. Hatched bars lower the headline."
    )
    figure = new_figure(channels_finding(drawn, run.name), note)
    rows = -(-len(PANELS) // PANELS_A_ROW)
    grid = figure.add_gridspec(
        rows, PANELS_A_ROW, top=TOP - 0.045, bottom=BOTTOM - 0.05, left=0.155, right=0.985,
        hspace=0.42, wspace=0.12,
    )  # fmt: skip
    for number, (headline, (title, factor)) in enumerate(PANELS.items()):
        axes = figure.add_subplot(grid[divmod(number, PANELS_A_ROW)])
        axes.set_title(title, size=10.5, linespacing=1.15)
        split = drawn[drawn["headline"] == headline].sort_values("order")
        draw_waterfall(axes, split, factor, named=number % PANELS_A_ROW == 0)
    return figure


def draw_waterfall(axes: Axes, split: pd.DataFrame, factor: float, *, named: bool) -> None:
    """Draw the parts of one headline and their sum, the first part on top.

    Parameters
    ----------
    axes : Axes
    split : pandas.DataFrame
        Rows of one headline in their order.
    factor : float
        From its unit to the one shown.
    named : bool
        Whether the channels' names stand left of the bars.
    """
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])
    if split.empty:
        axes.text(0.5, 0.5, "a share of nothing", ha="center", transform=axes.transAxes)
        return
    parts = (factor * split["part"]).tolist()
    total = factor * float(split["difference"].iloc[0])
    digits = _digits([*parts, total])
    labels = [*(CHANNEL_LABELS[channel] for channel in split["channel"]), "All together"]
    starts, reached = [], 0.0
    for part in parts:
        starts.append(reached)
        reached += part
    _bars(axes, [*starts, 0.0], [*parts, total])
    low, high = min([0.0, *starts, reached]), max([0.0, *starts, reached])
    room = (high - low) or 1.0
    texts = [with_minus(f"{width:+,.{digits}f}") for width in (*parts, total)]
    margin = _margin(axes, texts) * room
    axes.set_xlim(low - margin, high + margin)
    axes.set_ylim(len(labels) - 0.45, -0.55)
    axes.axvline(0, color=BASELINE, linewidth=0.9, zorder=1)
    bars = zip([*starts, 0.0], [*parts, total], texts, strict=True)
    for row, (start, width, text) in enumerate(bars):
        right = width >= 0
        edge = max(start, start + width) if right else min(start, start + width)
        axes.text(
            edge + (0.02 if right else -0.02) * room, row, text,
            ha="left" if right else "right", va="center", size=LABEL_SIZE,
            weight="bold" if row == len(parts) else "normal", color=TEXT,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip
    if named:
        axes.set_yticks(range(len(labels)), labels, size=10, color=TEXT)
        axes.tick_params(length=0)


def _margin(axes: Axes, texts: Sequence[str]) -> float:
    """Room beside the bars, as a share of what they span, in which the longest text fits."""
    points = axes.get_window_extent().width * 72 / axes.figure.dpi
    share = min((LABEL_SIZE * LETTER * max(map(len, texts)) + 6) / points, MOST_MARGIN)
    return share / (1 - 2 * share)


def _digits(numbers: Sequence[float]) -> int:
    """Decimals with which the largest of some numbers has two digits at least; 1 to 4."""
    largest = max(abs(number) for number in numbers)
    return min(max(1 - floor(log10(largest)), 1), 4) if largest else 1


def _bars(axes: Axes, starts: Sequence[float], widths: Sequence[float]) -> None:
    """Floating bars from above to below, joined by fine lines; the last is the sum."""
    last = len(widths) - 1
    for row, (start, width) in enumerate(zip(starts, widths, strict=True)):
        axes.barh(
            row, width, left=start, height=0.62, zorder=2,
            color=COLOURS["USA"] if row == last else COLOURS["ROW"],
            hatch="////" if width < 0 else None, edgecolor="white", linewidth=0,
        )  # fmt: skip
        if row < last:
            end = start + width
            axes.plot([end, end], [row, row + 1], color=FAINT_TEXT, linewidth=0.8, zorder=1)


def channels_finding(channels: pd.DataFrame, name: str) -> str:
    """What the split of the first headline that changes says.

    Parameters
    ----------
    channels : pandas.DataFrame
        Rows of the headlines drawn.
    name : str
        Of the run.
    """
    splits = {
        title: channels[channels["headline"] == headline].set_index("channel")["part"]
        for headline, (title, _) in PANELS.items()
    }
    title, split = next((title, split) for title, split in splits.items() if split.any())
    what = title.split(",")[0].replace("\n", " ")
    what = what if what.startswith("US") else what[:1].lower() + what[1:]
    order = split.abs().sort_values(ascending=False, kind="stable").index
    first, second = (CHANNEL_LABELS[channel].lower() for channel in order[:2])
    largest, next_largest = split[order[0]], split[order[1]]
    start = f"What {name} does to the {what} comes"
    if largest * next_largest < 0 and abs(next_largest) >= UNDONE * abs(largest):
        return f"{start} through {first}, most of it undone by {second}"
    if abs(largest) >= LARGEST_SHARE * split.abs().sum():
        return f"{start} mainly through {first}"
    return f"{start} through {first} and {second}"
