"""The figures: titles that say what the tables hold, and pictures that can be read."""

from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from abm.axes import HOSTS
from experiments.labels import REGION_NAMES
from experiments.outcomes.quantities import plants_changed
from experiments.outcomes.tables import RunFrames
from tests.synthetic import a_run, empty
from viz.figures.event_marks import CLOSEST, acts_of
from viz.figures.run_figures import FIGURES, draw_all
from viz.figures.titles import (
    balance_finding,
    content_finding,
    jobs_finding,
    moves_finding,
    production_finding,
    still_to_move_finding,
)
from viz.palette import BASELINE, COLOURS, MARKERS

SMALLEST_TYPE = 9
"""Points; at 1000 px a letter is then 12 px high."""

# Machado, Oliveira and Fernandes (2009), severity 1: red, green and blue blindness.
BLINDNESS = {
    "none": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
RUN, REFERENCE = a_run(quarters=24), a_run("status-quo", quarters=24, tilt=0.0)


def title(figure: Figure) -> str:
    return str(figure.get_label())


def with_table(run: RunFrames, name: str, table: pd.DataFrame) -> RunFrames:
    return replace(run, tables={**run.tables, name: table})


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lightness(colour: str) -> float:
    return 116 * np.cbrt(luminance(colour)) - 16


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.clip(to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089], 1e-6, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colours_of_countries_differ_whatever_the_eye(blindness):
    seen = {region: lab(BLINDNESS[blindness] @ linear(hue)) for region, hue in COLOURS.items()}
    for one, other in combinations(seen, 2):
        # A difference of 2 is just seen side by side; lines of a chart want ten times that.
        assert np.linalg.norm(seen[one] - seen[other]) > 20, (one, other)


def test_colours_of_the_three_hosts_differ_in_grey():
    steps = np.diff(sorted(lightness(COLOURS[host]) for host in ("USA", "MEX", "CAN")))
    assert steps.min() > 12


def test_colours_can_be_read_on_white():
    for colour in COLOURS.values():
        assert 1.05 / (luminance(colour) + 0.05) > 3  # WCAG 2.1 for graphics and large type


def test_every_country_has_a_shape_of_its_own():
    assert len(set(MARKERS.values())) == len(MARKERS) == len(COLOURS)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("reference", [REFERENCE, None], ids=["against", "alone"])
def test_no_letter_is_too_small_or_outside_the_picture(name, reference):
    figure = FIGURES[name](RUN, reference)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    letters = figure.findobj(Text)
    assert min(text.get_fontsize() for text in letters if text.get_text()) >= SMALLEST_TYPE
    drawn = figure.get_tightbbox(canvas.get_renderer())
    width, height = figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= 0
    assert drawn.x1 <= width
    assert drawn.y1 <= height


@pytest.mark.parametrize(
    "name", [name for name in FIGURES if name not in ("where_plants_went", "map_of_changes")]
)
def test_the_baseline_is_in_the_picture(name):
    def lines(reference):
        return FIGURES[name](RUN, reference).axes[0].lines

    def is_level(line):
        return line.get_color() == BASELINE and len(set(line.get_ydata())) == 1

    assert "--" in [line.get_linestyle() for line in lines(REFERENCE)]
    assert not any(is_level(line) for line in lines(REFERENCE))
    assert any(is_level(line) for line in lines(None))


def test_titles_say_what_the_tables_hold():
    assert title(FIGURES["production_shares"](RUN, REFERENCE)).startswith(
        "In 2022 the United States makes 1.7 points more of North American cars"
    )
    assert "Mexico has" in title(FIGURES["jobs"](RUN, REFERENCE))
    assert "than at the start" in title(FIGURES["us_balances"](RUN, None))
    assert "higher than under status-quo" in title(FIGURES["content_and_claims"](RUN, REFERENCE))
    opened, closed = (
        plants_changed(RUN.tables["moves"]).sum()[kind].loc[list(HOSTS)]
        for kind in ("opened", "closed")
    )
    most = (opened - closed).abs().idxmax()
    assert REGION_NAMES[most] in title(FIGURES["where_plants_went"](RUN, REFERENCE))
    assert title(FIGURES["still_to_move"](RUN, REFERENCE)).startswith("In 2022 1.6% of inputs")


def test_the_production_title_gives_the_difference_in_points():
    finding = production_finding(-1.24, "MEX", "cars", 2026, REFERENCE)
    assert finding == (
        "In 2026 Mexico makes 1.2 points less of North American cars than under status-quo"
    )
    same = production_finding(0.04, "MEX", "textiles_apparel", 2026, None)
    assert same == "Shares of North American textiles and apparel are the same as at the start"


def test_the_title_of_jobs_names_the_two_countries_that_change_most():
    change = pd.Series({"USA": 12.34, "MEX": -34.9, "CAN": 0.2})
    assert jobs_finding(change, 2026, REFERENCE) == (
        "In 2026 Mexico has 34.9 thousand fewer manufacturing jobs than under status-quo, "
        "the United States 12.3 thousand more"
    )
    assert jobs_finding(0 * change, 2026, None) == "Manufacturing jobs are the same as at the start"


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (-60.0, -70.0, "deficit with Mexico is 10.0 billion USD smaller"),
        (-80.0, -70.0, "deficit with Mexico is 10.0 billion USD larger"),
        (8.0, 2.0, "surplus with Mexico is 6.0 billion USD larger"),
        (3.0, -1.0, "balance with Mexico is 4.0 billion USD higher"),
    ],
)
def test_the_title_of_balances_speaks_of_deficits_and_surpluses(now, then, words):
    end, before = (pd.Series({"MEX": value, "CAN": -20.0, "ROW": -9.0}) for value in (now, then))
    assert f"The US goods {words} than under status-quo" == balance_finding(end, before, REFERENCE)


