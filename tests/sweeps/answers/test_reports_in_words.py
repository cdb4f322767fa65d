"""What a report of a sweep writes on its axes: names and units, never keys."""

import re
import tomllib
from importlib.resources import files

import pandas as pd
import pytest

from experiments.labels import HEADLINE_NAMES
from experiments.outcomes.headlines import UNITS, headlines, unit_of
from experiments.scenarios.names_and_units import axis_label, key_in_words, unit_of_outcome
from experiments.sweeps.answers import report_figures
from tests.synthetic import a_run

KEY = re.compile(r"[a-z0-9]+[._][a-z]+[._]?")
"""What a dotted key, or one of its parts, looks like."""


def shipped_sweeps():
    return [
        tomllib.loads(one.read_text(encoding="utf-8"))
        for one in (files("experiments") / "sweeps" / "shipped").iterdir()
        if one.name.endswith(".toml")
    ]


def test_every_headline_of_a_run_has_a_name_and_its_unit():
    found = headlines(a_run().tables)
    assert found
    for names, headline in found.items():
        dotted = ".".join(names)
        assert headline.unit == unit_of(names) == unit_of_outcome(dotted) != ""
        assert not KEY.search(axis_label(dotted)), dotted
        assert axis_label(dotted).endswith(f" ({headline.unit})")
    first = {names[0] for names in found}
    assert first == set(HEADLINE_NAMES) == {name.partition(".")[0] for name in UNITS}


def test_factors_and_outcomes_of_every_shipped_sweep_are_said_in_words():
    names = [name for one in shipped_sweeps() for name in (*one["factors"], *one["outcomes"])]
    assert len(names) > 10
    for name in names:
        assert not KEY.search(axis_label(name)), name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "rules_of_origin.regional_value_content.cars",
            "Content required (cars), share of net cost",
        ),
        ("tariffs.special.USA.MEX.all", "Special duty (United States, Mexico), ad valorem"),
        ("economy.theta_scale", "Economy: theta scale"),
        (
            "manufacturing_employment.MEX.change",
            "Manufacturing jobs, Mexico, change since the start (persons)",
        ),
        (
            "outcomes.jobs_created/outcomes.employment[region=MEX]",
            "Jobs created as a share of Employment, Mexico (share)",
        ),
        ("a", "a"),
    ],
)
def test_a_name_is_said_with_its_unit(name, said):
    assert axis_label(name) == said


def written(figure):
    """All that is written on the axes and beside the lines of a figure."""
    figure.canvas.draw()
    said = []
    for axes in figure.axes:
        said += [axes.get_xlabel(), axes.get_ylabel(), *(one.get_text() for one in axes.texts)]
        for axis in (axes.xaxis, axes.yaxis):
            said += [one.get_text() for one in axis.get_ticklabels()]
            assert axis.get_offset_text().get_text() == "", "numbers are written out"
    return " | ".join(" ".join(one.split()) for one in said if one.strip())


def means(values):
    key, other = "rules_of_origin.regional_value_content.cars", "firms.reviews_per_year"
    return key, other, pd.DataFrame(
        [
            {"scenario": "usmca", key: x, other: y, "mean": 1_234_567.0 + x, "low": 1_234_566.0,
             "high": 1_234_569.0}
            for x in values
            for y in (0.0, 1.0)
        ]
    )  # fmt: skip


def test_no_picture_of_a_report_shows_a_key_or_a_number_as_a_difference_from_another():
    outcome = "manufacturing_employment.all"
    key, other, table = means((0.5, 0.6, 0.7))
    said = written(report_figures.response(table, key, outcome, [other]))
    assert "Content required (cars), share of net cost" in said
    assert "Manufacturing jobs (persons)" in said
    assert "Firms: reviews per year 0" in said
    assert "1,234,56" in said
    maps = written(report_figures.heat_map(table, key, other, outcome))
    rows = pd.DataFrame({"factor": [key, other]})
    for name in ("total", "total_low", "total_high"):
        rows[name] = [0.5, 0.3]
    bars = written(report_figures.bars(rows, ["total"], "title"))
    assert key_in_words(other) in bars
    course = pd.DataFrame([(n, f, 0.3, 0.2, 0.4) for n in (64, 128) for f in (key, other)],
                          columns=["n", "factor", "value", "low", "high"])  # fmt: skip
    ends = written(report_figures.course(course, "total"))
    for one in (said, maps, bars, ends):
        assert not KEY.search(one), one


@pytest.mark.parametrize(("values", "lines"), [((0.5, 0.9), 0), ((0.5, 0.7, 0.9), 1)])
def test_two_points_are_not_joined_by_a_line(values, lines):
    key, other, table = means(values)
    figure = report_figures.response(table[table[other] == 0], key, "mean_content.cars.all", [])
    (axes,) = figure.axes
    joined = [
        one for one in axes.lines
        if len(one.get_xdata()) > 1 and one.get_linestyle() != "None"
    ]  # fmt: skip
    assert len(joined) == lines
    # The points have their intervals all the same.
    assert len(axes.collections) > 0
