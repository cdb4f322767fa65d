"""What all charts of the page share: a chart, the colours of its ground, its axes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from abm.axes import FOOTLOOSE
from experiments.labels import NOTHING, with_minus
from viz.palette import COLOURS, COLOURS_ON_DARK

SECTOR_COLOURS = dict(
    zip(
        FOOTLOOSE,
        ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bb7744", "#8899cc",
         "#77aa99", "#999999"),
        strict=True,
    )
)  # fmt: skip
"""After Paul Tol's bright scheme, safe for colour blindness; the tooltip names each, too."""


@dataclass(frozen=True)
class Ink:
    """Colours of one ground."""

    text: str
    faint: str
    grid: str
    card: str
    countries: dict[str, str]
    change: tuple[str, ...]


FALL_TO_RISE = ("#7a4a06", "#c69a45", "#f4f3ee", "#52a99b", "#00594d")
FALL_TO_RISE_ON_DARK = ("#f3b75a", "#9a7337", "#3b4753", "#3f9284", "#6fe3cf")
"""From brown over no change to teal: told apart by the colour-blind, and no country's colours."""

LIGHT = Ink("#20262b", "#56616a", "#e3e7ea", "#ffffff", COLOURS, FALL_TO_RISE)
DARK = Ink("#e8edf2", "#a9b6c1", "#2c3947", "#17212c", COLOURS_ON_DARK, FALL_TO_RISE_ON_DARK)


@dataclass(frozen=True)
class Chart:
    """One chart, ready to be shown.

    Attributes
    ----------
    name : str
        Of the files it is saved to.
    title, sentence : str
        What it shows, and what it says now.
    option : dict
        As ECharts takes it.
    table : dict
        ``head`` and ``rows`` of text; ``picks``, where a row can be clicked, what it stands for.
    legend : dict
        ``swatches`` with label and colour, or ``colours`` of a scale with its ends ``low`` and
        ``high`` and its ``label``; empty where lines are named at their ends.
    seeds : tuple of int
        Those whose mean is drawn; empty where it is the run itself.
    """

    name: str
    title: str
    sentence: str
    option: dict[str, Any]
    table: dict[str, Any] = field(default_factory=dict)
    legend: dict[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()


def swatches(named: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A legend of labels and their colours."""
    return {"swatches": [{"label": label, "colour": colour} for label, colour in named]}


def plain_option(ink: Ink) -> dict[str, Any]:
    """An option without series: ground, type and margins."""
    return {
        "animation": False,
        "aria": {"enabled": True, "decal": {"show": False}},
        "textStyle": {"color": ink.text, "fontFamily": "system-ui, sans-serif"},
        "grid": {"left": 4, "right": 96, "top": 12, "bottom": 6, "containLabel": True},
    }


def axis(ink: Ink, kind: str, **more: Any) -> dict[str, Any]:
    """An axis; ``kind`` is ECharts' type of it."""
    return {
        "type": kind,
        "axisLabel": {"color": ink.faint, "fontSize": 11, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": ink.grid}},
        "axisTick": {"show": False},
        "splitLine": {"show": kind == "value", "lineStyle": {"color": ink.grid}},
        "nameTextStyle": {"color": ink.faint},
        "splitNumber": 4,
        **more,
    }


def number(value: float, digits: int) -> str:
    """A figure with so many digits behind the point; a dash for a share of nothing."""
    return with_minus(f"{value:,.{digits}f}") if isfinite(value) else NOTHING


def with_sign(value: float, digits: int) -> str:
    """The same for a difference, without a sign before what rounds to nothing."""
    return number(0.0, digits) if round(value, digits) == 0 else signed(value, digits)


def signed(value: float, digits: int) -> str:
    """The same for a difference."""
    return with_minus(f"{value:+,.{digits}f}") if isfinite(value) else NOTHING
