"""The commands that ask what governments would do, given what they want.

As in `experiments.commands.main`, nothing heavy is imported before a command needs it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from experiments.commands.options import (
    MOST_FIRMS,
    OfBaseYear,
    OfEconomy,
    Overrides,
    Quarters,
    QuietSweep,
    Resume,
    Seed,
    Workers,
    bad_input,
    chosen_economy,
    say,
    shipped_names,
    stopping_in_order,
)

if TYPE_CHECKING:
    from experiments.replies.iterated import ReplyTurn
    from experiments.replies.kept_runs import FoundReplies

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to a command line."""
    for command in (respond, nash):
        app.command()(command)


# why: an argument is an option of the command
@stopping_in_order()
def respond(
    government: Annotated[
        str, typer.Argument(metavar="GOVERNMENT", help="Who acts: USA, MEX or CAN.")
    ],
    levers: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=FROM:TO:STEPS",
            help="A key that it may set and the values to try: a range in 11 steps, or in STEPS, "
            "or a list V,V,V. Can be repeated.",
        ),
    ],
    objective: Annotated[
        str,
        typer.Option(metavar="NAME", help="What it wants: jobs, balance, welfare or content."),
    ],
    scenario: Annotated[
        str,
        typer.Option(
            metavar="SCENARIO",
            help="What the others do: a shipped name, or a TOML file.",
            autocompletion=shipped_names,
        ),
    ] = "status-quo",
    firms: Annotated[int, typer.Option(min=1, max=MOST_FIRMS, help="Firms to simulate.")] = 1_000,
    quarters: Quarters = None,
    seed: Seed = 1,
    seeds: Annotated[
        int, typer.Option(min=2, max=1_000, metavar="N", help="Seeds that judge every policy.")
    ] = 8,
    candidates: Annotated[
        int,
        typer.Option(
            min=4, max=10_000, metavar="N", help="Policies to propose, if there are more."
        ),
    ] = 24,
    overrides: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder; results/GOVERNMENT-OBJECTIVE by default."),
    ] = None,
    workers: Workers = 1,
    resume: Resume = False,
    as_json: AsJson = False,
    quiet: QuietSweep = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Look for the policy of one government that does best for what it wants."""
    from abm.axes import HOSTS
    from experiments.replies.game import game_of
    from experiments.replies.objectives import OBJECTIVES
    from experiments.replies.policy_levers import read_option
    from experiments.replies.replying import respond as reply
    from experiments.scenarios.overrides import parse_overrides

    if government not in HOSTS:
        raise bad_input(f"{government[:40]}: is no government; there are {', '.join(HOSTS)}")
    if objective not in OBJECTIVES:
        raise bad_input(f"--objective {objective[:40]}: is one of {', '.join(OBJECTIVES)}")
    named = [read_option(text) for text in levers]
    twice = [key for place, (key, _) in enumerate(named) if key in dict(named[:place])]
    if twice:
        raise bad_input(f"--levers {twice[0]}: is given twice")
    document: dict[str, Any] = {
        "name": f"{government}-{objective}",
        "scenario": scenario,
        "firms": firms,
        "seed": seed,
        "replications": seeds,
        "candidates": candidates,
        "set": {one.key: one.value for one in parse_overrides(overrides or ())},
        "objectives": {government: objective},
        "levers": dict(named),
    }
    if quarters is not None:
        document["quarters"] = quarters
    table = chosen_economy(economy, base_year)
    game = game_of(document, Path(), table)
    options = _options(workers, table, resume=resume, quiet=quiet or as_json)
    _tell(reply(game, out or Path("results") / game.file.name, options), as_json=as_json)


# why: an argument is an option of the command
@stopping_in_order()
def nash(
    file: Annotated[
        str, typer.Argument(metavar="GAME", help="A TOML file, or the name of a shipped game.")
    ] = "tariffs-and-content",
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder; results/NAME by default."),
    ] = None,
    workers: Workers = 1,
    resume: Resume = False,
    as_json: AsJson = False,
    quiet: QuietSweep = False,
    economy: OfEconomy = None,
    base_year: OfBaseYear = None,
) -> None:
    """Let governments reply to one another until they settle, and draw the path."""
    from experiments.replies.game import read_game
    from experiments.replies.nash import nash as play

    table = chosen_economy(economy, base_year)
    game = read_game(file, table)
    options = _options(workers, table, resume=resume, quiet=quiet or as_json)

    def tell(turn: "ReplyTurn") -> None:
        if not options.quiet:
            does = "moves" if turn.moved else "stays"
            say(f"nash: round {turn.round}, {turn.government} {does}", err=True)

    found = play(game, out or Path("results") / game.file.name, options, tell=tell)
    _tell(found, as_json=as_json)


def _options(workers: int, economy: str | None, *, resume: bool, quiet: bool) -> Any:
    from experiments.sweeps.work.sweep import Options

    return Options(workers=workers, resume=resume, quiet=quiet, economy=economy)


def _tell(found: "FoundReplies", *, as_json: bool) -> None:
    """Print what was found, and end with the code of how the search ended."""
    from json import dumps

    if as_json and not found.code:
        typer.echo(dumps(found.numbers, indent=2, allow_nan=False))
        return
    for line in found.lines:
        say(line, err=bool(found.code))
    if found.code:
        raise typer.Exit(found.code)
    typer.echo(f"Written: {found.folder}")
