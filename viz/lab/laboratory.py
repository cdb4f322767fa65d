"""The laboratory: one or two worlds on one clock and the same draws, and what was done to them.

Nothing here knows of the page; a test, a film and the page use it alike.
"""

import re
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import abm.engine.phase
from abm.errors import NearshoreError, ScenarioError
from abm.explain.one_firm import Moment
from abm.policy.timeline import first_day
from abm.scenario.scenario import Scenario
from viz.lab.history import Atlas, PastQuarters, Picture
from viz.lab.told_model import PHASES, ToldModel

TIMING = Path(abm.engine.phase.__file__)
"""Where the phases of a step are timed."""

CALIBRATION_YEAR = "2017"

LONGEST = 400
"""Quarters a scenario may have, and so the last one that can be played."""

FEWEST_FIRMS, MOST_FIRMS_PLAYED = 100, 100_000


@dataclass(frozen=True)
class Start:
    """From what a laboratory starts.

    Attributes
    ----------
    scenario : Scenario
    firms, seed : int
    against : Scenario or None
        What the second world does; None for no second world.
    """

    scenario: Scenario
    firms: int = 2_000
    seed: int = 1
    against: Scenario | None = None

    def __post_init__(self) -> None:
        if not FEWEST_FIRMS <= self.firms <= MOST_FIRMS_PLAYED:
            raise ScenarioError(
                f"firms: {self.firms}; the page plays {FEWEST_FIRMS} to {MOST_FIRMS_PLAYED:,}"
            )

    def changes_from(self, before: "Start") -> list[str]:
        """What is different from another one, in words; second worlds apart."""
        arrow, said = "\N{RIGHTWARDS ARROW}", []
        if before.scenario != self.scenario:
            said.append(f"scenario {before.scenario.name} {arrow} {self.scenario.name}")
        if before.firms != self.firms:
            said.append(f"firms {before.firms:,} {arrow} {self.firms:,}")
        if before.seed != self.seed:
            said.append(f"seed {before.seed} {arrow} {self.seed}")
        return said


type PulledLever = tuple[int, Mapping[str, object]]
"""First quarter of a change of policy, and the new value of each dotted key."""


@dataclass(frozen=True)
class Played:
    """All that brings a laboratory back: the same bytes, by replay.

    Attributes
    ----------
    start : Start
    levers : tuple of PulledLever
        Those that were pulled, in the order of their quarters.
    quarters : int
        How many were played.
    """

    start: Start
    levers: tuple[PulledLever, ...] = ()
    quarters: int = 0


@dataclass(frozen=True)
class Failure:
    """A step that did not come to its end.

    Attributes
    ----------
    quarter : int
    phase : str
        Where in the step; empty if it is not known.
    firm : str
        The row of the firm that is to blame; empty if there is no single one.
    text : str
        What is wrong, one line.
    report : str
        All of it, to be copied.
    """

    quarter: int
    phase: str
    firm: str
    text: str
    report: str


class World:
    """A model, where its plants stand, and what it left quarter by quarter.

    Parameters
    ----------
    scenario : Scenario
    firms, seed : int

    Attributes
    ----------
    moment : Moment or None
        At which firms decided in the last quarter finished; None in the calibration year.
    pictures : list of Picture
        Of every quarter so far, some kilobytes each.
    """

    def __init__(self, scenario: Scenario, firms: int, seed: int) -> None:
        self.name = scenario.name
        self.model = ToldModel(scenario, firms=firms, rng=seed)
        self.moment: Moment | None = None
        self.atlas = Atlas(self.model, seed)
        self.history = PastQuarters()
        self.pictures: list[Picture] = []
        self._take_down()

    def step(self) -> None:
        """One quarter."""
        self.model.step()
        self.moment = self.model.moment
        self._take_down()

    def _take_down(self) -> None:
        self.history.add(self.model)
        self.pictures.append(self.atlas.picture(self.model))


def date_of(quarter: int, scenario: Scenario) -> str:
    """A quarter in words, such as ``Q3 2020``; quarter 0 is the calibration year."""
    if quarter == 0:
        return CALIBRATION_YEAR
    day = first_day(quarter, scenario.start)
    return f"Q{(day.month - 1) // 3 + 1} {day.year}"


@dataclass(frozen=True, eq=False)
class Standing:
    """How far a run has come, and what was done in it.

    Attributes
    ----------
    start : Start
    scenario : Scenario
        What was done so far, levers included.
    quarter : int
        The last one finished.
    """

    start: Start
    scenario: Scenario
    quarter: int

    def played(self) -> Scenario:
        """The scenario that gives this run again: levers included, as long as it was played."""
        length: dict[str, object] = {"quarters": max(self.quarter, 1)}
        if self.scenario.timeline != self.start.scenario.timeline:
            length["name"] = f"{self.scenario.name}-with-levers"[:200]
        return self.scenario.model_copy(update=length)

    def date(self, quarter: int) -> str:
        """A quarter in words, such as ``Q3 2020``; quarter 0 is the calibration year."""
        return date_of(quarter, self.start.scenario)


