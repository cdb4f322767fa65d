"""The figures of a run: tables in, picture out; the title is what the tables say."""

from collections.abc import Callable, Collection
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from abm.axes import FOOTLOOSE, GOODS, HOSTS
from experiments.labels import ADJECTIVES, REGION_NAMES, in_sentence, sector_in_sentence, with_minus
from experiments.measures import (
    PARTNERS,
    employment,
    mean_content,
    output_shares,
    preference_utilisation,
    us_goods_balance,
    yearly,
)
from experiments.tables import RunFrames
from viz.canvas import (
    BOTTOM,
    TOP,
    label_ends,
    last_year,
    new_figure,
    nothing_to_show,
    number_axis,
    reading_note,
    styled,
    time_axis,
)
from viz.flows import where_plants_went
from viz.palette import COLOURS
from viz.panels import (
    at_baseline,
    at_the_baseline,
    country_panels,
    draw_lines,
    largest_cell,
    sector_dots,
    two_largest,
)

NO_QUARTER = "The run holds only the calibration year. Run at least one quarter to see a change."


def billion(value: float) -> str:
    """A number of billions as it stands at a line."""
    return with_minus(f"{value:,.1f}")


def thousand(value: float) -> str:
    """A number of thousands as it stands at a line."""
    return f"{value:,.0f}"


def percent(value: float) -> str:
    """A number of percent as it stands at a line."""
    return with_minus(f"{value:.1f}%")


@styled
def production_shares(run: RunFrames, reference: RunFrames | None = None) -> Figure:
    """Each country's share of what the three make, in the sector that changes most."""
    if run.quarters == 0:
        return nothing_to_show("Production by country", NO_QUARTER)
    change = 100 * (_shares(run, run.quarters) - at_baseline(run, reference, _shares))
    weight = _by_sector(run, "output_musd", run.quarters).sum(axis=1)
    sector, host = largest_cell(change, weight)
    points, goods = change.loc[sector, host], sector_in_sentence(sector)
    if abs(points) < 0.05:
        finding = f"Shares of North American {goods} are the same as {at_the_baseline(reference)}"
    else:
        more = "more" if points > 0 else "less"
        finding = (
            f"In {last_year(run)} {in_sentence(host)} makes {abs(points):.1f} points {more} of "
            f"North American {goods} than {at_the_baseline(reference)}"
        )
    figure = new_figure(_capital(finding), reading_note(run, reference))
    shares = 100 * output_shares(run.tables["outcomes"], (sector,))
    base = None
    if reference is not None:
        base = 100 * output_shares(reference.tables["outcomes"], (sector,))
    unit = f"Share of North American output of {goods}, %"
    country_panels(figure, run, shares, reference, base, percent, unit, least=1.0)
    sector_dots(
        figure, change, reference, f"By sector, {last_year(run)}", "Change of share, points"
    )
    return figure


@styled
def jobs(run: RunFrames, reference: RunFrames | None = None) -> Figure:
    """Manufacturing jobs by country, and where they changed."""
    if run.quarters == 0:
        return nothing_to_show("Manufacturing jobs by country", NO_QUARTER)
    change = (_jobs(run, run.quarters) - at_baseline(run, reference, _jobs)) / 1000
    total = change.sum()
    first, second = two_largest(total)
    if abs(total[first]) < 0.05:
        finding = (
            f"Manufacturing jobs are the same as {at_the_baseline(reference)}"
        )
    else:
        finding = (
            f"In {last_year(run)} {in_sentence(first)} has {_more_or_fewer(total[first])} "
            f"manufacturing jobs than {at_the_baseline(reference)}, "
            f"{in_sentence(second)} {_more_or_fewer(total[second])}"
        )
    figure = new_figure(_capital(finding), reading_note(run, reference))
    series = employment(run.tables["outcomes"]) / 1000
    base = None if reference is None else employment(reference.tables["outcomes"]) / 1000
    country_panels(
        figure,
        run,
        series,
        reference,
        base,
        thousand,
        "Manufacturing jobs, thousand",
        least=10.0,
    )
    sector_dots(
        figure, change, reference, f"By sector, {last_year(run)}", "Change of jobs, thousand"
    )
    return figure


