"""The command line: read it, call one function, print.

Nothing of the model is imported before a command needs it, so that ``--help``
answers at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands import (
    brief,
    explain,
    law,
    of_the_page,
    own_data,
    replies,
    sweeps,
    validate,
)
from experiments.commands.in_help import arrange
from experiments.commands.options import (
    MOST_FIRMS,
    MOST_QUARTERS,
    Firms,
    OfBaseYear,
    OfEconomy,
    OutOfRun,
    Overrides,
    Quarters,
    QuietRun,
    ScenarioArgument,
    Seed,
    Seeds,
    Without,
    WorkersOfSeeds,
    chosen_economy,
    shipped_names,
    with_economy,
)
from experiments.exit_codes import BAD_INPUT, DAMAGED_OR_LOCKED, INTERRUPTED, NOBODY_READS

COMMAND = "nearshore"

app = typer.Typer(
    help="Where does production go when tariffs and rules of origin change?",
    epilog="'nearshore COMMAND --help' explains a command and shows how it is used.",
    pretty_exceptions_enable=False,
)

CheckpointEvery = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="QUARTERS",
        help="Write a checkpoint every so many quarters, from which --resume can continue.",
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"{COMMAND} {version(COMMAND)}")
        except PackageNotFoundError:
            typer.echo(f"{COMMAND}, not installed")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Read what stands before a command."""


# why: an argument is an option of the command
@app.command()
def run(
    context: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO",
            help="The name of a shipped scenario, or a TOML file.",
            autocompletion=shipped_names,
        ),
    ] = None,
    firms: Firms = 10_000,
    quarters: Quarters = None,
    seed: Seed = 1,
    seeds: Seeds = None,
    overrides: Overrides = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="SCENARIO",
            help="Compare with this scenario, run with the same firms and the same luck.",
            autocompletion=shipped_names,
        ),
    ] = None,
    channels: Annotated[
        bool,
        typer.Option(
            "--channels",
            help="Split the differences from --against by cause: duties, compliance, "
            "re-sourcing, relocation, prices and so on. Takes seventeen more runs.",
        ),
    ] = False,
    out: OutOfRun = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show how many seconds each phase took.")
    ] = False,
    quiet: QuietRun = False,
    checkpoint_every: CheckpointEvery = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Continue the run in this folder where it stopped."),
    ] = None,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
    without: Without = None,
    workers: WorkersOfSeeds = None,
) -> None:
    """Run a scenario, alone or against another one, and write tables and figures."""
    from abm.errors import ScenarioError

    if resume is not None:
        from experiments.runs import continuing

        _refuse_with_resume(context, _OF_A_CHECKPOINT)
        result = continuing.resume(
            resume,
            quarters=quarters,
            out=out,
            checkpoint_every=checkpoint_every,
            profile=profile,
            quiet=quiet,
            workers=workers,
        )
        _finish(result, quiet=quiet)
        return
    if scenario is None:
        raise ScenarioError(
            "name a scenario, or a folder with --resume; see 'nearshore run --help'"
        )
    from experiments.runs.paired_seeds import usual_seeds
    from experiments.runs.runner import default_folder, run_scenario

    table = chosen_economy(economy, base_year)
    chosen, reference = _chosen(
        scenario, with_economy(overrides, table), without or (), against, quarters, table
    )
    result = run_scenario(
        chosen,
        firms=firms,
        quarters=chosen.quarters,
        seed=seed,
        out=out or default_folder(chosen, reference, seed),
        against=reference,
        channels=channels,
        profile=profile,
        quiet=quiet,
        checkpoint_every=checkpoint_every,
        seeds=seeds or (1 if reference is None else usual_seeds(firms, chosen.quarters)),
        workers=workers,
    )
    _finish(result, quiet=quiet)


_OF_A_CHECKPOINT = (
    "scenario",
    "firms",
    "seed",
    "seeds",
    "overrides",
    "against",
    "economy",
    "base_year",
    "without",
)
"""What a run that goes on has decided already."""


def _chosen(
    scenario: str,
    overrides: Sequence[str],
    without: Sequence[str],
    against: str | None,
    quarters: int | None,
    economy: str | None,
) -> tuple[Any, Any]:
    """The scenario to run and its reference; what changes nothing is said."""
    from abm.economy.folders import of_another_year
    from experiments.scenarios.overrides import load_scenario, same_as_extended, without_effect

    chosen = load_scenario(scenario, overrides, without)
    length = {"quarters": chosen.quarters if quarters is None else quarters}
    chosen = chosen.model_copy(update=length)
    reference = None
    if against is not None:
        reference = load_scenario(against, with_economy(None, economy)).model_copy(update=length)

    for table in {one.economy.table: None for one in (chosen, reference) if one is not None}:
        for line in of_another_year(table) if table != economy else ():
            typer.echo(line, err=True)
    for line in without_effect(scenario, overrides, without):
        typer.echo(line, err=True)
    extended = same_as_extended(scenario, overrides, without)
    if extended is not None:
        _changes_nothing(chosen.name, f"what it extends, {extended}")
    if reference is not None and reference.name != extended and chosen.same_model_as(reference):
        _changes_nothing(chosen.name, f"what it runs against, {reference.name}")
    return chosen, reference


