"""All that a story shows, of every quarter, in both themes and every colouring of the map."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from experiments.labels import SECTOR_NAMES
from viz.charts import lines, markup
from viz.charts.basics import DARK, LIGHT, Chart, Ink
from viz.charts.content_spread import content_spread
from viz.charts.map import COLOURINGS, trade_map
from viz.charts.told import who_gains_and_why
from viz.lab.frame import Frame
from viz.story.patches import Document, Patch, patch

THEMES = {"light": LIGHT, "dark": DARK}

WITH_RULE = ("cars", "light_trucks", "vehicle_parts")
"""Sectors whose distribution of content can be chosen; others have no rule in most scenarios."""


@dataclass
class Pictures:
    """Documents, each written as what changes against one before it.

    Attributes
    ----------
    patches : list of (int, Patch)
        The document that each starts from, -1 for nothing, and what changes in it.
    places : dict of str to dict of str to list of int
        Which document is shown: by what it is, theme and quarter.
    """

    patches: list[tuple[int, Patch]] = field(default_factory=list)
    places: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    _documents: list[Document] = field(default_factory=list)

    def add(self, what: str, theme: str, document: Any, base: int | None) -> int:
        """Keep a document of the next quarter; without a base it starts from the quarter before."""
        shown = self.places.setdefault(what, {}).setdefault(theme, [])
        document = json.loads(json.dumps(document, allow_nan=False))
        start = shown[-1] if base is None and shown else -1 if base is None else base
        old = self._documents[start] if start >= 0 else None
        self.patches.append((start, patch(old, document)))
        self._documents.append(document)
        shown.append(len(self._documents) - 1)
        return shown[-1]


def pictures(last: Frame) -> Pictures:
    """Everything a story draws, quarter by quarter.

    Parameters
    ----------
    last : Frame
        Of the last quarter, with or without a second world.
    """
    found = Pictures()
    for quarter in range(last.quarter + 1):
        frame = last.at(quarter)
        found.add("told", "light", _told(frame), None)
        for what, draw in _drawings(frame).items():
            # The other colourings differ from the first by colours alone, the dark by few.
            base = found.places["map change"]["light"][-1] if _recoloured(what) else None
            light = found.add(what, "light", draw(LIGHT), base)
            found.add(what, "dark", draw(DARK), light)
    found.places["told"]["dark"] = found.places["told"]["light"]
    return found


def _recoloured(what: str) -> bool:
    return what.startswith("map ") and what != f"map {COLOURINGS[0]}"


def _drawings(frame: Frame) -> dict[str, Callable[[Ink], Any]]:
    """What is drawn of a quarter, by its name in the story."""
    drawn: dict[str, Callable[[Ink], Any]] = {
        f"map {by}": partial(_map, frame, by) for by in COLOURINGS
    }
    drawn["charts"] = partial(_charts, frame)
    return drawn | {f"spread {name}": partial(_spread, frame, name) for name in WITH_RULE}


def _map(frame: Frame, by: str, ink: Ink) -> dict[str, Any]:
    return _written(trade_map(frame, ink, by, arcs=True), frame)


def _charts(frame: Frame, ink: Ink) -> list[dict[str, Any]]:
    return [_written(draw(frame, ink), frame) for draw in lines.CHARTS]


def _spread(frame: Frame, sector: str, ink: Ink) -> dict[str, Any]:
    return _written(content_spread(frame, ink, sector), frame)


def _written(chart: Chart, frame: Frame) -> dict[str, Any]:
    """A chart and of what it is, without rows to be clicked: a story has no firms to show."""
    written = asdict(chart) | {"about": markup.about(frame, chart.seeds)}
    return written | {"table": {name: chart.table[name] for name in ("head", "rows")}}


def _told(frame: Frame) -> dict[str, Any]:
    """What is said of a quarter."""
    front, other = markup.tiles(frame)
    return {
        "date": frame.date(frame.quarter),
        "stamp": markup.stamp(frame),
        "answer": who_gains_and_why(frame) if frame.other is not None else "",
        "front": "".join(front),
        "other": "".join(other),
        "count": len(other),
        "events": markup.events(frame, "Nothing yet."),
    }


def choices() -> dict[str, dict[str, str]]:
    """What a reader may choose: how cities are coloured, and whose content is drawn."""
    return {
        "colourings": {name: f"By {name}" for name in COLOURINGS},
        "sectors": {name: SECTOR_NAMES[name] for name in WITH_RULE},
    }
