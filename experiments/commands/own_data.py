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


# why: an argument is an option of the command
def economy(
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE", help="Table as its publisher gives it.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the economy.")],
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="oecd, wiod, adb, figaro, exiobase, eora or plain."),
    ] = None,
    regions: Annotated[
        Path | None, typer.Option(metavar="CSV", help="label,region: your own mapping.")
    ] = None,
    sectors: Annotated[
        Path | None, typer.Option(metavar="CSV", help="label,sector: your own mapping.")
    ] = None,
    unit: Annotated[
        float | None,
        typer.Option(metavar="N", help="Million USD in one unit: 1000 for billions, 1.13 for EUR."),
    ] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="Scale until published totals hold (RAS).")
    ] = False,
) -> None:
    """Build the model's economy from your own inter-country input-output table."""
    from experiments.own_data.inter_country import Reading, RefusedError, build_economy
    from experiments.own_data.published import FORMATS

    if kind is not None and kind not in FORMATS:
        raise _bad(f"--kind {kind[:40]}: is one of {', '.join(FORMATS)}")
    if unit is not None and not 0 < unit < float("inf"):
        raise _bad(f"--unit {unit:g}: must be above 0")
    try:
        table = build_economy(source, out, Reading(kind, regions, sectors, unit, balance))
    except RefusedError as error:
        for one in error.findings:
            typer.echo(one.line())
        raise
    for one in table.findings:
        typer.echo(one.line())
    total = table.value_added.sum() / 1e6
    typer.echo(f"{out}: value added of the world {total:.2f} trillion USD")


def _bad(problem: str) -> Exception:
    from abm.errors import ScenarioError

    return ScenarioError(problem)
