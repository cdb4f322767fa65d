"""The command of the command line that holds the model against published findings."""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import MOST_FIRMS, OfBaseYear, OfEconomy, chosen_economy


def register(app: typer.Typer) -> None:
    """Add the command to a command line."""
    app.command()(validate)


# why: an argument is an option of the command
def validate(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for validation.json and the report.")
    ] = Path("results/validation"),
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Check this finding instead of all. Can be repeated."),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=2, max=1000, help="Number of seeds, each with firms of its own, per finding."
        ),
    ] = 20,
    firms: Annotated[
        int, typer.Option(min=1, max=MOST_FIRMS, help="Firms to simulate with each seed.")
    ] = 1_000,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the report as Markdown to this file."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only where the report is.")] = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Check the model against published findings, and show which ones hold."""
    from experiments.validation import command

    report = command.validate(
        out,
        only or (),
        seeds=seeds,
        firms=firms,
        page=page,
        quiet=quiet,
        economy=chosen_economy(economy, base_year),
    )
    for row in () if quiet else report.rows:
        typer.echo(f"{row.id:6}  {row.verdict:12}  {row.claim}")
    typer.echo(f"Written: {out / 'validation.html'}")
