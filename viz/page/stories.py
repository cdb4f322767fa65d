"""The stories that the page opens on: questions, and four dated stops of the run that answers."""

from collections.abc import Mapping
from dataclasses import dataclass

from abm.axes import QUARTERS_A_YEAR
from abm.scenario.scenario import Scenario
from viz.lab import keep
from viz.lab.laboratory import Played, Start
from viz.page import defaults
from viz.page.lever_panel import threat_changes

FIRST = 5
"""Quarter in which a story's lever acts: a year after the calibration year."""


@dataclass(frozen=True)
class Story:
    """A question that a run answers.

    Attributes
    ----------
    title, question : str
    stops : tuple of (int, str)
        Four quarters, and what each is.
    lever : mapping
        What is pulled for the quarter `FIRST`; empty where the scenario does all.
    scenario, against : str
        Names of shipped scenarios, or `viz.lab.keep.NO_LEVERS`.
    """

    title: str
    question: str
    stops: tuple[tuple[int, str], ...]
    lever: Mapping[str, object]
    scenario: str = "status-quo"
    against: str = keep.NO_LEVERS

    def played(self) -> Played:
        """The run that tells it, with the firms, seed and economy that the page serves."""
        served = defaults.start
        scenario = Scenario.load(self.scenario).on_economy(served.scenario.economy.table)
        start = Start(
            scenario, served.firms, served.seed, keep.second_world(scenario, self.against)
        )
        return Played(start, ((FIRST, self.lever),) if self.lever else (), self.stops[-1][0])


def _after(deed: str) -> tuple[tuple[int, str], ...]:
    return (
        (FIRST - 1, "The quarter before"),
        (FIRST, deed),
        (FIRST + QUARTERS_A_YEAR, "A year later"),
        (FIRST + 12, "Three years later"),
    )


def _duty(origin: str) -> dict[str, object]:
    return {
        f"tariffs.special.USA.{origin}.all": 0.25,
        "tariffs.special_waived_for_originating": False,
    }


STORIES = (
    Story(
        "A 25% duty on Mexico",
        "Who pays when the United States taxes all that Mexico sells it?",
        _after("The duty is imposed"),
        _duty("MEX"),
    ),
    Story(
        "A threat that never comes",
        "Does a duty that is only announced move a single plant?",
        _after("The duty is announced"),
        threat_changes("blanket"),
    ),
    Story(
        "The USMCA",
        "What did stricter rules of origin change, and for whom?",
        (
            (7, "Under NAFTA"),
            (8, "The agreement is signed"),
            (15, "It is in force"),
            (27, "Its last step"),
        ),
        {},
        scenario="usmca",
        against="status-quo",
    ),
    Story(
        "A duty on China",
        "Who comes to Mexico when the United States taxes China?",
        _after("The duty is imposed"),
        _duty("CHN"),
    ),
)


def in_link(story: Story | None, stop: int) -> str:
    """What an address says of a story and the stop it is at; nothing without one."""
    return "" if story is None else f"&story={STORIES.index(story)}.{stop}"


def told_by_link(said: str, played: Played) -> tuple[Story | None, int]:
    """The story of an address and its stop; None where what is played is not the story's run."""
    number, _, stop = said.partition(".")
    if not (number.isdecimal() and stop.isdecimal()) or int(number) >= len(STORIES):
        return None, 0
    story = STORIES[int(number)]
    own = story.played()
    mine, theirs = (one.start.scenario.name for one in (own, played))
    against = played.start.against
    same = mine == theirs and own.levers == played.levers and own.quarters == played.quarters
    if not same or against is None or against.name != story.against:
        return None, 0
    return (story, int(stop)) if int(stop) < len(story.stops) else (story, 0)
