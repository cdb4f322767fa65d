"""The figures of the findings: titles computed from what is measured, pictures that can be read."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from viz.figures.documentation import laffer_curve, threat_and_openings, withdrawal_and_trade
from viz.palette import BASELINE

SEEDS = (1, 2, 3)
THRESHOLDS = (0.5, 0.8, 0.95, 1.0)


def contents(shape=(0.80, 0.81, 0.86, 0.83)):
    """A curve of the given mean over three seeds, the same for every host and duty."""
    rows = [
        (seed, duty, host, threshold, level + 0.01 * (seed - 2))
        for seed, duty, host in product(SEEDS, ("cars, 2.5%", "trucks, 25%"), ("MEX", "CAN"))
        for threshold, level in zip(THRESHOLDS, shape, strict=True)
    ]
    return pd.DataFrame(rows, columns=["seed", "duty", "host", "threshold", "content"])


def threats(slope=-1.0):
    rows = [(seed, x, slope * x * (1 + seed / 10)) for seed, x in product(SEEDS, (0, 0.05, 0.1))]
    return pd.DataFrame(rows, columns=["seed", "arrival_per_quarter", "change"])


def withdrawals(trade=-0.1, price=0.01):
    hosts = ("USA", "MEX", "CAN")
    pairs = [(a, b) for a, b in product(hosts, hosts) if a != b]
    flows = [
        (seed, *pair, trade - 0.02 * place + 0.002 * seed)
        for seed in SEEDS
        for place, pair in enumerate(pairs)
    ]
    prices = [
        (seed, quarter, host, price * (1 + place) * (quarter > 2))
        for seed, quarter in product(SEEDS, range(6))
        for place, host in enumerate(hosts)
    ]
    return (
        pd.DataFrame(flows, columns=["seed", "origin", "destination", "change"]),
        pd.DataFrame(prices, columns=["seed", "quarter", "host", "change"]),
    )


FIGURES = {
    "laffer": lambda: laffer_curve(contents()),
    "threat": lambda: threat_and_openings(threats()),
    "withdrawal": lambda: withdrawal_and_trade(*withdrawals()),
}


def title(figure):
    return str(figure.get_label())


@pytest.mark.parametrize("name", FIGURES)
def test_no_letter_is_outside_the_picture(name):
    figure = FIGURES[name]()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = figure.get_tightbbox(canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height
    assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 9


@pytest.mark.parametrize("name", FIGURES)
def test_the_baseline_is_in_every_panel(name):
    for axes in FIGURES[name]().axes:
        assert BASELINE in [line.get_color() for line in axes.lines]


@pytest.mark.parametrize("name", FIGURES)
def test_axes_have_units(name):
    for axes in FIGURES[name]().axes:
        labels = axes.get_xlabel() + axes.get_ylabel() + axes.get_title(loc="left")
        assert "%" in labels or "Quarters" in labels


def test_the_title_of_the_laffer_curve_names_peak_and_end():
    assert title(laffer_curve(contents())) == (
        "Content of Mexican cars rises from 80.0% to 86.0% at a threshold of 95%, "
        "and falls back to 83.0% beyond"
    )
    rising = title(laffer_curve(contents((0.80, 0.81, 0.9, 0.99))))
    assert rising == "Content of Mexican cars is highest, 99.0%, at the strictest threshold"


def test_the_band_of_the_laffer_curve_spans_the_seeds():
    (band, *_) = laffer_curve(contents()).axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert np.isclose(heights.min(), 79.0)
    assert np.isclose(heights.max(), 87.0)


def test_the_title_of_the_threat_follows_its_sign():
    assert "lowers expected openings in Mexico by 12.0%" in title(threat_and_openings(threats()))
    assert "raises" in title(threat_and_openings(threats(slope=1.0)))


def test_the_title_of_withdrawal_claims_a_fall_only_where_all_routes_fall():
    falls = title(withdrawal_and_trade(*withdrawals()))
    assert falls == (
        "Withdrawal lowers trade on all routes, from Canada to Mexico by 20%, "
        "and raises consumer prices by 1.0 to 3.0%"
    )
    mixed = title(withdrawal_and_trade(*withdrawals(trade=0.05)))
    assert "lowers" not in mixed
    FigureCanvasAgg(withdrawal_and_trade(*withdrawals(trade=0.3, price=-0.01))).draw()
