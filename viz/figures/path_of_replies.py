"""The path of replies of governments: what each does turn by turn, and what it gets."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.labels import REGION_NAMES, with_minus
from viz.figures.canvas import BOTTOM, TOP, label_ends, new_figure, number_axis, styled
from viz.palette import BASELINE, COLOURS, FAINT_TEXT, MARKERS, TEXT

PATH = "path"
"""Name of the files."""

STYLES = ("-", (0, (4, 2)), (0, (1.5, 1.5)), (0, (5, 1.5, 1, 1.5)))
"""Lines of one owner, in the order of its levers."""

BAND = 0.16
"""How much of its line's colour an interval has."""

LONGEST_LABEL = 26
"""Characters of a lever's name that fit beside a panel."""


@styled
def path_of_replies(numbers: Mapping[str, Any]) -> Figure:
    """Levers on the left and what governments gain over the start on the right, turn by turn.

    Parameters
    ----------
    numbers : mapping
        As `experiments.replies.nash.nash` writes them.
    """
    turns = numbers["turns"]
    figure = new_figure(
        numbers["sentence"].rstrip("."),
        "A step a turn; filled: who moved, hollow: who stayed. Bands: 95% interval of the "
        f"difference from the start, {numbers['seeds']} seeds.",
    )
    grid = figure.add_gridspec(
        1, 2, top=TOP - 0.03, bottom=BOTTOM + 0.06, left=0.06, right=0.86, wspace=0.85
    )
    _levers(figure.add_subplot(grid[0]), numbers, turns)
    _gains(figure, grid[1], numbers, turns)
    return figure


def draw_path(numbers: Mapping[str, Any], folder: Path) -> list[Path]:
    """Draw the path into a folder, as PNG and SVG; the same numbers give the same bytes."""
    figure = path_of_replies(numbers)
    png, svg = folder / f"{PATH}.png", folder / f"{PATH}.svg"
    title = {"Title": str(figure.get_label())}
    figure.savefig(png, dpi=200, metadata=title)
    with mpl.rc_context({"svg.hashsalt": PATH, "svg.fonttype": "path"}):
        figure.savefig(svg, metadata={**title, "Date": None})
    return [png, svg]


def _levers(axes: Axes, numbers: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]) -> None:
    """What is in force after every turn, a line a lever in its owner's colour."""
    axes.set_title("In force")
    used: dict[str, int] = {}
    ends = []
    for key, owner in numbers["owners"].items():
        colour = COLOURS.get(owner, TEXT)
        style = STYLES[used.get(owner, 0) % len(STYLES)]
        used[owner] = used.get(owner, 0) + 1
        values = [numbers["start"][key], *(turn["policy"][key] for turn in turns)]
        axes.plot(values, color=colour, linestyle=style, drawstyle="steps-post", zorder=2)
        if owner in MARKERS:
            _turns_of(axes, values, turns, owner)
        ends.append((values[-1], _name(key, owner), colour))
    _turn_axis(axes, turns)
    axes.margins(y=0.12)
    number_axis(axes.yaxis, ticks=6)
    label_ends(axes, ends, size=9)


def _turns_of(
    axes: Axes, values: Sequence[float], turns: Sequence[Mapping[str, Any]], owner: str
) -> None:
    """Mark the turns of a government on the line of one of its levers."""
    for place, turn in enumerate(turns, start=1):
        if turn["government"] == owner:
            axes.plot(
                place, values[place], MARKERS[owner], color=COLOURS[owner], markersize=6, zorder=3,
                markerfacecolor=COLOURS[owner] if turn["moved"] else "white",
            )  # fmt: skip


def _gains(
    figure: Figure, place: Any, numbers: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]
) -> None:
    """What each government has of what it wants, less what it had at the start."""
    wants = numbers["objectives"]
    rows = place.subgridspec(len(wants), 1, hspace=0.5)
    for row, (government, wanted) in enumerate(wants.items()):
        axes = figure.add_subplot(rows[row])
        colour = COLOURS[government]
        gains = [turn["gain_over_the_start"][government] for turn in turns]
        mean, low, high = ([0.0, *(gain[end] for gain in gains)] for end in ("mean", "low", "high"))
        axes.axhline(0, color=BASELINE, linewidth=1)
        axes.fill_between(
            range(len(mean)), low, high, step="post", color=colour, alpha=BAND, linewidth=0
        )
        axes.plot(mean, color=colour, drawstyle="steps-post")
        axes.set_title(
            f"{REGION_NAMES[government]}: {wanted['name']}, {wanted['unit']}", color=colour, size=10
        )
        _turn_axis(axes, turns)
        if row < len(wants) - 1:
            axes.tick_params(labelbottom=False)
            axes.set_xlabel("")
        number_axis(axes.yaxis, ticks=4)
        label_ends(axes, [(mean[-1], with_minus(f"{mean[-1]:+,.3g}"), colour)], size=9.5)


def _turn_axis(axes: Axes, turns: Sequence[Mapping[str, Any]]) -> None:
    """Rounds below, a tick where each begins."""
    first = [place for place, turn in enumerate(turns, start=1) if _begins(turns, place)]
    axes.set_xticks([0, *first], ["start", *(str(turns[place - 1]["round"]) for place in first)])
    axes.set_xlim(0, len(turns) + 0.15)
    axes.set_xlabel("Round", color=FAINT_TEXT)


def _begins(turns: Sequence[Mapping[str, Any]], place: int) -> bool:
    """Whether a turn, counted from 1, is the first of its round."""
    return place == 1 or turns[place - 1]["round"] != turns[place - 2]["round"]


def _name(key: str, owner: str) -> str:
    """Return the end of a key that is short enough, and who sets it."""
    words = key.split(".")
    if words[:2] == ["tariffs", "special"]:
        return f"{owner} duty on {words[3]}" + ("" if words[4] == "all" else f",\n{words[4]}")
    if words[1] == "regional_value_content":
        return f"content of\n{words[2].replace('_', ' ')}"
    return key if len(key) <= LONGEST_LABEL else f"…{key[1 - LONGEST_LABEL :]}"