def test_the_title_of_what_waits_names_where_and_when_most_did():
    late = pd.DataFrame({"USA": [0.0, 0.2, 0.1], "MEX": [0.0, 3.14, 0.5], "CAN": 0.0})
    assert still_to_move_finding(late, [2016, 2017, 2018]) == (
        "In 2017 3.1% of inputs bought in Mexico would have come from elsewhere, were they "
        "not under contract; in 2018 0.5%"
    )
    assert still_to_move_finding(late / 100, [2016, 2017, 2018]) == (
        "Inputs come from where they would, were all contracts signed anew"
    )


def test_the_title_of_content_leaves_out_what_does_not_change():
    claims = pd.Series({"MEX": -5.25, "CAN": float("nan")})
    both = content_finding(4.0, "MEX", "cars", claims, REFERENCE)
    assert both == (
        "regional content of Mexican cars is 4.0 points higher than under status-quo; "
        "claims on dutiable imports from Mexico are 5.2 points lower"
    )
    assert "regional" not in content_finding(0.0, "MEX", "cars", claims, REFERENCE)
    assert content_finding(0.0, "MEX", "cars", 0 * claims, None) == (
        "Regional content and claims of origin are the same as at the start"
    )


@pytest.mark.parametrize(
    ("net", "usual", "words"),
    [
        (-50, -20, "take 50 plants from Mexico, 30 more than under status-quo"),
        (-20, 50, "take 20 plants from Mexico, against a gain of 50 under status-quo"),
        (30, 30, "bring 30 plants to Mexico, as under status-quo"),
    ],
)
def test_the_title_of_moves_compares_what_is_left_of_openings_and_closures(net, usual, words):
    def table(opened):
        frame = pd.DataFrame({"opened": 0.0, "closed": 0.0}, index=["USA", "MEX", "CAN"])
        frame.loc["MEX"] = max(opened, 0), max(-opened, 0)
        return frame

    assert moves_finding(table(net), table(usual), REFERENCE) == f"Deaths apart, moves {words}"


def test_a_run_without_moves_shows_a_sentence_instead():
    still = with_table(RUN, "moves", empty("moves"))
    figure = FIGURES["where_plants_went"](still, REFERENCE)
    sentence = " ".join(figure.axes[0].texts[0].get_text().split())
    assert sentence == "No firm of usmca has moved by the end of 2022."


@pytest.mark.parametrize("name", FIGURES)
def test_the_calibration_year_alone_shows_a_sentence_instead(name):
    figure = FIGURES[name](RUN.until(0), REFERENCE.until(0))
    assert len(figure.axes) == 1
    assert figure.axes[0].texts[0].get_text().endswith(".")


@pytest.mark.parametrize("name", FIGURES)
def test_one_quarter_a_twin_and_a_long_name_can_be_drawn(name):
    wordy = replace(REFERENCE, name="a-scenario-with-a-name-of-sixty-letters-which-is-the-longest")
    for run, reference in ((RUN.until(1), None), (REFERENCE, REFERENCE), (RUN, wordy)):
        figure = FIGURES[name](run, reference)
        FigureCanvasAgg(figure).draw()
        assert title(figure)


