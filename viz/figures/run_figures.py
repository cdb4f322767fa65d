"""The figures of a run: tables in, picture out; the title is what the tables say."""

from collections.abc import Callable, Collection
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from abm.axes import HOSTS, PARTNERS
from experiments.labels import sector_in_sentence, with_minus
from experiments.outcomes.by_sector import (
    ALL_OTHERS,
    balances,
    balances_by_sector,
    content_by_sector,
    jobs_by_sector,
    output_by_sector,
    output_shares_by_sector,
)
from experiments.outcomes.over_seeds import OverSeeds
from experiments.outcomes.quantities import (
    contracts_to_move,
    employment,
    mean_content,
    output_shares,
    preference_utilisation,
    sales_to_move,
)
from experiments.outcomes.tables import RunFrames
from viz.figures.canvas import (
    NO_QUARTER,
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
from viz.figures.shown import Compared, Tables
from viz.figures.titles import (
    balance_finding,
    content_finding,
    jobs_finding,
    largest_cell,
    production_finding,
    still_to_move_finding,
)
from viz.figures.waterfall import channels_waterfall


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
    shown, luck = Compared(run, reference, seeds), seeds is not None
    cells = shown.cells(output_shares_by_sector, "output_shares_by_sector", 100)
    sector, host = largest_cell(cells.told, _made(run))
    year = last_year(run)
    finding = production_finding(
        cells.told.loc[sector, host], host, sector, year, reference, luck=luck
    )
    figure = new_figure(finding, reading_note(run, reference, seeds))
    names = [f"output_shares_by_sector.{sector}.{one}" for one in HOSTS]
    lines = shown.lines(lambda tables: output_shares(tables["outcomes"], (sector,)), names, 100)
    unit = f"Share of North American output of {sector_in_sentence(sector)}, %"
    country_panels(figure, shown, lines, percent, unit, least=1.0)
    sector_dots(figure, cells, reference, f"By sector, {year}", "Change of share, points")
    return figure


@with_key
@styled
def jobs(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Manufacturing jobs by country, and where they changed."""
    if run.quarters == 0:
        return nothing_to_show("Manufacturing jobs by country", NO_QUARTER)
    shown, luck = Compared(run, reference, seeds), seeds is not None
    cells = shown.cells(jobs_by_sector, "jobs_by_sector", 1e-3)
    names = [f"manufacturing_employment.{host}" for host in HOSTS]
    lines = shown.lines(lambda tables: employment(tables["outcomes"]), names, 1e-3)
    year = last_year(run)
    finding = jobs_finding(lines.change, year, reference, luck=luck)
    figure = new_figure(finding, reading_note(run, reference, seeds))
    country_panels(figure, shown, lines, thousand, "Manufacturing jobs, thousand", least=10.0)
    sector_dots(figure, cells, reference, f"By sector, {year}", "Change of jobs, thousand")
    return figure


@with_key
@styled
def us_balances(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """US goods balances with Mexico, Canada and everybody else."""
    if run.quarters == 0:
        return nothing_to_show("US goods balances", NO_QUARTER)
    shown, luck = Compared(run, reference, seeds), seeds is not None
    cells = shown.cells(balances_by_sector, "balances_by_sector", 1)
    names = [f"balances.{region}" for region in (*PARTNERS, ALL_OTHERS)]
    lines = shown.lines(balances, names, 1)
    note = f"{reading_note(run, reference, seeds)} Sums of four quarters, at customs values."
    finding = balance_finding(lines.before + lines.change, lines.before, reference, luck=luck)
    figure = new_figure(finding, note)
    unit = "US goods balance, billion USD of 2017 a year"
    country_panels(figure, shown, lines, billion, unit, least=2.0)
    sector_dots(figure, cells, reference, f"By sector, {last_year(run)}", "Change, billion USD")
    return figure


@with_key
@styled
def content_and_claims(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """Regional content where it changes most, and how much of imports claims origin."""
    if run.quarters == 0:
        return nothing_to_show("Regional content and use of the preference", NO_QUARTER)
    shown, luck = Compared(run, reference, seeds), seeds is not None
    cells = shown.cells(content_by_sector, "content_by_sector", 100)
    sector, host = largest_cell(cells.told, _made(run))

    def content(tables: Tables) -> pd.DataFrame:
        return mean_content(tables["content"], tables["outcomes"], (sector,))[list(HOSTS)]

    def claims(tables: Tables) -> pd.DataFrame:
        return preference_utilisation(tables["trade"])[list(PARTNERS)]

    both = (
        shown.lines(content, [f"content_by_sector.{sector}.{one}" for one in HOSTS], 100),
        shown.lines(claims, [f"preference_utilisation.{one}" for one in PARTNERS], 100),
    )
    change = cells.told.loc[sector, host]
    finding = content_finding(change, host, sector, both[1].change, reference, luck=luck)
    note = f"{reading_note(run, reference, seeds)} Right: share of dutiable imports."
    figure = new_figure(finding, note)
    titles = (
        f"Content of {sector_in_sentence(sector)}, % of net cost",
        "US imports claiming origin, %",
    )
    two_panels(figure, shown, both, percent, titles)
    return figure


@with_key
@styled
def still_to_move(
    run: RunFrames, reference: RunFrames | None = None, seeds: OverSeeds | None = None
) -> Figure:
    """How much of trade would have other partners if nobody was bound by an earlier choice."""
    if run.quarters == 0:
        return nothing_to_show("Trade that has still to move", NO_QUARTER)
    shown = Compared(run, reference, seeds)
    late = tuple(
        shown.lines(
            lambda tables, measure=measure: measure(tables["outcomes"]),
            [f"{name}.{host}" for host in HOSTS],
            100,
        )
        for name, measure in (
            ("contracts_to_move", contracts_to_move),
            ("sales_to_move", sales_to_move),
        )
    )
    years = [year_of(run, quarter) for quarter in late[0].series.index]
    finding = still_to_move_finding(late[0].series, years)
    figure = new_figure(finding, reading_note(run, reference, seeds))
    titles = ("Inputs that wait to be re-sourced, %", "Spending that waits for another plant, %")
    two_panels(figure, shown, late, hundredths, titles)
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


def _made(run: RunFrames) -> pd.Series:
    """What the three make of each sector in the last quarter."""
    made: pd.Series = output_by_sector(run.tables).iloc[-1].groupby(level="sector").sum()
    return made
