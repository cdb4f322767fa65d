"""Levers: changes of policy that are decided while a run is on its way.

A lever pulled is a dated entry of the scenario's timeline, known from the day on
which it is in force. So what was done can be read, saved and run again like any
other scenario.
"""

from collections.abc import Mapping

from abm.errors import ScenarioError
from abm.policy.timeline import first_day
from abm.scenario.scenario import Scenario

TITLE = "Lever pulled during the run"
"""Of the entry in which the levers of a quarter stand."""


def with_levers(scenario: Scenario, quarter: int, changes: Mapping[str, object]) -> Scenario:
    """Return the scenario with some changes in force from a quarter on.

    Levers of one quarter share an entry; of one key the last value holds.

    Parameters
    ----------
    scenario : Scenario
    quarter : int
        First quarter of the change, 1 or later.
    changes : mapping of str to object
        New value of each dotted key.

    Returns
    -------
    Scenario
        Long enough to reach the quarter.

    Raises
    ------
    ScenarioError
        If there is no change, no such key, no such quarter, or a value is not allowed.
    """
    if not changes:
        raise ScenarioError("levers: no change is named; give at least one key and its value")
    day = first_day(quarter, scenario.start)
    document = scenario.model_dump(exclude_none=True)
    timeline = list(document["timeline"])
    # A timeline is in order of dates, so the entry may stand before others.
    mine = [(entry["title"], entry["date"]) == (TITLE, day) for entry in timeline]
    if any(mine):
        entry = timeline[mine.index(True)]
        timeline[mine.index(True)] = {**entry, "set": {**entry["set"], **changes}}
    else:
        timeline.append({"date": day, "title": TITLE, "set": dict(changes)})
    length = max(scenario.quarters, quarter)
    return Scenario.from_document({**document, "timeline": timeline, "quarters": length})
