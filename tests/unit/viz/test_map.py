"""The map: its projection, its colours, and what it draws of a quarter."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from abm.axes import HAS_PLANT
from abm.scenario.scenario import Scenario
from abm.state.places import cities
from viz.charts.basics import DARK, LIGHT
from viz.charts.change import change_percent, change_scale
from viz.charts.content_spread import content_spread
from viz.charts.lines import CHARTS
from viz.charts.map import (
    COLOURINGS,
    CURVENESS,
    PLACES,
    WINDOW,
    changed_flows,
    city_places,
    outlines,
    shown,
    trade_map,
)
from viz.charts.projection import RADIUS, projected
from viz.charts.suppliers import network
from viz.lab.frame import take
from viz.lab.history import BINS
from viz.lab.laboratory import Laboratory, Start

FIRMS = 300


@pytest.fixture(scope="module")
def lab():
    """A duty of a quarter on all that Mexico sells to the USA, two years on."""
    laboratory = Laboratory(Start(Scenario.load("status-quo"), FIRMS, 3))
    laboratory.pull(
        {"tariffs.special.USA.MEX.all": 0.25, "tariffs.special_waived_for_originating": False}
    )
    for _ in range(8):
        laboratory.step()
    laboratory.compare(laboratory.start.scenario.model_copy(update={"name": "no duty"}))
    return laboratory


def series(chart, name):
    return next(one for one in chart.option["series"] if one["id"].startswith(name))


def test_areas_keep_their_proportions_and_standard_parallels_their_length():
    for lat in (18.0, 25.0, 40.0, 58.0):
        corners = np.array([[-100, lat], [-99.99, lat], [-99.99, lat + 0.01], [-100, lat + 0.01]])
        x, y = projected(corners).T
        area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
        step = np.deg2rad(0.01)
        on_the_globe = RADIUS**2 * step * (np.sin(np.deg2rad(lat) + step) - np.sin(np.deg2rad(lat)))
        # Corners are joined by straight lines instead of arcs.
        assert area == pytest.approx(on_the_globe, rel=1e-4)
    for lat in (20.0, 60.0):
        ends = projected(np.array([[-96.005, lat], [-95.995, lat]]))
        length = RADIUS * np.deg2rad(0.01) * np.cos(np.deg2rad(lat))
        assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(length, rel=1e-6)
    assert projected(np.array([-96.0, 40.0])) == pytest.approx([0, 0])


def test_all_cities_and_overseas_regions_are_in_the_window():
    (west, north), (east, south) = WINDOW
    for x, y in (*city_places(), *PLACES.values()):
        assert west < x < east
        assert south < y < north
    assert len(outlines()["north-america"]["features"]) == 96


def test_a_change_is_coloured_by_its_sign_and_noise_is_pale():
    weight = np.ones(3)
    scale = change_scale(np.array([-8.0, 3.0, 0.0]), weight, LIGHT)
    assert scale.end == 10
    assert scale.colour(0) == LIGHT.change[2]
    assert scale.colour(-50) == scale.colour(-10) == LIGHT.change[0]
    assert scale.colour(50) == LIGHT.change[-1]
    # What lies beyond an end and has its colour is said to.
    ends = {"low": "\N{MINUS SIGN}10%", "high": "+10%"}
    assert {name: scale.legend("")[name] for name in ends} == ends
    heavy = np.array([100.0, 1.0, 1.0])
    beyond = change_scale(np.array([-8.0, -30.0, 10.2]), heavy, LIGHT)
    assert beyond.end == 10
    assert beyond.legend("")["low"] == "\N{MINUS SIGN}10% or less"
    assert beyond.legend("")["high"] == "+10%"
    noise = change_scale(np.array([-0.04, 0.03, 0.0]), weight, LIGHT)
    assert noise.end == 1, "four hundredths of a percent do not take the ends of the scale"
    assert change_percent(np.array([2.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])).tolist() == [
        100, 100, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("ink", [LIGHT, DARK])
def test_a_countrys_colour_means_that_country_alone(lab, ink):
    frame = take(lab)
    countries = set(ink.countries.values())
    assert not countries & set(ink.change)
    for draw in CHARTS:
        for one in draw(frame, ink).option["series"]:
            known = re.search("Mexico|Canada|United States|China|Rest", one["name"])
            colour = one.get("color") or one["itemStyle"]["borderColor"]
            assert known or colour not in countries, one["name"]


def test_cities_are_coloured_against_the_second_world_and_without_one_against_the_start(lab):
    mexican = (cities()["country"] == "MEX").to_numpy()
    frame = take(lab)
    against_other = shown(frame, LIGHT)
    assert against_other.against == "no duty"
    made = against_other.then.output > 0
    assert against_other.change[mexican & made].mean() < -2
    lab.other, other = None, lab.other
    try:
        alone = take(lab)
    finally:
        lab.other = other
    against_start = shown(alone, LIGHT)
    assert against_start.against == "2017"
    assert against_start.then is alone.world.pictures[0]
    assert not np.allclose(against_start.change, against_other.change)
    chart = trade_map(frame, LIGHT, "change", True)
    assert chart.title.endswith("against no duty")
    assert chart.legend["label"] == "output against no duty"
    points = {point["id"]: point for point in series(chart, "cities")["data"]}
    largest = int(np.argmax(np.where(mexican, against_other.now.output, 0)))
    change = against_other.change[largest]
    assert points[largest]["itemStyle"]["color"] == against_other.scale.colour(change)


@pytest.mark.parametrize("by", COLOURINGS)
def test_every_colouring_has_a_legend_and_so_has_the_supplier_graph(lab, by):
    chart = trade_map(take(lab), DARK, by, True)
    assert chart.legend.get("swatches") or chart.legend.get("colours")
    if by != "change":
        drawn = {point["itemStyle"]["color"] for point in series(chart, "cities")["data"]}
        assert drawn <= {item["colour"] for item in chart.legend["swatches"]}
    graph = network(take(lab), DARK)
    drawn = {node["itemStyle"]["color"] for node in graph.option["series"][0]["data"]}
    assert drawn == {item["colour"] for item in graph.legend["swatches"]}


def test_arcs_are_of_flows_that_changed_alone(lab):
    still = Laboratory(Start(Scenario.load("status-quo"), 100))
    assert series(trade_map(take(still), LIGHT, "change", True), "flows")["data"] == []
    frame = take(lab)
    seen = shown(frame, LIGHT)
    from_mexico = next(flow for flow in changed_flows(seen) if flow[:2] == (1, 0))
    assert from_mexico[3] == pytest.approx(
        frame.world.picture.trade[1, 0] - frame.other.picture.trade[1, 0]
    )
    assert from_mexico[3] < 0
    chart = trade_map(frame, LIGHT, "change", True)
    arc = next(
        arc for arc in series(chart, "flows")["data"]
        if arc["coords"] == [PLACES["MEX"], PLACES["USA"]]
    )  # fmt: skip
    assert arc["lineStyle"]["type"] == "dashed"
    assert arc["lineStyle"]["color"] == LIGHT.change[0]
    # The figure stands on its arc: ECharts' own curve, at half of it.
    (x, y), (to_x, to_y) = arc["coords"]
    control = [(x + to_x) / 2 - (to_y - y) * CURVENESS, (y + to_y) / 2 + (to_x - x) * CURVENESS]
    middle = [(a + 2 * c + b) / 4 for a, c, b in zip((x, y), control, (to_x, to_y), strict=True)]
    places = [point["value"] for point in series(chart, "differences")["data"]]
    assert any(place == pytest.approx(middle) for place in places)


def test_a_city_that_was_clicked_shows_who_supplies_it(lab):
    city = int(shown(take(lab), LIGHT).order[0])
    frame = take(lab, city)
    chart = trade_map(frame, LIGHT, "change", True)
    names = {one["id"] for one in chart.option["series"]}
    assert {"supplied", "chosen"} <= names
    assert "flows" not in names
    assert frame.supplied
    assert city not in [row for row, _ in frame.supplied]
    assert [count for _, count in frame.supplied] == sorted(
        (count for _, count in frame.supplied), reverse=True
    )


def test_plants_that_move_leave_a_city_where_one_closed_for_one_where_one_opened(lab, monkeypatch):
    """One goes from Mexico to the USA, one opens in Canada beside, and one has only begun.

    They stand for more real firms than others do, so that each is to be seen.
    """
    world = lab.world
    weight = world.model.firms.weight
    first, second, third = np.argsort(-weight)[:3]
    usa, mexico, all_but_mexico = (
        next(n for n, plants in enumerate(HAS_PLANT) if tuple(plants) == wanted)
        for wanted in ((True, False, False), (False, True, False), (True, False, True))
    )
    moves = SimpleNamespace(
        rows=np.array([first, second, third]),
        from_config=np.array([mexico, usa, mexico]),
        to_config=np.array([usa, all_but_mexico, usa]),
        stage=np.array(["completed", "completed", "announced"]),
    )
    monkeypatch.setattr(world.model, "moves", moves)
    picture = world.atlas.picture(world.model)
    site = world.atlas.site
    left, reached, beside = site[first, 1], site[first, 0], site[second, 2]
    assert picture.moved.tolist() == [[left, reached, pytest.approx(weight[first])]]
    assert picture.closed[left] == picture.closed.sum() == pytest.approx(weight[first])
    assert picture.opened[beside] == pytest.approx(weight[second])
    scene = replace(take(lab).world, pictures=(*world.pictures[:-1], picture))
    chart = trade_map(replace(take(lab), world=scene), LIGHT, "change", True)
    moving = series(chart, "moves")
    assert moving["id"] == f"moves-{lab.quarter}", "new each quarter, so it is animated once"
    assert moving["effect"]["loop"] is False
    (way,) = moving["data"]
    assert way["coords"] == [city_places()[left].tolist(), city_places()[reached].tolist()]
    news = series(chart, "news")
    assert news["animation"] is True
    styles = {tuple(p["value"]): p["itemStyle"]["borderType"] for p in news["data"]}
    assert styles[tuple(city_places()[left].tolist())] == "dashed"
    assert styles[tuple(city_places()[beside].tolist())] == "solid"


def test_numbers_on_the_map_say_of_what_and_no_ring_reads_nothing(lab):
    world = lab.world
    rows = city_rows_with_output(lab)
    opened, closed = np.zeros((2, len(world.pictures[-1].output)))
    opened[rows[0]], opened[rows[1]], opened[rows[2]] = 1.2, 0.4, 1234.0
    closed[rows[3]], closed[rows[2]] = 12.0, 3.0
    picture = replace(world.pictures[-1], opened=opened, closed=closed)
    scene = replace(take(lab).world, pictures=(*world.pictures[:-1], picture))
    chart = trade_map(replace(take(lab), world=scene), LIGHT, "change", True)
    rings = {point["id"]: point for point in series(chart, "news")["data"]}
    assert {row: ring["label"]["formatter"] for row, ring in rings.items()} == {
        rows[0]: "+1 plant",
        rows[2]: "+1,234 plants",
        rows[3]: "\N{MINUS SIGN}12 plants",
    }
    assert "1,234 plants opened and 3 closed in the quarter" in rings[rows[2]]["name"]
    flows = [point["label"]["formatter"] for point in series(chart, "differences")["data"]]
    assert flows
    assert all(re.fullmatch("[+\N{MINUS SIGN}][0-9,.]+ bn USD", text) for text in flows)


def city_rows_with_output(lab):
    return [int(row) for row in shown(take(lab), LIGHT).order[:4]]


def test_titles_end_and_tables_have_a_heading_for_every_column(lab):
    frame = take(lab)
    charts = [draw(frame, LIGHT) for draw in CHARTS]
    charts += [trade_map(frame, LIGHT, "change", True), content_spread(frame, LIGHT, "cars")]
    for chart in charts:
        assert chart.title.split()[-1] not in {"with", "from", "of", "by", "against", "for"}
        assert all(chart.table["head"]), chart.name
        assert all(len(row) == len(chart.table["head"]) for row in chart.table["rows"])


def test_bars_stand_between_the_edges_of_their_bins_and_observed_diamonds_are_filled(lab):
    bars, *_, diamonds = content_spread(take(lab), LIGHT, "cars").option["series"]
    assert [place for place, _ in bars["data"]] == [100 * (n + 0.5) / BINS for n in range(BINS)]
    assert diamonds["itemStyle"]["color"] == LIGHT.card
