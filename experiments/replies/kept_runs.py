"""Where the runs of a search are kept, and what the folder of a search holds beside them.

::

    asked.json      what was asked, before anything ran
    runs/           the sweep of all policies judged
    fresh/          the sweep of the start and of where the search ended, with other seeds
    reply.json      or nash.json: what was found
    reply.toml      or nash.toml: the scenario with the policy found
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abm.config import files
from abm.config.keys import keys_of, shown
from abm.economy.tables import Array
from abm.errors import OutputError
from abm.scenario.scenario import Scenario
from experiments.outcomes.intervals import interval
from experiments.replies.game import Game
from experiments.replies.objectives import ALL_OBJECTIVES, judged, outcome_name
from experiments.runs.on_disk.run_folders import read_json, write_whole
from experiments.scenarios.describe import described_scenario
from experiments.scenarios.overrides import load_scenario
from experiments.sweeps.design.plan import SweepPlan
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.run_spec import RunFunction
from experiments.sweeps.store.store import check_new_folder
from experiments.sweeps.work.model_rules import check_by_the_model
from experiments.sweeps.work.on_demand import OnDemand
from experiments.sweeps.work.sweep import Options, check_writable

ASKED = "asked.json"
JUDGED_RUNS = "runs"
FRESH = "fresh"


@dataclass(frozen=True)
class FoundReplies:
    """How a search ended.

    Attributes
    ----------
    folder : Path
    code : int
        Exit code.
    lines : list of str
        What to tell.
    numbers : dict
        What the JSON says; empty where the search was stopped.
    """

    folder: Path
    code: int = 0
    lines: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)


class PolicyRuns(OnDemand):
    """Objectives of all governments under policies that are asked for.

    Parameters
    ----------
    folder : Path
    game : Game
    plan : SweepPlan
        One of the game's.
    options : Options
    run_one : callable
        Carries out one run.
    """

    def __init__(
        self, folder: Path, game: Game, plan: SweepPlan, options: Options, run_one: RunFunction
    ) -> None:
        super().__init__(folder, plan, ALL_OBJECTIVES, options, run_one)
        self._game = game

    @property
    def beside(self) -> Path:
        """Where the scenario may lie."""
        return self._game.beside

    def of(self, government: str, policies: Sequence[Point]) -> Array:
        """Return what policies come to for what a government wants, shape (policy, seed)."""
        return self.at(policies)[:, :, place_of(self._game, government)]


def place_of(game: Game, government: str) -> int:
    """Return where among the outcomes of a run a government's objective stands."""
    return ALL_OBJECTIVES.index(outcome_name(game.wants[government], government))


SAID = {"replications": "number of seeds"}
"""Names of the fields of a game, where people who ask know them by another."""


def begin(out: Path, game: Game, options: Options, run_one: RunFunction) -> None:
    """Check all that can be checked, and write down what was asked.

    Raises
    ------
    ScenarioError
        If the model would refuse a policy within the range of a lever.
    OutputError
        If the folder holds something else, or another search.
    """
    if run_one is judged:
        check_by_the_model(game.plan.with_points(game.ends))
    asked = game.file.model_dump(mode="json")
    path = out / ASKED
    if not path.exists():
        check_new_folder(out)
        check_writable(out)
        out.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(asked, indent=2, allow_nan=False) + "\n").encode())
        return
    written = read_json(out, ASKED)
    changed = [key for key in asked if written.get(key) != asked[key]]
    if changed:
        key = changed[0]
        raise OutputError(
            f"{out}: holds a search with another {SAID.get(key, key)}: "
            f"{shown(written.get(key))}, not {shown(asked[key])}; name another folder"
        )
    if not options.resume and (out / JUDGED_RUNS).exists():
        raise OutputError(f"{out}: holds a search; --resume goes on with it")


def on_fresh_seeds(
    out: Path, game: Game, found: Point, options: Options, run_one: RunFunction
) -> dict[str, dict[str, float]]:
    """Return what each government gains by what was found over the start, with seeds not used yet.

    The best of many was picked for its luck too, so that on the seeds it was picked by it
    looks better than it is; on others it does not.
    """
    plan = game.plan_with(game.file.seed + 1)
    with PolicyRuns(out / FRESH, game, plan, options, run_one) as runs:
        start, end = runs.at([game.start, found])
    gains = {}
    for government in game.governments:
        column = place_of(game, government)
        gain = interval((end - start)[:, column])
        gains[government] = {"mean": gain.mean, "low": gain.low, "high": gain.high}
    return gains


def write_found(out: Path, name: str, game: Game, numbers: dict[str, Any], policy: Point) -> None:
    """Write what was found as JSON, and the scenario with the policy found as TOML."""
    text = json.dumps(numbers, indent=2, allow_nan=False) + "\n"
    source = files.neighbour(game.file.scenario, game.beside)
    document = files.read(source, keys_of(Scenario))
    scenario = load_scenario(source).overridden(document, {**game.file.set, **policy})
    said = dict.fromkeys(policy, f"found by the search in {name}.json")
    changed = {"name": f"{scenario.name}-{name}", "sources": {**scenario.sources, **said}}
    described = described_scenario(scenario.model_copy(update=changed))
    write_whole(out / f"{name}.toml", described.encode())
    write_whole(out / f"{name}.json", text.encode())
