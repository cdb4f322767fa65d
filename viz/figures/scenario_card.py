"""A scenario on one picture, as the gallery shows it: jobs over time, and three figures of the end.

Everything is the paired difference from the reference over several seeds, in percent, with its
95% interval.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from abm.axes import HOSTS
from experiments.labels import REGION_NAMES, with_minus
from experiments.outcomes.intervals import Interval
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import (
    BOTTOM,
    NO_QUARTER,
    TOP,
    dated,
    label_ends,
    last_year,
    new_figure,
    nothing_to_show,
    number_axis,
    styled,
    time_axis,
)
from viz.figures.event_marks import acts_of, with_key
from viz.figures.panels import INTERVAL_SHADE, LEAST_REACH
from viz.figures.titles import jobs_finding
from viz.palette import BASELINE, COLOURS, MARKERS

JOBS = "manufacturing_employment"

AT_THE_END = {
    "output": "Manufacturing output",
    "consumer_prices": "Consumer prices",
    "real_income": "Real income of consumers",
}
"""What stands at the right, by the first name of the headline."""


MOST_ACTS = 8
"""Acts of governments that are marked; a run with more has none marked, to stay small."""


def scenario_card(run: RunFrames, reference: RunFrames, seeds: OverSeeds) -> Figure:
    """What a scenario changes against its reference, and how sure that is.

    Parameters
    ----------
    run, reference : RunFrames
        Of the first seed, for dates and acts of governments.
    seeds : OverSeeds
    """
    if len(acts_of(run)) > MOST_ACTS:
        run = replace(run, tables={**run.tables, "events": run.tables["events"].iloc[:0]})
    return _card(run, reference, seeds)


@with_key
@styled
def _card(run: RunFrames, reference: RunFrames, seeds: OverSeeds) -> Figure:
    if run.quarters == 0:
        return nothing_to_show(f"What {run.name} changes", NO_QUARTER)
    persons = pd.Series({host: _told(seeds.difference(f"{JOBS}.{host}")) for host in HOSTS}) / 1000
    figure = new_figure(
        jobs_finding(persons, last_year(run), reference, luck=True),
        _note(run, reference, seeds),
    )
    _draw_jobs(figure.add_axes((0.065, BOTTOM, 0.33, TOP - BOTTOM - 0.04)), run, seeds)
    grid = figure.add_gridspec(
        len(AT_THE_END), 1, top=TOP - 0.04, bottom=BOTTOM, left=0.635, right=0.8, hspace=0.75
    )
    for row, (indicator, title) in enumerate(AT_THE_END.items()):
        ends = [_percent(seeds, f"{indicator}.{host}") for host in HOSTS]
        _draw_ends(figure.add_subplot(grid[row]), f"{title}, {last_year(run)}", ends)
    return figure


def _note(run: RunFrames, reference: RunFrames, seeds: OverSeeds) -> str:
    """How to read the picture."""
    acts = " Dotted, by number: acts of governments." if acts_of(run) else ""
    return (
        f"{run.name} less {reference.name}, in percent of {reference.name}.{acts}\n"
        f"Means of {len(seeds.seeds)} seeds; bands, bars: 95% interval; hollow: may be luck."
    )


def _told(one: Interval) -> float:
    return 0.0 if one.crosses_zero else one.mean


def _percent(seeds: OverSeeds, indicator: str) -> Interval:
    """The difference at the end, in percent of the reference's mean."""
    one, level = seeds.difference(indicator), seeds.of_reference(indicator)[:, -1].mean()
    return Interval(*(100 * part / level for part in (one.mean, one.low, one.high)), one.n)


def _draw_jobs(axes: Axes, run: RunFrames, seeds: OverSeeds) -> None:
    """Manufacturing jobs over time, a line and a band a country."""
    names = [f"{JOBS}.{host}" for host in HOSTS]
    level = seeds.means(names, reference=True)
    change = 100 * (seeds.means(names) / level - 1)
    half = 100 * seeds.halves(names) / level
    labels = []
    for host, name in zip(HOSTS, names, strict=True):
        line, reach = dated(run, change[name]), dated(run, half[name])
        axes.fill_between(
            line.index,
            line - reach,
            line + reach,
            color=COLOURS[host],
            alpha=INTERVAL_SHADE,
            linewidth=0,
        )
        axes.plot(line.index, line, color=COLOURS[host])
        end = float(line.iloc[-1])
        labels.append((end, f"{REGION_NAMES[host]}\n{_signed(end)}%", COLOURS[host]))
    axes.axhline(0, color=BASELINE, linewidth=1)
    axes.set_title("Manufacturing jobs, %")
    axes.margins(y=0.1)
    time_axis(axes, run)
    number_axis(axes.yaxis, ticks=6)
    label_ends(axes, labels, size=10)


def _draw_ends(axes: Axes, title: str, ends: Sequence[Interval]) -> None:
    """A figure at the end of the run: a point and its interval a country, and both in numbers."""
    reach = max([LEAST_REACH, *(max(abs(one.low), abs(one.high)) for one in ends)]) * 1.15
    for row, (host, one) in enumerate(zip(HOSTS, ends, strict=True)):
        colour = COLOURS[host]
        axes.hlines(row, one.low, one.high, color=colour, linewidth=1.4)
        fill = "white" if one.crosses_zero else colour
        axes.plot(one.mean, row, MARKERS[host], color=colour, markerfacecolor=fill, markersize=7)
        digits = 1 if max(abs(one.low), abs(one.high)) >= 10 else 2
        span = " to ".join(with_minus(f"{end:.{digits}f}") for end in (one.low, one.high))
        axes.annotate(
            f"{_signed(one.mean, digits)}% ({span})",
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            size=9.5,
            color=colour,
        )
    axes.axvline(0, color=BASELINE, linewidth=1)
    axes.set_yticks(np.arange(len(HOSTS)), [REGION_NAMES[host] for host in HOSTS], size=10)
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(-reach, reach), ylim=(len(HOSTS) - 0.5, -0.5))
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    number_axis(axes.xaxis, ticks=3)  # three labels have room in so narrow a panel
    axes.set_title(f"{title}, %", x=-0.55)


def _signed(number: float, digits: int = 2) -> str:
    return with_minus(f"{number:+.{digits}f}")
