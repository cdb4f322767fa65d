"""The map: cities by what changed, plants that moved, and flows that differ."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from abm.axes import FOOTLOOSE, HOSTS, REGIONS
from abm.scenario.levers import TITLE
from abm.state.places import cities
from experiments.labels import REGION_NAMES, SECTOR_NAMES, in_sentence, with_minus
from viz.charts.basics import SECTOR_COLOURS, Chart, Ink, number, swatches, with_sign
from viz.charts.change import ChangeScale, change_percent, change_scale
from viz.charts.projection import projected
from viz.lab.frame import Frame
from viz.lab.history import Picture
from viz.lab.sites import city_rows

MAP_NAME = "north-america"

WINDOW = ((-29.0, 20.8), (29.0, -26.0))
"""Corners of what is shown, in units of `viz.charts.projection`: west and north, east and south."""

PLACES = {
    "USA": (-2.5, -1.0),
    "MEX": (-5.8, -18.5),
    "CAN": (0.0, 12.5),
    "CHN": (-25.5, -15.0),
    "ROW": (20.0, -18.0),
}
"""Where flows begin and end; overseas regions lie in the oceans."""

SMALLEST_CITY, LARGEST_CITY = 4.0, 25.0
"""Pixels across."""

COLOURINGS = ("change", "country", "sector")

LEAST_FLOW = 0.5
"""Billion USD a year by which a flow must differ to be drawn."""

CURVENESS = 0.26
"""Of the arcs of flows: how far from the straight line, as a share of its length, they pull."""

ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8)
"""Where on its arc a flow's difference may be written, as shares of its length."""

FLOWS_SHOWN, WAYS_SHOWN, LINKS_SHOWN = 8, 40, 12
"""Arcs of flows, of moves and of a city's suppliers, the largest."""


@cache
def outlines() -> dict[str, Any]:
    """Outlines of states and provinces, projected, as ECharts takes them."""
    text = (files("viz") / "assets" / "north_america_admin1.geojson").read_text(encoding="utf-8")
    drawn = json.loads(text)
    for feature in drawn["features"]:
        shape = feature["geometry"]
        polygons = shape["coordinates"]
        several = shape["type"] == "MultiPolygon"
        flat = [[_ring(ring) for ring in one] for one in (polygons if several else [polygons])]
        shape["coordinates"] = flat if several else flat[0]
    return {MAP_NAME: drawn}


def _ring(points: list[list[float]]) -> list[list[float]]:
    ring: list[list[float]] = projected(np.asarray(points)).round(3).tolist()
    return ring


@cache
def outlines_json() -> str:
    """The same as text."""
    return json.dumps(outlines(), separators=(",", ":"))


@cache
def city_places() -> np.ndarray:
    """Where the cities lie on the map, shape (city, 2)."""
    return projected(cities()[["lon", "lat"]].to_numpy()).round(3)


@dataclass(frozen=True)
class SeenCities:
    """What one drawing of the map tells of the cities.

    Attributes
    ----------
    now, then : Picture
        The quarter, and what it is compared with.
    against : str
        What that is, in words.
    order : ndarray of int
        Cities in which something is made, most output first.
    change : ndarray, shape (city,)
        Of output, percent.
    scale : ChangeScale
    """

    now: Picture
    then: Picture
    against: str
    order: np.ndarray
    change: np.ndarray
    scale: ChangeScale


def shown(frame: Frame, ink: Ink) -> SeenCities:
    """The quarter against the start, or against the second world if there is one."""
    now, then, against = frame.world.picture, frame.world.pictures[0], frame.date(0)
    if frame.other is not None:
        then, against = frame.other.picture, frame.other.name
    order = np.argsort(-now.output, kind="stable")
    change = change_percent(now.output, then.output)
    scale = change_scale(change, then.output, ink)
    return SeenCities(now, then, against, order[now.output[order] > 0], change, scale)