def test_imports_without_any_duty_can_be_drawn():
    trade = RUN.tables["trade"].assign(dutiable_musd=0.0, claimed_dutiable_musd=0.0)
    figure = FIGURES["content_and_claims"](with_table(RUN, "trade", trade), None)
    FigureCanvasAgg(figure).draw()
    assert "claims" not in title(figure)


def busy(months=30, actors=("USA", "MEX", "CAN", "USA+MEX+CAN")):
    """A run in which governments act every month, each in turn, and say much."""
    days = pd.date_range("2018-01-15", periods=months, freq="MS")
    rows = [
        {
            "quarter": 1 + 4 * (day.year - 2017) + (day.month - 1) // 3,
            "date": day.date(),
            "actor": actors[n % len(actors)],
            "instrument": "tariffs.special.USA.MEX.all",
            "old": "0",
            "new": str(n),
            "reason": f"in force: {'a duty of a long name, ' * 4}number {n}",
        }
        for n, day in enumerate(days)
    ]
    return with_table(RUN, "events", pd.DataFrame(rows))


def test_acts_are_marked_by_number_in_the_colour_of_who_acted():
    (act,) = acts_of(RUN)
    assert (act.day.isoformat(), act.number, act.colour) == ("2020-07-01", 1, COLOURS["USA"])
    assert act.text == "USMCA enters into force: 0.66"
    acts = acts_of(busy())
    assert len(acts) == 30
    assert {act.colour for act in acts[:3]} == {COLOURS[host] for host in ("USA", "MEX", "CAN")}
    days = [act.day for act in acts if act.opens]
    least = CLOSEST * 24 / 4 * 365.25  # of six years
    assert all((later - day).days >= least - 1 for day, later in pairwise(days))
    assert [act.number for act in acts if act.opens] == [*range(1, len(days) + 1)]


def test_what_is_announced_and_done_in_one_quarter_is_told_once():
    event = RUN.tables["events"].iloc[0].to_dict()
    title = "metals (Section 232) effective"
    rows = [
        event | {"reason": f"announced for 2020-08-01: {title}"},
        event | {"reason": f"in force: {title}", "date": date(2020, 8, 1)},
        event | {"quarter": 12, "date": date(2019, 12, 1)}
        | {"reason": "announced for 2020-11-01: parts (Section 232) effective"},
    ]  # fmt: skip
    named = {"instrument": "measures.metals.in_force", "new": "25% on metals from MEX"}
    table = pd.DataFrame([row | named for row in rows])
    assert [act.text for act in acts_of(with_table(RUN, "events", table))] == [
        "for Nov 2020: 25% on metals from MEX",
        "25% on metals from MEX",
    ]


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "map_of_changes"])
def test_marks_and_their_key_do_not_overlap_and_are_on_every_figure_over_time(name):
    run = busy()
    figure = FIGURES[name](run, REFERENCE)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    numbers = {str(act.number) for act in acts_of(run)}
    marked = 0
    for axes in figure.axes:
        boxes = [t.get_window_extent(renderer) for t in axes.texts if t.get_text() in numbers]
        boxes.sort(key=lambda box: box.x0)
        marked += len(boxes) == len(numbers)
        assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))
    assert marked
    key = [t for t in figure.texts if t.get_fontsize() == 9]
    told = " ".join(text.get_text() for text in key)
    for act in acts_of(run):
        assert f"{act.number} {act.day:%b %Y} {act.text}" in told, "no text is cut"
    boxes = [t.get_window_extent(renderer) for t in key]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    drawn = figure.get_tightbbox(renderer)
    assert min(drawn.x0, drawn.y0) >= 0
    assert drawn.x1 <= figure.get_size_inches()[0]


def test_more_acts_than_fit_are_counted():
    figure = FIGURES["jobs"](busy(months=50), None)
    assert figure.texts[-1].get_text() == "and 14 more"


def test_all_figures_are_written_twice_and_always_with_the_same_bytes(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    written = [draw_all(RUN, REFERENCE, folder) for folder in folders]
    expected = [f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")]
    assert [path.name for path in written[0]] == expected
    for one, two in zip(*written, strict=True):
        assert one.read_bytes() == two.read_bytes()
    svg = (folders[0] / "jobs.svg").read_text()
    assert "<dc:date>" not in svg
    assert "manufacturing jobs than under status-quo" in svg  # its title, for screen readers


def test_drawing_leaves_the_caller_s_style_alone():
    before = mpl.rcParams.copy()
    FIGURES["jobs"](RUN, None)
    assert mpl.rcParams == before
