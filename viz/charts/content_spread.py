"""How content is spread over a sector's output, and where the threshold lies."""

from typing import Any

import numpy as np

from abm.axes import FOOTLOOSE, VEHICLES
from experiments.labels import sector_in_sentence
from viz.charts.basics import Chart, Ink, axis, plain_option
from viz.lab.frame import Frame
from viz.lab.history import BINS
from viz.lab.observed import carline_shares


def content_spread(frame: Frame, ink: Ink, sector: str) -> Chart:
    """How content is spread over the output of a sector, and where the threshold lies."""
    place = FOOTLOOSE.index(sector)
    edges = [f"{100 * n // BINS}" for n in range(BINS)]
    worlds = [("", frame.world.picture)]
    if frame.other is not None:
        worlds.append((f", {frame.other.name}", frame.other.picture))
    colours = (ink.countries["USA"], ink.faint)
    series = [
        {
            "type": "bar",
            "name": f"share of output{label}",
            "data": _in_middles((100 * picture.content[place]).round(2)),
            "itemStyle": {"color": colour},
            "barGap": "0%",
            "barCategoryGap": "12%",
        }
        for (label, picture), colour in zip(worlds, colours, strict=False)
    ]
    if sector in VEHICLES:
        series.append(_carlines(ink))
    threshold = float(frame.world.picture.threshold[place])
    if threshold > 0:
        series[0]["markLine"] = {
            "symbol": "none",
            "silent": True,
            "animation": False,
            "lineStyle": {"color": ink.countries["MEX"], "width": 2, "type": "solid"},
            "label": {"formatter": f"rule {100 * threshold:.1f}%", "color": ink.text},
            "data": [{"xAxis": 100 * threshold}],
        }
    low = 100 * frame.world.picture.content[place][: int(threshold * BINS)].sum()
    goods = sector_in_sentence(sector)
    sentence = (
        f"With inputs chosen freely, {low:.0f}% of output of {goods} is below the rule of"
        f" {100 * threshold:.1f}%."
        if threshold > 0
        else f"No content rule holds for {goods}."
    )
    if sector in VEHICLES:
        sentence += " Diamonds: observed carlines of 2020, to which the spread is fitted."
    option = plain_option(ink) | {
        "grid": {"left": 4, "right": 12, "top": 26, "bottom": 22, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True},
        # Bars stand in the middle of their bins, between the edges that the axis names.
        "xAxis": axis(ink, "value", min=0, max=100, interval=20, name="content, %",
                       nameLocation="middle", nameGap=24),
        "yAxis": axis(ink, "value"),
        "series": series,
    }  # fmt: skip
    rows = [
        [f"{edge} to {int(edge) + 100 // BINS}%", *(f"{s['data'][n][1]:.1f}%" for s in series)]
        for n, edge in enumerate(edges)
    ]
    head = ["content", *(s["name"] for s in series)]
    title = f"Content of {goods}, % of output"
    return Chart("content-spread", title, sentence, option, {"head": head, "rows": rows})


def _in_middles(shares: np.ndarray) -> list[list[float]]:
    """Shares of bins, each with the middle of its bin in percent."""
    return [[100 * (n + 0.5) / BINS, float(share)] for n, share in enumerate(shares)]


def _carlines(ink: Ink) -> dict[str, Any]:
    """Share of carlines, of one weight each, by content."""
    return {
        "type": "scatter",
        "name": "share of carlines, observed",
        "data": _in_middles(100 * np.array(carline_shares(BINS)).round(4)),
        "symbol": "diamond",
        "symbolSize": 8,
        # Filled, so that it is seen before a bar as well.
        "itemStyle": {"color": ink.card, "borderColor": ink.text, "borderWidth": 1.6, "opacity": 1},
        "z": 5,
    }
