"""Where plants went: who moved from which set of countries to which."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from abm.axes import CONFIG_LABELS, HOSTS, N_CONFIGS, QUARTERS_A_YEAR
from experiments.labels import REGION_NAMES, with_minus
from experiments.outcomes.intervals import Interval, interval
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.quantities import flows_between, plants_changed
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import (
    BOTTOM,
    dated,
    last_year,
    new_figure,
    nothing_to_show,
    number_axis,
    styled,
    time_axis,
)
from viz.figures.event_marks import acts_of, add_below, with_key
from viz.figures.titles import moves_finding, moves_over_seeds
from viz.palette import BASELINE, COLOURS, EMPTY, FAINT_TEXT, TEXT

SHADES = LinearSegmentedColormap.from_list("flows", ["#edf1f5", "#2c5a8c"])
"""Few to many."""

DARKENED = 0.7
"""Shade from which on type is white, between 0 and 1."""

HEIGHT = 0.615
"""Of both panels, as a share of the figure's."""

ROOM = 2.4
"""How far the axis of bars reaches, times the longest: their numbers stand beyond their ends."""

STRIP = 1.35
"""Inches below them, for moves over time."""


@with_key
@styled
def where_plants_went(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Completed moves between sets of countries, and plants opened and closed."""
    flows = flows_between(run.tables["moves"])
    if not flows.sum():
        when = f"by the end of {last_year(run)}" if run.quarters else "yet"
        return nothing_to_show("Where plants went", f"No firm of {run.name} has moved {when}.")
    base = None if reference is None else flows_between(reference.tables["moves"])
    changed = _changed(run)
    compared = None if reference is None else _changed(reference)
    small = f"; small type: difference from {reference.name}." if reference else "."
    note = f"Moves completed by the end of {last_year(run)} in {run.name}, real firms{small}"
    half = None
    if seeds is None:
        finding = moves_finding(changed, compared, reference)
    else:
        finding = moves_over_seeds(_net(seeds), reference)
        changed, compared, half = _changed_over_seeds(seeds)
        note += (
            f"\nBars at the right: means of {len(seeds.seeds)} seeds, with the 95% interval of the"
            f" difference; all else: seed {seeds.seeds[0]} alone."
        )
    figure = new_figure(finding, note)
    _draw_matrix(figure.add_axes((0.155, BOTTOM, 0.475, HEIGHT)), flows, base)
    _draw_bars(figure.add_axes((0.70, BOTTOM, 0.28, HEIGHT)), changed, compared, reference, half)
    new = add_below(figure, STRIP)
    _draw_moves_over_time(figure.add_axes((0.075, 0.3 * new, 0.905, 0.55 * new)), run, reference)
    return figure


def _draw_moves_over_time(axes: Axes, run: RunFrames, reference: RunFrames | None) -> None:
    """Moves completed by the end of each year, as real firms, and the acts of governments."""
    acts = "; dotted, by number: acts of governments" if acts_of(run) else ""
    axes.set_title(f"Moves completed in the four quarters before, real firms{acts}")
    for one, style in ((reference, (0, (4, 2.5))), (run, "-")):
        if one is not None:
            line = dated(one, _moves_a_year(one))
            axes.plot(line.index, line, color=TEXT, linewidth=1.6, linestyle=style)
    axes.set_ylim(bottom=0)
    time_axis(axes, run)
    number_axis(axes.yaxis, ticks=3)


def _moves_a_year(run: RunFrames) -> pd.Series:
    """Real firms whose move was completed in a quarter or the three before."""
    moved = plants_changed(run.tables["moves"])["moved", "all"]
    return (
        moved.reindex(range(run.quarters + 1), fill_value=0.0)
        .rolling(QUARTERS_A_YEAR, min_periods=1)
        .sum()
    )


def short(amount: float) -> str:
    """A count in five characters: ``950``, ``9,500``, ``95k``."""
    return f"{amount:,.0f}" if abs(amount) < 9_999.5 else f"{amount / 1000:,.0f}k"


def signed(amount: float) -> str:
    """The same for a difference."""
    return with_minus(f"{'+' if amount > 0 else ''}{short(amount)}")


def _changed(run: RunFrames) -> pd.DataFrame:
    """Plants opened and closed over the run; a row a host."""
    total = plants_changed(run.tables["moves"]).sum()
    return pd.DataFrame({kind: total[kind] for kind in ("opened", "closed")}).loc[list(HOSTS)]


def _net(seeds: OverSeeds) -> dict[str, Interval]:
    """By how many plants opened less closed each host differs from the reference."""
    found = {}
    for host in HOSTS:
        opened, closed = (
            seeds.differences(f"plants_moved.real_firms.{kind}.{host}")[:, -1]
            for kind in ("opened", "closed")
        )
        found[host] = interval(opened - closed)
    return found


def _changed_over_seeds(seeds: OverSeeds) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Plants opened and closed as means of run and reference, and half of their intervals."""
    tables = []
    for of in (
        seeds.means,
        lambda names: seeds.means(names, reference=True),
        seeds.halves,
    ):
        columns = {
            kind: of([f"plants_moved.real_firms.{kind}.{host}" for host in HOSTS])
            .iloc[-1]
            .to_numpy()
            for kind in ("opened", "closed")
        }
        tables.append(pd.DataFrame(columns, index=list(HOSTS)))
    return tables[0], tables[1], tables[2]


def _square(flows: pd.Series) -> NDArray[np.float64]:
    """Flows as a matrix, from rows to columns; 0 where there are none."""
    table = flows.unstack().reindex(index=list(CONFIG_LABELS), columns=list(CONFIG_LABELS))
    return np.asarray(table.fillna(0.0))


def _draw_matrix(axes: Axes, flows: pd.Series, base: pd.Series | None) -> None:
    """A cell for every pair of sets of countries; small, the difference from the reference."""
    amounts = _square(flows)
    shade = PowerNorm(0.6, 0, amounts.max())
    possible = np.where(np.eye(N_CONFIGS), np.nan, 0.0)  # staying is no move
    axes.imshow(possible, cmap=ListedColormap([EMPTY]), aspect="auto")
    axes.imshow(np.ma.masked_equal(amounts, 0), cmap=SHADES, norm=shade, aspect="auto")
    usual = amounts if base is None else _square(base)
    for row, column in zip(*np.nonzero((amounts > 0) | (usual > 0)), strict=True):
        amount = amounts[row, column]
        style: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "color": "white" if shade(amount) > DARKENED else TEXT,
        }
        axes.text(column, row - 0.15 * (base is not None), short(amount), **style)
        if base is not None:
            axes.text(column, row + 0.25, signed(amount - usual[row, column]), size=9, **style)
    stacked = [label.replace("+", "\n") for label in CONFIG_LABELS]
    axes.set_xticks(range(N_CONFIGS), stacked, size=9.5)
    axes.set_yticks(range(N_CONFIGS), CONFIG_LABELS, size=9.5)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("to plants in", size=10.5)
    axes.set_ylabel("from plants in", size=10.5)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _draw_bars(
    axes: Axes,
    changed: pd.DataFrame,
    compared: pd.DataFrame | None,
    reference: RunFrames | None,
    half: pd.DataFrame | None = None,
) -> None:
    """Plants opened to the right, closed to the left; the reference as an outline."""
    rows = np.arange(len(HOSTS))[::-1]
    colours = [COLOURS[host] for host in HOSTS]
    tables = [changed] if compared is None else [changed, compared]
    reach = ROOM * max(table.to_numpy().max() for table in tables)
    if half is not None:
        reach = max(reach, ROOM * float((changed + half).to_numpy().max()))
    for kind, side, anchor in (("opened", 1, "left"), ("closed", -1, "right")):
        axes.barh(rows, side * changed[kind], height=0.44, color=colours)
        if compared is not None:
            axes.barh(
                rows,
                side * compared[kind],
                height=0.66,
                facecolor="none",
                edgecolor=FAINT_TEXT,
                linestyle=(0, (3, 2)),
                linewidth=1.1,
            )
        ends = np.max([table[kind] for table in tables], axis=0)
        if half is not None:
            axes.errorbar(
                side * changed[kind], rows, xerr=half[kind], fmt="none", ecolor=TEXT, elinewidth=1
            )
            ends = np.maximum(ends, changed[kind] + half[kind])
        for row, end, amount in zip(rows, ends, changed[kind], strict=True):
            axes.text(side * end, row, f" {amount:,.0f} ", ha=anchor, va="center", size=10.5)
        axes.text(side * reach / 2, len(HOSTS) - 0.3, kind, ha="center", color=FAINT_TEXT)
    axes.axvline(0, color=BASELINE, linewidth=1)
    for row, host, colour in zip(rows, HOSTS, colours, strict=True):
        axes.text(-reach, row + 0.40, REGION_NAMES[host], weight="bold", color=colour)
    axes.set(xlim=(-reach, reach), ylim=(-0.6, len(HOSTS) - 0.1), yticks=[], xticks=[])
    axes.spines[:].set_visible(False)
    if reference is not None:
        axes.set_xlabel(f"Outlines: {reference.name}", size=10.5)
