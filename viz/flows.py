"""Where plants went: who moved from which set of countries to which."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure

from abm.axes import CONFIG_LABELS, HOSTS
from experiments.labels import REGION_NAMES, in_sentence, with_minus
from experiments.measures import flows_between, plants_changed
from experiments.tables import RunFrames
from viz.canvas import BOTTOM, last_year, new_figure, nothing_to_show, styled
from viz.palette import BASELINE, COLOURS, EMPTY, FAINT_TEXT, TEXT

SHADES = LinearSegmentedColormap.from_list("flows", ["#edf1f5", "#2c5a8c"])
"""Few to many; the darkest still lets white type be read."""


@styled
def where_plants_went(run: RunFrames, reference: RunFrames | None = None) -> Figure:
    """Completed moves between sets of countries, and plants opened and closed."""
    flows = flows_between(run.tables["moves"])
    if not flows.sum():
        when = f"by {last_year(run)}" if run.quarters else "yet"
        sentence = f"No firm of {run.name} has moved a plant {when}."
        return nothing_to_show("Where plants went", sentence)
    base = None if reference is None else flows_between(reference.tables["moves"])
    changed = _by_kind(run)
    compared = None if reference is None else _by_kind(reference)
    note = f"Completed moves in {run.name} up to {last_year(run)}, in real firms"
    below = f"; small: against {reference.name}." if reference else "."
    figure = new_figure(_finding(changed, compared, reference), note + below)
    matrix = figure.add_axes((0.155, BOTTOM + 0.05, 0.475, 0.58))
    _draw_matrix(matrix, flows, base)
    bars = figure.add_axes((0.70, BOTTOM + 0.05, 0.28, 0.58))
    _draw_bars(bars, changed, compared, reference)
    return figure


def _by_kind(run: RunFrames) -> pd.DataFrame:
    """Plants opened and closed over the run; a row a host."""
    total = plants_changed(run.tables["moves"]).sum()
    return pd.DataFrame({kind: total[kind] for kind in ("opened", "closed")}).loc[list(HOSTS)]


def _finding(
    changed: pd.DataFrame, compared: pd.DataFrame | None, reference: RunFrames | None
) -> str:
    net = changed["opened"] - changed["closed"]
    against = 0.0 if compared is None else compared["opened"] - compared["closed"]
    host = (net - against).abs().idxmax()
    verb = "bring" if net[host] > 0 else "take"
    preposition = "to" if net[host] > 0 else "from"
    finding = (
        f"Moves {verb} {abs(net[host]):,.0f} plants {preposition} {in_sentence(host)} on balance"
    )
    if reference is None:
        return finding
    return f"{finding}; under {reference.name} {with_minus(f'{against[host]:+,.0f}')}"


def _draw_matrix(axes: Axes, flows: pd.Series, base: pd.Series | None) -> None:
    """From which set of countries (rows) to which (columns)."""
    used = [label for label in CONFIG_LABELS if label in {*flows.index.get_level_values(0), *flows.index.get_level_values(1)}]
    table = _square(flows, used)
    axes.imshow(
        table.where(table > 0), cmap=SHADES, norm=PowerNorm(0.5, 0, table.max().max()), aspect="auto"
    )
    other = None if base is None else _square(base, used)
    for row, column in np.ndindex(table.shape):
        amount = table.iat[row, column]
        if row == column:
            continue
        dark = amount > 0.3 * table.max().max()
        colour = "white" if dark else TEXT
        text = short(amount) if amount else "·"
        if other is not None and (amount or other.iat[row, column]):
            difference = with_minus(f"{'+' * (amount >= other.iat[row, column])}{short(amount - other.iat[row, column])}")
            axes.text(column, row + 0.27, difference, ha="center", va="center", size=8.5, color="white" if dark else FAINT_TEXT)
            row_shift = -0.13
        else:
            row_shift = 0.0
        axes.text(column, row + row_shift, text, ha="center", va="center", size=10.5, color=colour)
    names = [label.replace("+", "\n+") for label in used]
    axes.set_xticks(range(len(used)), names, size=9.5)
    axes.set_yticks(range(len(used)), used, size=9.5)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("to plants in", labelpad=4)
    axes.set_ylabel("from plants in")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
