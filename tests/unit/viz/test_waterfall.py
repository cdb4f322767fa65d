"""The figure of channels: bars that add up, and a title that says what they show."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.runs.channels import CHANNEL_NAMES
from tests.synthetic import a_run
from viz.figures.waterfall import PANELS, channels_finding, channels_waterfall, draw_waterfall

RUN, REFERENCE = a_run(quarters=4), a_run("status-quo", quarters=4, tilt=0.0)


def split_of(headline: str, parts: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "headline": headline,
            "unit": "persons",
            "order": range(1, len(parts) + 1),
            "channel": CHANNEL_NAMES[: len(parts)],
            "part": parts,
            "difference": sum(parts),
        }
    )


def channels(**parts: float) -> pd.DataFrame:
    """A split of every headline drawn; channels that are not named add nothing."""
    assert set(parts) <= set(CHANNEL_NAMES)
    every = tuple(parts.get(name, 0.0) for name in CHANNEL_NAMES)
    return pd.concat([split_of(headline, every) for headline in PANELS])


def test_each_bar_starts_where_the_one_above_ended_and_the_last_is_the_sum():
    axes = Figure().add_subplot()
    draw_waterfall(axes, split_of("x", (4000.0, -1500.0, 0.0, 250.0, -50.0)), 1e-3, named=True)
    bars = [(round(bar.get_x(), 9), round(bar.get_width(), 9)) for bar in axes.patches]
    assert bars == [(0, 4), (4, -1.5), (2.5, 0), (2.5, 0.25), (2.75, -0.05), (0, 2.7)]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["+4.0", "−1.5", "0.0", "+0.2", "−0.1", "+2.7"]  # noqa: RUF001
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "Duty paid"
    assert names[-1] == "All together"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"duty_paid": 9.0, "compliance": 1.0, "price_feedback": -1.0},
            "mainly through duty paid",
        ),
        (
            {"duty_paid": 9.0, "compliance": -8.0},
            "through duty paid, most of it undone by compliance",
        ),
        (
            {"contracts_renewed": 4.0, "customers": 3.0, "moves": 2.0},
            "through contracts and customers",
        ),
        (
            {"duty_paid": 2.0, "entry": 3.0, "price_feedback": 2.5},
            "through entry and price feedback",
        ),
    ],
)
def test_the_title_names_the_channels_that_matter(parts, said):
    finding = channels_finding(channels(**parts), "usmca")
    assert finding == f"What usmca does to the US goods balance with Mexico comes {said}"
    assert str(channels_waterfall(RUN, REFERENCE, channels(**parts)).get_label()) == finding


def test_a_run_that_does_not_differ_says_so():
    figure = channels_waterfall(RUN, RUN, channels())
    (said,) = figure.axes[0].texts
    assert "nothing to split" in said.get_text().replace("\n", " ")