def _refuse_with_resume(context: typer.Context, names: Sequence[str]) -> None:
    """Complain of what the checkpoint has decided already."""
    from abm.errors import ScenarioError

    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            said = {"scenario": "a scenario", "overrides": "--set"}.get(
                name, f"--{name.replace('_', '-')}"
            )
            raise ScenarioError(f"{said} cannot be given with --resume, which has its own")


def _finish(result: Any, *, quiet: bool) -> None:
    from experiments.commands.printed import print_result

    print_result(result, quiet=quiet)
    if result.interrupted:
        raise typer.Exit(INTERRUPTED)


# why: an argument is an option of the command
@app.command()
def fork(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
    at: Annotated[
        int, typer.Option(metavar="QUARTER", help="Last quarter under the run's own policy.")
    ],
    scenario: Annotated[
        str,
        typer.Option(
            metavar="SCENARIO",
            help="Scenario whose policy follows: a shipped name, or a TOML file.",
            autocompletion=shipped_names,
        ),
    ],
    quarters: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_QUARTERS,
            help="Last quarter of the new run; by default that of the old one.",
        ),
    ] = None,
    overrides: Overrides = None,
    out: OutOfRun = None,
    quiet: QuietRun = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Continue a run from one of its quarters under another policy, with the same luck."""
    from experiments.runs import continuing
    from experiments.scenarios.overrides import load_scenario

    table = chosen_economy(economy, base_year)
    future = load_scenario(scenario, with_economy(overrides, table))
    result = continuing.fork(
        folder, future, at=at, quarters=quarters, out=out, quiet=quiet, own_economy=bool(table)
    )
    _finish(result, quiet=quiet)


@app.command()
def bench(
    scenario: ScenarioArgument = "usmca",
    firms: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            max=MOST_FIRMS,
            help="Firms to simulate, 10000 by default. Can be repeated to time several sizes.",
        ),
    ] = None,
    quarters: Quarters = None,
    seed: Seed = 1,
    overrides: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the measurements, as JSON.")
    ] = None,
) -> None:
    """Measure how fast a scenario runs on this machine, phase by phase, and its memory."""
    from experiments.scenarios.overrides import load_scenario
    from experiments.speed import bench as speed

    chosen = load_scenario(scenario, overrides or ())
    length = chosen.quarters if quarters is None else quarters
    result = speed.bench(
        chosen.model_copy(update={"quarters": max(length, chosen.quarters)}),
        firms or [10_000],
        quarters=length,
        seed=seed,
        out=out,
        progress=lambda line: typer.echo(line, err=True),
    )
    speed.print_bench(result)
    if out is not None:
        typer.echo(f"Written: {out}")


@app.command()
def scenarios(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the shipped scenarios, one line each."""
    from abm.scenario.scenario import Scenario, shipped

    if as_json:
        from json import dumps

        known = [(name, Scenario.load(name)) for name in shipped()]
        told = [{"name": name, "title": one.title, "question": one.question} for name, one in known]
        typer.echo(dumps(told, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in shipped())
    for name in shipped():
        typer.echo(f"{name:{width}}  {Scenario.load(name).title}")


@app.command()
def show(scenario: ScenarioArgument, overrides: Overrides = None, without: Without = None) -> None:
    """Print a scenario in full, as TOML, with the unit and source of every value."""
    from experiments.scenarios.describe import described
    from experiments.scenarios.overrides import without_effect

    text = described(scenario, overrides or (), without or ())
    for line in without_effect(scenario, overrides or (), without or ()):
        typer.echo(line, err=True)
    typer.echo(text, nl=False)


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of a run or of a sweep.")
    ],
    crate: Annotated[Path, typer.Option(metavar="FILE", help="ZIP file to write.")],
) -> None:
    """Pack results with their configuration, hashes and environment as an RO-Crate."""
    from experiments.crate import export as pack

    typer.echo(f"Written: {crate}, {pack(folder, crate)} files")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that a failed run left.")],
) -> None:
    """Repeat a failed run up to the quarter in which it broke down."""
    from experiments.runs.replay import replay as run_again

    typer.echo(f"quarter {run_again(file)} reached: nothing breaks down any more")


sweeps.register(app)
replies.register(app)
explain.register(app)
brief.register(app)
own_data.register(app)
validate.register(app)
law.register(app)
of_the_page.register(app)
arrange(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line and return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; that of this process without it.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = app(given or ["--help"], prog_name=COMMAND, standalone_mode=False)
    except typer.TyperException as error:
        asked = getattr(getattr(error, "ctx", None), "command_path", COMMAND)
        return _complain(f"{error.format_message().rstrip('.')}; see '{asked} --help'")
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except SystemExit as end:  # what the library does where nobody reads on
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        return NOBODY_READS
    except Exception as error:
        from abm.errors import NearshoreError, StoreError

        if not isinstance(error, NearshoreError):
            raise
        code = DAMAGED_OR_LOCKED if isinstance(error, StoreError) else BAD_INPUT
        return _complain(str(error), code)
    if code == INTERRUPTED:
        typer.echo(f"{COMMAND}: stopped", err=True)
    return code or 0


def _complain(problem: str, code: int = BAD_INPUT) -> int:
    """Say in one line what is wrong."""
    typer.echo(f"{COMMAND}: {' '.join(problem.split())}", err=True)
    return code


def _changes_nothing(name: str, other: str) -> None:
    typer.echo(f"changes nothing: {name} is the same as {other}", err=True)


if __name__ == "__main__":
    sys.exit(main())