def trade_map(frame: Frame, ink: Ink, colour_by: str, arcs: bool) -> Chart:
    """Where things are made, what changed there, what opened, closed and moved.

    Parameters
    ----------
    frame : Frame
    ink : Ink
    colour_by : {"change", "country", "sector"}
    arcs : bool
        Whether flows that changed are drawn; a city that was clicked has its suppliers.
    """
    seen = shown(frame, ink)
    points = [_city(seen, int(row), ink, colour_by) for row in seen.order]
    series: list[dict[str, Any]] = [
        _scatter("cities", points, 4),
        _news(seen, frame.quarter, ink),
        _moves(seen.now, frame.quarter, ink),
    ]
    if frame.city is not None:
        series += [_supplied(frame, ink), _chosen(seen.now, frame.city, ink)]
    elif arcs:
        series += [_flows(seen, ink), _differences(seen, ink), _overseas(ink)]
    option = {
        "animation": False,
        "aria": {"enabled": True},
        "textStyle": {"fontFamily": "system-ui, sans-serif"},
        "tooltip": {"trigger": "item", "confine": True},
        "geo": {
            "map": MAP_NAME,
            "boundingCoords": WINDOW,
            "aspectScale": 1,
            "roam": True,
            "scaleLimit": {"min": 1, "max": 12},
            "silent": True,
            "itemStyle": {"areaColor": ink.grid, "borderColor": ink.card, "borderWidth": 0.8},
        },
        "series": series,
    }
    title = "Where North America manufactures"
    if frame.other is not None:
        pulled = any(entry.title == TITLE for entry in frame.world.scenario.timeline)
        title += f", {frame.world.name}{' with levers' * pulled} against {seen.against}"
    sentence = f"{_sentence(seen)} Drawn of seed {frame.start.seed} alone."
    return Chart("map", title, sentence, option, _table(seen), _legend(seen, colour_by, ink))


def _scatter(name: str, points: list[dict[str, Any]], z: int, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "scatter", "coordinateSystem": "geo", "data": points, "z": z} | more


def _lines(name: str, data: list[dict[str, Any]], z: int, **more: Any) -> dict[str, Any]:
    look = {"symbol": ["none", "arrow"], "symbolSize": 8, "tooltip": {"formatter": "{b}"}}
    return _scatter(name, data, z, **look, **more) | {"type": "lines"}


def _size(picture: Picture, row: int) -> float:
    share = float(picture.output[row] / max(picture.output.max(), 1e-9))
    return round(SMALLEST_CITY + (LARGEST_CITY - SMALLEST_CITY) * share**0.5, 2)


def _city(seen: SeenCities, row: int, ink: Ink, by: str) -> dict[str, Any]:
    city, sector = city_rows()[row], FOOTLOOSE[int(seen.now.sector[row])]
    colour = {
        "change": seen.scale.colour(float(seen.change[row])),
        "country": ink.countries[city["country"]],
        "sector": SECTOR_COLOURS[sector],
    }[by]
    return {
        "id": row,
        "name": _told_city(seen, row),
        "value": city_places()[row].tolist(),
        "symbolSize": _size(seen.now, row),
        "itemStyle": {"color": colour, "opacity": 0.92, "borderColor": ink.faint,
                      "borderWidth": 0.8},
        "tooltip": {"formatter": "{b}"},
    }  # fmt: skip


def _told_city(seen: SeenCities, row: int) -> str:
    """What is said of a city where it is pointed at."""
    city, sector = city_rows()[row], FOOTLOOSE[int(seen.now.sector[row])]
    return (
        f"{city['city']}, {city['state']}: {number(seen.now.output[row], 1)} billion USD a"
        f" year, {with_sign(seen.change[row], 1)}% against {seen.against};"
        f" {_count(seen.now.plants[row])}, mostly {SECTOR_NAMES[sector].lower()}"
    )


def _count(plants: float, sign: str = "") -> str:
    """So many plants, in words; with ``sign`` a plus where they are more."""
    return with_minus(f"{plants:{sign},.0f} plant{'s' * (abs(round(plants)) != 1)}")


def _news(seen: SeenCities, quarter: int, ink: Ink) -> dict[str, Any]:
    """Rings around cities in which plants opened or closed; they pulse once, as they appear.

    A series of its own each quarter, so that it is new and is animated as such. Less than half
    a plant, which would read as none, has no ring.
    """
    picture, points = seen.now, []
    for row in seen.order:
        opened, closed = float(picture.opened[row]), float(picture.closed[row])
        more = opened >= closed
        if round(max(opened, closed)) == 0:
            continue
        points.append(
            {
                "id": int(row),
                "name": f"{_told_city(seen, int(row))}; {_count(opened)} opened and"
                f" {number(closed, 0)} closed in the quarter",
                "value": city_places()[row].tolist(),
                "symbolSize": _size(picture, int(row)) + 9,
                "itemStyle": {"color": "transparent", "borderColor": ink.text, "borderWidth": 2,
                              "borderType": "solid" if more else "dashed"},
                "label": {"formatter": _count(opened if more else -closed, "+")},
                "tooltip": {"formatter": "{b}"},
            }
        )  # fmt: skip
    label = {"show": True, "position": "top", "color": ink.text, "fontSize": 11,
             "fontWeight": "bold", "textBorderColor": ink.card, "textBorderWidth": 2}  # fmt: skip
    return _scatter(
        f"news-{quarter}", points, 5, label=label, animation=True,
        animationDuration=900, animationEasing="elasticOut",
    )  # fmt: skip


