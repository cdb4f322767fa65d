"""What is asked: who wants what, by which levers, and how each policy is judged."""

from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from abm.axes import HOSTS
from abm.config import files
from abm.config.keys import keys_of, shown
from abm.config.settings import Host
from abm.errors import ScenarioError
from experiments.replies.objectives import ALL_OBJECTIVES, ObjectiveName
from experiments.replies.policy_levers import COMMON, PolicyLever, read_lever
from experiments.replies.told_apart import Choice
from experiments.sweeps.design.keyed_file import KeyedFile
from experiments.sweeps.design.plan import SweepPlan, make_plan, scenario_at
from experiments.sweeps.design.points import Point
from experiments.sweeps.design.sweep_file import SweepFile

MOST_LEVERS = 20

type Profile = dict[str, Choice]
"""By government, a value for each of its levers."""


class GameFile(KeyedFile):
    """Governments, what they want, and their levers.

    ``objectives`` names what each government that acts wants; ``levers`` holds, by dotted key,
    the values to choose from, as a sweep holds its factors. Whose a lever is follows from its
    key. Of a threshold that is common to all, each government asks for one, and ``common`` says
    which of those holds.
    """

    keyed = ("set", "levers")

    format: Literal[1] = 1
    name: str = Field("game", min_length=1, max_length=200)
    title: str = Field("", max_length=200)
    question: str = Field("", max_length=500)
    scenario: Annotated[str, Field(min_length=1, max_length=200)] = "status-quo"
    firms: int = Field(1_000, ge=1, le=10_000_000)
    quarters: int | None = Field(None, ge=1, le=400)
    replications: int = Field(8, ge=2, le=1_000)
    seed: int = Field(1, ge=0, le=2**63 - 2)
    candidates: int = Field(24, ge=4, le=10_000)
    rounds: int = Field(6, ge=1, le=100)
    common: Literal["strictest", "loosest"] = "strictest"
    set: dict[str, Any] = Field({}, max_length=100)
    objectives: dict[Host, ObjectiveName] = Field(min_length=1)
    levers: dict[str, Any] = Field(min_length=1, max_length=MOST_LEVERS)

    @model_validator(mode="after")
    def _sets_no_lever(self) -> Self:
        both = sorted(set(self.set) & set(self.levers))
        if both:
            raise ScenarioError(f"{both[0]}: is both set and a lever")
        return self


class Game:
    """A file whose levers have been read against its scenario, and what it makes a sweep of.

    Parameters
    ----------
    file : GameFile
    beside : Path
        Where its scenario may lie.

    Attributes
    ----------
    wants : dict of str to str
        What each government that acts wants.
    levers : tuple of PolicyLever
    plan : SweepPlan
        Of one point: what the scenario comes to say of each lever, held from the beginning.

    Raises
    ------
    ScenarioError
        If a lever is nobody's who acts, or a government that acts has none.
    """

    def __init__(self, file: GameFile, beside: Path) -> None:
        self.file, self.beside = file, beside
        self.wants: dict[str, str] = dict(file.objectives.items())
        plain = SweepFile.from_document(self._document({}))
        (self._text,) = make_plan(plain, beside).scenarios.values()
        scenario = scenario_at(self._text, file.set, file.quarters or 1)
        self.levers = tuple(read_lever(key, spec, scenario) for key, spec in file.levers.items())
        for lever in self.levers:
            if lever.owner not in (COMMON, *self.wants):
                acting = ", ".join(self.wants)
                raise ScenarioError(f"levers: {lever.key}: is a lever of {lever.owner}, "
                                    f"and it is {acting} that acts")  # fmt: skip
        for government in self.governments:
            if not self.levers_of(government):
                raise ScenarioError(f"levers: {government} has none; give it one, or no objective")

    @property
    def governments(self) -> tuple[str, ...]:
        """Those that act, in the order in which they do."""
        return tuple(host for host in HOSTS if host in self.wants)

    def levers_of(self, government: str) -> tuple[PolicyLever, ...]:
        """Return the levers of a government, those that are common included."""
        return tuple(lever for lever in self.levers if lever.is_of(government))

    @property
    def first_profile(self) -> Profile:
        """What every government starts from: what the scenario comes to say."""
        return {
            government: tuple(lever.start for lever in self.levers_of(government))
            for government in self.governments
        }

    def policy(self, profile: Profile) -> Point:
        """Return what is in force where each government does what a profile says, by key.

        Of a threshold that is common to all, the highest or the lowest that is asked for holds.
        """
        holds = max if self.file.common == "strictest" else min
        asked: dict[str, list[float]] = {lever.key: [] for lever in self.levers}
        for government, choice in profile.items():
            for lever, value in zip(self.levers_of(government), choice, strict=True):
                asked[lever.key].append(value)
        return {key: holds(values) for key, values in asked.items()}

    @property
    def start(self) -> dict[str, float]:
        """What the scenario comes to say of every lever, by key."""
        return {lever.key: lever.start for lever in self.levers}

    def plan_with(self, seed: int) -> SweepPlan:
        """Return the plan of runs with another seed than the file's.

        Parameters
        ----------
        seed : int
        """
        document = self._document({key: [value] for key, value in self.start.items()})
        return make_plan(SweepFile.from_document({**document, "seed": seed}), self.beside)

    @cached_property
    def plan(self) -> SweepPlan:
        """Runs with the file's seed, of one point: the start."""
        return self.plan_with(self.file.seed)

    @property
    def ends(self) -> list[dict[str, float]]:
        """Points with one lever at either end of its values and the others at the start."""
        return [
            {**self.start, lever.key: value}
            for lever in self.levers
            for value in (lever.values[0], lever.values[-1])
        ]

    @property
    def starts_as_the_scenario_is(self) -> bool:
        """Whether the start changes nothing: levers hold for a whole run, timelines do not."""
        quarters = next(iter(self.plan.quarters.values()))
        as_it_is = scenario_at(self._text, self.file.set, quarters)
        held = scenario_at(self._text, {**self.file.set, **self.start}, quarters)
        return held.same_model_as(as_it_is)

    def _document(self, factors: dict[str, Any]) -> dict[str, Any]:
        file = self.file
        return {
            "name": file.name,
            "title": file.title,
            "question": file.question,
            "scenario": file.scenario,
            "firms": file.firms,
            "quarters": file.quarters,
            "replications": file.replications,
            "seed": file.seed,
            "outcomes": list(ALL_OBJECTIVES),
            "set": file.set,
            "factors": factors,
            "design": {"kind": "list"},
        }


def shipped_games() -> dict[str, Path]:
    """Return the files of the games that come with the package, by name."""
    folder = Path(str(resources.files("experiments"))) / "replies" / "shipped"
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def read_game(source: str | Path, economy: str | None = None) -> Game:
    """Return a game.

    Parameters
    ----------
    source : str or Path
        Name of a shipped game, or a TOML file.
    economy : str, optional
        The economy of all runs, in place of the one that the scenario names.

    Raises
    ------
    ScenarioError
        If there is no such file, or it says something that cannot be.
    """
    path = shipped_games().get(str(source), Path(source))
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name too long, or with a null in it
        exists = False
    if not exists:
        raise ScenarioError(
            f"{shown(str(source))}: no such game or file; shipped are {', '.join(shipped_games())}"
        )
    document = files.read_alone(path, keys_of(GameFile), "game")
    return game_of({"name": path.stem} | document, path.parent, economy)


def game_of(document: dict[str, Any], beside: Path, economy: str | None = None) -> Game:
    """Return the game that nested tables describe; see `read_game`."""
    return Game(GameFile.on_economy(document, beside, economy), beside)
