"""The charts of the page: figures in, an ECharts option, a sentence and a table out."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import networkx as nx
import numpy as np

from abm.axes import FOOTLOOSE, HOSTS
from experiments.labels import REGION_NAMES, SECTOR_NAMES, sector_in_sentence, with_minus
from viz.history import BINS, History
from viz.laboratory import Laboratory
from viz.palette import COLOURS, COLOURS_ON_DARK

PARTNERS = HOSTS[1:]

ROWS_SHOWN = 12
"""Quarters in the table of a chart, the last ones."""

LARGEST = 1
"""Firms of a sector whose suppliers are drawn; more cannot be told apart."""

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
        ``head`` and ``rows`` of text.
    """

    name: str
    title: str
    sentence: str
    option: dict[str, Any]
    table: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ink:
    """Colours of one ground."""

    text: str
    faint: str
    grid: str
    card: str
    countries: dict[str, str]


LIGHT = Ink("#20262b", "#56616a", "#e3e7ea", "#ffffff", COLOURS)
DARK = Ink("#e8edf2", "#a9b6c1", "#2c3947", "#17212c", COLOURS_ON_DARK)


@dataclass(frozen=True)
class Line:
    """A line of a chart: a column of the history, how it is called and coloured."""

    series: str
    place: int
    label: str
    colour: str
    factor: float = 1.0
    since_start: str = ""


def lines_chart(
    lab: Laboratory,
    ink: Ink,
    name: str,
    title: str,
    unit: str,
    lines: list[Line],
    digits: int,
    least: float,
) -> Chart:
    """Lines that grow as the run does; the second world dashed; events marked."""
    labels = [lab.date(quarter) for quarter in range(lab.quarter + 1)]
    series, ends = [], []
    for line in lines:
        mine = _values(lab.world.history, line)
        series.append(_line_series(line, mine, digits, dashed=False))
        text = f"{line.label} {_number(mine[-1], digits)}"
        if lab.other is not None:
            theirs = _values(lab.other.history, line)
            series.append(_line_series(line, theirs, digits, dashed=True))
            text += f" (difference {_signed(mine[-1] - theirs[-1], digits)})"
        else:
            text += f" ({_signed(mine[-1] - mine[0], digits)})"
        ends.append(text)
    series[0]["markLine"] = _event_marks(lab, ink)
    option = _frame(ink) | {
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": _axis(ink, "category", data=labels, boundaryGap=False),
        "yAxis": _axis(ink, "value", scale=True, **_span(series, least)),
        "series": series,
    }
    versus = f" against {lab.other.name}" if lab.other else " since the start"
    sentence = f"{unit}; {lab.date(lab.quarter)}: {'; '.join(ends)}{versus}."
    shown = range(max(0, lab.quarter + 1 - ROWS_SHOWN), lab.quarter + 1)
    rows = [[labels[q], *(_number(s["data"][q], digits) for s in series)] for q in shown]
    return Chart(name, title, sentence, option, {"head": ["", *(s["name"] for s in series)],
                                                 "rows": rows})  # fmt: skip


def _span(series: list[dict[str, Any]], least: float) -> dict[str, float]:
    """Ends of an axis that noise does not fill; none where the lines fill it themselves."""
    values = [value for line in series for value in line["data"]]
    low, high = min(values), max(values)
    if high - low >= least:
        return {}
    middle = round((high + low) / 2 / least * 4) * least / 4
    return {"min": middle - least / 2, "max": middle + least / 2}


def _values(history: History, line: Line) -> np.ndarray:
    values = line.factor * history.column(line.series, line.place)
    if line.since_start == "index":
        return 100 * values / values[0]
    return values - values[0] if line.since_start == "change" else values


def production(lab: Laboratory, ink: Ink) -> Chart:
    """Output by country against the calibration year."""
    lines = [
        Line("output", n, REGION_NAMES[host], ink.countries[host], since_start="index")
        for n, host in enumerate(HOSTS)
    ]
    return lines_chart(lab, ink, "production", "Production", "2017 = 100", lines, 2, 1.0)


def jobs(lab: Laboratory, ink: Ink) -> Chart:
    """Manufacturing jobs by country, change."""
    lines = [
        Line("jobs", n, REGION_NAMES[host], ink.countries[host], since_start="change")
        for n, host in enumerate(HOSTS)
    ]
    unit = "Thousand persons against 2017"
    return lines_chart(lab, ink, "jobs", "Manufacturing jobs", unit, lines, 1, 20.0)


