"""Luck: several seeds in processes of their own, their band, and what cannot be told from luck."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from abm.scenario.scenario import Scenario
from viz.charts.basics import LIGHT
from viz.charts.headline_numbers import headlines
from viz.charts.lines import CHARTS, production
from viz.charts.map import trade_map
from viz.charts.markup import tiles
from viz.lab import keep
from viz.lab.frame import take
from viz.lab.laboratory import Laboratory, Played, Start
from viz.lab.luck import Luck, band, both_series, interval, is_luck, measure

pytestmark = pytest.mark.thorough

COUNT, QUARTERS = 4, 2


@pytest.fixture(scope="module")
def lab():
    """A duty on what Mexico sells against no duty, and the luck of both."""
    scenario = Scenario.load("status-quo")
    start = Start(scenario, 120, 3, keep.second_world(scenario, keep.NO_LEVERS))
    duty = {"tariffs.special.USA.MEX.all": 0.25, "tariffs.special_waived_for_originating": False}
    played = Played(start, ((1, duty),), QUARTERS)
    laboratory, told = Laboratory(start), []
    laboratory.replay(played.levers, QUARTERS)
    laboratory.luck = measure(played, COUNT, told.append)
    assert told == list(range(1, COUNT + 1))
    return laboratory


def test_each_seed_is_the_run_that_this_process_would_make(lab):
    luck = lab.luck
    assert luck.seeds == tuple(range(3, 3 + COUNT))
    assert luck.quarter == QUARTERS
    for name in ("output", "jobs", "prices"):
        assert np.array_equal(luck.mine[name][0], np.array(lab.world.history.series[name]))
        assert np.array_equal(luck.theirs[name][0], np.array(lab.other.history.series[name]))
    again = Laboratory(replace(lab.start, seed=5))
    again.replay(keep.levers_of(lab.scenario, lab.start.scenario), QUARTERS)
    assert np.array_equal(luck.mine["output"][2], np.array(again.world.history.series["output"]))


def test_the_band_holds_another_draw_as_often_as_it_says():
    luck = np.random.default_rng(7)
    draws = luck.normal(10, 2, (4000, 9))
    inside = [
        low[0] <= row[8] <= high[0] for row in draws for _, low, high in [band(row[:8, None])]
    ]
    # Three standard errors of a share among 4,000.
    assert np.mean(inside) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 4000))
    sample = draws[0, :8]
    mean, half = interval(sample)
    known = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    assert (mean - half, mean + half) == pytest.approx((known.low, known.high))
    assert is_luck(0.0, 0.0)
    assert is_luck(-0.2, 0.3)
    assert not is_luck(-0.4, 0.3)


def test_every_line_has_the_band_of_the_worlds_whose_mean_it_is(lab):
    frame = take(lab)
    for draw in CHARTS:
        chart = draw(frame, LIGHT)
        series = {one["id"]: one for one in chart.option["series"]}
        lines = [name for name in series if f"{name}, band" in series]
        assert lines
        assert f"mean of {COUNT} seeds" in chart.sentence
        for name in lines:
            low = np.array(series[f"{name}, lower end"]["data"], dtype=float)
            wide = np.array(series[f"{name}, band"]["data"], dtype=float)
            centre = np.array(series[name]["data"], dtype=float)
            known = np.isfinite(low)
            # Lines are rounded for the page.
            assert np.allclose((low + wide / 2)[known], centre[known], atol=0.05)
            assert (wide[known] >= 0).all()
    output = 100 * lab.luck.mine["output"][:, :, 1] / lab.luck.mine["output"][:, :1, 1]
    mexico = next(s for s in production(frame, LIGHT).option["series"] if s["id"] == "Mexico")
    assert mexico["data"][-1] == pytest.approx(output[:, -1].mean(), abs=0.01)


def test_a_headline_has_the_interval_of_its_paired_difference(lab):
    mexico = next(one for one in headlines(take(lab)) if one.label == "Mexico output")
    gap = lab.luck.mine["output"][:, -1, 1] - lab.luck.theirs["output"][:, -1, 1]
    mean, half = interval(gap)
    assert mean < -half
    assert mexico.difference == f"\N{MINUS SIGN}{-mean:,.0f} \N{PLUS-MINUS SIGN} {half:,.0f}"


def test_a_difference_inside_the_band_is_said_and_drawn_as_luck(lab):
    frame = take(lab)
    rng = np.random.default_rng(1)
    theirs = dict(lab.luck.theirs)
    noise = rng.normal(0, 1e-3, theirs["output"].shape)
    theirs["output"] = lab.luck.mine["output"] * (1 + noise - noise.mean(axis=0))
    same = replace(frame, luck=Luck(lab.luck.seeds, lab.luck.mine, theirs))
    told = {one.label: one.difference for one in headlines(same)}
    assert told["Mexico output"] == told["US output"] == "not distinguishable from luck"
    assert told["Mexico jobs"] != "not distinguishable from luck"
    quiet, loud = (
        next(tile for tile in tiles(one)[0] if "Mexico output" in tile) for one in (same, frame)
    )
    assert "class='ns-diff ns-luck'" in quiet
    assert "ns-luck" not in loud
    chart = production(same, LIGHT)
    assert chart.sentence.count("not distinguishable from luck") == 3
    named = [one["markPoint"]["label"] for one in chart.option["series"] if "markPoint" in one]
    assert {label["color"] for label in named} == {LIGHT.faint}
    drawn = production(frame, LIGHT).option["series"]
    mexico = next(s for s in drawn if s["id"] == "Mexico")
    assert mexico["markPoint"]["label"]["color"] == LIGHT.countries["MEX"]


def test_a_run_that_goes_on_keeps_the_bands_of_the_quarters_they_are_for(lab):
    before = take(lab)
    gone_on = Laboratory(lab.start)
    gone_on.replay(keep.levers_of(lab.scenario, lab.start.scenario), QUARTERS + 1)
    gone_on.luck = lab.luck
    frame = take(gone_on)
    until = f"up to {frame.date(QUARTERS)}; lines: seed 3 alone"
    for draw in CHARTS:
        mine, was = draw(frame, LIGHT), draw(before, LIGHT)
        assert until in mine.sentence
        assert mine.seeds == ()
        one, other = ({s["id"]: s for s in chart.option["series"]} for chart in (mine, was))
        bands = [name for name in one if name.endswith((", band", ", lower end"))]
        assert bands
        for name in bands:
            assert one[name]["data"] == [*other[name]["data"], None]
    output = frame.world.history.column("output", 1)
    mexico = next(s for s in production(frame, LIGHT).option["series"] if s["id"] == "Mexico")
    assert mexico["data"] == pytest.approx(100 * output / output[0], abs=0.01)
    # And figures in front are those of the one seed, and say so.
    assert all(", one seed" in tile for tile in tiles(frame)[0])
    assert not any(", one seed" in tile for tile in tiles(frame.at(QUARTERS))[0])


def test_without_other_seeds_every_line_says_that_it_has_no_band(lab):
    frame = replace(take(lab), luck=None)
    for draw in CHARTS:
        chart = draw(frame, LIGHT)
        assert "Seed 3 alone: no band of luck." in chart.sentence
        assert not any("band" in one["name"] for one in chart.option["series"])
    assert "Drawn of seed 3 alone." in trade_map(take(lab), LIGHT, "change", True).sentence


def test_luck_ends_where_the_seeds_end_and_with_another_second_world(lab):
    frame = take(lab)
    assert frame.at(1).sure is frame.luck
    assert replace(frame, quarter=QUARTERS + 1).sure is None
    other = Laboratory(replace(lab.start, against=None))
    other.luck = lab.luck
    other.compare(None)
    assert other.luck is None


def test_a_seed_that_was_played_is_not_played_again_and_comes_out_the_same(lab):
    played = Played(lab.start, keep.levers_of(lab.scenario, lab.start.scenario), QUARTERS)
    own, told = both_series(lab.world.history, lab.other.history), []
    # Of one seed nothing is left to play.
    luck = measure(played, 1, told.append, own=own)
    assert told == [1]
    for found, known in ((luck.mine, lab.luck.mine), (luck.theirs, lab.luck.theirs)):
        assert found.keys() == known.keys()
        for name, values in known.items():
            assert np.array_equal(found[name], values[:1], equal_nan=True), name


def test_measuring_stops_when_it_is_no_longer_wanted():
    start = Start(Scenario.load("status-quo"), 100)
    assert measure(Played(start, (), 0), 1, stop=lambda: True) is None
