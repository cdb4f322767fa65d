"""How ``nearshore --help`` groups the commands, and the examples in the help of each."""

from collections.abc import Iterable, Iterator

import typer
from typer.models import CommandInfo, TyperInfo

type Command = CommandInfo | TyperInfo

COMMANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "Run a scenario": {
        "scenarios": ("nearshore scenarios",),
        "show": ("nearshore show usmca",),
        "run": (
            "nearshore run usmca --against status-quo",
            "nearshore run blanket-25 --against status-quo --firms 2000 --channels",
            "nearshore run usmca --set rules_of_origin.regional_value_content.cars=0.85",
        ),
        "fork": ("nearshore fork results/usmca-seed1 --at 4 --scenario blanket-25",),
        "replay": ("nearshore replay results/usmca-seed1-failure.json",),
    },
    "Understand a run": {
        "brief": ("nearshore brief results/usmca -o usmca.html",),
        "explain": (
            "nearshore explain results/usmca",
            "nearshore explain results/usmca --firm 129 --quarter 8",
        ),
        "app": ("nearshore app usmca --firms 10000",),
        "film": ("nearshore film results/usmca -o usmca.gif",),
        "publish": ("nearshore publish results/usmca -o usmca.html",),
        "export": ("nearshore export results/usmca --crate usmca.zip",),
    },
    "Run a scenario many times": {
        "sweep": (
            "nearshore sweep content-threshold --dry-run",
            "nearshore sweep content-threshold --workers 2 --out results/threshold",
        ),
        "status": ("nearshore status results/threshold --watch",),
        "results": (
            "nearshore results results/threshold",
            "nearshore results results/threshold --export threshold.csv",
        ),
        "report": ("nearshore report results/threshold",),
        "merge": ("nearshore merge results/one results/two --out results/both",),
        "slurm": ("nearshore slurm content-threshold --array 20 --out /shared/threshold",),
    },
    "Ask what governments would do": {
        "respond": (
            "nearshore respond USA --levers tariffs.special.USA.CHN.all=0:0.5 --objective jobs",
        ),
        "nash": (
            "nearshore nash --workers 2 --out results/nash",
            "nearshore nash my-game.toml --json",
        ),
    },
    "Fit it, and put it to the test": {
        "calibrate": ("nearshore calibrate targets.toml --workers 2 --out results/fit",),
        "validate": ("nearshore validate --only HMM-4 --firms 300 --seeds 2",),
        "audit": ("nearshore audit claims.toml",),
    },
    "Use data of your own, and the law": {
        "economy": ("nearshore economy --from ICIO2021_2018.csv --out my-economy",),
        "tariffs": ("nearshore tariffs --from schedule.csv --out my-duties.toml",),
        "claims": ("nearshore claims --from preference-use.csv --out claims.csv",),
        "law": (
            "nearshore law --on 2025-06-04 --from MEX --product 8708.30",
            "nearshore law list --to USA",
            "nearshore law diff 2025-02-01 2025-04-30 --from CAN",
        ),
    },
    "Look after the installation": {
        "doctor": ("nearshore doctor",),
        "bench": ("nearshore bench usmca --firms 10000 --quarters 4",),
    },
}
"""Groups in order, the commands of each in order, and how each command is used."""


def arrange(app: typer.Typer) -> None:
    """Give every command of a command line its group, its place and its examples."""
    places = {name: at for at, (name, _, _) in enumerate(_flat())}
    told = {name: (group, examples) for name, group, examples in _flat()}
    every: list[Command] = [*app.registered_commands, *app.registered_groups]
    for command in every:
        group, examples = told[named(command)]
        command.rich_help_panel = group
        command.epilog = epilog(examples)
    app.registered_commands.sort(key=lambda command: places[named(command)])


def named(command: Command) -> str:
    """Return what a user types for a command."""
    return str(command.name or getattr(command.callback, "__name__", ""))


def epilog(examples: Iterable[str]) -> str:
    """Return what the help of a command ends with, one example a line."""
    several = tuple(examples)
    return "\n\n".join(["Example:" if len(several) == 1 else "Examples:", *several])


def _flat() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for group, commands in COMMANDS.items():
        for name, examples in commands.items():
            yield name, group, examples