def balances(lab: Laboratory, ink: Ink) -> Chart:
    """US goods balances with its partners."""
    lines = [
        Line("balance", n, REGION_NAMES[host], ink.countries[host])
        for n, host in enumerate(PARTNERS)
    ]
    unit = "Billion USD a year, customs values"
    return lines_chart(lab, ink, "balances", "US goods balance with", unit, lines, 1, 4.0)


def claims(lab: Laboratory, ink: Ink) -> Chart:
    """Use of the preference."""
    lines = [
        Line("claimed", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(PARTNERS)
    ]
    unit = "% of dutiable US imports that claim origin"
    return lines_chart(lab, ink, "claims", "Preference used, imports from", unit, lines, 1, 4.0)


def false_claims(lab: Laboratory, ink: Ink) -> Chart:
    """Claims that do not meet the rule."""
    lines = [
        Line("false", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(PARTNERS)
    ]
    unit = "% of claims on US imports that do not meet the rule"
    return lines_chart(lab, ink, "false-claims", "False claims, imports from", unit, lines, 2, 1.0)


def prices(lab: Laboratory, ink: Ink) -> Chart:
    """Consumer prices of manufactures."""
    lines = [
        Line("prices", n, REGION_NAMES[host], ink.countries[host], since_start="index")
        for n, host in enumerate(HOSTS)
    ]
    return lines_chart(lab, ink, "prices", "Consumer prices", "2017 = 100", lines, 2, 0.4)


def content_lines(lab: Laboratory, ink: Ink) -> Chart:
    """Mean content of vehicles and parts."""
    lines = [
        Line("content", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(HOSTS)
    ]
    unit = "% of net cost"
    return lines_chart(lab, ink, "content", "Content of vehicles and parts", unit, lines, 1, 4.0)


def content_spread(lab: Laboratory, ink: Ink, sector: str) -> Chart:
    """How content is spread over the output of a sector, and where the threshold lies."""
    place = FOOTLOOSE.index(sector)
    edges = [f"{100 * n // BINS}" for n in range(BINS)]
    worlds = [("", lab.world.picture)]
    if lab.other is not None:
        worlds.append((f", {lab.other.name}", lab.other.picture))
    colours = (ink.countries["USA"], ink.faint)
    series = [
        {
            "type": "bar",
            "name": f"share of output{label}",
            "data": (100 * picture.content[place]).round(2).tolist(),
            "itemStyle": {"color": colour},
            "barGap": "0%",
            "barCategoryGap": "12%",
        }
        for (label, picture), colour in zip(worlds, colours, strict=False)
    ]
    threshold = float(lab.world.picture.threshold[place])
    if threshold > 0:
        series[0]["markLine"] = {
            "symbol": "none",
            "silent": True,
            "animation": False,
            "lineStyle": {"color": ink.countries["MEX"], "width": 2, "type": "solid"},
            "label": {"formatter": f"rule {100 * threshold:.1f}%", "color": ink.text},
            "data": [{"xAxis": threshold * BINS - 0.5}],
        }
    low = 100 * lab.world.picture.content[place][: int(threshold * BINS)].sum()
    goods = sector_in_sentence(sector)
    sentence = (
        f"With inputs chosen freely, {low:.0f}% of output of {goods} is below the rule of"
        f" {100 * threshold:.1f}%."
        if threshold > 0
        else f"No content rule holds for {goods}."
    )
    option = _frame(ink) | {
        "grid": {"left": 4, "right": 12, "top": 26, "bottom": 22, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": _axis(ink, "category", data=edges, name="content, %", nameLocation="middle",
                       nameGap=24),
        "yAxis": _axis(ink, "value"),
        "series": series,
    }  # fmt: skip
    rows = [
        [f"{edge} to {int(edge) + 100 // BINS}%", *(f"{s['data'][n]:.1f}%" for s in series)]
        for n, edge in enumerate(edges)
    ]
    head = ["content", *(s["name"] for s in series)]
    title = f"Content of {goods}, share of output"
    return Chart("content-spread", title, sentence, option, {"head": head, "rows": rows})


def moves(lab: Laboratory, ink: Ink) -> Chart:
    """Gross moves a quarter."""
    colours = (ink.countries["ROW"], ink.countries["MEX"], ink.countries["CAN"])
    lines = [
        Line("moves", n, stage, colour)
        for n, (stage, colour) in enumerate(
            zip(("announced", "completed", "cancelled"), colours, strict=True)
        )
    ]
    unit = "Real firms a quarter that change their set of countries"
    return lines_chart(lab, ink, "moves", "Moves", unit, lines, 0, 10.0)


def network(lab: Laboratory, ink: Ink) -> Chart:
    """Supplier links among the largest firms."""
    model = lab.world.model
    sold = lab.world.atlas.sales(model).sum(axis=1)
    by_sales = np.argsort(-sold, kind="stable")
    sectors = model.firms.sector[by_sales]
    first = np.concatenate([by_sales[sectors == j][:LARGEST] for j in range(len(FOOTLOOSE))])
    suppliers = np.unique(model.network.supplier[first])
    graph = model.network.to_networkx(np.union1d(first, suppliers[suppliers >= 0]))
    place = _layout(tuple(graph.nodes), tuple(graph.edges))
    largest = sold.max()
    nodes = [
        {
            "id": str(row),
            "name": f"Firm {row}, {SECTOR_NAMES[data['sector']].lower()}",
            "x": 100 * place[row][0],
            "y": 100 * place[row][1],
            "symbolSize": 6 + 20 * float(sold[row] / largest) ** 0.5,
            "itemStyle": {"color": SECTOR_COLOURS[data["sector"]]},
        }
        for row, data in graph.nodes(data=True)
    ]
    links = [
        {"source": str(supplier), "target": str(buyer),
         "lineStyle": {"width": 0.6 + 3 * data["weight"], "color": ink.faint, "opacity": 0.55,
                       "curveness": 0.12}}
        for supplier, buyer, data in graph.edges(data=True)
    ]  # fmt: skip
    option = _frame(ink) | {
        "tooltip": {"confine": True},
        "series": [
            {
                "id": "network",
                "type": "graph",
                "layout": "none",
                "roam": False,
                "edgeSymbol": ["none", "arrow"],
                "edgeSymbolSize": 5,
                "data": nodes,
                "links": links,
            }
        ],
    }
    sentence = (
        f"{graph.number_of_edges()} links, supplier to buyer, among the largest firm of"
        " each sector and its suppliers; a firm's colour is its sector."
    )
    rows = [
        [f"Firm {a}", f"Firm {b}", f"{100 * data['weight']:.0f}%", data["hosts"]]
        for a, b, data in graph.edges(data=True)
    ]
    table = {"head": ["supplier", "buyer", "share of its purchases", "from"], "rows": rows[:40]}
    return Chart("network", "Supplier links of the largest firms", sentence, option, table)


@lru_cache(maxsize=16)
def _layout(nodes: tuple[int, ...], edges: tuple[tuple[int, int], ...]) -> dict[int, Any]:
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return dict(nx.spring_layout(graph, seed=1, k=0.6, iterations=60))


CHARTS = (production, jobs, balances, claims, false_claims, content_lines, prices, moves)
"""Those that grow as the run does, in the order of the page."""


def _line_series(line: Line, values: np.ndarray, digits: int, dashed: bool) -> dict[str, Any]:
    label = f"{line.label}, other world" if dashed else line.label
    return {
        "id": label,
        "type": "line",
        "name": label,
        "data": np.round(values, digits + 1).tolist(),
        "showSymbol": len(values) < 2,
        "symbolSize": 5,
        "sampling": "lttb",
        "color": line.colour,
        "lineStyle": {"width": 1.6 if dashed else 2.4, "type": "dashed" if dashed else "solid"},
        "emphasis": {"disabled": True},
        "endLabel": {"show": not dashed, "formatter": "{a}", "color": line.colour,
                     "fontWeight": "bold", "fontSize": 11, "distance": 5},
        "labelLayout": {"moveOverlap": "shiftY"},
    }  # fmt: skip


def _event_marks(lab: Laboratory, ink: Ink) -> dict[str, Any]:
    quarters = sorted({int(str(e["quarter"])) for e in lab.world.model.events})
    return {
        "symbol": "none",
        "silent": True,
        "animation": False,
        "label": {"show": False},
        "lineStyle": {"color": ink.faint, "type": "dotted", "width": 1},
        "data": [{"xAxis": quarter} for quarter in quarters],
    }


def _frame(ink: Ink) -> dict[str, Any]:
    return {
        "animation": False,
        "aria": {"enabled": True, "decal": {"show": False}},
        "textStyle": {"color": ink.text, "fontFamily": "system-ui, sans-serif"},
        "grid": {"left": 4, "right": 92, "top": 12, "bottom": 6, "containLabel": True},
    }


def _axis(ink: Ink, kind: str, **more: Any) -> dict[str, Any]:
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


def _number(value: float, digits: int) -> str:
    return with_minus(f"{value:,.{digits}f}")


def _signed(value: float, digits: int) -> str:
    return with_minus(f"{value:+,.{digits}f}")
