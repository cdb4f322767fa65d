"""The commands that need the page: the laboratory, films, stories, and whether it can work.

As in `experiments.commands.main`, nothing heavy is imported before a command needs it.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.options import (
    OfBaseYear,
    OfEconomy,
    QuietRun,
    chosen_economy,
    shipped_names,
)
from experiments.exit_codes import WRONG_INSTALLATION

COMMANDS_GROUP = "nearshore.commands"
"""Entry points of commands that need the page."""


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    app.command(name="app")(laboratory)
    for command in (film, publish, doctor):
        app.command()(command)


# why: an argument is an option of the command
def laboratory(
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO",
            help="Scenario that the page opens with.",
            autocompletion=shipped_names,
        ),
    ] = "status-quo",
    firms: Annotated[int, typer.Option(min=100, max=100_000, help="Firms to simulate.")] = 2_000,
    host: Annotated[
        str, typer.Option(help="Address to serve on; any but loopback asks visitors for a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to serve on; 0 takes any free one.")
    ] = 8765,
    token: Annotated[
        str | None,
        typer.Option(help="Token that visitors must give; one is made up where it is needed."),
    ] = None,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Open the live laboratory: a page for the browser, served on this machine."""
    table = chosen_economy(economy, base_year)
    _from_above("app")(scenario, firms, host, port, token, typer.echo, economy=table)


def film(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="File to write, .gif or .mp4.")],
) -> None:
    """Make a film of a run's map, as a GIF or a video."""
    quarters = _from_above("film")(folder, out)
    typer.echo(f"{out}: {quarters} quarters")


def publish(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
    out: Annotated[Path, typer.Option("-o", metavar="FILE", help="HTML file to write.")],
    seeds: Annotated[
        int, typer.Option(metavar="N", help="Seeds to play, to tell policy from luck; 1 cannot.")
    ] = 8,
    quiet: QuietRun = False,
) -> None:
    """Publish a run as a single HTML file that needs neither server nor network."""
    quarters, size = _from_above("publish")(folder, out, seeds=seeds, quiet=quiet)
    typer.echo(f"{out}: {quarters} quarters, {size / 1e6:.1f} MB")


def doctor() -> None:
    """Check that the installed packages fit together."""
    found = _from_above("doctor")()
    for problem in found:
        typer.echo(problem)
    if found:
        raise typer.Exit(WRONG_INSTALLATION)
    typer.echo("all is well")


def _from_above(name: str) -> Any:
    """A command that the page offers; nothing here may import what stands above."""
    from importlib.metadata import entry_points

    from abm.errors import OutputError

    for entry in entry_points(group=COMMANDS_GROUP, name=name):
        return entry.load()
    raise OutputError(
        f"nothing installed offers {COMMANDS_GROUP} {name}; install the package (pip install -e .)"
    )
