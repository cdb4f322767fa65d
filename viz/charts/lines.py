"""The charts that grow as a run does: lines by quarter, events marked, observed figures beside."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from abm.axes import HOSTS, PARTNERS
from experiments.labels import REGION_NAMES
from viz.charts.basics import Chart, Ink, axis, number, plain_option, signed
from viz.lab.frame import Frame
from viz.lab.history import PastQuarters
from viz.lab.luck import Luck, band, interval, is_luck
from viz.lab.observed import Point, by_quarter, claimed, us_balance

ROWS_SHOWN = 12
"""Quarters in the table of a chart, the last ones."""

PLOT_HEIGHT, LABEL_HEIGHT = 135, 13
"""Pixels between the ends of a vertical axis, and that a label takes."""


@dataclass(frozen=True)
class ChartLine:
    """A line of a chart: a column of the history, how it is called and coloured.

    ``observed`` are the points drawn beside it, in the unit of the history.
    """

    series: str
    place: int
    label: str
    colour: str
    factor: float = 1.0
    since_start: str = ""
    observed: tuple[Point, ...] = ()


# why: all in which one chart of lines differs from another
def lines_chart(
    frame: Frame,
    ink: Ink,
    name: str,
    title: str,
    unit: str,
    lines: list[ChartLine],
    digits: int,
    least: float,
    source: str = "",
) -> Chart:
    """Lines that grow as the run does; the second world dashed; events marked.

    ``source`` tells of the observed points, drawn as diamonds, where there are any.
    """
    # Looked back at, a line is drawn as far as it had come, between axes that stay.
    whole = frame.newest or frame
    labels = [frame.date(quarter) for quarter in range(whole.quarter + 1)]
    series, ends, bands = [], [], []
    for line in lines:
        mine, theirs, (difference, half) = _both(frame, line)
        series.append(_line_series(line, mine[0], digits, dashed=False))
        if frame.other is not None:
            series.append(_line_series(line, theirs[0], digits, dashed=True))
        if len(mine) > 1:
            bands += _band_series(line, mine[1:], digits)
        if half is not None and is_luck(difference, half):
            # Drawn as what it is: the name of a line that may be luck is faint.
            series[-1 - (frame.other is not None)]["faint"] = ink.faint
        now = f"{line.label} {number(mine[0][-1], digits)}"
        word = "difference " if frame.other is not None else ""
        ends.append(f"{now} ({word}{said_difference(difference, half, digits)})")
    series[0]["markLine"] = _event_marks(frame, ink)
    points = [_observed_series(frame, ink, line, digits) for line in lines if line.observed]
    shown = [value for one in (*series, *points) for value in one["data"] if value is not None]
    span = _span([*shown, *_all_values(whole, lines)], least)
    _name_lines(series, span)
    option = plain_option(ink) | {
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": axis(ink, "category", data=labels, boundaryGap=False),
        "yAxis": axis(ink, "value", **span),
        "series": [*series, *points, *bands],
    }
    versus = f" against {frame.other.name}" if frame.other else " since the start"
    sentence = f"{unit}; {frame.date(frame.quarter)}: {'; '.join(ends)}{versus}."
    if frame.other is not None:
        sentence += f" Dashed: {frame.other.name}."
    sentence += f" {_of_which_seeds(frame)}"
    if any(value is not None for line in points for value in line["data"]):
        sentence += f" Diamonds: {source}."
    listed = range(max(0, frame.quarter + 1 - ROWS_SHOWN), frame.quarter + 1)
    columns = [*series, *points]
    rows = [[labels[q], *(_cell(s["data"][q], digits) for s in columns)] for q in listed]
    table = {"head": ["quarter", *(s["name"] for s in columns)], "rows": rows}
    seeds = frame.sure.seeds if frame.sure is not None else ()
    return Chart(name, title, sentence, option, table, seeds=seeds)


def _of_which_seeds(frame: Frame) -> str:
    """What the lines and their bands are of, where there are any."""
    luck, seed = frame.luck, frame.start.seed
    if luck is None:
        return f"Seed {seed} alone: no band of luck."
    count = len(luck.seeds)
    if frame.sure is not None:
        return f"Lines: mean of {count} seeds; bands: 95% of worlds."
    until = frame.date(luck.quarter)
    return f"Bands: 95% of the worlds of {count} seeds, up to {until}; lines: seed {seed} alone."


def _cell(value: float | None, digits: int) -> str:
    return "" if value is None else number(value, digits)


def _both(
    frame: Frame, line: ChartLine
) -> tuple[list[np.ndarray], list[np.ndarray], tuple[float, float | None]]:
    """A line of both worlds, each with its band where luck was measured, and what differs now.

    That is from the second world, or without one since the start; half its interval is
    None where luck was not measured. Where it was up to an earlier quarter, the line is the
    run's own and its band ends there.
    """
    luck, last = frame.sure, frame.quarter + 1
    if luck is None:
        mine = _values(frame.world.history, line)
        theirs = _values(frame.other.history, line) if frame.other else np.full(last, mine[0])
        ends = [] if frame.luck is None else _ends_so_far(frame.luck, line, last)
        return [mine, *ends], [theirs], (float(mine[-1] - theirs[-1]), None)
    seeds = _transformed(luck.mine[line.series][:, :last, line.place], line)
    others = np.repeat(seeds[:, :1], last, axis=1)
    if luck.theirs:
        others = _transformed(luck.theirs[line.series][:, :last, line.place], line)
    return list(band(seeds)), list(band(others)), interval(seeds[:, -1] - others[:, -1])


def _ends_so_far(luck: Luck, line: ChartLine, last: int) -> list[np.ndarray]:
    """Lower and upper end of a line's band as far as it reaches, NaN from there on."""
    _, *ends = band(_transformed(luck.mine[line.series][:, :, line.place], line))
    return [np.concatenate([end, np.full(last - len(end), np.nan)]) for end in ends]


