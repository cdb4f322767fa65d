"""What several commands share: options, arguments, and how those that take long end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

MOST_QUARTERS = 400
MOST_FIRMS = 10_000_000

SCENARIOS = Path(__file__).parents[1] / "scenarios"
"""Where the shipped scenarios stand."""


def shipped_names() -> list[str]:
    """Return what a shell may complete a scenario's name to; reads no scenario."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="The name of a shipped scenario, or a TOML file.",
        autocompletion=shipped_names,
    ),
]

Firms = Annotated[int, typer.Option(min=1, max=MOST_FIRMS, help="Firms to simulate.")]

Quarters = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_QUARTERS, help="Quarters to run instead of the scenario's own number."
    ),
]

Seed = Annotated[int, typer.Option(min=0, help="Seed of all random draws.")]

Seeds = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="With --against: run both scenarios with this many seeds, starting at --seed. "
        "By default 8, fewer (down to 5) if the run is large; 1 runs a single pair.",
    ),
]

WorkersOfSeeds = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1024,
        metavar="N",
        help="Processes that run the other seeds; by default one per processor.",
    ),
]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a value of the scenario for the whole run. Can be repeated.",
    ),
]

Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="MEASURE",
        help="Leave out one of the scenario's measures or acts. Can be repeated.",
    ),
]

OutOfRun = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Folder for tables and figures; a new one below results by default."
    ),
]

QuietRun = Annotated[bool, typer.Option("--quiet", help="Print only where the results are.")]

SweepFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a sweep.")]

SweepFile = Annotated[
    str, typer.Argument(metavar="FILE", help="A TOML file, or the name of a shipped sweep.")
]

OutOfSweep = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for results; results/NAME by default."),
]

Workers = Annotated[int, typer.Option(min=1, max=1024, help="Number of worker processes.")]

Resume = Annotated[bool, typer.Option("--resume", help="Continue what is in the folder.")]

RunTimeout = Annotated[
    str | None, typer.Option(metavar="TIME", help="Time limit of one run, such as 90s, 10m or 2h.")
]

RunMemory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Memory limit of one worker, such as 4G.")
]

QuietSweep = Annotated[bool, typer.Option("--quiet", help="Do not show progress.")]

OfEconomy = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Start from an economy that `nearshore economy` built."),
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


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """End with the exit code of a stop, whenever a request comes or a disk refuses.

    Nothing heavy is loaded before it listens.
    """
    from experiments.exit_codes import RESUME_ME
    from experiments.sweeps.work.stop_requests import StopRequested, stoppable

    try:
        with stoppable():
            yield
    except StopRequested as stop:
        typer.echo(f"Stopped: {stop.note}; the same command goes on.", err=True)
        raise typer.Exit(stop.code) from None
    except BrokenPipeError:
        raise  # nobody reads what is printed
    except OSError as error:
        from experiments.runs.on_disk.run_folders import disk_refusal

        say(f"Stopped: {disk_refusal(error)}; the same command goes on.", err=True)
        raise typer.Exit(RESUME_ME) from None


def say(text: str, *, err: bool = False) -> None:
    """Print lines in which something from a folder stands, none of it an order to a terminal."""
    from experiments.sweeps.store.reading import printable

    typer.echo("\n".join(printable(line) for line in text.split("\n")), err=err)