@styled
def us_balances(run: RunFrames, reference: RunFrames | None = None) -> Figure:
    """US goods balances with Mexico, Canada and everybody else."""
    if run.quarters == 0:
        return nothing_to_show("US goods balances", NO_QUARTER)
    balances = _balances(run)
    base = None if reference is None else _balances(reference)
    before = balances.iloc[0] if base is None else base.iloc[-1]
    change = _balances_by_sector(run, run.quarters) - at_baseline(
        run, reference, _balances_by_sector
    )
    note = f"{reading_note(run, reference)} Sums of four quarters, at customs values."
    figure = new_figure(_balance_finding(balances.iloc[-1], before, reference), note)
    unit = "US goods balance, billion USD of 2017 a year"
    country_panels(figure, run, balances, reference, base, billion, unit, least=2.0)
    sector_dots(figure, change, reference, f"By sector, {last_year(run)}", "Change, billion USD")
    return figure


@styled
def content_and_claims(run: RunFrames, reference: RunFrames | None = None) -> Figure:
    """Regional content where it changes most, and how much of imports claims origin."""
    if run.quarters == 0:
        return nothing_to_show("Regional content and use of the preference", NO_QUARTER)
    weight = _by_sector(run, "output_musd", run.quarters).sum(axis=1)
    change = 100 * (_content(run, run.quarters) - at_baseline(run, reference, _content))
    sector, host = largest_cell(change, weight)
    content = _content_and_claims(run, sector)
    base = None if reference is None else _content_and_claims(reference, sector)
    usual = content[1].iloc[0] if base is None else base[1].iloc[-1]
    claims = content[1].iloc[-1] - usual
    partner = two_largest(claims)[0]
    finding = (
        f"Regional content of {ADJECTIVES[host]} {sector_in_sentence(sector)} is "
        f"{_points(change.loc[sector, host])} than {at_the_baseline(reference)}; "
        f"claims on dutiable imports from {in_sentence(partner)} are {_points(claims[partner])}"
    )
    figure = new_figure(finding, reading_note(run, reference))
    grid = figure.add_gridspec(1, 2, top=TOP, bottom=BOTTOM, left=0.06, right=0.86, wspace=0.48)
    titles = (
        f"Content of {sector_in_sentence(sector)}, % of net cost",
        "Dutiable US imports claiming origin, %",
    )
    for column, title in enumerate(titles):
        axes = figure.add_subplot(grid[column])
        axes.set_title(title)
        time_axis(axes, run)
        labels = []
        for name in content[column].columns:
            compared = None if base is None else base[column][name]
            draw_lines(axes, run, content[column][name], reference, compared, COLOURS[name])
            end = content[column][name].iloc[-1]
            labels.append((end, f"{REGION_NAMES[name]}\n{percent(end)}", COLOURS[name]))
        axes.margins(y=0.1)
        number_axis(axes.yaxis, ticks=6)
        label_ends(axes, labels)
    return figure


FIGURES: dict[str, Callable[[RunFrames, RunFrames | None], Figure]] = {
    "production_shares": production_shares,
    "us_balances": us_balances,
    "content_and_claims": content_and_claims,
    "where_plants_went": where_plants_went,
    "jobs": jobs,
}
"""Every figure of a run by the name of its files."""


