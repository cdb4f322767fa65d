"""The findings of the documentation as pictures: measurements over seeds in, figure out."""

import pandas as pd
from matplotlib.figure import Figure

from experiments.labels import ADJECTIVES, REGION_NAMES, in_sentence, with_minus
from viz.figures.canvas import label_ends, new_figure, number_axis, styled
from viz.palette import BASELINE, COLOURS, FAINT_TEXT

STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))
"""One a duty, in the order of the data."""

BAND = 0.18
"""How much of its line's colour a band over seeds has."""

AXES_TOP, AXES_BOTTOM = 0.76, 0.13


@styled
def laffer_curve(content: pd.DataFrame) -> Figure:
    """Content against the threshold, a panel a host and a line a duty.

    Parameters
    ----------
    content : DataFrame
        Columns ``seed``, ``duty``, ``host``, ``threshold`` and ``content``, the last two
        shares of net cost; the title speaks of the first ``duty`` and ``host``.
    """
    seeds = content["seed"].nunique()
    duties, hosts = content["duty"].unique(), content["host"].unique()
    figure = new_figure(
        _laffer_finding(content),
        f"Lines: duty if origin is not claimed; bands: range over {seeds} seeds; "
        "grey: content where the rule binds nobody.",
    )
    grid = figure.add_gridspec(
        1, len(hosts), top=AXES_TOP, bottom=AXES_BOTTOM, left=0.075, right=0.845, wspace=0.72
    )
    panels = [figure.add_subplot(grid[column]) for column in range(len(hosts))]
    for axes, host in zip(panels, hosts, strict=True):
        axes.set_title(f"Assembled in {in_sentence(host)}", color=COLOURS[host])
        for duty, style in zip(duties, STYLES, strict=False):
            some = content[(content["host"] == host) & (content["duty"] == duty)]
            by = some.groupby("threshold")["content"]
            x = 100 * by.mean().index
            axes.fill_between(
                x, 100 * by.min(), 100 * by.max(), color=COLOURS[host], alpha=BAND, linewidth=0
            )
            axes.plot(x, 100 * by.mean(), color=COLOURS[host], linestyle=style)
            if duty == duties[0]:
                axes.axhline(100 * by.mean().iloc[0], color=BASELINE, linewidth=1)
        axes.set_xlabel("Content asked for, % of net cost")
        number_axis(axes.xaxis, ticks=6)
    low = min(axes.get_ylim()[0] for axes in panels)
    high = max(axes.get_ylim()[1] for axes in panels)
    for axes, host in zip(panels, hosts, strict=True):
        axes.set_ylim(low, high)
        ends = content[
            (content["host"] == host) & (content["threshold"] == content.threshold.max())
        ]
        means = 100 * ends.groupby("duty", sort=False)["content"].mean()
        label_ends(axes, [(means[duty], duty, COLOURS[host]) for duty in duties], size=10)
    panels[0].set_ylabel("Regional content of sales to the USA, %")
    return figure


def _laffer_finding(content: pd.DataFrame) -> str:
    duty, host = content["duty"].iloc[0], content["host"].iloc[0]
    some = content[(content["duty"] == duty) & (content["host"] == host)]
    mean = 100 * some.groupby("threshold")["content"].mean()
    peak = mean.idxmax()
    what = f"content of {ADJECTIVES[host]} cars"
    if mean.iloc[-1] >= mean.max():
        return f"{what} is highest, {mean.max():.1f}%, at the strictest threshold"
    return (
        f"{what} rises from {mean.iloc[0]:.1f}% to {mean.max():.1f}% at a threshold of "
        f"{100 * peak:.0f}%, and falls back to {mean.iloc[-1]:.1f}% beyond"
    )


@styled
def threat_and_openings(threat: pd.DataFrame) -> Figure:
    """Expected Mexican openings by US firms against the hazard they believe in.

    Parameters
    ----------
    threat : DataFrame
        Columns ``seed``, ``arrival_per_quarter`` and ``change``, a fraction against the
        same firms without a threat.
    """
    by = 100 * threat.groupby("arrival_per_quarter")["change"].agg(["mean", "min", "max"])
    seeds = threat["seed"].nunique()
    figure = new_figure(
        _threat_finding(by["mean"]),
        f"Plants that firms with US production are expected to plan in Mexico in the first year; "
        f"line: mean, band: range of {seeds} seeds.",
    )
    axes = figure.add_axes((0.09, AXES_BOTTOM, 0.72, AXES_TOP - AXES_BOTTOM))
    x, colour = 100 * by.index, COLOURS["MEX"]
    axes.fill_between(x, by["min"], by["max"], color=colour, alpha=BAND, linewidth=0)
    axes.plot(x, by["mean"], color=colour, marker="o")
    axes.axhline(0, color=BASELINE, linewidth=1)
    axes.set_xlim(0, x.max())
    axes.set_xlabel("Chance that the tax comes, as announced, % a quarter")
    axes.set_ylabel("Expected openings in Mexico, change in %")
    number_axis(axes.yaxis, ticks=6)
    number_axis(axes.xaxis, ticks=6)
    end = by["mean"].iloc[-1]
    label_ends(
        axes,
        [
            (end, f"threatened\n{with_minus(f'{end:.1f}%')}", colour),
            (0.0, "no threat", FAINT_TEXT),
        ],
    )
    return figure


