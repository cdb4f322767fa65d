"""The map: state outlines, cities with their plants, and trade between the regions."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, REGIONS
from experiments.labels import REGION_NAMES, SECTOR_NAMES, in_sentence
from viz.charts.basics import SECTOR_COLOURS, Chart, Ink
from viz.lab.frame import Frame
from viz.lab.sites import city_rows

NAME = "north-america"

WINDOW = [[-131.0, 54.0], [-60.0, 14.5]]
"""Corners of what is shown, degrees; few plants stand further north."""

PLACES = {
    "USA": (-98.5, 40.5),
    "MEX": (-101.5, 22.8),
    "CAN": (-96.0, 51.2),
    "CHN": (-126.0, 24.0),
    "ROW": (-68.5, 27.0),
}
"""Where flows begin and end; overseas regions lie in the oceans."""

LARGEST_CITY = 25.0
"""Pixels across."""


@cache
def outlines() -> dict[str, Any]:
    """Outlines of states and provinces as ECharts takes them."""
    text = (files("viz") / "assets" / "north_america_admin1.geojson").read_text(encoding="utf-8")
    return {NAME: json.loads(text)}


@cache
def outlines_json() -> str:
    """The same as text."""
    return json.dumps(outlines(), separators=(",", ":"))


def trade_map(frame: Frame, ink: Ink, colour_by: str, arcs: bool) -> Chart:
    """Where things are made, what opened and closed, and what is shipped.

    Parameters
    ----------
    frame : Frame
    ink : Ink
    colour_by : {"country", "sector"}
    arcs : bool
        Whether flows are drawn.
    """
    picture, table = frame.world.picture, city_rows()
    order = np.argsort(-picture.output, kind="stable")
    order = order[picture.output[order] > 0]
    largest = max(picture.output.max(), 1e-9)
    points = [_city(table, picture, int(row), largest, ink, colour_by) for row in order]
    changes = [_change(table, picture, int(row), largest, ink) for row in order]
    series: list[dict[str, Any]] = [
        {"id": "cities", "type": "scatter", "coordinateSystem": "geo", "data": points, "z": 4},
        {"id": "news", "type": "scatter", "coordinateSystem": "geo", "silent": True,
         "data": [point for point in changes if point], "z": 5},
    ]  # fmt: skip
    if arcs:
        series += [_flows(picture.trade, ink), _names(ink)]
    option = {
        "animation": False,
        "aria": {"enabled": True},
        "textStyle": {"fontFamily": "system-ui, sans-serif"},
        "tooltip": {"trigger": "item", "confine": True},
        "geo": {
            "map": NAME,
            "boundingCoords": WINDOW,
            "roam": True,
            "scaleLimit": {"min": 1, "max": 12},
            "silent": True,
            "left": 0,
            "right": 0,
            "top": 0,
            "bottom": 0,
            "itemStyle": {"areaColor": ink.grid, "borderColor": ink.card, "borderWidth": 0.8},
        },
        "series": series,
    }
    return Chart("map", "Where North America manufactures", _sentence(frame, order), option,
                 _table(picture, order))  # fmt: skip


def _city(table: Any, picture: Any, row: int, largest: float, ink: Ink, by: str) -> dict[str, Any]:
    city, sector = table[row], FOOTLOOSE[int(picture.sector[row])]
    output = float(picture.output[row])
    colour = SECTOR_COLOURS[sector] if by == "sector" else ink.countries[city["country"]]
    return {
        "id": row,
        "name": f"{city['city']}, {city['state']}: {output:,.1f} billion USD a year,"
        f" {picture.plants[row]:,.0f} plants, mostly {SECTOR_NAMES[sector].lower()}",
        "value": [float(city["lon"]), float(city["lat"])],
        "symbolSize": 4 + (LARGEST_CITY - 4) * (output / largest) ** 0.5,
        "itemStyle": {"color": colour, "opacity": 0.82, "borderColor": ink.card, "borderWidth": 1},
        "tooltip": {"formatter": "{b}"},
    }


def _change(table: Any, picture: Any, row: int, largest: float, ink: Ink) -> dict[str, Any] | None:
    """A ring around a city in which plants opened or closed this quarter."""
    opened, closed = float(picture.opened[row]), float(picture.closed[row])
    if opened == 0 and closed == 0:
        return None
    city, more = table[row], opened >= closed
    size = 4 + (LARGEST_CITY - 4) * (float(picture.output[row]) / largest) ** 0.5
    return {
        "value": [float(city["lon"]), float(city["lat"])],
        "symbolSize": size + 9,
        "itemStyle": {
            "color": "transparent",
            "borderColor": ink.text,
            "borderWidth": 2.2,
            "borderType": "solid" if more else "dashed",
        },
        "label": {
            "show": True,
            "position": "top",
            "color": ink.text,
            "fontSize": 11,
            "fontWeight": "bold",
            "formatter": f"+{opened:,.0f}" if more else f"\N{MINUS SIGN}{closed:,.0f}",
        },
    }


def _flows(trade: np.ndarray, ink: Ink) -> dict[str, Any]:
    """Arcs between regions, as wide as the root of what is shipped."""
    pairs = [
        (s, m)
        for s in range(len(REGIONS))
        for m in range(len(REGIONS))
        if s != m and (REGIONS[s] in HOSTS or REGIONS[m] in HOSTS)
    ]
    largest = max(trade[s, m] for s, m in pairs)
    data = [
        {
            "name": f"{REGION_NAMES[REGIONS[s]]} to {in_sentence(REGIONS[m])}:"
            f" {trade[s, m]:,.0f} billion USD a year",
            "coords": [PLACES[REGIONS[s]], PLACES[REGIONS[m]]],
            "lineStyle": {
                "width": 0.6 + 7 * float(trade[s, m] / largest) ** 0.5,
                "color": ink.countries[REGIONS[s]],
            },
        }
        for s, m in pairs
    ]
    return {
        "id": "flows",
        "type": "lines",
        "coordinateSystem": "geo",
        "data": data,
        "z": 3,
        "lineStyle": {"opacity": 0.42, "curveness": 0.28},
        "effect": {"show": True, "period": 5, "trailLength": 0.15, "symbolSize": 5},
        "tooltip": {"formatter": "{b}"},
    }


def _names(ink: Ink) -> dict[str, Any]:
    return {
        "id": "overseas",
        "type": "scatter",
        "coordinateSystem": "geo",
        "silent": True,
        "z": 6,
        "data": [
            {
                "value": PLACES[region],
                "symbolSize": 9,
                "itemStyle": {"color": ink.countries[region]},
                "label": {"show": True, "position": "bottom", "formatter": REGION_NAMES[region],
                          "color": ink.faint, "fontSize": 11},
            }
            for region in ("CHN", "ROW")
        ],
    }  # fmt: skip


def _sentence(frame: Frame, order: np.ndarray) -> str:
    picture = frame.world.picture
    first = city_rows()[int(order[0])]["city"]
    opened, closed = picture.opened.sum(), picture.closed.sum()
    return (
        f"{picture.plants.sum():,.0f} plants in {len(order)} cities, most output in {first};"
        f" {opened:,.0f} opened and {closed:,.0f} closed in the quarter."
        " Circles: output; arcs: trade; rings: openings, dashed: closures."
    )


def _table(picture: Any, order: np.ndarray) -> dict[str, Any]:
    rows = []
    for row in order[:40]:
        city = city_rows()[int(row)]
        rows.append(
            [
                f"{city['city']}, {city['state']}",
                f"{picture.output[row]:,.1f}",
                f"{picture.plants[row]:,.0f}",
                SECTOR_NAMES[FOOTLOOSE[int(picture.sector[row])]],
            ]
        )
    return {"head": ["city", "output, billion USD a year", "plants", "main sector"], "rows": rows}
