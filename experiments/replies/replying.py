"""One government's best reply: searched for, put to fresh seeds, told in words and numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from abm.economy.tables import Array
from abm.errors import OutputError
from experiments.labels import in_sentence, with_minus
from experiments.outcomes.intervals import interval
from experiments.replies.best_reply import ReplySearch
from experiments.replies.game import Game, Profile
from experiments.replies.kept_runs import (
    JUDGED_RUNS,
    FoundReplies,
    PolicyRuns,
    begin,
    on_fresh_seeds,
    write_found,
)
from experiments.replies.objectives import OBJECTIVES, judged
from experiments.replies.told_apart import Choice, Judgement
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.work.on_demand import StoppedError
from experiments.sweeps.work.sweep import Options

REPLY = "reply"


def respond(
    game: Game, out: Path, options: Options | None = None, *, run_one: RunFunction = judged
) -> FoundReplies:
    """Look for what the one government of a game does best.

    Parameters
    ----------
    game : Game
        With a single objective.
    out : Path
        Folder; one that holds the same search is gone on with if ``options.resume``.
    options : Options, optional
    run_one : callable
        Carries out one run.

    Raises
    ------
    ScenarioError, OutputError
        If a lever or the folder will not do.
    StoreError
        If the folder is damaged, or in use by another program.
    """
    options = options or Options()
    (government,) = game.governments
    begin(out, game, options, run_one)
    first = game.first_profile
    try:
        with PolicyRuns(out / JUDGED_RUNS, game, game.plan, options, run_one) as runs:
            judgement, complete = searched(game, government, first, runs)
        best = game.policy({government: judgement.choices[judgement.best]})
        fresh = on_fresh_seeds(out, game, best, options, run_one)
    except StoppedError as stopped:
        return FoundReplies(out, stopped.code, [str(stopped)])
    numbers = {
        **facts(game),
        "government": government,
        "complete": complete,
        **of_judgement(game, government, judgement),
        "gain_on_fresh_seeds": fresh[government],
    }
    write_found(out, REPLY, game, numbers, best)
    return FoundReplies(out, 0, in_words(game, government, numbers), numbers)


def searched(
    game: Game, government: str, profile: Profile, runs: PolicyRuns
) -> tuple[Judgement, bool]:
    """Return what policies of a government come to, given what the others do.

    Returns
    -------
    judgement : Judgement
    complete : bool
        Whether no neighbour of the best is left that was not judged.

    Raises
    ------
    OutputError
        If the objective has no number, even where things stay as they are.
    """

    def judge(choices: Sequence[Choice]) -> Array:
        return runs.of(government, [game.policy({**profile, government: c}) for c in choices])

    levers = game.levers_of(government)
    place = game.governments.index(government)
    # One way of searching a government, whatever the round: so a reply depends on the others alone.
    seed = int(np.random.SeedSequence(game.file.seed, spawn_key=(place,)).generate_state(1)[0])
    search = ReplySearch(levers, judge, game.file.candidates, seed)
    judgement = search.run(profile[government])
    if not np.isfinite(judgement.row(profile[government])).all():
        raise OutputError(
            f"{game.wants[government]} of {government}: has no number where all stays as it is; "
            "runs failed, or it is a share of nothing"
        )
    return judgement, search.complete


def facts(game: Game) -> dict[str, Any]:
    """Return what the numbers of any search begin with."""
    file = game.file
    return {
        "format": 1,
        "scenario": file.scenario,
        "firms": file.firms,
        "quarters": next(iter(game.plan.quarters.values())),
        "seeds": file.replications,
        "seed": file.seed,
        "objectives": {
            government: {"name": name, "unit": OBJECTIVES[name].unit}
            for government, name in game.wants.items()
        },
        "start": game.start,
        "start_is_the_scenario": game.starts_as_the_scenario_is,
    }


def of_judgement(game: Game, government: str, judgement: Judgement) -> dict[str, Any]:
    """Return the best policy, those like it, and all that were judged, best first."""
    levers, choices = game.levers_of(government), judgement.choices
    keys = [lever.key for lever in levers]
    order = np.argsort(-judgement.means, kind="stable")
    alike = judgement.alike
    rows = []
    for place in order:
        short = interval(judgement.shortfall[place])
        usable = bool(judgement.usable[place])
        rows.append(
            {
                "policy": dict(zip(keys, choices[place], strict=True)),
                "objective": float(judgement.means[place]) if usable else None,
                "shortfall": short.mean if usable else None,
                "low": short.low if usable else None,
                "high": short.high if usable else None,
                "like_the_best": bool(alike[place]),
            }
        )
    return {
        "best": rows[0]["policy"],
        "like_the_best": {
            key: {"from": low, "to": high}
            for key, (low, high) in zip(keys, map(judgement.span, range(len(keys))), strict=True)
        },
        "judged": len(rows),
        "possible": int(np.prod([len(lever.values) for lever in levers])),
        "policies": rows,
    }


def in_words(game: Game, government: str, numbers: dict[str, Any]) -> list[str]:
    """Return what a reply says, a line each."""
    name = numbers["objectives"][government]["name"]
    who = in_sentence(government)
    best = ", ".join(f"{key} = {value:g}" for key, value in numbers["best"].items())
    lines = [
        f"{name} of {who}: best of {numbers['judged']} policies judged, of {numbers['possible']} "
        f"possible, is {best}"
    ]
    alike = sum(row["like_the_best"] for row in numbers["policies"])
    if alike == numbers["judged"]:
        lines.append("no policy judged can be told from any other by this objective")
    else:
        lines.append(f"{alike} of them cannot be told from the best: {spans(numbers)}")
    gain = numbers["gain_on_fresh_seeds"]
    lines.append(
        f"over the start it gains {amount(gain, numbers['objectives'][government]['unit'])} "
        f"on {numbers['seeds']} fresh seeds"
    )
    if not numbers["complete"]:
        lines.append("the search ended before all neighbours of the best were judged; "
                     "give more --candidates")  # fmt: skip
    return [*lines, *on_the_start(game)]


def on_the_start(game: Game) -> list[str]:
    """Return that the start is another than the scenario as it is; nothing where it is not."""
    if game.starts_as_the_scenario_is:
        return []
    return [
        f"the start is not {game.file.scenario} as it is: levers hold for the whole run, at what "
        "its timeline comes to"
    ]


def spans(numbers: dict[str, Any]) -> str:
    """Return from where to where each lever may be and still be like the best, in words."""
    return ", ".join(
        f"{key} {ends['from']:g}" + ("" if ends["from"] == ends["to"] else f" to {ends['to']:g}")
        for key, ends in numbers["like_the_best"].items()
    )


def amount(gain: dict[str, float], unit: str) -> str:
    """Return a gain with its interval, in words."""
    digits = 0 if unit == "persons" else 4 if unit == "share of net cost" else 3
    mean, low, high = (with_minus(f"{gain[end]:+,.{digits}f}") for end in ("mean", "low", "high"))
    return f"{mean} {unit} (95% interval {low} to {high})"
