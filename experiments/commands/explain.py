"""The command that explains: a firm of a run, or a run of a sweep.

As in `experiments.commands.main`, nothing heavy is imported before the command needs it.
"""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to a command line."""
    app.command()(explain)


def explain(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of a run, a comparison or a sweep.")
    ],
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="In a sweep: the identity of a run, or how it begins."
        ),
    ] = None,
    firm: Annotated[
        int | None,
        typer.Option(
            metavar="ID",
            help="In a run: the number of a firm, from 0. Without it, firms that moved are listed.",
        ),
    ] = None,
    quarter: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="In a run: the quarter to explain; by default that of the firm's last decision.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="In a run: print JSON.")] = False,
) -> None:
    """Explain why a firm stayed or moved, or how to repeat one run of a sweep."""
    from abm.errors import ScenarioError, StoreError
    from experiments.runs.on_disk.run_folders import MANIFEST, read_json
    from experiments.sweeps.store.reading import explain_sweep_run
    from experiments.sweeps.store.store import SweepStore

    if SweepStore.is_in(folder):
        if run is None or firm is not None or quarter is not None:
            raise ScenarioError(f"{folder}: is the folder of a sweep; name a run of it, no firm")
        typer.echo(explain_sweep_run(folder, run))
        return
    if not (folder / MANIFEST).is_file():
        raise ScenarioError(f"{folder}: has no {MANIFEST}, so it is neither a run nor a sweep")
    if not read_json(folder, MANIFEST):
        raise StoreError(f"{folder / MANIFEST}: cannot be read; it is no manifest, or damaged")
    if run is not None:
        raise ScenarioError(f"{folder}: is the folder of a run; name a firm with --firm")
    if firm is None:
        if quarter is not None:
            raise ScenarioError(f"--quarter {quarter}: is of a firm; name one with --firm")
        _offer_movers(folder, json=json)
        return
    _explain_firm(folder, firm, quarter, json=json)


def _offer_movers(folder: Path, *, json: bool) -> None:
    """List the firms that moved, the most real firms first, each with what explains it."""
    from dataclasses import asdict
    from json import dumps

    from experiments.brief.movers import MOVERS_LISTED, movers, names_firms
    from experiments.runs.finished_run import read_result

    result = read_result(folder)
    found = movers(result.run, result.reference)
    if json:
        typer.echo(dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
        return
    other = "" if result.reference is None else result.reference.name
    if not names_firms(result.run):
        typer.echo("The moves of this run name no firms; any from 0 can be named with --firm.")
    elif not found:
        otherwise = f" otherwise than under {other}" if other else ""
        typer.echo(f"No firm of {result.run.name} moves{otherwise}; name any with --firm, from 0.")
    for one in found[:MOVERS_LISTED]:
        typer.echo(f"{one.command(folder)}    {one.told(other)}")
    if len(found) > MOVERS_LISTED:
        typer.echo(f"and {len(found) - MOVERS_LISTED} more; --json lists all")


def _explain_firm(folder: Path, firm: int, quarter: int | None, *, json: bool) -> None:
    from dataclasses import asdict
    from json import dumps

    from experiments.explain.in_words import print_told
    from experiments.explain.run_again import explain_firm

    told = explain_firm(folder, firm, quarter)
    if json:
        typer.echo(dumps(asdict(told), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_told(told)
