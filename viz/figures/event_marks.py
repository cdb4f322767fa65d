"""What governments did, as numbered marks on a time axis and a key below the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from itertools import groupby
from operator import attrgetter
from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.tables import RunFrames
from experiments.scenarios.acts import date_of, is_done, title_of, told
from viz.palette import BASELINE, COLOURS, FAINT_TEXT, TEXT

CLOSEST = 0.062
"""Share of a time axis that the number of a mark needs; acts closer than that share one."""

KEY_COLUMNS, KEY_LETTERS = 2, 52
"""Of the key; letters of a line of an act, which goes on in the next line."""

KEY_SIZE, KEY_LINE = 9.0, 0.155
"""Points of type, and inches from line to line."""

MOST_LINES = 36
"""Of the key, in each column; a run with more acts tells the first ones."""

HAZARD = "threat.arrival_per_quarter"
"""What changes where a threat becomes likelier."""


@dataclass(frozen=True)
class EventMark:
    """What a government did on a day.

    Attributes
    ----------
    day : datetime.date
    number : int
        Of its mark.
    opens : bool
        Whether the mark's number stands at this day.
    colour : str
        Of the country that acted; of no country where several did together.
    text : str
    """

    day: date
    number: int
    opens: bool
    colour: str
    text: str


def acts_of(run: RunFrames) -> tuple[EventMark, ...]:
    """What governments did within a run, by day, in the order of time.

    What is announced and done within one quarter is told once, and a threat that merely
    becomes likelier is not. Acts too close for two numbers share a mark.
    """
    table = run.tables["events"]
    end = _end(run)
    rows = table.assign(day=pd.to_datetime(table["date"]).dt.date).itertuples()
    inside = [row for row in rows if run.start <= row.day < end and row.instrument != HAZARD]
    done = {(row.quarter, title_of(row.reason)) for row in inside if is_done(row.reason)}
    news = [
        row
        for row in inside
        if is_done(row.reason) or (row.quarter, title_of(row.reason)) not in done
    ]
    found: list[EventMark] = []
    opened, number = date.min, 0
    by_actor = attrgetter("day", "actor")
    for (day, actor), some in groupby(sorted(news, key=by_actor), key=by_actor):
        opens = not number or (day - opened).days >= CLOSEST * (end - run.start).days
        if opens:
            opened, number = day, number + 1
        # Deeds first, the shortest first.
        texts = sorted(
            {
                (date_of(row.reason), told(row.instrument, str(row.old), str(row.new), row.reason))
                for row in some
            },
            key=lambda text: (text[0], len(text[1]), text[1]),
        )
        said = "; ".join(text for _, text in texts)
        found.append(EventMark(day, number, opens, COLOURS.get(actor, TEXT), said))
    return tuple(found)


def draw_marks(axes: Axes, run: RunFrames) -> None:
    """Draw a fine line at every act and the number of its mark at the top of the axes."""
    for act in acts_of(run):
        faint = {"color": act.colour, "linewidth": 0.9, "linestyle": (0, (1, 2)), "zorder": 1}
        axes.axvline(act.day, **faint)
        if act.opens:
            axes.annotate(
                str(act.number),
                (act.day, 1),
                xycoords=("data", "axes fraction"),
                xytext=(1.5, 0),
                textcoords="offset points",
                ha="left",
                va="top",
                size=KEY_SIZE,
                color=act.colour,
                zorder=1.5,  # under the lines that tell the story
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
            )


def with_key(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Return a function that draws a figure of a run, with the acts in a key below it."""

    @wraps(draw)
    def drawn(
        run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
    ) -> Figure:
        figure = draw(run, reference, seeds)
        acts = acts_of(run)
        if acts and any(axes.lines or axes.images for axes in figure.axes):
            _add_key(figure, acts)
        return figure

    return drawn


def add_below(figure: Figure, inches: float) -> float:
    """Make a figure taller and leave what is drawn as it is.

    Returns
    -------
    float
        The share of the height that is new.
    """
    width, height = figure.get_size_inches()
    new = inches / (height + inches)
    # Where a grid or a title would put things is settled before the paper grows.
    places = [(axes, axes.get_position()) for axes in figure.axes]
    figure.set_size_inches(width, height + inches)
    for axes, box in places:
        axes.set_position((box.x0, new + (1 - new) * box.y0, box.width, (1 - new) * box.height))
    for text in figure.texts:
        text.set_y(new + (1 - new) * text.get_position()[1])
    return new


def _add_key(figure: Figure, acts: tuple[EventMark, ...]) -> None:
    entries = [(act, wrap(act.text, KEY_LETTERS)) for act in acts]
    lines = _lines_of_a_column([len(said) for _, said in entries])
    new = add_below(figure, (lines + 1) * KEY_LINE)
    step = new / (lines + 1)
    column, line, shown = 0, 0, 0
    for act, said in entries:
        if line + len(said) > lines:
            column, line = column + 1, 0
        if column == KEY_COLUMNS:
            break
        left = 0.02 + column * 0.49
        height = new - (line + 0.3) * step
        style = {"size": KEY_SIZE, "va": "top", "color": act.colour}
        figure.text(left, height, f"{act.number}", weight="bold", **style)
        figure.text(left + 0.018, height, f"{act.day:%b %Y}", **style | {"color": FAINT_TEXT})
        for row, text in enumerate(said):
            figure.text(left + 0.094, height - row * step, text, **style)
        line, shown = line + len(said), shown + 1
    if shown < len(acts):
        more = f"and {len(acts) - shown} more"
        figure.text(0.98, 0.01, more, size=KEY_SIZE, ha="right", color=BASELINE)


def _lines_of_a_column(lengths: Sequence[int]) -> int:
    """Fewest lines of a column in which all entries of the key find room, none of them split."""
    for lines in range(max(lengths), MOST_LINES):
        column, line = 0, 0
        for length in lengths:
            if line + length > lines:
                column, line = column + 1, 0
            line += length
        if column < KEY_COLUMNS:
            return lines
    return max(MOST_LINES, *lengths)


def _end(run: RunFrames) -> date:
    end: date = (pd.Timestamp(run.start) + pd.DateOffset(months=3 * run.quarters)).date()
    return end
