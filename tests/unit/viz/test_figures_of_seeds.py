"""Figures of several seeds: means, intervals, and titles that say what can be told from luck."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection

from experiments.labels import MAY_BE_LUCK
from experiments.outcomes.intervals import half_widths
from viz.figures.run_figures import FIGURES

OF_CHANGES = ("production_shares", "us_balances", "content_and_claims", "jobs", "map_of_changes")


def drawn(name, result):
    return FIGURES[name](result.run, result.reference, result.seeds)


@pytest.mark.thorough
@pytest.mark.parametrize("name", OF_CHANGES)
def test_a_title_claims_nothing_that_may_be_luck(name, unsure):
    assert MAY_BE_LUCK in drawn(name, unsure).get_label()


@pytest.mark.parametrize("name", [name for name in OF_CHANGES if name != "content_and_claims"])
def test_a_title_tells_what_all_seeds_agree_on(name, sure):
    title = drawn(name, sure).get_label()
    assert MAY_BE_LUCK not in title
    assert "Mexico" in title or "United States" in title


def test_the_band_is_the_interval_of_the_paired_difference(sure):
    axes = drawn("jobs", sure).axes[1]
    indicator = "manufacturing_employment.MEX"
    (band,) = [one for one in axes.collections if isinstance(one, PolyCollection)]
    corners = band.get_paths()[0].vertices[:, 1]
    mean = sure.seeds.of_run(indicator)[:, -1].mean() / 1000
    half = half_widths(sure.seeds.differences(indicator))[-1] / 1000
    assert half > 0
    assert np.isclose(corners, mean + half).any()
    assert np.isclose(corners, mean - half).any()
    line = axes.lines[-1 if len(axes.lines) < 3 else 1].get_ydata()
    assert any(np.isclose(one.get_ydata()[-1], mean) for one in axes.lines), line


@pytest.mark.parametrize("name", ["jobs", "us_balances", "still_to_move"])
def test_one_seed_has_no_band(name, sure):
    alone = FIGURES[name](sure.run, sure.reference)
    bands = [one for axes in alone.axes for one in axes.collections if len(one.get_facecolor())]
    assert not any(isinstance(one, PolyCollection) for one in bands)


def test_points_that_may_be_luck_are_hollow(sure, unsure):
    def filled(result):
        axes = drawn("us_balances", result).axes[-1]
        points = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
        colours = [line.get_markerfacecolor() for line in points for _ in line.get_xdata()]
        return [colour != "white" for colour in colours]

    assert any(filled(sure))
    assert not any(filled(unsure))


def test_countries_that_may_not_have_changed_are_hatched(sure, unsure):
    def hatched(result):
        axes = drawn("map_of_changes", result).axes[0]
        return [one.get_hatch() is not None for one in axes.collections]

    assert not all(hatched(sure))
    assert hatched(unsure) == [True] * 3


def test_the_map_gives_each_country_its_numbers(sure):
    axes = drawn("map_of_changes", sure).axes[0]
    said = {text.get_text().split("\n")[0]: text.get_text() for text in axes.texts}
    assert set(said) == {"United States", "Mexico", "Canada"}
    assert all("output" in text and "jobs" in text and " to " in text for text in said.values())


@pytest.mark.parametrize("name", FIGURES)
def test_the_note_stands_clear_of_the_panels(name, sure):
    figure = drawn(name, sure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    note = figure.texts[1].get_window_extent(renderer)
    assert "seeds" in figure.texts[1].get_text()
    assert note.x1 <= figure.bbox.x1
    for axes in figure.axes:
        for title in (axes.title, axes._left_title):
            if title.get_text():
                assert title.get_window_extent(renderer).y1 <= note.y0 + 1
