"""Options and arguments that several commands share, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

MOST_QUARTERS = 400
MOST_FIRMS = 10_000_000

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A shipped scenario's name, or a TOML file.")
]

Firms = Annotated[int, typer.Option(min=1, max=MOST_FIRMS, help="Firms to simulate.")]

Quarters = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_QUARTERS, help="Quarters to run, if not the scenario's own."),
]

Seed = Annotated[int, typer.Option(min=0, help="Seed of all draws.")]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a value for the whole run. Repeatable."
    ),
]

OutOfRun = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for tables and figures.")
]

QuietRun = Annotated[bool, typer.Option("--quiet", help="Print where results are only.")]

SweepFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a sweep.")]

SweepFile = Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, or a shipped sweep.")]

OutOfSweep = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for results.")]

Workers = Annotated[int, typer.Option(min=1, max=1024, help="Worker processes.")]

Resume = Annotated[bool, typer.Option("--resume", help="Go on with DIR.")]

RunTimeout = Annotated[
    str | None, typer.Option(metavar="TIME", help="Of one run, such as 90s, 10m or 2h.")
]

RunMemory = Annotated[str | None, typer.Option(metavar="SIZE", help="Of one worker, such as 4G.")]

QuietSweep = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