@dataclass
class Laboratory:
    """Worlds that step together.

    Attributes
    ----------
    start : Start
    world : World
        The one whose levers are pulled.
    other : World or None
        The one it is compared with.
    failure : Failure or None
        The step that failed; nothing moves after it but a reset.
    lock : threading.RLock
        Held while a quarter is computed; whoever reads the worlds meanwhile takes it.
    computing : World or None
        The one of which a quarter is being computed; read without the lock.
    luck : viz.lab.luck.Luck or None
        The same run with other seeds, once it was asked for; gone with another second world.
    """

    start: Start
    world: World = field(init=False)
    other: World | None = field(init=False, default=None)
    failure: Failure | None = field(init=False, default=None)
    computing: World | None = field(init=False, default=None)
    luck: object = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.world = World(self.start.scenario, self.start.firms, self.start.seed)
        self.compare(self.start.against)

    @property
    def quarter(self) -> int:
        """The last one finished."""
        return self.world.history.quarters

    @property
    def over(self) -> bool:
        """Whether no further quarter can be played."""
        return self.failure is not None or self.quarter >= LONGEST

    @property
    def scenario(self) -> Scenario:
        """What was done so far: the scenario, levers included."""
        return self.world.model.scenario

    def standing(self) -> Standing:
        """How far it has come, and what was done."""
        with self.lock:
            return Standing(self.start, self.scenario, self.quarter)

    def step(self) -> None:
        """One quarter in every world; a failure is kept instead of raised."""
        with self.lock:
            if self.over:
                return
            try:
                for world in (self.world, self.other):
                    if world is not None:
                        self._compute(world)
            except Exception as error:
                self.failure = self._failed(error)

    def _compute(self, world: World) -> None:
        """A quarter of one world, seen from outside meanwhile."""
        self.computing = world
        try:
            world.step()
        finally:
            self.computing = None

    def doing(self) -> str:
        """Which phase of which quarter is being computed, in words; empty if none is.

        It waits for nothing, so it may tell of a phase that has just ended.
        """
        world = self.computing
        if world is None:
            return ""
        quarter = date_of(world.history.quarters + 1, self.start.scenario)
        phase = PHASES.get(world.model.doing, "")
        of = f" of {world.name}" if world is not self.world else ""
        return f"{quarter}{of}: {phase}" if phase else f"{quarter}{of}"

    def replay(
        self, levers: Sequence[PulledLever], quarters: int, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Play some quarters again, pulling each lever when its quarter comes.

        Parameters
        ----------
        levers : sequence of PulledLever
            In the order of their quarters; one that lies beyond the last quarter played
            is pulled at its end.
        quarters : int
        stop : callable, optional
            Whether it is no longer wanted; asked after every quarter.
        """
        left = deque(levers)
        while self.quarter < quarters and not self.over and not stop():
            while left and left[0][0] <= self.quarter + 1:
                self.pull(left.popleft()[1])
            self.step()
        for _, changes in left:
            self.pull(changes)

    def pull(self, changes: Mapping[str, object]) -> None:
        """Pull levers in the first world, in force from the next quarter.

        Raises
        ------
        ScenarioError
            If a value is not allowed; nothing is changed then.
        """
        with self.lock:
            if self.quarter >= LONGEST:
                raise ScenarioError(f"levers: quarter {LONGEST} is the last one; reset to go on")
            self.world.model.pull_levers(changes)

    def compare(self, scenario: Scenario | None) -> None:
        """Put a second world beside the first, brought to the same quarter; None takes it away."""
        other = None
        if scenario is not None:
            # Nobody sees it before it is ready, so nobody has to wait for it.
            other = World(scenario, self.start.firms, self.start.seed)
            while other.history.quarters < self.quarter:
                self._compute(other)
        with self.lock:
            self.other = other
            self.luck = None

    def _failed(self, error: Exception) -> Failure:
        frames = traceback.extract_tb(error.__traceback__)
        # A phase is called by what times it, so its frame comes right after that one's.
        phases = [inner.name for outer, inner in pairwise(frames) if Path(outer.filename) == TIMING]
        phase = next(iter(phases), "")
        expected = isinstance(error, NearshoreError)
        text = str(error) if expected else f"{type(error).__name__}: {error}"
        firm = re.search(r"\bfirm (\d+)", text)
        lines = [
            f"quarter {self.quarter + 1}, phase {phase or 'unknown'},"
            f" firm {firm[1] if firm else 'unknown'}",
            f"seed {self.start.seed}, firms {self.start.firms}, scenario {self.scenario.name}",
            "".join(traceback.format_exception(error)),
        ]
        return Failure(
            self.quarter + 1,
            phase,
            firm[1] if firm else "",
            " ".join(text.split()),
            "\n".join(lines),
        )