LIKE_LUCK = "not distinguishable from luck"
"""What is said of a difference whose interval leaves the sign open."""


def said_difference(difference: float, half: float | None, digits: int) -> str:
    """A difference with its interval, or that it cannot be told from luck."""
    if half is None:
        return signed(difference, digits)
    if is_luck(difference, half):
        return LIKE_LUCK
    return f"{signed(difference, digits)} \N{PLUS-MINUS SIGN} {number(half, digits)}"


def _band_series(line: ChartLine, ends: list[np.ndarray], digits: int) -> list[dict[str, Any]]:
    """The band of a line: its lower end, unseen, and on it what lies up to the upper one."""
    low, high = (np.round(end, digits + 3) for end in ends)
    look = {
        "type": "line",
        "stack": f"band-{line.label}",
        "stackStrategy": "all",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0, "type": "dotted"},
        "tooltip": {"show": False},
        "z": 1,
    }
    names = (f"{line.label}, lower end", f"{line.label}, band")
    pairs = zip(names, (low, high - low), strict=True)
    found = [
        {"id": name, "name": name, "color": line.colour,
         "data": [float(v) if isfinite(v) else None for v in values], **look}
        for name, values in pairs
    ]  # fmt: skip
    found[1]["areaStyle"] = {"color": line.colour, "opacity": 0.2}
    return found


def _all_values(frame: Frame, lines: list[ChartLine]) -> list[float]:
    """What the lines and their bands reach in both worlds."""
    scenes = [frame.world] + ([frame.other] if frame.other else [])
    found = [_values(scene.history, line) for scene in scenes for line in lines]
    found += [end for line in lines for end in _both(frame, line)[0]]
    values = np.concatenate(found)
    return [float(value) for value in values[np.isfinite(values)]]