def _moves(picture: Picture, quarter: int, ink: Ink) -> dict[str, Any]:
    """Plants that moved travel once from the city they left to the one they reached."""
    data = [
        {
            "name": f"{_city_name(left)} to {_city_name(reached)}: {plants:,.0f} plants moved",
            "coords": [city_places()[int(left)].tolist(), city_places()[int(reached)].tolist()],
        }
        for left, reached, plants in picture.moved[:WAYS_SHOWN]
    ]
    return _lines(
        f"moves-{quarter}", data, 4,
        lineStyle={"color": ink.text, "width": 1.1, "opacity": 0.55, "curveness": 0.2},
        effect={"show": True, "period": 1.6, "loop": False, "trailLength": 0.25,
                "symbol": "circle", "symbolSize": 6, "color": ink.text},
    )  # fmt: skip


def _city_name(row: float) -> str:
    return str(city_rows()[int(row)]["city"])


def changed_flows(seen: SeenCities) -> list[tuple[int, int, float, float]]:
    """Source, market, flow and its change, billion USD a year; the largest changes first."""
    now, then = seen.now.trade, seen.then.trade
    flows = [(s, m, float(now[s, m]), float(now[s, m] - then[s, m])) for s, m in pairs()]
    changed = [flow for flow in flows if abs(flow[3]) >= LEAST_FLOW]
    return sorted(changed, key=lambda flow: -abs(flow[3]))[:FLOWS_SHOWN]


def pairs() -> list[tuple[int, int]]:
    """Sources and markets between which goods flow that are told of: a host is one of them."""
    return [
        (s, m)
        for s in range(len(REGIONS))
        for m in range(len(REGIONS))
        if s != m and (REGIONS[s] in HOSTS or REGIONS[m] in HOSTS)
    ]


def _flows(seen: SeenCities, ink: Ink) -> dict[str, Any]:
    """Arcs of the flows that differ, as wide as the root of the difference."""
    flows = changed_flows(seen)
    largest = max((abs(change) for *_, change in flows), default=1.0)
    data = [
        {
            "name": f"{REGION_NAMES[REGIONS[s]]} to {in_sentence(REGIONS[m])}: {flow:,.0f} billion"
            f" USD a year, {with_sign(change, 1)} against {seen.against}",
            "coords": [PLACES[REGIONS[s]], PLACES[REGIONS[m]]],
            "lineStyle": {
                "width": round(1 + 6 * (abs(change) / largest) ** 0.5, 2),
                "color": ink.change[-1 if change > 0 else 0],
                "type": "solid" if change > 0 else "dashed",
            },
        }
        for s, m, flow, change in flows
    ]
    return _lines("flows", data, 3, lineStyle={"opacity": 0.75, "curveness": CURVENESS})


def _differences(seen: SeenCities, ink: Ink) -> dict[str, Any]:
    """By how much each flow differs, written on its arc where the page finds room."""
    points = []
    for s, m, _, change in changed_flows(seen):
        along = _along_arc(PLACES[REGIONS[s]], PLACES[REGIONS[m]])
        said = f"{with_sign(change, 1 if abs(change) < 10 else 0)} bn USD"
        points.append({"value": along[0], "along": along, "label": {"formatter": said}})
    label = {"show": True, "position": "inside", "color": ink.text, "fontSize": 11,
             "fontWeight": "bold", "backgroundColor": ink.card, "padding": [1, 4],
             "borderRadius": 4}  # fmt: skip
    return _scatter("differences", points, 6, silent=True, symbolSize=1, label=label)


