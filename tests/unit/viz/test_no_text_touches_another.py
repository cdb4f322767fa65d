"""No text of any figure of any command lies outside its place or over another."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from abm.scenario.scenario import shipped
from benchmarks.page.figure import scaling
from benchmarks.page.performance_page import PAGE_RESULTS
from benchmarks.page.recorded import read
from experiments.brief.brief_page import MAP_FROM, MAP_SIZE
from experiments.estimation.answer import profile_figure
from experiments.estimation.search import FittedParameters, Known
from experiments.runs.channels import CHANNEL_NAMES
from experiments.sweeps.answers import report_figures
from tests.made_up_seeds import SURE, UNSURE, a_result
from tests.support.text_boxes import faults
from tests.synthetic import a_run
from viz.figures.documentation import laffer_curve, threat_and_openings, withdrawal_and_trade
from viz.figures.run_figures import FIGURES
from viz.figures.scenario_card import scenario_card
from viz.figures.waterfall import PANELS, channels_waterfall

LONGEST = max(shipped(), key=len)
"""The longest name that a shipped scenario has."""


def test_a_text_over_another_one_is_found():
    figure = Figure()
    figure.text(0.5, 0.5, "one")
    figure.text(0.51, 0.5, "another")
    assert faults(figure) == ["over another: 'one' and 'another'"]


def test_a_text_outside_the_picture_its_axes_or_over_other_axes_is_found():
    figure = Figure()
    figure.text(0.99, 0.01, "cut off")
    left, right = figure.add_axes((0.1, 0.5, 0.3, 0.3)), figure.add_axes((0.6, 0.5, 0.3, 0.3))
    left.text(2.0, 0.5, "lost", clip_on=False)
    assert faults(figure) == [
        "outside the picture: 'cut off'",
        "outside its axes: 'lost'",
        "over other axes: 'lost'",
    ]
    assert right.get_title() == ""


@pytest.fixture(scope="module")
def pairs():
    """Comparisons of several seeds and of one, and runs alone, with short names and long ones."""
    usual = a_result(SURE)
    named = replace(usual.run, name=LONGEST), replace(usual.reference, name=LONGEST)
    return {
        "sure": (usual.run, usual.reference, usual.seeds),
        "unsure": (usual.run, usual.reference, a_result(UNSURE).seeds),
        "strong": (usual.run, usual.reference, a_result((0.9, 0.8, 0.95, 0.85)).seeds),
        "one seed": (a_run(), a_run("status-quo", tilt=0.0), None),
        "alone": (a_run(), None, None),
        "two quarters": (a_run(quarters=2), a_run("status-quo", quarters=2, tilt=0.0), None),
        "long names": (*named, usual.seeds),
        "nothing yet": (a_run(quarters=0), a_run("status-quo", quarters=0), None),
    }


KINDS = (
    "sure", "unsure", "strong", "one seed", "alone", "two quarters", "long names", "nothing yet",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_of_a_run(name, kind, pairs):
    assert faults(FIGURES[name](*pairs[kind])) == []


@pytest.mark.parametrize("kind", ["sure", "unsure", "strong", "long names"])
def test_the_pictures_of_the_gallery(kind, pairs):
    assert faults(scenario_card(*pairs[kind])) == []


@pytest.mark.parametrize("kind", ["sure", "unsure", "strong"])
def test_the_part_of_the_map_that_a_brief_shows_holds_its_numbers(kind, pairs):
    figure = FIGURES["map_of_changes"](*pairs[kind])
    assert faults(figure) == []
    (axes,) = figure.axes
    left, right = (figure.bbox.width * x for x in (MAP_FROM[0], MAP_FROM[0] + MAP_SIZE[0]))
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 3
    assert all(left <= box.x0 and box.x1 <= right for box in boxes)


@pytest.mark.parametrize("size", [1e-3, 1.0, 4321.0])
def test_the_figure_of_channels(size):
    rng = np.random.default_rng(1)
    parts = [
        {
            "headline": headline, "unit": "persons", "order": order, "channel": channel,
            "part": part,
        }
        for headline in PANELS
        for order, (channel, part) in enumerate(
            zip(CHANNEL_NAMES, size * rng.normal(size=len(CHANNEL_NAMES)), strict=True), start=1
        )
    ]  # fmt: skip
    table = pd.DataFrame(parts)
    table["difference"] = table.groupby("headline")["part"].transform("sum")
    run, reference = a_run(quarters=4), a_run("status-quo", quarters=4, tilt=0.0)
    assert faults(channels_waterfall(run, reference, table)) == []


def content() -> pd.DataFrame:
    rows = [
        (seed, duty, host, threshold, 0.5 + 0.3 * threshold * (threshold < 0.9) + 0.01 * seed)
        for seed in (1, 2)
        for duty in ("cars, 2.5%", "cars, 12.5%", "light trucks, 25%")
        for host in ("MEX", "CAN")
        for threshold in (0.3, 0.6, 0.8, 0.95, 1.0)
    ]
    return pd.DataFrame(rows, columns=["seed", "duty", "host", "threshold", "content"])


def test_the_figures_of_the_findings():
    hazards = [(seed, h, -h * (1 + 0.1 * seed)) for seed in (1, 2) for h in (0.0, 0.05, 0.1)]
    threat = pd.DataFrame(hazards, columns=["seed", "arrival_per_quarter", "change"])
    hosts = ("USA", "MEX", "CAN")
    trade = pd.DataFrame(
        [(s, a, b, -0.1 * s) for s in (1, 2) for a in hosts for b in hosts if a != b],
        columns=["seed", "origin", "destination", "change"],
    )
    prices = pd.DataFrame(
        [(s, q, host, 0.001 * q * s) for s in (1, 2) for q in range(21) for host in hosts],
        columns=["seed", "quarter", "host", "change"],
    )
    assert faults(laffer_curve(content())) == []
    assert faults(threat_and_openings(threat)) == []
    assert faults(withdrawal_and_trade(trade, prices)) == []


KEY = "rules_of_origin.regional_value_content.cars"
OTHER = "firms.beliefs.forward"
OUTCOME = "plants_decided.expected.opening.MEX"


def cells(values=(0.0, 0.25, 0.5, 1.0), scenarios=("usmca", "threat-35"), size=123_456.0):
    """Means of a sweep over two factors."""
    rows = [
        {
            "scenario": scenario, KEY: x, OTHER: y,
            "mean": size * (1 + 0.01 * x + 0.001 * y), "low": size * 0.999, "high": size * 1.012,
        }
        for scenario in scenarios
        for x in (0.6, 0.75, 0.9)
        for y in values
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("size", [1e-4, 0.8, 1_234_567.0])
def test_the_figures_of_a_sweep_over_cells(size):
    table = cells(size=size)
    assert faults(report_figures.response(table, KEY, OUTCOME, ["scenario", OTHER])) == []
    assert faults(report_figures.response(table[table[OTHER] == 0], KEY, OUTCOME, [])) == []
    assert faults(report_figures.heat_map(table, KEY, OTHER, OUTCOME)) == []


@pytest.mark.parametrize("count", [20, report_figures.MOST_DOTS])
def test_the_figures_of_a_sweep_over_points(count):
    rng = np.random.default_rng(1)
    runs = pd.DataFrame(
        {
            "scenario": np.repeat(["usmca", "threat-35"], count),
            KEY: rng.random(2 * count),
            OUTCOME: 1e6 + rng.normal(size=2 * count),
        }
    )
    assert faults(report_figures.scatter(runs, KEY, OUTCOME)) == []


def test_the_figures_of_indices():
    factors = [KEY, OTHER, "economy.theta_scale", "threat.arrival_per_quarter"]
    table = pd.DataFrame({"factor": factors})
    for name in ("first_order", "total"):
        table[name] = [0.5, 0.3, 0.02, 0.01]
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.1, table[name] + 0.1
    title = f"Sobol' indices: {OUTCOME}, {LONGEST}"
    assert faults(report_figures.bars(table, ["first_order", "total"], title)) == []
    course = pd.DataFrame(
        [(n, factor, 0.3, 0.2, 0.4) for n in (64, 128, 256) for factor in factors],
        columns=["n", "factor", "value", "low", "high"],
    )
    assert faults(report_figures.course(course, f"total: {LONGEST}")) == []


@pytest.mark.parametrize("ends", [(None, None), (0.5, None), (0.5, 0.7)])
def test_the_profiles_of_a_fit(ends):
    values = np.linspace(0.3, 0.9, 9)
    profile = [(float(value), 2.0 + 400 * (value - 0.6) ** 2) for value in values]
    known = Known(KEY, 0.6, 0.5, 0.7, *ends, profile)
    ones = np.ones(1)
    found = FittedParameters([known], ones, ones, 2.0, 3, np.eye(1), ones, 0.1, 40)
    assert faults(profile_figure(known, found)) == []


def test_the_figure_of_the_benchmarks():
    assert faults(scaling(read([PAGE_RESULTS]))) == []