def _span(values: list[float], least: float) -> dict[str, float]:
    """Ends and ticks of an axis that noise does not fill."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high - low < least:
        middle = round((high + low) / 2 / least * 4) * least / 4
        low, high = middle - least / 2, middle + least / 2
    ticks = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return {
        "min": float(ticks[0]),
        "max": float(ticks[-1]),
        "interval": round(float(ticks[1] - ticks[0]), 9),
    }


def _name_lines(series: list[dict[str, Any]], span: dict[str, float]) -> None:
    """Write their names where lines end, moved apart where they end close to each other.

    A line that ends in a share of nothing is named where it was last something.
    """
    solid = [line for line in series if line["lineStyle"]["type"] == "solid"]
    ends = {
        line["name"]: max(n for n, value in enumerate(line["data"]) if value is not None)
        for line in solid
        if any(value is not None for value in line["data"])
    }
    named = [line for line in solid if line["name"] in ends]
    if not named:
        return
    height = {line["name"]: line["data"][ends[line["name"]]] for line in named}
    pixel = (span["max"] - span["min"]) / PLOT_HEIGHT
    named.sort(key=lambda line: -height[line["name"]])
    places = [-height[line["name"]] / pixel for line in named]
    moved = list(places)
    for n in range(1, len(moved)):
        moved[n] = max(moved[n], moved[n - 1] + LABEL_HEIGHT)
    # Half of what the lowest was pushed down is taken back by all; none lies on the axis below.
    lowest = -span["min"] / pixel - LABEL_HEIGHT / 2
    back = max((moved[-1] - places[-1]) / 2, moved[-1] - lowest)
    for line, place, move in zip(named, places, moved, strict=True):
        line["markPoint"] = {
            "symbol": "circle",
            "symbolSize": 1,
            "silent": True,
            "animation": False,
            "data": [{"coord": [ends[line["name"]], height[line["name"]]]}],
            "label": {
                "show": True,
                "position": "right",
                "formatter": line["name"],
                "color": line.pop("faint", line["color"]),
                "fontWeight": "bold",
                "fontSize": 11,
                "offset": [0, round(move - back - place, 1)],
            },
        }


def _values(history: PastQuarters, line: ChartLine) -> np.ndarray:
    return _transformed(history.column(line.series, line.place), line)


def _transformed(values: np.ndarray, line: ChartLine) -> np.ndarray:
    """Values as the chart shows them; quarters lie along the last axis."""
    values = line.factor * values
    if line.since_start == "index":
        return 100 * values / values[..., :1]
    return values - values[..., :1] if line.since_start == "change" else values


def production(frame: Frame, ink: Ink) -> Chart:
    """Output by country against the calibration year."""
    lines = [
        ChartLine("output", n, REGION_NAMES[host], ink.countries[host], since_start="index")
        for n, host in enumerate(HOSTS)
    ]
    return lines_chart(frame, ink, "production", "Production", "2017 = 100", lines, 2, 1.0)


def jobs(frame: Frame, ink: Ink) -> Chart:
    """Manufacturing jobs by country, change."""
    lines = [
        ChartLine("jobs", n, REGION_NAMES[host], ink.countries[host], since_start="change")
        for n, host in enumerate(HOSTS)
    ]
    unit = "Thousand persons against 2017"
    return lines_chart(frame, ink, "jobs", "Manufacturing jobs", unit, lines, 1, 20.0)


def balances(frame: Frame, ink: Ink) -> Chart:
    """US goods balances with its partners."""
    lines = [
        ChartLine("balance", n, REGION_NAMES[host], ink.countries[host], observed=us_balance(host))
        for n, host in enumerate(PARTNERS)
    ]
    unit = "Billion USD a year, customs values"
    source = "observed, US Census Bureau, calendar years; read changes, levels differ"
    return lines_chart(
        frame,
        ink,
        "balances",
        "US goods balances with Mexico and Canada",
        unit,
        lines,
        1,
        4.0,
        source,
    )


def claims(frame: Frame, ink: Ink) -> Chart:
    """Use of the preference."""
    lines = [
        ChartLine(
            "claimed",
            n,
            REGION_NAMES[host],
            ink.countries[host],
            factor=100,
            observed=claimed(host),
        )
        for n, host in enumerate(PARTNERS)
    ]
    unit, title = "% of dutiable US imports that claim origin", "Preference used by US imports"
    source = "observed, US customs, January and February 2025; fitted are those of 2024"
    return lines_chart(frame, ink, "claims", title, unit, lines, 1, 4.0, source)


def false_claims(frame: Frame, ink: Ink) -> Chart:
    """Claims that do not meet the rule."""
    lines = [
        ChartLine("false", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(PARTNERS)
    ]
    unit = "% of claims on US imports that do not meet the rule"
    return lines_chart(
        frame, ink, "false-claims", "False claims on US imports", unit, lines, 2, 1.0
    )


def prices(frame: Frame, ink: Ink) -> Chart:
    """Consumer prices of manufactures."""
    lines = [
        ChartLine("prices", n, REGION_NAMES[host], ink.countries[host], since_start="index")
        for n, host in enumerate(HOSTS)
    ]
    return lines_chart(frame, ink, "prices", "Consumer prices", "2017 = 100", lines, 2, 0.4)


def content_lines(frame: Frame, ink: Ink) -> Chart:
    """Mean content of vehicles and parts."""
    lines = [
        ChartLine("content", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(HOSTS)
    ]
    unit = "% of net cost"
    return lines_chart(frame, ink, "content", "Content of vehicles and parts", unit, lines, 1, 4.0)


def moves(frame: Frame, ink: Ink) -> Chart:
    """Gross moves a quarter."""
    # Stages are no countries: they have the ends of the scale of change, and grey.
    colours = (ink.faint, ink.change[-1], ink.change[0])
    lines = [
        ChartLine("moves", n, stage, colour)
        for n, (stage, colour) in enumerate(
            zip(("announced", "completed", "cancelled"), colours, strict=True)
        )
    ]
    unit = "Real firms a quarter that change their set of countries"
    return lines_chart(frame, ink, "moves", "Moves", unit, lines, 0, 10.0)


def contracts(frame: Frame, ink: Ink) -> Chart:
    """Inputs under contracts that would be with other sources if all was signed anew."""
    lines = [
        ChartLine("contracts", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(HOSTS)
    ]
    unit = "% of inputs bought that would come from elsewhere, were all contracts signed anew"
    return lines_chart(frame, ink, "contracts", "Contracts still to move", unit, lines, 2, 0.4)


def sales(frame: Frame, ink: Ink) -> Chart:
    """Consumers' spending that other plants and sellers would have if all chose anew."""
    lines = [
        ChartLine("sales", n, REGION_NAMES[host], ink.countries[host], factor=100)
        for n, host in enumerate(HOSTS)
    ]
    unit = "% of consumers' spending that other plants or sellers would have, were all chosen anew"
    return lines_chart(frame, ink, "sales", "Sales still to move", unit, lines, 2, 0.4)


