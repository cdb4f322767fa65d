"""The game of all who act: replies iterated, put to fresh seeds, drawn, told."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from abm.errors import OutputError
from experiments.labels import in_sentence
from experiments.replies.game import Game
from experiments.replies.iterated import ReplyTurn, as_numbers, iterate
from experiments.replies.kept_runs import (
    JUDGED_RUNS,
    FoundReplies,
    PolicyRuns,
    begin,
    on_fresh_seeds,
    write_found,
)
from experiments.replies.objectives import judged
from experiments.replies.replying import amount, facts, on_the_start
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.work.on_demand import StoppedError
from experiments.sweeps.work.sweep import Options

NASH = "nash"

PICTURES_GROUP = "nearshore.pictures_of_replies"
"""Entry points of what draws a path; nothing here may import what stands above."""

type DrawPath = Callable[[Mapping[str, Any], Path], list[Path]]


def find_drawing() -> DrawPath:
    """Return what draws a path of replies into a folder, as the installed package offers it.

    Raises
    ------
    OutputError
        If none is offered.
    """
    for entry in entry_points(group=PICTURES_GROUP):
        draw: DrawPath = entry.load()
        return draw
    raise OutputError(
        f"nothing installed offers {PICTURES_GROUP}; install the package (pip install -e .)"
    )


def nash(
    game: Game,
    out: Path,
    options: Options | None = None,
    *,
    run_one: RunFunction = judged,
    draw: DrawPath | None = None,
    tell: Callable[[ReplyTurn], None] = lambda turn: None,
) -> FoundReplies:
    """Iterate the replies of all governments of a game, and say where that leads.

    Parameters
    ----------
    game : Game
    out : Path
        Folder; one that holds the same search is gone on with if ``options.resume``.
    options : Options, optional
    run_one : callable
        Carries out one run.
    draw : callable, optional
        Draws the path; what the installed package offers unless given.
    tell : callable
        Is told of every turn.

    Raises
    ------
    ScenarioError, OutputError
        If a lever or the folder will not do.
    StoreError
        If the folder is damaged, or in use by another program.
    """
    options, draw = options or Options(), draw or find_drawing()
    begin(out, game, options, run_one)
    try:
        with PolicyRuns(out / JUDGED_RUNS, game, game.plan, options, run_one) as runs:
            path = iterate(game, runs, tell)
            numbers = {**facts(game), **as_numbers(game, runs, path)}
        fresh = on_fresh_seeds(out, game, numbers["end"], options, run_one)
    except StoppedError as stopped:
        return FoundReplies(out, stopped.code, [str(stopped)])
    numbers["gain_on_fresh_seeds"] = fresh
    draw(numbers, out)
    write_found(out, NASH, game, numbers, numbers["end"])
    return FoundReplies(out, 0, in_words(game, numbers), numbers)


def in_words(game: Game, numbers: dict[str, Any]) -> list[str]:
    """Return what a game came to, a line each."""
    lines = [turn_in_words(turn) for turn in numbers["turns"]]
    lines.append(numbers["sentence"])
    held = ", ".join(f"{key} = {value:g}" for key, value in numbers["end"].items())
    lines.append(f"in force at the end: {held}")
    for government, gain in numbers["gain_on_fresh_seeds"].items():
        wanted = numbers["objectives"][government]
        lines.append(
            f"{wanted['name']} of {in_sentence(government)} against the start, on "
            f"{numbers['seeds']} fresh seeds: {amount(gain, wanted['unit'])}"
        )
    if not all(turn["complete"] for turn in numbers["turns"]):
        lines.append("some searches ended before all neighbours of the best were judged; "
                     "give more candidates")  # fmt: skip
    return [*lines, *on_the_start(game)]


def turn_in_words(turn: Mapping[str, Any]) -> str:
    """Return what a government did in its turn, and what would have been as good."""
    who = in_sentence(turn["government"])
    mine = turn["choices"][turn["government"]]
    does = ", ".join(f"{key} = {value:g}" for key, value in mine.items())
    verb = "moves to" if turn["moved"] else "stays at"
    return f"round {turn['round']}: {who} {verb} {does}"