def _threat_finding(change: pd.Series) -> str:
    hazard, end = change.index[-1], change.iloc[-1]
    way = "lowers" if end < 0 else "raises"
    return (
        f"A tax that never comes {way} expected openings in Mexico by {abs(end):.1f}% "
        f"if it is thought {100 * hazard:.0f}% likely a quarter"
    )


@styled
def withdrawal_and_trade(trade: pd.DataFrame, prices: pd.DataFrame) -> Figure:
    """Trade by pair in the last year, and prices by quarter, against the reference.

    Parameters
    ----------
    trade : DataFrame
        Columns ``seed``, ``origin``, ``destination`` and ``change``, a fraction.
    prices : DataFrame
        Columns ``seed``, ``quarter``, ``host`` and ``change``, a fraction.
    """
    pairs = 100 * trade.groupby(["origin", "destination"])["change"].agg(["mean", "min", "max"])
    pairs = pairs.sort_values("mean", ascending=False)
    by = 100 * prices.groupby(["host", "quarter"])["change"].agg(["mean", "min", "max"])
    seeds = trade["seed"].nunique()
    ends = by.groupby(level="host")["mean"].last()
    figure = new_figure(
        _withdrawal_finding(pairs["mean"], ends),
        f"Changes against the same seed without withdrawal; ranges and bands over {seeds} seeds.",
    )
    _draw_pairs(figure, pairs)
    axes = figure.add_axes((0.56, AXES_BOTTOM, 0.255, AXES_TOP - AXES_BOTTOM))
    axes.set_title("Consumer prices, change in %")
    axes.axhline(0, color=BASELINE, linewidth=1)
    for host in ends.index:
        line = by.loc[host]
        axes.fill_between(
            line.index, line["min"], line["max"], color=COLOURS[host], alpha=BAND, linewidth=0
        )
        axes.plot(line.index, line["mean"], color=COLOURS[host])
    axes.set_xlim(0, by.index.get_level_values("quarter").max())
    axes.set_xlabel("Quarters since the start of 2017")
    number_axis(axes.yaxis, ticks=6)
    label_ends(
        axes,
        [
            (end, f"{REGION_NAMES[host]}\n{with_minus(f'{end:+.2f}%')}", COLOURS[host])
            for host, end in ends.items()
        ],
        size=10.5,
    )
    return figure


def _draw_pairs(figure: Figure, pairs: pd.DataFrame) -> None:
    """A bar a pair in its origin's colour, the range over seeds as a line."""
    axes = figure.add_axes((0.225, AXES_BOTTOM, 0.25, AXES_TOP - AXES_BOTTOM))
    rows = range(len(pairs))
    colours = [COLOURS[origin] for origin, _ in pairs.index]
    axes.barh(rows, pairs["mean"], height=0.5, color=colours)
    axes.hlines(rows, pairs["min"], pairs["max"], color=FAINT_TEXT, linewidth=1.6)
    axes.axvline(0, color=BASELINE, linewidth=1)
    reach = 1.4 * min(pairs["min"].min(), 0.0) or -1.0
    axes.set_xlim(reach, 1.1 * max(pairs["max"].max(), 0.0) or -0.05 * reach)
    for row, (end, change) in enumerate(zip(pairs["min"], pairs["mean"], strict=True)):
        text = with_minus(f"{change:.1f}%")
        axes.text(min(end, 0.0), row, f"{text} ", ha="right", va="center", size=10)
    names = [f"{REGION_NAMES[a]} to\n{REGION_NAMES[b]}" for a, b in pairs.index]
    axes.set_yticks(rows, names, size=10)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    number_axis(axes.xaxis, ticks=4)
    axes.set_title("Trade in the last year", x=-0.72)
    axes.set_xlabel("Change of customs value, %")


def _withdrawal_finding(trade: pd.Series, prices: pd.Series) -> str:
    fall, rise = trade.min(), prices.max()
    origin, destination = trade.idxmin()
    if trade.max() >= 0 or prices.min() <= 0:
        return (
            f"Withdrawal changes trade between the three by {fall:.0f} to {trade.max():+.0f}% "
            f"and consumer prices by {prices.min():+.1f} to {rise:+.1f}%"
        ).replace("-", "\N{MINUS SIGN}")
    return (
        f"Withdrawal lowers trade on all routes, from {in_sentence(origin)} to "
        f"{in_sentence(destination)} by {-fall:.0f}%, and raises consumer prices by "
        f"{prices.min():.1f} to {rise:.1f}%"
    )
