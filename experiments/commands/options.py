"""Options and arguments that several commands share, each declared once."""

from datetime import date
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

Seeds = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="With --against: seeds that both are run with, --seed and those after it; 1 for a "
        "single pair. 8 if not given, down to 5 of a large run.",
    ),
]

WorkersOfSeeds = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1024,
        metavar="N",
        help="Processes for other seeds; one a processor unless given.",
    ),
]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a value for the whole run. Repeatable."
    ),
]

Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="MEASURE", help="Leave a measure out. Repeatable."),
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

OfEconomy = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Start from the economy in this folder, made by economy."),
]

OfBaseYear = Annotated[
    str | None,
    typer.Option(metavar="YEAR", help="Start from the shipped economy of another year."),
]


def bad_input(problem: str) -> Exception:
    """Return what to raise of an option or argument that cannot be."""
    from abm.errors import ScenarioError

    return ScenarioError(problem)


def day_of(name: str, text: str) -> date:
    """Return the day that an option or argument says.

    Raises
    ------
    ScenarioError
        If it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_input(f"{name} {text[:40]}: is a day such as 2025-03-04") from None


def chosen_economy(folder: str | None, year: str | None) -> str | None:
    """Return the economy that two options name, checked; None if neither does.

    Raises
    ------
    ScenarioError
        If both are given, or there is no such economy.
    """
    from abm.economy.folders import base_years, economy_of, located, of_another_year

    if folder is not None and year is not None:
        raise bad_input("--economy and --base-year: give one of the two")
    if year is not None and year not in base_years():
        raise bad_input(f"--base-year {year[:40]}: is one of {', '.join(base_years())}")
    named = year if folder is None else folder
    if named is None:
        return None
    table = located(named, Path())
    economy_of(table)
    for line in of_another_year(table):
        typer.echo(line, err=True)
    return table


def with_economy(overrides: list[str] | None, table: str | None) -> list[str]:
    """Return overrides with one more that names the economy."""
    from json import dumps

    return [*(overrides or ()), *([] if table is None else [f"economy.table={dumps(table)}"])]
