"""The commands of the command line that read a user's own data.

As in `experiments.commands.main`, nothing heavy is imported before a command needs it.
"""

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.options import bad_input, day_of


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (economy, tariffs, claims):
        app.command()(command)


# why: an argument is an option of the command
def economy(
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE", help="The table as its publisher offers it.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the economy to.")],
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="Format: oecd, wiod, adb, figaro, exiobase, eora or plain. Guessed by default.",
        ),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Your own mapping of regions, with columns label,region."),
    ] = None,
    sectors: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Your own mapping of sectors, with columns label,sector."),
    ] = None,
    unit: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Million USD in one unit of the table: 1000 for billions, 1.13 for million EUR.",
        ),
    ] = None,
    balance: Annotated[
        bool,
        typer.Option("--balance", help="Scale the table until the published totals hold (RAS)."),
    ] = False,
) -> None:
    """Build the model's economy from your own inter-country input-output table."""
    from experiments.own_data.inter_country import Reading, RefusedError, build_economy
    from experiments.own_data.published import FORMATS

    if kind is not None and kind not in FORMATS:
        raise bad_input(f"--kind {kind[:40]}: is one of {', '.join(FORMATS)}")
    if unit is not None and not 0 < unit < float("inf"):
        raise bad_input(f"--unit {unit:g}: must be above 0")
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


Schedule = Annotated[
    Path,
    typer.Option("--from", metavar="FILE", help="CSV with one line per product, HS2 to HTS10."),
]
NewFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")]
Importer = Annotated[
    str | None,
    typer.Option(metavar="REGION", help="Importing region, if the file does not name it."),
]
Exporter = Annotated[
    str | None,
    typer.Option(metavar="REGION", help="Exporting region, or all, if the file does not name it."),
]


# why: an argument is an option of the command
def tariffs(
    source: Schedule,
    out: NewFile,
    destination: Importer = None,
    origin: Exporter = None,
    effective: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="First day the rates apply, such as 2025-03-04."),
    ] = None,
    exempt: Annotated[
        bool, typer.Option("--exempt", help="Exempt goods that claim origin.")
    ] = False,
) -> None:
    """Turn a tariff schedule by product line into a scenario."""
    from experiments.own_data.tariffs import write_tariffs

    day = None if effective is None else day_of("--effective", effective)
    found = write_tariffs(
        source, out, destination=destination, origin=origin, effective=day, exempt=exempt
    )
    for line in found.lines():
        typer.echo(line)
    typer.echo(f"Written: {out}")


# why: an argument is an option of the command
def claims(
    source: Schedule,
    out: NewFile,
    destination: Importer = None,
    origin: Exporter = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Day or quarter of the figures, such as 2022-Q1."),
    ] = None,
    error: Annotated[
        float, typer.Option(min=1e-6, max=1, help="Standard error of each share.")
    ] = 0.01,
) -> None:
    """Turn preference use by product line into targets for `nearshore calibrate`."""
    from experiments.own_data.tariffs import write_claims

    found = write_claims(
        source, out, destination=destination, origin=origin, when=date, error=error
    )
    for line in found.lines():
        typer.echo(line)
    typer.echo(f"Written: {out}")
