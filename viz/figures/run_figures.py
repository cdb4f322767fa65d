"""The figures of a run: tables in, picture out; the title is what the tables say."""

from collections.abc import Callable, Collection
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from abm.axes import FOOTLOOSE, GOODS, HOSTS, PARTNERS
from experiments.labels import sector_in_sentence, with_minus
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.quantities import (
    contracts_to_move,
    customers_to_move,
    employment,
    mean_content,
    output_shares,
    preference_utilisation,
    us_goods_balance,
    yearly,
)
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import (
    last_year,
    new_figure,
    nothing_to_show,
    reading_note,
    styled,
    year_of,
)
from viz.figures.event_marks import with_key
from viz.figures.flows import where_plants_went
from viz.figures.map_of_changes import map_of_changes
from viz.figures.panels import country_panels, sector_dots, two_panels
from viz.figures.titles import (
    balance_finding,
    content_finding,
    jobs_finding,
    largest_cell,
    production_finding,
    still_to_move_finding,
)
from viz.figures.waterfall import channels_waterfall

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


def hundredths(value: float) -> str:
    """A small number of percent as it stands at a line."""
    return with_minus(f"{value:.2f}%")


@with_key
@styled
def production_shares(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Each country's share of what the three make, in the sector that changes most."""
    if run.quarters == 0:
        return nothing_to_show("Production by country", NO_QUARTER)
    change = 100 * (_shares(run, run.quarters) - _at_baseline(run, reference, _shares))
    weight = _by_sector(run, "output_musd", run.quarters).sum(axis=1)
    sector, host = largest_cell(change, weight)
    year = last_year(run)
    finding = production_finding(change.loc[sector, host], host, sector, year, reference)
    figure = new_figure(finding, reading_note(run, reference))
    shares = 100 * output_shares(run.tables["outcomes"], (sector,))
    base = None
    if reference is not None:
        base = 100 * output_shares(reference.tables["outcomes"], (sector,))
    unit = f"Share of North American output of {sector_in_sentence(sector)}, %"
    country_panels(figure, run, shares, reference, base, percent, unit, least=1.0)
    sector_dots(figure, change, reference, f"By sector, {year}", "Change of share, points")
    return figure


@with_key
@styled
def jobs(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Manufacturing jobs by country, and where they changed."""
    if run.quarters == 0:
        return nothing_to_show("Manufacturing jobs by country", NO_QUARTER)
    change = (_jobs(run, run.quarters) - _at_baseline(run, reference, _jobs)) / 1000
    year = last_year(run)
    figure = new_figure(jobs_finding(change.sum(), year, reference), reading_note(run, reference))
    series = employment(run.tables["outcomes"]) / 1000
    base = None if reference is None else employment(reference.tables["outcomes"]) / 1000
    unit = "Manufacturing jobs, thousand"
    country_panels(figure, run, series, reference, base, thousand, unit, least=10.0)
    sector_dots(figure, change, reference, f"By sector, {year}", "Change of jobs, thousand")
    return figure


@with_key
@styled
def us_balances(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """US goods balances with Mexico, Canada and everybody else."""
    if run.quarters == 0:
        return nothing_to_show("US goods balances", NO_QUARTER)
    balances = _balances(run)
    base = None if reference is None else _balances(reference)
    before = balances.iloc[0] if base is None else base.iloc[-1]
    change = _balances_by_sector(run, run.quarters) - _at_baseline(
        run, reference, _balances_by_sector
    )
    note = f"{reading_note(run, reference)} Sums of four quarters, at customs values."
    figure = new_figure(balance_finding(balances.iloc[-1], before, reference), note)
    unit = "US goods balance, billion USD of 2017 a year"
    country_panels(figure, run, balances, reference, base, billion, unit, least=2.0)
    sector_dots(figure, change, reference, f"By sector, {last_year(run)}", "Change, billion USD")
    return figure


@with_key
@styled
def content_and_claims(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Regional content where it changes most, and how much of imports claims origin."""
    if run.quarters == 0:
        return nothing_to_show("Regional content and use of the preference", NO_QUARTER)
    weight = _by_sector(run, "output_musd", run.quarters).sum(axis=1)
    change = 100 * (_content(run, run.quarters) - _at_baseline(run, reference, _content))
    sector, host = largest_cell(change, weight)
    content = _content_and_claims(run, sector)
    base = None if reference is None else _content_and_claims(reference, sector)
    usual = content[1].iloc[0] if base is None else base[1].iloc[-1]
    claims = content[1].iloc[-1] - usual
    finding = content_finding(change.loc[sector, host], host, sector, claims, reference)
    note = f"{reading_note(run, reference)} Right: share of dutiable imports."
    figure = new_figure(finding, note)
    titles = (
        f"Content of {sector_in_sentence(sector)}, % of net cost",
        "US imports claiming origin, %",
    )
    two_panels(figure, run, content, reference, base, percent, titles)
    return figure


@with_key
@styled
def still_to_move(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """How much of trade would have other partners if nobody was bound by an earlier choice."""
    if run.quarters == 0:
        return nothing_to_show("Trade that has still to move", NO_QUARTER)
    late = _still_to_move(run)
    base = None if reference is None else _still_to_move(reference)
    years = [year_of(run, quarter) for quarter in late[0].index]
    figure = new_figure(still_to_move_finding(late[0], years), reading_note(run, reference))
    titles = ("Inputs that wait to be re-sourced, %", "Spending that waits to change seller, %")
    two_panels(figure, run, late, reference, base, hundredths, titles)
    return figure


FIGURES: dict[str, Callable[..., Figure]] = {
    "production_shares": production_shares,
    "us_balances": us_balances,
    "content_and_claims": content_and_claims,
    "still_to_move": still_to_move,
    "where_plants_went": where_plants_went,
    "jobs": jobs,
    "map_of_changes": map_of_changes,
}
"""Every figure of a run by the name of its files."""


def draw_all(
    run: RunFrames,
    reference: RunFrames | None,
    folder: Path,
    channels: pd.DataFrame | None = None,
    seeds: OverSeeds | None = None,
    only: Collection[str] | None = None,
) -> list[Path]:
    """Draw every figure of `FIGURES` into a folder, as PNG at two pixels a point and as SVG.

    Parameters
    ----------
    run : RunFrames
    reference : RunFrames or None
        The run to compare with.
    folder : Path
        Must exist.
    channels : pandas.DataFrame, optional
        Split of the differences, of which there is then a figure too.
    seeds : OverSeeds, optional
        What other seeds say, of which figures then show means and intervals.
    only : collection of str, optional
        Names of the figures to draw; all unless given.

    Returns
    -------
    list of Path
        The files written; the same tables give the same bytes.
    """
    written = []
    wanted = [name for name in FIGURES if only is None or name in only]
    figures = {name: FIGURES[name](run, reference, seeds) for name in wanted}
    if channels is not None and only is None:
        figures["channels"] = channels_waterfall(run, reference, channels)
    for name, figure in figures.items():
        png, svg = folder / f"{name}.png", folder / f"{name}.svg"
        title = {"Title": str(figure.get_label())}
        figure.savefig(png, dpi=200, metadata=title)
        with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
            figure.savefig(svg, metadata={**title, "Date": None})
        written += [png, svg]
    return written


def _at_baseline(
    run: RunFrames, reference: RunFrames | None, measure: Callable[[RunFrames, int], pd.DataFrame]
) -> pd.DataFrame:
    """A measure of the reference's last quarter, or without one of the run's quarter 0."""
    if reference is None:
        return measure(run, 0)
    return measure(reference, min(run.quarters, reference.quarters))


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


def _still_to_move(run: RunFrames) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contracts and customers that have still to move, in percent, a row a quarter."""
    outcomes = run.tables["outcomes"]
    return 100 * contracts_to_move(outcomes), 100 * customers_to_move(outcomes)


def _balances(run: RunFrames, sectors: Collection[str] = GOODS) -> pd.DataFrame:
    """US balances in billion USD a year with Mexico, Canada and, as ``ROW``, all others."""
    balance = yearly(us_goods_balance(run.tables["trade"], sectors)) / 1000
    others = balance.drop(columns=list(PARTNERS)).sum(axis=1)
    return balance[list(PARTNERS)].assign(ROW=others)


def _balances_by_sector(run: RunFrames, quarter: int) -> pd.DataFrame:
    """The same in one quarter; a row a sector."""
    return pd.DataFrame({sector: _balances(run, (sector,)).loc[quarter] for sector in GOODS}).T
