"""Where the renderer puts the texts of a figure, and which of them are not where they should be."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

TOUCH = 1.0
"""Pixels by which boxes may touch: those of letters are rounded outwards."""


@dataclass(frozen=True)
class Placed:
    """A text as it is drawn.

    Attributes
    ----------
    said : str
    box : Bbox
        In pixels.
    axes : Axes or None
        That it belongs to; None for what belongs to the whole figure.
    inside : bool
        Whether it is placed in the coordinates of data, and so must lie within its axes.
    """

    said: str
    box: Bbox
    axes: Axes | None
    inside: bool = False


def faults(figure: Figure) -> list[str]:
    """Texts outside the picture, outside their axes, over another text or over other axes."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = list(placed(figure, canvas.get_renderer()))
    assert texts
    found = [
        f"outside the picture: {text.said!r}" for text in texts if not _within(text, figure.bbox)
    ]
    found += [
        f"outside its axes: {text.said!r}"
        for text in texts
        if text.inside and text.axes is not None and not _within(text, text.axes.bbox)
    ]
    found += [
        f"over another: {one.said!r} and {other.said!r}"
        for one, other in combinations(texts, 2)
        if _overlap(one.box, other.box)
    ]
    found += [
        f"over other axes: {text.said!r}"
        for text in texts
        for axes in figure.axes
        if axes is not text.axes and _overlap(text.box, axes.bbox)
    ]
    return found


def placed(figure: Figure, renderer: RendererAgg) -> Iterator[Placed]:
    """Every text that is drawn, with its box."""
    for text in figure.texts:
        yield from _one(text, None, renderer)
    for axes in figure.axes:
        for title in (axes.title, axes._left_title, axes._right_title):
            yield from _one(title, axes, renderer)
        for text in axes.texts:
            inside = not isinstance(text, Annotation) and text.get_transform() == axes.transData
            yield from _one(text, axes, renderer, inside=inside)
        legend = axes.get_legend()
        for text in legend.get_texts() if legend is not None else ():
            yield from _one(text, axes, renderer)
        for axis in (axes.xaxis, axes.yaxis):
            for text in _of_axis(axis):
                yield from _one(text, axes, renderer)


def _of_axis(axis: Axis) -> Iterator[Text]:
    """Its label, its offset, and the labels of the ticks within its limits."""
    if not axis.get_visible() or not axis.axes.axison:
        return
    yield axis.label
    yield axis.get_offset_text()
    low, high = sorted(axis.get_view_interval())
    slack = 1e-6 * (high - low)
    axis.get_ticklabels()  # puts the ticks where they are drawn
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if low - slack <= tick.get_loc() <= high + slack:
            yield from (tick.label1, tick.label2)


def _one(
    text: Text, axes: Axes | None, renderer: RendererAgg, *, inside: bool = False
) -> Iterator[Placed]:
    if text.get_visible() and text.get_text().strip():
        yield Placed(text.get_text(), text.get_window_extent(renderer), axes, inside)


def _within(text: Placed, box: Bbox) -> bool:
    return (
        text.box.x0 >= box.x0 - TOUCH
        and text.box.y0 >= box.y0 - TOUCH
        and text.box.x1 <= box.x1 + TOUCH
        and text.box.y1 <= box.y1 + TOUCH
    )


def _overlap(one: Bbox, other: Bbox) -> bool:
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    up = min(one.y1, other.y1) - max(one.y0, other.y0)
    return across > TOUCH and up > TOUCH