def _along_arc(start: tuple[float, float], end: tuple[float, float]) -> list[list[float]]:
    """Places on an arc as ECharts draws it, from its middle to its ends."""
    (x, y), (to_x, to_y) = start, end
    # The point that pulls a quadratic curve from the straight line.
    pull_x = (x + to_x) / 2 - CURVENESS * (to_y - y)
    pull_y = (y + to_y) / 2 + CURVENESS * (to_x - x)
    return [
        [
            round((1 - t) ** 2 * x + 2 * t * (1 - t) * pull_x + t**2 * to_x, 3),
            round((1 - t) ** 2 * y + 2 * t * (1 - t) * pull_y + t**2 * to_y, 3),
        ]
        for t in ALONG
    ]


def _supplied(frame: Frame, ink: Ink) -> dict[str, Any]:
    """Arcs from the cities that supply the one that was clicked."""
    links, here = frame.supplied[:LINKS_SHOWN], city_places()[frame.city or 0].tolist()
    most = max((links_ for _, links_ in links), default=1.0)
    data = [
        {
            "name": f"{_city_name(row)} supplies {_city_name(frame.city or 0)}:"
            f" {count:,.0f} links of real firms",
            "coords": [city_places()[row].tolist(), here],
            "lineStyle": {"width": round(0.8 + 4 * (count / most) ** 0.5, 2)},
        }
        for row, count in links
    ]
    style = {"color": ink.text, "opacity": 0.5, "curveness": 0.2}
    return _lines("supplied", data, 3, lineStyle=style)


def _chosen(picture: Picture, row: int, ink: Ink) -> dict[str, Any]:
    city = city_rows()[row]
    point = {
        "value": city_places()[row].tolist(),
        "symbolSize": _size(picture, row) + 5,
        "itemStyle": {"color": "transparent", "borderColor": ink.text, "borderWidth": 3},
        "label": {"show": True, "position": "bottom", "formatter": str(city["city"]),
                  "color": ink.text, "fontWeight": "bold", "textBorderColor": ink.card,
                  "textBorderWidth": 3},
    }  # fmt: skip
    return _scatter("chosen", [point], 7, silent=True)


def _overseas(ink: Ink) -> dict[str, Any]:
    # Names stand where no arc begins or ends, and on two lines where the map ends soon.
    points = [
        {
            "value": PLACES[region],
            "symbolSize": 9,
            "itemStyle": {"color": ink.countries[region]},
            "label": {"show": True, "position": position, "formatter": name,
                      "align": align, "color": ink.faint, "fontSize": 11, "lineHeight": 13},
        }
        for region, name, position, align in (
            ("CHN", "China", "bottom", "center"),
            ("ROW", "Rest of\nworld", "right", "left"),
        )
    ]  # fmt: skip
    return _scatter("overseas", points, 6, silent=True)


def _legend(seen: SeenCities, colour_by: str, ink: Ink) -> dict[str, Any]:
    if colour_by == "country":
        return swatches((REGION_NAMES[host], ink.countries[host]) for host in HOSTS)
    if colour_by == "sector":
        return sector_legend(FOOTLOOSE)
    return seen.scale.legend(f"output against {seen.against}")


def sector_legend(sectors: Iterable[str]) -> dict[str, Any]:
    """Which colour is which sector."""
    return swatches((SECTOR_NAMES[name], SECTOR_COLOURS[name]) for name in sectors)


def _sentence(seen: SeenCities) -> str:
    picture = seen.now
    first = _city_name(seen.order[0])
    opened, closed = picture.opened.sum(), picture.closed.sum()
    return (
        f"{picture.plants.sum():,.0f} plants in {len(seen.order)} cities, most output in {first};"
        f" {opened:,.0f} opened and {closed:,.0f} closed in the quarter."
        f" Circles: output; rings: plants opened, dashed: closed; arcs: trade that differs from"
        f" {seen.against}, billion USD a year, dashed where it is less."
    )


def _table(seen: SeenCities) -> dict[str, Any]:
    rows = [
        [
            f"{city_rows()[int(row)]['city']}, {city_rows()[int(row)]['state']}",
            number(seen.now.output[row], 1),
            f"{with_sign(seen.change[row], 1)}%",
            number(seen.now.plants[row], 0),
            SECTOR_NAMES[FOOTLOOSE[int(seen.now.sector[row])]],
        ]
        for row in seen.order
    ]
    head = [
        "city",
        "output, billion USD a year",
        f"against {seen.against}",
        "plants",
        "main sector",
    ]
    return {"head": head, "rows": rows, "picks": [int(row) for row in seen.order]}
