"""A finding as a picture: intervals from the model where the finding says they should lie."""

from collections.abc import Iterator
from math import isfinite
from xml.etree.ElementTree import Element, SubElement, tostring

from experiments.outcomes.estimates import Estimate
from experiments.validation.finding import Row

WIDTH, LABELS, VALUES, LINE, HEAD = 900, 330, 210, 24, 30
"""Pixels: the picture, its labels on the left, its numbers on the right, a line, a head."""

INK, MODEL, MISS, BAND = "#222222", "#1b4f72", "#b9770e", "#e3e6e8"
"""Text; what agrees or is not judged; what disagrees; where it should lie."""


def picture(row: Row) -> str:
    """One panel a unit, one line an estimate.

    Returns
    -------
    str
        An SVG element, readable in grey: what disagrees has an open dot.
    """
    panels = list(_panels(row.estimates))
    height = sum(HEAD + LINE * len(panel) for panel in panels) + 8
    svg = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        attrib={"font-family": "sans-serif", "font-size": "13"},
    )
    SubElement(svg, "title").text = f"{row.id}: {row.claim}. {row.verdict}."
    top = 0
    for panel in panels:
        _draw(svg, panel, top)
        top += HEAD + LINE * len(panel)
    return tostring(svg, encoding="unicode")


def _panels(estimates: list[Estimate]) -> Iterator[list[Estimate]]:
    """Estimates that share a unit, in order of appearance."""
    for unit in dict.fromkeys(each.unit for each in estimates):
        yield [each for each in estimates if each.unit == unit]


def _draw(svg: Element, panel: list[Estimate], top: int) -> None:
    low, high = _range(panel)

    def at(value: float) -> float:
        inside = min(max(value, low), high)
        return LABELS + (inside - low) / (high - low) * (WIDTH - LABELS - VALUES)

    bottom = top + HEAD + LINE * len(panel)
    if low <= 0 <= high:
        _line(svg, at(0), top + HEAD - 4, at(0), bottom, INK, 1)
        _text(svg, at(0), top + HEAD - 8, "0", "middle")
    for place, each in enumerate(panel):
        y = top + HEAD + LINE * (place + 0.5)
        if each.expected is not None:
            start, end = at(each.expected[0]), at(each.expected[1])
            SubElement(svg, "rect", x=f"{start:.1f}", y=f"{y - LINE / 2 + 2:.1f}",
                       width=f"{end - start:.1f}", height=f"{LINE - 4}", fill=BAND)  # fmt: skip
        if each.published is not None:
            _line(svg, at(each.published), y - 9, at(each.published), y + 9, INK, 3)
        colour = MODEL if each.agrees else MISS
        _line(svg, at(each.low), y, at(each.high), y, colour, 2)
        _dot(svg, at(each.mean), y, colour, filled=each.agrees)
        _text(svg, LABELS - 10, y + 4, each.label.rstrip(","), "end")
        _text(svg, WIDTH - VALUES + 10, y + 4, each.text, "start")


def _range(panel: list[Estimate]) -> tuple[float, float]:
    """From the least to the greatest number shown, with room, zero and bounds included."""
    numbers = [0.0]
    for each in panel:
        numbers += [each.low, each.high]
        numbers += [bound for bound in each.expected or () if isfinite(bound)]
        numbers += [] if each.published is None else [each.published]
    low, high = min(numbers), max(numbers)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


# why: a line has two ends, each with two coordinates
def _line(svg: Element, x1: float, y1: float, x2: float, y2: float, ink: str, width: int) -> None:
    SubElement(svg, "line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}",
               stroke=ink, attrib={"stroke-width": str(width)})  # fmt: skip


def _dot(svg: Element, x: float, y: float, ink: str, *, filled: bool) -> None:
    fill = ink if filled else "white"
    SubElement(svg, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="5", stroke=ink, fill=fill,
               attrib={"stroke-width": "2"})  # fmt: skip


def _text(svg: Element, x: float, y: float, text: str, anchor: str) -> None:
    attributes = {"text-anchor": anchor}
    SubElement(svg, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill=INK, attrib=attributes).text = text