def draw_all(run: RunFrames, reference: RunFrames | None, folder: Path) -> list[Path]:
    """Draw every figure of `FIGURES` into a folder, as PNG at two pixels a point and as SVG.

    Parameters
    ----------
    run : RunFrames
    reference : RunFrames or None
        The run to compare with.
    folder : Path
        Must exist.

    Returns
    -------
    list of Path
        The files written; the same tables give the same bytes.
    """
    written = []
    for name, draw in FIGURES.items():
        figure = draw(run, reference)
        png, svg = folder / f"{name}.png", folder / f"{name}.svg"
        title = {"Title": str(figure.get_label())}
        figure.savefig(png, dpi=200, metadata=title)
        with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
            figure.savefig(svg, metadata={**title, "Date": None})
        written += [png, svg]
    return written


def _by_sector(run: RunFrames, column: str, quarter: int) -> pd.DataFrame:
    """A column of the outcomes in one quarter; a row a sector, a column a host."""
    outcomes = run.tables["outcomes"]
    rows = outcomes[outcomes["quarter"] == quarter]
    table = rows.pivot(index="sector", columns="region", values=column)
    return table.reindex(index=list(FOOTLOOSE), columns=list(HOSTS))


def _shares(run: RunFrames, quarter: int) -> pd.DataFrame:
    output = _by_sector(run, "output_musd", quarter)
    return output.div(output.sum(axis=1), axis=0)


def _jobs(run: RunFrames, quarter: int) -> pd.DataFrame:
    return _by_sector(run, "employment", quarter)


def _content(run: RunFrames, quarter: int) -> pd.DataFrame:
    content = run.tables["content"]
    rows = content[content["quarter"] == quarter]
    table = rows.pivot(index="sector", columns="host", values="regional_value_content")
    return table.reindex(index=list(FOOTLOOSE), columns=list(HOSTS))


def _content_and_claims(run: RunFrames, sector: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Content of a sector by host and utilisation by partner, in percent, a row a quarter."""
    tables = run.tables
    content = mean_content(tables["content"], tables["outcomes"], (sector,))[list(HOSTS)]
    return 100 * content, 100 * preference_utilisation(tables["trade"])[list(PARTNERS)]


def _balances(run: RunFrames, sectors: Collection[str] = GOODS) -> pd.DataFrame:
    """US balances in billion USD a year with Mexico, Canada and, as ``ROW``, all others."""
    balance = yearly(us_goods_balance(run.tables["trade"], sectors)) / 1000
    others = balance.drop(columns=list(PARTNERS)).sum(axis=1)
    return balance[list(PARTNERS)].assign(ROW=others)


def _balances_by_sector(run: RunFrames, quarter: int) -> pd.DataFrame:
    """The same in one quarter; a row a sector."""
    return pd.DataFrame({sector: _balances(run, (sector,)).loc[quarter] for sector in GOODS}).T


def _balance_finding(end: pd.Series, before: pd.Series, reference: RunFrames | None) -> str:
    """What became of the balance with the partner where it changed most."""
    partner = two_largest((end - before)[list(PARTNERS)])[0]
    change, name, than = (
        end[partner] - before[partner],
        REGION_NAMES[partner],
        f"than {at_the_baseline(reference)}",
    )
    if abs(change) < 0.05:
        return f"The US goods balances with Mexico and Canada are no different {than}"
    if end[partner] * before[partner] <= 0:
        more = "higher" if change > 0 else "lower"
        return f"The US goods balance with {name} is {abs(change):.1f} billion USD {more} {than}"
    kind = "deficit" if end[partner] < 0 else "surplus"
    size = "larger" if abs(end[partner]) > abs(before[partner]) else "smaller"
    return f"The US goods {kind} with {name} is {abs(change):.1f} billion USD {size} {than}"


def _more_or_fewer(change: float) -> str:
    """Thousands of jobs more or fewer."""
    return f"{abs(change):,.1f} thousand {'more' if change > 0 else 'fewer'}"


def _points(change: float) -> str:
    """Percentage points up or down."""
    if not abs(change) >= 0.05:  # also where there is nothing to compare
        return "no different"
    return f"{abs(change):.1f} points {'higher' if change > 0 else 'lower'}"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
