"""What the page and a published story write alike: figures in front, events, where from."""

from collections.abc import Sequence
from html import escape

from viz.charts.decisions import decisions
from viz.charts.headline_numbers import Headline, headlines
from viz.charts.lines import LIKE_LUCK
from viz.lab.frame import Frame

EVENTS_SHOWN = 60
"""In the list of what governments did, the last ones."""


def about(frame: Frame, seeds: Sequence[int] = ()) -> str:
    """Of what a chart is, as is written below it where it is saved: date, run and source.

    Parameters
    ----------
    frame : Frame
    seeds : sequence of int
        Those whose mean is drawn; empty where it is the run itself.
    """
    other = f" and {frame.other.name}" if frame.other else ""
    drawn = f"mean of seeds {seeds[0]} to {seeds[-1]}" if seeds else f"seed {frame.start.seed}"
    return (
        f"{frame.date(frame.quarter)}. Scenario {frame.scenario.name}{other},"
        f" {frame.start.firms:,} firms, {drawn}. Source: Nearshore, a simulation."
    )


def stamp(frame: Frame) -> str:
    """The end of the names of the files that charts are saved to."""
    return f"{frame.scenario.name}-seed{frame.start.seed}-q{frame.quarter}"


def tiles(frame: Frame) -> tuple[list[str], list[str]]:
    """The figures in front, and the others, each an element of a list."""
    front: list[str] = []
    other: list[str] = []
    for figure in headlines(frame):
        (front if figure.front else other).append(_tile(figure, frame))
    return front, other


def _tile(figure: Headline, frame: Frame) -> str:
    seed = ", one seed" if frame.sure is None else ""
    against = f"<span>{escape(figure.change)} since 2017{seed}</span>"
    if frame.other is not None:
        name = f"vs {escape(frame.other.name)}{seed}"
        like_luck = " ns-luck" if figure.difference == LIKE_LUCK else ""
        against = (
            f"<span class='ns-diff{like_luck}' title='{name}'>{escape(figure.difference)}"
            f" <small>{name}</small></span>"
        )
    return (
        f"<li data-quarter='{frame.quarter}'>"
        f"<span class='ns-tile-label'>{escape(figure.label)}</span>"
        f"<strong>{escape(figure.now)} <small>{escape(figure.unit)}</small></strong>"
        f"{against}</li>"
    )


def events(frame: Frame, nothing: str) -> str:
    """What governments did, the last first, as a list; ``nothing`` where there is none."""
    rows = [
        f"<li><b>{escape(frame.date(one.quarter))}</b> {escape(one.text)}</li>"
        for one in reversed(decisions(frame.world.events)[-EVENTS_SHOWN:])
    ]
    text = "".join(rows) or f"<li>{escape(nothing)}</li>"
    return (
        "<h2 class='ns-h2'>What governments did</h2><ol class='ns-log' tabindex='0'"
        f" aria-label='Events'>{text}</ol>"
    )


def event_quarters(frame: Frame) -> list[int]:
    """Quarters in which governments acted."""
    return sorted({int(str(event["quarter"])) for event in frame.world.events})
