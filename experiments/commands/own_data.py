"""The commands of the command line that read a user's own data.

As in `experiments.commands.main`, nothing heavy is imported before a command needs it.
"""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (economy,):
        app.command()(command)


def economy(
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE", help="Table of the OECD (ICIO) or of WIOD.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the economy.")],
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="oecd or wiod; by the file's name if not.")
    ] = None,
) -> None:
    """Build the model's economy from your own inter-country input-output table."""
    from experiments.own_data.inter_country import KINDS, build_economy

    if kind is not None and kind not in KINDS:
        raise _bad(f"--kind {kind[:40]}: is one of {', '.join(KINDS)}")
    table = build_economy(source, out, kind)
    total = table.value_added.sum() / 1e6
    typer.echo(f"{out}: value added of the world {total:.2f} trillion USD")
    if table.negative < 0:
        typer.echo(f"{-table.negative:.0f} million USD below zero are set to zero")


def _bad(problem: str) -> Exception:
    from abm.errors import ScenarioError

    return ScenarioError(problem)