CHARTS = (
    production,
    jobs,
    balances,
    contracts,
    sales,
    claims,
    false_claims,
    content_lines,
    prices,
    moves,
)
"""Those that grow as the run does, in the order of the page."""


def _line_series(line: ChartLine, values: np.ndarray, digits: int, dashed: bool) -> dict[str, Any]:
    label = f"{line.label}, other world" if dashed else line.label
    return {
        "id": label,
        "type": "line",
        "name": label,
        "data": [n if isfinite(n) else None for n in np.round(values, digits + 1).tolist()],
        "showSymbol": len(values) < 2,
        "symbolSize": 5,
        "sampling": "lttb",
        "color": line.colour,
        "lineStyle": {"width": 1.6 if dashed else 2.4, "type": "dashed" if dashed else "solid"},
        "emphasis": {"disabled": True},
    }  # fmt: skip


def _observed_series(frame: Frame, ink: Ink, line: ChartLine, digits: int) -> dict[str, Any]:
    data: list[float | None] = [None] * (frame.quarter + 1)
    for quarter, value in by_quarter(line.observed, frame.start.scenario.start, frame.quarter):
        data[quarter] = round(line.factor * value, digits + 1)
    name = f"{line.label}, observed"
    return {
        "id": name,
        "type": "scatter",
        "name": name,
        "data": data,
        "symbol": "diamond",
        "symbolSize": 9,
        "itemStyle": {
            "color": ink.card,
            "borderColor": line.colour,
            "borderWidth": 1.8,
            "opacity": 1,
        },
    }


def _event_marks(frame: Frame, ink: Ink) -> dict[str, Any]:
    quarters = sorted({int(str(e["quarter"])) for e in frame.world.events})
    return {
        "symbol": "none",
        "silent": True,
        "animation": False,
        "label": {"show": False},
        "lineStyle": {"color": ink.faint, "type": "dotted", "width": 1},
        "data": [{"xAxis": quarter} for quarter in quarters],
    }
